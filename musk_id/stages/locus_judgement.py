"""What the rules say of one sequence at one marker, in numbers (decision rules, section 4).

Radius first, margin second. Distances count against the call: the candidate's are upper bounds, its
competitors' lower bounds. The margin certified by the wide set, min(margin, W - 2d), is a remark for
*Moschus* and a condition for naming another genus.

The criteria are put into words only where they are asked for: a table of a million sequences needs the answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from musk_id.model.barcode import named_genus
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.trace import Criterion
from musk_id.model.values import Line
from musk_id.stages.comparison import Compared
from musk_id.stages.library import BarcodeLibrary, genera_of
from musk_id.stages.locus_limits import LocusLimits
from musk_id.stages.mammal_species import SpeciesAnswer, call_species
from musk_id.stages.placement import criterion
from musk_id.vocabulary import NameView, Rank, Reason

__all__ = ["Judgement", "LocusView", "accessions_of", "judge_locus"]

Trace = Callable[[], tuple[Criterion, ...]]
"""Criteria in words, made when they are asked for."""


@dataclass(frozen=True, slots=True)
class LocusView:
    """Nearest and next genus under one view of the names, with the references that stand for them.

    ``released`` are the nearest records of the release in the nearest genera; ``margin`` is ``None`` where no
    other genus was compared.
    """

    nearest_genus: tuple[str, ...]
    nearest: tuple[Compared, ...]
    distance: Fraction
    next_genus: tuple[str, ...]
    following: tuple[Compared, ...]
    next_distance: Fraction | None
    margin: Fraction | None
    released: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer at a marker: rank, taxon, species named together, certified margin, reasons; and its criteria."""

    views: dict[NameView, LocusView]
    rank: Rank
    taxon: str | None
    species: tuple[str, ...]
    certified: Fraction | None
    reasons: tuple[Reason, ...]
    trace: Trace

    @property
    def genus(self) -> str | None:
        """The genus that is named, also by a species or a set of species."""
        return named_genus(self.rank, self.taxon)

    @property
    def names(self) -> str:
        """Rank and names as one text."""
        return " ".join((self.rank, *(self.species or (() if self.taxon is None else (self.taxon,)))))


def judge_locus(
    compared: tuple[Compared, ...],
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
    further: tuple[Compared, ...] = (),
) -> Judgement:
    """Judge a sequence by its distances to the references of the marker (at least one).

    Parameters
    ----------
    compared : tuple of Compared
        References: all of them, or at least all nearest ones and all nearest ones of another genus.
    further : tuple of Compared
        References that change neither of these, but decide on the species or on the family.
    """
    judged = _called(compared, limits, library, method, animals, further)
    if not library.has_overlay or judged.rank is Rank.NONE:
        return judged
    released = tuple(entry for entry in compared if entry.record.overlay is None)
    alone = _called(released, limits, library, method, animals) if released else None
    found = str(Rank.NONE) if alone is None else alone.names

    def trace() -> tuple[Criterion, ...]:
        views = () if alone is None else alone.views.values()
        nearest = accessions_of(tuple(entry for view in views for entry in view.nearest))
        told = criterion("barcode.release_alone", found, judged.names, found == judged.names, records=nearest)
        return (*judged.trace(), told)

    if found == judged.names:
        return replace(judged, trace=trace)
    # A record that only the laboratory holds can come nearer, and can be a competitor; it cannot carry a name,
    # since nobody outside has checked its own.
    reasons = (*judged.reasons, Reason.OVERLAY_ONLY)
    return replace(judged, rank=Rank.NONE, taxon=None, species=(), reasons=reasons, trace=trace)


def accessions_of(entries: tuple[Compared, ...]) -> tuple[Line, ...]:
    """Accessions of references, each once, in their order."""
    return tuple(sorted({entry.record.accession for entry in entries}))


