"""Where a sequence belongs: marker, strand and offset by voting of shared k-mers on diagonals.

Every k-mer of the query that also stands in a reference votes for a marker, a strand and a diagonal
(reference column minus query position). Coding markers have no insertions, so nearly all votes of a sound
query lie on one diagonal; votes elsewhere are evidence of an insertion, a deletion or a second copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import Masks, encode, reverse_complement

__all__ = ["Anchor", "KmerIndex", "find_primer", "place"]

KMER = 11

_CODE = np.full(16, 255, dtype=np.uint8)
_CODE[[1, 2, 4, 8]] = (0, 1, 2, 3)

Words = NDArray[np.int64]


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


def _words(masks: Masks) -> tuple[Words, NDArray[np.int64]]:
    """K-mer codes of unambiguous stretches and their positions."""
    if masks.size < KMER:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    codes = _CODE[masks]
    windows = np.lib.stride_tricks.sliding_window_view(codes, KMER)
    positions = np.flatnonzero((windows != 255).all(axis=1)).astype(np.int64)
    powers = 4 ** np.arange(KMER, dtype=np.int64)[::-1]
    return windows[positions].astype(np.int64) @ powers, positions


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
        self._tables: dict[str, tuple[Words, NDArray[np.int64]]] = {}
        for locus in sorted(references):
            words: list[Words] = []
            columns: list[NDArray[np.int64]] = []
            for first_column, masks in references[locus]:
                found, positions = _words(masks)
                words.append(found)
                columns.append(positions + first_column)
            pairs = np.unique(np.stack([np.concatenate(words), np.concatenate(columns)], axis=1), axis=0)
            self._tables[locus] = (np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1]))

    def anchors(self, query: Masks) -> tuple[Anchor, ...]:
        """Best anchor of each marker and strand with any vote, most votes first, then by name and strand."""
        found = [
            anchor
            for strand, masks in ((1, query), (-1, reverse_complement(query)))
            for anchor in self._on_strand(masks, strand)
        ]
        return tuple(sorted(found, key=lambda a: (-a.votes, a.locus, -a.strand)))

    def _on_strand(self, masks: Masks, strand: int) -> list[Anchor]:
        words, positions = _words(masks)
        anchors: list[Anchor] = []
        for locus, (table, columns) in self._tables.items():
            low = np.searchsorted(table, words, side="left")
            high = np.searchsorted(table, words, side="right")
            hits = np.flatnonzero(high > low)
            if not hits.size:
                continue
            repeats = (high - low)[hits]
            offsets = np.concatenate([np.arange(a, b) for a, b in zip(low[hits], high[hits], strict=True)])
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
        # A k-mer votes once for a diagonal however many references hold it there.
        pairs = np.unique(np.stack([diagonals, query_index], axis=1), axis=0)
        values, counts = np.unique(pairs[:, 0], return_counts=True)
        best = int(values[np.lexsort((values, -counts))[0]])
        near = np.abs(pairs[:, 0] - best) <= self._slack[locus]
        on_diagonal = np.unique(pairs[near, 1])
        elsewhere = np.setdiff1d(pairs[~near, 1], on_diagonal)
        return Anchor(locus, strand, best, int(on_diagonal.size), int(elsewhere.size), kmers)


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
