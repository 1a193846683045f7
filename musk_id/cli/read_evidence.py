"""Sequencing reads of casework: those of a run, and those of a control."""

from __future__ import annotations

from pathlib import Path

from musk_id.cli.evidence_files import failed_run, failure_reason, unchanged, usable
from musk_id.errors import InputFormatError, IntegrityError
from musk_id.model.batch import SheetRow
from musk_id.model.controls import ControlFile
from musk_id.model.examination import RunContext
from musk_id.model.intake import FileFact, IntakeRecord
from musk_id.model.methods import ReadsMethod
from musk_id.model.primers import PRIMER_PAIRS, PrimerPairEntry, own_pair
from musk_id.model.reads import DistinctReads, ReadTally
from musk_id.model.technical import FailedRun, ReadsEvidence
from musk_id.records.files import resolve_inside
from musk_id.stages.intake import run_identity
from musk_id.vocabulary import FileRole, Reason, Technique

__all__ = ["control_reads", "primers_of", "reads_evidence"]

MAX_READ_FILES = 2


def primers_of(named: SheetRow | RunContext) -> tuple[PrimerPairEntry, ...]:
    """The primers that the laboratory names, then those of published assays."""
    source = named if isinstance(named, SheetRow) else named.product
    if source.forward_primer is None or source.reverse_primer is None:
        return PRIMER_PAIRS
    own = own_pair(source.forward_primer, source.reverse_primer)
    table = [p for p in PRIMER_PAIRS if (p.forward, p.reverse) != (own.forward, own.reverse)]
    return (own, *table)


def reads_evidence(intake: IntakeRecord, case_dir: Path, method: ReadsMethod) -> list[ReadsEvidence | FailedRun]:
    """Distinct reads of every run of them, or why a run cannot be examined."""
    facts = {(fact.run_id, fact.path): fact for fact in intake.files if fact.run_id is not None}
    found: list[ReadsEvidence | FailedRun] = []
    for context in intake.examination.runs():
        if context.run.technique is Technique.SEQUENCING_READS:
            own = [facts[(context.run.run_id, f.path)] for f in context.run.files if f.role is FileRole.READS]
            found.append(_evidence(context, own, case_dir, method))
    return found


def _evidence(
    context: RunContext, files: list[FileFact], case_dir: Path, method: ReadsMethod
) -> ReadsEvidence | FailedRun:
    if not files:
        return failed_run(context, Reason.NO_EVIDENCE_FILE, Reason.NO_EVIDENCE_FILE.value)
    states = [usable(fact) for fact in files]
    refused = next((state for state in states if isinstance(state, Reason)), None)
    if refused is not None:
        return failed_run(context, refused, refused.value)
    try:
        reads = _counted([unchanged(case_dir, fact) for fact in files], method)
    except (InputFormatError, IntegrityError) as error:
        return failed_run(context, failure_reason(error), str(error))
    return ReadsEvidence(
        run=run_identity(context),
        declared_locus=context.product.locus,
        reads=reads,
        primers=primers_of(context),
    )


def control_reads(
    batch_dir: Path, row: SheetRow, files: list[ControlFile], method: ReadsMethod
) -> DistinctReads | None:
    """Distinct reads of a control; ``None`` if a file of them is missing, altered or cannot be read."""
    named = [file for file in row.files if file.role is FileRole.READS]
    if all(found.size_bytes == 0 for found in files if found.path in {file.path for file in named}):
        # A sequenced blank may hold nothing at all.
        return DistinctReads({}, ReadTally(total=0))
    measured = {file.path: file.sha256 for file in files}
    for file in named:
        found = measured.get(file.path)
        if found is None or file.sha256 not in (None, found):
            return None
    try:
        return _counted([resolve_inside(batch_dir, file.path) for file in named], method)
    except InputFormatError:
        return None


def _counted(paths: list[Path], method: ReadsMethod) -> DistinctReads:
    """Reads of one file, or of two files of pairs: forward reads first, as they are named."""
    from musk_id.formats.fastq import FastqFile, paired_batches
    from musk_id.stages.read_variants import count_pairs, count_reads

    if len(paths) > MAX_READ_FILES:
        raise InputFormatError(
            f"{len(paths)} files of reads in one run",
            where=paths[0].name,
            hint="one file, or two of pairs, forward reads first; each run by itself",
        )
    if len(paths) == MAX_READ_FILES:
        return count_pairs(paired_batches(FastqFile(paths[0]), FastqFile(paths[1])), method)
    return count_reads(FastqFile(paths[0]).batches(), method)