def _called(
    compared: tuple[Compared, ...],
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
    further: tuple[Compared, ...] = (),
) -> Judgement:
    """The answer by the references given."""
    views = _views(compared)
    # Where no record has a revised name both views are one.
    distinct = tuple({id(view): view for view in views.values()}.values())
    certified = _certified_margin(distinct, limits, library)
    genus = _common_genus(distinct)
    reasons, judged = _judge(genus, distinct, certified, limits, method, animals)
    rank, taxon, families = _answer(genus, reasons, distinct, limits, compared + further, method)
    found = _species(rank, taxon, compared + further, limits, library, method, animals)
    if found is None:
        return Judgement(views, rank, taxon, (), certified, reasons, lambda: judged() + families())
    named = found.species[0] if found.rank is Rank.SPECIES else taxon
    return Judgement(
        views, found.rank, named, found.species, certified, reasons, lambda: judged() + families() + found.trace()
    )


def _views(compared: tuple[Compared, ...]) -> dict[NameView, LocusView]:
    if any(entry.record.organism_revised for entry in compared):
        return {view: _view(compared, view) for view in NameView}
    return dict.fromkeys(NameView, _view(compared, NameView.AS_DEPOSITED))


def _view(compared: tuple[Compared, ...], view: NameView) -> LocusView:
    distance = min(entry.upper for entry in compared)
    nearest = tuple(entry for entry in compared if entry.upper == distance)
    genera = frozenset().union(*(genera_of(entry.record, view) for entry in nearest))
    released = _released(compared, genera, view)
    others = [entry for entry in compared if not genera_of(entry.record, view) <= genera]
    if not others:
        return LocusView(tuple(sorted(genera)), nearest, distance, (), (), None, None, released)
    next_distance = min(entry.lower for entry in others)
    following = tuple(entry for entry in others if entry.lower == next_distance)
    next_genera = frozenset().union(*(genera_of(entry.record, view) for entry in following)) - genera
    return LocusView(
        tuple(sorted(genera)),
        nearest,
        distance,
        tuple(sorted(next_genera)),
        following,
        next_distance,
        next_distance - distance,
        released,
    )


def _released(compared: tuple[Compared, ...], genera: frozenset[str], view: NameView) -> tuple[Compared, ...]:
    """Nearest records of the release in the nearest genera; without an overlay these are the nearest."""
    own = [e for e in compared if e.record.overlay is None and genera_of(e.record, view) <= genera]
    distance = min((entry.upper for entry in own), default=None)
    return tuple(entry for entry in own if entry.upper == distance)


