"""Evidence files of runs: found, measured, unchanged since intake, or the reason why they cannot be used."""

from __future__ import annotations

from pathlib import Path

from musk_id.errors import InputFormatError, IntegrityError, MuskIdError
from musk_id.model.examination import RunContext
from musk_id.model.intake import FileFact, IntakeRecord
from musk_id.model.provenance import InputDigest
from musk_id.model.technical import FailedRun
from musk_id.model.values import Line, Sha256
from musk_id.records.files import resolve_inside, sha256_file
from musk_id.stages.intake import SUPPORTED_TECHNIQUES, run_identity
from musk_id.vocabulary import FileRole, Reason, Technique

__all__ = [
    "digest_of",
    "failed_run",
    "failure_reason",
    "measured",
    "run_files",
    "run_inputs",
    "unchanged",
    "usable",
]

MAX_EVIDENCE_BYTES = 100_000_000_000


def measured(path: Path, name: str) -> tuple[int, Sha256]:
    """Size and digest of a file from outside.

    Raises
    ------
    InputFormatError
        If it cannot be read or is too large: a file of holes may claim more than could be read in a year.
    """
    try:
        size = path.stat().st_size
        if size > MAX_EVIDENCE_BYTES:
            raise InputFormatError(
                f"the file has {size} bytes, at most {MAX_EVIDENCE_BYTES} are read",
                where=name,
                hint="hand in the part that was examined, or the instrument's export of it",
            )
        return size, sha256_file(path)
    except OSError as error:
        raise InputFormatError(f"cannot be read: {error.strerror}", where=name) from error


def run_files(
    intake: IntakeRecord, techniques: frozenset[Technique], role: FileRole
) -> list[tuple[RunContext, FileFact | Reason]]:
    """Runs of some techniques, each with a file of the role, or with the reason why there is none."""
    facts = {(fact.run_id, fact.path): fact for fact in intake.files if fact.run_id is not None}
    found: list[tuple[RunContext, FileFact | Reason]] = []
    for context in intake.examination.runs():
        run = context.run
        if run.technique not in techniques:
            continue
        if run.technique not in SUPPORTED_TECHNIQUES:
            found.append((context, Reason.TECHNIQUE_NOT_EVALUATED))
            continue
        named = [file for file in run.files if file.role is role]
        if not named:
            found.append((context, Reason.NO_EVIDENCE_FILE))
        found += [(context, usable(facts[(run.run_id, file.path)])) for file in named]
    return found


def usable(fact: FileFact) -> FileFact | Reason:
    if fact.sha256 is None:
        return Reason.FILE_MISSING
    if fact.declared_sha256 not in (None, fact.sha256):
        return Reason.FILE_ALTERED
    return fact


def unchanged(case_dir: Path, fact: FileFact) -> Path:
    """Path of a file that still has the digest that intake recorded."""
    path = resolve_inside(case_dir, fact.path)
    if not path.is_file() or sha256_file(path) != fact.sha256:
        raise IntegrityError("the file changed after intake", where=fact.path)
    return path


def failure_reason(error: MuskIdError) -> Reason:
    return Reason.FILE_ALTERED if isinstance(error, IntegrityError) else Reason.FILE_UNREADABLE


def digest_of(fact: FileFact) -> Sha256:
    if fact.sha256 is None:
        raise IntegrityError("the file has no digest", where=fact.path)
    return fact.sha256


def failed_run(context: RunContext, reason: Reason, note: str) -> FailedRun:
    return FailedRun(
        run=run_identity(context),
        declared_locus=context.product.locus,
        reason=reason,
        note=Line(" ".join(note.split())[:500]),
    )


def run_inputs(intake: IntakeRecord, techniques: frozenset[Technique]) -> tuple[InputDigest, ...]:
    runs = {c.run.run_id for c in intake.examination.runs() if c.run.technique in techniques}
    return tuple(
        InputDigest(name=Line(fact.path), sha256=fact.sha256)
        for fact in intake.files
        if fact.run_id in runs and fact.sha256 is not None
    )
