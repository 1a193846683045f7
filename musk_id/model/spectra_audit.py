"""What an audit of a library's spectra finds: measured values against limits, for a person to judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.values import DecimalText, IsoDate, Line, Sha256
from musk_id.vocabulary import CurationState, MassPrecision, SpectrumFlag

__all__ = ["FlagCount", "PrecisionCount", "SpectraAudit", "SpectraAuditLimits", "SpectrumFinding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectraAuditLimits:
    """Limits of the audit; percentages are of the base peak.

    ``isotope_window_da`` lies above the molecular ion: isotope peaks reach that far. ``silyl_min_percent`` is
    what m/z 73 or 147 must reach to speak of trimethylsilyl groups.
    """

    m_plus_1_min_percent: DecimalText = DecimalText("5")
    above_molecular_ion_min_percent: DecimalText = DecimalText("2")
    isotope_window_da: int = 6
    silyl_min_percent: DecimalText = DecimalText("5")
    near_duplicate_cosine: DecimalText = DecimalText("0.9995")
    electron_energy_min_ev: DecimalText = DecimalText("65")
    electron_energy_max_ev: DecimalText = DecimalText("80")
    mass_tolerance_da: DecimalText = DecimalText("0.005")
    starts_high_mz: int = 50
    few_peaks: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumFinding:
    """A flag at a spectrum: what was measured, what is allowed, the records compared with.

    ``proposed`` is a state that a person may enter in ``curation.tsv``; nothing is applied by itself.
    """

    accession: Line
    flag: SpectrumFlag
    measured: Line
    allowed: Line
    compared_with: tuple[Line, ...] = ()
    proposed: CurationState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCount:
    """Number of spectra with a flag."""

    flag: SpectrumFlag
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionCount:
    """Number of spectra whose m/z are written that finely."""

    precision: MassPrecision
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectraAudit:
    """Audit of the spectra of one library.

    ``molecular_ion_testable`` counts the spectra whose molecular ion is known and whose M+1 exceeds its limit;
    ``same_peaks_groups`` counts peak lists that stand under more than one compound.
    """

    SCHEMA: ClassVar[str] = "musk-id/spectra-audit/1"

    schema: Line
    library_id: Line
    library_date: IsoDate
    library_manifest_sha256: Sha256
    limits: SpectraAuditLimits
    records: int
    compounds: int
    molecular_ion_testable: int
    same_peaks_groups: int
    flags: tuple[FlagCount, ...]
    precision: tuple[PrecisionCount, ...]
    findings: tuple[SpectrumFinding, ...]

    def count(self, flag: SpectrumFlag) -> int:
        """Number of spectra with a flag."""
        return next(entry.records for entry in self.flags if entry.flag is flag)
