"""Evidence grade of an item (decision rules, section 3): the weakest part caps, silence means absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from musk_id.model.barcode import RunIdentity
from musk_id.model.controls import ControlsRecord
from musk_id.model.evidence import GradePart, Statement
from musk_id.model.examination import Examination, Run
from musk_id.model.intake import IntakeNote, IntakeRecord
from musk_id.model.methods import EvidenceMethod
from musk_id.model.trace import Criterion
from musk_id.model.values import Identifier, Line
from musk_id.stages.replicates import enough_markers
from musk_id.stages.statements import say
from musk_id.vocabulary import (
    BatchKind,
    ControlKind,
    ControlOutcome,
    CriterionOutcome,
    FileRole,
    Grade,
    Locus,
    Reason,
    Technique,
)

__all__ = ["CaseFacts", "grade_parts", "weakest"]

_RAW_TECHNIQUES = frozenset({Technique.SANGER_TRACE, Technique.SEQUENCING_READS})
_RAW_ROLES = frozenset({FileRole.CHROMATOGRAM, FileRole.TRACE_FORWARD, FileRole.TRACE_REVERSE})

# Notes that block grades A and B until an authorised person explains them (decision rules, section 8).
_BLOCKING_NOTES = frozenset(
    {
        Reason.FILE_ALTERED,
        Reason.FILE_MISSING,
        Reason.FILE_USED_TWICE,
        Reason.RECORD_INCOMPLETE,
        Reason.SAMPLE_NAME_DIFFERS,
        Reason.WELL_DIFFERS,
        Reason.NOT_ON_RUN_SHEET,
        Reason.WELL_USED_TWICE,
        Reason.ATTEMPT_NOT_DECLARED,
        Reason.SEAL_DIFFERS,
        Reason.RUN_DATE_OUTSIDE,
    }
)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the grade looks at, found once per case."""

    runs: Mapping[Identifier, Run]
    controls: Mapping[Identifier, ControlsRecord]
    notes: tuple[IntakeNote, ...]
    extract_without_batch: frozenset[Identifier]

    @classmethod
    def of(cls, intake: IntakeRecord, controls: Iterable[ControlsRecord]) -> CaseFacts:
        """Facts of a case."""
        return cls(
            runs=_runs(intake.examination),
            controls={record.batch_id: record for record in controls},
            notes=intake.notes,
            extract_without_batch=frozenset(
                c.run.run_id for c in intake.examination.runs() if c.extract.batch_id is None
            ),
        )


def _runs(examination: Examination) -> dict[Identifier, Run]:
    return {context.run.run_id: context.run for context in examination.runs()}


def weakest(grades: Iterable[Grade]) -> Grade:
    """The weakest of some grades; of none, ``C``: what was not looked at carries nothing."""
    return max(grades, default=Grade.C, key=lambda grade: grade.value)


def _ids(runs: Iterable[RunIdentity]) -> list[str]:
    return sorted({run.run_id for run in runs})


def _raw_data(subject: str, runs: tuple[RunIdentity, ...], facts: CaseFacts, method: EvidenceMethod) -> GradePart:
    bare = [run for run in runs if not _is_raw(facts.runs.get(run.run_id))]
    if bare:
        statement = say(f"grade.{subject}_raw_absent", runs=_ids(bare))
        return _part(subject, Grade.C, statement, Reason.NO_RAW_DATA)
    kept_only = [run for run in runs if run.technique not in method.evaluates_raw_of]
    reads = [run for run in kept_only if run.technique is Technique.SEQUENCING_READS]
    if reads and len(reads) == len(kept_only):
        return _part(subject, Grade.C, say("grade.reads_screening", runs=_ids(reads)), Reason.READS_SCREENING_ONLY)
    if kept_only:
        # A trace that nobody compared with its sequence carries nothing.
        statement = say(f"grade.{subject}_raw_not_evaluated", runs=_ids(kept_only))
        return _part(subject, Grade.C, statement, Reason.RAW_DATA_NOT_EVALUATED)
    return _part(subject, Grade.A, say(f"grade.{subject}_raw_present", runs=_ids(runs)))


def _is_raw(run: Run | None) -> bool:
    if run is None:
        return False
    return run.technique in _RAW_TECHNIQUES or any(file.role in _RAW_ROLES for file in run.files)


def _has_controls(run: RunIdentity, subject: str, facts: CaseFacts) -> bool:
    """Whether every batch of a run is on file and of its line of examination, and the extract names one."""
    kind = BatchKind.DNA if subject == "dna" else BatchKind.CHEMISTRY
    sheets = [facts.controls.get(batch) for batch in run.batch_ids]
    of_kind = all(record is not None and record.sheet.kind is kind for record in sheets)
    return bool(sheets) and of_kind and run.run_id not in facts.extract_without_batch


def _has_negative(locus: str, batches: list[Identifier], facts: CaseFacts) -> bool:
    """Whether a batch has a PCR negative of the marker; the exhibits' rows on the sheet need not name it."""
    return any(
        control.kind is ControlKind.PCR_NEGATIVE and control.locus == locus
        for batch in batches
        for control in facts.controls[batch].controls
        if control.outcome is not ControlOutcome.NOT_RECORDED
    )


