"""The tab-separated tables: what is read, what is refused and how it is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.errors import ReferenceDataError
from musk_id.model.values import DecimalText, IsoDate, Line
from musk_id.refdb.tables import parse_rows, parse_table, table_bytes
from musk_id.vocabulary import Locus

COLUMNS = ("name", "value")


def row_of(text: str):  # type: ignore[no-untyped-def]
    (row,) = parse_table(f"name\tvalue\n{text}\n".encode(), "t.tsv", COLUMNS)
    return row


FIELD = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=12)


@given(st.lists(st.tuples(FIELD, FIELD), max_size=5))
def test_written_tables_read_back(rows: list[tuple[str, str]]) -> None:
    read = parse_table(table_bytes(COLUMNS, rows), "t.tsv", COLUMNS)
    assert [tuple(r._fields[c] for c in COLUMNS) for r in read] == rows


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"name\tvalue\nx\xff\t1\n", "byte 13 is not UTF-8"),
        (b"name\tvalue\nx\t1", "line end"),
        (b"name\tother\nx\t1\n", "the columns are 'name\tother'"),
        (b"name\tvalue\r\nx\t1\r\n", "U\\+000D"),
        (b"name\tvalue\nx\x00\t1\n", "line 2: character U\\+0000"),
        ("name\tvalue\nx\u202e\t1\n".encode(), "U\\+202E"),
        (b"\xef\xbb\xbfname\tvalue\n", "U\\+FEFF"),
        (b"name\tvalue\nx\n", "line 2: 1 fields, the header has 2"),
        (b"name\tvalue\nx\t" + b"a" * 200_001 + b"\n", "value is longer than 200000"),
        (b"name\tvalue\n" + b"x\t1\n" * 200_001, "200001 rows, allowed are 200000"),
    ],
)
def test_malformed_tables_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(ReferenceDataError, match=said):
        parse_table(data, "t.tsv", COLUMNS)


def test_field_with_a_tab_cannot_be_written() -> None:
    with pytest.raises(ReferenceDataError, match="does not fit the columns"):
        table_bytes(COLUMNS, [("a\tb", "c")])


def test_row_with_too_few_fields_cannot_be_written() -> None:
    with pytest.raises(ReferenceDataError, match="does not fit the columns"):
        table_bytes(COLUMNS, [("a",)])


def test_lists_and_empty_fields() -> None:
    row = row_of("a;b\t")
    assert row.several("name", Line) == ("a", "b")
    assert row.several("value", Line) == ()
    assert row.optional("value", Line) is None
    assert row.is_empty("value")


@pytest.mark.parametrize(
    ("text", "read", "said"),
    [
        ("x\t1e3", lambda r: r.text("value", DecimalText), "value: '1e3' is not a decimal number"),
        ("x\t2026-02-30", lambda r: r.text("value", IsoDate), "value: '2026-02-30' is not a date"),
        ("x\t-1", lambda r: r.integer("value"), "value: '-1' is no whole number"),
        ("x\t\u0663", lambda r: r.integer("value"), "is no whole number"),
        ("x\tND5", lambda r: r.word("value", Locus), "value: 'ND5' is not one of COI-658"),
        ("x\ta;b;a", lambda r: r.several("value", Line), "stands twice"),
        ("x\ta;;b", lambda r: r.several("value", Line), "value: '' is not one line"),
        ("x\t", lambda r: r.text("value", Line), "value: '' is not one line"),
    ],
)
def test_bad_fields_are_named_with_line_and_column(text, read, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ReferenceDataError, match=said) as caught:
        parse_rows([row_of(text)], read)
    assert caught.value.problems[0].where == "t.tsv, line 2"


def test_every_bad_row_is_reported() -> None:
    rows = parse_table(b"name\tvalue\na\tx\nb\t2\nc\ty\n", "t.tsv", COLUMNS)
    with pytest.raises(ReferenceDataError, match="2 row") as caught:
        parse_rows(rows, lambda row: row.integer("value"))
    assert [p.where for p in caught.value.problems] == ["t.tsv, line 2", "t.tsv, line 4"]
