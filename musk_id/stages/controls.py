"""Controls stage: the controls of a batch and what they do to every case of it (decision rules, section 3).

Silence about a control means absent. Animal DNA in a blank invalidates its marker for the whole batch,
*Moschus* in a blank every marker; human DNA in a blank is a warning; a positive that does not show what it
must, or that is *Moschus*, takes out every marker: the batch is to be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from musk_id.model.barcode import RunIdentity, SequenceResult
from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.controls import (
    BlankReads,
    ControlFile,
    ControlFinding,
    ControlsRecord,
    Haplotype,
    RequiredControl,
)
from musk_id.model.examination import EvidenceFile
from musk_id.model.methods import (
    READS_METHODS,
    AnimalMethod,
    BarcodeMethod,
    ControlMethod,
    ReadsMethod,
)
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.provenance import Provenance
from musk_id.model.reads import DistinctReads, PiledReads
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import Identifier, Line, Text
from musk_id.stages.batch_reads import ExhibitWells, compare_batch
from musk_id.stages.comparison import HUMAN_GENUS
from musk_id.stages.control_kinds import BLANKS
from musk_id.stages.control_reads import examine_blank_reads, examine_positive_reads
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.sequence_examination import examine_sequence
from musk_id.vocabulary import (
    RELEASE_MARKERS,
    BatchKind,
    ControlKind,
    ControlOutcome,
    ControlResult,
    FileRole,
    Locus,
    Reason,
    Technique,
)

__all__ = ["TRACE_ROLES", "assess_controls"]

TRACE_ROLES = frozenset({FileRole.TRACE_FORWARD, FileRole.TRACE_REVERSE})

_UNNAMED = "not named"

ControlReads = Mapping[str, tuple[DistinctReads | PiledReads | None, tuple[PrimerPairEntry, ...]]]
Sequences = Mapping[str, tuple[NucleotideSequence, ...] | None]


def assess_controls(
    sheet: RunSheet,
    files: tuple[ControlFile, ...],
    sequences: Sequences,
    library: BarcodeLibrary,
    control_method: ControlMethod,
    barcode_method: BarcodeMethod,
    animal_method: AnimalMethod,
    provenance: Provenance,
    *,
    reads: ControlReads = MappingProxyType({}),
    reads_method: ReadsMethod = READS_METHODS[0],
    wells: ExhibitWells | None = None,
) -> ControlsRecord:
    """Assess the controls of a batch.

    Parameters
    ----------
    sheet : RunSheet
        The run sheet with all rows.
    files : tuple of ControlFile
        Control files as found.
    sequences : mapping of str to tuple of NucleotideSequence or None
        Sequences of each control file by path; ``None`` where the file is missing or unreadable.
    reads : mapping of str to (DistinctReads, PiledReads or None, tuple of PrimerPairEntry)
        Reads and primers of each control that has reads, by position; ``None`` as above.
    wells : ExhibitWells
        Reads of the exhibits, to be held against each other and the controls; ``None`` if that is not done.
    """
    rows = [row for row in sheet.rows if row.kind is not ControlKind.EXHIBIT]
    exhibits = [row for row in sheet.rows if row.kind is ControlKind.EXHIBIT]

    def examine(row: SheetRow, run: RunIdentity, sequence: NucleotideSequence) -> SequenceResult:
        return examine_sequence(sequence, run, row.locus, library, barcode_method, animal_method)[0]

    results: list[tuple[SheetRow, list[SequenceResult] | None]] = []
    findings: list[ControlFinding] = []
    overfull: set[str] = set()
    for row in rows:
        found = _results(row, sequences, examine)
        blank_reads: tuple[BlankReads, ...] = ()
        crowded = False
        if row.position in reads:
            found, blank_reads, crowded = _with_reads(row, found, reads[row.position], examine, reads_method)
        finding = _finding(
            row, found, sheet.kind, barcode_method, has_reads=row.position in reads, crowded=crowded
        )
        findings.append(replace(finding, haplotypes=_haplotypes(row, found), reads=blank_reads))
        results.append((row, found))
        overfull |= {row.position} if crowded else set()
    controls = tuple(findings)

    def may_be_human(sequence: NucleotideSequence) -> bool:
        found = examine_sequence(sequence, _CONTROL_READS, None, library, barcode_method, animal_method)[0]
        return found.sequence_sha256 is None or found.locus is None or Reason.HUMAN_DNA in found.reasons

    held = None if wells is None else compare_batch(sheet, wells, reads, may_be_human, reads_method)
    required = _required(sheet, exhibits, control_method, controls)
    reasons = {reason for control in controls for reason in control.reasons}
    if any(need.outcome is ControlOutcome.NOT_RECORDED for need in required):
        reasons.add(Reason.CONTROL_ABSENT)
    passed = not reasons & {Reason.CONTROL_ABSENT, Reason.CONTROL_FAILED}
    return ControlsRecord(
        schema=Line(ControlsRecord.SCHEMA),
        batch_id=sheet.batch_id,
        provenance=provenance,
        sheet=replace(sheet, rows=tuple(rows)),
        exhibit_rows=len(exhibits),
        files=files,
        controls=controls,
        required=required,
        passed=passed,
        invalid_loci=_invalid_loci(sheet.kind, zip(controls, results, strict=True), barcode_method, overfull),
        reasons=tuple(sorted(reasons)),
        batch_reads=held,
    )


Examine = Callable[[SheetRow, RunIdentity, NucleotideSequence], SequenceResult]


def _results(row: SheetRow, sequences: Sequences, examine: Examine) -> list[SequenceResult] | None:
    """Results of the sequences of a control; ``None`` if a sequence file of it cannot be read.

    Traces are read strand by strand, so that a strand cannot hide what the other one shows. Spectra are kept and
    not read by this version: the laboratory's word stands.
    """
    found: list[SequenceResult] = []
    for file in _sequence_files(row):
        held = sequences.get(file.path)
        if held is None:
            return None
        run = _CONTROL_TRACE if file.role in TRACE_ROLES else _CONTROL_SEQUENCE
        found += [examine(row, run, sequence) for sequence in held]
    return found


def _with_reads(
    row: SheetRow,
    found: list[SequenceResult] | None,
    given: tuple[DistinctReads | PiledReads | None, tuple[PrimerPairEntry, ...]],
    examine: Examine,
    method: ReadsMethod,
) -> tuple[list[SequenceResult] | None, tuple[BlankReads, ...], bool]:
    """Results with those of the reads, the counts of a blank, and whether a blank holds too much to be one."""
    reads, primers = given
    if found is None or reads is None:
        return None, (), False

    def of_reads(sequence: NucleotideSequence) -> SequenceResult:
        return examine(row, _CONTROL_READS, sequence)

    if row.kind in BLANKS:
        more, held, crowded = examine_blank_reads(reads, primers, of_reads, method)
        return found + more, held, crowded
    return found + examine_positive_reads(reads, primers, of_reads, method), (), False


_CONTROL_SEQUENCE = RunIdentity(
    item_id=Identifier("control"),
    sub_sample_id=Identifier("control"),
    extract_id=Identifier("control"),
    product_id=Identifier("control"),
    run_id=Identifier("control"),
    technique=Technique.SEQUENCE,
)
_CONTROL_READS = replace(_CONTROL_SEQUENCE, technique=Technique.SEQUENCING_READS)
_CONTROL_TRACE = replace(_CONTROL_SEQUENCE, technique=Technique.SANGER_TRACE)


def _sequence_files(row: SheetRow) -> list[EvidenceFile]:
    roles = {FileRole.SEQUENCE} | (TRACE_ROLES if row.kind in BLANKS | {ControlKind.POSITIVE} else set())
    return [file for file in row.files if file.role in roles]


def _haplotypes(row: SheetRow, results: list[SequenceResult] | None) -> tuple[Haplotype, ...]:
    """Compared letters of a positive control; none of a sequence that may be human, which has no picture."""
    if row.kind is not ControlKind.POSITIVE:
        return ()
    return tuple(
        Haplotype(locus=result.locus, letters=Text("-" * (result.picture.first_column - 1) + result.picture.query))
        for result in results or ()
        if result.call is not None and result.locus is not None and result.picture is not None
    )


def _taxa(results: list[SequenceResult]) -> tuple[str, ...]:
    """Genera and families of a control's sequences."""
    return tuple(sorted({taxon for result in results for taxon in _taxa_of(result)}))


