"""Simulated 12S-V5 amplicons with genus structure: recipe and seed in one place.

A record of the release is the root; families, genera, species and individuals are made from it by substitutions
and single letters inserted or deleted. Expected substitutions on one branch, per letter: family 12 %, genus 6 %,
species 3 %, individual 0.5 %; a twentieth of as many letters are lost, and as many are gained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from simulated_barcodes import (
    GENERA_PER_FAMILY,
    LETTERS,
    PER_SPECIES,
    SEED,
    SPECIES_PER_GENUS,
)

__all__ = ["Amplicons", "simulate_amplicons"]

FAMILY, GENUS, SPECIES, INDIVIDUAL = 0.12, 0.06, 0.03, 0.005
INDEL_SHARE = 0.05

Bases = NDArray[np.uint8]


@dataclass(frozen=True)
class Amplicons:
    """Letters of each amplicon, and the numbers of species, genus and family of each."""

    letters: tuple[str, ...]
    species: NDArray[np.int64]
    genus: NDArray[np.int64]
    family: NDArray[np.int64]


def _mutated(parent: Bases, share: float, random: np.random.Generator) -> Bases:
    """One child of a parent (bases 0 to 3)."""
    draw = random.random(parent.size)
    child = parent.copy()
    hit = draw < share
    child[hit] = (child[hit] + random.integers(1, 4, int(hit.sum()))) % 4
    lost = (draw >= share) & (draw < share * (1 + INDEL_SHARE))
    gained = np.flatnonzero((draw >= 0.5) & (draw < 0.5 + share * INDEL_SHARE))
    if lost.any() or gained.size:
        kept = np.insert(child, gained, random.integers(0, 4, gained.size).astype(np.uint8))
        child = np.delete(kept, np.flatnonzero(np.insert(lost, gained, False)))
    return child


def simulate_amplicons(root: str, count: int, seed: int = SEED) -> Amplicons:
    """So many amplicons, made from the letters of a root (A, C, G, T)."""
    random = np.random.default_rng(seed)
    of_species = np.arange(count) // PER_SPECIES
    of_genus = of_species // SPECIES_PER_GENUS
    of_family = of_genus // GENERA_PER_FAMILY
    first = np.searchsorted(LETTERS, np.frombuffer(root.encode("ascii"), np.uint8)).astype(np.uint8)
    families = [_mutated(first, FAMILY, random) for _ in range(int(of_family[-1]) + 1)]
    genera = [_mutated(families[n // GENERA_PER_FAMILY], GENUS, random) for n in range(int(of_genus[-1]) + 1)]
    species = [_mutated(genera[n // SPECIES_PER_GENUS], SPECIES, random) for n in range(int(of_species[-1]) + 1)]
    letters = tuple(
        LETTERS[_mutated(species[n], INDIVIDUAL, random)].tobytes().decode("ascii") for n in of_species.tolist()
    )
    return Amplicons(letters, of_species, of_genus, of_family)
