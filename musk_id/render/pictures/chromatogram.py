"""Chromatogram of a run: total ion current over time, peaks with a name marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musk_id.render.pictures.canvas import INK, PALE, QUIET, Canvas, shortened

__all__ = ["ChromatogramWords", "PeakMark", "draw_chromatogram"]

LEFT, RIGHT = 44.0, 672.0
TOP, BOTTOM = 34.0, 170.0
HEIGHT = 208.0
NAME_LENGTH = 34
LABEL_HEIGHT = 10.0
LABELS = 2
STEPS_MIN = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
MOST_TICKS = 13


@dataclass(frozen=True, slots=True)
class PeakMark:
    """A stretch of the run and its highest scan, in minutes, with what it is called."""

    first: float
    last: float
    top: float
    text: str


@dataclass(frozen=True, slots=True)
class ChromatogramWords:
    """Words on the plot: alternative text, the name of the run, the names of the axes."""

    alt: str
    run: str
    time: str
    intensity: str


def draw_chromatogram(
    points: Sequence[tuple[float, float]], marks: Sequence[PeakMark], words: ChromatogramWords
) -> str:
    """SVG of a chromatogram.

    Parameters
    ----------
    points : sequence of (float, float)
        Time in minutes, increasing, and percentage of the largest scan; at least one.
    marks : sequence of PeakMark
        Drawn as grey bands with a triangle above the highest scan and their numbers and names.
    words : ChromatogramWords
        Texts.

    Raises
    ------
    ValueError
        If there is no point.
    """
    if not points:
        raise ValueError("a chromatogram without scans cannot be drawn")
    low, high = points[0][0], max(points[-1][0], points[0][0] + STEPS_MIN[0])
    canvas = Canvas(words.alt)

    def x(time: float) -> float:
        return LEFT + (time - low) / (high - low) * (RIGHT - LEFT)

    for mark in marks:
        width = max(x(mark.last) - x(mark.first), 2.0)
        canvas.box((x(mark.first) - 1.0, TOP), (width + 2.0, BOTTOM - TOP), fill=PALE, colour="none")
    canvas.path([(x(time), BOTTOM - share / 100.0 * (BOTTOM - TOP)) for time, share in points], width=0.9)
    for number, mark in enumerate(marks, 1):
        canvas.triangle((x(mark.top), TOP - 1.0), 5.0)
        place = x(mark.top)
        anchor = "end" if place > (LEFT + RIGHT) / 2 else "start"
        shift = -5.0 if anchor == "end" else 5.0
        label = shortened(f"{number} {mark.text}", NAME_LENGTH)
        canvas.text(
            (place + shift, TOP - 3.0 - LABEL_HEIGHT * ((number - 1) % LABELS)), label, size=7.5, anchor=anchor
        )
    _axes(canvas, (low, high), words)
    return canvas.svg(HEIGHT)


def _axes(canvas: Canvas, limits: tuple[float, float], words: ChromatogramWords) -> None:
    low, high = limits
    canvas.line((LEFT, TOP), (LEFT, BOTTOM), width=0.8)
    canvas.line((LEFT, BOTTOM), (RIGHT, BOTTOM), width=0.8)
    for share in (0, 50, 100):
        y = BOTTOM - share / 100.0 * (BOTTOM - TOP)
        canvas.line((LEFT - 3.0, y), (LEFT, y), width=0.8)
        canvas.text((LEFT - 5.0, y + 2.5), str(share), size=7.5, anchor="end", colour=QUIET)
    step = next((s for s in STEPS_MIN if (high - low) / s <= MOST_TICKS), 60.0)
    first = int(-(-low // step))
    for number in range(first, int(high // step) + 1):
        time = number * step
        place = LEFT + (time - low) / (high - low) * (RIGHT - LEFT)
        canvas.line((place, BOTTOM), (place, BOTTOM + 3.0), width=0.8)
        digits = 3 if step < 0.01 else 2 if step < 0.1 else 1
        canvas.text((place, BOTTOM + 12.0), f"{time:.{digits}f}", size=7.5, anchor="middle", colour=QUIET)
    canvas.text((RIGHT, BOTTOM + 25.0), words.time, size=8.5, anchor="end", colour=INK)
    canvas.text((0.0, 9.0), words.intensity, size=8.5)
    canvas.text((RIGHT, BOTTOM + 36.0), words.run, size=9.5, anchor="end", strong=True)