def _taxa_of(result: SequenceResult) -> set[str]:
    """Taxon of a sequence and its nearest genus inside the radius; a word for none where no call is made."""
    if Reason.HUMAN_DNA in result.reasons:
        return {HUMAN_GENUS}
    if result.call is None or result.call.taxon is None:
        return {_UNNAMED}
    return {str(result.call.genus or result.call.taxon), *_nearest(result)}


def _nearest(result: SequenceResult) -> set[str]:
    """Nearest genus inside the radius: enough to tell an expected positive, no finding on an exhibit."""
    if result.call is None or Reason.OUTSIDE_RADIUS in result.reasons:
        return set()
    genera = {genus for view in result.call.views for genus in view.nearest_genus}
    return {str(genus) for genus in genera} if len(genera) == 1 else set()


def _finding(
    row: SheetRow,
    results: list[SequenceResult] | None,
    kind: BatchKind,
    method: BarcodeMethod,
    *,
    has_reads: bool,
    crowded: bool,
) -> ControlFinding:
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
    return _declared(row, taxa)


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
    if (_sequence_files(row) or has_reads) and expected is not None:
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


def _required(
    sheet: RunSheet,
    exhibits: list[SheetRow],
    method: ControlMethod,
    controls: tuple[ControlFinding, ...],
) -> tuple[RequiredControl, ...]:
    kinds = method.required_dna if sheet.kind is BatchKind.DNA else method.required_chemistry
    extracts = len({row.sample for row in exhibits if row.sample is not None})
    loci = sorted({row.locus for row in exhibits if row.locus is not None})
    needs: list[RequiredControl] = []
    for name in kinds:
        kind = ControlKind(name)
        if kind is ControlKind.EXTRACTION_BLANK:
            count = max(1, math.ceil(extracts / method.max_extracts_per_blank))
            needs.append(_need(kind, None, count, controls))
        elif kind is ControlKind.PCR_NEGATIVE and loci:
            needs += [_need(kind, locus, 1, controls) for locus in loci]
        else:
            needs.append(_need(kind, None, 1, controls))
    return tuple(needs)


