"""What comes of each control of a batch: its outcome, the genera found in it, and why."""

from __future__ import annotations

from musk_id.model.barcode import SequenceResult
from musk_id.model.batch import SheetRow
from musk_id.model.controls import ControlFinding
from musk_id.model.examination import EvidenceFile
from musk_id.model.methods import BarcodeMethod
from musk_id.model.values import Line
from musk_id.stages.comparison import HUMAN_GENUS
from musk_id.stages.control_kinds import BLANKS
from musk_id.vocabulary import (
    BatchKind,
    ControlKind,
    ControlOutcome,
    ControlResult,
    FileRole,
    Reason,
    Technique,
)

__all__ = ["TRACE_ROLES", "control_finding", "nearest_within", "sequence_files"]

TRACE_ROLES = frozenset({FileRole.TRACE_FORWARD, FileRole.TRACE_REVERSE})

_UNNAMED = "not named"


def sequence_files(row: SheetRow) -> list[EvidenceFile]:
    """Files of a control that hold sequences or traces which are read."""
    roles = {FileRole.SEQUENCE} | (TRACE_ROLES if row.kind in BLANKS | {ControlKind.POSITIVE} else set())
    return [file for file in row.files if file.role in roles]


def _taxa(results: list[SequenceResult]) -> tuple[str, ...]:
    """Genera and families of a control's sequences."""
    return tuple(sorted({taxon for result in results for taxon in _taxa_of(result)}))


def _taxa_of(result: SequenceResult) -> set[str]:
    """Taxon of a sequence and its nearest genus inside the radius; a word for none where no call is made."""
    if Reason.HUMAN_DNA in result.reasons:
        return {HUMAN_GENUS}
    if result.call is None or result.call.taxon is None:
        return {_UNNAMED}
    return {str(result.call.genus or result.call.taxon), *nearest_within(result)}


def nearest_within(result: SequenceResult) -> set[str]:
    """Nearest genus inside the radius: enough to tell an expected positive, no finding on an exhibit."""
    if result.call is None or Reason.OUTSIDE_RADIUS in result.reasons:
        return set()
    genera = {genus for view in result.call.views for genus in view.nearest_genus}
    return {str(genus) for genus in genera} if len(genera) == 1 else set()


def control_finding(
    row: SheetRow,
    results: list[SequenceResult] | None,
    kind: BatchKind,
    method: BarcodeMethod,
    *,
    has_reads: bool,
    crowded: bool,
) -> ControlFinding:
    """Outcome of a control by what was found in it.

    Parameters
    ----------
    results : list of SequenceResult, or None
        Of its sequences and reads; ``None`` if a file of them cannot be read.
    has_reads : bool
        Whether it has files of reads.
    crowded : bool
        Whether it is a blank that holds more than was looked at.
    """
    if results is None and row.kind is ControlKind.SPIKED_CONTROL:
        # A measurement that is lacking; nothing asks for it.
        return _control(row, ControlOutcome.NOT_RECORDED, (Reason.FILE_UNREADABLE,), ())
    if results is None:
        outcome, reasons = ControlOutcome.FAILED, (Reason.CONTROL_FAILED, Reason.FILE_UNREADABLE)
        return _control(row, outcome, reasons, ())
    taxa = _taxa(results)
    if crowded:
        return _control(row, ControlOutcome.FAILED, (Reason.CONTROL_FAILED,), taxa or (_UNNAMED,))
    if row.kind in BLANKS:
        return _blank(row, taxa)
    if row.kind is ControlKind.POSITIVE and kind is BatchKind.DNA:
        return _positive(row, results, taxa, method, has_reads=has_reads)
    if row.kind is ControlKind.SPIKED_CONTROL:
        return _spiked(row, taxa, method, has_reads=has_reads)
    return _declared(row, taxa)


def _spiked(row: SheetRow, taxa: tuple[str, ...], method: BarcodeMethod, *, has_reads: bool) -> ControlFinding:
    """A spiked control is not required: whether its taxon was found is a measurement and no failure."""
    spiked = row.spike is not None and row.spike.taxon.split(" ")[0] == method.genus
    if spiked or method.genus in taxa:
        return _control(row, ControlOutcome.FAILED, (Reason.CONTROL_FAILED,), taxa)
    return _control(row, ControlOutcome.PASSED if has_reads else ControlOutcome.NOT_RECORDED, (), taxa)


def _blank(row: SheetRow, taxa: tuple[str, ...]) -> ControlFinding:
    if taxa == (HUMAN_GENUS,):
        return _control(row, ControlOutcome.WARNING, (Reason.HUMAN_DNA,), taxa)
    if taxa or row.result in (ControlResult.PRODUCT, ControlResult.NOT_AS_EXPECTED):
        return _control(row, ControlOutcome.FAILED, (Reason.CONTROL_FAILED,), taxa)
    if row.result in (ControlResult.NO_PRODUCT, ControlResult.AS_EXPECTED):
        return _control(row, ControlOutcome.PASSED, (), taxa)
    return _control(row, ControlOutcome.NOT_RECORDED, (Reason.CONTROL_ABSENT,), taxa)


def _positive(
    row: SheetRow,
    results: list[SequenceResult],
    taxa: tuple[str, ...],
    method: BarcodeMethod,
    *,
    has_reads: bool,
) -> ControlFinding:
    expected = row.expected_taxon
    if method.genus in taxa or (expected is not None and expected.split(" ")[0] == method.genus):
        return _control(row, ControlOutcome.FAILED, (Reason.CONTROL_FAILED,), taxa)
    if (sequence_files(row) or has_reads) and expected is not None:
        shown = _shows(row, results, expected.split(" ")[0])
        outcome = ControlOutcome.PASSED if shown else ControlOutcome.FAILED
        return _control(row, outcome, () if outcome is ControlOutcome.PASSED else (Reason.CONTROL_FAILED,), taxa)
    return _declared(row, taxa)


def _shows(row: SheetRow, results: list[SequenceResult], genus: str) -> bool:
    """Whether the files of a positive show a genus and nothing else, which would be a second template.

    Every sequence must show it. Of traces one strand must; a strand that nothing is named from (a poor one, or one
    that covers a part only) takes nothing away, and one that is named otherwise does.
    """
    traces = [_taxa_of(r) for r in results if r.run.technique is Technique.SANGER_TRACE]
    others = [_taxa_of(r) for r in results if r.run.technique is not Technique.SANGER_TRACE]
    if any(file.role in TRACE_ROLES for file in row.files) and not any(genus in taxa for taxa in traces):
        return False
    return bool(results) and all(genus in taxa for taxa in others + [t for t in traces if t != {_UNNAMED}])


def _declared(row: SheetRow, taxa: tuple[str, ...]) -> ControlFinding:
    """A control that only the laboratory's own word speaks for."""
    if row.result is ControlResult.AS_EXPECTED:
        return _control(row, ControlOutcome.PASSED, (), taxa)
    if row.result is ControlResult.NOT_RECORDED:
        return _control(row, ControlOutcome.NOT_RECORDED, (Reason.CONTROL_ABSENT,), taxa)
    return _control(row, ControlOutcome.FAILED, (Reason.CONTROL_FAILED,), taxa)


def _control(
    row: SheetRow, outcome: ControlOutcome, reasons: tuple[Reason, ...], taxa: tuple[str, ...]
) -> ControlFinding:
    return ControlFinding(
        position=row.position,
        kind=row.kind,
        locus=row.locus,
        outcome=outcome,
        reasons=tuple(sorted(reasons)),
        taxa=tuple(Line(taxon) for taxon in taxa),
    )
