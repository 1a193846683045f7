"""The self-test: passes as shipped, notices any difference, and leaves a protocol."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musk_id.cli import main
from musk_id.cli import selftest as module
from musk_id.cli.selftest import examples_root, expected_digests
from musk_id.errors import ConfigError


@pytest.fixture(scope="module")
def produced(demo):  # type: ignore[no-untyped-def]
    return module.produced_digests(demo)


def test_shipped_cases_give_the_expected_digests(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    protocol = tmp_path / "protocol.txt"
    done = command("selftest", "--protocol", protocol)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("Result: PASSED\n") and "DIFFERENT" not in done.stdout
    assert protocol.read_text(encoding="utf-8") == done.stdout
    for case_id in expected_digests()[1]:
        assert f"\n{case_id}  " in done.stdout


def test_expected_digests_cover_every_file_of_every_case(produced) -> None:  # type: ignore[no-untyped-def]
    _, expected = expected_digests()
    assert set(expected) == {p.name for p in (examples_root() / "cases").iterdir() if p.is_dir()}
    for case_id, outcome in produced.items():
        assert set(expected[case_id]) == set(outcome.digests)
        assert {"record.json", "record.en.pdf", "record.en.html", "record.ru.pdf"} <= set(outcome.digests)


@pytest.mark.parametrize("change", ["digest", "missing_case", "further_case", "release"])
def test_a_difference_is_named_and_fails(monkeypatch, capsys, produced, change) -> None:  # type: ignore[no-untyped-def]
    release, expected = expected_digests()
    expected = json.loads(json.dumps(expected))
    found = dict(produced)
    if change == "digest":
        expected["DEMO-B"]["record.json"] = "0" * 64
    elif change == "missing_case":
        del found["DEMO-C"]
    elif change == "further_case":
        found["DEMO-X"] = found["DEMO-A"]
    else:
        release = "0" * 64
    monkeypatch.setattr(module, "expected_digests", lambda: (release, expected))
    monkeypatch.setattr(module, "produced_digests", lambda _: found)
    assert main(["selftest"]) == 4
    shown = capsys.readouterr()
    assert "Result: NOT PASSED" in shown.out and "DIFFERENT" in shown.out
    named = {"digest": "DEMO-B/record.json", "missing_case": "DEMO-C/", "further_case": "DEMO-X/"}
    assert named.get(change, "the reference release") in shown.err


def test_missing_cases_are_an_error_of_the_installation(monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(module, "__file__", str(tmp_path / "a" / "b" / "selftest.py"))
    with pytest.raises(ConfigError, match="shipped cases were not found"):
        examples_root()
