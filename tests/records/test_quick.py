"""The quick ways of reading and writing records against the plain ones."""

from __future__ import annotations

import copy
import dataclasses
import gc
import json
import random
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.barcode import NamedTaxon
from musk_id.model.record import CaseFailure, CaseRecord
from musk_id.model.values import Identifier, IsoDate, Line, Text
from musk_id.records import canonical
from musk_id.records.canonical import canonical_bytes, canonical_json, decode_record, digest, parse_record
from musk_id.records.codec import MAX_INTEGER, Decoder, encode, plan_of
from musk_id.records.quick import read_quickly, write_quickly
from musk_id.vocabulary import Locus, Rank

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# What may stand in the place of a value of a record: other kinds, other lengths, near misses.
ODD = (
    None,
    True,
    False,
    0,
    -1,
    2**53,
    -(2**53),
    1.5,
    "",
    "x",
    "DETECTED",
    "a\nb",
    "2026-02-30",
    "00.1",
    [],
    [None],
    {},
)


@pytest.fixture(scope="module")
def trees() -> list[tuple[type[Any], Any]]:
    """Trees of records of two cases: one with sequences, one with traces and a spectrum."""
    casework = Casework(EXAMPLES)
    found: list[tuple[type[Any], Any]] = []
    for case in ("DEMO-A", "DEMO-C"):
        record = examine_case(casework, EXAMPLES / "cases" / case)
        found.append((CaseRecord, json.loads(canonical_json(record))))
    return found


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in items for place in _places(value, (*path, key)))]


def _plain(cls: type[Any], tree: Any) -> Any:
    decoder = Decoder(texts=False)
    found = decoder.decode(cls, tree)
    assert (found is None) == bool(decoder.problems)
    return found


def test_whole_records_are_read_and_written_alike(trees: list[tuple[type[Any], Any]]) -> None:
    for cls, tree in trees:
        quick, plain = read_quickly(cls, tree), _plain(cls, tree)
        assert quick is not None
        assert quick == plain
        assert write_quickly(plain) == canonical_bytes(encode(plain)) == canonical_bytes(tree)
        assert canonical_json(plain) == canonical_bytes(tree)


