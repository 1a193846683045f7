"""Controls of a batch: which were there, what came of them, and what that does to the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.batch import RunSheet
from musk_id.model.batch_reads import BatchReads
from musk_id.model.provenance import Provenance
from musk_id.model.spikes import DetectionLevels
from musk_id.model.values import Identifier, Line, RelativePath, Sha256, Text
from musk_id.vocabulary import ControlKind, ControlOutcome, Locus, Reason

__all__ = ["BlankReads", "ControlFile", "ControlFinding", "ControlsRecord", "Haplotype", "RequiredControl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFile:
    """A control file of the batch as found; missing if there is no digest."""

    path: RelativePath
    position: Line
    size_bytes: int | None = None
    sha256: Sha256 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Haplotype:
    """The compared letters of a sequence at a marker; ``-`` where a coding window has none."""

    locus: Locus
    letters: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankReads:
    """How often a sequence, or any sequence nearest to a genus within its radius, was read in a blank.

    Never human.

    ``sequence_sha256`` is the digest of the sequence, ``genus`` the genus of all of them together: one is there.
    """

    sequence_sha256: Sha256 | None = None
    genus: Line | None = None
    reads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFinding:
    """Outcome of one control; ``taxa`` are the genera found in it (human as ``Homo``).

    ``haplotypes`` are those of a positive control, for the swap search; never human ones. ``reads`` are those of
    a blank, against which the exhibits' are held.
    """

    position: Line
    kind: ControlKind
    locus: Locus | None = None
    outcome: ControlOutcome
    reasons: tuple[Reason, ...] = ()
    taxa: tuple[Line, ...] = ()
    note: Line | None = None
    haplotypes: tuple[Haplotype, ...] = ()
    reads: tuple[BlankReads, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredControl:
    """A kind of control that the method asks for, and how many were there; absent means silence."""

    kind: ControlKind
    locus: Locus | None = None
    required: int
    present: int
    outcome: ControlOutcome


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class ControlsRecord:
    """Controls of one batch and their effect on every case of it.

    ``sheet`` holds the control rows only: exhibits of other cases do not travel with a case; their number
    is ``exhibit_rows``. ``batch_reads`` is there where a control was sequenced and the method compares wells.
    ``detection`` is what spiked process controls say; empty without any.
    """

    SCHEMA: ClassVar[str] = "musk-id/controls/1"

    schema: Line
    batch_id: Identifier
    provenance: Provenance
    sheet: RunSheet
    exhibit_rows: int
    files: tuple[ControlFile, ...]
    controls: tuple[ControlFinding, ...]
    required: tuple[RequiredControl, ...]
    passed: bool
    invalid_loci: tuple[Locus, ...] = ()
    reasons: tuple[Reason, ...] = ()
    batch_reads: BatchReads | None = None
    detection: tuple[DetectionLevels, ...] = ()
