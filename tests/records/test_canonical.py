"""Canonical JSON, record lines and reading back: any changed byte is noticed."""

from __future__ import annotations

import dataclasses
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from musk_id.errors import IntegrityError
from musk_id.model.barcode import NamedTaxon
from musk_id.model.record import CaseFailure
from musk_id.model.values import RULES, DecimalText, IsoDate, Line, Text, decimal_text
from musk_id.records.canonical import canonical_bytes, canonical_json, digest, load_tree, parse_record
from musk_id.records.codec import MAX_INTEGER, encode
from musk_id.records.files import sha256_bytes
from musk_id.records.lines import read_jsonl, write_jsonl
from musk_id.vocabulary import Locus, Rank

TAXON = NamedTaxon(rank=Rank.GENUS, taxon=Line("Capra"), loci=(Locus.RRNA_12S,), records=(Line("X1"),))
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def reference_form(tree: object) -> str:
    """RFC 8785 for trees without floats, written from its text: keys by UTF-16, shortest escapes."""
    if isinstance(tree, dict):
        keys = sorted(tree, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{reference_form(key)}:{reference_form(tree[key])}" for key in keys) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(map(reference_form, tree)) + "]"
    if isinstance(tree, str):
        return json.dumps(tree, ensure_ascii=False)
    return json.dumps(tree)


@given(TREES)
def test_canonical_form_is_that_of_the_standard(tree: object) -> None:
    data = canonical_bytes(tree)
    assert data.decode() == reference_form(tree)
    assert load_tree(data, "x") == tree


@given(st.recursive(TREES | st.floats(allow_nan=False, allow_infinity=False), lambda inner: st.lists(inner)))
def test_canonical_form_is_that_of_another_implementation(tree: object) -> None:
    assert canonical_bytes(tree) == rfc8785.dumps(tree)


@pytest.mark.parametrize("tree", [{"a": 2**53}, [-(2**60)], {1: 2}, [float("nan")], ["\ud800"]])
def test_what_has_no_canonical_form_is_refused(tree: object) -> None:
    with pytest.raises((ValueError, rfc8785.CanonicalizationError)):
        canonical_bytes(tree)


def test_keys_are_ordered_by_utf_16_as_in_the_standards_own_example() -> None:
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    data = canonical_bytes(keys)
    assert list(json.loads(data).values()) == [2, 4, 6, 7, 1, 5, 3]
    assert load_tree(data, "x") == keys
    # The order by code points is another one, and no canonical form.
    by_code = json.dumps(keys, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    assert by_code != data
    with pytest.raises(IntegrityError, match="canonical form"):
        load_tree(by_code, "x")


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":NaN}',
        b'{"a":"\\u0041"}',
        b'{"a":-0}',
        b"",
        b"{",
        b'{"a":1}\n',
        b"\xff",
        b"[" * 100000,
        b'{"a":9007199254740993}',
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        load_tree(data, "x")


def test_every_field_of_a_record_counts_in_its_digest() -> None:
    assert digest(TAXON) == sha256_bytes(canonical_json(TAXON))
    for change in ({"rank": Rank.FAMILY}, {"taxon": Line("Ovis")}, {"loci": ()}, {"records": (Line("X2"),)}):
        assert digest(dataclasses.replace(TAXON, **change)) != digest(TAXON)
    assert parse_record(NamedTaxon, canonical_json(TAXON), "x") == TAXON


def test_records_hold_no_floats_nor_foreign_objects() -> None:
    for value in (1.5, Decimal("1.5"), b"x", [1], {"a": 1}, object()):
        with pytest.raises(TypeError, match="a record must not hold"):
            encode(value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": "HERD"}, "rank: found 'HERD'"),
        ({"rank": 1}, "rank: found '1'"),
        ({"taxon": None}, "taxon: is missing"),
        ({"taxon": "a\nb"}, "taxon: found"),
        ({"records": "X1"}, "records: found 'X1'"),
        ({"records": [None]}, r"records\[0\]: is empty"),
        ({"loci": ["12S-V5", "13S"]}, r"loci\[1\]: found '13S'"),
        ({"sequence": "x"}, "sequence: unknown key"),
    ],
)
def test_a_record_that_breaks_its_schema_says_where(change: dict[str, object], message: str) -> None:
    tree = {**json.loads(canonical_json(TAXON)), **change}
    with pytest.raises(IntegrityError, match="breaks its schema") as caught:
        parse_record(NamedTaxon, canonical_bytes(tree), "x")
    assert any(re.search(message, f"{p.where}: {p.message}") for p in caught.value.problems)


def failure(case_id: str) -> CaseFailure:
    return CaseFailure(
        schema=Line(CaseFailure.SCHEMA),
        case_id=Line(case_id),
        stage=Line("intake"),
        code=Line("request"),
        exit_code=2,
        message=Text("x"),
        problems=(),
    )


def test_lines_read_back_and_a_cut_or_changed_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shard.jsonl"
    records = [failure(f"C{i}") for i in range(5)]
    write_jsonl(path, records)
    assert read_jsonl(path) == records
    data = path.read_bytes()
    for content, where in (
        (data[:-1], "shard.jsonl"),
        (data[:-20], "shard.jsonl"),
        (data.replace(b'"C3"', b'"C\\u0033"'), "shard.jsonl, line 4"),
        (data.replace(b"musk-id/case-failure/1", b"musk-id/case-failure/9", 1), "shard.jsonl, line 1"),
        (data + b"\n", "shard.jsonl, line 6"),
    ):
        path.write_bytes(content)
        with pytest.raises(IntegrityError) as caught:
            read_jsonl(path)
        assert caught.value.where == where
    path.write_bytes(b"")
    assert read_jsonl(path) == []
    with pytest.raises(IntegrityError, match="cannot be read"):
        read_jsonl(tmp_path / "missing.jsonl")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15), st.integers(0, 9))
def test_decimal_texts_obey_their_rule_and_keep_the_value(value: float, digits: int) -> None:
    text = decimal_text(value, digits)
    assert RULES[DecimalText].accepts(text)
    assert abs(Decimal(text) - Decimal(value)) <= Decimal(5).scaleb(-digits - 1)
    assert not text.startswith("-0") or Decimal(text) != 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        decimal_text(value, 2)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [("2026-02-28", True), ("2024-02-29", True), ("2026-02-29", False), ("2026-2-1", False), ("20260201", False)],
)
def test_dates_are_calendar_dates(text: str, accepted: bool) -> None:
    assert RULES[IsoDate].accepts(text) is accepted
