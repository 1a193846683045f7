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
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.nucleotides import encode

__all__ = ["EditRow", "PairBlock", "edit_bounds", "mismatch_blocks", "nearest_edits"]

BLOCK_ROWS = 48
WORD_LENGTH = 5
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


@dataclass(frozen=True, slots=True)
class _Words:
    """Words of each sequence: how often each occurs, and how many hold an ambiguity letter."""

    counts: NDArray[np.float32]
    present: NDArray[np.float32]
    ambiguous: Floats
    lengths: Indices


def _words(sequences: Sequence[str]) -> _Words:
    counts = np.zeros((len(sequences), _BASES**WORD_LENGTH), np.float32)
    ambiguous = np.zeros(len(sequences))
    code = np.full(16, -1, np.int64)
    code[[1, 2, 4, 8]] = np.arange(_BASES)
    powers = _BASES ** np.arange(WORD_LENGTH)
    for row, sequence in enumerate(sequences):
        letters = code[encode(sequence)]
        if letters.size < WORD_LENGTH:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(letters, WORD_LENGTH)
        plain = (windows >= 0).all(axis=1)
        np.add.at(counts[row], windows[plain] @ powers, 1.0)
        ambiguous[row] = np.count_nonzero(~plain)
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    return _Words(counts, (counts > 0).astype(np.float32), ambiguous, lengths)


def edit_bounds(sequences: Sequence[str]) -> Indices:
    """Lower bounds of the edit distances of all pairs, shape (n, n)."""
    return _bounds(_words(sequences), slice(0, len(sequences)))


def _bounds(words: _Words, rows: slice) -> Indices:
    """Lower bounds of the edit distances of some sequences to all, shape (rows, n).

    Notes
    -----
    An edit destroys at most q of the words of length q of a sequence (Ukkonen 1992, Theor. Comput. Sci. 92:191).
    The shorter sequence of a pair lies wholly inside the compared part; each of its words that the longer one
    lacks was hit by an edit, so the distance is at least the number of such words divided by q. A word with an
    ambiguity letter may equal any other: such words of the shorter one are not counted, and each of the longer
    one may stand for one missing word. Free end letters of the longer one cost nothing and change nothing. The
    counts are whole numbers far below 2**24, so that the matrix product is exact however it is summed.
    """
    totals = words.counts.sum(axis=1, dtype=np.float64)
    mine = totals[rows, None] - (words.counts[rows] @ words.present.T) - words.ambiguous[None, :]
    theirs = totals[None, :] - (words.present[rows] @ words.counts.T) - words.ambiguous[rows, None]
    lengths = words.lengths
    shorter, equal = lengths[rows, None] < lengths[None, :], lengths[rows, None] == lengths[None, :]
    missing = np.where(shorter, mine, np.where(equal, np.maximum(mine, theirs), theirs))
    bounds: Indices = np.ceil(np.maximum(missing, 0.0) / WORD_LENGTH).astype(np.int64)
    return bounds


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
    words = _words(sequences)
    for first in range(0, len(sequences), BLOCK_ROWS):
        rows = slice(first, min(first + BLOCK_ROWS, len(sequences)))
        shape = (rows.stop - first, len(sequences))
        bounds = _bounds(words, rows) if bounded else np.zeros(shape, np.int64)
        for row in range(first, rows.stop):
            yield _edit_row(sequences, groups, row, bounds[row - first], nearest, always)


def _edit_row(
    sequences: Sequence[str],
    groups: Indices,
    row: int,
    bounds: Indices,
    nearest: int,
    always: NDArray[np.bool_] | None,
) -> EditRow:
    wanted = groups == groups[row]
    if always is not None:
        wanted = wanted | always
    found: dict[int, tuple[int, int]] = {}
    best: dict[int, int] = {}

    def measure(other: int) -> None:
        distance = edit_distance(sequences[row], sequences[other])
        found[other] = (distance.lower, distance.upper)
        group = int(groups[other])
        if group != groups[row]:
            best[group] = min(best.get(group, distance.upper), distance.upper)

    for other in np.flatnonzero(wanted).tolist():
        if other != row:
            measure(other)
    reach = _reach(best, nearest)
    for other in np.argsort(bounds, kind="stable").tolist():
        if reach is not None and bounds[other] > reach:
            break
        if other != row and other not in found:
            measure(other)
            reach = _reach(best, nearest)
    others = sorted(found)
    pairs = np.array([found[other] for other in others], np.int64).reshape(-1, 2)
    return EditRow(np.array(others, np.int64), pairs[:, 0], pairs[:, 1])


def _reach(best: dict[int, int], nearest: int) -> int | None:
    """Distance of the ``nearest``-th other group, once that many were met."""
    return sorted(best.values())[nearest - 1] if len(best) >= nearest else None
