"""Closed list of units in which a process control is spiked; members are never renamed or reused once released."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["SpikeUnit"]


class SpikeUnit(StrEnum):
    """In what the level of a spiked process control is stated."""

    COPIES = "COPIES"
    PERCENT = "PERCENT"
