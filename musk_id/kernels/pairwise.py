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
from musk_id.kernels.editdistance import EditDistance, edit_distance
from musk_id.kernels.nucleotides import encode

__all__ = ["EditRow", "PairBlock", "edit_bounds", "mismatch_blocks", "nearest_edits"]

BLOCK_ROWS = 48
# Words of five letters leave the fewest pairs of mammalian 12S and 16S inserts to be compared.
WORD_LENGTH = 5
MAX_BOUND = 255
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


def edit_bounds(sequences: Sequence[str]) -> NDArray[np.uint8]:
    """Lower bounds of the edit distances of all pairs, shape (n, n); one byte a pair.

    Notes
    -----
    After the q-gram lemma (Ukkonen 1992, Theor. Comput. Sci. 92:191), for words that do not overlap: the shorter
    sequence of a pair lies wholly inside the compared part, so that each of its words that the longer one lacks
    was hit by an edit, and an edit hits only one of several words that share no letter. The distance is
    therefore at least the number of such words, counted greedily from the left. A word with an ambiguity letter
    may equal any other: such words of the shorter sequence are not counted, and each one of the longer sequence
    may stand for one that seems to be missing.
    """
    words = [_words(sequence) for sequence in sequences]
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    absent = np.ones((_BASES**WORD_LENGTH, len(sequences)), np.bool_)
    for column, own in enumerate(words):
        absent[own[own >= 0], column] = False
    ambiguous = np.array([min(np.count_nonzero(own < 0), MAX_BOUND) for own in words], np.uint8)
    missing = np.empty((len(sequences), len(sequences)), np.uint8)
    for row, own in enumerate(words):
        counted = _disjoint(own, absent)
        missing[row] = np.where(counted > ambiguous, counted - ambiguous, 0)
    # Where the row is the longer sequence of the pair only the words of the other one tell.
    longer, equal = lengths[:, None] > lengths[None, :], lengths[:, None] == lengths[None, :]
    bounds = np.where(longer, missing.T, missing)
    np.maximum(bounds, missing.T, out=bounds, where=equal)
    return bounds


def _words(sequence: str) -> Indices:
    """Number of the word at each place; -1 where it holds an ambiguity letter."""
    code = np.full(16, -1, np.int64)
    code[[1, 2, 4, 8]] = np.arange(_BASES)
    letters = code[encode(sequence)]
    if letters.size < WORD_LENGTH:
        return np.empty(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(letters, WORD_LENGTH)
    numbers: Indices = windows @ _BASES ** np.arange(WORD_LENGTH)
    return np.where((windows >= 0).all(axis=1), numbers, -1)


def _disjoint(own: Indices, absent: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Words of a sequence that each other one lacks, none sharing a letter with the one counted before."""
    counted = np.zeros(absent.shape[1], np.uint8)
    free = np.zeros(absent.shape[1], np.int16)
    for place, word in enumerate(own.tolist()):
        if word >= 0 and place < WORD_LENGTH * MAX_BOUND:
            hit = absent[word] & (free <= place)
            counted += hit
            free[hit] = place + WORD_LENGTH
    return counted


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
    bounds = edit_bounds(sequences) if bounded else None
    nothing = np.zeros(len(sequences), np.uint8)
    for row in range(len(sequences)):
        search = _Search(sequences, groups, row, nearest)
        same = groups == groups[row]
        for other in np.flatnonzero(same if always is None else same | always).tolist():
            search.measure(other)
        own = nothing if bounds is None else bounds[row]
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
