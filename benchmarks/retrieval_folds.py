"""Folds by laboratory for everything that is fitted to spectra: fixed by a hash before the first figure was seen.

A laboratory is what its ``authors`` text names: several texts of one institution (people, departments, spellings)
are one laboratory here, so that none of its spectra helps to fit what its own queries are answered with. The
number of folds was chosen from the numbers of queries alone. The *form* of a score is chosen on the queries of
``DEVELOPMENT_FOLDS`` only; figures are told for all folds, and for the others apart.
"""

from __future__ import annotations

import hashlib

__all__ = ["DEVELOPMENT_FOLDS", "FOLDS", "fold_of", "laboratory"]

FOLDS = 8
DEVELOPMENT_FOLDS = frozenset({2, 4, 7})

# The first text that occurs names the laboratory; else the whole text does.
_INSTITUTIONS = (
    ("NARA WOMEN", "NARA WOMEN"),
    ("OCCUPATIONAL", "OCCUPATIONAL"),
    ("UOEH", "OCCUPATIONAL"),
    ("HAMAMATSU", "HAMAMATSU"),
    ("GUNMA", "GUNMA"),
    ("KYOTO INSTITUTE", "KYOTO INSTITUTE"),
    ("TOHOKU", "TOHOKU"),
    ("RIKEN", "RIKEN"),
    ("KINKI", "KINKI"),
    ("KYUSHU", "KYUSHU"),
    ("HIROSHIMA", "HIROSHIMA"),
    ("MSSJ", "MSSJ"),
    ("NIHON", "NIHON"),
    ("TOTTORI", "TOTTORI"),
)


def laboratory(authors: str) -> str:
    """Laboratory of an ``authors`` text."""
    text = authors.upper()
    return next((name for part, name in _INSTITUTIONS if part in text), text)


def fold_of(authors: str) -> int:
    """Fold of an ``authors`` text, 0 to ``FOLDS`` - 1: SHA-256 of its laboratory modulo the number of folds."""
    return int(hashlib.sha256(laboratory(authors).encode("utf-8")).hexdigest(), 16) % FOLDS
