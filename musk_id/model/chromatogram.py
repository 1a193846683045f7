"""The total ion current of a run over time, for a picture."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import DecimalText, Identifier

__all__ = ["ChromatogramPoint", "RunChromatogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChromatogramPoint:
    """One scan: its time in minutes, and its summed intensities as a percentage of the largest sum of the run."""

    time_min: DecimalText
    relative_percent: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChromatogram:
    """Scans of a run in the order of time; the n-th is the n-th spectrum of the run in the record."""

    run_id: Identifier
    item_id: Identifier
    points: tuple[ChromatogramPoint, ...]
