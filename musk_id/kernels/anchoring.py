"""Where a sequence belongs: marker, strand and offset by voting of shared k-mers on diagonals.

Every k-mer of the query that also stands in a reference votes for a marker, a strand and a diagonal
(reference column minus query position). Coding markers have no insertions, so nearly all votes of a sound
query lie on one diagonal; votes elsewhere are evidence of an insertion, a deletion or a second copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import GAP, Masks, encode, reverse_complement

__all__ = [
    "KMER",
    "Anchor",
    "KmerIndex",
    "WordIndex",
    "Words",
    "find_primer",
    "number_ranges",
    "place",
    "words_of",
]

KMER = 11

_BASES = 4
_UNKNOWN = 255
_CODE = np.full(16, _UNKNOWN, dtype=np.uint8)
_CODE[[1, 2, 4, 8]] = (0, 1, 2, 3)

Words = NDArray[np.int64]

# Positions in queries and columns of frames stay far below this many bits; a word has 2 x KMER bits.
_INDEX_BITS = 24
_INDEX_MASK = (1 << _INDEX_BITS) - 1

# Letters whose words are put in order at once: what the sequences of a marker share is then held once.
_LETTERS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that a query may take.

    Attributes
    ----------
    locus : str
        Marker.
    strand : {1, -1}
        Strand of the query relative to the references.
    diagonal : int
        Column of the marker's frame at which the query (on that strand) begins; may be negative.
    votes : int
        Query k-mers found in a reference on this diagonal or next to it.
    votes_elsewhere : int
        Query k-mers found in the same marker and strand on other diagonals only.
    kmers : int
        Unambiguous k-mers of the query.
    """

    locus: str
    strand: int
    diagonal: int
    votes: int
    votes_elsewhere: int
    kmers: int


def words_of(masks: Masks) -> tuple[Words, NDArray[np.int64]]:
    """K-mer codes of unambiguous stretches and their positions."""
    if masks.size < KMER:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    codes = _CODE[masks].astype(np.int64)
    words = np.zeros(masks.size - KMER + 1, np.int64)
    for place in range(KMER):
        words *= _BASES
        words += codes[place : place + words.size]
    unknown = np.concatenate([np.zeros(1, np.int64), np.cumsum(codes == _UNKNOWN)])
    positions = np.flatnonzero(unknown[KMER:] == unknown[:-KMER]).astype(np.int64)
    return (words, positions) if positions.size == words.size else (words[positions], positions)


def _pairs(references: Sequence[tuple[int, Masks]]) -> NDArray[np.int64]:
    """Distinct pairs of word and column, ascending, each packed into one number."""
    parts: list[NDArray[np.int64]] = []
    rest: list[tuple[int, Masks]] = []
    letters = 0
    for number, reference in enumerate(references, 1):
        rest.append(reference)
        letters += reference[1].size
        if letters >= _LETTERS_AT_ONCE or number == len(references):
            parts.append(_joined_pairs(rest))
            rest, letters = [], 0
    return np.unique(np.concatenate(parts))


def _joined_pairs(references: Sequence[tuple[int, Masks]]) -> NDArray[np.int64]:
    # A letter that is none stands between sequences, so that no word reaches over an end.
    gap = np.full(1, GAP, np.uint8)
    words, positions = words_of(np.concatenate([part for _, masks in references for part in (masks, gap)]))
    sizes = np.array([masks.size + 1 for _, masks in references], np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)[:-1]])
    shifts = np.array([first_column for first_column, _ in references], np.int64) - starts
    columns = positions + shifts[np.searchsorted(starts, positions, side="right") - 1]
    return np.unique(words << _INDEX_BITS | columns)


