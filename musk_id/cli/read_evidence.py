"""Sequencing reads of casework: those of a run, and those of a control."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.cli.evidence_files import failed_run, failure_reason, read_steadily, read_unchanged, usable
from musk_id.cli.read_files import read_files
from musk_id.errors import InputFormatError, IntegrityError
from musk_id.model.batch import SheetRow
from musk_id.model.controls import ControlFile
from musk_id.model.examination import RunContext
from musk_id.model.intake import FileFact, IntakeRecord
from musk_id.model.methods import BarcodeMethod, ReadsMethod
from musk_id.model.primers import PRIMER_PAIRS, PrimerPairEntry, own_pair
from musk_id.model.reads import DistinctReads, PiledReads, ReadTally
from musk_id.model.technical import FailedRun, ReadsEvidence
from musk_id.records.files import resolve_inside
from musk_id.stages.intake import run_identity
from musk_id.vocabulary import FileRole, Reason, Technique

if TYPE_CHECKING:
    from musk_id.cli.workplace import Casework

__all__ = ["control_reads", "primers_of", "reads_evidence"]


def primers_of(named: SheetRow | RunContext) -> tuple[PrimerPairEntry, ...]:
    """The primers that the laboratory names, then those of published assays."""
    source = named if isinstance(named, SheetRow) else named.product
    if source.forward_primer is None or source.reverse_primer is None:
        return PRIMER_PAIRS
    own = own_pair(source.forward_primer, source.reverse_primer)
    table = [p for p in PRIMER_PAIRS if (p.forward, p.reverse) != (own.forward, own.reverse)]
    return (own, *table)


def reads_evidence(casework: Casework, intake: IntakeRecord, case_dir: Path) -> list[ReadsEvidence | FailedRun]:
    """Distinct or piled reads of every run of them, or why a run cannot be examined."""
    facts = {(fact.run_id, fact.path): fact for fact in intake.files if fact.run_id is not None}
    found: list[ReadsEvidence | FailedRun] = []
    for context in intake.examination.runs():
        if context.run.technique is Technique.SEQUENCING_READS:
            own = [facts[(context.run.run_id, f.path)] for f in context.run.files if f.role is FileRole.READS]
            found.append(_evidence(casework, context, own, case_dir))
    return found


def _evidence(
    casework: Casework, context: RunContext, files: list[FileFact], case_dir: Path
) -> ReadsEvidence | FailedRun:
    if not files:
        return failed_run(context, Reason.NO_EVIDENCE_FILE, Reason.NO_EVIDENCE_FILE.value)
    states = [usable(fact) for fact in files]
    refused = next((state for state in states if isinstance(state, Reason)), None)
    if refused is not None:
        return failed_run(context, refused, refused.value)
    try:
        primers = primers_of(context)
        reads = read_unchanged(
            case_dir,
            files,
            lambda paths: read_files(paths, primers, _rules(casework), lambda: casework.barcode_library),
        )
    except (InputFormatError, IntegrityError) as error:
        return failed_run(context, failure_reason(error), str(error))
    return ReadsEvidence(
        run=run_identity(context),
        declared_locus=context.product.locus,
        reads=reads,
        primers=primers,
    )


def control_reads(
    casework: Casework, batch_dir: Path, row: SheetRow, files: list[ControlFile]
) -> DistinctReads | PiledReads | None:
    """Distinct or piled reads of a control; ``None`` if a file of them is missing, altered or cannot be read."""
    named = [file for file in row.files if file.role is FileRole.READS]
    measured = {file.path: file.sha256 for file in files}
    for file in named:
        found = measured.get(file.path)
        if found is None or file.sha256 not in (None, found):
            return None
    if all(found.size_bytes == 0 for found in files if found.path in {file.path for file in named}):
        # A sequenced blank may hold nothing at all; one that was emptied later has another digest.
        return DistinctReads({}, ReadTally(total=0))
    try:
        paths = [resolve_inside(batch_dir, file.path) for file in named]
        return read_steadily(
            paths,
            [measured[file.path] for file in named],
            lambda: read_files(
                paths, primers_of(row), _rules(casework), lambda: casework.barcode_library, with_genera=True
            ),
        )
    except (InputFormatError, IntegrityError):
        return None


def _rules(casework: Casework) -> tuple[BarcodeMethod, ReadsMethod]:
    return casework.methods.barcode, casework.reads_method
