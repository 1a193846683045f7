"""Evidence files of runs: found, measured, unchanged since intake, or the reason why they cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

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
    "read_steadily",
    "read_unchanged",
    "run_files",
    "run_inputs",
    "usable",
]

_T = TypeVar("_T")

_LOOKS = 3
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


def read_steadily(paths: Sequence[Path], known: Sequence[Sha256 | None], reader: Callable[[], _T]) -> _T:
    """What a reader gives of files that have the known digests and were not touched while it read them.

    Digest and reading are two looks at a file: one that was another at the second would stand in the record under
    the digest of the first. A touch that changes nothing (a backup that links the file) leads to another look.

    Parameters
    ----------
    paths, known : sequence
        The files, and their digests; ``None`` where any content will do.

    Raises
    ------
    IntegrityError
        If a file has another digest, or is touched at each look.
    """
    for _ in range(_LOOKS):
        before = [_touched(path) for path in paths]
        for path, sha256 in zip(paths, known, strict=True):
            if not path.is_file() or (sha256 is not None and sha256_file(path) != sha256):
                raise IntegrityError("the file changed after intake", where=path.name)
        try:
            found = reader()
        except InputFormatError:
            if [_touched(path) for path in paths] == before:
                raise
        else:
            if [_touched(path) for path in paths] == before:
                return found
    raise IntegrityError("the file changes while it is read", where=", ".join(path.name for path in paths))


def _touched(path: Path) -> tuple[int, ...] | None:
    """What the system changes whenever a file is written to or another one is put in its place."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def read_unchanged(case_dir: Path, facts: Sequence[FileFact], reader: Callable[[list[Path]], _T]) -> _T:
    """What a reader gives of files of a case that still have the digests that intake recorded.

    Raises
    ------
    IntegrityError
        If one changed since intake, or while it was read.
    """
    paths = [resolve_inside(case_dir, fact.path) for fact in facts]
    return read_steadily(paths, [digest_of(fact) for fact in facts], lambda: reader(paths))


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
