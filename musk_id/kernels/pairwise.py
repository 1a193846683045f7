"""Distances of all pairs of a library, block by block, exact.

Coding markers are counted on bit planes. Short markers are compared by edits, but only where a bound does not
already show that a pair is further apart than anything that is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import Planes
from musk_id.kernels.edit_bounds import EditBounds
from musk_id.kernels.editdistance import EditDistance, edit_distance

__all__ = ["EditRow", "PairBlock", "mismatch_blocks", "nearest_edits"]

BLOCK_ROWS = 48
_ENDLESS = 1 << 30
_BASES = 4

Counts = NDArray[np.int32]
Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PairBlock:
    """Counts of rows ``first`` … against all rows; each array has shape (rows, n).

    ``incompatible`` is the smallest and ``possible`` the largest number of differences that the letters allow
    (:mod:`musk_id.kernels.bitplanes`); ``compared`` counts the columns where both hold a letter.
    """

    first: int
    compared: Counts
    incompatible: Counts
    possible: Counts


def mismatch_blocks(planes: Planes, rows: int = BLOCK_ROWS) -> Iterator[PairBlock]:
    """Counts of every ordered pair of sequences of one frame, in blocks of rows.

    Notes
    -----
    The words of a row are taken one after another, so that what is worked on (rows x n words) stays in the
    processor's cache whatever the width of the frame.
    """
    words = planes.words
    any_letter = words[0] | words[1] | words[2] | words[3]
    several = _several(words)
    single = any_letter & ~several
    count = words.shape[1]
    ambiguous = bool(several.any())
    for first in range(0, count, rows):
        here = slice(first, min(first + rows, count))
        shape = (here.stop - first, count)
        compared, incompatible = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        possible = np.zeros(shape, np.int32) if ambiguous else incompatible
        for word in range(words.shape[2]):
            both = any_letter[here, word, None] & any_letter[None, :, word]
            shared = words[0, here, word, None] & words[0, None, :, word]
            for base in range(1, _BASES):
                shared |= words[base, here, word, None] & words[base, None, :, word]
            compared += np.bitwise_count(both)
            incompatible += np.bitwise_count(both & ~shared)
            if ambiguous:
                same = single[here, word, None] & single[None, :, word] & shared
                possible += np.bitwise_count(both & ~same)
        yield PairBlock(first, compared, incompatible, possible)


def _several(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    a, c, g, t = words
    result: NDArray[np.uint64] = (a & c) | (a & g) | (a & t) | (c & g) | (c & t) | (g & t)
    return result


@dataclass(frozen=True, slots=True)
class EditRow:
    """Sequences compared with one sequence, and their distances (:mod:`musk_id.kernels.editdistance`)."""

    others: Indices
    lower: Indices
    upper: Indices


def nearest_edits(
    sequences: Sequence[str],
    groups: Indices,
    *,
    nearest: int = 2,
    always: NDArray[np.bool_] | None = None,
    bounded: bool = True,
) -> Iterator[EditRow]:
    """Exact distances of each sequence to all that matter, in the order of the sequences.

    Parameters
    ----------
    sequences : sequence of str
        Upper-case IUPAC letters without gaps.
    groups : ndarray of int64, shape (n,)
        Group of each sequence.
    nearest : int
        Number of other groups whose nearest members are asked for.
    always : ndarray of bool, shape (n,), optional
        Sequences that are compared with every other one.
    bounded : bool
        Whether pairs are skipped by their bounds (else all are compared, for tests).

    Yields
    ------
    EditRow
        All others of the same group; all that are always compared; and every sequence of other groups that is
        no further, by its lower distance, than the upper distance of the ``nearest``-th other group. What is
        left out is further than that.
    """
    bounds = EditBounds(sequences) if bounded else None
    nothing = np.zeros(len(sequences), np.int32)
    for row in range(len(sequences)):
        search = _Search(sequences, groups, row, nearest)
        same = groups == groups[row]
        for other in np.flatnonzero(same if always is None else same | always).tolist():
            search.measure(other)
        own = nothing if bounds is None else bounds.of(sequences[row])
        for other in np.argsort(own, kind="stable").tolist():
            if bounded and own[other] > search.reach:
                break
            search.measure(other)
        yield search.result()


class _Search:
    """What is known of one sequence's distances while its neighbours are looked for."""

    def __init__(self, sequences: Sequence[str], groups: Indices, row: int, nearest: int) -> None:
        self._sequences, self._groups, self._row, self._nearest = sequences, groups, row, nearest
        self._found: dict[int, EditDistance] = {}
        self._best: dict[int, int] = {}
        self.reach = _ENDLESS

    def measure(self, other: int) -> None:
        """Compare with another sequence, unless that was done."""
        if other == self._row or other in self._found:
            return
        distance = edit_distance(self._sequences[self._row], self._sequences[other])
        self._found[other] = distance
        group = int(self._groups[other])
        if group != self._groups[self._row] and distance.upper < self._best.get(group, _ENDLESS):
            self._best[group] = distance.upper
            if len(self._best) >= self._nearest and distance.upper < self.reach:
                self.reach = sorted(self._best.values())[self._nearest - 1]

    def result(self) -> EditRow:
        """All that was measured, by the place of the other sequence."""
        others = sorted(self._found)
        lower = [self._found[other].lower for other in others]
        upper = [self._found[other].upper for other in others]
        return EditRow(*(np.array(column, np.int64) for column in (others, lower, upper)))
