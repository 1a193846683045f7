"""Case folders that are there as a whole or not at all; sources and signed records are never overwritten."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from musk_id.cli import main
from musk_id.cli.swap import build_folder
from musk_id.errors import UsageError
from musk_id.sealing.keys import create_key

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"


def _content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _put(text: str):
    def fill(folder: Path) -> None:
        (folder / "record").mkdir()
        (folder / "record" / "record.json").write_text(text, encoding="ascii")

    return fill


@pytest.mark.parametrize("out", ["root", "root/cases", "root/batches/x", "linked"])
def test_sources_are_never_overwritten(tmp_path: Path, capsys, out: str) -> None:
    root = Path(shutil.copytree(EXAMPLES, tmp_path / "root"))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "cases").symlink_to(root / "cases")
    before = _content(root)
    arguments = ["examine", str(root / "cases" / "DEMO-D"), "--root", str(root), "--out", str(tmp_path / out)]
    assert main(arguments) == 2
    assert "must stay as they are" in capsys.readouterr().err
    assert main(["runs", "plan", "--root", str(root), "--out", str(tmp_path / out)]) == 2
    assert _content(root) == before


def test_what_others_put_in_the_place_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "C1").mkdir()
    (tmp_path / "C1" / "thesis.txt").write_text("precious", encoding="ascii")
    (tmp_path / "C2").write_text("precious", encoding="ascii")
    (tmp_path / "C3").symlink_to(tmp_path / "elsewhere")
    for name in ("C1", "C2", "C3"):
        with pytest.raises(UsageError):
            build_folder(tmp_path, name, _put("x"))
    assert (tmp_path / "C1" / "thesis.txt").read_text(encoding="ascii") == "precious"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["C1", "C2", "C3"]


def test_a_file_that_somebody_put_into_a_sealed_case_is_not_lost(tmp_path: Path, capsys) -> None:
    root, out = Path(shutil.copytree(EXAMPLES, tmp_path / "root")), tmp_path / "out"
    examine = ["examine", str(root / "cases" / "DEMO-D"), "--out", str(out)]
    assert main(examine) == 0
    notes = out / "cases" / "DEMO-D" / "record" / "notes.txt"
    notes.write_text("precious", encoding="ascii")
    request = root / "cases" / "DEMO-D" / "request.yaml"
    request.write_text(request.read_text(encoding="utf-8") + "# revised\n", encoding="utf-8")
    assert main(examine) == 2
    assert "the folder holds 'record/notes.txt', which this software did not write" in capsys.readouterr().err
    assert notes.read_text(encoding="ascii") == "precious"
    notes.rename(tmp_path / "notes.txt")
    assert main(examine) == 0


def test_what_a_killed_run_left_is_tidied(tmp_path: Path) -> None:
    # Killed while building, and killed between the two renames: the old folder waits under its hidden name.
    (tmp_path / ".C1.abc" / "input").mkdir(parents=True)
    (tmp_path / ".C10.abc").mkdir()
    aside = tmp_path / ".C1.xyz"
    _put("old")(Path(shutil.copytree(tmp_path / ".C10.abc", aside / "C1")))

    def fails(folder: Path) -> None:
        raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        build_folder(tmp_path, "C1", fails)
    assert (tmp_path / "C1" / "record" / "record.json").read_text(encoding="ascii") == "old"
    build_folder(tmp_path, "C1", _put("new"))
    assert (tmp_path / "C1" / "record" / "record.json").read_text(encoding="ascii") == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == [".C10.abc", "C1"]


def test_a_folder_that_is_being_built_is_not_taken_for_abandoned(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        build_folder(tmp_path, "C1", _put("inner"))
        assert folder.is_dir()
        _put("outer")(folder)

    build_folder(tmp_path, "C1", fill)
    assert _content(tmp_path) == {"C1/record/record.json": b"outer"}


def test_a_signed_record_is_neither_unsigned_nor_overwritten(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("MUSK_ID_PASSPHRASE", "a test passphrase")
    _, key = create_key(tmp_path / "keys", "seal", "a test passphrase")
    root = Path(shutil.copytree(EXAMPLES, tmp_path / "root"))
    case, out = root / "cases" / "DEMO-D", tmp_path / "out"
    assert main(["examine", str(case), "--out", str(out), "--key", str(key)]) == 0
    signed = _content(out)
    assert main(["examine", str(case), "--out", str(out)]) == 0
    assert _content(out) == signed
    request = case / "request.yaml"
    request.write_text(request.read_text(encoding="utf-8") + "case_facts: another\n", encoding="utf-8")
    assert main(["examine", str(case), "--out", str(out)]) == 2
    assert "signed record" in capsys.readouterr().err
    assert _content(out) == signed


def test_a_half_written_seal_is_healed(tmp_path: Path) -> None:
    case = str(EXAMPLES / "cases" / "DEMO-D")
    assert main(["examine", case, "--out", str(tmp_path)]) == 0
    place = tmp_path / "cases" / "DEMO-D"
    before = _content(place)
    (place / "seal" / ".manifest.json.abcd.part").write_bytes(b"{")
    (place / "seal" / "manifest.json").unlink()
    assert main(["examine", case, "--out", str(tmp_path)]) == 0
    assert _content(place) == before
    assert main(["verify", str(place)]) == 0


def test_many_at_once_give_one_whole_case(tmp_path: Path) -> None:
    case = str(EXAMPLES / "cases" / "DEMO-D")
    command = [sys.executable, "-m", "musk_id", "examine", case, "--out", str(tmp_path)]
    running = [subprocess.Popen(command, cwd=PROJECT, env=os.environ, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    assert [p.name for p in (tmp_path / "cases").iterdir()] == ["DEMO-D"]
    assert main(["verify", str(tmp_path / "cases" / "DEMO-D")]) == 0
