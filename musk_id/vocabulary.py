"""Closed lists of words: every enumerated value that a record, a schema or a message may carry.

Members are never renamed or reused once released; ``docs/vocabulary.md`` explains each.
"""

from __future__ import annotations

from enum import StrEnum

from musk_id.reason_vocabulary import Reason

__all__ = [
    "BatchKind",
    "CandidateLevel",
    "CompoundStatus",
    "ControlKind",
    "ControlOutcome",
    "ControlResult",
    "CriterionOutcome",
    "CurationState",
    "ExtractKind",
    "FileRole",
    "Finding",
    "Grade",
    "Language",
    "Locus",
    "MassPrecision",
    "MaterialClass",
    "NameView",
    "PermitKind",
    "RELEASE_MARKERS",
    "QuestionKind",
    "Rank",
    "Reason",
    "ReplicateKind",
    "SealState",
    "Selection",
    "Sex",
    "SpectrumFlag",
    "Stage",
    "Strand",
    "Technique",
]


class Stage(StrEnum):
    """Stages in the order in which they run."""

    INTAKE = "intake"
    CONTROLS = "controls"
    BARCODE = "barcode"
    SPECTRA = "spectra"
    EVIDENCE = "evidence"
    RECORD = "record"
    SEAL = "seal"


class Language(StrEnum):
    """Languages of the phrase catalogue."""

    EN = "en"
    RU = "ru"
    KK = "kk"
    ZH = "zh"


class Finding(StrEnum):
    """What a finding may be called (decision rules, section 1)."""

    DETECTED = "DETECTED"
    NOT_DETECTED = "NOT_DETECTED"
    EXCLUDED = "EXCLUDED"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_EXAMINED = "NOT_EXAMINED"
    OUTSIDE_COMPETENCE = "OUTSIDE_COMPETENCE"


class CompoundStatus(StrEnum):
    """What may be said of a compound (decision rules, section 6)."""

    IDENTIFIED = "IDENTIFIED"
    TENTATIVE = "TENTATIVE"
    NOT_DETECTED = "NOT_DETECTED"
    NO_REFERENCE = "NO_REFERENCE"


class Grade(StrEnum):
    """Evidence grade (decision rules, section 3); C is for screening, not for court."""

    A = "A"
    B = "B"
    C = "C"


class Rank(StrEnum):
    """Deepest taxonomic rank that the data support."""

    SPECIES = "SPECIES"
    SPECIES_SET = "SPECIES_SET"
    GENUS = "GENUS"
    FAMILY = "FAMILY"
    NONE = "NONE"


class NameView(StrEnum):
    """Under which names of the reference records a call was computed."""

    AS_DEPOSITED = "AS_DEPOSITED"
    AS_REVISED = "AS_REVISED"


class CandidateLevel(StrEnum):
    """What the candidates are whose separating letters a record lists."""

    GENUS = "GENUS"
    SPECIES = "SPECIES"
    LINEAGE_SET = "LINEAGE_SET"


class CurationState(StrEnum):
    """State of the name of a reference record (decision rules, section 4)."""

    REFERENCE = "reference"
    DUPLICATE = "duplicate"
    NAME_DISPROVED = "name_disproved"
    NAME_UNRESOLVED = "name_unresolved"
    UNUSABLE = "unusable"


class Locus(StrEnum):
    """Barcode windows of the reference library."""

    COI = "COI-658"
    CYTB = "CYTB"
    RRNA_12S = "12S-V5"
    RRNA_16S = "16S-mam"
    RRNA_16S_FOOD = "16S-food"


RELEASE_MARKERS = (Locus.COI, Locus.CYTB, Locus.RRNA_12S, Locus.RRNA_16S)
"""Markers of releases and of cases; others screen for mammals other than *Moschus*, in libraries of one's own."""


class MassPrecision(StrEnum):
    """How finely the m/z of a spectrum are written: whole numbers, halves, one decimal, or more."""

    UNIT = "UNIT"
    HALVES = "HALVES"
    TENTHS = "TENTHS"
    FINER = "FINER"


class SpectrumFlag(StrEnum):
    """What the audit of a library finds at a spectrum; a flag is a question to a person, never a verdict."""

    MOLECULAR_ION_MISSING = "MOLECULAR_ION_MISSING"
    PEAKS_ABOVE_MOLECULAR_ION = "PEAKS_ABOVE_MOLECULAR_ION"
    DERIVATIVE_UNDER_PARENT_KEY = "DERIVATIVE_UNDER_PARENT_KEY"
    ISOTOPOLOGUE_UNDER_PARENT_KEY = "ISOTOPOLOGUE_UNDER_PARENT_KEY"
    SAME_PEAKS_OTHER_STRUCTURE = "SAME_PEAKS_OTHER_STRUCTURE"
    NEAR_DUPLICATE = "NEAR_DUPLICATE"
    MASS_CONTRADICTS_FORMULA = "MASS_CONTRADICTS_FORMULA"
    FORMULA_CONTRADICTS_KEY = "FORMULA_CONTRADICTS_KEY"
    ELECTRON_ENERGY_OTHER = "ELECTRON_ENERGY_OTHER"
    ELECTRON_ENERGY_NOT_STATED = "ELECTRON_ENERGY_NOT_STATED"
    MASS_PRECISION = "MASS_PRECISION"
    STARTS_HIGH = "STARTS_HIGH"
    FEW_PEAKS = "FEW_PEAKS"


class Strand(StrEnum):
    """Strand of a query relative to the references (coding orientation as printed in RefSeq)."""

    FORWARD = "+"
    REVERSE = "-"


