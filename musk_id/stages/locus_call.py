"""The call of one sequence at one marker, under both views of the names (decision rules, section 4).

Radius first, margin second. Distances count against the call: the candidate's are upper bounds, its
competitors' lower bounds. The margin certified by the wide set, min(margin, W - 2d), is a remark for
*Moschus* and a condition for naming another genus.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from musk_id.model.barcode import LocusCall, NotExcluded, ViewCall
from musk_id.model.methods import AmpliconLimits, AnimalMethod, BarcodeMethod, LongLocusLimits
from musk_id.model.reference import TaxonSet
from musk_id.model.trace import Criterion
from musk_id.model.values import DecimalText, Line, decimal_text
from musk_id.stages.comparison import P_DIGITS, Compared
from musk_id.stages.library import BarcodeLibrary, genera_of, individuals_at, species_of
from musk_id.stages.placement import criterion
from musk_id.vocabulary import CriterionOutcome, CurationState, Locus, NameView, Rank, Reason

__all__ = ["LocusLimits", "call_locus", "limits_of"]


@dataclass(frozen=True, slots=True)
class LocusLimits:
    """Radius and margins at one marker, in its own unit, as exact fractions."""

    locus: Locus
    coding: bool
    radius: Fraction
    margin: Fraction
    other_radius: Fraction
    other_margin: Fraction
    exclusion_other: Fraction
    exclusion_moschus: Fraction
    unit: str
    digits: int

    def text(self, value: Fraction) -> DecimalText:
        """A distance as decimal text in the unit of the marker."""
        return decimal_text(float(value), self.digits)


def limits_of(locus: Locus, method: BarcodeMethod, animals: AnimalMethod) -> LocusLimits:
    """Limits of a marker under a pair of methods."""
    for amplicon in method.amplicons:
        if amplicon.locus is locus:
            return _amplicon_limits(amplicon)
    long_locus = next(limits for limits in method.long_loci if limits.locus is locus)
    return _long_limits(long_locus, animals)


def _amplicon_limits(limits: AmpliconLimits) -> LocusLimits:
    radius, margin = Fraction(limits.radius_edits), Fraction(limits.margin_edits)
    return LocusLimits(
        locus=limits.locus,
        coding=False,
        radius=radius,
        margin=margin,
        other_radius=radius,
        other_margin=margin,
        exclusion_other=Fraction(limits.exclusion_other_edits),
        exclusion_moschus=Fraction(limits.exclusion_moschus_further_edits),
        unit="edits",
        digits=0,
    )


def _long_limits(limits: LongLocusLimits, animals: AnimalMethod) -> LocusLimits:
    return LocusLimits(
        locus=limits.locus,
        coding=True,
        radius=Fraction(limits.radius_p),
        margin=Fraction(limits.margin_p),
        other_radius=Fraction(animals.long_radius_p),
        other_margin=Fraction(animals.long_margin_p),
        exclusion_other=Fraction(limits.exclusion_other_p),
        exclusion_moschus=Fraction(limits.exclusion_moschus_p),
        unit="p",
        digits=P_DIGITS,
    )


@dataclass(frozen=True, slots=True)
class _View:
    nearest_genus: tuple[str, ...]
    nearest: tuple[Compared, ...]
    distance: Fraction
    next_genus: tuple[str, ...]
    following: tuple[Compared, ...]
    next_distance: Fraction | None
    released: tuple[Compared, ...]

    @property
    def margin(self) -> Fraction | None:
        return None if self.next_distance is None else self.next_distance - self.distance


def call_locus(
    compared: tuple[Compared, ...],
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> LocusCall:
    """Call a sequence from its distances to all references of the marker (at least one)."""
    views = {view: _view(compared, view) for view in NameView}
    rank, taxon, certified, reasons, trace = _called(compared, views, limits, library, method, animals)
    if library.has_overlay and rank is not Rank.NONE:
        released = tuple(entry for entry in compared if entry.record.overlay is None)
        alone = _release_alone(released, (rank, taxon), limits, library, method, animals)
        trace += (alone,)
        if alone.outcome is CriterionOutcome.FAILED:
            rank, taxon, reasons = Rank.NONE, None, (*reasons, Reason.OVERLAY_ONLY)
    moschus = [c.upper for c in compared if c.record.genus == method.genus]
    named = taxon == method.genus and rank is Rank.GENUS
    near_set = _nearest_set(views, library.sets) if named else None
    return LocusCall(
        rank=rank,
        taxon=None if taxon is None else Line(taxon),
        genus_of_interest_distance=limits.text(min(moschus)) if moschus else None,
        views=tuple(_view_call(view, found, limits) for view, found in views.items()),
        certified_margin=None if certified is None else limits.text(certified),
        nearest_set=near_set.set_id if near_set else None,
        not_excluded=_not_excluded(views, near_set, limits.locus, library, method) if named else (),
        reasons=reasons,
        trace=trace,
    )


def _view(compared: tuple[Compared, ...], view: NameView) -> _View:
    distance = min(entry.upper for entry in compared)
    nearest = tuple(entry for entry in compared if entry.upper == distance)
    genera = frozenset().union(*(genera_of(entry.record, view) for entry in nearest))
    released = _released(compared, genera, view)
    others = [entry for entry in compared if not genera_of(entry.record, view) <= genera]
    if not others:
        return _View(tuple(sorted(genera)), nearest, distance, (), (), None, released)
    next_distance = min(entry.lower for entry in others)
    following = tuple(entry for entry in others if entry.lower == next_distance)
    next_genera = frozenset().union(*(genera_of(entry.record, view) for entry in following)) - genera
    return _View(
        tuple(sorted(genera)), nearest, distance, tuple(sorted(next_genera)), following, next_distance, released
    )


def _released(compared: tuple[Compared, ...], genera: frozenset[str], view: NameView) -> tuple[Compared, ...]:
    """Nearest records of the release in the nearest genera; without an overlay these are the nearest."""
    own = [e for e in compared if e.record.overlay is None and genera_of(e.record, view) <= genera]
    distance = min((entry.upper for entry in own), default=None)
    return tuple(entry for entry in own if entry.upper == distance)


def _called(
    compared: tuple[Compared, ...],
    views: dict[NameView, _View],
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> tuple[Rank, str | None, Fraction | None, tuple[Reason, ...], tuple[Criterion, ...]]:
    """Rank, taxon, certified margin, reasons and criteria by the references given."""
    certified = _certified_margin(views, limits, library)
    genus = _common_genus(views)
    reasons, trace = _judge(genus, views, certified, limits, method, animals)
    rank, taxon = _answer(genus, reasons, views, limits, compared, method)
    return rank, taxon, certified, reasons, trace


def _release_alone(
    released: tuple[Compared, ...],
    answer: tuple[Rank, str | None],
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> Criterion:
    """Whether the release without the laboratory's own records gives the same answer.

    A record that only the laboratory holds can come nearer, and can be a competitor; it cannot carry a name,
    since nobody outside has checked its own.
    """
    found: tuple[Rank, str | None] = (Rank.NONE, None)
    nearest: tuple[Line, ...] = ()
    if released:
        views = {view: _view(released, view) for view in NameView}
        found = _called(released, views, limits, library, method, animals)[:2]
        nearest = _accessions(tuple(entry for view in views.values() for entry in view.nearest))
    return criterion(
        "barcode.release_alone",
        " ".join(str(part) for part in found if part is not None),
        " ".join(str(part) for part in answer if part is not None),
        found == answer,
        records=nearest,
    )


def _view_call(view: NameView, found: _View, limits: LocusLimits) -> ViewCall:
    return ViewCall(
        view=view,
        nearest_genus=tuple(Line(genus) for genus in found.nearest_genus),
        nearest_distance=limits.text(found.distance),
        nearest_records=_accessions(found.nearest),
        next_genus=tuple(Line(genus) for genus in found.next_genus),
        next_distance=None if found.next_distance is None else limits.text(found.next_distance),
        next_records=_accessions(found.following),
        margin=None if found.margin is None else limits.text(found.margin),
    )


def _accessions(entries: tuple[Compared, ...]) -> tuple[Line, ...]:
    return tuple(sorted({entry.record.accession for entry in entries}))


def _common_genus(views: dict[NameView, _View]) -> str | None:
    """The one genus that is nearest under every view, if there is one."""
    genera = {genus for found in views.values() for genus in found.nearest_genus}
    return next(iter(genera)) if len(genera) == 1 else None


def _certified_margin(
    views: dict[NameView, _View], limits: LocusLimits, library: BarcodeLibrary
) -> Fraction | None:
    """min(panel margin, W - 2d) with the smallest W of the nearest records; none where no W is known.

    W is known of records of the release only: with an overlay, d is the distance to the nearest of these.
    """
    bounds: list[Fraction] = []
    for found in views.values():
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
    views: dict[NameView, _View],
    certified: Fraction | None,
    limits: LocusLimits,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> tuple[tuple[Reason, ...], tuple[Criterion, ...]]:
    """Criteria in their order: radius, margin, certified margin; and the reasons of those that fail."""
    moschus = genus == method.genus
    radius = limits.radius if moschus else limits.other_radius
    margin = limits.margin if moschus else limits.other_margin
    distance = max(found.distance for found in views.values())
    margins = [found.margin for found in views.values() if found.margin is not None]
    smallest = min(margins) if margins else None
    nearest = _accessions(tuple(e for found in views.values() for e in found.nearest))
    following = _accessions(tuple(e for found in views.values() for e in found.following))
    trace = [
        criterion(
            "barcode.radius",
            limits.text(distance),
            f"<= {limits.text(radius)}",
            distance <= radius,
            limits.unit,
            nearest,
        ),
        criterion(
            "barcode.margin",
            "-" if smallest is None else limits.text(smallest),
            f">= {limits.text(margin)}",
            genus is not None and smallest is not None and smallest >= margin,
            limits.unit,
            following,
        ),
    ]
    reasons: list[Reason] = []
    if distance > radius:
        reasons.append(Reason.OUTSIDE_RADIUS)
    if genus is None or smallest is None or smallest < margin:
        reasons.append(Reason.MARGIN_TOO_SMALL)
    if certified is not None:
        least = method.certified_margin_min if moschus else animals.certified_margin_min
        passed = certified >= least
        trace.append(
            criterion(
                "barcode.certified_margin",
                limits.text(certified),
                f">= {least}",
                passed,
                limits.unit,
                nearest,
            )
        )
        if not passed:
            reasons.append(Reason.CERTIFIED_MARGIN_SMALL)
    elif not moschus and not limits.coding:
        # Without a wide comparison a near relative that the panel lacks could be taken for the genus.
        reasons.append(Reason.CERTIFIED_MARGIN_SMALL)
    return tuple(reasons), tuple(trace)


def _answer(
    genus: str | None,
    reasons: tuple[Reason, ...],
    views: dict[NameView, _View],
    limits: LocusLimits,
    compared: tuple[Compared, ...],
    method: BarcodeMethod,
) -> tuple[Rank, str | None]:
    """Rank and taxon: the genus; for other animals else the family; else nothing."""
    if genus == method.genus:
        blocking = {Reason.OUTSIDE_RADIUS, Reason.MARGIN_TOO_SMALL} & set(reasons)
        return (Rank.NONE, None) if blocking else (Rank.GENUS, genus)
    if genus is not None and not reasons:
        return Rank.GENUS, genus
    nearest = {name for found in views.values() for name in found.nearest_genus}
    # The genus of interest is alone in its family: the family would name it where the genus may not.
    if Reason.OUTSIDE_RADIUS in reasons or method.genus in nearest:
        return Rank.NONE, None
    reach = max(found.distance for found in views.values()) + limits.other_margin
    families = {entry.record.family for entry in compared if entry.lower < reach}
    return (Rank.FAMILY, next(iter(families))) if len(families) == 1 else (Rank.NONE, None)


def _nearest_set(views: dict[NameView, _View], sets: tuple[TaxonSet, ...]) -> TaxonSet | None:
    """The lineage set to which every nearest record belongs."""
    nearest = {entry.record.accession for found in views.values() for entry in found.released}
    for taxon_set in sets:
        if nearest <= set(taxon_set.accessions):
            return taxon_set
    return None


def _not_excluded(
    views: dict[NameView, _View],
    near_set: TaxonSet | None,
    locus: Locus,
    library: BarcodeLibrary,
    method: BarcodeMethod,
) -> tuple[NotExcluded, ...]:
    """Species that the sequence does not exclude: union of both views, the set, and the library's gaps."""
    names: dict[str, tuple[set[NameView], set[str], set[CurationState]]] = {}
    for view, found in views.items():
        for entry in (*found.nearest, *found.released):
            for species in species_of(entry.record, view):
                seen = names.setdefault(species, (set(), set(), set()))
                seen[0].add(view)
                seen[1].add(entry.record.accession)
                seen[2].add(entry.record.state)
    for species in near_set.species if near_set else ():
        names.setdefault(species, (set(), set(), set()))
    entries = [
        NotExcluded(
            species=Line(species),
            reason=Reason.NAME_UNRESOLVED if states == {CurationState.NAME_UNRESOLVED} else None,
            views=tuple(sorted(seen_in)),
            records=tuple(Line(record) for record in sorted(records)),
            note=near_set.note if near_set is not None and not records else None,
        )
        for species, (seen_in, records, states) in sorted(names.items())
    ]
    individuals = individuals_at(library, locus)
    entries += [
        NotExcluded(
            species=species,
            reason=Reason.TOO_FEW_REFERENCES if individuals[species] else Reason.NO_REFERENCE_AT_LOCUS,
            views=(),
            note=None,
        )
        for species in library.genus_species
        if len(individuals[species]) < method.species_min_individuals_of_others and species not in names
    ]
    return tuple(entries)