class KmerIndex:
    """K-mers of reference sequences, each placed in the frame of its marker.

    Parameters
    ----------
    references : mapping of str to sequence of (int, ndarray)
        For each marker its references: first column in the marker's frame, and masks.
    slack : int
        Diagonals that far apart count as one (short markers vary in length by a few letters).
    """

    def __init__(self, references: Mapping[str, Sequence[tuple[int, Masks]]], slack: Mapping[str, int]) -> None:
        self._slack = dict(slack)
        self._tables: dict[str, tuple[Words, NDArray[np.int64], NDArray[np.int64]]] = {}
        for locus in sorted(references):
            pairs = _pairs(references[locus])
            distinct, starts = np.unique(pairs >> _INDEX_BITS, return_index=True)
            self._tables[locus] = (distinct, np.append(starts, pairs.size), pairs & _INDEX_MASK)
        # Which markers hold a word: nearly all words of a query are in one marker on one strand, and need be
        # looked for there only.
        self._holders = np.zeros(_BASES**KMER, np.min_scalar_type((1 << len(self._tables)) - 1))
        for number, (table, _, _) in enumerate(self._tables.values()):
            self._holders[table] |= self._holders.dtype.type(1 << number)

    def slack(self, locus: str) -> int:
        """Diagonals of a marker that far apart count as one."""
        return self._slack[locus]

    def holding(self, words: Words) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Each marker, and which of the words stand in it."""
        holders = self._holders[words]
        for number, locus in enumerate(self._tables):
            yield locus, (holders & self._holders.dtype.type(1 << number)) != 0

    def columns_of(
        self, locus: str, words: Words
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Columns of a marker's words; where in them those of each word given begin, and how many these are."""
        table, starts, columns = self._tables[locus]
        held = np.searchsorted(table, words)
        low = starts[held]
        return columns, low, starts[held + 1] - low

    def anchors(self, query: Masks, least: int = 1) -> tuple[Anchor, ...]:
        """Best anchor of each marker and strand, most votes first, then by name and strand.

        A marker and strand in which fewer than ``least`` words of the query stand has fewer votes, and is left
        out unlooked at.
        """
        found = [
            anchor
            for strand, masks in ((1, query), (-1, reverse_complement(query)))
            for anchor in self._on_strand(masks, strand, least)
        ]
        return tuple(sorted(found, key=lambda a: (-a.votes, a.locus, -a.strand)))

    def _on_strand(self, masks: Masks, strand: int, least: int) -> list[Anchor]:
        words, positions = words_of(masks)
        anchors: list[Anchor] = []
        for locus, held_here in self.holding(words):
            hits = np.flatnonzero(held_here)
            if hits.size < max(least, 1):
                continue
            columns, low, repeats = self.columns_of(locus, words[hits])
            offsets = number_ranges(low, repeats)
            query_index = np.repeat(hits, repeats)
            diagonals = columns[offsets] - positions[query_index]
            anchors.append(self._best(locus, strand, diagonals, query_index, words.size))
        return anchors

    def _best(
        self,
        locus: str,
        strand: int,
        diagonals: NDArray[np.int64],
        query_index: NDArray[np.int64],
        kmers: int,
    ) -> Anchor:
        # A k-mer votes once for a diagonal however many references hold it there. Pairs of diagonal and k-mer
        # are packed into one number: sorting numbers is many times faster than sorting rows.
        base = int(diagonals.min())
        pairs = np.unique((diagonals - base) << _INDEX_BITS | query_index)
        of_diagonal, of_index = pairs >> _INDEX_BITS, pairs & _INDEX_MASK
        # The most votes decide, the smaller diagonal among equals.
        offset = int(np.bincount(of_diagonal).argmax())
        near = np.abs(of_diagonal - offset) <= self._slack[locus]
        on_diagonal = np.zeros(kmers, dtype=np.bool_)
        on_diagonal[of_index[near]] = True
        voted = np.zeros(kmers, dtype=np.bool_)
        voted[of_index] = True
        votes = int(np.count_nonzero(on_diagonal))
        elsewhere = int(np.count_nonzero(voted)) - votes
        return Anchor(locus, strand, base + offset, votes, elsewhere, kmers)


class WordIndex:
    """K-mers of sequences, to find those that share most of them with a query.

    Parameters
    ----------
    sequences : sequence of ndarray
        Masks of each sequence.
    """

    def __init__(self, sequences: Sequence[Masks]) -> None:
        found = [np.unique(words_of(masks)[0]) << _INDEX_BITS | number for number, masks in enumerate(sequences)]
        pairs = np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)
        self._words, self._owners = pairs >> _INDEX_BITS, pairs & _INDEX_MASK
        self._count = len(sequences)

    def nearest(self, query: Masks, count: int) -> tuple[int, ...]:
        """Numbers of the sequences that share most k-mers with the query, most first, then in their order."""
        words = np.unique(words_of(query)[0])
        low = np.searchsorted(self._words, words, side="left")
        repeats = np.searchsorted(self._words, words, side="right") - low
        shared = np.bincount(self._owners[number_ranges(low, repeats)], minlength=self._count)
        order = np.argsort(-shared, kind="stable")[:count]
        return tuple(int(number) for number in order if shared[number])


def number_ranges(low: NDArray[np.int64], repeats: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers from each ``low``, ``repeats`` of them, one range after the other."""
    ends = np.cumsum(repeats)
    total = int(ends[-1]) if ends.size else 0
    numbers: NDArray[np.int64] = np.arange(total) + np.repeat(low - (ends - repeats), repeats)
    return numbers


def place(query: Masks, diagonal: int, width: int) -> Masks:
    """Query cut to a window of ``width`` columns, 0 where it has no letter; column = position + diagonal."""
    window = np.zeros(width, dtype=np.uint8)
    first, last = max(diagonal, 0), min(diagonal + query.size, width)
    if first < last:
        window[first:last] = query[first - diagonal : last - diagonal]
    return window


def find_primer(query: Masks, primer: str, max_mismatches: int) -> tuple[int, ...]:
    """Positions at which a primer lies with the fewest mismatches, if these are few enough.

    A query letter matches where it shares a base with the primer's IUPAC letter; no gaps.
    """
    pattern = encode(primer)
    if query.size < pattern.size:
        return ()
    windows = np.lib.stride_tricks.sliding_window_view(query, pattern.size)
    missed = ((windows & pattern) == 0).sum(axis=1)
    fewest = int(missed.min())
    if fewest > max_mismatches:
        return ()
    return tuple(int(position) for position in np.flatnonzero(missed == fewest))
