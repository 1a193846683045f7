"""All pairs of sequences that lie near each other, exactly, without measuring the pairs that cannot.

Coding markers are compared column by column on bit planes. For short markers a lower bound from shared words
rules out nearly all pairs, and the edit distance of the others is measured: a pair within the limit is never
missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import pack
from musk_id.kernels.edit_bounds import EditBounds
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.nucleotides import Masks

__all__ = [
    "Pairs",
    "clusters",
    "coding_distances",
    "coding_neighbours",
    "short_neighbours",
]

_BLOCK = 48

Words = NDArray[np.uint64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs ``first < second`` of sequences, in that order.

    ``differing`` counts incompatible columns, or edits; ``compared`` the columns that both hold, or the letters
    of the shorter sequence.
    """

    first: Numbers
    second: Numbers
    differing: Numbers
    compared: Numbers

    @property
    def size(self) -> int:
        """Number of pairs."""
        return int(self.first.size)


def coding_distances(planes: Words, queries: slice, references: slice) -> tuple[Numbers, Numbers]:
    """Incompatible and compared columns of some sequences against others.

    Parameters
    ----------
    planes : ndarray of uint64, shape (4, n, words)
        Bit planes of all sequences (:func:`musk_id.kernels.bitplanes.pack`).
    queries, references : slice
        Sequences to compare.

    Returns
    -------
    ndarray of int64, shape (queries, references), twice
        Columns in which the two share no base, and columns in which both hold a letter.
    """
    q, r = planes[:, queries, None, :], planes[:, None, references, :]
    compared = (q[0] | q[1] | q[2] | q[3]) & (r[0] | r[1] | r[2] | r[3])
    shared = q[0] & r[0]
    for base in (1, 2, 3):
        shared |= q[base] & r[base]
    columns = np.bitwise_count(compared).sum(axis=-1, dtype=np.int64)
    return columns - np.bitwise_count(shared).sum(axis=-1, dtype=np.int64), columns


def coding_neighbours(masks: Masks, max_share: float, min_compared: int) -> Pairs:
    """Pairs of sequences of one frame that differ in at most ``max_share`` of the columns they share.

    Parameters
    ----------
    masks : ndarray of uint8, shape (n, width)
        Letters in their columns, 0 where there is none.
    max_share : float
        Largest share of incompatible columns.
    min_compared : int
        Pairs that share fewer columns are no pairs.
    """
    planes = pack(masks).words
    parts: list[tuple[Numbers, ...]] = []
    count = masks.shape[0]
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        differing, compared = coding_distances(planes, slice(start, stop), slice(start, count))
        near = (compared >= max(min_compared, 1)) & (differing <= max_share * compared)
        rows, columns = np.nonzero(np.triu(near, 1))
        parts.append((rows + start, columns + start, differing[rows, columns], compared[rows, columns]))
    return _pairs(parts)


def clusters(count: int, pairs: Pairs, near: NDArray[np.bool_]) -> Numbers:
    """Single-linkage clusters: number of the cluster of each of ``count`` sequences.

    ``near`` says which of the pairs are links.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = (np.ones(int(near.sum()), dtype=np.int8), (pairs.first[near], pairs.second[near]))
    _, labels = connected_components(coo_array(links, shape=(count, count)), directed=False)
    return np.asarray(labels, dtype=np.int64)


def short_neighbours(sequences: Sequence[str], max_edits: int) -> Pairs:
    """Pairs of sequences without gaps that lie within ``max_edits`` of each other (compatible letters equal)."""
    bounds = EditBounds(sequences)
    lengths = bounds.lengths.astype(np.int64)
    parts: list[tuple[Numbers, ...]] = []
    for query, sequence in enumerate(sequences):
        near = np.flatnonzero(bounds.of(sequence)[query + 1 :] <= max_edits) + query + 1
        edits = np.array(
            [edit_distance(sequence, sequences[other]).lower for other in near.tolist()], dtype=np.int64
        )
        kept = edits <= max_edits
        others = near[kept]
        first = np.full(others.size, query, dtype=np.int64)
        parts.append((first, others, edits[kept], np.minimum(lengths[query], lengths[others])))
    return _pairs(parts)


def _pairs(parts: Sequence[tuple[Numbers, ...]]) -> Pairs:
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return Pairs(empty, empty, empty, empty)
    first, second, differing, compared = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Pairs(first, second, differing, compared)
