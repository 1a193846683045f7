"""Simulated protein-coding barcodes, with genus structure or star-like: recipe and seed in one place.

A root sequence of 658 bp without stop codons in its frame (vertebrate mitochondrial code); families, genera,
species and individuals are made from it by substitutions, 85 % of them transitions, at codon positions with the
relative rates 0.35, 0.08 and 2.57. Expected differences on one branch: family 15 %, genus 8 %, species 3 %,
individual 0.4 %. Substitutions that would make a stop codon are left out.

A star-like recent radiation has the same numbers of taxa, but nearly no time between their splits: expected
differences on one branch family 0.1 %, genus 0.1 %, species 0.8 %, individual 0.4 %. All references lie about
equally far apart, so that no bound from a centre tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LETTERS",
    "RATES",
    "WIDTH",
    "Bases",
    "Simulated",
    "query_letters",
    "simulate",
    "substituted",
    "without_stops",
]

WIDTH = 658
SEED = 20261
# Column of the first codon, as the window of the marker is read.
FRAME = 0
RATES = (0.35, 0.08, 2.57)
TRANSITIONS = 0.85
INDIVIDUAL = 0.004
# Family, genus and species.
BRANCHES = {"genera": (0.15, 0.08, 0.03), "star": (0.001, 0.001, 0.008)}
GENERA_PER_FAMILY, SPECIES_PER_GENUS, PER_SPECIES = 8, 5, 6
LETTERS = np.frombuffer(b"ACGT", np.uint8)

Bases = NDArray[np.uint8]


@dataclass(frozen=True)
class Simulated:
    """Bases (0 to 3 for A, C, G, T), shape (n, 658), and the numbers of species, genus and family of each."""

    bases: Bases
    species: NDArray[np.int64]
    genus: NDArray[np.int64]
    family: NDArray[np.int64]


def _rates() -> NDArray[np.float64]:
    position = (np.arange(WIDTH) - FRAME) % 3
    return np.array(RATES)[position]


def _stops(bases: Bases) -> NDArray[np.int64]:
    """Rows and first columns of stop codons: TAA, TAG, AGA, AGG."""
    columns = np.arange(FRAME, WIDTH - 2, 3)
    a, b, c = (bases[:, columns + i] for i in range(3))
    purine = (c == 0) | (c == 2)
    found = purine & (((a == 3) & (b == 0)) | ((a == 0) & (b == 2)))
    rows, codons = np.nonzero(found)
    return np.stack([rows, columns[codons]])


def _mutated(parents: Bases, share: float, random: np.random.Generator) -> Bases:
    """One child of each parent."""
    return substituted(parents, share * _rates(), random)


def substituted(parents: Bases, probability: NDArray[np.float64], random: np.random.Generator) -> Bases:
    """One child of each parent, each column changed with its own probability; no stop codon comes in."""
    children = parents.copy()
    hit = random.random(parents.shape) < probability
    transition = random.random(parents.shape) < TRANSITIONS
    # A = 0, C = 1, G = 2, T = 3: xor 2 is the transition, xor 1 or 3 a transversion.
    change = np.where(transition, 2, 1 + 2 * (random.random(parents.shape) < 0.5)).astype(np.uint8)
    children[hit] ^= change[hit]
    rows, columns = _stops(children)
    for place in range(3):
        children[rows, columns + place] = parents[rows, columns + place]
    return children


def without_stops(bases: Bases) -> Bases:
    """The letters with every stop codon of the frame changed into another one."""
    rows, columns = _stops(bases)
    bases[rows, columns + 2] = 1
    return bases


def simulate(count: int, seed: int = SEED, shape: str = "genera") -> Simulated:
    """So many references of a shape of :data:`BRANCHES`."""
    family, genus, species_branch = BRANCHES[shape]
    random = np.random.default_rng(seed)
    species = -(-count // PER_SPECIES)
    genera = -(-species // SPECIES_PER_GENUS)
    families = -(-genera // GENERA_PER_FAMILY)
    root = without_stops(random.integers(0, 4, (1, WIDTH)).astype(np.uint8))
    of_species = np.arange(count) // PER_SPECIES
    of_genus = of_species // SPECIES_PER_GENUS
    level = _mutated(np.repeat(root, families, axis=0), family, random)
    level = _mutated(level[np.arange(genera) // GENERA_PER_FAMILY], genus, random)
    level = _mutated(level[np.arange(species) // SPECIES_PER_GENUS], species_branch, random)
    bases = np.concatenate(
        [_mutated(level[part], INDIVIDUAL, random) for part in np.array_split(of_species, -(-count // 20_000))]
    )
    return Simulated(bases, of_species, of_genus, of_genus // GENERA_PER_FAMILY)


def query_letters(library: Simulated, count: int, seed: int = SEED + 1) -> list[str]:
    """Distinct new individuals of randomly chosen references' species, every other one on the other strand."""
    random = np.random.default_rng(seed)
    found: dict[bytes, None] = {}
    while len(found) < count:
        chosen = random.integers(0, library.species.size, count)
        for row in _mutated(library.bases[chosen], 2 * INDIVIDUAL, random):
            found[row.tobytes()] = None
    letters = []
    for number, row in enumerate(list(found)[:count]):
        bases = np.frombuffer(row, np.uint8)
        letters.append(LETTERS[bases if number % 2 == 0 else 3 - bases[::-1]].tobytes().decode("ascii"))
    return letters
