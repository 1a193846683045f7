"""Closed list of what a figure of ``validation/`` tells of a method; ``docs/validation.md`` explains each.

Members are never renamed or reused once released.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Characteristic"]


class Characteristic(StrEnum):
    """What a measured figure tells of a method."""

    ACCURACY = "ACCURACY"
    SPECIFICITY = "SPECIFICITY"
    SENSITIVITY = "SENSITIVITY"
    RELIABILITY = "RELIABILITY"
