"""Neighbour-joining trees with support for the haplotypes of a genus and their nearest neighbours.

Trees are pictures: no answer is read from one. Distances are shares of differing columns of the frame, columns
without a letter on either side left out, gaps inside short markers counted as nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import Masks
from musk_id.model.library_report import TreeFigure, TreeNode
from musk_id.model.values import Line, decimal_text
from musk_id.vocabulary import Locus

if TYPE_CHECKING:
    from skbio import TreeNode as SkbioNode

__all__ = ["REPLICATES", "column_distances", "neighbour_joining"]

REPLICATES = 100
# The replicates are drawn anew from the same numbers each time: a tree has the same bytes on every run.
SEED = 20_261
LENGTH_DIGITS = 5

Distances = NDArray[np.float64]


def column_distances(masks: Masks, weights: NDArray[np.int64]) -> Distances:
    """Share of differing columns of every pair, columns counted as often as their weight.

    Parameters
    ----------
    masks : ndarray of uint8, shape (n, width)
        Letters in one frame, 0 where there is none.
    weights : ndarray of int64, shape (width,)
        How often each column counts.

    Returns
    -------
    ndarray of float64, shape (n, n)
        Distances; 1 for a pair without a common column.
    """
    count = masks.shape[0]
    distances = np.zeros((count, count))
    for row in range(count):
        both = (masks[row] > 0) & (masks > 0)
        compared = both @ weights
        differing = (both & ((masks[row] & masks) == 0)) @ weights
        distances[row] = np.where(compared > 0, differing / np.maximum(compared, 1), 1.0)
    return distances


def neighbour_joining(
    locus: Locus, masks: Masks, labels: Sequence[str], target: Sequence[bool], replicates: int = REPLICATES
) -> TreeFigure:
    """Neighbour-joining tree (Saitou & Nei 1987) with bootstrap support (Felsenstein 1985), at the midpoint.

    Parameters
    ----------
    locus : Locus
        The marker.
    masks : ndarray of uint8, shape (n, width)
        Haplotypes in one frame; at least four.
    labels : sequence of str
        Label of each haplotype.
    target : sequence of bool
        Whether a haplotype is of the genus of interest.
    replicates : int
        Number of resampled alignments.
    """
    width = masks.shape[1]
    tree = _tree(column_distances(masks, np.ones(width, dtype=np.int64)))
    counts: dict[frozenset[int], int] = {}
    rng = np.random.default_rng(SEED)
    for _ in range(replicates):
        weights = np.bincount(rng.integers(0, width, width), minlength=width)
        # The branches on both sides of the root are one split: it counts once a replicate.
        for split in set(_splits(_tree(column_distances(masks, weights))).values()):
            counts[split] = counts.get(split, 0) + 1
    support = {node: counts.get(split, 0) for node, split in _splits(tree).items()}
    return TreeFigure(
        locus=locus,
        tips=len(labels),
        columns=width,
        replicates=replicates,
        nodes=_nodes(tree, support, replicates, labels, target),
    )


def _tree(distances: Distances) -> SkbioNode:
    from skbio import DistanceMatrix
    from skbio.tree import nj

    symmetric = (distances + distances.T) / 2
    np.fill_diagonal(symmetric, 0.0)
    names = [str(number) for number in range(distances.shape[0])]
    return nj(DistanceMatrix(symmetric, names)).root_at_midpoint()


def _splits(tree: SkbioNode) -> dict[int, frozenset[int]]:
    """Tips on the side without tip 0 of each inner branch, by the id of the node below it."""
    below: dict[int, frozenset[int]] = {}
    every = frozenset(int(tip.name) for tip in tree.tips())
    splits: dict[int, frozenset[int]] = {}
    for node in tree.postorder():
        if node.is_tip():
            below[id(node)] = frozenset({int(node.name)})
            continue
        below[id(node)] = frozenset().union(*(below[id(child)] for child in node.children))
        if node.parent is not None:
            side = below[id(node)]
            side = every - side if 0 in side else side
            if 1 < len(side) < len(every) - 1:
                splits[id(node)] = side
    return splits


def _nodes(
    tree: SkbioNode, support: dict[int, int], replicates: int, labels: Sequence[str], target: Sequence[bool]
) -> tuple[TreeNode, ...]:
    nodes: list[TreeNode] = []
    place: dict[int, int] = {}
    for node in tree.preorder():
        tip = int(node.name) if node.is_tip() else None
        place[id(node)] = len(nodes)
        share = support.get(id(node))
        nodes.append(
            TreeNode(
                parent=None if node.parent is None else place[id(node.parent)],
                length=decimal_text(float(node.length or 0.0), LENGTH_DIGITS),
                label=None if tip is None else Line(labels[tip]),
                is_target=tip is not None and bool(target[tip]),
                support_percent=None if share is None else round(100 * share / replicates),
            )
        )
    return tuple(nodes)
