"""A table of many cases: text with a header row, one row for each run, or for each item without runs."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.limited import read_bytes

__all__ = ["CASE_COLUMNS", "ITEM_COLUMNS", "RUN_COLUMNS", "TableRow", "read_case_table"]

MAX_BYTES = 100_000_000
MAX_ROWS = 200_000
MAX_CELL_LENGTH = 20_000

CASE_COLUMNS = (
    "case_id",
    "authority",
    "authority_country",
    "authority_reference",
    "date_of_request",
    "legal_ground",
    "accession_number",
    "accession_date",
)
ITEM_COLUMNS = (
    "item_id",
    "described_as",
    "seal_number",
    "label_text",
    "units_total",
    "material",
    "material_description",
)
RUN_COLUMNS = (
    "sub_sample_id",
    "extract_id",
    "extract_kind",
    "extract_batch",
    "product_id",
    "locus",
    "forward_primer",
    "reverse_primer",
    "product_batch",
    "run_id",
    "technique",
    "file",
    "reverse_file",
    "run_batch",
    "position",
    "instrument",
    "date",
    "analyst",
    "method_version",
    "simulated",
)
_REQUIRED = ("case_id", "authority", "question_1_kind", "question_1_text", "item_id", "described_as")
_QUESTION = re.compile(r"question_[1-9]_(kind|text)")
_KNOWN = frozenset((*CASE_COLUMNS, *ITEM_COLUMNS, *RUN_COLUMNS))
_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TableRow:
    """Cells of a row by column, those that are not empty; ``line`` is the row's last line in the file."""

    line: int
    cells: dict[str, str]


def read_case_table(path: Path) -> tuple[TableRow, ...]:
    """Rows of a table of cases (UTF-8; comma, semicolon or tab).

    Raises
    ------
    InputFormatError
        If the file is no such table, a column is unknown, doubled or missing, or a limit is passed.
    """
    name = path.name
    try:
        text = read_bytes(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputFormatError(f"not UTF-8 text (byte {error.start})", where=name) from error
    head = text.split("\n", 1)[0]
    separator = max("\t;,", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[TableRow] = []
    columns: list[str] = []
    try:
        for cells in reader:
            where = f"{name}, line {reader.line_num}"
            if not columns:
                columns = _header([cell.strip() for cell in cells], where)
            elif any(cell.strip() for cell in cells):
                if len(rows) == MAX_ROWS:
                    raise InputFormatError(f"more than {MAX_ROWS} rows", where=where)
                rows.append(TableRow(reader.line_num, _row(columns, cells, where)))
    except csv.Error as error:
        raise InputFormatError(f"no row of a table: {error}", where=f"{name}, line {reader.line_num}") from error
    if not rows:
        raise InputFormatError("the table has no rows", where=name)
    return tuple(rows)


def _header(titles: list[str], where: str) -> list[str]:
    for title in titles:
        if titles.count(title) > 1 or not (title in _KNOWN or _QUESTION.fullmatch(title)):
            raise InputFormatError(
                f"column {title[:40]!r} is not known or there twice",
                where=where,
                hint="docs/many-cases.md lists the columns",
            )
    missing = [title for title in _REQUIRED if title not in titles]
    if missing:
        raise InputFormatError(f"no column {', '.join(missing)}", where=where)
    return titles


def _row(columns: list[str], cells: list[str], where: str) -> dict[str, str]:
    if len(cells) != len(columns):
        raise InputFormatError(f"{len(cells)} cells, the first row has {len(columns)}", where=where)
    for cell in cells:
        bad = _REFUSED.search(cell)
        if bad is not None or len(cell) > MAX_CELL_LENGTH:
            told = f"longer than {MAX_CELL_LENGTH} letters" if bad is None else f"with U+{ord(bad[0]):04X}"
            raise InputFormatError(f"a cell {told}", where=where)
    return {column: cell.strip() for column, cell in zip(columns, cells, strict=True) if cell.strip()}
