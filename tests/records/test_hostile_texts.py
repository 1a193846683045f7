"""People's files written to harm: escapes, keys without end, links."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from musk_id.errors import MAX_TOLD_PROBLEMS, RequestError
from musk_id.model.examination import Examination
from musk_id.model.request import Request
from musk_id.records.codec import Decoder
from musk_id.records.inputs import find_input, read_input
from musk_id.records.tree import MAX_PROBLEMS, parse_json, parse_yaml
from musk_id.stages.intake import case_problems, request_problems


@pytest.mark.parametrize("escape", ["\\0", "\\e[2J", "\\x07", "\\x7f", "\\N", "\\x9b"])
@pytest.mark.parametrize("place", ["value", "key"])
def test_escapes_do_not_bring_control_characters_into_yaml(escape: str, place: str) -> None:
    text = f'a: "x{escape}y"\n' if place == "value" else f'"x{escape}y": a\n'
    with pytest.raises(RequestError, match="control character"):
        parse_yaml(text, "request.yaml")


@pytest.mark.parametrize("escape", ["\\u0000", "\\u001b", "\\u007f", "\\u009b", "\\ud800"])
@pytest.mark.parametrize("place", ["value", "key"])
def test_escapes_do_not_bring_control_characters_into_json(escape: str, place: str) -> None:
    text = f'{{"a": "x{escape}y"}}' if place == "value" else f'{{"x{escape}y": "a"}}'
    with pytest.raises(RequestError, match="control character"):
        parse_json(text, "request.json")


def test_a_key_cannot_act_on_the_terminal_or_fill_it() -> None:
    decoder = Decoder(texts=True)
    decoder.decode(Request, {"a\u202eb\nWhat to do: nothing": "x", "k" * 100_000: "y"})
    for problem in decoder.problems:
        assert str(problem).isprintable()
        assert len(problem.where) < 400


def test_many_unknown_keys_are_told_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps({f"authorit{i}": "x" for i in range(80_000)}), encoding="ascii")
    begin = time.monotonic()
    with pytest.raises(RequestError, match="problems"):
        read_input(Request, path)
    assert time.monotonic() - begin < 10


def test_an_input_that_is_a_link_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "request.yaml").symlink_to("/etc/passwd")
    with pytest.raises(RequestError, match="symbolic link"):
        find_input(tmp_path, "request")


@pytest.mark.parametrize(
    "text",
    [
        # Each entry keeps the path of its keys: a file of 60 kB took 400 MB, one of 2 MB would take any memory.
        "? " + "k" * 20_000 + "\n: [" + "a," * 50 + "a]\n",
        "{" + f'"{"k" * 1000}": {{' * 20 + "a: b" + "}" * 21,
    ],
)
def test_keys_without_end_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="letters, at most 100"):
        parse_yaml(text, "request")
    # Looking for the line of a key went from dot to dot.
    with pytest.raises(RequestError, match="letters, at most 100"):
        parse_json('{"' + "." * 101 + '": "x"}', "request")
    assert parse_json('{"' + "k" * 100 + '": "x"}', "request").tree


def test_paths_of_entries_take_little_memory_however_deep_they_lie() -> None:
    text = "".join(f"{'{'}{'k' * 100}: " for _ in range(20)) + "[" + ",".join("a" * 5_000) + "]" + "}" * 20
    tree = parse_yaml(text, "request")
    assert tree.nodes > 5_000
    assert sum(map(len, tree.lines)) < 10_000
    assert tree.line_of("k" * 100 + ".x") == 1


@pytest.mark.parametrize("parse", [parse_yaml, parse_json])
def test_of_many_doubled_keys_the_first_are_told(parse) -> None:  # type: ignore[no-untyped-def]
    assert len(parse("{" + ",".join('"a": "1"' for _ in range(5_000)) + "}", "request").problems) == MAX_PROBLEMS


def test_what_has_more_problems_than_are_kept_is_not_built() -> None:
    decoder = Decoder(texts=True)
    # The two hundredth problem was the last that anybody looked at; the next item was built without its text.
    assert decoder.decode(Request, {"items": [{"item_id": f"I{number}"} for number in range(300)]}) is None
    assert len(decoder.problems) == 200


def test_a_thousand_problems_are_told_on_a_page() -> None:
    ids = [f"I{number:05d}" + "x" * 50 for number in range(1_000)]
    request = _decoded(Request, "request", items=[{"item_id": i, "described_as": "x"} for i in ids])
    examination = _decoded(Examination, "examination", items=[{"item_id": f"A{i}"} for i in range(1_000)])
    problems = case_problems(request, examination)
    assert len(problems) == 1_000
    assert max(len(str(problem)) for problem in problems) < 2_000
    told = RequestError("many", problems=problems).diagnostics().splitlines()
    assert len(told) == MAX_TOLD_PROBLEMS + 2
    assert told[-1] == f"  - and {len(problems) - MAX_TOLD_PROBLEMS} more problems"


def test_a_request_asks_for_no_more_than_a_record_can_say() -> None:
    def told(items: int, named: int, letters: int) -> list[str]:
        listed = [{"item_id": f"I{number}", "described_as": "x"} for number in range(items)]
        for item in listed[: letters // 10_000]:
            item["label_text"] = "x" * 10_000
        request = _decoded(Request, "request", items=listed)
        questions = tuple(replace(request.questions[0], item_ids=("I1",) * named) for _ in range(5))
        return [problem.where for problem in request_problems(replace(request, questions=questions))]

    assert told(1_000, 0, 100_000) == []
    assert told(100, 1_000, 0) == []
    assert told(1_001, 1, 0) == ["request: items"]
    assert told(100, 1_001, 0) == ["request: questions"]
    assert told(1_001, 0, 200_000) == ["request: items", "request: questions", "request: texts"]


def _decoded(cls, name: str, **keys: object):  # type: ignore[no-untyped-def]
    tree = {"schema": cls.SCHEMA, "case_id": "K1", **keys}
    if cls is Request:
        question = {"question_id": "Q1", "kind": "MUSK_DEER_PRESENT", "text": "?"}
        tree |= {"authority": {"name": "x"}, "questions": [question]}
    found = Decoder(texts=True).decode(cls, tree)
    assert found is not None, name
    return found
