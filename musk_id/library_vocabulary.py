"""Closed lists of words of the reference library: why a record does not enter or leave, and what changed.

They stand in tables, reports and differences, never in a case record; ``docs/reference-library.md`` explains each.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ChangeKind", "LeftOut", "NotExported", "RecordAspect"]


class LeftOut(StrEnum):
    """Why a record of a library does not enter a release that is frozen (``docs/reference-library.md``)."""

    IN_BASE_ALREADY = "IN_BASE_ALREADY"
    NAME_NO_SPECIES = "NAME_NO_SPECIES"
    TAXON_INCOMPLETE = "TAXON_INCOMPLETE"
    TAXON_CONFLICT = "TAXON_CONFLICT"
    WINDOW_WITH_GAPS = "WINDOW_WITH_GAPS"
    LENGTH_NOT_OF_WINDOW = "LENGTH_NOT_OF_WINDOW"
    SEQUENCE_FAULTY = "SEQUENCE_FAULTY"
    STATE_CONTRADICTS_NAME = "STATE_CONTRADICTS_NAME"
    NAME_CONTRADICTS_BASE = "NAME_CONTRADICTS_BASE"
    NAME_CONTRADICTS_LETTERS = "NAME_CONTRADICTS_LETTERS"
    INDIVIDUAL_CONFLICT = "INDIVIDUAL_CONFLICT"
    INDIVIDUAL_NOT_SHOWN = "INDIVIDUAL_NOT_SHOWN"
    SUBMITTER_COUNTED = "SUBMITTER_COUNTED"
    SET_NOT_DECIDED = "SET_NOT_DECIDED"
    DUPLICATE_OF_NOTHING = "DUPLICATE_OF_NOTHING"


class NotExported(StrEnum):
    """Why a record of a library does not travel to another laboratory (``docs/reference-library.md``)."""

    INPUT_NOT_SHARED = "INPUT_NOT_SHARED"
    LICENCE_NOT_ALLOWED = "LICENCE_NOT_ALLOWED"
    PROVENANCE_MISSING = "PROVENANCE_MISSING"
    REVISED_NAME_WITHOUT_GENUS = "REVISED_NAME_WITHOUT_GENUS"


class ChangeKind(StrEnum):
    """What became of a row between two collections."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"


class RecordAspect(StrEnum):
    """In what a record of one collection differs from that of another."""

    LETTERS = "LETTERS"
    HAPLOTYPE = "HAPLOTYPE"
    SPECIES = "SPECIES"
    HIGHER_TAXA = "HIGHER_TAXA"
    REVISED_NAMES = "REVISED_NAMES"
    STATE = "STATE"
    INDIVIDUAL = "INDIVIDUAL"
    PROVENANCE = "PROVENANCE"
