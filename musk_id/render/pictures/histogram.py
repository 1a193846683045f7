"""Distances within and between species as bars above and below one axis."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.library_report import Histogram
from musk_id.render.pictures.canvas import INK, PALE, QUIET, Canvas

__all__ = ["HistogramWords", "draw_histogram"]

LEFT, RIGHT = 48.0, 676.0
MIDDLE, HALF = 110.0, 84.0
HEIGHT = 232.0


@dataclass(frozen=True, slots=True)
class HistogramWords:
    """Text alternative and the words of the three kinds of pairs and the axis."""

    alt: str
    within_species: str
    within_genus: str
    between_genera: str
    axis: str


def draw_histogram(figure: Histogram, words: HistogramWords) -> str:
    """SVG: within species filled upwards, within genus and between genera downwards, each to its own largest."""
    canvas = Canvas(words.alt)
    canvas.line((LEFT, MIDDLE), (RIGHT, MIDDLE), width=0.8)
    step = (RIGHT - LEFT) / len(figure.bins)
    inside = max((b.within_species for b in figure.bins), default=0)
    genus = max((b.within_genus for b in figure.bins), default=0)
    outside = max((b.between_genera for b in figure.bins), default=0)
    for place, b in enumerate(figure.bins):
        left = LEFT + place * step
        _bar(canvas, left, step * 0.8, -_share(b.within_species, inside), fill=INK)
        _bar(canvas, left, step * 0.4, _share(b.within_genus, genus), fill=QUIET)
        _bar(canvas, left + step * 0.4, step * 0.4, _share(b.between_genera, outside), fill=PALE)
        if place % 5 == 0:
            canvas.text((left, HEIGHT - 24.0), f"{b.low_percent}", size=7.5, colour=QUIET)
    canvas.text((LEFT, 12.0), f"{words.within_species} (max {inside})", size=8.5, strong=True)
    canvas.text((LEFT, HEIGHT - 10.0), f"{words.within_genus} (max {genus})", size=8.5)
    canvas.text((LEFT + 230.0, HEIGHT - 10.0), f"{words.between_genera} (max {outside})", size=8.5)
    canvas.text((RIGHT, HEIGHT - 10.0), words.axis, size=8.5, anchor="end")
    return canvas.svg(HEIGHT)


def _share(count: int, largest: int) -> float:
    return count / largest if largest else 0.0


def _bar(canvas: Canvas, left: float, width: float, share: float, *, fill: str) -> None:
    """A bar of a share of half the height, upwards if the share is negative; at least a hair if not zero."""
    if share == 0.0:
        return
    height = max(abs(share) * HALF, 0.8)
    top = MIDDLE - height if share < 0 else MIDDLE
    canvas.box((left, top), (width, height), fill=fill, colour=INK, width=0.4)
