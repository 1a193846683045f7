"""People's YAML and JSON: nothing changes its meaning, every fault is named at once."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from functools import partial
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.cli.swap import build_folder
from musk_id.errors import InputFormatError, IntegrityError, RequestError
from musk_id.model.batch import RunSheet
from musk_id.model.examination import Examination
from musk_id.model.laboratory import Laboratory
from musk_id.model.request import Request
from musk_id.records.canonical import canonical_json
from musk_id.records.codec import Decoder, plan_of
from musk_id.records.files import read_limited, resolve_inside, write_atomic
from musk_id.records.ids import id_problems
from musk_id.records.inputs import decode_input, find_input, read_input, read_laboratory, read_run_sheet
from musk_id.records.schemas import PUBLISHED, json_schema, schema_file_name, write_schemas
from musk_id.records.tree import parse_json, parse_yaml, read_tree

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"
SCHEMAS = PROJECT / "musk_id" / "schemas"


@pytest.mark.parametrize(
    "word",
    [
        "NO",
        "no",
        "on",
        "Yes",
        "true",
        "010",
        "0x1F",
        "1_000",
        "12:30",
        "1.10",
        "1e3",
        ".inf",
        ".nan",
        "-0",
        "2026-01-02",
        "2026-01-02T03:04:05Z",
        "<<",
        "=",
        "!not",
        "٣",
    ],
)
def test_scalars_stay_the_text_that_was_written(word: str) -> None:
    written = word if not word.startswith("!") else json.dumps(word)
    assert parse_yaml(f"a: {written}\nb: ['{word}']\n", "x").tree == {"a": word, "b": [word]}


def test_norway_dates_and_leading_zeros_reach_their_fields(tmp_path: Path) -> None:
    """A country NO is Norway, a seal 010 keeps its zero, a date is the text of its field."""
    source = (EXAMPLES / "cases" / "DEMO-A" / "request.yaml").read_text(encoding="utf-8")
    assert "country: RU" in source and "seal_number:" in source
    path = tmp_path / "request.yaml"
    changed = re.sub(r"seal_number: .*", "seal_number: 010", source.replace("country: RU", "country: NO"), count=1)
    path.write_text(changed, encoding="utf-8")
    request = read_input(Request, path)
    assert request.alleged_origin is not None and request.alleged_origin.country == "NO"
    assert request.items[0].seal_number == "010"
    assert request.date_of_act in source


@pytest.mark.parametrize("word", ["null", "~", "Null", "NULL", ""])
def test_nothing_is_nothing_only_where_it_is_not_quoted(word: str) -> None:
    assert parse_yaml(f"a: {word}\nb: '{word}'\n", "x").tree == {"a": None, "b": word}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("a: !!python/object/apply:os.system ['true']\n", "tags"),
        ("a: !!int 1\n", "tags"),
        ("--- 1\n--- 2\n", "more than one document"),
        ("[a]: 1\n", "a key must be a word"),
        ("? {a: 1}\n: 2\n", "a key must be a word"),
        ("", "the file is empty"),
        ("# only a remark\n", "the file is empty"),
        ("a: [1\n", "not readable as YAML"),
        ("\ta: 1\n", "not readable as YAML"),
        ("a: " + "[" * 30 + "]" * 30 + "\n", "nested more than 24"),
        ("a: " + "[" * 100_000 + "\n", "nested more than 24"),
        ("a: [" + "1," * 300_000 + "]\n", "more than 100000 entries"),
    ],
)
def test_traps_of_yaml_are_refused(text: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse_yaml(text, "x.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "NaN is no JSON"),
        ('{"a": }', "not readable as JSON"),
        ('{"a": "\\u0000"}', "control character"),
        ('{"a": "\\ud800"}', "half of a character"),
        ("[" * 30 + "]" * 30, "nested more than 24"),
        ("[" * 100_000, "nested more than 24|not readable"),
    ],
)
def test_traps_of_json_are_refused(text: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse_json(text, "x.json")


@pytest.mark.parametrize(
    ("parse", "text"),
    [(parse_yaml, "a: {b: 1, b: 1}\na: 2\n"), (parse_json, '{"a": {"b": 1, "b": 1}, "a": 2}')],
)
def test_keys_that_stand_twice_are_told_with_all_else(parse, text: str) -> None:  # type: ignore[no-untyped-def]
    tree = parse(text, "x")
    assert tree.tree == {"a": {"b": "1"}}
    assert [problem.message for problem in tree.problems] == ["key 'b' stands twice", "key 'a' stands twice"]
    with pytest.raises(RequestError) as caught:
        decode_input(Request, tree, "x")
    assert caught.value.problems[:2] == tuple(tree.problems) and len(caught.value.problems) > 2


def test_ids_are_looked_at_in_what_was_written() -> None:
    runs = [{"run_id": "R1"}, {"run_id": "r1"}, "no run", {"run_id": ["R1"]}]
    items = [{"item_id": "A", "sub_samples": [{"extracts": [{"products": [{"runs": runs}]}]}]}, {"item_id": "B"}]
    tree = {"case_id": "OTHER", "items": items, "custody": [{"item_id": "A"}]}
    found = [str(problem) for problem in id_problems("examination", tree, "CASE")]
    assert found == [
        "examination: case_id: found 'OTHER' (allowed: the folder's name, 'CASE')",
        "examination: run_id: 'R1' stands more than once (allowed: ids used once)",
        "examination: run_id: 'r1' stands more than once (allowed: ids used once)",
    ]
    # A product without runs has an id too.
    bare = {"items": [{"sub_samples": [{"extracts": [{"products": [{"product_id": "P"}, {"product_id": "P"}]}]}]}]}
    assert [p.where for p in id_problems("examination", bare, "CASE")] == ["examination: product_id"]
    for odd in (None, "x", [], {"items": "x"}, {"case_id": {"a": "b"}}):
        assert list(id_problems("request", odd, "CASE")) == []


def test_numbers_of_json_stay_text() -> None:
    assert parse_json('{"a": 1.10, "b": 010}'.replace("010", "10"), "x").tree == {"a": "1.10", "b": "10"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"a: \x1b[2J", r"control character U\+001B"),
        (b"a: " + b"1" * 2_000_001, "larger"),
    ],
)
def test_files_that_are_no_plain_text_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(RequestError, match=message):
        read_tree(path)
    with pytest.raises(RequestError, match="cannot be read"):
        read_tree(tmp_path / "missing.yaml")


@settings(max_examples=300)
@given(st.text(max_size=80))
def test_any_text_is_a_tree_of_texts_or_refused(text: str) -> None:
    for parse in (parse_yaml, parse_json):
        try:
            found = parse(text, "x").tree
        except RequestError:
            continue
        stack = [found]
        while stack:
            node = stack.pop()
            assert node is None or isinstance(node, str | bool | list | dict)
            stack += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []


def test_problems_are_collected_with_path_and_line() -> None:
    text = "schema: musk-id/request/1\ncase_idd: A\nquestions:\n  - question_id: Q1\n    kind: NOPE\n"
    tree = parse_yaml(text, "x")
    decoder = Decoder(texts=True, line_of=tree.line_of)
    assert decoder.decode(Request, tree.tree) is None
    places = {p.where for p in decoder.problems}
    assert "case_idd (line 2)" in places and "questions[0].kind (line 5)" in places
    near = next(p for p in decoder.problems if p.where.startswith("case_idd"))
    assert "did you mean 'case_id'" in near.message


READERS = {
    Request: partial(read_input, Request),
    Examination: partial(read_input, Examination),
    RunSheet: read_run_sheet,
    Laboratory: read_laboratory,
}
STEMS = {"request.yaml": Request, "examination.yaml": Examination, "sheet.yaml": RunSheet}
FILES = sorted(EXAMPLES.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(EXAMPLES)))
def test_examples_obey_their_published_schema_and_say_the_same_as_json(path: Path, tmp_path: Path) -> None:
    cls = STEMS.get(path.name, Laboratory)
    value = READERS[cls](path)
    tree = json.loads(canonical_json(value))
    schema = json.loads((SCHEMAS / schema_file_name(cls)).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(tree)
    written = tmp_path / path.with_suffix(".json").name
    written.write_text(json.dumps(tree), encoding="utf-8")
    assert READERS[cls](written) == value


def test_every_text_of_an_example_may_be_garbage_without_a_traceback() -> None:
    """Each scalar of each example, replaced in turn: read, or refused with a problem at that key."""
    for path in FILES:
        cls = STEMS.get(path.name, Laboratory)
        tree = read_tree(path).tree
        places = list(_scalars(tree))
        for where, holder, key in places:
            kept = holder[key]
            for garbage in ("", "\u202e<script>", "../..", "9" * 400, ["x"], {"x": "y"}):
                holder[key] = garbage
                decoder = Decoder(texts=True)
                if decoder.decode(cls, tree) is None:
                    assert decoder.problems, where
            holder[key] = kept
        assert Decoder(texts=True).decode(cls, tree) is not None


def _scalars(node: object):  # type: ignore[no-untyped-def]
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(pairs):
        if isinstance(value, dict | list):
            yield from _scalars(value)
        else:
            yield f"{key}", node, key


def test_published_schemas_are_those_of_the_types(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in SCHEMAS.iterdir()}
    for path in tmp_path.iterdir():
        assert (SCHEMAS / path.name).read_bytes() == path.read_bytes(), f"{path.name}: run 'make schemas'"


@pytest.mark.parametrize("cls", PUBLISHED, ids=lambda c: c.__name__)
def test_schemas_are_closed_and_valid(cls: type) -> None:
    schema = json_schema(cls)
    jsonschema.Draft202012Validator.check_schema(schema)
    objects = [schema, *schema["$defs"].values()]
    assert all(entry["additionalProperties"] is False for entry in objects)
    assert set(schema["properties"]) == {field.name for field in plan_of(cls)}
    assert schema["properties"]["schema"] == {"const": cls.SCHEMA}


def test_schema_and_reader_refuse_the_same_texts() -> None:
    schema = json_schema(Request)
    tree = json.loads(canonical_json(read_input(Request, EXAMPLES / "cases" / "DEMO-A" / "request.yaml")))
    validator = jsonschema.Draft202012Validator(schema)
    for case_id in ("A", "A-1_b", "", "-A", "../A", "A B", "Ä", "x" * 64):
        changed = {**tree, "case_id": case_id}
        accepted = Decoder(texts=False).decode(Request, changed) is not None
        assert validator.is_valid(changed) is accepted, case_id


def test_exactly_one_input_of_a_name_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is missing"):
        find_input(tmp_path, "request")
    (tmp_path / "request.yaml").write_text("a: 1\n")
    assert find_input(tmp_path, "request").name == "request.yaml"
    (tmp_path / "request.json").write_text("{}")
    with pytest.raises(RequestError, match="more than once"):
        find_input(tmp_path, "request")


@pytest.mark.parametrize(
    "relative",
    [
        "../x",
        "/etc/passwd",
        "a/../b",
        ".hidden",
        "a//b",
        "a/",
        "",
        "a\\b",
        "a b",
        "-rf",
        "NUL",
        "con.txt",
        "a\n",
        "a/" * 9 + "b",
        "x" * 241,
    ],
)
def test_paths_that_are_not_below_the_folder_are_refused(tmp_path: Path, relative: str) -> None:
    with pytest.raises(IntegrityError, match="is not allowed"):
        resolve_inside(tmp_path, relative)


def test_links_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "a.txt").write_text("x")
    assert resolve_inside(tmp_path, "inside/a.txt").read_text() == "x"
    (tmp_path / "link").symlink_to(tmp_path / "inside")
    with pytest.raises(IntegrityError, match="symbolic link"):
        resolve_inside(tmp_path, "link/a.txt")
    with pytest.raises(IntegrityError, match="no regular file"):
        resolve_inside(tmp_path, "inside")


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "record.json"
    write_atomic(path, b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old" and [p.name for p in path.parent.iterdir()] == ["record.json"]
    assert oct(path.stat().st_mode & 0o777) == "0o644"


@pytest.mark.parametrize(("mask", "file", "folder"), [(0o022, "0o644", "0o755"), (0o077, "0o600", "0o700")])
def test_what_is_written_is_as_private_as_the_umask_says(
    tmp_path: Path, mask: int, file: str, folder: str
) -> None:
    def fill(building: Path) -> None:
        write_atomic(building / "record" / "record.json", b"{}")

    before = os.umask(mask)
    try:
        place = build_folder(tmp_path, "K1", fill)
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    modes = {p.name: oct(p.stat().st_mode & 0o777) for p in (place, *place.rglob("*"))}
    assert modes == {"K1": folder, "record": folder, "record.json": file}


def test_reading_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_limited(path, 5) == b"12345"
    with pytest.raises(InputFormatError, match="larger than 4 bytes"):
        read_limited(path, 4)
    with pytest.raises(InputFormatError, match="cannot be read"):
        read_limited(tmp_path / "y", 4)
    with pytest.raises(InputFormatError):
        read_limited(tmp_path, 4)


def test_yaml_of_the_standard_loader_would_have_changed_these() -> None:
    """The traps exist: a plain loader turns these words into something else."""
    changed = yaml.safe_load("[NO, 010, 2026-01-02, 12:30, 1.10]")
    assert [str(value) for value in changed] != ["NO", "010", "2026-01-02", "12:30", "1.10"]


def test_records_of_the_model_are_frozen() -> None:
    for cls in PUBLISHED:
        assert dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen
