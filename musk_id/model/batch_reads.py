"""Sequencing reads of all wells of a batch held against each other.

Exhibits of other cases appear as well and number only; letters and names never, nor sequences that may be human.
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import DecimalText, Line, Sha256
from musk_id.sharing_vocabulary import JumpState, Sharing
from musk_id.vocabulary import ControlKind

__all__ = ["BatchReads", "SharedSequence", "SharedWell", "TagJumps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagJumps:
    """How many reads of one well may carry the index of another one, at one marker.

    ``in_blank`` are the reads in the blank that has most, of sequences that other wells hold, ``elsewhere`` the
    reads of these sequences in the other wells. ``rate_upper`` is the upper limit of in_blank / elsewhere with the
    method's confidence; there where the state is ``LIMITED``.
    """

    primers: Line | None
    state: JumpState
    wells: int
    items: int
    blanks: int
    in_blank: int
    elsewhere: int
    rate_upper: DecimalText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedWell:
    """A well that holds a shared sequence, and how often it was read there without an error.

    Cases and their items are numbered by the first of their positions on the sheet; a control has neither number.
    ``jump_limit`` is the fewest reads that reads from wells of other items do not explain; absent for a control,
    and where the marker has no limit.
    """

    position: Line
    kind: ControlKind
    case_number: int | None = None
    item_number: int | None = None
    reads: int
    jump_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSequence:
    """A variant of one well that stands in wells of other items or controls, too."""

    sequence_sha256: Sha256
    primers: Line | None
    sharing: tuple[Sharing, ...]
    wells: tuple[SharedWell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReads:
    """What the wells of a batch share.

    ``positions`` are those of the exhibits that were compared, ``not_read`` exhibits whose reads could not be,
    ``without_case`` exhibits whose row names no case. Shared sequences stand by reads, most first; ``not_listed``
    are those beyond the most that are listed.
    """

    cases: int
    items: int
    positions: tuple[Line, ...]
    not_read: int
    without_case: int
    jumps: tuple[TagJumps, ...]
    shared: tuple[SharedSequence, ...]
    not_listed: int = 0
