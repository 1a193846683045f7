"""Trace files of casework: what they say of themselves, for intake; their signals, for the barcode stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from musk_id.cli.evidence_files import digest_of, failed_run, failure_reason, read_unchanged, usable
from musk_id.cli.run_sheets import checked_sheet
from musk_id.errors import InputFormatError, IntegrityError, RequestError
from musk_id.model.batch import RunSheet
from musk_id.model.examination import Examination, RunContext
from musk_id.model.intake import FileFact, IntakeRecord
from musk_id.model.technical import FailedRun, StrandTrace, TraceEvidence
from musk_id.model.trace_file import TraceFacts
from musk_id.model.values import Identifier
from musk_id.records.inputs import find_input
from musk_id.stages.intake import run_identity
from musk_id.stages.papers import letter_changes
from musk_id.vocabulary import FileRole, Reason, Technique

__all__ = ["TRACE_ROLES", "case_sheets", "trace_evidence", "trace_facts"]

TRACE_ROLES = (FileRole.TRACE_FORWARD, FileRole.TRACE_REVERSE)


def trace_facts(path: Path, role: FileRole) -> TraceFacts | None:
    """What a trace file says of itself; none of other files, and of those that cannot be read as traces."""
    if role not in TRACE_ROLES:
        return None
    from musk_id.formats.ab1 import read_ab1

    try:
        return read_ab1(path).facts
    except InputFormatError:
        return None


def case_sheets(root: Path, examination: Examination) -> dict[Identifier, RunSheet]:
    """Run sheets of batches that runs with traces or reads name; a malformed one is told by the controls stage."""
    batches = {
        batch
        for context in examination.runs()
        if any(file.role in (*TRACE_ROLES, FileRole.READS) for file in context.run.files)
        for batch in context.batch_ids
    }
    sheets: dict[Identifier, RunSheet] = {}
    for batch in sorted(batches):
        folder = root / "batches" / batch
        if folder.is_dir():
            try:
                sheets[batch] = checked_sheet(find_input(folder, "sheet"))
            except RequestError:
                continue
    return sheets


def trace_evidence(
    intake: IntakeRecord, case_dir: Path, only: frozenset[Identifier] | None = None
) -> list[TraceEvidence | FailedRun]:
    """Traces of every run of them, or of some runs only, or why a run cannot be examined."""
    changes = letter_changes(intake.edits)
    facts = {(fact.run_id, fact.path): fact for fact in intake.files if fact.run_id is not None}
    found: list[TraceEvidence | FailedRun] = []
    for context in intake.examination.runs():
        wanted = only is None or context.run.run_id in only
        if wanted and context.run.technique is Technique.SANGER_TRACE:
            named = [file for file in context.run.files if file.role in TRACE_ROLES]
            entry = _run(context, [facts[(context.run.run_id, file.path)] for file in named], case_dir)
            own = changes.get(context.run.run_id, ())
            found.append(replace(entry, changes=own) if isinstance(entry, TraceEvidence) and own else entry)
    return found


def _run(context: RunContext, facts: list[FileFact], case_dir: Path) -> TraceEvidence | FailedRun:
    if not facts:
        return failed_run(context, Reason.NO_EVIDENCE_FILE, Reason.NO_EVIDENCE_FILE.value)
    if len({fact.role for fact in facts}) < len(facts):
        return failed_run(context, Reason.SEVERAL_SEQUENCES, "more than one trace of a strand")
    from musk_id.formats.ab1 import read_ab1

    strands: dict[FileRole, StrandTrace] = {}
    for fact in facts:
        state = usable(fact)
        if isinstance(state, Reason):
            return failed_run(context, state, state.value)
        try:
            trace = read_unchanged(case_dir, [fact], lambda paths: read_ab1(paths[0]))
        except (InputFormatError, IntegrityError) as error:
            return failed_run(context, failure_reason(error), str(error))
        strands[fact.role] = StrandTrace(file_sha256=digest_of(fact), trace=trace)
    return TraceEvidence(
        run=run_identity(context),
        declared_locus=context.product.locus,
        forward=strands.get(FileRole.TRACE_FORWARD),
        reverse=strands.get(FileRole.TRACE_REVERSE),
    )
