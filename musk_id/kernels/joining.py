"""Neighbour joining (Saitou & Nei 1987, Mol. Biol. Evol. 4:406; Studier & Keppler 1988, 5:729) in whole numbers.

Distances are whole numbers, doubled once for every join, so that each halving stays whole and equal criteria are
equal: on short markers most pairs tie, and rounding must not choose between them. Many matrices of one size are
joined side by side, as resampling (Felsenstein 1985, Evolution 39:783) needs. A tree is the list of its splits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import Masks

__all__ = ["MAX_TIPS", "SCALE", "JoinedTrees", "join_neighbours", "share_distances", "split_counts"]

Integers = NDArray[np.int64]

# Beyond this many tips the doubled distances could leave 64 bits in the worst case: 3 ** (n - 3) * n * SCALE.
MAX_TIPS = 24
MIN_TIPS = 4
# A distance of one: shares are whole millionths.
SCALE = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class JoinedTrees:
    """Branches of ``r`` trees of ``n`` tips, ``2 n - 3`` each.

    Attributes
    ----------
    splits : ndarray of int64, shape (r, 2 n - 3)
        Tips on one side of each branch as bits; the side without tip 0.
    lengths : ndarray of int64, shape (r, 2 n - 3)
        Length of each branch times its denominator.
    denominators : ndarray of int64, shape (2 n - 3,)
        Common to all trees; a length over it is in units of the distances.
    """

    splits: Integers
    lengths: Integers
    denominators: Integers


def share_distances(states: Masks, weights: Integers) -> Integers:
    """Shares of differing columns of every pair in millionths, columns counted as often as their weights say.

    Parameters
    ----------
    states : ndarray of uint8, shape (n, columns)
        Letters in one frame, 0 where nothing is known. States that share no bit differ.
    weights : ndarray of int64, shape (r, columns)
        How often each column counts in each of ``r`` replicates.

    Returns
    -------
    ndarray of int64, shape (r, n, n)
        Rounded half up; a pair without a common column has distance 1.
    """
    count = states.shape[0]
    first, second = np.triu_indices(count, 1)
    both = (states[first] > 0) & (states[second] > 0)
    differing = both & ((states[first] & states[second]) == 0)
    # Whole numbers below 2 ** 53 are exact in float64, whatever the order of the sum.
    counted = weights.astype(np.float64)
    compared = (counted @ both.T.astype(np.float64)).astype(np.int64)
    different = (counted @ differing.T.astype(np.float64)).astype(np.int64)
    shares = (2 * different * SCALE + compared) // np.maximum(2 * compared, 1)
    shares[compared == 0] = SCALE
    distances = np.zeros((weights.shape[0], count, count), dtype=np.int64)
    distances[:, first, second] = shares
    distances[:, second, first] = shares
    return distances


def join_neighbours(distances: Integers, tips: Integers | None = None) -> JoinedTrees:
    """Neighbour-joining trees of matrices of one size.

    Of equal criteria the pair that comes first in the matrix is joined; the new node stands where the first of
    the two stood.

    Parameters
    ----------
    distances : ndarray of int64, shape (r, n, n)
        Symmetric, 0 to :data:`SCALE`; n from 4 to 24.
    tips : ndarray of int64, shape (r, n), optional
        Number of the tip of each row, where a matrix has its rows in another order.

    Raises
    ------
    ValueError
        If there are too few or too many tips.
    """
    replicates, count, _ = distances.shape
    if not MIN_TIPS <= count <= MAX_TIPS:
        raise ValueError(f"a tree of {MIN_TIPS} to {MAX_TIPS} tips can be joined, found {count}")
    numbers = np.tile(np.arange(count), (replicates, 1)) if tips is None else tips
    nodes = np.left_shift(np.int64(1), numbers)
    scaled = distances << (count - 3)
    rows = np.arange(replicates)
    splits, lengths, denominators = [], [], []
    for size in range(count, 3, -1):
        sums = scaled.sum(axis=2)
        criterion = (size - 2) * scaled - sums[:, :, None] - sums[:, None, :]
        lower = np.tril_indices(size)
        criterion[:, lower[0], lower[1]] = np.iinfo(np.int64).max
        best = criterion.reshape(replicates, -1).argmin(axis=1)
        i, j = best // size, best % size
        between = (size - 2) * scaled[rows, i, j]
        lean = sums[rows, i] - sums[rows, j]
        splits += [nodes[rows, i], nodes[rows, j]]
        lengths += [between + lean, between - lean]
        denominators += [2 * (size - 2)] * 2
        joined = (scaled[rows, i] + scaled[rows, j] - scaled[rows, i, j][:, None]) // 2
        joined[rows, i] = 0
        scaled[rows, i] = joined
        scaled[rows, :, i] = joined
        nodes[rows, i] |= nodes[rows, j]
        left = np.arange(size - 1)[None, :]
        left = left + (left >= j[:, None])
        scaled = scaled[rows[:, None, None], left[:, :, None], left[:, None, :]]
        nodes = nodes[rows[:, None], left]
    for a, b, c in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        splits.append(nodes[:, a])
        lengths.append(scaled[:, a, b] + scaled[:, a, c] - scaled[:, b, c])
        denominators.append(2)
    found = np.stack(splits, axis=1)
    everything = (np.int64(1) << count) - 1
    return JoinedTrees(
        splits=np.where(found & 1, everything ^ found, found),
        lengths=np.stack(lengths, axis=1),
        denominators=np.array(denominators, dtype=np.int64) << (count - 3),
    )


def split_counts(trees: JoinedTrees) -> dict[int, int]:
    """In how many trees each split stands on a branch of more than no length."""
    counts: dict[int, int] = {}
    for splits, lengths in zip(trees.splits.tolist(), trees.lengths.tolist(), strict=True):
        for split, length in zip(splits, lengths, strict=True):
            if length > 0:
                counts[split] = counts.get(split, 0) + 1
    return counts
