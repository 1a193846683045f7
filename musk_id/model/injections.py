"""What the spectra stage is given of the controls of a sequence: references, ladder, blanks, the rule fixed."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.chromatography import RuleFixed, SheetPeak
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import DecimalText, Identifier, IsoDate, Line

__all__ = ["BlankPeaks", "InjectedReference", "SequenceInjections"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InjectedReference:
    """A reference substance injected in a sequence; ``spectrum`` is ``None`` where none can be used."""

    batch_id: Identifier
    position: Line
    name: Line
    inchikey: Line
    formula: Line
    retention_time_min: DecimalText
    retention_index: DecimalText | None = None
    retention_index_sd: DecimalText | None = None
    spectrum: MassSpectrum | None = None

    @property
    def accession(self) -> Line:
        """How records name it: batch and position."""
        return Line(f"{self.batch_id} {self.position}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankPeaks:
    """Peaks of a blank; ``None`` where nobody integrated it and nobody recorded that there is none."""

    position: Line
    peaks: tuple[SheetPeak, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SequenceInjections:
    """Controls of one batch as far as identification needs them; ``failed``: one of them did not pass."""

    batch_id: Identifier
    date: IsoDate | None
    rule: RuleFixed | None
    references: tuple[InjectedReference, ...]
    ladder: tuple[tuple[int, DecimalText], ...]
    process_blanks: tuple[BlankPeaks, ...]
    carry_over_blanks: tuple[BlankPeaks, ...]
    failed: bool = False
