"""What an audit of a library found: conflicts of names, remarks on records, grades of species; proposals only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.values import DecimalText, Identifier, IsoDate, Line, Sha256, Text
from musk_id.vocabulary import AuditFlag, AuditSide, LibraryGrade, Locus

__all__ = ["AuditConflict", "AuditMember", "AuditRemark", "LibraryAudit", "SpeciesGrade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditMember:
    """A record of a conflict: its name and its distance to the record in question.

    ``differing`` counts columns that share no base, or edits; ``compared`` the columns both hold, or letters.
    """

    accession: Line
    species: Line
    differing: int
    compared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditConflict:
    """A record that sits with another name than its own, with both sides.

    ``claim`` are the record and its companions of the same submission; ``others`` the nearest records of
    other names, ``own`` those of its own name, nearest first.
    """

    flag: AuditFlag
    side: AuditSide
    locus: Locus
    accession: Line
    species: Line
    family: Line
    other_species: Line
    ratio: DecimalText | None = None
    claim: tuple[Line, ...]
    other_individuals: int
    own_individuals: int
    others: tuple[AuditMember, ...]
    own: tuple[AuditMember, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRemark:
    """A remark on records or a species at a marker: what was measured, and against what."""

    flag: AuditFlag
    locus: Locus
    species: tuple[Line, ...]
    accessions: tuple[Line, ...] = ()
    measured: Text
    allowed: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesGrade:
    """Grade of a species at a marker with the counts that it rests on."""

    species: Line
    locus: Locus
    grade: LibraryGrade
    records: int
    individuals: int
    submissions: int
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryAudit:
    """Audit of one library; nothing in the library is changed by it."""

    SCHEMA: ClassVar[str] = "musk-id/library-audit/1"

    schema: Line = Line("musk-id/library-audit/1")
    method_version: Line
    library_id: Identifier
    library_date: IsoDate
    library_sha256: Sha256
    checklist_release: Line
    conflicts: tuple[AuditConflict, ...]
    remarks: tuple[AuditRemark, ...]
    grades: tuple[SpeciesGrade, ...]
