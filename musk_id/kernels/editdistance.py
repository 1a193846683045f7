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
from functools import lru_cache

from musk_id.kernels.nucleotides import IUPAC

__all__ = [
    "NO_LIMIT",
    "UNAMBIGUOUS",
    "EditDistance",
    "alignment",
    "edit_distance",
    "edit_distance_within",
    "edit_distances",
    "unambiguous_distances",
]

NO_LIMIT = -1

_COMPATIBLE = [
    (first, second)
    for first, bases in IUPAC.items()
    for second, others in IUPAC.items()
    if first < second and set(bases) & set(others)
]
UNAMBIGUOUS = "ACGT"
_RUNS = re.compile(r"(\d+)([=XID])")

# For the upper bound ambiguity letters of query and reference become two letters that equal nothing.
_STRICT_QUERY = {ord(letter): "!" for letter in IUPAC if letter not in UNAMBIGUOUS}
_STRICT_REFERENCE = {ord(letter): "?" for letter in IUPAC if letter not in UNAMBIGUOUS}


@dataclass(frozen=True, slots=True)
class EditDistance:
    """Smallest and largest Levenshtein distance that the letters allow."""

    lower: int
    upper: int


def edit_distance(query: str, reference: str) -> EditDistance:
    """Distance of two upper-case IUPAC sequences without gaps."""
    distance = edit_distance_within(query, reference, NO_LIMIT)
    if distance is None:
        raise RuntimeError("a distance without a limit was not found")
    return distance


def edit_distance_within(query: str, reference: str, limit: int) -> EditDistance | None:
    """Distance of two sequences if its lower bound is at most ``limit`` (or :data:`NO_LIMIT`), else ``None``."""
    import edlib

    # Stripping is the fastest way to ask whether there are other letters.
    if not query.strip(UNAMBIGUOUS) and not reference.strip(UNAMBIGUOUS):
        (distance,) = unambiguous_distances(query, (reference,), limit)
        return None if distance < 0 else EditDistance(distance, distance)
    mode = _mode(query, reference)
    first, second = _shorter_first(query, reference)
    if not first:
        return EditDistance(0, 0)
    equal = _compatible_among(first + second)
    lower = edlib.align(first, second, mode=mode, task="distance", k=limit, additionalEqualities=equal)
    if lower["editDistance"] < 0:
        return None
    upper = edlib.align(
        first.translate(_STRICT_QUERY), second.translate(_STRICT_REFERENCE), mode=mode, task="distance"
    )
    return EditDistance(lower["editDistance"], upper["editDistance"])


def unambiguous_distances(query: str, references: Sequence[str], limit: int) -> list[int]:
    """As :func:`edit_distance_within`, of sequences without ambiguity letters; -1 beyond the limit.

    Both bounds are equal.
    """
    from edlib import align

    length = len(query)
    found: list[int] = []
    for reference in references:
        if length < len(reference):
            first, second, mode = query, reference, "HW"
        elif length > len(reference):
            first, second, mode = reference, query, "HW"
        else:
            first, second, mode = query, reference, "NW"
        found.append(align(first, second, mode, "distance", limit)["editDistance"] if first else 0)
    return found


def _compatible_among(letters: str) -> list[tuple[str, str]]:
    """Compatible pairs of letters that occur: reading all of them takes longer than a comparison."""
    return _compatible_of(frozenset(letters))


@lru_cache(maxsize=256)
def _compatible_of(held: frozenset[str]) -> list[tuple[str, str]]:
    return [pair for pair in _COMPATIBLE if pair[0] in held and pair[1] in held]


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
    equal = _compatible_among(first + second)
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
