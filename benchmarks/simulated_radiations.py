"""Simulated recent radiations (regime R) and deep congeners (regime D): recipe and seeds in one place.

As ``simulated_barcodes.py`` (658 bp, codon positions with the relative rates 0.35, 0.08 and 2.57, 85 %
transitions, no stop codons), and besides: rates among sites follow a gamma distribution of shape 0.35; each genus
has a tree of 2 to 6 species whose deepest split lies at 1.5 to 7 % of changed letters (R), or at 6 to 14 % with no
split below 6 % (D); the individuals of a species join by Kingman's coalescent with an expected difference of their
pairs that varies from species to species (gamma distribution of shape 1, mean 2 %), always below the species' own
split: no incomplete lineage sorting is simulated. Every species has six individuals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from simulated_barcodes import RATES, WIDTH, Bases, Simulated, substituted, without_stops

__all__ = ["DEPTHS", "PROTOCOL_SEEDS", "SEEDS", "simulate_radiation"]

SHAPE = 0.35
FAMILY, GENUS = 0.15, 0.09
GENERA_PER_FAMILY, PER_SPECIES = 8, 6
SPECIES_PER_GENUS = (2, 6)
WITHIN = 0.02
# Share of differing letters at the deepest split of a genus, and at its shallowest at least.
DEPTHS = {"R": (0.015, 0.07, 0.0), "D": (0.06, 0.14, 0.06)}
SEEDS = {"development": 20262, "validation": 20263}
# By half and regime: those of docs/decisions/species-names-protocol.md.
PROTOCOL_SEEDS = {
    "development": {"R": tuple(range(20301, 20306)), "D": (20301,)},
    "validation": {"R": tuple(range(20401, 20411)), "D": (20401, 20402)},
}


@dataclass
class _Node:
    """A node of a tree: half the expected difference of its descendants, and its children or a species."""

    height: float
    children: tuple[_Node, ...] = ()
    species: int = -1


def _joined(leaves: list[_Node], heights: list[float], random: np.random.Generator) -> _Node:
    """Random pairs joined at increasing heights."""
    for height in heights:
        one, other = sorted(random.choice(len(leaves), 2, replace=False).tolist())
        pair = (leaves.pop(other), leaves.pop(one))
        leaves.append(_Node(height, pair))
    return leaves[0]


def _species_tree(number: int, roof: float, random: np.random.Generator) -> _Node:
    """Individuals of a species joined below the height at which the species splits off."""
    scale = random.gamma(1.0, WITHIN) / 2
    height, heights = 0.0, []
    for lineages in range(PER_SPECIES, 1, -1):
        height += random.exponential(scale / (lineages * (lineages - 1) / 2))
        heights.append(height)
    # The last join stays below the split of the species.
    squeeze = min(1.0, 0.9 * roof / heights[-1]) if heights[-1] > 0 else 1.0
    leaves = [_Node(0.0, species=number) for _ in range(PER_SPECIES)]
    return _joined(leaves, [squeeze * h for h in heights], random)


def _genus_tree(first: int, count: int, depths: tuple[float, float, float], random: np.random.Generator) -> _Node:
    """Species of a genus: the first split at the depth of the genus, the others at random heights below."""
    shallow, deep, least = depths
    top = random.uniform(shallow, deep) / 2
    splits = sorted([*random.uniform(least / 2, top, count - 2).tolist(), top])
    # The topology is drawn with place holders, so that each species knows its own split.
    shape = _joined([_Node(0.0, species=first + n) for n in range(count)], splits, random)
    return _filled(shape, top, random)


def _lengths(node: _Node, scale: tuple[NDArray[np.float64], NDArray[np.float64]]) -> _Node:
    """The tree with heights as branch lengths instead of shares of changed letters."""
    height = float(np.interp(2 * node.height, *scale)) / 2
    return _Node(height, tuple(_lengths(child, scale) for child in node.children), node.species)


def _filled(node: _Node, roof: float, random: np.random.Generator) -> _Node:
    if not node.children:
        return _species_tree(node.species, roof, random)
    return _Node(node.height, tuple(_filled(child, node.height, random) for child in node.children))


def _evolved(
    node: _Node, roof: float, bases: Bases, rates: NDArray[np.float64], random: np.random.Generator
) -> list[tuple[Bases, int]]:
    """Letters of the leaves below a node, its parent at ``roof`` with the letters ``bases``."""
    here = substituted(bases, 1.0 - np.exp(-(roof - node.height) * rates), random)
    if not node.children:
        return [(here, node.species)]
    return [leaf for child in node.children for leaf in _evolved(child, node.height, here, rates, random)]


def simulate_radiation(regime: str, species: int, seed: int) -> Simulated:
    """About so many species with six individuals each, in the regime ``R`` or ``D``."""
    random = np.random.default_rng(seed)
    position = np.array(RATES)[np.arange(WIDTH) % 3]
    rates = position * random.gamma(SHAPE, 1.0 / SHAPE, WIDTH)
    lengths = np.linspace(0.0, 2.0, 2001)
    changed = np.array([(1.0 - np.exp(-length * rates)).mean() for length in lengths])
    root = without_stops(random.integers(0, 4, (1, WIDTH)).astype(np.uint8))
    leaves: list[tuple[Bases, int]] = []
    genera: list[int] = []
    while len(genera) < species:
        genus = genera[-1] + 1 if genera else 0
        if genus % GENERA_PER_FAMILY == 0:
            family = substituted(root, 1.0 - np.exp(-FAMILY * rates), random)
        count = int(random.integers(*SPECIES_PER_GENUS, endpoint=True))
        tree = _lengths(_genus_tree(len(genera), count, DEPTHS[regime], random), (changed, lengths))
        leaves += _evolved(tree, tree.height + GENUS, family, rates, random)
        genera += [genus] * count
    numbers = np.array([number for _, number in leaves], np.int64)
    of_genus = np.array(genera, np.int64)[numbers]
    return Simulated(np.concatenate([row for row, _ in leaves]), numbers, of_genus, of_genus // GENERA_PER_FAMILY)
