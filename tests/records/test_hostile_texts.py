"""People's files written to harm: escapes, keys without end, links."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from musk_id.errors import RequestError
from musk_id.model.request import Request
from musk_id.records.codec import Decoder
from musk_id.records.inputs import find_input, read_input
from musk_id.records.tree import parse_json, parse_yaml


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
