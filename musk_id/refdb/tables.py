"""Tables of the library: UTF-8 text, one header line, one row a line, fields separated by tabs, no quoting.

A list inside a field is separated by semicolons; an empty field means that nothing is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from musk_id.errors import Problem, ReferenceDataError
from musk_id.model.values import RULES

__all__ = ["LIST_SEPARATOR", "Row", "parse_rows", "parse_table", "table_bytes"]

LIST_SEPARATOR = ";"
MAX_ROWS = 200_000
MAX_FIELD_LENGTH = 200_000

_Value = TypeVar("_Value")
_Text = TypeVar("_Text", bound=str)
_Enum = TypeVar("_Enum", bound=StrEnum)


class _RowError(Exception):
    """A field of a row that cannot be used; becomes a ``Problem`` of the whole table."""


class Row:
    """Fields of one row by column name.

    Parameters
    ----------
    where : str
        File and line, as messages name them.
    fields : mapping of str to str
        Text of each column.
    """

    def __init__(self, where: str, fields: Mapping[str, str]) -> None:
        self.where = where
        self._fields = fields

    def text(self, column: str, kind: Callable[[str], _Text]) -> _Text:
        """Text that obeys the rule of its kind (a ``NewType`` of ``musk_id.model.values``)."""
        return self._checked(column, self._fields[column], kind)

    def optional(self, column: str, kind: Callable[[str], _Text]) -> _Text | None:
        """Like ``text``; ``None`` where the field is empty."""
        return self.text(column, kind) if self._fields[column] else None

    def several(self, column: str, kind: Callable[[str], _Text]) -> tuple[_Text, ...]:
        """Values of a list field; none where the field is empty."""
        field = self._fields[column]
        values = tuple(self._checked(column, part, kind) for part in field.split(LIST_SEPARATOR) if field)
        if len(set(values)) != len(values):
            raise _RowError(f"{column}: a value stands twice in '{field}'")
        return values

    def tokens(self, column: str) -> list[str]:
        """Parts of a field separated by single blanks; at least one."""
        return self._fields[column].split(" ")

    def integer(self, column: str) -> int:
        """Whole number without sign."""
        field = self._fields[column]
        if not (field.isascii() and field.isdigit() and len(field) <= 12):
            raise _RowError(f"{column}: '{_shown(field)}' is no whole number")
        return int(field)

    def word(self, column: str, words: type[_Enum]) -> _Enum:
        """Member of a closed list."""
        field = self._fields[column]
        try:
            return words(field)
        except ValueError:
            allowed = ", ".join(words)
            raise _RowError(f"{column}: '{_shown(field)}' is not one of {allowed}") from None

    def is_empty(self, column: str) -> bool:
        """Whether nothing is stated."""
        return not self._fields[column]

    def _checked(self, column: str, value: str, kind: Callable[[str], _Text]) -> _Text:
        rule = RULES[kind]
        if not rule.accepts(value):
            raise _RowError(f"{column}: '{_shown(value)}' is not {rule.described}")
        return kind(value)


def parse_table(data: bytes, name: str, columns: tuple[str, ...]) -> list[Row]:
    """Rows of a table.

    Raises
    ------
    ReferenceDataError
        If the bytes are not such a table or its header is another one.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReferenceDataError(f"byte {error.start + 1} is not UTF-8", where=name) from None
    for number, line in enumerate(text.split("\n"), start=1):
        control = next((c for c in line if c != "\t" and not c.isprintable()), None)
        if control is not None:
            raise ReferenceDataError(
                f"character U+{ord(control):04X} is not allowed in a table", where=f"{name}, line {number}"
            )
    if not text.endswith("\n"):
        raise ReferenceDataError("the last line is not complete (no line end)", where=name)
    lines = text.split("\n")[:-1]
    if len(lines) > MAX_ROWS + 1:
        raise ReferenceDataError(f"{len(lines) - 1} rows, allowed are {MAX_ROWS}", where=name)
    if tuple(lines[0].split("\t")) != columns:
        raise ReferenceDataError(
            f"the columns are '{_shown(lines[0])}'",
            where=f"{name}, line 1",
            hint=f"the columns of this table are: {', '.join(columns)}",
        )
    rows: list[Row] = []
    faults: list[ReferenceDataError] = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            rows.append(_row(f"{name}, line {number}", line, columns))
        except ReferenceDataError as fault:
            faults.append(fault)
    if len(faults) > 1:
        raise ReferenceDataError(
            f"{len(faults)} row(s) do not fit the header: {faults[0].message}",
            where=name,
            problems=tuple(Problem(fault.where, fault.message) for fault in faults),
        )
    if faults:
        raise faults[0]
    return rows


def parse_rows(rows: Iterable[Row], parse: Callable[[Row], _Value]) -> tuple[_Value, ...]:
    """Objects of all rows, in their order.

    Raises
    ------
    ReferenceDataError
        With one problem for each row that cannot be used.
    """
    values: list[_Value] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            values.append(parse(row))
        except _RowError as fault:
            problems.append(Problem(row.where, str(fault)))
    if problems:
        table = problems[0].where.split(",", 1)[0]
        raise ReferenceDataError(
            f"{len(problems)} row(s) cannot be used: {problems[0].message}",
            where=table,
            hint="correct the rows named above",
            problems=tuple(problems),
        )
    return tuple(values)


def table_bytes(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    """Bytes of a table; the caller decides the order of the rows.

    Raises
    ------
    ReferenceDataError
        If a field holds a tab or a line end, or a row has another number of fields than the header.
    """
    return "".join(_lines(columns, rows)).encode("utf-8")


def _lines(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "\t".join(columns) + "\n"
    for row in rows:
        if len(row) != len(columns) or any("\t" in field or "\n" in field for field in row):
            raise ReferenceDataError(
                f"a row does not fit the columns {', '.join(columns)}: {_shown(' | '.join(row))}"
            )
        yield "\t".join(row) + "\n"


def _row(where: str, line: str, columns: tuple[str, ...]) -> Row:
    fields = line.split("\t")
    if len(fields) != len(columns):
        raise ReferenceDataError(f"{len(fields)} fields, the header has {len(columns)}", where=where)
    too_long = next((column for column, f in zip(columns, fields, strict=True) if len(f) > MAX_FIELD_LENGTH), None)
    if too_long is not None:
        raise ReferenceDataError(f"{too_long} is longer than {MAX_FIELD_LENGTH} characters", where=where)
    return Row(where, dict(zip(columns, fields, strict=True)))


def _shown(value: str) -> str:
    return value if len(value) <= 80 else value[:77] + "..."
