"""What the spectra stage finds: hits of a spectrum, compounds, markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.barcode import RunIdentity
from musk_id.model.chromatogram import RunChromatogram
from musk_id.model.provenance import Provenance
from musk_id.model.trace import Criterion
from musk_id.model.values import DecimalText, Identifier, Line, Sha256
from musk_id.vocabulary import CompoundStatus, Finding, Reason

__all__ = [
    "CompoundCall",
    "MarkerFinding",
    "Peak",
    "SpectraRecord",
    "SpectrumHit",
    "SpectrumResult",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """A unit-mass peak, intensity relative to 999."""

    mz: int
    intensity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumHit:
    """A library spectrum and its scores; ties share a rank."""

    rank: int
    accession: Line
    name: Line
    inchikey: Line
    formula: Line
    identity_forward: DecimalText
    identity_reverse: DecimalText
    similarity_forward: DecimalText
    similarity_reverse: DecimalText
    entropy_similarity: DecimalText
    matched_ions: int
    library_ions: int
    compared_mz_low: int
    compared_mz_high: int
    peaks: tuple[Peak, ...]
    overlay: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundCall:
    """What may be said of the compound behind a spectrum."""

    status: CompoundStatus
    name: Line | None
    inchikey: Line | None
    accession: Line | None
    confusables: tuple[Line, ...]
    reasons: tuple[Reason, ...]
    trace: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumResult:
    """One spectrum of one run."""

    run: RunIdentity
    spectrum_name: Line
    content_sha256: Sha256
    peak_count: int
    mz_low: int | None
    mz_high: int | None
    ionisation_energy: Line | None
    quality: tuple[Criterion, ...]
    finding: Finding
    reasons: tuple[Reason, ...]
    peaks: tuple[Peak, ...]
    hits: tuple[SpectrumHit, ...]
    references_compared: int
    call: CompoundCall | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerFinding:
    """A marker compound over all spectra of an item."""

    item_id: Identifier
    marker_id: Line
    name: Line
    group: Line
    status: CompoundStatus
    runs: tuple[Identifier, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectraRecord:
    """All spectra of a case and the markers of its items."""

    SCHEMA: ClassVar[str] = "musk-id/spectra/1"

    schema: Line
    case_id: Identifier
    provenance: Provenance
    spectra: tuple[SpectrumResult, ...]
    markers: tuple[MarkerFinding, ...]
    chromatograms: tuple[RunChromatogram, ...] = ()
