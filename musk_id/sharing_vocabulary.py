"""Closed lists of words on sequences that wells of a batch share.

Members are never renamed or reused once released; ``docs/vocabulary.md`` explains each.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["JumpState", "Sharing"]


class JumpState(StrEnum):
    """Whether reads that changed to the index of another well can be limited at a marker of a batch."""

    LIMITED = "LIMITED"
    ONE_ITEM = "ONE_ITEM"
    NO_BLANK_READ = "NO_BLANK_READ"


class Sharing(StrEnum):
    """Between which wells of a batch a sequence is shared."""

    WITH_BLANK = "WITH_BLANK"
    WITH_POSITIVE = "WITH_POSITIVE"
    BETWEEN_CASES = "BETWEEN_CASES"
    BETWEEN_ITEMS = "BETWEEN_ITEMS"
    BETWEEN_CONTROLS = "BETWEEN_CONTROLS"
