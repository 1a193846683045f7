"""Audit of a built library: what speaks against its names and sequences. It proposes; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from musk_id.library_vocabulary import AuditFlag, AuditSide
from musk_id.model.audit import AuditConflict, AuditMember, AuditRemark, LibraryAudit, SpeciesGrade
from musk_id.model.library import Library, LibraryTaxon
from musk_id.model.methods import BarcodeMethod
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import Identifier, Line, Text, decimal_text
from musk_id.refdb.audit_grades import species_grades
from musk_id.refdb.audit_names import Conflict, find_conflicts
from musk_id.refdb.audit_places import Place, Places
from musk_id.refdb.audit_sequences import sequence_remarks
from musk_id.refdb.audit_table import AuditTable, audit_table, without_copies
from musk_id.vocabulary import Locus

__all__ = ["AUDIT_METHOD", "CONFLICT_FLAGS", "Provenance", "audit_library"]

AUDIT_METHOD = Line("library-audit-1")
MEMBERS_SHOWN = 12

CONFLICT_FLAGS = frozenset({AuditFlag.NAME_CONFLICT, AuditFlag.NEARER_OTHER_NAME})


@dataclass(frozen=True, slots=True)
class Provenance:
    """Of each record (marker, accession): letters too many or missing, and who submitted it (if stated)."""

    indels: Mapping[tuple[Locus, str], int]
    submitters: Mapping[tuple[Locus, str], str]


class _Marker:
    """One marker of the library under audit."""

    def __init__(self, taxa: tuple[LibraryTaxon, ...], table: AuditTable) -> None:
        self.taxa, self.table, self.locus = taxa, table, table.locus
        self.places = Places(table)

    def accession(self, row: int) -> Line:
        """Accession of a record."""
        return Line(self.table.accessions[row])

    def species(self, row: int) -> Line:
        """Species in force of a record."""
        return self.taxa[int(self.table.taxon[row])].species

    def members(self, row: int, rows: list[int]) -> tuple[AuditMember, ...]:
        """The nearest of some records, as the audit shows them."""
        return tuple(
            AuditMember(
                accession=self.accession(near.row),
                species=self.species(near.row),
                differing=near.differing,
                compared=near.compared,
            )
            for near in self.places.nearest_of(row, rows)[:MEMBERS_SHOWN]
        )

    def conflicts(self) -> Iterator[AuditConflict]:
        """Conflicts of names, those of the strict rule first, then by accession."""
        strict = find_conflicts(self.table)
        for row in sorted(strict, key=self.accession):
            yield self._strict(row, strict[row])
        for place in sorted(self.places.beside_other_names(), key=lambda p: self.accession(p.record)):
            if place.record not in strict:
                yield self._beside(place)

    def _strict(self, row: int, conflict: Conflict) -> AuditConflict:
        animals = {int(self.table.individual[r]) for r in conflict.claim}
        rows = self.places.of_taxon[int(self.table.taxon[row])]
        own = [r for r in rows if int(self.table.individual[r]) not in animals]
        return AuditConflict(
            flag=AuditFlag.NAME_CONFLICT,
            side=AuditSide.RECORD,
            locus=self.locus,
            accession=self.accession(row),
            species=self.species(row),
            family=self.taxa[int(self.table.taxon[row])].family,
            other_species=self.taxa[conflict.taxon].species,
            ratio=decimal_text(conflict.ratio, 1),
            claim=tuple(sorted(map(self.accession, conflict.claim))),
            other_individuals=self.places.animals(list(conflict.others)),
            own_individuals=self.places.animals(own),
            others=self.members(row, list(conflict.others)),
            own=self.members(row, own),
        )

    def _beside(self, place: Place) -> AuditConflict:
        return AuditConflict(
            flag=AuditFlag.NEARER_OTHER_NAME if place.own else AuditFlag.SITS_WITH,
            side=place.side,
            locus=self.locus,
            accession=self.accession(place.record),
            species=self.species(place.record),
            family=self.taxa[int(self.table.taxon[place.record])].family,
            other_species=self.taxa[place.taxon].species,
            claim=tuple(sorted(map(self.accession, place.claim))),
            other_individuals=place.other_individuals,
            own_individuals=place.own_individuals,
            others=self.members(place.record, [near.row for near in place.others]),
            own=self.members(place.record, [near.row for near in place.own]),
        )

    def remark(self, flag: AuditFlag, rows: list[int], measured: str, allowed: str) -> AuditRemark:
        """A remark on some records."""
        return AuditRemark(
            flag=flag,
            locus=self.locus,
            species=tuple(sorted({self.species(row) for row in rows})),
            accessions=tuple(sorted({self.accession(row) for row in rows})),
            measured=Text(measured),
            allowed=Text(allowed),
        )

    def remarks(self, method: BarcodeMethod, provenance: Provenance) -> Iterator[AuditRemark]:
        """Remarks on records and species, in the order of the flags."""
        for rows in self.places.equal_across_names():
            names = len({int(self.table.taxon[row]) for row in rows})
            yield self.remark(
                AuditFlag.DUPLICATE_ACROSS_NAMES, rows, f"equal sequences under {names} names", "one name"
            )
        yield from self._species_remarks(provenance)
        unit = "share of columns" if self.table.is_coding else "edits"
        digits = 4 if self.table.is_coding else 0
        for row, own, largest in self.places.distance_outliers():
            measured = f"nearest of its name at {own:.{digits}f} ({unit})"
            yield self.remark(
                AuditFlag.DISTANCE_OUTLIER, [row], measured, f"other records at most {largest:.{digits}f}"
            )
        indels = {
            accession: count for (locus, accession), count in provenance.indels.items() if locus is self.locus
        }
        for found in sequence_remarks(self.places, method, indels):
            yield self.remark(found.flag, [found.row], found.measured, found.allowed)

    def _species_remarks(self, provenance: Provenance) -> Iterator[AuditRemark]:
        for taxon, parts in self.places.parts().items():
            several = [part for part in parts if self.places.animals(part) > 1]
            if len(several) > 1:
                sizes = " + ".join(str(self.places.animals(part)) for part in parts)
                rows = [row for part in parts for row in part]
                yield self.remark(AuditFlag.SPLIT_SPECIES, rows, f"clusters of {sizes} individuals", "one cluster")
            rows = self.places.of_taxon[taxon]
            if self.places.animals(rows) > 1:
                yield from self._one_submitter(rows, provenance)

    def _one_submitter(self, rows: list[int], provenance: Provenance) -> Iterator[AuditRemark]:
        stated = {provenance.submitters.get((self.locus, self.accession(row)), "") for row in rows}
        if "" not in stated and len(stated) == 1:
            submitter = next(iter(stated))
            yield self.remark(AuditFlag.SINGLE_SUBMITTER, rows, f"all from {submitter}", "at least two submitters")
        elif stated == {""} and len({int(self.table.submission[row]) for row in rows}) == 1:
            measured = "submitter not stated; the accessions are of one series"
            yield self.remark(AuditFlag.SINGLE_SUBMITTER, rows, measured, "at least two submitters")


def audit_library(
    library: Library, checklist: ReferenceRelease, method: BarcodeMethod, provenance: Provenance
) -> LibraryAudit:
    """Audit of every marker of a library.

    Parameters
    ----------
    library : Library
        The library, as loaded.
    checklist : ReferenceRelease
        Release whose species should have references.
    method : BarcodeMethod
        Lengths and ambiguity that the markers allow.
    provenance : Provenance
        What the library's table of records says beyond its arrays.
    """
    conflicts: list[AuditConflict] = []
    remarks: list[AuditRemark] = []
    grades: list[SpeciesGrade] = []
    for table in without_copies([audit_table(table) for table in library.loci.values()]):
        marker = _Marker(tuple(library.taxa), table)
        found = list(marker.conflicts())
        noted = list(marker.remarks(method, provenance))
        doubted = {c.accession for c in found if c.flag in CONFLICT_FLAGS}
        doubted |= {a for r in noted if r.flag is AuditFlag.DUPLICATE_ACROSS_NAMES for a in r.accessions}
        rows = frozenset(row for row in marker.places.rows if marker.accession(row) in doubted)
        conflicts += found
        remarks += noted
        grades += species_grades(marker.places, marker.taxa, rows)
    remarks += _gaps(grades, checklist, tuple(library.loci))
    return LibraryAudit(
        method_version=AUDIT_METHOD,
        library_id=Identifier(library.library_id),
        library_date=library.date,
        library_sha256=library.manifest_sha256,
        checklist_release=checklist.release_id,
        conflicts=tuple(conflicts),
        remarks=tuple(remarks),
        grades=tuple(grades),
    )


def _gaps(
    grades: list[SpeciesGrade], checklist: ReferenceRelease, loci: tuple[Locus, ...]
) -> Iterator[AuditRemark]:
    """Species of the checklist without any record at a marker of the library."""
    held = {(grade.species, grade.locus) for grade in grades}
    for taxon in sorted(checklist.taxa, key=lambda t: t.species):
        for locus in loci:
            if (taxon.species, locus) not in held:
                yield AuditRemark(
                    flag=AuditFlag.NO_REFERENCE_AT_LOCUS,
                    locus=locus,
                    species=(taxon.species,),
                    measured=Text("no record"),
                    allowed=Text("at least one"),
                )