class Technique(StrEnum):
    """How a run produced its evidence files."""

    SEQUENCE = "SEQUENCE"
    SANGER_TRACE = "SANGER_TRACE"
    SEQUENCING_READS = "SEQUENCING_READS"
    GC_MS_EI = "GC_MS_EI"
    LC_MS_MS = "LC_MS_MS"
    INFRARED = "INFRARED"
    RAMAN = "RAMAN"


class FileRole(StrEnum):
    """What an evidence file holds."""

    SEQUENCE = "SEQUENCE"
    TRACE_FORWARD = "TRACE_FORWARD"
    TRACE_REVERSE = "TRACE_REVERSE"
    READS = "READS"
    SPECTRUM = "SPECTRUM"
    CHROMATOGRAM = "CHROMATOGRAM"
    PHOTOGRAPH = "PHOTOGRAPH"
    DOCUMENT = "DOCUMENT"


class QuestionKind(StrEnum):
    """Kinds of question that a request may carry."""

    ANIMAL_OF_ORIGIN = "ANIMAL_OF_ORIGIN"
    MUSK_DEER_PRESENT = "MUSK_DEER_PRESENT"
    SPECIES_OF_MUSK_DEER = "SPECIES_OF_MUSK_DEER"
    NATURAL_MUSK_PRESENT = "NATURAL_MUSK_PRESENT"
    SYNTHETIC_MUSK_PRESENT = "SYNTHETIC_MUSK_PRESENT"
    SUBSTANCES_PRESENT = "SUBSTANCES_PRESENT"
    CITES_LISTING = "CITES_LISTING"
    WILD_OR_FARMED = "WILD_OR_FARMED"
    AGE = "AGE"
    SEX = "SEX"
    COUNTRY_OF_ORIGIN = "COUNTRY_OF_ORIGIN"
    NUMBER_OF_ANIMALS = "NUMBER_OF_ANIMALS"
    VALUE_OR_PENALTY = "VALUE_OR_PENALTY"
    OTHER = "OTHER"


class ReplicateKind(StrEnum):
    """What two results of one marker have apart: the nearest step of which there were two."""

    RE_INJECTION = "RE_INJECTION"
    AMPLIFICATION = "AMPLIFICATION"
    EXTRACTION = "EXTRACTION"
    SUB_SAMPLE = "SUB_SAMPLE"


class MaterialClass(StrEnum):
    """What a morphologist found an item to be."""

    WHOLE_GLAND = "WHOLE_GLAND"
    GLAND_WALL = "GLAND_WALL"
    TISSUE = "TISSUE"
    HAIR = "HAIR"
    BONE_OR_TUSK = "BONE_OR_TUSK"
    SECRETION = "SECRETION"
    LOOSE_GRAINS = "LOOSE_GRAINS"
    POWDER = "POWDER"
    PILL = "PILL"
    PLASTER = "PLASTER"
    PERFUME = "PERFUME"
    LIQUID = "LIQUID"
    OTHER = "OTHER"
    NOT_DETERMINED = "NOT_DETERMINED"


class Selection(StrEnum):
    """How the examined units were chosen from all units."""

    ALL = "ALL"
    RANDOM = "RANDOM"
    JUDGEMENT = "JUDGEMENT"
    NOT_RECORDED = "NOT_RECORDED"


class SealState(StrEnum):
    """State of a seal on receipt."""

    INTACT = "INTACT"
    BROKEN = "BROKEN"
    ABSENT = "ABSENT"
    NOT_RECORDED = "NOT_RECORDED"


class Sex(StrEnum):
    """Sex of a specimen as stated."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    NOT_KNOWN = "NOT_KNOWN"


class PermitKind(StrEnum):
    """Kinds of CITES permit or certificate."""

    EXPORT = "EXPORT"
    RE_EXPORT = "RE_EXPORT"
    IMPORT = "IMPORT"
    PRE_CONVENTION = "PRE_CONVENTION"
    CAPTIVE_BRED = "CAPTIVE_BRED"
    OTHER = "OTHER"
    NONE_PRESENTED = "NONE_PRESENTED"


class ExtractKind(StrEnum):
    """What was extracted from a sub-sample."""

    DNA = "DNA"
    SOLVENT = "SOLVENT"
    NONE = "NONE"


class BatchKind(StrEnum):
    """What the rows of a run sheet went through together."""

    DNA = "DNA"
    CHEMISTRY = "CHEMISTRY"


class ControlKind(StrEnum):
    """Kinds of row on a run sheet."""

    EXHIBIT = "EXHIBIT"
    EXTRACTION_BLANK = "EXTRACTION_BLANK"
    PCR_NEGATIVE = "PCR_NEGATIVE"
    POSITIVE = "POSITIVE"
    PROCESS_BLANK = "PROCESS_BLANK"
    STANDARD = "STANDARD"
    LADDER = "LADDER"
    CARRY_OVER_BLANK = "CARRY_OVER_BLANK"
    SPIKED_CONTROL = "SPIKED_CONTROL"


class ControlResult(StrEnum):
    """What the laboratory recorded of a control."""

    NO_PRODUCT = "NO_PRODUCT"
    PRODUCT = "PRODUCT"
    AS_EXPECTED = "AS_EXPECTED"
    NOT_AS_EXPECTED = "NOT_AS_EXPECTED"
    NOT_RECORDED = "NOT_RECORDED"


class ControlOutcome(StrEnum):
    """What the controls stage makes of a control."""

    PASSED = "PASSED"
    WARNING = "WARNING"
    FAILED = "FAILED"
    NOT_RECORDED = "NOT_RECORDED"


class CriterionOutcome(StrEnum):
    """Outcome of one criterion of a rule trace."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_TESTED = "NOT_TESTED"
