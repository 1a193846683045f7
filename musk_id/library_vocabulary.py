"""Closed lists of words of the reference library: what an audit finds, what enters or leaves, what changed.

They stand in tables, reports and differences; of them only ``CongenerStratum`` and ``Withheld`` stand in a case
record too, beside the rates that are quoted from a calibration. ``docs/reference-library.md`` explains each.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "AuditFlag",
    "AuditSide",
    "CalibrationRefusal",
    "ChangeKind",
    "CongenerStratum",
    "DistanceKind",
    "IntervalKind",
    "LeftOut",
    "LibraryGrade",
    "NameOutcome",
    "NotExported",
    "PublicationState",
    "RatioChange",
    "RatioModel",
    "RecordAspect",
    "Resolution",
    "SetAside",
    "SpectrumAspect",
    "Withheld",
]


class AuditFlag(StrEnum):
    """What an audit of a library remarks on a record, a species or a marker (``docs/reference-library.md``)."""

    NAME_CONFLICT = "NAME_CONFLICT"
    NEARER_OTHER_NAME = "NEARER_OTHER_NAME"
    SITS_WITH = "SITS_WITH"
    DUPLICATE_ACROSS_NAMES = "DUPLICATE_ACROSS_NAMES"
    SPLIT_SPECIES = "SPLIT_SPECIES"
    DISTANCE_OUTLIER = "DISTANCE_OUTLIER"
    LENGTH_OUTLIER = "LENGTH_OUTLIER"
    TOO_SHORT = "TOO_SHORT"
    TOO_AMBIGUOUS = "TOO_AMBIGUOUS"
    STOP_CODON = "STOP_CODON"
    FRAME_SHIFT = "FRAME_SHIFT"
    SINGLE_SUBMITTER = "SINGLE_SUBMITTER"
    NO_REFERENCE_AT_LOCUS = "NO_REFERENCE_AT_LOCUS"


class AuditSide(StrEnum):
    """Which side of a name conflict is likely wrong; ``NOT_DECIDED`` where the records do not tell."""

    RECORD = "RECORD"
    OTHERS = "OTHERS"
    NOT_DECIDED = "NOT_DECIDED"


class LibraryGrade(StrEnum):
    """Grade of the references of a species at a marker (``docs/reference-library.md``)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


class LeftOut(StrEnum):
    """Why a record of a library does not enter a release that is frozen (``docs/reference-library.md``)."""

    IN_BASE_ALREADY = "IN_BASE_ALREADY"
    MARKER_NOT_OF_RELEASES = "MARKER_NOT_OF_RELEASES"
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
    PEAKS_IN_BASE_ALREADY = "PEAKS_IN_BASE_ALREADY"
    SPECTRUM_NOT_REFERENCE = "SPECTRUM_NOT_REFERENCE"
    SPECTRUM_FLAGGED = "SPECTRUM_FLAGGED"
    SPECTRUM_FAULTY = "SPECTRUM_FAULTY"
    STRUCTURE_INCOMPLETE = "STRUCTURE_INCOMPLETE"
    DERIVATISED = "DERIVATISED"
    ELECTRON_ENERGY_OTHER = "ELECTRON_ENERGY_OTHER"


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


class SpectrumAspect(StrEnum):
    """In what a spectrum of one collection differs from that of another."""

    PEAKS = "PEAKS"
    METADATA = "METADATA"
    PROVENANCE = "PROVENANCE"
    STATE = "STATE"


class Withheld(StrEnum):
    """What a calibration leaves out of the library before it compares an individual with it."""

    INDIVIDUAL = "INDIVIDUAL"
    SPECIES = "SPECIES"
    GENUS = "GENUS"


class CongenerStratum(StrEnum):
    """How far the nearest other species of the genus lies (decision rules, section 7)."""

    ALL = "ALL"
    BELOW_2_PERCENT = "BELOW_2_PERCENT"
    FROM_2_TO_7_PERCENT = "FROM_2_TO_7_PERCENT"
    ABOVE_7_PERCENT = "ABOVE_7_PERCENT"
    NO_CONGENER = "NO_CONGENER"


