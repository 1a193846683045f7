"""Levenshtein distance between short barcodes, unmatched end letters of the shorter one free.

Sequences of equal length are compared globally; otherwise the shorter one is placed inside the longer one,
whose letters beyond its ends cost nothing (some public records lack an end letter). Ambiguity letters are
counted both ways: ``lower`` takes compatible letters as equal, ``upper`` lets an ambiguity letter equal
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from musk_id.kernels.nucleotides import IUPAC

__all__ = ["EditDistance", "alignment", "edit_distance", "edit_distances"]

_COMPATIBLE = [
    (first, second)
    for first, bases in IUPAC.items()
    for second, others in IUPAC.items()
    if first < second and set(bases) & set(others)
]
_UNAMBIGUOUS = frozenset("ACGT")
_RUNS = re.compile(r"(\d+)([=XID])")

# For the upper bound ambiguity letters of query and reference become two letters that equal nothing.
_STRICT_QUERY = {ord(letter): "!" for letter in IUPAC if letter not in _UNAMBIGUOUS}
_STRICT_REFERENCE = {ord(letter): "?" for letter in IUPAC if letter not in _UNAMBIGUOUS}


@dataclass(frozen=True, slots=True)
class EditDistance:
    """Smallest and largest Levenshtein distance that the letters allow."""

    lower: int
    upper: int


def edit_distance(query: str, reference: str) -> EditDistance:
    """Distance of two upper-case IUPAC sequences without gaps."""
    import edlib

    mode = _mode(query, reference)
    first, second = _shorter_first(query, reference)
    if not first:
        distance = len(second) if mode == "NW" else 0
        return EditDistance(distance, distance)
    if _UNAMBIGUOUS.issuperset(query) and _UNAMBIGUOUS.issuperset(reference):
        distance = edlib.align(first, second, mode=mode, task="distance")["editDistance"]
        return EditDistance(distance, distance)
    lower = edlib.align(first, second, mode=mode, task="distance", additionalEqualities=_COMPATIBLE)
    upper = edlib.align(
        first.translate(_STRICT_QUERY), second.translate(_STRICT_REFERENCE), mode=mode, task="distance"
    )
    return EditDistance(lower["editDistance"], upper["editDistance"])


def edit_distances(query: str, references: Sequence[str]) -> list[EditDistance]:
    """Distances of a query to each reference, in their order."""
    return [edit_distance(query, reference) for reference in references]


def alignment(query: str, reference: str) -> tuple[str, str]:
    """One optimal alignment as two gapped strings of equal length, free end letters included.

    Where several alignments are optimal the one that edlib traces back to is shown; it is a picture, no
    distance is read from it.
    """
    import edlib

    first, second = _shorter_first(query, reference)
    mode = _mode(query, reference)
    # Handing over the equalities takes longer than aligning; without ambiguity letters none of them applies.
    plain = _UNAMBIGUOUS.issuperset(query) and _UNAMBIGUOUS.issuperset(reference)
    equal = None if plain else _COMPATIBLE
    result = edlib.align(first, second, mode=mode, task="path", additionalEqualities=equal)
    start, end = result["locations"][0]
    head, tail = second[: start or 0], second[end + 1 :]
    above, below = _gapped(first, second[len(head) :], result["cigar"] or "")
    shorter = "-" * len(head) + above + "-" * len(tail)
    longer = head + below + tail
    return (shorter, longer) if first is query else (longer, shorter)


def _gapped(query: str, target: str, cigar: str) -> tuple[str, str]:
    """Both sequences with the gaps of a path: I is a letter of the query alone, D one of the target alone."""
    above, below = [], []
    at = against = 0
    for count, kind in _RUNS.findall(cigar):
        length = int(count)
        above.append("-" * length if kind == "D" else query[at : at + length])
        below.append("-" * length if kind == "I" else target[against : against + length])
        at += length * (kind != "D")
        against += length * (kind != "I")
    return "".join(above), "".join(below)


def _shorter_first(query: str, reference: str) -> tuple[str, str]:
    return (query, reference) if len(query) <= len(reference) else (reference, query)


def _mode(query: str, reference: str) -> str:
    return "NW" if len(query) == len(reference) else "HW"
