"""Forward and reverse read of one product: where they overlap, and one sequence from both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import Masks, decode, is_ambiguous

__all__ = ["Consensus", "Difference", "Read", "join_strands", "overlap_columns", "single_strand"]

MATCH, MISMATCH, GAP_COST = 1, -2, 3

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Read:
    """A read in the direction of the consensus: masks and qualities, both of shape (n,)."""

    masks: Masks
    qualities: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Difference:
    """A column in which the reads differ; ``-`` where one read has no letter.

    ``position`` is the index in the consensus, of the next letter where the column was left out; ``chosen`` is
    the letter taken, ``N`` or ``-``. ``conflict`` is false where one letter is ambiguous and may be the other.
    """

    position: int
    forward: str
    reverse: str
    forward_quality: int
    reverse_quality: int
    chosen: str
    conflict: bool


@dataclass(frozen=True, slots=True)
class Consensus:
    """One sequence from one or two reads.

    ``columns`` has a row for each letter: its index in the forward and in the reverse read, -1 where the read
    does not reach or has no letter. ``overlap_bp`` counts the columns between the first and the last letter
    that both reads have.
    """

    masks: Masks
    columns: Indices
    differences: tuple[Difference, ...]
    overlap_bp: int


def single_strand(read: Read, *, forward: bool) -> Consensus:
    """The sequence of one read alone."""
    columns = np.full((read.masks.size, 2), -1, dtype=np.int64)
    columns[:, 0 if forward else 1] = np.arange(read.masks.size)
    return Consensus(read.masks.copy(), columns, (), 0)


def overlap_columns(first: Masks, second: Masks) -> tuple[Indices, int]:
    """Columns of the best overlap of two sequences, letters beyond its ends free, and its score.

    Needleman & Wunsch 1970 (J. Mol. Biol. 48:443) with free ends on both sides: equal bases score 1, different
    ones -2, a gap -3 a letter, an ambiguity letter nothing. Of equal alignments the one is taken that prefers
    letter against letter, then a letter of ``first`` alone. Columns have the two indices, -1 for none.
    """
    scores = _pair_scores(first, second)
    table = _table(scores)
    ends = [(int(table[-1, j]), first.size, j) for j in range(second.size + 1)]
    ends += [(int(table[i, -1]), i, second.size) for i in range(first.size + 1)]
    best, i, j = max(ends, key=lambda end: (end[0], -end[1] - end[2]))
    found = [(-1, k) for k in range(second.size - 1, j - 1, -1)] + [
        (k, -1) for k in range(first.size - 1, i - 1, -1)
    ]
    while i and j:
        here = table[i, j]
        if here == table[i - 1, j - 1] + scores[i - 1, j - 1]:
            i, j = i - 1, j - 1
            found.append((i, j))
        elif here == table[i - 1, j] - GAP_COST:
            i -= 1
            found.append((i, -1))
        else:
            j -= 1
            found.append((-1, j))
    found += [(k, -1) for k in range(i - 1, -1, -1)] + [(-1, k) for k in range(j - 1, -1, -1)]
    return np.array(found[::-1], dtype=np.int64).reshape(-1, 2), best


def _pair_scores(first: Masks, second: Masks) -> NDArray[np.int32]:
    scores = np.where(first[:, None] == second[None, :], MATCH, MISMATCH).astype(np.int32)
    scores[is_ambiguous(first), :] = 0
    scores[:, is_ambiguous(second)] = 0
    return scores


def _table(scores: NDArray[np.int32]) -> NDArray[np.int32]:
    """Best score of each pair of prefixes; a row's gaps by a running maximum of the score on a slope."""
    rows, width = scores.shape
    table = np.zeros((rows + 1, width + 1), dtype=np.int32)
    slope = GAP_COST * np.arange(width + 1, dtype=np.int32)
    for i in range(rows):
        row = np.zeros(width + 1, dtype=np.int32)
        row[1:] = np.maximum(table[i, :-1] + scores[i], table[i, 1:] - GAP_COST)
        table[i + 1] = np.maximum.accumulate(row + slope) - slope
    return table


def join_strands(forward: Read, reverse: Read, *, min_quality: int, min_lead: int) -> Consensus:
    """One sequence from two reads of opposite strands, both in the direction of the forward read.

    Where the reads differ, a letter is taken if its quality is at least ``min_quality`` and at least
    ``min_lead`` above the other's; else the letter is ``N``. A missing letter has the smaller of its
    neighbours' qualities. Where one letter is ambiguous, the other needs ``min_quality`` only.
    """
    columns, _ = overlap_columns(forward.masks, reverse.masks)
    both = np.flatnonzero((columns >= 0).all(axis=1))
    first, last = (int(both[0]), int(both[-1]) + 1) if both.size else (0, 0)
    letters: list[int] = []
    kept: list[tuple[int, int]] = []
    differences: list[Difference] = []
    for number, (f, r) in enumerate(columns.tolist()):
        if not first <= number < last:
            letters.append(int(forward.masks[f] if f >= 0 else reverse.masks[r]))
            kept.append((f, r))
            continue
        pair = _Pair(*_letter(forward, columns[:, 0], number), *_letter(reverse, columns[:, 1], number))
        chosen, differs = _choose(pair, min_quality, min_lead)
        if differs:
            differences.append(_difference(len(letters), pair, chosen))
        if chosen:
            letters.append(chosen)
            kept.append((f, r))
    masks = np.array(letters, dtype=np.uint8)
    rows = np.array(kept, dtype=np.int64).reshape(-1, 2)
    return Consensus(masks, rows, tuple(differences), last - first)


@dataclass(frozen=True, slots=True)
class _Pair:
    forward: int
    forward_quality: int
    reverse: int
    reverse_quality: int


def _letter(read: Read, column: Indices, number: int) -> tuple[int, int]:
    """Mask and quality in a column of the overlap; a gap has mask 0 and the worse neighbour's quality."""
    index = int(column[number])
    if index >= 0:
        return int(read.masks[index]), int(read.qualities[index])
    before = int(column[:number].max(initial=-1))
    around = read.qualities[max(before, 0) : before + 2]
    return 0, int(around.min()) if around.size else 0


def _choose(pair: _Pair, min_quality: int, min_lead: int) -> tuple[int, bool]:
    """The mask taken (0: left out) and whether the reads differ."""
    forward, reverse = pair.forward, pair.reverse
    if forward == reverse:
        return forward, False
    if not _contradicts(forward, reverse):
        plain, quality = (
            (forward, pair.forward_quality)
            if forward.bit_count() < reverse.bit_count()
            else (reverse, pair.reverse_quality)
        )
        return (plain if plain.bit_count() == 1 and quality >= min_quality else 15), True
    lead = pair.forward_quality - pair.reverse_quality
    better, quality = (forward, pair.forward_quality) if lead > 0 else (reverse, pair.reverse_quality)
    return (better if abs(lead) >= min_lead and quality >= min_quality else 15), True


def _contradicts(forward: int, reverse: int) -> bool:
    """Whether two masks share no base; a gap contradicts every letter."""
    return not forward & reverse


def _difference(position: int, pair: _Pair, chosen: int) -> Difference:
    drawn = decode(np.array([pair.forward, pair.reverse, chosen], dtype=np.uint8))
    forward, reverse, taken = drawn[0], drawn[1], drawn[2]
    return Difference(
        position,
        forward,
        reverse,
        pair.forward_quality,
        pair.reverse_quality,
        taken,
        _contradicts(pair.forward, pair.reverse),
    )
