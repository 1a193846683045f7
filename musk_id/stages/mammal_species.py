"""Species of another genus than that of interest: every species whose radius holds the sequence is named.

The radius of a species is a share of the largest distance between two of its reference individuals, within limits
of the method. One species within its radius, with enough individuals, is the answer; several are it together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from musk_id.model.methods import SpeciesRadius
from musk_id.model.trace import Criterion
from musk_id.model.values import DecimalText
from musk_id.stages.comparison import Compared
from musk_id.stages.placement import criterion
from musk_id.stages.relatives import SpeciesSpread
from musk_id.vocabulary import Rank

__all__ = ["SpeciesAnswer", "call_species", "radius_of", "within_radius"]

Numbers = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class SpeciesAnswer:
    """Rank (species, set of species, or genus), the species named, and the criteria, made when asked for."""

    rank: Rank
    species: tuple[str, ...]
    trace: Callable[[], tuple[Criterion, ...]]


def radius_of(own: SpeciesSpread, limits: SpeciesRadius) -> Fraction:
    """Radius of a species, as an exact share of the compared columns."""
    least, most, share = _shares(limits)
    return min(most, max(least, share * own.spread))


@lru_cache(maxsize=64)
def _shares(limits: SpeciesRadius) -> tuple[Fraction, Fraction, Fraction]:
    """Least and most radius, and the share of the spread."""
    return Fraction(limits.least_p), Fraction(limits.most_p), Fraction(limits.spread_share)


def within_radius(
    differing: Numbers,
    compared: Numbers,
    spread_differing: Numbers,
    spread_compared: Numbers,
    limits: SpeciesRadius,
) -> NDArray[np.bool_]:
    """Whether shares of differing columns are within the radius of a species, as :func:`radius_of` has it.

    Parameters
    ----------
    differing, compared : ndarray of int, shape (n,)
        Columns that differ, of those compared.
    spread_differing, spread_compared : ndarray of int, shape (n,)
        The spread of the species: columns that differ, of those compared (at least one).
    """
    below, above = differing.astype(np.int64), compared.astype(np.int64)
    least, most, share = _shares(limits)
    # Factors are below 2^20 and those of the limits below 2^14: no product leaves 64 bits.
    of_spread = below * spread_compared * share.denominator <= spread_differing * share.numerator * above
    within: NDArray[np.bool_] = (below * most.denominator <= above * most.numerator) & (
        of_spread | (below * least.denominator <= above * least.numerator)
    )
    return within


def call_species(
    compared: tuple[Compared, ...],
    genus: str,
    spread_of: Callable[[str], SpeciesSpread],
    limits: SpeciesRadius,
    text: Callable[[Fraction], DecimalText],
) -> SpeciesAnswer:
    """Species of a sequence whose genus is named.

    Parameters
    ----------
    compared : tuple of Compared
        References; of the genus at least the nearest ones, and one within the radius of each species that has any.
    spread_of : callable
        Individuals and spread of a species of the genus, by its name.
    text : callable
        A distance as text.

    Notes
    -----
    Adding a reference takes no species out of those within their radius: a species' smallest distance can only
    fall and its spread only grow.
    """
    entries = [(entry, names) for entry in compared if (names := _names(entry, genus))]
    least = min(entry.upper for entry, _ in entries)
    nearest = [entry for entry, _ in entries if entry.upper == least]
    nearest_names = sorted({name for entry, names in entries if entry.upper == least for name in names})
    spreads = {name: spread_of(name) for name in {name for _, names in entries for name in names}}
    radii = {name: radius_of(spread, limits) for name, spread in spreads.items()}
    within = sorted({name for entry, names in entries for name in names if entry.lower <= radii[name]})
    radius = min(radii[name] for name in nearest_names)
    compared_bp = max(entry.compared_bp for entry in nearest)
    individuals = min(spreads[name].individuals for name in nearest_names)
    near = least <= radius
    long_enough = compared_bp >= limits.min_compared_bp
    alone = len(within) == 1 and within == nearest_names
    enough = individuals >= limits.min_individuals

    def trace() -> tuple[Criterion, ...]:
        accessions = tuple(sorted({str(entry.record.accession) for entry in nearest}))
        at_least = f">= {limits.min_compared_bp}"
        return (
            criterion("barcode.mammal_species_bp", compared_bp, at_least, long_enough, "bp", accessions),
            *_spreads(nearest_names, spreads, limits, text),
            criterion("barcode.mammal_species_radius", text(least), f"<= {text(radius)}", near, "p", accessions),
            criterion(
                "barcode.mammal_species_individuals",
                individuals,
                f">= {limits.min_individuals}",
                enough,
                "individuals",
            ),
            criterion(
                "barcode.mammal_species_alone", ", ".join(within) or "-", "the nearest species and no other", alone
            ),
        )

    if not (near and long_enough):
        return SpeciesAnswer(Rank.GENUS, (), trace)
    if len(within) > 1:
        return SpeciesAnswer(Rank.SPECIES_SET, tuple(within), trace)
    if alone and enough:
        return SpeciesAnswer(Rank.SPECIES, tuple(within), trace)
    return SpeciesAnswer(Rank.GENUS, (), trace)


def _names(entry: Compared, genus: str) -> frozenset[str]:
    """Names of a record in the genus, under both views."""
    record = entry.record
    names = {record.organism_as_deposited, *record.organism_revised}
    return frozenset(str(name) for name in names if name.split(" ")[0] == genus)


def _spreads(
    names: list[str],
    spreads: Mapping[str, SpeciesSpread],
    limits: SpeciesRadius,
    text: Callable[[Fraction], DecimalText],
) -> tuple[Criterion, ...]:
    """What the radius of each nearest species rests on: its own individuals, or the limits of the method."""
    found = []
    for name in names:
        own = spreads[name]
        found.append(
            criterion(
                "barcode.mammal_species_spread",
                f"{name}: {text(own.spread)}, individuals: {own.individuals}",
                f"radius {limits.spread_share} of it, {limits.least_p} to {limits.most_p}",
                True,
                "p",
                tuple(str(record) for record in own.records),
            )
        )
    return tuple(found)
