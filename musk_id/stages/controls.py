"""Controls stage: the controls of a batch and what they do to every case of it (decision rules, section 3).

Silence about a control means absent. Animal DNA in a blank invalidates its marker for the whole batch,
*Moschus* in a blank every marker; human DNA in a blank is a warning; a positive that does not show what it
must, or that is *Moschus*, takes out every marker: the batch is to be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
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
from musk_id.model.spikes import DetectionLevels
from musk_id.model.values import Identifier, Line, Text
from musk_id.stages.batch_reads import ExhibitWells, compare_batch
from musk_id.stages.control_kinds import BLANKS
from musk_id.stages.control_outcomes import TRACE_ROLES, control_finding, nearest_within, sequence_files
from musk_id.stages.control_reads import examine_blank_reads, examine_positive_reads
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.sequence_examination import examine_sequence
from musk_id.stages.spiked_controls import detection_levels
from musk_id.vocabulary import (
    RELEASE_MARKERS,
    BatchKind,
    ControlKind,
    ControlOutcome,
    Locus,
    Reason,
    Technique,
)

__all__ = ["TRACE_ROLES", "assess_controls"]

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

    results, controls, overfull = _assessed(
        rows, sequences, reads, sheet.kind, examine, barcode_method, reads_method
    )
    human = partial(_may_be_human, library=library, method=barcode_method, animals=animal_method)
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
        detection=_detection(tuple(rows), controls, reads, examine, reads_method, barcode_method.genus),
        batch_reads=None if wells is None else compare_batch(sheet, wells, reads, human, reads_method),
    )


def _assessed(
    rows: list[SheetRow],
    sequences: Sequences,
    reads: ControlReads,
    kind: BatchKind,
    examine: Examine,
    method: BarcodeMethod,
    reads_method: ReadsMethod,
) -> tuple[list[tuple[SheetRow, list[SequenceResult] | None]], tuple[ControlFinding, ...], set[str]]:
    """Results and outcome of every control, and the positions of blanks that hold too much to be one."""
    results: list[tuple[SheetRow, list[SequenceResult] | None]] = []
    findings: list[ControlFinding] = []
    overfull: set[str] = set()
    for row in rows:
        found = _results(row, sequences, examine)
        blank_reads: tuple[BlankReads, ...] = ()
        crowded = False
        if row.position in reads:
            found, blank_reads, crowded = _with_reads(row, found, reads[row.position], examine, reads_method)
        finding = control_finding(row, found, kind, method, has_reads=row.position in reads, crowded=crowded)
        findings.append(replace(finding, haplotypes=_haplotypes(row, found), reads=blank_reads))
        results.append((row, found))
        overfull |= {row.position} if crowded else set()
    return results, tuple(findings), overfull


def _detection(
    rows: tuple[SheetRow, ...],
    controls: tuple[ControlFinding, ...],
    reads: ControlReads,
    examine: Examine,
    method: ReadsMethod,
    genus: str,
) -> tuple[DetectionLevels, ...]:
    sequenced = any(row.kind in BLANKS and row.position in reads for row in rows)
    blanks = tuple(entry for control in controls for entry in control.reads)

    def of_reads(row: SheetRow, sequence: NucleotideSequence) -> SequenceResult:
        return examine(row, _CONTROL_READS, sequence)

    return detection_levels(rows, reads, blanks if sequenced else None, of_reads, method, genus)


def _may_be_human(
    sequence: NucleotideSequence, *, library: BarcodeLibrary, method: BarcodeMethod, animals: AnimalMethod
) -> bool:
    """Whether a sequence is human, or nothing tells it from one."""
    found = examine_sequence(sequence, _CONTROL_READS, None, library, method, animals)[0]
    return found.sequence_sha256 is None or found.locus is None or Reason.HUMAN_DNA in found.reasons


Examine = Callable[[SheetRow, RunIdentity, NucleotideSequence], SequenceResult]


def _results(row: SheetRow, sequences: Sequences, examine: Examine) -> list[SequenceResult] | None:
    """Results of the sequences of a control; ``None`` if a sequence file of it cannot be read.

    Traces are read strand by strand, so that a strand cannot hide what the other one shows. Spectra are kept and
    not read by this version: the laboratory's word stands.
    """
    found: list[SequenceResult] = []
    for file in sequence_files(row):
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


def _haplotypes(row: SheetRow, results: list[SequenceResult] | None) -> tuple[Haplotype, ...]:
    """Compared letters of a positive control; none of a sequence that may be human, which has no picture."""
    if row.kind is not ControlKind.POSITIVE:
        return ()
    return tuple(
        Haplotype(locus=result.locus, letters=Text("-" * (result.picture.first_column - 1) + result.picture.query))
        for result in results or ()
        if result.call is not None and result.locus is not None and result.picture is not None
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
        elif control.kind is ControlKind.SPIKED_CONTROL:
            # The genus where nobody put it, or where the laboratory must not: as in a blank.
            invalid.update(RELEASE_MARKERS)
        elif control.kind in BLANKS:
            # Near enough to be *Moschus* is enough, whether or not a finding on an exhibit could say so.
            moschus = method.genus in {
                *control.taxa,
                *(genus for result in found or () for genus in nearest_within(result)),
            }
            every = control.locus is None or moschus or control.position in overfull
            own = {control.locus, *(result.locus for result in found or ())} - {None}
            invalid.update(RELEASE_MARKERS if every else (locus for locus in own if locus is not None))
    return tuple(sorted(invalid))
