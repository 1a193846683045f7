"""A sequence against references: equal letters as dots, differing ones as boxed letters."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.barcode import AlignmentPicture
from musk_id.render.pictures.canvas import INK, MONO, PALE, QUIET, Canvas, shortened

__all__ = ["AlignmentWords", "draw_alignment"]

LABEL_WIDTH = 132.0
COLUMN_WIDTH = 9.0
ROW_HEIGHT = 13.0
COLUMNS_A_ROW = 60
LETTER_SIZE = 8.5
FULL_COLUMNS = 240
MAX_COLUMNS = 360
MAX_REFERENCES = 8


@dataclass(frozen=True, slots=True)
class AlignmentWords:
    """Words on the picture: its alternative text and the name of the query's row."""

    alt: str
    query: str


def draw_alignment(picture: AlignmentPicture, words: AlignmentWords) -> str:
    """SVG of an alignment.

    Sequences of up to 240 columns are drawn whole. Of longer ones only the columns in which a row differs
    from the query are drawn, under their positions, at most 360 of them. A triangle marks a column in
    which the first reference agrees with the query and another one does not.
    """
    references = _references(picture)
    columns = _columns(picture.query, references)
    canvas = Canvas(words.alt)
    y = 4.0
    for start in range(0, len(columns), COLUMNS_A_ROW):
        block = columns[start : start + COLUMNS_A_ROW]
        y = _draw_block(canvas, y, picture, references, block, words.query)
    return canvas.svg(y)


def _references(picture: AlignmentPicture) -> list[tuple[str, str]]:
    width = len(picture.query)
    pairs = zip(picture.accessions, picture.rows, strict=False)
    return [(str(name), row[:width].ljust(width, "-")) for name, row in pairs][:MAX_REFERENCES]


def _columns(query: str, references: list[tuple[str, str]]) -> list[int]:
    if len(query) <= FULL_COLUMNS:
        return list(range(len(query)))
    return [i for i, letter in enumerate(query) if any(row[i] != letter for _, row in references)][:MAX_COLUMNS]


def _draw_block(
    canvas: Canvas,
    top: float,
    picture: AlignmentPicture,
    references: list[tuple[str, str]],
    block: list[int],
    query_name: str,
) -> float:
    whole = len(picture.query) <= FULL_COLUMNS
    xs = [LABEL_WIDTH + (i + 0.5) * COLUMN_WIDTH for i in range(len(block))]
    y = _draw_ruler(canvas, top, [column + picture.first_column for column in block], xs, whole)
    for column, x in zip(block, xs, strict=True):
        if _decides(picture.query, references, column):
            canvas.triangle((x, y + 5.0), 4.5)
    y += ROW_HEIGHT + 4.0
    canvas.box((LABEL_WIDTH - 1.0, y - 9.5), (len(block) * COLUMN_WIDTH + 2.0, 12.5), fill=PALE, colour="none")
    canvas.text((0.0, y), query_name, size=9.0, strong=True)
    canvas.letters(xs, y, "".join(picture.query[c] for c in block), size=LETTER_SIZE)
    for name, row in references:
        y += ROW_HEIGHT
        canvas.text((0.0, y), shortened(name, 24), size=8.0, font=MONO)
        _draw_row(canvas, y, xs, picture.query, row, block)
    return y + ROW_HEIGHT


def _draw_ruler(canvas: Canvas, top: float, positions: list[int], xs: list[float], whole: bool) -> float:
    """Positions above the columns: every tenth of a whole sequence, all of chosen columns; counted from 1."""
    if whole:
        for position, x in zip(positions, xs, strict=True):
            if (position + 1) % 10 == 0:
                canvas.text((x, top + 8.0), str(position + 1), size=7.0, anchor="middle", colour=QUIET)
                canvas.line((x, top + 9.5), (x, top + 11.5), colour=QUIET, width=0.5)
        return top + 11.0
    digits = max(len(str(position + 1)) for position in positions)
    for line in range(digits):
        row = "".join(str(position + 1).rjust(digits)[line] for position in positions)
        canvas.letters(xs, top + 7.0 + 7.0 * line, row, size=6.5, colour=QUIET)
    return top + 7.0 * digits + 2.0


def _draw_row(canvas: Canvas, y: float, xs: list[float], query: str, row: str, block: list[int]) -> None:
    same = "".join("." if row[c] == query[c] else " " for c in block)
    other = "".join(" " if row[c] == query[c] else row[c] for c in block)
    canvas.letters(xs, y, same, size=LETTER_SIZE, colour=QUIET)
    for x, letter in zip(xs, other, strict=True):
        if letter != " ":
            canvas.box((x - 4.2, y - 9.0), (8.4, 11.4), colour=INK, width=0.8)
    canvas.letters(xs, y, other, size=LETTER_SIZE)


def _decides(query: str, references: list[tuple[str, str]], column: int) -> bool:
    letters = [row[column] for _, row in references]
    return bool(letters) and letters[0] == query[column] and any(c != query[column] for c in letters[1:])
