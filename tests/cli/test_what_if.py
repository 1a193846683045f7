"""What an answer rests on: records left out, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from musk_id.cli import main
from musk_id.refdb.release import load_release, locate_release

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(capsys: pytest.CaptureFixture[str], *drop: str, case: str = "DEMO-A") -> str:
    named = [word for accession in drop for word in ("--drop", accession)]
    assert main(["what-if", str(EXAMPLES / "cases" / case), *named]) == 0
    return capsys.readouterr().out


def test_a_far_record_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "NC_000845.1")
    assert "CHANGED" not in out
    assert "item A1: the same: DETECTED GENUS Moschus" in out


def test_without_every_record_of_the_genus_it_is_not_called(capsys: pytest.CaptureFixture[str]) -> None:
    release = load_release(locate_release("2026.1"))
    moschus = {r.accession for r in release.barcodes if r.genus == "Moschus" and r.state.value != "duplicate"}
    usable = {r.accession for r in release.barcodes if r.accession in moschus and r.state.value != "unusable"}
    out = run(capsys, *sorted(usable))
    assert "item A1: CHANGED" in out
    after = out[out.rindex("without:") :]
    assert "DETECTED GENUS Moschus" not in after


def test_the_nearest_record_left_out_shows_in_the_distance(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "JQ608470", "NC_012694.1", "NC_020093.1")
    assert "run A1-R1: CHANGED" in out
    assert "nearest at 1" in out
    assert "nearest at 2" in out


def test_nothing_is_written_and_unknown_records_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(capsys, "NC_000845.1")
    assert list(tmp_path.iterdir()) == []
    assert main(["what-if", str(EXAMPLES / "cases" / "DEMO-A"), "--drop", "XX999999"]) == 2
    assert "XX999999" in capsys.readouterr().err
