"""The Examination Record of a case: everything that its pages are rendered from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.error_figures import CalibrationSummary
from musk_id.model.evidence import EvidenceRecord, Statement
from musk_id.model.form import RecordForm
from musk_id.model.intake import IntakeRecord
from musk_id.model.method_cards import MethodCard
from musk_id.model.methods import (
    AnimalMethod,
    BarcodeMethod,
    ControlMethod,
    EvidenceMethod,
    ReadsMethod,
    SangerMethod,
    SpectraMethod,
)
from musk_id.model.provenance import InputDigest, Provenance
from musk_id.model.reference import LegalRow, LibraryGap, SourceNote
from musk_id.model.spectra import SpectraRecord
from musk_id.model.values import Identifier, IsoDate, Line, Sha256, Text
from musk_id.vocabulary import Locus

__all__ = ["CaseFailure", "CaseRecord", "MarkerCount", "MethodsUsed", "OverlaySummary", "ReleaseSummary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodsUsed:
    """The methods with all their numbers."""

    barcode: BarcodeMethod
    animals: AnimalMethod
    sanger: SangerMethod
    spectra: SpectraMethod
    controls: ControlMethod
    evidence: EvidenceMethod
    reads: ReadsMethod | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerCount:
    """How many individuals stand behind a radius: of the genus of interest, and of other mammals."""

    locus: Locus
    own_individuals: int
    other_individuals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlaySummary:
    """A library of the laboratory's own that was compared together with the release."""

    library_id: Line
    date: IsoDate
    manifest_sha256: Sha256
    barcode_records: int
    spectrum_records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSummary:
    """The reference release in use: what it holds, what it lacks, what it cannot answer."""

    release_id: Line
    date: IsoDate
    manifest_sha256: Sha256
    barcode_records: int
    barcode_individuals: int
    spectrum_records: int
    marker_counts: tuple[MarkerCount, ...]
    gaps: tuple[LibraryGap, ...]
    sources: tuple[SourceNote, ...]
    legal_rows: tuple[LegalRow, ...]
    overlays: tuple[OverlaySummary, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class CaseRecord:
    """A case from request to answers; its canonical JSON is the record, the pages are renderings of it.

    Records made before the figures of the calibration were told have no ``calibration``, those made before the
    form was told no ``form``. ``method_cards`` are what benchmarks measured of methods and markers of the case
    beside the calibration.
    """

    SCHEMA: ClassVar[str] = "musk-id/case-record/1"

    schema: Line
    case_id: Identifier
    provenance: Provenance
    intake: IntakeRecord
    controls: tuple[ControlsRecord, ...]
    barcode: BarcodeRecord
    spectra: SpectraRecord
    evidence: EvidenceRecord
    methods: MethodsUsed
    release: ReleaseSummary
    stage_digests: tuple[InputDigest, ...]
    appendix_statements: tuple[Statement, ...]
    calibration: CalibrationSummary | None = None
    form: RecordForm | None = None
    method_cards: tuple[MethodCard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFailure:
    """A case that could not be processed: where it stopped and why; later stages pass it on."""

    SCHEMA: ClassVar[str] = "musk-id/case-failure/1"

    schema: Line
    case_id: Line
    stage: Line
    code: Line
    exit_code: int
    message: Text
    where: Line | None = None
    hint: Text | None = None
    problems: tuple[Text, ...] = ()
