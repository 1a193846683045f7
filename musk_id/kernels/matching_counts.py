"""Mismatch counts of many sequences of one frame: lists of pairs, and lower bounds of whole blocks.

The counts are those of :mod:`musk_id.kernels.bitplanes`. Here a base takes two bits and the planes of a sequence
lie side by side, so that a pair is read from two places in memory. Sequences with ambiguity letters keep a plane
for each base besides; only pairs with one of them are counted from these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import pack
from musk_id.kernels.frames import pack_nibbles, unpack_nibbles
from musk_id.kernels.nucleotides import Masks

__all__ = [
    "Counts",
    "Packed",
    "columns_of",
    "least_differing",
    "pack_parts",
    "pack_rows",
    "pair_counts",
    "unlike",
    "unpacked",
]

_HIGH, _LOW, _LETTER = range(3)
_WORD_COLUMNS = 64
# Pairs that are counted at once: what is worked on stays in the processor's second cache.
_PAIRS = 1024
_PACKED_ROWS = 2048
# Bits counted in this many words fit one byte.
_BYTE_WORDS = 3

Numbers = NDArray[np.int32]
Indices = NDArray[np.integer]
Words = NDArray[np.uint64]


def _fields() -> NDArray[np.uint16]:
    """For four columns of nibbles: their bits of the two code planes, of any letter, and of ambiguity letters.

    A = 00, G = 01, C = 10, T = 11: bases that differ in the low bit alone differ by a transition. The code of an
    ambiguity letter is 00.
    """
    code = np.zeros(16, np.uint16)
    code[[1, 4, 2, 8]] = np.arange(4)
    mask = np.arange(16)
    several = (np.bitwise_count(mask) > 1).astype(np.uint16)
    column = (code >> 1) | (code & 1) << 4 | (mask > 0).astype(np.uint16) << 8 | several << 12
    four = np.arange(1 << 16)
    fields = sum(column[four >> 4 * place & 15] << place for place in range(4))
    return np.asarray(fields, np.uint16)


_FIELDS = _fields()


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Bit planes of ``n`` sequences.

    Attributes
    ----------
    width : int
        Columns.
    planes : ndarray of uint64, shape (n, 3, words)
        The two code planes, and the plane of any letter.
    letters : ndarray of int32, shape (n,)
        Columns with a letter.
    odd : ndarray of int64, shape (k,)
        Sequences with an ambiguity letter, in ascending order.
    bases : ndarray of uint64, shape (k, 4, words)
        Planes of A, C, G and T of these.
    """

    width: int
    planes: Words
    letters: Numbers
    odd: NDArray[np.int64]
    bases: Words

    @property
    def size(self) -> int:
        """Number of sequences."""
        return int(self.planes.shape[0])

    def reorder(self, order: Indices) -> None:
        """Put the sequences in another order in place, word by word: planes are most of the memory."""
        for plane in range(self.planes.shape[1]):
            for word in range(self.planes.shape[2]):
                self.planes[:, plane, word] = self.planes[order, plane, word]
        self.letters[:] = self.letters[order]
        if self.odd.size:
            place = np.empty(self.size, np.int64)
            place[order] = np.arange(self.size)
            moved = place[self.odd]
            ascending = np.argsort(moved)
            self.odd[:] = moved[ascending]
            self.bases[:] = self.bases[ascending]


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
    steps = range(0, len(masks), _PACKED_ROWS)
    parts = (pack_nibbles(masks[first : first + _PACKED_ROWS]) for first in steps)
    return pack_parts(parts, len(masks), masks.shape[1])


