"""Which stretches of the traces a record shows, and their signals in the direction of the consensus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.model.trace_file import TraceFile
from musk_id.model.trace_reading import TraceWindow
from musk_id.model.values import Text
from musk_id.vocabulary import FileRole

__all__ = ["TracePart", "choose_windows", "draw_windows"]

WINDOW_BASES = 25
MAX_WINDOWS = 4
FULL_PERCENT = 100
MARGIN_SCANS = 6
# A trace's bases lie about twelve scans apart; a stretch far beyond that has no readable picture.
MAX_SCANS_A_BASE = 40

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TracePart:
    """A trace and the index in it of each letter of the consensus, -1 for none."""

    role: FileRole
    trace: TraceFile
    columns: Indices


def choose_windows(weights: Mapping[int, int], length: int) -> tuple[int, ...]:
    """First positions of at most four windows of 25 letters that hold the most weight, in their order.

    One after the other, each holding the most of what the earlier ones left; of equal ones the first. A window
    stands so that what it holds lies in its middle.
    """
    left = dict(weights)
    chosen: list[int] = []
    while left and len(chosen) < MAX_WINDOWS:
        best, held = -1, 0
        for start in sorted(left):
            weight = sum(left.get(p, 0) for p in range(start, start + WINDOW_BASES))
            if weight > held:
                best, held = start, weight
        inside = [p for p in range(best, best + WINDOW_BASES) if p in left]
        middle = (inside[0] + inside[-1]) // 2
        first = max(0, min(middle - WINDOW_BASES // 2, length - WINDOW_BASES))
        chosen.append(first)
        left = {p: w for p, w in left.items() if not first <= p < first + WINDOW_BASES and p not in inside}
    return tuple(sorted(chosen))


def draw_windows(
    parts: tuple[TracePart, ...],
    starts: tuple[int, ...],
    marked: set[int],
    separating: frozenset[int] = frozenset(),
) -> tuple[TraceWindow, ...]:
    """Signals of every trace in every window, where the trace reaches it."""
    found = [_window(part, start, marked, separating) for start in starts for part in parts]
    return tuple(window for window in found if window is not None)


def _window(part: TracePart, start: int, marked: set[int], separating: frozenset[int]) -> TraceWindow | None:
    """Bases of the file from the first to the last that the window's letters have; none where it has none."""
    column = part.columns[start : start + WINDOW_BASES]
    held = column[column >= 0]
    if not held.size:
        return None
    low, high = int(held.min()), int(held.max()) + 1
    trace = part.trace
    peaks = trace.peaks[low:high]
    first = max(0, int(peaks[0]) - MARGIN_SCANS)
    last = min(trace.channels.shape[1], int(peaks[-1]) + MARGIN_SCANS + 1)
    if high - low > 2 * WINDOW_BASES or last - first > MAX_SCANS_A_BASE * (high - low) + 2 * MARGIN_SCANS:
        return None
    letters, qualities = trace.letters[low:high], trace.qualities[low:high]
    signals = np.maximum(trace.channels[:, first:last], 0)
    scale = max(1, int(signals.max()))
    percent = (signals * FULL_PERCENT + scale // 2) // scale
    places = peaks - first
    index = np.arange(low, high)
    if part.role is FileRole.TRACE_REVERSE:
        # The other strand: letters and rows A, C, G, T change places, everything runs backwards.
        letters, qualities, index = reverse_complement_text(letters), qualities[::-1], index[::-1]
        percent, places = percent[::-1, ::-1], (last - first - 1 - places)[::-1]
    where = {int(i): start + k for k, i in enumerate(column.tolist()) if i >= 0}
    positions = [where.get(int(i), -1) for i in index]
    rows = [tuple(row) for row in percent.tolist()]
    return TraceWindow(
        role=part.role,
        first_position=start + 1,
        positions=tuple(position + 1 for position in positions),
        marked=tuple(position + 1 for position in positions if position in marked),
        letters=Text(letters),
        qualities=tuple(qualities.tolist()),
        peaks=tuple(places.tolist()),
        full_scale=scale,
        adenine=rows[0],
        cytosine=rows[1],
        guanine=rows[2],
        thymine=rows[3],
        separating=tuple(position + 1 for position in positions if position in separating),
    )
