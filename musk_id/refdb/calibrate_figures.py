"""Figures of a calibration: distributions, and answers of rules of radius and margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.genus_rule import NONE, RIGHT, WRONG, verdicts
from musk_id.kernels.intervals import proportion_lower, proportion_upper
from musk_id.library_vocabulary import CongenerStratum, DistanceKind, Withheld
from musk_id.model.calibration import DistanceFigures, ErrorCounts, Quantile
from musk_id.model.values import DecimalText, decimal_text
from musk_id.refdb.calibrate_distances import Measured

__all__ = ["Grid", "distances", "errors", "limit_text", "own_distances", "spread", "strata"]

QUANTILES = ("0.01", "0.05", "0.25", "0.50", "0.75", "0.95", "0.99")
# Strata of decision rules, section 7, in percent.
NEAR_PERCENT, FAR_PERCENT = 2.0, 7.0
RATE_DIGITS = 6

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Grid:
    """Radii and margins that are tried, and the digits of distances."""

    radii: tuple[DecimalText, ...]
    margins: tuple[DecimalText, ...]
    digits: int

    def text(self, value: float) -> DecimalText:
        """A distance as decimal text."""
        return decimal_text(value, self.digits)


def limit_text(value: float) -> DecimalText:
    """A limit of a rate as decimal text."""
    return decimal_text(value, RATE_DIGITS)


def spread(
    kind: DistanceKind, values: Floats, behind: Sequence[Indices], measured: Measured, target: int, grid: Grid
) -> DistanceFigures:
    """Figures of a distribution; ``behind`` names the individuals of each observation."""
    items = measured.items
    people = np.unique(np.concatenate(behind)) if behind else np.empty(0, np.int64)
    ordered = np.sort(values)
    count = int(ordered.size)
    places = [max(0, -(-count * int(share[2:]) // 100) - 1) for share in QUANTILES]
    return DistanceFigures(
        kind=kind,
        observations=count,
        individuals=int(people.size),
        species=int(np.unique(items.species[people]).size),
        genera=int(np.unique(items.genus[people]).size),
        observations_of_target=int(np.count_nonzero(items.genus[behind[0]] == target)) if behind else 0,
        smallest=grid.text(float(ordered[0])) if count else None,
        quantiles=tuple(
            Quantile(share=DecimalText(share), value=grid.text(float(ordered[place])))
            for share, place in zip(QUANTILES, places, strict=True)
        )
        if count
        else (),
        largest=grid.text(float(ordered[-1])) if count else None,
    )


def distances(measured: Measured, target: int, grid: Grid) -> tuple[DistanceFigures, ...]:
    """Distributions of a window.

    Notes
    -----
    Within species only pairs of individuals from sets that were not collapsed count for radii; with collapsed
    ones the small distances are missing. Margins are those of individuals that have a relative left: distance
    to the nearest other genus (lower) minus that to the own genus (upper).
    """
    items, pairs, found = measured.items, measured.pairs, measured.found
    of_species = items.species[pairs.first] == items.species[pairs.second]
    collapsed = items.collapsed[pairs.first] | items.collapsed[pairs.second]
    within = of_species & ~collapsed

    def of_pairs(kind: DistanceKind, chosen: Mask) -> DistanceFigures:
        behind = (pairs.first[chosen], pairs.second[chosen])
        return spread(kind, pairs.distance[chosen], behind, measured, target, grid)

    def of_individuals(kind: DistanceKind, values: Floats) -> DistanceFigures:
        there = np.flatnonzero(np.isfinite(values))
        return spread(kind, values[there], (there,), measured, target, grid)

    return (
        of_pairs(DistanceKind.WITHIN_SPECIES, within),
        _largest_of_species(measured, within, target, grid),
        of_pairs(DistanceKind.WITHIN_SPECIES_WITH_COLLAPSED, of_species),
        of_pairs(DistanceKind.WITHIN_GENUS, ~of_species),
        of_individuals(DistanceKind.NEAREST_CONGENER, found.congener_upper),
        of_individuals(DistanceKind.NEAREST_OTHER_GENUS, found.other_lower),
        of_individuals(DistanceKind.MARGIN_INDIVIDUAL_WITHHELD, _gap(found.other_lower, found.own_upper)),
        of_individuals(DistanceKind.MARGIN_SPECIES_WITHHELD, _gap(found.other_lower, found.congener_upper)),
    )


def _gap(other: Floats, own: Floats) -> Floats:
    there = np.isfinite(other) & np.isfinite(own)
    gap: Floats = np.subtract(other, own, out=np.full(own.shape, np.inf), where=there)
    return gap


def _largest_of_species(measured: Measured, within: Mask, target: int, grid: Grid) -> DistanceFigures:
    """Largest distance of each species, each species counted once."""
    pairs = measured.pairs
    places = np.flatnonzero(within)
    species = measured.items.species[pairs.first[places]]
    # By species, the largest distance last; a tie is broken by place and changes no figure.
    order = np.lexsort((places, pairs.distance[places], species))
    last = np.flatnonzero(np.diff(species[order], append=-1) != 0)
    chosen = places[order[last]]
    behind = (pairs.first[chosen], pairs.second[chosen])
    return spread(DistanceKind.WITHIN_SPECIES_LARGEST, pairs.distance[chosen], behind, measured, target, grid)


def strata(measured: Measured, length: Floats | None) -> dict[CongenerStratum, Mask]:
    """Individuals of each stratum; ``length`` turns edits into shares, shares stand as they are."""
    nearest = measured.found.congener_upper
    percent = 100.0 * (nearest if length is None else nearest / length)
    has_congener = np.isfinite(nearest)
    return {
        CongenerStratum.ALL: np.ones(nearest.shape, np.bool_),
        CongenerStratum.BELOW_2_PERCENT: percent < NEAR_PERCENT,
        CongenerStratum.FROM_2_TO_7_PERCENT: (percent >= NEAR_PERCENT) & (percent <= FAR_PERCENT),
        CongenerStratum.ABOVE_7_PERCENT: (percent > FAR_PERCENT) & has_congener,
        CongenerStratum.NO_CONGENER: ~has_congener,
    }


def own_distances(measured: Measured, withheld: Withheld) -> tuple[Floats, Floats]:
    """Upper and lower distance to what is left of the own genus."""
    found = measured.found
    if withheld is Withheld.INDIVIDUAL:
        return found.own_upper, found.own_lower
    if withheld is Withheld.SPECIES:
        return found.congener_upper, found.congener_lower
    nothing = np.full(found.own_upper.shape, np.inf)
    return nothing, nothing


def errors(measured: Measured, groups: dict[CongenerStratum, Mask], grid: Grid) -> tuple[ErrorCounts, ...]:
    """Answers of every rule of the grid, for what is withheld and each stratum that holds an individual."""
    rows: list[ErrorCounts] = []
    for withheld in Withheld:
        own_upper, own_lower = own_distances(measured, withheld)
        for radius in grid.radii:
            for margin in grid.margins:
                answers = verdicts(measured.found, own_upper, own_lower, float(radius), float(margin))
                for stratum, mask in groups.items():
                    # With the genus withheld the distance to a congener means nothing.
                    if mask.any() and (withheld is not Withheld.GENUS or stratum is CongenerStratum.ALL):
                        rows.append(_counts(answers[mask], withheld, stratum, radius, margin))
    return tuple(rows)


def _counts(
    answers: NDArray[np.int8],
    withheld: Withheld,
    stratum: CongenerStratum,
    radius: DecimalText,
    margin: DecimalText,
) -> ErrorCounts:
    right, wrong, none = (int(np.count_nonzero(answers == answer)) for answer in (RIGHT, WRONG, NONE))
    n = right + wrong + none
    return ErrorCounts(
        withheld=withheld,
        stratum=stratum,
        radius=radius,
        margin=margin,
        right=right,
        wrong=wrong,
        none=none,
        n=n,
        right_lower=limit_text(proportion_lower(right, n)),
        wrong_upper=limit_text(proportion_upper(wrong, n)),
    )