def pack_parts(parts: Iterable[Masks], count: int, width: int) -> Packed:
    """As :func:`pack_rows`, of rows of two columns a byte (:func:`musk_id.kernels.frames.pack_nibbles`).

    The rows come in parts, ``count`` in all; no part is kept.
    """
    words = -(-width // _WORD_COLUMNS)
    planes = np.empty((count, 3, words), np.uint64)
    odd: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    bases = [np.zeros((0, 4, words), np.uint64)]
    first = 0
    for rows in parts:
        padded = np.zeros((len(rows), words * _WORD_COLUMNS // 2), np.uint8)
        padded[:, : rows.shape[1]] = rows
        fields = _FIELDS[padded.view("<u2")]
        for plane in range(3):
            # Four columns a field, two fields a byte.
            bits = (fields >> np.uint16(4 * plane)).astype(np.uint8) & 0x0F
            planes[first : first + len(rows), plane] = (bits[:, 0::2] | bits[:, 1::2] << 4).view("<u8")
        here = np.flatnonzero((fields >> np.uint16(12)).any(axis=1))
        if here.size:
            odd.append(here + first)
            bases.append(pack(unpack_nibbles(rows[here], width)).words.transpose(1, 0, 2))
        first += len(rows)
    letters = np.empty(count, np.int32)
    for start in range(0, count, _PACKED_ROWS):
        those = slice(start, start + _PACKED_ROWS)
        letters[those] = np.bitwise_count(planes[those, _LETTER]).sum(axis=1, dtype=np.int32)
    return Packed(width, planes, letters, np.concatenate(odd), np.concatenate(bases))


def unpacked(packed: Packed, rows: Indices) -> Masks:
    """Masks of some sequences, shape (rows, width)."""
    planes = _one_hot(packed, rows)
    bits = np.unpackbits(planes.view(np.uint8), axis=2, count=packed.width, bitorder="little")
    masks = bits[:, 0].copy()
    for base in range(1, 4):
        masks |= bits[:, base] << np.uint8(base)
    return masks


def columns_of(packed: Packed, rows: Indices | slice) -> Words:
    """Planes of some sequences as :func:`least_differing` takes them, shape (3, words, n).

    The last plane marks unambiguous letters only.
    """
    planes = packed.planes[rows].transpose(1, 2, 0).copy()
    if packed.odd.size:
        numbers = np.arange(packed.size)[rows]
        place, held = _odd_places(packed, numbers)
        planes[_LETTER][:, held] &= _single(packed.bases[place[held]]).T
    return planes


def least_differing(queries: Words, references: Words) -> NDArray[np.int16]:
    """At least so many columns are incompatible: those in which two unambiguous letters differ.

    Parameters
    ----------
    queries, references : ndarray of uint64, shapes (3, words, q) and (3, words, n)
        Planes (:func:`columns_of`); few queries and some thousand references at a time stay in the cache.

    Returns
    -------
    ndarray of int16, shape (q, n)
        Equal to the incompatible columns where neither sequence holds an ambiguity letter.
    """
    words, shape = queries.shape[1], (queries.shape[2], references.shape[2])
    found = np.zeros(shape, np.int16)
    differing, other = np.empty(shape, np.uint64), np.empty(shape, np.uint64)
    bits, sums = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    for word in range(words):
        q, r = queries[:, word, :, None], references[:, word, None, :]
        np.bitwise_xor(q[_HIGH], r[_HIGH], out=differing)
        np.bitwise_xor(q[_LOW], r[_LOW], out=other)
        np.bitwise_or(differing, other, out=differing)
        np.bitwise_and(differing, q[_LETTER], out=differing)
        np.bitwise_and(differing, r[_LETTER], out=differing)
        if word % _BYTE_WORDS == 0:
            np.bitwise_count(differing, out=sums)
        else:
            np.add(sums, np.bitwise_count(differing, out=bits), out=sums)
        if word % _BYTE_WORDS == _BYTE_WORDS - 1 or word == words - 1:
            np.add(found, sums, out=found)
    return found


def pair_counts(queries: Packed, query: Indices, references: Packed, reference: Indices) -> Counts:
    """Counts of pairs, given by the numbers of their members; each of shape (pairs,)."""
    incompatible = np.empty(query.size, np.int32)
    compared = np.empty(query.size, np.int32)
    for first in range(0, query.size, _PAIRS):
        here = slice(first, first + _PAIRS)
        # Every number is one of a sequence; the check of "raise" would double the time of this.
        q = queries.planes.take(query[here], axis=0, mode="clip")
        r = references.planes.take(reference[here], axis=0, mode="clip")
        both = q[:, _LETTER] & r[:, _LETTER]
        q ^= r
        differing = (q[:, _HIGH] | q[:, _LOW]) & both
        compared[here] = np.einsum("ij->i", np.bitwise_count(both), dtype=np.int32)
        incompatible[here] = np.einsum("ij->i", np.bitwise_count(differing), dtype=np.int32)
    if not queries.odd.size and not references.odd.size:
        return Counts(incompatible, incompatible, compared)
    odd = np.isin(query, queries.odd) | np.isin(reference, references.odd)
    possible = incompatible.copy()
    places = np.flatnonzero(odd)
    for first in range(0, places.size, _PAIRS):
        chosen = places[first : first + _PAIRS]
        q, r = _one_hot(queries, query[chosen]), _one_hot(references, reference[chosen])
        both, columns = q & r, compared[chosen]
        shared = _any(both)
        same = shared & _single(q) & _single(r)
        incompatible[chosen] = columns - np.bitwise_count(shared).sum(axis=1, dtype=np.int32)
        possible[chosen] = columns - np.bitwise_count(same).sum(axis=1, dtype=np.int32)
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
        beyond = ((c[:, _HIGH] ^ r[:, _HIGH]) | (c[:, _LOW] ^ r[:, _LOW]) | ~r[:, _LETTER]) & c[:, _LETTER]
        found[here] = np.bitwise_count(beyond).sum(axis=1, dtype=np.int32)
    if not references.odd.size:
        return found
    places = np.flatnonzero(np.isin(centres, references.odd) | np.isin(members, references.odd))
    for first in range(0, places.size, _PAIRS):
        chosen = places[first : first + _PAIRS]
        c, r = _one_hot(references, centres[chosen]), _one_hot(references, members[chosen])
        beyond = (_any(r & ~c) | ~_any(r)) & _any(c)
        found[chosen] = np.bitwise_count(beyond).sum(axis=1, dtype=np.int32)
    return found


def _odd_places(packed: Packed, rows: Indices) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Place of each row among those with ambiguity letters, and whether it is one."""
    place = np.searchsorted(packed.odd, rows).clip(max=max(packed.odd.size - 1, 0))
    held = packed.odd[place] == rows if packed.odd.size else np.zeros(rows.size, np.bool_)
    return place, held


def _one_hot(packed: Packed, rows: Indices) -> Words:
    """Planes of A, C, G and T of some sequences, shape (rows, 4, words)."""
    high, low, letter = (packed.planes[rows, plane] for plane in range(3))
    planes: Words = np.stack([~high & ~low, high & ~low, ~high & low, high & low], axis=1) & letter[:, None]
    place, held = _odd_places(packed, rows)
    if held.any():
        planes[held] = packed.bases[place[held]]
    return planes


def _any(planes: Words) -> Words:
    """Columns with a bit in any of the planes, which are the second axis."""
    result: Words = planes[:, 0] | planes[:, 1] | planes[:, 2] | planes[:, 3]
    return result


def _single(planes: Words) -> Words:
    """Columns with an unambiguous letter, of planes whose second axis is the base."""
    a, c, g, t = (planes[:, base] for base in range(4))
    result: Words = (a ^ c ^ g ^ t) & ~((a & c) | (g & t))
    return result
