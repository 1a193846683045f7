"""Which controls hold no template."""

from __future__ import annotations

from musk_id.vocabulary import ControlKind

__all__ = ["BLANKS"]

BLANKS = frozenset(
    {
        ControlKind.EXTRACTION_BLANK,
        ControlKind.PCR_NEGATIVE,
        ControlKind.PROCESS_BLANK,
        ControlKind.CARRY_OVER_BLANK,
    }
)