def test_a_changed_record_is_accepted_by_both_or_by_neither(trees: list[tuple[type[Any], Any]]) -> None:
    chance = random.Random(8)
    accepted = 0
    for cls, tree in trees:
        # Parts are read on their own: the whole would take long for each change.
        parts = [(plan.type.cls, tree[plan.name]) for plan in plan_of(cls) if plan.type.kind == "object"]
        for part_cls, part in parts:
            places = _places(part)
            for _ in range(60):
                changed = copy.deepcopy(part)
                *way, last = chance.choice(places[1:])
                node = changed
                for key in way:
                    node = node[key]
                kind = chance.randrange(4)
                if kind == 0 and isinstance(node, dict):
                    del node[last]
                elif kind == 1 and isinstance(node, dict):
                    node["another"] = 1
                elif kind == 2 and isinstance(node[last], str):
                    node[last] = node[last] + chance.choice(["\n", "0", " ", "é", "\U0001f98c"])
                else:
                    node[last] = chance.choice(ODD)
                quick, plain = read_quickly(part_cls, changed), _plain(part_cls, changed)
                assert quick == plain, (
                    part_cls,
                    way,
                    last,
                    node.get(last) if isinstance(node, dict) else node[last],
                )
                accepted += plain is not None
    # Some changes, such as a longer free text, are none that a schema can refuse.
    assert accepted > 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Every kind of field that a record may have."""

    SCHEMA: ClassVar[str] = "sheet/1"

    schema: Line
    day: IsoDate
    name: Identifier
    count: int
    flag: bool
    rank: Rank
    rows: tuple[Line, ...]
    needed: Text | None
    more: Text | None = None
    taxa: tuple[NamedTaxon, ...] = ()


SHEET = {
    "schema": "sheet/1",
    "day": "2026-02-28",
    "name": "A1",
    "count": 3,
    "flag": True,
    "rank": "GENUS",
    "rows": ["x"],
    "needed": None,
}
VALUES = st.sampled_from(ODD) | st.sampled_from(
    ["CON", "sheet/1", "2024-02-29", ["x", None], ["x", "\n"], [True], 7]
)


@given(st.dictionaries(st.sampled_from([*SHEET, "more", "taxa", "unknown"]), VALUES, max_size=2), st.booleans())
@settings(max_examples=600)
def test_every_kind_of_field_is_accepted_by_both_or_by_neither(change: dict[str, Any], whole: bool) -> None:
    tree = {**SHEET, **change} if whole else {key: v for key, v in SHEET.items() if key not in change}
    quick, plain = read_quickly(Sheet, tree), _plain(Sheet, tree)
    assert quick == plain
    assert (quick is None) == (plain is None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("day", "2026-02-30"), ("day", None), ("name", "CON"), ("name", ""), ("schema", "sheet/2")),
        *(("count", 2**53), ("count", True), ("flag", 1), ("rank", "HERD"), ("unknown", "x"), ("more", "")),
        *(("rows", [None]), ("rows", "x"), ("rows", ["a\nb"]), ("rows", ["x"] * 100_001), ("needed", 1)),
        ("taxa", [{"rank": "GENUS"}]),
    ],
)
def test_what_breaks_a_schema_is_not_read(key: str, value: Any) -> None:
    assert read_quickly(Sheet, SHEET) == _plain(Sheet, SHEET) is not None
    assert read_quickly(Sheet, {**SHEET, key: value}) is None
    assert _plain(Sheet, {**SHEET, key: value}) is None


@given(
    st.builds(
        CaseFailure,
        schema=st.just(Line(CaseFailure.SCHEMA)),
        case_id=st.text(max_size=8).map(Line),
        stage=st.text().map(Line),
        code=st.text(max_size=3).map(Line),
        exit_code=st.integers(-MAX_INTEGER, MAX_INTEGER),
        message=st.text().map(Text),
        hint=st.none() | st.text().map(Text),
        problems=st.lists(st.text().map(Text)).map(tuple),
    )
)
@settings(max_examples=200)
def test_any_text_is_written_as_the_standard_says(failure: CaseFailure) -> None:
    assert write_quickly(failure) == canonical_bytes(encode(failure))


@pytest.mark.parametrize("value", [1.5, Decimal("1.5"), b"x", [1], {"a": 1}, object()])
def test_what_no_record_holds_is_not_written(value: object) -> None:
    with pytest.raises(TypeError, match="a record must not hold"):
        write_quickly((value,))


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800"])
def test_what_has_no_canonical_form_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match=r"integer beyond|surrogates"):
        write_quickly((value,))


def test_kept_bytes_are_those_of_the_record_and_go_with_it(trees: list[tuple[type[Any], Any]]) -> None:
    cls, tree = trees[0]
    record = decode_record(cls, tree, "x")
    before = len(canonical._KNOWN)
    data = canonical_json(record)
    assert canonical_json(record) is data
    assert len(canonical._KNOWN) > before
    other = dataclasses.replace(record, case_id="ANOTHER")
    assert canonical_json(other) == canonical_bytes(encode(other)) != data
    assert digest(other) != digest(record)
    assert parse_record(cls, data, "x") == record
    del record, other
    gc.collect()
    assert len(canonical._KNOWN) <= before
    # A class that cannot be referred to weakly is written each time.
    taxon = NamedTaxon(rank=Rank.GENUS, taxon=Line("Capra"), loci=(Locus.RRNA_12S,), records=())
    assert re.match(rb'{"loci":\["12S-V5"\],', canonical_json(taxon))
    assert len(canonical._KNOWN) <= before
