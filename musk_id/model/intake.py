"""The frozen case: inputs as validated, every file with its digest, and what intake noticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.edits import Edits
from musk_id.model.evidence import Statement
from musk_id.model.examination import Examination
from musk_id.model.laboratory import Laboratory
from musk_id.model.provenance import Provenance
from musk_id.model.request import Request
from musk_id.model.second_reading import SecondReadings
from musk_id.model.trace_file import TraceFacts
from musk_id.model.values import Identifier, Line, RelativePath, Sha256
from musk_id.vocabulary import FileRole, Reason

__all__ = ["FileFact", "IntakeNote", "IntakeRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """A file of the case as found: digest and size, or missing (both absent).

    ``trace`` is what a readable trace file says of itself.
    """

    path: RelativePath
    role: FileRole
    owner: Line
    run_id: Identifier | None = None
    size_bytes: int | None = None
    sha256: Sha256 | None = None
    declared_sha256: Sha256 | None = None
    trace: TraceFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeNote:
    """Something that intake noticed about a file or a field."""

    reason: Reason
    subject: Line
    run_ids: tuple[Identifier, ...] = ()
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class IntakeRecord:
    """A case at receipt: what was asked, what was done, which bytes were handed in."""

    SCHEMA: ClassVar[str] = "musk-id/intake/1"

    schema: Line
    case_id: Identifier
    provenance: Provenance
    laboratory: Laboratory
    request: Request
    examination: Examination
    files: tuple[FileFact, ...]
    batch_ids: tuple[Identifier, ...]
    notes: tuple[IntakeNote, ...]
    edits: Edits | None = None
    second_reading: SecondReadings | None = None
