"""Grades of the references of a species at a marker (after BAGS: Fontes et al. 2021, Mol. Ecol. Res. 21:573)."""

from __future__ import annotations

from collections.abc import Iterator

from musk_id.model.audit import SpeciesGrade
from musk_id.model.library import LibraryTaxon
from musk_id.refdb.audit_places import Places
from musk_id.vocabulary import LibraryGrade

__all__ = ["grade", "species_grades"]

MIN_INDIVIDUALS_A = 5
MIN_SUBMISSIONS_A = 2


def grade(*, in_conflict: bool, individuals: int, submissions: int, clusters: int) -> LibraryGrade:
    """Grade by the first rule that holds, worst first.

    E: a name is in conflict, or a sequence stands under several names. D: a single individual. C: individuals
    in several clusters. A: at least five individuals of at least two submissions. B: all others.
    """
    if in_conflict:
        return LibraryGrade.E
    if individuals < 2:
        return LibraryGrade.D
    if clusters > 1:
        return LibraryGrade.C
    if individuals >= MIN_INDIVIDUALS_A and submissions >= MIN_SUBMISSIONS_A:
        return LibraryGrade.A
    return LibraryGrade.B


def species_grades(
    places: Places, taxa: tuple[LibraryTaxon, ...], in_conflict: frozenset[int]
) -> Iterator[SpeciesGrade]:
    """Grades of all species of a marker, by name; ``in_conflict`` are rows that speak against a name."""
    table = places.table
    parts = places.parts()
    for taxon in sorted(places.of_taxon, key=lambda t: taxa[t].species):
        rows = places.of_taxon[taxon]
        individuals = places.animals(rows)
        submissions = len({int(table.submission[row]) for row in rows})
        clusters = len(parts[taxon])
        yield SpeciesGrade(
            species=taxa[taxon].species,
            locus=table.locus,
            grade=grade(
                in_conflict=not in_conflict.isdisjoint(rows),
                individuals=individuals,
                submissions=submissions,
                clusters=clusters,
            ),
            records=len(rows),
            individuals=individuals,
            submissions=submissions,
            clusters=clusters,
        )
