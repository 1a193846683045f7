"""The call of one sequence at one marker, under both views of the names (decision rules, section 4).

Radius first, margin second. Distances count against the call: the candidate's are upper bounds, its
competitors' lower bounds. The margin certified by the wide set, min(margin, W - 2d), is a remark for
*Moschus* and a condition for naming another genus.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from musk_id.model.barcode import LocusCall, NotExcluded, ViewCall
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.reference import TaxonSet
from musk_id.model.trace import Criterion
from musk_id.model.values import Line
from musk_id.stages.comparison import Compared
from musk_id.stages.library import BarcodeLibrary, genera_of, individuals_at, species_of
from musk_id.stages.locus_limits import LocusLimits
from musk_id.stages.mammal_species import SpeciesAnswer, call_species
from musk_id.stages.placement import criterion
from musk_id.vocabulary import CriterionOutcome, CurationState, Locus, NameView, Rank, Reason

__all__ = ["call_locus"]


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
    called = _called(compared, views, limits, library, method, animals)
    if library.has_overlay and called.rank is not Rank.NONE:
        released = tuple(entry for entry in compared if entry.record.overlay is None)
        alone = _release_alone(released, called, limits, library, method, animals)
        called = replace(called, trace=(*called.trace, alone))
        if alone.outcome is CriterionOutcome.FAILED:
            reasons = (*called.reasons, Reason.OVERLAY_ONLY)
            called = replace(called, rank=Rank.NONE, taxon=None, species=(), reasons=reasons)
    moschus = [c.upper for c in compared if c.record.genus == method.genus]
    named = called.taxon == method.genus and called.rank is Rank.GENUS
    near_set = _nearest_set(views, library.sets) if named else None
    certified = called.certified
    return LocusCall(
        rank=called.rank,
        taxon=None if called.taxon is None else Line(called.taxon),
        genus_of_interest_distance=limits.text(min(moschus)) if moschus else None,
        views=tuple(_view_call(view, found, limits) for view, found in views.items()),
        certified_margin=None if certified is None else limits.text(certified),
        nearest_set=near_set.set_id if near_set else None,
        not_excluded=_not_excluded(views, near_set, limits.locus, library, method) if named else (),
        reasons=called.reasons,
        trace=called.trace,
        species=tuple(Line(species) for species in called.species),
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


@dataclass(frozen=True, slots=True)
class _Called:
    """What the references given say: taxon, certified margin, reasons and criteria."""

    rank: Rank
    taxon: str | None
    species: tuple[str, ...]
    certified: Fraction | None
    reasons: tuple[Reason, ...]
    trace: tuple[Criterion, ...]

    @property
    def names(self) -> str:
        """Rank and names as one text."""
        return " ".join((self.rank, *(self.species or (() if self.taxon is None else (self.taxon,)))))


def _called(
    compared: tuple[Compared, ...],
    views: dict[NameView, _View],
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> _Called:
    """The answer by the references given."""
    certified = _certified_margin(views, limits, library)
    genus = _common_genus(views)
    reasons, trace = _judge(genus, views, certified, limits, method, animals)
    rank, taxon, families = _answer(genus, reasons, views, limits, compared, method)
    trace += families
    found = _species(rank, taxon, compared, limits, library, method, animals)
    if found is None:
        return _Called(rank, taxon, (), certified, reasons, trace)
    taxon = found.species[0] if found.rank is Rank.SPECIES else taxon
    return _Called(found.rank, taxon, found.species, certified, reasons, trace + found.trace)


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
    table = library.relatives.table(limits.locus, taxon, radius.min_compared_bp)
    return call_species(compared, taxon, table, radius, limits.text)


def _release_alone(
    released: tuple[Compared, ...],
    answer: _Called,
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> Criterion:
    """Whether the release without the laboratory's own records gives the same answer.

    A record that only the laboratory holds can come nearer, and can be a competitor; it cannot carry a name,
    since nobody outside has checked its own.
    """
    found = str(Rank.NONE)
    nearest: tuple[Line, ...] = ()
    if released:
        views = {view: _view(released, view) for view in NameView}
        found = _called(released, views, limits, library, method, animals).names
        nearest = _accessions(tuple(entry for view in views.values() for entry in view.nearest))
    return criterion("barcode.release_alone", found, answer.names, found == answer.names, records=nearest)


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
    wide = limits.wide and not moschus
    others_near = wide and any(v.next_distance is not None and v.next_distance <= radius for v in views.values())
    if genus is None or smallest is None or smallest < margin or others_near:
        reasons.append(Reason.MARGIN_TOO_SMALL)
    if wide:
        trace += _wide_criteria(views, limits, following, passed=not others_near)
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
    elif not moschus and not limits.coding and not wide:
        # Without a wide comparison a near relative that the panel lacks could be taken for the genus.
        reasons.append(Reason.CERTIFIED_MARGIN_SMALL)
    return tuple(reasons), tuple(trace)


def _wide_criteria(
    views: dict[NameView, _View], limits: LocusLimits, following: tuple[Line, ...], *, passed: bool
) -> list[Criterion]:
    """What a wide library adds: that it is one, and that no other genus lies within the radius."""
    nearest_others = [found.next_distance for found in views.values() if found.next_distance is not None]
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
    views: dict[NameView, _View],
    limits: LocusLimits,
    compared: tuple[Compared, ...],
    method: BarcodeMethod,
) -> tuple[Rank, str | None, tuple[Criterion, ...]]:
    """Rank and taxon: the genus; for other animals else the family; else nothing."""
    if genus == method.genus:
        blocking = {Reason.OUTSIDE_RADIUS, Reason.MARGIN_TOO_SMALL} & set(reasons)
        return (Rank.NONE, None, ()) if blocking else (Rank.GENUS, genus, ())
    if genus is not None and not reasons:
        return Rank.GENUS, genus, ()
    if Reason.OUTSIDE_RADIUS in reasons:
        return Rank.NONE, None, ()
    distance = max(found.distance for found in views.values())
    families = sorted({entry.record.family for entry in compared if limits.in_reach(entry.lower, distance)})
    # The genus of interest is alone in its family: the family would name it where the genus may not.
    nearest = {name for found in views.values() for name in found.nearest_genus}
    one = len(families) == 1 and method.genus not in nearest
    trace = (criterion("barcode.one_family", ", ".join(families), "one, without the genus of interest", one),)
    rank, taxon = (Rank.FAMILY, families[0]) if one else (Rank.NONE, None)
    return rank, taxon, trace if limits.wide else ()


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
