"""Pairs of reads joined where they overlap, many at once.

A pair is joined at a *diagonal*: the position in the forward read at which the reversed reverse read begins,
negative where the fragment is shorter than the reads. The fragment reaches from the start of the forward read to
the start of the reverse read; what lies beyond is adapter. Errors of the joined letters are the posterior
probabilities of Edgar and Flyvbjerg (2015, Bioinformatics 31:3476), summed as whole numbers of 10^-9: a sum is the
same in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ERROR_UNIT", "WORD", "JoinLimits", "JoinedReads", "join_pairs", "phred_error", "posterior_errors"]

ERROR_UNIT = 10**9
WORD = 12

_MAX_QUALITY = 93
_WORD_BYTES = 8
# An odd number without a pattern: its powers tell words of letters apart by their place.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)
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
    fragments : mapping of bytes to int
        Joined letters of the pairs that were joined and are within the limit of expected errors, and how many
        pairs gave them.
    not_overlapping, ambiguous, too_many_errors : int
        Pairs without a diagonal within the limits, with more than one, and with too many expected errors.
    """

    fragments: Mapping[bytes, int]
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
# Where fewer than one letter of so many has a low quality, these are looked at one by one.
_SPARSE = 12
# Where the letters agree, then where they differ; by the first quality, then by the second.
_POSTERIOR = np.concatenate([table.reshape(-1) for table in posterior_errors()]).astype(np.int32)
_MOST_DIFFERENT = int(posterior_errors()[1].max())


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

    Most pairs of an amplicon have the same letters as others: diagonals are looked for once for all of them. Then
    only the qualities are left, which say whether a pair is within the limit of errors.
    """
    first, kind = _distinct(forward, reverse)
    here, there = forward[first], _COMPLEMENT[reverse[first][:, ::-1]]
    rows, diagonals = _diagonals(here, there, limits)
    found = np.bincount(rows, minlength=first.size)
    times = np.bincount(kind, minlength=first.size)
    single = found[rows] == 1
    fragments: Counter[bytes] = Counter()
    joined = 0
    bounds = _Bounds(forward_quality, reverse_quality, round(limits.max_expected_errors * ERROR_UNIT))
    # Pairs in the order of their kinds: those of one diagonal are a few stretches of it.
    order = np.argsort(kind, kind="stable")
    stops = np.cumsum(times)
    for diagonal, places in _groups(diagonals[single]):
        kinds = rows[single][places]
        pairs = order[_stretches(stops[kinds] - times[kinds], times[kinds])]
        overlap = _Overlap.of(here[kinds], there[kinds], diagonal)
        own = np.repeat(np.arange(kinds.size), times[kinds])
        joined += _count_fragments(overlap, pairs, own, bounds, fragments)
    without, several = int(times[found == 0].sum()), int(times[found > 1].sum())
    return JoinedReads(fragments, without, several, len(forward) - without - several - joined)


def _distinct(forward: Bytes, reverse: Bytes) -> tuple[Ints, Ints]:
    """The first pair of each kind of equal letters, and the kind of each pair."""
    split, width = forward.shape[1], forward.shape[1] + reverse.shape[1]
    both = np.zeros((len(forward), -(-width // _WORD_BYTES) * _WORD_BYTES), np.uint8)
    both[:, :split], both[:, split:width] = forward, reverse
    words = both.view(np.uint64)
    # The last letters of a word would stand in the highest bits of a product only.
    sums = (words ^ words >> _HALF) @ np.multiply.accumulate(np.full(words.shape[1], _FACTOR))
    first, kind = _first_of_each(sums.tolist())
    # Two kinds of pairs may have one sum.
    if not np.array_equal(words[first][kind], words):
        first, kind = _first_of_each([row.tobytes() for row in both])
    return first, kind


def _first_of_each(values: Sequence[Hashable]) -> tuple[Ints, Ints]:
    last = dict(zip(values, range(len(values)), strict=True))
    number = dict(zip(last, range(len(last)), strict=True))
    kind = np.fromiter(map(number.__getitem__, values), np.int64, len(values))
    return np.fromiter(last.values(), np.int64, len(last)), kind


def _stretches(starts: Ints, lengths: Ints) -> Ints:
    """Whole numbers of stretches, one after the other."""
    shift = starts - np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.repeat(shift, lengths) + np.arange(int(lengths.sum()))


def _diagonals(forward: Bytes, other: Bytes, limits: JoinLimits) -> tuple[Ints, Ints]:
    """Rows and their diagonals within the limits."""
    rows, diagonals = _seeded(forward, other)
    kept = _within(forward, other, rows, diagonals, limits)
    rows, diagonals = rows[kept], diagonals[kept]
    left = np.flatnonzero(np.bincount(rows, minlength=len(forward)) == 0)
    if left.size:
        more = _exhaustive(forward[left], other[left], limits)
        rows, diagonals = np.concatenate([rows, left[more[0]]]), np.concatenate([diagonals, more[1]])
    return rows, diagonals


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
    if not values.size:
        return []
    order = np.argsort(values, kind="stable")
    distinct, starts = np.unique(values[order], return_index=True)
    return list(zip(distinct.tolist(), np.split(order, starts[1:]), strict=True))


def _within(forward: Bytes, other: Bytes, rows: Ints, diagonals: Ints, limits: JoinLimits) -> NDArray[np.bool_]:
    kept = np.zeros(rows.size, np.bool_)
    for diagonal, places in _groups(diagonals):
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


@dataclass(frozen=True, slots=True, eq=False)
class _Overlap:
    """Kinds of pairs joined at one diagonal.

    ``first`` is the first column of the forward read in the overlap, ``last`` the one after its last. ``letters``
    are those of the fragment, shape (kinds, length), of the forward read where the reads differ; they do so in the
    columns of ``differ``, in order of ``differ_kind``, where the other read has ``differ_letters``.
    """

    diagonal: int
    first: int
    last: int
    letters: Bytes
    differ_kind: Ints
    differ: Ints
    differ_letters: Bytes

    @classmethod
    def of(cls, forward: Bytes, other: Bytes, diagonal: int) -> _Overlap:
        first, last = _overlap(diagonal, forward.shape[1], other.shape[1])
        there = other[:, first - diagonal : last - diagonal]
        kinds, columns = np.nonzero(forward[:, first:last] != there)
        letters = np.concatenate([forward[:, :last], other[:, last - diagonal :]], axis=1)
        return cls(diagonal, first, last, letters, kinds, columns + first, there[kinds, columns])


class _Bounds:
    """Sums of the errors of single reads, worked out where they are asked for.

    A joined letter on which both reads agree has at most the error of either read: where the sum of one read is
    within a limit, the pair is, and most are.
    """

    def __init__(self, forward: Bytes, reverse: Bytes, limit: int) -> None:
        self.forward, self.reverse, self.limit = forward, reverse, limit
        self._sums: list[Ints | None] = [None, None]

    def of(self, mate: int) -> Ints:
        """At least the sum of the errors of each read, in units of 10^-9."""
        found = self._sums[mate]
        if found is None:
            found = self._sums[mate] = _at_most(self.reverse if mate else self.forward, self.limit)
        return found


def _at_most(quality: Bytes, limit: int) -> Ints:
    """Sums of errors, letters of high quality taken as of one quality that hardly counts against the limit."""
    count, length = quality.shape
    good = int(np.count_nonzero(_SINGLE.astype(np.int64) * length * 2 > limit))
    low = np.flatnonzero(quality < good)
    if good == _QUALITIES or low.size * _SPARSE > quality.size:
        dense: Ints = np.take(_SINGLE, quality).sum(axis=1, dtype=np.int64)
        return dense
    # Whole numbers below 2^53 are exact in these sums.
    few = np.bincount(low // length, weights=_SINGLE[quality.reshape(-1)[low]], minlength=count)
    sums: Ints = few.astype(np.int64) + length * int(_SINGLE[good])
    return sums


def _count_fragments(
    overlap: _Overlap, pairs: Ints, kinds: Ints, bounds: _Bounds, fragments: Counter[bytes]
) -> int:
    """Add the fragments of pairs within the limit of errors, and say how many these are.

    ``pairs`` are rows of the qualities, ``kinds`` the row of the overlap of each of them.
    """
    apart = np.bincount(overlap.differ_kind, minlength=len(overlap.letters))
    most = bounds.of(0)[pairs] + apart[kinds] * _MOST_DIFFERENT
    if overlap.letters.shape[1] > overlap.last:
        most += bounds.of(1)[pairs]
    good = most <= bounds.limit
    unsure = np.flatnonzero(~good)
    if unsure.size:
        good[unsure] = _errors(overlap, pairs[unsure], kinds[unsure], bounds) <= bounds.limit
    pairs, kinds = pairs[good], kinds[good]
    size = overlap.letters.shape[1]
    if not pairs.size or not size:
        return int(pairs.size)
    plain = apart[kinds] == 0
    times = np.bincount(kinds[plain], minlength=len(overlap.letters))
    held = np.flatnonzero(times)
    texts = overlap.letters[held].view(f"V{size}").reshape(-1).tolist()
    for text, count in zip(texts, times[held].tolist(), strict=True):
        fragments[text] += count
    if not plain.all():
        chosen = _chosen(overlap, pairs[~plain], kinds[~plain], apart, bounds)
        fragments.update(chosen.view(f"V{size}").reshape(-1).tolist())
    return int(pairs.size)


def _errors(overlap: _Overlap, pairs: Ints, kinds: Ints, bounds: _Bounds) -> Ints:
    """Expected errors of joined pairs, in units of 10^-9."""
    first, last, diagonal = overlap.first, overlap.last, overlap.diagonal
    q_here, q_there = bounds.forward[pairs], bounds.reverse[pairs][:, ::-1]
    differ = np.zeros((len(overlap.letters), last - first), np.bool_)
    differ[overlap.differ_kind, overlap.differ - first] = True
    # Both tables have fewer than 2^16 entries.
    entries = q_here[:, first:last] * np.uint16(_QUALITIES)
    entries += q_there[:, first - diagonal : last - diagonal]
    entries += differ[kinds] * np.uint16(_QUALITIES**2)
    errors: Ints = np.take(_POSTERIOR, entries).sum(axis=1, dtype=np.int64)
    errors += _SINGLE[q_here[:, :first]].sum(axis=1, dtype=np.int64)
    errors += _SINGLE[q_there[:, last - diagonal :]].sum(axis=1, dtype=np.int64)
    return errors


def _chosen(overlap: _Overlap, pairs: Ints, kinds: Ints, apart: Ints, bounds: _Bounds) -> Bytes:
    """Letters of pairs whose reads differ: in each column that of the better quality, any before N."""
    letters = overlap.letters[kinds]
    starts = np.cumsum(apart) - apart
    entries = _stretches(starts[kinds], apart[kinds])
    rows, columns = np.repeat(np.arange(kinds.size), apart[kinds]), overlap.differ[entries]
    a, b = letters[rows, columns], overlap.differ_letters[entries]
    place = bounds.reverse.shape[1] - 1 - (columns - overlap.diagonal)
    better = bounds.forward[pairs[rows], columns] < bounds.reverse[pairs[rows], place]
    letters[rows, columns] = np.where((a == _N) | (better & (b != _N)), b, a)
    return letters