def _need(
    kind: ControlKind, locus: Locus | None, required: int, controls: tuple[ControlFinding, ...]
) -> RequiredControl:
    there = [
        control
        for control in controls
        if control.kind is kind
        and (locus is None or control.locus is locus)
        and control.outcome is not ControlOutcome.NOT_RECORDED
    ]
    failed = any(control.outcome is ControlOutcome.FAILED for control in there)
    outcome = ControlOutcome.FAILED if failed else ControlOutcome.PASSED
    if len(there) < required:
        outcome = ControlOutcome.NOT_RECORDED
    return RequiredControl(kind=kind, locus=locus, required=required, present=len(there), outcome=outcome)


def _invalid_loci(
    kind: BatchKind,
    assessed: Iterable[tuple[ControlFinding, tuple[SheetRow, list[SequenceResult] | None]]],
    method: BarcodeMethod,
    overfull: set[str],
) -> tuple[Locus, ...]:
    """Markers that the failed controls of a DNA batch take out.

    A blank takes out its own marker and every marker found in it; all of them if it holds *Moschus*, names no
    marker, or holds more than could be looked at. A failed positive takes out all: nothing then shows that the
    batch worked.
    """
    invalid: set[Locus] = set()
    if kind is not BatchKind.DNA:
        return ()
    for control, (_, found) in assessed:
        if control.outcome is not ControlOutcome.FAILED:
            continue
        if control.kind is ControlKind.POSITIVE:
            invalid.update(RELEASE_MARKERS)
        elif control.kind in BLANKS:
            every = control.locus is None or method.genus in control.taxa or control.position in overfull
            own = {control.locus, *(result.locus for result in found or ())} - {None}
            invalid.update(RELEASE_MARKERS if every else (locus for locus in own if locus is not None))
    return tuple(sorted(invalid))
