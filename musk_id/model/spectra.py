"""What the spectra stage finds: hits of a spectrum, compounds, markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.barcode import RunIdentity
from musk_id.model.chromatogram import RunChromatogram
from musk_id.model.provenance import Provenance
from musk_id.model.spectral_ranking import SpectralRanking
from musk_id.model.trace import Criterion
from musk_id.model.values import DecimalText, Identifier, Line, Sha256, Text
from musk_id.vocabulary import CompoundStatus, Finding, Reason

__all__ = [
    "CompoundCall",
    "MarkerFinding",
    "Peak",
    "ReintegrationEffect",
    "RuleOutcome",
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
class ReintegrationEffect:
    """A call with the area before and after an integration by hand; the weaker one holds."""

    area_without: DecimalText
    area_with: DecimalText
    status_without: CompoundStatus
    status_with: CompoundStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumResult:
    """One spectrum of one run.

    ``ranking`` is what the calibration of the library in use says of the first compound; it names nothing, and may
    take a name away.
    """

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
    reintegration: ReintegrationEffect | None = None
    ranking: SpectralRanking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerFinding:
    """A marker compound over all spectra of an item.

    ``ions_compatible`` are runs whose spectrum shows the ions of a marker that has no reference: tentative, and no
    more. ``limit`` is the laboratory's detection limit where the compound was searched for and not seen.
    ``set_aside_by`` names the rule for which the finding does not count; ``area`` is that of its peak where it was
    identified in one run and nobody integrated that peak again.
    """

    item_id: Identifier
    marker_id: Line
    name: Line
    group: Line
    status: CompoundStatus
    runs: tuple[Identifier, ...]
    reasons: tuple[Reason, ...]
    inchikey: Line | None = None
    cas: Line | None = None
    ions_compatible: tuple[Identifier, ...] = ()
    limit: Line | None = None
    set_aside_by: Line | None = None
    area: DecimalText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """A rule on what a finding means that applies to an item, and the statement that it makes.

    ``phrase`` is one of the catalogue; ``markers`` are those found that made it apply; ``either_reading`` says
    that it hangs on a material that no morphologist determined.
    """

    item_id: Identifier
    rule_id: Line
    phrase: Line
    markers: tuple[Line, ...]
    either_reading: bool
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class SpectraRecord:
    """All spectra of a case and the markers of its items."""

    SCHEMA: ClassVar[str] = "musk-id/spectra/1"

    schema: Line
    case_id: Identifier
    provenance: Provenance
    spectra: tuple[SpectrumResult, ...]
    markers: tuple[MarkerFinding, ...]
    chromatograms: tuple[RunChromatogram, ...] = ()
    rules: tuple[RuleOutcome, ...] = ()