class DistanceKind(StrEnum):
    """Distributions of a calibration; which pairs or individuals each counts is told in its document."""

    WITHIN_SPECIES = "WITHIN_SPECIES"
    WITHIN_SPECIES_LARGEST = "WITHIN_SPECIES_LARGEST"
    WITHIN_SPECIES_WITH_COLLAPSED = "WITHIN_SPECIES_WITH_COLLAPSED"
    WITHIN_GENUS = "WITHIN_GENUS"
    NEAREST_CONGENER = "NEAREST_CONGENER"
    NEAREST_OTHER_GENUS = "NEAREST_OTHER_GENUS"
    MARGIN_INDIVIDUAL_WITHHELD = "MARGIN_INDIVIDUAL_WITHHELD"
    MARGIN_SPECIES_WITHHELD = "MARGIN_SPECIES_WITHHELD"


class CalibrationRefusal(StrEnum):
    """Why the spectra of a library give no probability (``docs/decisions/ranking-spectra.md``)."""

    NO_SPECTRA = "NO_SPECTRA"
    TOO_FEW_SEARCHES = "TOO_FEW_SEARCHES"
    TOO_FEW_LABORATORIES = "TOO_FEW_LABORATORIES"
    NONE_RIGHT = "NONE_RIGHT"


class NameOutcome(StrEnum):
    """What a search of spectra says of its first compound (``docs/decisions/ranking-spectra.md``).

    ``NO_NAME``: the compound is not in the library, or its spectrum does not tell it from another one. ``ONE_OF``:
    the first compound or one of its known isomers, which no spectrum alone tells apart.
    """

    NAMED = "NAMED"
    ONE_OF = "ONE_OF"
    NO_NAME = "NO_NAME"
    NOT_CALIBRATED = "NOT_CALIBRATED"


class IntervalKind(StrEnum):
    """Kind of the limits of a rate, both after Clopper and Pearson."""

    ONE_SIDED_95 = "ONE_SIDED_95"
    TWO_SIDED_95 = "TWO_SIDED_95"


class Resolution(StrEnum):
    """What the records of a library show about two species at a marker."""

    NO_RECORD = "NO_RECORD"
    SHARED = "SHARED"
    OVERLAPPING = "OVERLAPPING"
    TOO_FEW = "TOO_FEW"
    APART = "APART"


class SetAside(StrEnum):
    """Why a record handed in for a library is not compared; it stays listed (``docs/reference-library.md``)."""

    NAME_MISSING = "NAME_MISSING"
    NAME_NO_SPECIES = "NAME_NO_SPECIES"
    NO_DNA = "NO_DNA"
    LOCUS_NOT_RECOGNISED = "LOCUS_NOT_RECOGNISED"
    LOCUS_NOT_WANTED = "LOCUS_NOT_WANTED"
    LOCUS_AMBIGUOUS = "LOCUS_AMBIGUOUS"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    TOO_AMBIGUOUS = "TOO_AMBIGUOUS"
    FRAME_BROKEN = "FRAME_BROKEN"
    DUPLICATE_ACCESSION = "DUPLICATE_ACCESSION"
    ACCESSION_CONFLICT = "ACCESSION_CONFLICT"
    ACCESSION_MISSING = "ACCESSION_MISSING"
    NO_STRUCTURE = "NO_STRUCTURE"
    FORMULA_UNREADABLE = "FORMULA_UNREADABLE"
    NOT_EI = "NOT_EI"
    PREDICTED = "PREDICTED"
    IONISATION_NOT_STATED = "IONISATION_NOT_STATED"
    TOO_FEW_PEAKS = "TOO_FEW_PEAKS"
    WITHDRAWN_BY_SOURCE = "WITHDRAWN_BY_SOURCE"


class PublicationState(StrEnum):
    """How far a deposited record has been published, by its own citations."""

    PUBLISHED = "published"
    IN_PRESS = "in_press"
    UNPUBLISHED = "unpublished"
    SUBMISSION_ONLY = "submission_only"
    NOT_STATED = "not_stated"


class RatioChange(StrEnum):
    """What is changed in the counts of a likelihood ratio to see what it hangs on."""

    ONE_H1_FEWER_NAMED = "ONE_H1_FEWER_NAMED"
    ONE_H2_MORE_NAMED = "ONE_H2_MORE_NAMED"
    MOST_INFLUENTIAL_ITEM_LEFT_OUT = "MOST_INFLUENTIAL_ITEM_LEFT_OUT"
    H2_FAMILY_LEFT_OUT = "H2_FAMILY_LEFT_OUT"
    H1_SPECIES_LEFT_OUT = "H1_SPECIES_LEFT_OUT"


class RatioModel(StrEnum):
    """Models that turn a score into a likelihood ratio, for the annex only."""

    PAV = "PAV"
    LOGISTIC = "LOGISTIC"
    KERNEL_DENSITY = "KERNEL_DENSITY"
