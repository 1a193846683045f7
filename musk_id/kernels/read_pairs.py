"""Pairs of reads joined where they overlap, many at once.

A pair is joined at a *diagonal*: the position in the forward read at which the reversed reverse read begins,
negative where the fragment is shorter than the reads. The fragment reaches from the start of the forward read to
the start of the reverse read; what lies beyond is adapter. Errors of the joined letters are the posterior
probabilities of Edgar and Flyvbjerg (2015, Bioinformatics 31:3476), summed as whole numbers of 10^-9: a sum is the
same in any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ERROR_UNIT", "WORD", "JoinLimits", "JoinedReads", "join_pairs", "phred_error", "posterior_errors"]

ERROR_UNIT = 10**9
WORD = 12

_MAX_QUALITY = 93
_N = ord("N")
_COMPLEMENT = np.arange(256, dtype=np.uint8)
for _a, _b in ("AT", "TA", "CG", "GC", "MK", "KM", "RY", "YR", "VB", "BV", "HD", "DH"):
    _COMPLEMENT[ord(_a)] = ord(_b)
# A = 0, C = 1, G = 2, T = 3; another letter counts as A, which the comparison of all letters puts right.
_CODE = np.zeros(256, dtype=np.uint8)
_CODE[[ord("C"), ord("G"), ord("T")]] = (1, 2, 3)

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class JoinLimits:
    """When two reads are joined: overlap, differing letters of it in percent, and expected errors of the whole."""

    min_overlap_bp: int
    max_mismatch_percent: int
    max_expected_errors: float


@dataclass(frozen=True, slots=True, eq=False)
class JoinedReads:
    """What became of the pairs of a batch.

    Attributes
    ----------
    fragments : list of bytes
        Joined letters of the pairs that were joined and are within the limit of expected errors; in no order.
    not_overlapping, ambiguous, too_many_errors : int
        Pairs without a diagonal within the limits, with more than one, and with too many expected errors.
    """

    fragments: list[bytes]
    not_overlapping: int
    ambiguous: int
    too_many_errors: int


def phred_error(quality: int) -> float:
    """Probability of error of a Phred quality; at most 0.75, which is what a letter without information has."""
    return float(min(0.75, 10.0 ** (-quality / 10)))


def posterior_errors() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Errors of joined letters by both qualities, in units of 10^-9: where they agree, and where they differ.

    Where they differ the letter of the better quality is taken; shape (94, 94) each.
    """
    p = np.array([phred_error(q) for q in range(_MAX_QUALITY + 1)])
    first, second = p[:, None], p[None, :]
    agree = first * second / 3 / (1 - first - second + 4 * first * second / 3)
    better, worse = np.minimum(first, second), np.maximum(first, second)
    differ = better * (1 - worse / 3) / (better + worse - 4 * better * worse / 3)
    return np.rint(agree * ERROR_UNIT).astype(np.int64), np.rint(differ * ERROR_UNIT).astype(np.int64)


# An error is at most 0.75 of the unit: 32 bits hold it, and sums are taken in 64.
_SINGLE = np.array([round(phred_error(q) * ERROR_UNIT) for q in range(_MAX_QUALITY + 1)], dtype=np.int32)
_QUALITIES = _MAX_QUALITY + 1
# Where the letters agree, then where they differ; by the first quality, then by the second.
_POSTERIOR = np.concatenate([table.reshape(-1) for table in posterior_errors()]).astype(np.int32)


def join_pairs(
    forward: Bytes, forward_quality: Bytes, reverse: Bytes, reverse_quality: Bytes, limits: JoinLimits
) -> JoinedReads:
    """Join pairs of reads.

    Parameters
    ----------
    forward, forward_quality : ndarray of uint8, shape (n, length of the forward reads)
        ASCII letters and Phred qualities as sequenced.
    reverse, reverse_quality : ndarray of uint8, shape (n, length of the reverse reads)
        The same of the reverse reads.
    limits : JoinLimits
        Limits.

    Notes
    -----
    Diagonals are tried at which a word of ``WORD`` letters from one of six places of the reverse read stands in
    the forward read; if none of them is within the limits, all diagonals are. A pair with two diagonals within the
    limits is left out: a repeat would decide the length of the fragment.
    """
    other, other_quality = _COMPLEMENT[reverse[:, ::-1]], reverse_quality[:, ::-1]
    rows, diagonals = _seeded(forward, other)
    kept = _within(forward, other, rows, diagonals, limits)
    rows, diagonals = rows[kept], diagonals[kept]
    found = np.bincount(rows, minlength=len(forward))
    left = np.flatnonzero(found == 0)
    if left.size:
        more = _exhaustive(forward[left], other[left], limits)
        rows, diagonals = np.concatenate([rows, left[more[0]]]), np.concatenate([diagonals, more[1]])
        found = np.bincount(rows, minlength=len(forward))
    single = found[rows] == 1
    fragments, refused = _joined(
        forward, forward_quality, other, other_quality, rows[single], diagonals[single], limits
    )
    return JoinedReads(fragments, int((found == 0).sum()), int((found > 1).sum()), refused)


