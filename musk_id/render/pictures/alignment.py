"""A sequence against references: equal letters as dots, differing ones as boxed letters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from musk_id.model.barcode import AlignmentPicture
from musk_id.render.pictures.canvas import INK, MONO, PALE, QUIET, Canvas, shortened

__all__ = ["AlignmentMarks", "AlignmentWords", "draw_alignment", "marks_of", "reference_rows"]

LABEL_WIDTH = 132.0
COLUMN_WIDTH = 9.0
ROW_HEIGHT = 13.0
MARK_HEIGHT = 7.0
NAME_LENGTH = 30
COLUMNS_A_ROW = 60
LETTER_SIZE = 8.5
FULL_COLUMNS = 240
MAX_COLUMNS = 360
MAX_REFERENCES = 8


@dataclass(frozen=True, slots=True)
class AlignmentWords:
    """Words on the picture: its alternative text, the name of the query's row, what the marks mean."""

    alt: str
    query: str
    between_genera: str = ""
    within_genus: str = ""


@dataclass(frozen=True, slots=True)
class AlignmentMarks:
    """Columns, counted from 0 in the picture, that separate genera, and those that separate within one."""

    between_genera: frozenset[int]
    within_genus: frozenset[int]


def draw_alignment(picture: AlignmentPicture, words: AlignmentWords, marks: AlignmentMarks | None = None) -> str:
    """SVG of an alignment.

    Sequences of up to 240 columns are drawn whole. Of longer ones only the columns in which a row differs
    from the query are drawn, under their positions, at most 360 of them, marked ones first. A triangle marks a
    column that separates genera, a diamond one that separates within a genus. Without marks, a triangle stands
    at a column in which the first reference agrees with the query and another one does not.
    """
    references = reference_rows(picture)
    marks = marks or marks_of(picture)
    columns = _columns(picture.query, references, marks.between_genera | marks.within_genus)
    canvas = Canvas(words.alt)
    y = 4.0
    for start in range(0, len(columns), COLUMNS_A_ROW):
        block = columns[start : start + COLUMNS_A_ROW]
        y = _draw_block(canvas, y, picture, references, block, words.query, marks)
    return canvas.svg(_draw_legend(canvas, y, words))


def _draw_legend(canvas: Canvas, top: float, words: AlignmentWords) -> float:
    if not words.between_genera:
        return top
    canvas.triangle((6.0, top + 2.0), 5.0)
    canvas.text((14.0, top + 2.5), words.between_genera, size=8.0)
    if not words.within_genus:
        return top + 8.0
    canvas.diamond((6.0, top + 11.0), 5.5)
    canvas.text((14.0, top + 13.5), words.within_genus, size=8.0)
    return top + 19.0


def marks_of(picture: AlignmentPicture) -> AlignmentMarks:
    """Marks of a picture without any: the first reference agrees with the query and another one does not."""
    references = reference_rows(picture)
    decides = (i for i in range(len(picture.query)) if _decides(picture.query, references, i))
    return AlignmentMarks(frozenset(decides), frozenset())


def reference_rows(picture: AlignmentPicture) -> list[tuple[str, str]]:
    """References that are drawn, each with its name, as long as the query."""
    width = len(picture.query)
    names = [
        f"{accession} {_short_name(organism)}" if organism else str(accession)
        for accession, organism in zip_longest(picture.accessions, picture.organisms[: len(picture.accessions)])
    ]
    return [(n, row[:width].ljust(width, "-")) for n, row in zip(names, picture.rows, strict=False)][
        :MAX_REFERENCES
    ]


def _short_name(organism: str) -> str:
    """A species name with its genus as a letter."""
    genus, _, rest = organism.partition(" ")
    return f"{genus[:1]}. {rest}" if rest else genus


def _columns(query: str, references: list[tuple[str, str]], marked: frozenset[int]) -> list[int]:
    if len(query) <= FULL_COLUMNS:
        return list(range(len(query)))
    differing = [i for i, letter in enumerate(query) if any(row[i] != letter for _, row in references)]
    return sorted(sorted(differing, key=lambda i: (i not in marked, i))[:MAX_COLUMNS])


def _draw_block(
    canvas: Canvas,
    top: float,
    picture: AlignmentPicture,
    references: list[tuple[str, str]],
    block: list[int],
    query_name: str,
    marks: AlignmentMarks,
) -> float:
    whole = len(picture.query) <= FULL_COLUMNS
    xs = [LABEL_WIDTH + (i + 0.5) * COLUMN_WIDTH for i in range(len(block))]
    y = _draw_ruler(canvas, top, [column + picture.first_column for column in block], xs, whole)
    for column, x in zip(block, xs, strict=True):
        if column in marks.within_genus:
            canvas.diamond((x, y + 3.0), 4.5)
    if marks.within_genus:
        y += MARK_HEIGHT
    for column, x in zip(block, xs, strict=True):
        if column in marks.between_genera:
            canvas.triangle((x, y + 5.0), 4.5)
    y += ROW_HEIGHT + 4.0
    canvas.box((LABEL_WIDTH - 1.0, y - 9.5), (len(block) * COLUMN_WIDTH + 2.0, 12.5), fill=PALE, colour="none")
    canvas.text((0.0, y), query_name, size=9.0, strong=True)
    canvas.letters(xs, y, "".join(picture.query[c] for c in block), size=LETTER_SIZE)
    for name, row in references:
        y += ROW_HEIGHT
        canvas.text((0.0, y), shortened(name, NAME_LENGTH), size=7.0, font=MONO)
        _draw_row(canvas, y, xs, picture.query, row, block)
    return y + ROW_HEIGHT


def _draw_ruler(canvas: Canvas, top: float, positions: list[int], xs: list[float], whole: bool) -> float:
    """Positions above the columns: every tenth of a whole sequence, all of chosen columns; counted from 1."""
    if whole:
        for position, x in zip(positions, xs, strict=True):
            if position % 10 == 0:
                canvas.text((x, top + 8.0), str(position), size=7.0, anchor="middle", colour=QUIET)
                canvas.line((x, top + 9.5), (x, top + 11.5), colour=QUIET, width=0.5)
        return top + 11.0
    digits = max(len(str(position)) for position in positions)
    for line in range(digits):
        row = "".join(str(position).rjust(digits)[line] for position in positions)
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
