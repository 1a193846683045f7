"""Run sheets that cases share: positions, reagent lots and the controls of the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.chromatography import RuleFixed, SheetPeak
from musk_id.model.examination import EvidenceFile
from musk_id.model.spikes import Spike
from musk_id.model.values import Identifier, IsoDate, Line, Primer
from musk_id.vocabulary import BatchKind, ControlKind, ControlResult, Locus

__all__ = ["ReagentLot", "RunSheet", "SheetRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReagentLot:
    """A reagent and its lot."""

    reagent: Line
    lot: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One position of a run sheet: an exhibit's extract or product, or a control.

    ``files`` are control files below the batch folder; rows of kind EXHIBIT carry none, the exhibit's
    files belong to its case. ``sample`` is what the laboratory calls it. Where that is no id of the case, the row
    links itself to its run by ``case_id`` and ``run_id``; ``case_id`` alone says whose the position is. ``peaks``
    are those integrated in a chemical control; an empty list: there was none, ``None``: nobody looked.

    Raises
    ------
    ValueError
        If a row of kind SPIKED_CONTROL has no ``spike``, or another kind has one, if ``run_id`` stands without
        ``case_id`` (ids of runs are those of one case), or either in a control's row,
        or if one primer stands without the other.
    """

    position: Line
    kind: ControlKind
    sample: Line | None = None
    case_id: Identifier | None = None
    run_id: Identifier | None = None
    locus: Locus | None = None
    forward_primer: Primer | None = None
    reverse_primer: Primer | None = None
    expected_taxon: Line | None = None
    result: ControlResult = ControlResult.NOT_RECORDED
    files: tuple[EvidenceFile, ...] = ()
    peaks: tuple[SheetPeak, ...] | None = None
    spike: Spike | None = None

    def __post_init__(self) -> None:
        if self.run_id is not None and self.case_id is None:
            raise ValueError("run_id stands without case_id")
        if (self.forward_primer is None) is not (self.reverse_primer is None):
            raise ValueError("one primer stands without the other")
        if self.case_id is not None and self.kind is not ControlKind.EXHIBIT:
            raise ValueError("a control's row names a case")
        if (self.spike is not None) is not (self.kind is ControlKind.SPIKED_CONTROL):
            raise ValueError("a row of kind SPIKED_CONTROL has a spike, and no other row has one")
        own = {file.path for file in self.files}
        for peak in self.peaks or ():
            if peak.spectrum is not None and peak.spectrum not in own:
                raise ValueError(f"a peak names the spectrum {peak.spectrum!r}, which is none of the row's files")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSheet:
    """The run sheet of a batch (``batches/<id>/sheet.yaml``).

    ``spectra_rule`` is the method version that was fixed for its spectra before the data were seen.
    """

    SCHEMA: ClassVar[str] = "musk-id/run-sheet/1"

    schema: Line
    batch_id: Identifier
    kind: BatchKind
    date: IsoDate | None = None
    analyst: Line | None = None
    method_version: Line | None = None
    instrument: Line | None = None
    reagent_lots: tuple[ReagentLot, ...] = ()
    rows: tuple[SheetRow, ...] = ()
    departures: Line | None = None
    spectra_rule: RuleFixed | None = None
