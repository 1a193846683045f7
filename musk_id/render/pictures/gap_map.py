"""What is held and what is missing: rows of taxa, columns of markers, a filled box for what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from musk_id.render.pictures.canvas import INK, QUIET, Canvas, shortened

__all__ = ["LEVELS", "GapCell", "GapMapWords", "GapRow", "draw_gap_map"]

# From light to dark in one hue: their order stays when they are printed in grey.
FILLS = ("#e3eaf2", "#b3c7dc", "#7f9fc0", "#1f4e79")
LEVELS = len(FILLS)
_WHITE = "#ffffff"
_FIRST_DARK = 3

LEFT, RIGHT = 226.0, 676.0
LEGEND_TOP, LEGEND_HEIGHT = 4.0, 22.0
ROW_HEIGHT = 14.0
LABEL_LENGTH = 46
SWATCH = 22.0


@dataclass(frozen=True, slots=True)
class GapCell:
    """What is held: its level from 0 to ``LEVELS`` - 1, and what is written into the box."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """A taxon and its cells, ``None`` where nothing is held; a row without cells is a heading."""

    label: str
    cells: tuple[GapCell | None, ...] = ()


@dataclass(frozen=True, slots=True)
class GapMapWords:
    """Text alternative, heads of the columns, words of the levels from light to dark and of an absent cell."""

    alt: str
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    absent: str


def draw_gap_map(rows: Sequence[GapRow], words: GapMapWords) -> str:
    """SVG of the rows with a legend above them; an absent cell is a white box with a cross."""
    canvas = Canvas(words.alt)
    _legend(canvas, words)
    step = (RIGHT - LEFT) / max(len(words.columns), 1)
    top = LEGEND_TOP + LEGEND_HEIGHT + 16.0
    for number, head in enumerate(words.columns):
        canvas.text((LEFT + (number + 0.5) * step, top - 4.0), head, size=9.0, anchor="middle", strong=True)
    for place, row in enumerate(rows):
        y = top + place * ROW_HEIGHT
        is_heading = not row.cells
        at = (4.0 if is_heading else 14.0, y + ROW_HEIGHT - 4.0)
        canvas.text(at, shortened(row.label, LABEL_LENGTH), size=9.0, strong=is_heading)
        for number, cell in enumerate(row.cells):
            _cell(canvas, (LEFT + number * step + 1.0, y + 1.0), (step - 2.0, ROW_HEIGHT - 2.0), cell)
    return canvas.svg(top + len(rows) * ROW_HEIGHT + 4.0)


def _cell(canvas: Canvas, corner: tuple[float, float], size: tuple[float, float], cell: GapCell | None) -> None:
    x, y = corner
    width, height = size
    if cell is None:
        canvas.box(corner, size, fill=_WHITE, colour=QUIET, width=0.5)
        canvas.line((x, y), (x + width, y + height), colour=QUIET, width=0.5)
        canvas.line((x, y + height), (x + width, y), colour=QUIET, width=0.5)
        return
    canvas.box(corner, size, fill=FILLS[cell.level], colour=QUIET, width=0.5)
    colour = _WHITE if cell.level >= _FIRST_DARK else INK
    canvas.text((x + width / 2, y + height - 3.0), cell.text, size=8.5, anchor="middle", colour=colour)


def _legend(canvas: Canvas, words: GapMapWords) -> None:
    entries = [*((GapCell(level, ""), text) for level, text in enumerate(words.levels)), (None, words.absent)]
    step = (RIGHT - 4.0) / len(entries)
    for number, (cell, text) in enumerate(entries):
        x = 4.0 + number * step
        _cell(canvas, (x, LEGEND_TOP + 2.0), (SWATCH, ROW_HEIGHT - 2.0), cell)
        canvas.text((x + SWATCH + 5.0, LEGEND_TOP + ROW_HEIGHT - 3.0), text, size=8.5)
