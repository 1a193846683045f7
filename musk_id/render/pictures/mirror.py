"""Mirror plot of two mass spectra: the query above the axis, the library spectrum below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from musk_id.model.spectra import Peak
from musk_id.render.pictures.canvas import INK, MONO, QUIET, Canvas

__all__ = ["MirrorWords", "draw_mirror"]

LEFT, RIGHT = 44.0, 672.0
TOP, MIDDLE, BOTTOM = 30.0, 150.0, 270.0
HEIGHT = 312.0
LABELS_A_SIDE = 12
LABEL_SPACING = 22.0
FULL_SCALE = 999.0


@dataclass(frozen=True, slots=True)
class MirrorWords:
    """Words on the plot: alternative text, the names of the two spectra, the names of the axes."""

    alt: str
    query: str
    library: str
    mz: str
    intensity: str


def draw_mirror(query: tuple[Peak, ...], library: tuple[Peak, ...], words: MirrorWords) -> str:
    """SVG of a mirror plot; ions found in both spectra are thick, dotted and labelled with their m/z."""
    shared = {peak.mz for peak in query} & {peak.mz for peak in library}
    low, high = _range([*query, *library])
    canvas = Canvas(words.alt)
    _axes(canvas, low, high, words)
    for peaks, up in ((query, True), (library, False)):
        _sticks(canvas, peaks, shared, (low, high), up=up)
        _labels(canvas, peaks, shared, (low, high), up=up)
    return canvas.svg(HEIGHT)


def _range(peaks: list[Peak]) -> tuple[int, int]:
    """Limits of the axis in tens, at least fifty apart."""
    if not peaks:
        return 0, 100
    low = min(peak.mz for peak in peaks) // 10 * 10
    high = -(-(max(peak.mz for peak in peaks) + 1) // 10) * 10
    return low, max(high, low + 50)


def _x(mz: int, limits: tuple[int, int]) -> float:
    low, high = limits
    return LEFT + (mz - low) / (high - low) * (RIGHT - LEFT)


def _y(intensity: int, *, up: bool) -> float:
    share = min(max(intensity, 0), FULL_SCALE) / FULL_SCALE
    return MIDDLE - share * (MIDDLE - TOP) if up else MIDDLE + share * (BOTTOM - MIDDLE)


def _axes(canvas: Canvas, low: int, high: int, words: MirrorWords) -> None:
    canvas.line((LEFT, MIDDLE), (RIGHT, MIDDLE), width=0.8)
    canvas.line((LEFT, TOP), (LEFT, BOTTOM), width=0.8)
    for share in (0.5, 1.0):
        for y in (MIDDLE - share * (MIDDLE - TOP), MIDDLE + share * (BOTTOM - MIDDLE)):
            canvas.line((LEFT - 3.0, y), (LEFT, y), width=0.8)
            canvas.text((LEFT - 5.0, y + 2.5), f"{share * 100:.0f}", size=7.5, anchor="end", colour=QUIET)
    step = next((s for s in (10, 20, 50, 100, 200, 500) if (high - low) / s <= 14), 1000)
    for mz in range(-(-low // step) * step, high + 1, step):
        x = _x(mz, (low, high))
        canvas.line((x, BOTTOM + 14.0), (x, BOTTOM + 17.0), width=0.8)
        canvas.text((x, BOTTOM + 25.0), str(mz), size=7.5, anchor="middle", colour=QUIET)
    canvas.line((LEFT, BOTTOM + 14.0), (RIGHT, BOTTOM + 14.0), width=0.8)
    canvas.text((RIGHT, BOTTOM + 37.0), words.mz, size=8.5, anchor="end")
    canvas.text((0.0, TOP - 18.0), words.intensity, size=8.5)
    canvas.text((RIGHT, TOP - 18.0), words.query, size=9.5, anchor="end", strong=True)
    canvas.text((LEFT, BOTTOM + 37.0), words.library, size=9.5, strong=True)


def _sticks(canvas: Canvas, peaks: Iterable[Peak], shared: set[int], limits: tuple[int, int], *, up: bool) -> None:
    for peak in sorted(peaks, key=lambda p: p.mz):
        x, y = _x(peak.mz, limits), _y(peak.intensity, up=up)
        if peak.mz in shared:
            canvas.line((x, MIDDLE), (x, y), colour=INK, width=1.6)
            canvas.dot((x, y), 1.6)
        else:
            canvas.line((x, MIDDLE), (x, y), colour=QUIET, width=0.6)


def _labels(canvas: Canvas, peaks: Iterable[Peak], shared: set[int], limits: tuple[int, int], *, up: bool) -> None:
    placed: list[float] = []
    for peak in sorted(peaks, key=lambda p: (-p.intensity, p.mz)):
        x = _x(peak.mz, limits)
        if peak.mz not in shared or len(placed) == LABELS_A_SIDE:
            continue
        if any(abs(x - other) < LABEL_SPACING for other in placed):
            continue
        placed.append(x)
        y = _y(peak.intensity, up=up)
        canvas.text((x, y - 4.0 if up else y + 10.0), str(peak.mz), size=7.5, font=MONO, anchor="middle")