def _controls(
    subject: str, runs: tuple[RunIdentity, ...], facts: CaseFacts, loci: tuple[str, ...] = ()
) -> GradePart:
    without = [run for run in runs if not _has_controls(run, subject, facts)]
    if without:
        statement = say("grade.controls_absent", runs=_ids(without))
        # A control that failed is told beside one that is absent: it says more.
        known = [facts.controls[b] for run in runs for b in run.batch_ids if b in facts.controls]
        failed = any(Reason.CONTROL_FAILED in record.reasons for record in known)
        more = (Reason.CONTROL_FAILED,) if failed else ()
        return _part(subject, Grade.C, statement, Reason.CONTROL_ABSENT, *more)
    batches = sorted({batch for run in runs for batch in run.batch_ids})
    not_passed = [batch for batch in batches if not facts.controls[batch].passed]
    if not_passed:
        reasons = {reason for batch in not_passed for reason in facts.controls[batch].reasons}
        kept = tuple(sorted(reasons & {Reason.CONTROL_ABSENT, Reason.CONTROL_FAILED}))
        statement = say("grade.controls_not_passed", batches=not_passed)
        return _part(subject, Grade.C, statement, *(kept or (Reason.CONTROL_ABSENT,)))
    bare = [locus for locus in loci if not _has_negative(locus, batches, facts)]
    if bare:
        statement = say("grade.controls_no_negative", loci=bare, batches=batches)
        return _part(subject, Grade.C, statement, Reason.CONTROL_ABSENT)
    return _part(subject, Grade.A, say("grade.controls_passed", batches=batches))


def _extractions(extracts: Mapping[Locus, tuple[Identifier, ...]], method: EvidenceMethod) -> GradePart:
    """Grade A where markers that suffice by themselves are each carried by enough extractions.

    Two extracts that share no marker repeat nothing: each of their sequences was seen once.
    """
    least = method.min_extractions_for_grade_a
    repeated = [locus for locus, found in extracts.items() if len(found) >= least]
    shown = [f"{locus} ({', '.join(found)})" for locus, found in extracts.items()]
    if not enough_markers(repeated):
        statement = say("grade.single_extraction", markers=shown or ("-",))
        return _part("dna", Grade.B, statement, Reason.SINGLE_EXTRACTION)
    return _part("dna", Grade.A, say("grade.two_extractions", markers=shown))


def _second_locus(trace: tuple[Criterion, ...], loci: tuple[str, ...]) -> GradePart | None:
    for criterion in trace:
        if criterion.name == "barcode.second_locus":
            if criterion.outcome is CriterionOutcome.PASSED:
                return _part("dna", Grade.A, say("grade.second_locus_present", loci=loci))
            statement = say("grade.single_locus", loci=loci or ("-",))
            return _part("dna", Grade.C, statement, Reason.SINGLE_AMPLICON)
    return None


def _single_strand(runs: tuple[RunIdentity, ...]) -> GradePart | None:
    """Traces with too little double coverage: the call stands, and carries no more than a bare sequence."""
    if not runs:
        return None
    return _part("dna", Grade.C, say("grade.single_strand", runs=_ids(runs)), Reason.SINGLE_STRAND)


def _simulated(subject: str, runs: tuple[RunIdentity, ...]) -> GradePart | None:
    simulated = [run for run in runs if run.simulated]
    if not simulated:
        return None
    statement = say("grade.simulated", runs=_ids(simulated))
    return _part(subject, Grade.C, statement, Reason.SIMULATED_DATA)


def _integrity(subject: str, runs: tuple[RunIdentity, ...], facts: CaseFacts) -> GradePart | None:
    ids = set(_ids(runs))
    notes = [n for n in facts.notes if n.reason in _BLOCKING_NOTES and ids & set(n.run_ids)]
    if not notes:
        return None
    subjects = sorted({note.subject for note in notes})
    reasons = sorted({note.reason for note in notes})
    return _part(subject, Grade.C, say("grade.integrity", subjects=subjects), *reasons)


def _part(subject: str, grade: Grade, statement: Statement, *reasons: Reason) -> GradePart:
    return GradePart(subject=Line(subject), grade=grade, reasons=reasons, statement=statement)


def grade_parts(
    subject: str,
    runs: tuple[RunIdentity, ...],
    facts: CaseFacts,
    method: EvidenceMethod,
    *,
    trace: tuple[Criterion, ...] = (),
    loci: tuple[str, ...] = (),
    extracts: Mapping[Locus, tuple[Identifier, ...]] | None = None,
    single_strand: tuple[RunIdentity, ...] = (),
) -> tuple[GradePart, ...]:
    """Parts of the grade of one line of examination of one item.

    Parameters
    ----------
    subject : {"dna", "chemistry"}
        The line of examination.
    runs : tuple of RunIdentity
        Its runs with a usable result; empty gives no parts.
    facts : CaseFacts
        Runs, controls and intake notes of the case.
    method : EvidenceMethod
        Numbers of the grade.
    trace, loci
        For DNA: the item's rule trace (criterion ``barcode.second_locus``) and its loci.
    extracts : mapping of Locus to tuple of Identifier, optional
        For DNA: the extracts that carry the finding at each marker.
    single_strand : tuple of RunIdentity
        For DNA: those of the runs with too little double coverage.
    """
    if not runs:
        return ()
    parts: list[GradePart | None] = [
        _raw_data(subject, runs, facts, method),
        _controls(subject, runs, facts, loci),
    ]
    if subject == "dna":
        parts.append(_extractions(extracts or {}, method))
        parts.append(_second_locus(trace, loci))
        parts.append(_single_strand(single_strand))
    parts.append(_simulated(subject, runs))
    parts.append(_integrity(subject, runs, facts))
    return tuple(part for part in parts if part is not None)
