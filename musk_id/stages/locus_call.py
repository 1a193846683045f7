"""The call of one sequence at one marker, under both views of the names, as it stands in a record.

What is decided, is decided in :mod:`musk_id.stages.locus_judgement`.
"""

from __future__ import annotations

from musk_id.model.barcode import LocusCall, NotExcluded, ViewCall
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.reference import TaxonSet
from musk_id.model.values import Line
from musk_id.stages.comparison import Compared
from musk_id.stages.library import BarcodeLibrary, individuals_at, species_of
from musk_id.stages.locus_judgement import LocusView, accessions_of, judge_locus
from musk_id.stages.locus_limits import LocusLimits
from musk_id.vocabulary import CurationState, Locus, NameView, Rank, Reason

__all__ = ["call_locus"]


def call_locus(
    compared: tuple[Compared, ...],
    limits: LocusLimits,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> LocusCall:
    """Call a sequence from its distances to all references of the marker (at least one)."""
    judged = judge_locus(compared, limits, library, method, animals)
    views = judged.views
    moschus = [c.upper for c in compared if c.record.genus == method.genus]
    named = judged.taxon == method.genus and judged.rank is Rank.GENUS
    near_set = _nearest_set(views, library.sets) if named else None
    return LocusCall(
        rank=judged.rank,
        taxon=None if judged.taxon is None else Line(judged.taxon),
        genus_of_interest_distance=limits.text(min(moschus)) if moschus else None,
        views=tuple(_view_call(view, found, limits) for view, found in views.items()),
        certified_margin=None if judged.certified is None else limits.text(judged.certified),
        nearest_set=near_set.set_id if near_set else None,
        not_excluded=_not_excluded(views, near_set, limits.locus, library, method) if named else (),
        reasons=judged.reasons,
        trace=judged.trace(),
        species=tuple(Line(species) for species in judged.species),
    )


def _view_call(view: NameView, found: LocusView, limits: LocusLimits) -> ViewCall:
    return ViewCall(
        view=view,
        nearest_genus=tuple(Line(genus) for genus in found.nearest_genus),
        nearest_distance=limits.text(found.distance),
        nearest_records=accessions_of(found.nearest),
        next_genus=tuple(Line(genus) for genus in found.next_genus),
        next_distance=None if found.next_distance is None else limits.text(found.next_distance),
        next_records=accessions_of(found.following),
        margin=None if found.margin is None else limits.text(found.margin),
    )


def _nearest_set(views: dict[NameView, LocusView], sets: tuple[TaxonSet, ...]) -> TaxonSet | None:
    """The lineage set to which every nearest record belongs."""
    nearest = {entry.record.accession for found in views.values() for entry in found.released}
    for taxon_set in sets:
        if nearest <= set(taxon_set.accessions):
            return taxon_set
    return None


def _not_excluded(
    views: dict[NameView, LocusView],
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