def _words(letters: Bytes) -> NDArray[np.uint32]:
    """Codes of all words of ``WORD`` letters, shape (n, length - WORD + 1)."""
    one = _CODE[letters]
    two = one[:, :-1] << 2 | one[:, 1:]
    four = two[:, :-2].astype(np.uint16) << 4 | two[:, 2:]
    eight = four[:, :-4].astype(np.uint32) << 8 | four[:, 4:]
    twelve: NDArray[np.uint32] = (eight[:, :-4] << 8 | four[:, 8:]).astype(np.uint32, copy=False)
    return twelve


def _seeded(forward: Bytes, other: Bytes) -> tuple[Ints, Ints]:
    """Distinct pairs of row and diagonal at which a word agrees, by row."""
    last = other.shape[1] - WORD
    if last < 0 or forward.shape[1] < WORD:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    places = sorted({round(last * share / 5) for share in range(6)})
    words = _words(forward)
    span = forward.shape[1] + other.shape[1]
    keys = []
    for place in places:
        seed = _words(other[:, place : place + WORD])
        row, position = np.divmod(np.flatnonzero(words == seed), words.shape[1])
        keys.append(row * span + (position - place + other.shape[1]))
    pairs = np.unique(np.concatenate(keys))
    return pairs // span, pairs % span - other.shape[1]


def _overlap(diagonal: int, length: int, other_length: int) -> tuple[int, int]:
    """First column of the forward read in the overlap, and the one after the last."""
    return max(0, diagonal), min(length, diagonal + other_length)


def _groups(values: Ints) -> list[tuple[int, Ints]]:
    """Distinct values, each with the places where it stands."""
    order = np.argsort(values, kind="stable")
    distinct, starts = np.unique(values[order], return_index=True)
    return list(zip(distinct.tolist(), np.split(order, starts[1:]), strict=True))


def _within(forward: Bytes, other: Bytes, rows: Ints, diagonals: Ints, limits: JoinLimits) -> NDArray[np.bool_]:
    kept = np.zeros(rows.size, np.bool_)
    for diagonal, places in _groups(diagonals) if rows.size else []:
        first, last = _overlap(diagonal, forward.shape[1], other.shape[1])
        if last - first < limits.min_overlap_bp:
            continue
        chosen = rows[places]
        here, there = forward[chosen, first:last], other[chosen, first - diagonal : last - diagonal]
        kept[places] = _few_mismatches(here, there, limits)
    return kept


def _few_mismatches(here: Bytes, there: Bytes, limits: JoinLimits) -> NDArray[np.bool_]:
    mismatches = np.count_nonzero(here != there, axis=1)
    few: NDArray[np.bool_] = mismatches * 100 <= limits.max_mismatch_percent * here.shape[1]
    return few


def _exhaustive(forward: Bytes, other: Bytes, limits: JoinLimits) -> tuple[Ints, Ints]:
    """All pairs of row and diagonal within the limits."""
    rows, diagonals = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for diagonal in range(limits.min_overlap_bp - other.shape[1], forward.shape[1] - limits.min_overlap_bp + 1):
        first, last = _overlap(diagonal, forward.shape[1], other.shape[1])
        if last - first >= limits.min_overlap_bp:
            here, there = forward[:, first:last], other[:, first - diagonal : last - diagonal]
            found = np.flatnonzero(_few_mismatches(here, there, limits))
            rows.append(found)
            diagonals.append(np.full(found.size, diagonal, np.int64))
    return np.concatenate(rows), np.concatenate(diagonals)


def _joined(
    forward: Bytes,
    forward_quality: Bytes,
    other: Bytes,
    other_quality: Bytes,
    rows: Ints,
    diagonals: Ints,
    limits: JoinLimits,
) -> tuple[list[bytes], int]:
    """Fragments within the limit of expected errors, and how many pairs are beyond it."""
    fragments: list[bytes] = []
    refused = 0
    for diagonal, places in _groups(diagonals) if rows.size else []:
        chosen = rows[places]
        first, last = _overlap(diagonal, forward.shape[1], other.shape[1])
        here, there = forward[chosen], other[chosen]
        q_here, q_there = forward_quality[chosen], other_quality[chosen]
        columns, others = slice(first, last), slice(first - diagonal, last - diagonal)
        a, b, qa, qb = here[:, columns], there[:, others], q_here[:, columns], q_there[:, others]
        differ = a != b
        middle = np.where(differ & ((a == _N) | ((qa < qb) & (b != _N))), b, a)
        # Both tables have fewer than 2^16 entries.
        pairs = qa * np.uint16(_QUALITIES)
        pairs += qb
        pairs += differ * np.uint16(_QUALITIES**2)
        errors = np.take(_POSTERIOR, pairs).sum(axis=1, dtype=np.int64)
        errors += _SINGLE[q_here[:, :first]].sum(axis=1, dtype=np.int64)
        errors += _SINGLE[q_there[:, last - diagonal :]].sum(axis=1, dtype=np.int64)
        letters = np.concatenate([here[:, :first], middle, there[:, last - diagonal :]], axis=1)
        good = errors <= round(limits.max_expected_errors * ERROR_UNIT)
        refused += int(good.size - np.count_nonzero(good))
        kept = np.ascontiguousarray(letters[good])
        if kept.size:
            fragments += kept.view(f"V{kept.shape[1]}").reshape(-1).tolist()
    return fragments, refused
