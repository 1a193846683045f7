"""Kills, full disks, read-only folders, clocks that go back, cut-off files: old or new, never half, and told."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import kill_rounds, resumed
from made_cases import make_root
from nobody import as_nobody
from workflow_runs import run_workflow, tree_digest

from musk_id.cli import main
from musk_id.cli.shards import TABLE_NAME

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"


def test_five_kills_and_the_tree_of_an_undisturbed_run(tmp_path: Path) -> None:
    figures = kill_rounds(tmp_path, 6, 2, 5, in_one_run=True, chance=random.Random(7))
    assert figures["killed at work"] == 5


@pytest.mark.full
def test_kills_of_runs_of_their_own(tmp_path: Path) -> None:
    kill_rounds(tmp_path, 24, 8, 10, in_one_run=False, chance=random.Random(8))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "none", place], capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"no right to mount a small disk: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def _remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


def test_a_full_and_a_read_only_disk_are_told_and_lose_nothing(small_disk: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    make_root(root, 2)
    out = small_disk / "out"
    # The folder of the workflow engine lies on another disk, as it may.
    (tmp_path / "work").mkdir()
    out.with_name("out.work").symlink_to(tmp_path / "work")
    done = run_workflow(root, out, per_shard=2)
    assert done.returncode != 0
    told = done.stderr + "".join(p.read_text(errors="replace") for p in out.glob("logs/**/*.log"))
    assert "No space left on device" in told
    assert "bug" not in told
    assert not list(out.glob("shards/*/seal.jsonl"))
    assert not list(out.rglob("*.part"))
    _remount(small_disk, "ro,size=50m")
    done = run_workflow(root, out, per_shard=2)
    assert done.returncode != 0
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
    _remount(small_disk, "rw,size=50m")
    assert resumed(root, out, 2) == (0, "")
    assert run_workflow(root, tmp_path / "plain", per_shard=2).returncode == 0
    assert tree_digest(out) == tree_digest(tmp_path / "plain")


def test_a_clock_that_went_back_leaves_no_old_record(tmp_path: Path) -> None:
    root, out = tmp_path / "root", tmp_path / "out"
    make_root(root, 2)
    assert run_workflow(root, out, per_shard=1).returncode == 0
    before = tree_digest(out)
    # All that was made lies two days ahead of the clock; then one case is revised.
    for path in out.rglob("*"):
        os.utime(path, (path.stat().st_mtime + 172_800, path.stat().st_mtime + 172_800))
    request = root / "cases" / "K00000" / "request.json"
    request.write_text(request.read_text(encoding="utf-8").replace("a made item", "a revised item"), "utf-8")
    os.utime(request, (1, 1))
    assert run_workflow(root, out, per_shard=1).returncode == 0
    after = tree_digest(out)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert "cases/K00000/record/record.json" in changed
    assert not any(name.startswith(("cases/K00001", "shards/s00002")) for name in changed)
    # From nothing, the revised root gives the same.
    assert run_workflow(root, tmp_path / "fresh", per_shard=1).returncode == 0
    assert after == tree_digest(tmp_path / "fresh")


def _stages(root: Path, out: Path, *names: str) -> list[int]:
    folder, controls = out / "shards" / "s00001", out / "shards" / "b00001"
    found = []
    for name in names:
        place = controls if name == "controls" else folder
        arguments = ["stage", name, "--root", str(root), "--shard", str(place / "list.tsv")]
        arguments += ["--out", str(place / f"{name}.jsonl"), "--cases", str(out / "cases")]
        arguments += ["--controls", str(controls / "controls.jsonl")]
        found.append(main(arguments))
    return found


def test_a_cut_off_intermediate_file_stops_its_shard_and_is_named(tmp_path: Path, capsys) -> None:
    root, out = Path(shutil.copytree(EXAMPLES, tmp_path / "root")), tmp_path / "out"
    assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 0
    assert _stages(root, out, "controls", "intake", "barcode", "spectra") == [0, 0, 0, 0]
    path = out / "shards" / "s00001" / "barcode.jsonl"
    data = path.read_bytes()
    for cut, told in (
        (len(data) - 40, "cut off"),
        (data.rindex(b"\n", 0, -1) + 1, "records for"),
        (0, "records for"),
    ):
        path.write_bytes(data[:cut])
        assert _stages(root, out, "evidence") == [4]
        message = capsys.readouterr().err
        assert "barcode.jsonl" in message
        assert told in message
        assert "What to do" in message
        assert not (out / "shards" / "s00001" / "evidence.jsonl").exists()
    path.write_bytes(data)
    assert _stages(root, out, "evidence") == [0]
    table = out / TABLE_NAME
    table.write_bytes(table.read_bytes()[:-20])
    assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 4
    assert "the table of shards is malformed" in capsys.readouterr().err


def test_a_file_that_may_not_be_read_fails_its_case_alone(tmp_path: Path) -> None:
    root, out = Path(shutil.copytree(EXAMPLES, tmp_path / "root")), tmp_path / "out"
    assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 0
    # What is loaded now need not be read by somebody who may not read the interpreter's own files.
    assert _stages(root, out, "intake") == [0]
    next((root / "cases" / "DEMO-A").glob("*.fasta")).chmod(0)
    (root / "cases" / "DEMO-B" / "request.yaml").chmod(0)
    assert as_nobody(tmp_path, lambda: _stages(root, out, "intake")) == [0]
    folder = out / "shards" / "s00001"
    lines = (folder / "intake.jsonl").read_text(encoding="utf-8").splitlines()
    failed = [line for line in lines if "case-failure" in line]
    assert len(lines) == 5
    assert len(failed) == 2
    assert all("Permission denied" in line for line in failed)
