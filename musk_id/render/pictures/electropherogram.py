"""Signals of Sanger traces round a few bases: four kinds of line, letters and qualities above their peaks."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.trace_reading import TraceWindow
from musk_id.render.pictures.canvas import INK, MONO, QUIET, Canvas

__all__ = ["TraceWords", "draw_traces"]

LEFT, RIGHT = 8.0, 672.0
SIGNAL_HEIGHT = 70.0
HEAD_HEIGHT = 50.0
GAP = 14.0
FULL_SCALE = 100
LEGEND_LINE = 26.0

# Dash pattern and width: told apart without colour.
STYLES: dict[str, tuple[str, float]] = {
    "A": ("", 1.3),
    "C": ("5.0 2.0", 1.0),
    "G": ("1.2 1.6", 1.2),
    "T": ("7.0 2.0 1.2 2.0", 0.7),
}


@dataclass(frozen=True, slots=True)
class TraceWords:
    """Words on the picture: its alternative text and the head of each panel."""

    alt: str
    panels: tuple[str, ...]


def draw_traces(windows: tuple[TraceWindow, ...], words: TraceWords) -> str:
    """SVG of the traces of one stretch of the consensus, one panel under the other.

    Each panel has its own full scale. A triangle marks a site at which the nearest and the next genus differ, a
    diamond one that separates candidates within a genus;
    the position in the consensus stands over every fifth base.
    """
    canvas = Canvas(words.alt)
    y = _legend(canvas)
    for window, head in zip(windows, words.panels, strict=True):
        y = _panel(canvas, y, window, head)
    return canvas.svg(y)


def _legend(canvas: Canvas) -> float:
    x = LEFT
    for base, (dashes, width) in STYLES.items():
        canvas.path([(x, 8.0), (x + LEGEND_LINE, 8.0)], dashes=dashes, width=width)
        canvas.text((x + LEGEND_LINE + 4.0, 11.0), base, size=9.0, font=MONO, strong=True)
        x += LEGEND_LINE + 30.0
    return 18.0


def _panel(canvas: Canvas, top: float, window: TraceWindow, head: str) -> float:
    canvas.text((LEFT, top + 9.0), head, size=8.5)
    scans = max(len(window.adenine) - 1, 1)
    xs = [LEFT + peak / scans * (RIGHT - LEFT) for peak in window.peaks]
    floor = top + HEAD_HEIGHT + SIGNAL_HEIGHT
    for x, position in zip(xs, window.positions, strict=True):
        if position in window.marked:
            canvas.triangle((x, top + 30.0), 5.0)
        elif position in window.separating:
            canvas.diamond((x, top + 27.5), 5.0)
        if position and position % 5 == 0:
            canvas.text((x, top + 21.0), str(position), size=7.0, anchor="middle", colour=QUIET)
    canvas.letters(xs, top + 39.0, window.letters, size=9.0)
    for x, quality in zip(xs, window.qualities, strict=True):
        canvas.text((x, top + 47.0), str(quality), size=6.0, anchor="middle", colour=QUIET)
    canvas.line((LEFT, floor), (RIGHT, floor), colour=QUIET, width=0.5)
    rows = (window.adenine, window.cytosine, window.guanine, window.thymine)
    for (dashes, width), row in zip(STYLES.values(), rows, strict=True):
        heights = [min(max(value, 0), FULL_SCALE) / FULL_SCALE * SIGNAL_HEIGHT for value in row]
        points = [(LEFT + scan / scans * (RIGHT - LEFT), floor - height) for scan, height in enumerate(heights)]
        canvas.path(points, dashes=dashes, width=width, colour=INK)
    return floor + GAP
