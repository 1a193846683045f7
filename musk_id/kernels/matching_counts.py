"""Mismatch counts of many sequences of one frame: whole blocks against blocks, and lists of pairs.

The counts are those of :mod:`musk_id.kernels.bitplanes`; here the planes of a sequence lie side by side, so that
a pair is read from two places in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import pack
from musk_id.kernels.nucleotides import Masks, is_ambiguous

__all__ = ["Counts", "Packed", "block_counts", "pack_parts", "pack_rows", "pair_counts", "unlike"]

_BASES = 4
# Pairs that are counted at once: what is worked on stays in the processor's second cache.
_PAIRS = 1024
_PACKED_ROWS = 4096

Numbers = NDArray[np.int32]
Indices = NDArray[np.int64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Bit planes of ``n`` sequences.

    Attributes
    ----------
    planes : ndarray of uint64, shape (n, 5, words)
        Planes of A, C, G, T, and of any letter.
    letters : ndarray of int32, shape (n,)
        Columns with a letter.
    ambiguous : bool
        Whether any sequence holds an ambiguity letter.
    """

    planes: Words
    letters: Numbers
    ambiguous: bool

    @property
    def size(self) -> int:
        """Number of sequences."""
        return int(self.planes.shape[0])

    def take(self, rows: Indices) -> Packed:
        """Some of the sequences."""
        return Packed(self.planes[rows], self.letters[rows], self.ambiguous)

    def reorder(self, order: Indices) -> None:
        """Put the sequences in another order in place, plane by plane: planes are most of the memory."""
        for plane in range(_BASES + 1):
            self.planes[:, plane] = self.planes[order, plane]
        self.letters[:] = self.letters[order]


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Columns that two sequences share no base in, that may differ, and that both hold a letter in."""

    incompatible: Numbers
    possible: Numbers
    compared: Numbers

    def take(self, rows: Indices) -> Counts:
        """Counts of some of the pairs."""
        return Counts(self.incompatible[rows], self.possible[rows], self.compared[rows])


def pack_rows(masks: Masks) -> Packed:
    """Planes of masks of shape (n, width); 0 marks a column without a letter."""
    steps = range(0, max(len(masks), 1), _PACKED_ROWS)
    return pack_parts((masks[first : first + _PACKED_ROWS] for first in steps), len(masks))


def pack_parts(parts: Iterable[Masks], count: int) -> Packed:
    """As :func:`pack_rows`, of masks that come in parts (at least one), ``count`` in all; no part is kept."""
    planes: Words | None = None
    ambiguous, first = False, 0
    for masks in parts:
        words = pack(masks).words
        if planes is None:
            planes = np.empty((count, _BASES + 1, words.shape[2]), np.uint64)
        own = planes[first : first + len(masks)]
        own[:, :_BASES] = words.transpose(1, 0, 2)
        own[:, _BASES] = words[0] | words[1] | words[2] | words[3]
        ambiguous = ambiguous or bool(is_ambiguous(masks).any())
        first += len(masks)
    if planes is None:
        raise ValueError("the width of the frame is not known without a part")
    letters = np.bitwise_count(planes[:, _BASES]).sum(axis=1, dtype=np.int32)
    return Packed(planes, letters, ambiguous)


def block_counts(queries: Packed, references: Words, *, ambiguous: bool) -> Counts:
    """Counts of every query (few) against every reference, each of shape (queries, references).

    Parameters
    ----------
    queries : Packed
        Sequences.
    references : ndarray of uint64, shape (5, words, n)
        Planes of the references, each word of all references side by side.
    ambiguous : bool
        Whether the references hold ambiguity letters.
    """
    shape = (queries.size, references.shape[2])
    compared, shared_columns = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    several = ambiguous or queries.ambiguous
    same = np.zeros(shape, np.int32) if several else shared_columns
    shared, other = np.empty(shape, np.uint64), np.empty(shape, np.uint64)
    bits = np.empty(shape, np.uint8)
    for word in range(references.shape[1]):
        q, r = queries.planes[:, :, word, None], references[:, None, word]
        np.bitwise_and(q[:, _BASES], r[_BASES], out=other)
        np.add(compared, np.bitwise_count(other, out=bits), out=compared)
        np.bitwise_and(q[:, 0], r[0], out=shared)
        for base in range(1, _BASES):
            np.bitwise_and(q[:, base], r[base], out=other)
            np.bitwise_or(shared, other, out=shared)
        np.add(shared_columns, np.bitwise_count(shared, out=bits), out=shared_columns)
        if several:
            single = _single(q) & _single(r.swapaxes(0, 1))
            np.add(same, np.bitwise_count(shared & single, out=bits), out=same)
    incompatible = compared - shared_columns
    return Counts(incompatible, compared - same if several else incompatible, compared)


def pair_counts(queries: Packed, query: Indices, references: Packed, reference: Indices) -> Counts:
    """Counts of pairs, given by the numbers of their members; each of shape (pairs,)."""
    incompatible = np.empty(query.size, np.int32)
    compared = np.empty(query.size, np.int32)
    several = queries.ambiguous or references.ambiguous
    possible = np.empty(query.size, np.int32) if several else incompatible
    for first in range(0, query.size, _PAIRS):
        here = slice(first, first + _PAIRS)
        q, r = queries.planes[query[here]], references.planes[reference[here]]
        both = q & r
        shared = both[:, 0] | both[:, 1] | both[:, 2] | both[:, 3]
        columns = np.bitwise_count(both[:, _BASES]).sum(axis=1, dtype=np.int32)
        compared[here] = columns
        incompatible[here] = columns - np.bitwise_count(shared).sum(axis=1, dtype=np.int32)
        if several:
            same = shared & _single(q) & _single(r)
            possible[here] = columns - np.bitwise_count(same).sum(axis=1, dtype=np.int32)
    return Counts(incompatible, possible, compared)


def unlike(references: Packed, centres: Indices, members: Indices) -> Numbers:
    """For pairs of a centre and a member: columns of the centre in which the member is not like it.

    A member is like the centre in a column if it holds a letter there and each of its bases is one of the
    centre's.
    """
    found = np.empty(centres.size, np.int32)
    for first in range(0, centres.size, _PAIRS):
        here = slice(first, first + _PAIRS)
        c, r = references.planes[centres[here]], references.planes[members[here]]
        foreign = r[:, :_BASES] & ~c[:, :_BASES]
        beyond = foreign[:, 0] | foreign[:, 1] | foreign[:, 2] | foreign[:, 3] | ~r[:, _BASES]
        found[here] = np.bitwise_count(beyond & c[:, _BASES]).sum(axis=1, dtype=np.int32)
    return found


def _single(planes: Words) -> Words:
    """Columns with an unambiguous letter, of planes whose second axis is the plane."""
    a, c, g, t = (planes[:, base] for base in range(_BASES))
    result: Words = (a ^ c ^ g ^ t) & ~((a & c) | (g & t))
    return result