def _species(
    rank: Rank,
    taxon: str | None,
    compared: tuple[Compared, ...],
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> SpeciesAnswer | None:
    """Species of another genus on a coding marker; those of the genus of interest have a rule of their own."""
    radius = animals.species
    if radius is None or not limits.coding or rank is not Rank.GENUS or taxon is None or taxon == method.genus:
        return None
    if radius.isolated is not None and limits.genera < radius.isolated.min_genera:
        radius = replace(radius, isolated=None)
    least = radius.min_compared_bp
    return call_species(
        compared,
        taxon,
        lambda name: library.relatives.spread(limits.locus, taxon, name, least),
        radius,
        limits.text,
    )


def _common_genus(views: tuple[LocusView, ...]) -> str | None:
    """The one genus that is nearest under every view, if there is one."""
    genera = {genus for found in views for genus in found.nearest_genus}
    return next(iter(genera)) if len(genera) == 1 else None


def _certified_margin(
    views: tuple[LocusView, ...], limits: LocusLimits, library: BarcodeLibrary
) -> Fraction | None:
    """min(panel margin, W - 2d) with the smallest W of the nearest records; none where no W is known.

    W is known of records of the release only: with an overlay, d is the distance to the nearest of these.
    """
    bounds: list[Fraction] = []
    for found in views:
        if not found.released:
            return None
        for entry in found.released:
            wide = library.wide_edits.get((entry.record.accession, limits.locus))
            if wide is None:
                return None
            bounds.append(Fraction(wide) - 2 * entry.upper)
        if found.margin is not None:
            bounds.append(found.margin)
    return min(bounds)


def _judge(
    genus: str | None,
    views: tuple[LocusView, ...],
    certified: Fraction | None,
    limits: LocusLimits,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> tuple[tuple[Reason, ...], Trace]:
    """Radius, margin, certified margin: the reasons of those that fail, and the criteria in this order."""
    moschus = genus == method.genus
    radius = limits.radius if moschus else limits.other_radius
    margin = limits.margin if moschus else limits.other_margin
    distance = max(found.distance for found in views)
    smallest = min((found.margin for found in views if found.margin is not None), default=None)
    near = distance <= radius
    apart = genus is not None and smallest is not None and smallest >= margin
    wide = limits.wide and not moschus
    others_near = wide and any(v.next_distance is not None and v.next_distance <= radius for v in views)
    least = method.certified_margin_min if moschus else animals.certified_margin_min
    passed = certified is None or certified >= least
    reasons: list[Reason] = []
    if moschus and limits.screening:
        reasons.append(Reason.SCREENING_MARKER)
    if not near:
        reasons.append(Reason.OUTSIDE_RADIUS)
    if not apart or others_near:
        reasons.append(Reason.MARGIN_TOO_SMALL)
    # Without a wide comparison a near relative that the panel lacks could be taken for the genus.
    if not passed or (certified is None and not moschus and not limits.coding and not wide):
        reasons.append(Reason.CERTIFIED_MARGIN_SMALL)

    def trace() -> tuple[Criterion, ...]:
        nearest = accessions_of(tuple(entry for found in views for entry in found.nearest))
        following = accessions_of(tuple(entry for found in views for entry in found.following))
        text, unit = limits.text, limits.unit
        told = [
            criterion("barcode.radius", text(distance), f"<= {text(radius)}", near, unit, nearest),
            criterion(
                "barcode.margin",
                "-" if smallest is None else text(smallest),
                f">= {text(margin)}",
                apart,
                unit,
                following,
            ),
        ]
        if wide:
            told += _wide_criteria(views, limits, following, passed=not others_near)
        if certified is not None:
            told.append(
                criterion("barcode.certified_margin", text(certified), f">= {least}", passed, unit, nearest)
            )
        return tuple(told)

    return tuple(reasons), trace


def _wide_criteria(
    views: tuple[LocusView, ...], limits: LocusLimits, following: tuple[Line, ...], *, passed: bool
) -> list[Criterion]:
    """What a wide library adds: that it is one, and that no other genus lies within the radius."""
    nearest_others = [found.next_distance for found in views if found.next_distance is not None]
    return [
        criterion("barcode.library_genera", limits.genera, f">= {limits.wide_min_genera}", limits.wide, "genera"),
        criterion(
            "barcode.other_genus_outside",
            limits.text(min(nearest_others)) if nearest_others else "-",
            f"> {limits.text(limits.other_radius)}",
            passed,
            limits.unit,
            following,
        ),
    ]


def _answer(
    genus: str | None,
    reasons: tuple[Reason, ...],
    views: tuple[LocusView, ...],
    limits: LocusLimits,
    compared: tuple[Compared, ...],
    method: BarcodeMethod,
) -> tuple[Rank, str | None, Trace]:
    """Rank and taxon: the genus; for other animals else the family; else nothing."""
    if limits.screening and not limits.wide:
        return Rank.NONE, None, tuple
    if genus == method.genus:
        blocking = {Reason.OUTSIDE_RADIUS, Reason.MARGIN_TOO_SMALL, Reason.SCREENING_MARKER} & set(reasons)
        return (Rank.NONE, None, tuple) if blocking else (Rank.GENUS, genus, tuple)
    if genus is not None and not reasons:
        return Rank.GENUS, genus, tuple
    if Reason.OUTSIDE_RADIUS in reasons:
        return Rank.NONE, None, tuple
    distance = max(found.distance for found in views)
    families = sorted({entry.record.family for entry in compared if limits.in_reach(entry.lower, distance)})
    # The genus of interest is alone in its family: the family would name it where the genus may not.
    nearest = {name for found in views for name in found.nearest_genus}
    one = len(families) == 1 and method.genus not in nearest

    def trace() -> tuple[Criterion, ...]:
        if not limits.wide:
            return ()
        return (criterion("barcode.one_family", ", ".join(families), "one, without the genus of interest", one),)

    return (Rank.FAMILY, families[0], trace) if one else (Rank.NONE, None, trace)
