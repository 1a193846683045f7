"""Species of another genus than that of interest: every species whose radius holds the sequence is named.

The radius of a species is a share of the largest distance between two of its reference individuals, within limits
of the method. One species within its radius, with enough individuals, is the answer; several are it together.
Where the nearest species' radius does not hold the sequence, a method may give it another one if it stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from musk_id.model.methods import IsolatedRadius, SpeciesRadius
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
        References; at least the nearest ones, the nearest of another genus, one within the radius of each species
        of the genus that has any and, where the method looks at it, the nearest of another species of the genus.
    spread_of : callable
        Individuals and spread of a species of the genus, by its name.
    text : callable
        A distance as text.

    Notes
    -----
    Adding a reference takes no species out of those within their radius: a species' smallest distance can only
    fall and its spread only grow. A species that is named because it stands alone can be replaced only by one
    whose radius the added reference brings to hold the sequence; another reference near by leads to the genus.
    """
    entries = [(entry, names) for entry in compared if (names := _names(entry, genus))]
    least = min(entry.upper for entry, _ in entries)
    nearest = [entry for entry, _ in entries if entry.upper == least]
    nearest_names = sorted({name for entry, names in entries if entry.upper == least for name in names})
    spreads = {name: spread_of(name) for name in {name for _, names in entries for name in names}}
    radii = {name: radius_of(spread, limits) for name, spread in spreads.items()}
    within = sorted({name for entry, names in entries for name in names if entry.lower <= radii[name]})
    radius = min(radii[name] for name in nearest_names)
    isolated = _isolated(compared, nearest_names, least, radius, limits.isolated)
    if isolated is not None and isolated.holds:
        radius, within = isolated.radius, sorted({*within, *nearest_names})
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
            *(() if isolated is None else (isolated.told(text),)),
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

    if near and long_enough and len(within) > 1:
        return SpeciesAnswer(Rank.SPECIES_SET, tuple(within), trace)
    if near and long_enough and alone and enough:
        return SpeciesAnswer(Rank.SPECIES, tuple(within), trace)
    return SpeciesAnswer(Rank.GENUS, (), trace)


@dataclass(frozen=True, slots=True)
class _Isolated:
    """The other radius of a nearest species, and the references of others that decide whether it has one."""

    radius: Fraction
    least_other: Fraction
    other: Fraction | None
    records: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.other is None or self.other >= self.least_other

    def told(self, text: Callable[[Fraction], DecimalText]) -> Criterion:
        measured = "-" if self.other is None else text(self.other)
        return criterion(
            "barcode.mammal_species_isolated",
            measured,
            f">= {text(self.least_other)}",
            self.holds,
            "p",
            self.records,
        )


def _isolated(
    compared: tuple[Compared, ...],
    nearest_names: list[str],
    least: Fraction,
    radius: Fraction,
    limits: IsolatedRadius | None,
) -> _Isolated | None:
    """What decides whether the nearest species stands alone; ``None`` where that changes nothing.

    A reference that bears another name under one view of the names counts as one of another species.
    """
    if limits is None or len(nearest_names) != 1 or least <= radius or least > Fraction(limits.radius_p):
        return None
    others = [entry for entry in compared if not _is_only(entry, nearest_names[0])]
    other = min((entry.lower for entry in others), default=None)
    records = sorted({str(entry.record.accession) for entry in others if entry.lower == other})
    least_other = max(Fraction(limits.other_p), limits.times * least)
    return _Isolated(Fraction(limits.radius_p), least_other, other, tuple(records))


def _is_only(entry: Compared, name: str) -> bool:
    """Whether a record bears this name and no other, under both views."""
    record = entry.record
    return record.organism_as_deposited == name and all(revised == name for revised in record.organism_revised)


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
