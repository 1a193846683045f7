"""Parts of a record's pages, before they become PDF or HTML: both media draw the same parts in one order.

A cell is a tuple of lines, a line a tuple of spans. Spans hold outside text as it stands; making it
drawable is the medium's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Annex",
    "AnnexReference",
    "Block",
    "Cell",
    "Document",
    "Facts",
    "Figure",
    "Fold",
    "Front",
    "FrontAnswer",
    "FrontQuestion",
    "Heading",
    "Items",
    "Line",
    "Notice",
    "Paragraph",
    "Photo",
    "Photos",
    "Section",
    "SignatureBlock",
    "Signatures",
    "Span",
    "Style",
    "Table",
    "bold",
    "cell",
    "italic",
    "lines",
    "mono",
]


class Style(StrEnum):
    """How a span is set."""

    PLAIN = "plain"
    BOLD = "bold"
    ITALIC = "italic"
    MONO = "mono"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]
Cell = tuple[Line, ...]


def _styled(text: str, style: Style) -> Cell:
    return tuple((Span(line, style),) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def cell(text: str) -> Cell:
    """A cell of plain text; line breaks of the text start lines."""
    return _styled(text, Style.PLAIN)


def bold(text: str) -> Cell:
    """A cell of strong text."""
    return _styled(text, Style.BOLD)


def italic(text: str) -> Cell:
    """A cell of slanted text, for scientific names."""
    return _styled(text, Style.ITALIC)


def mono(text: str) -> Cell:
    """A cell of equally wide letters, for ids, paths, digests and sequences."""
    return _styled(text, Style.MONO)


def lines(*cells: Cell) -> Cell:
    """Cells below each other as one."""
    return tuple(line for part in cells for line in part)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; ``quiet`` text is smaller and grey, for remarks on how to read something."""

    text: Cell
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section; level 2 or 3."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with values, one pair a row."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    items: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``widths`` are shares of the text width, ``0`` for as wide as the content."""

    caption: str
    heads: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A framed remark that must not be overlooked, with an optional list and label-value rows.

    A ``whole`` one is not broken over two pages; its content must fit on one.
    """

    title: str
    items: tuple[Cell, ...]
    facts: tuple[tuple[str, Cell], ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with its text alternative; ``view`` is what a viewer of the HTML is given of it, as JSON text."""

    svg: str
    alt: str
    caption: str
    view: str = ""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph with its text alternative and what stands under it; ``jpeg`` is empty where none is drawn."""

    jpeg: bytes
    size: tuple[int, int]
    alt: str
    text: Cell


@dataclass(frozen=True, slots=True)
class Photos:
    """Photographs beside each other, three in a row."""

    entries: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """A table under a title that a reader opens; on paper it lies open."""

    title: str
    table: Table


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """A box to be signed or stamped by hand: title and the fields under the lines."""

    title: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Boxes of the paper route."""

    blocks: tuple[SignatureBlock, ...]


@dataclass(frozen=True, slots=True)
class Annex:
    """Blocks that no reader of the paper needs in the run of the text.

    :func:`musk_id.render.pages.annexes.with_annexes` puts them behind the record and leaves a reference in
    their place. HTML draws them; the PDF names them and says where they are.
    """

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class AnnexReference:
    """Where an annex was taken out of the text: its place behind the record and its name."""

    anchor: str
    text: str


Block = (
    Paragraph
    | Heading
    | Facts
    | Items
    | Table
    | Fold
    | Notice
    | Figure
    | Photos
    | Signatures
    | Annex
    | AnnexReference
)


@dataclass(frozen=True, slots=True)
class FrontAnswer:
    """The answer to a question for one item on the first page."""

    item: str
    finding: str
    grade: str
    statements: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class FrontQuestion:
    """A question as asked, and its answers."""

    question_id: str
    asked: Cell
    answers: tuple[FrontAnswer, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """The page for a reader in a hurry; ``grade`` is empty where nothing is graded."""

    title: str
    subtitle: str
    notices: tuple[Notice, ...]
    facts: tuple[tuple[str, Cell], ...]
    grade_label: str
    grade: str
    grade_meaning: str
    grade_reasons: tuple[Cell, ...]
    questions_title: str
    questions: tuple[FrontQuestion, ...]
    grade_word: str
    next_title: str
    next_steps: tuple[Cell, ...]
    limits_title: str
    limits: tuple[Cell, ...]
    read_on: str


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the record; one that is an ``annex`` stands behind the record as a whole."""

    anchor: str
    heading: str
    blocks: tuple[Block, ...]
    annex: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """All pages of a record, or of another report, in one language.

    ``page_of`` and ``digest_line`` stand in the footer; ``page_of`` keeps ``{page}`` and ``{pages}`` for
    the medium to fill. ``attachment`` is the name of the data file that travels with the pages; ``data_elsewhere``
    says where it is if it is too large for an HTML file to hold. ``annexes`` are drawn in HTML only, and
    ``viewer_words`` are those of its viewers, by name.
    """

    language: str
    case_id: str
    date: str
    banner: str
    header: str
    draft: str
    watermark: str
    page_of: str
    digest_label: str
    digest: str
    contents_title: str
    front: Front
    sections: tuple[Section, ...]
    end_mark: str
    attachment: str
    annexes_title: str = ""
    annexes: tuple[Section, ...] = ()
    viewer_words: tuple[tuple[str, str], ...] = ()
    data_elsewhere: str = ""
