"""Figures of a calibration on the genus of interest: its radius, what lies near it, and counts for a ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.genus_rule import RIGHT, WRONG, verdicts
from musk_id.kernels.intervals import count_ratio_lower, proportion_upper
from musk_id.library_vocabulary import DistanceKind, Withheld
from musk_id.model.alternatives import Alternatives
from musk_id.model.calibration import (
    DistanceFigures,
    PanelFigures,
    RadiusBasis,
    RatioCounts,
    RatioItem,
    TargetFigures,
    WithinRadius,
)
from musk_id.model.methods import EvidenceMethod
from musk_id.model.values import DecimalText, Line, decimal_at_most, decimal_text
from musk_id.refdb.calibrate_distances import Measured
from musk_id.refdb.calibrate_figures import Grid, limit_text, own_distances, spread

__all__ = ["Rule", "ratio_counts", "target_figures", "within_radius"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

RATIO_DIGITS = 2


class Rule:
    """Radius and margin of the method at a marker."""

    def __init__(self, radius: DecimalText, margin: DecimalText) -> None:
        self.radius, self.margin = radius, margin


def target_figures(
    measured: Measured,
    genus: str,
    grid: Grid,
    rule: Rule,
    alternatives: Alternatives,
    evidence: EvidenceMethod,
    panel: PanelFigures | None,
) -> TargetFigures:
    """Figures of the genus of interest in one window."""
    items = measured.items
    target = items.number_of(genus)
    own = np.flatnonzero(items.genus == target)
    other = np.flatnonzero(items.genus != target)
    pairs = measured.pairs
    within = pairs.distance[items.genus[pairs.first] == target]
    near = measured.nearest_to_target
    smallest = float(measured.to_target[near].min()) if near.size else None
    names = sorted(f"{items.accessions[i]} {items.species_names[items.species[i]]}" for i in near.tolist())
    there = own.size > 0
    return TargetFigures(
        genus=Line(genus),
        individuals=int(own.size),
        species=int(np.unique(items.species[own]).size),
        within_largest=grid.text(float(within.max())) if within.size else None,
        nearest_other=None if smallest is None else grid.text(smallest),
        nearest_records=tuple(map(Line, names)),
        radius_basis=_radius_basis(measured, target, grid),
        within_radius=within_radius(measured.to_target[other], items.rows[other], items.species[other], grid)
        if there
        else (),
        panel=panel,
        ratio=ratio_counts(measured, target, rule, alternatives, evidence, grid.digits) if there else None,
    )


def _radius_basis(measured: Measured, target: int, grid: Grid) -> RadiusBasis:
    nearest = measured.found.congener_upper
    there = np.flatnonzero(np.isfinite(nearest))
    own = there[measured.items.genus[there] == target]

    def figures(chosen: Indices) -> DistanceFigures:
        return spread(DistanceKind.NEAREST_CONGENER, nearest[chosen], (chosen,), measured, target, grid)

    borrowed = decimal_text(100.0 * (there.size - own.size) / there.size, 1) if there.size else None
    return RadiusBasis(own=figures(own), pooled=figures(there), borrowed_percent=borrowed)


def within_radius(distance: Floats, haplotypes: Indices, species: Indices, grid: Grid) -> tuple[WithinRadius, ...]:
    """How many haplotypes and species of other genera lie within each radius."""
    n, names = int(np.unique(haplotypes).size), int(np.unique(species).size)
    rows = []
    for radius in grid.radii if n else ():
        near = distance <= float(radius) + 1e-12
        k, k_names = int(np.unique(haplotypes[near]).size), int(np.unique(species[near]).size)
        rows.append(
            WithinRadius(
                radius=radius,
                haplotypes=k,
                haplotypes_compared=n,
                haplotypes_upper=limit_text(proportion_upper(k, n)),
                species=k_names,
                species_compared=names,
                species_upper=limit_text(proportion_upper(k_names, names)),
            )
        )
    return tuple(rows)


def ratio_counts(
    measured: Measured, target: int, rule: Rule, alternatives: Alternatives, evidence: EvidenceMethod, digits: int
) -> RatioCounts:
    """Counts for a ratio under the method's rule, the species of every query withheld.

    Notes
    -----
    Withholding the species of an alternative too lets an item come from a species that no reference is of; it
    can only make the target genus named more often, never less. ``digits`` are those of a score; below the
    method's smallest numbers no item is listed.
    """
    items = measured.items
    own_upper, own_lower = own_distances(measured, Withheld.SPECIES)
    answers = verdicts(measured.found, own_upper, own_lower, float(rule.radius), float(rule.margin))
    own = items.genus == target
    named = np.where(own, answers == RIGHT, (answers == WRONG) & (measured.found.other_genus == target))
    listed = [
        alternatives.holds(family, genus) for family, genus in zip(items.families, items.genera, strict=True)
    ]
    second = np.array(listed, np.bool_)[items.genus] & ~own
    k1, n1 = int(np.count_nonzero(named & own)), int(np.count_nonzero(own))
    n2 = int(np.unique(items.species[second]).size)
    k2 = int(np.unique(items.species[second & named]).size)
    enough = n1 >= evidence.min_individuals_h1 and n2 >= evidence.min_species_h2
    return RatioCounts(
        alternatives=alternatives.version,
        radius=rule.radius,
        margin=rule.margin,
        k1=k1,
        n1=n1,
        k2=k2,
        n2=n2,
        lower=decimal_at_most(count_ratio_lower(k1, n1, k2, n2), RATIO_DIGITS) if enough else None,
        enough=enough,
        items=_ratio_items(measured, own, second, named, _scores(measured, target), digits) if enough else (),
    )


def _scores(measured: Measured, target: int) -> Floats:
    """How much nearer the target genus is than any other, shape (n,), the own species withheld.

    Distances to the target count against it for its own individuals, and in its favour for others, so that a
    score errs towards a smaller ratio.
    """
    found = measured.found
    own = measured.items.genus == target
    # The lower distance of other genera may be that to the target itself: then the nearest by upper ones counts.
    beside = np.where(found.other_lower < measured.to_target, found.other_lower, found.other_upper)
    rest = np.minimum(found.congener_lower, np.where(found.other_genus == target, found.further_lower, beside))
    there = np.where(own, found.other_lower, rest)
    near = np.where(own, found.congener_upper, measured.to_target)
    known = np.isfinite(there) & np.isfinite(near)
    scores: Floats = np.subtract(there, near, out=np.full(there.shape, np.nan), where=known)
    return scores


def _ratio_items(
    measured: Measured,
    own: NDArray[np.bool_],
    second: NDArray[np.bool_],
    named: NDArray[np.bool_],
    scores: Floats,
    digits: int,
) -> tuple[RatioItem, ...]:
    """The individuals of the target genus, then the species of the alternatives, each by name."""
    items = measured.items

    def text(score: float) -> DecimalText | None:
        return None if np.isnan(score) else decimal_text(score, digits)

    individuals = [
        RatioItem(
            name=Line(items.accessions[i]),
            group=Line(items.species_names[items.species[i]]),
            is_h1=True,
            named=bool(named[i]),
            score=text(float(scores[i])),
        )
        for i in np.flatnonzero(own).tolist()
    ]
    species = []
    for number in np.unique(items.species[second]).tolist():
        members = np.flatnonzero(second & (items.species == number))
        known = scores[members][~np.isnan(scores[members])]
        species.append(
            RatioItem(
                name=Line(items.species_names[number]),
                group=Line(items.families[items.genus[members[0]]]),
                is_h1=False,
                named=bool(named[members].any()),
                score=text(float(known.max())) if known.size else None,
            )
        )
    return tuple(sorted(individuals, key=lambda item: item.name)) + tuple(sorted(species, key=lambda i: i.name))
