"""A ``.snakemake`` folder that came with somebody's files is never used."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import pytest
from made_cases import make_root
from workflow_runs import run_workflow, tree_digest

from musk_id.cli import main
from musk_id.cli.engine_state import ENGINE_FOLDER, MARK, set_foreign_state_aside
from musk_id.cli.output_place import ORIGIN_NAME, refuse_odd_output
from musk_id.errors import UsageError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class _Command:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.target,))


def test_a_cache_that_executes_is_not_loaded(tmp_path: Path) -> None:
    make_root(tmp_path / "root", 1)
    cache = tmp_path / "out.work" / ENGINE_FOLDER / "iocache"
    cache.mkdir(parents=True)
    (cache / "latest.pkl").write_bytes(pickle.dumps(_Command(tmp_path / "PWNED")))
    done = run_workflow(tmp_path / "root", tmp_path / "out", "--dry-run", "--trust-io-cache")
    assert not (tmp_path / "PWNED").exists(), done.stderr
    assert (tmp_path / "out.work" / ENGINE_FOLDER / "foreign.1" / "iocache" / "latest.pkl").is_file()
    assert done.returncode == 0, done.stderr


def test_own_state_stays_and_a_copy_of_it_is_foreign(tmp_path: Path) -> None:
    folder = tmp_path / "a" / ENGINE_FOLDER
    folder.mkdir(parents=True)
    assert set_foreign_state_aside(tmp_path / "a") == []
    (folder / "metadata").mkdir()
    (folder / "log").mkdir()
    assert set_foreign_state_aside(tmp_path / "a") == []
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert set_foreign_state_aside(tmp_path / "b") == ["metadata", MARK]
    assert set_foreign_state_aside(tmp_path / "b") == []
    assert sorted(p.name for p in (tmp_path / "b" / ENGINE_FOLDER).iterdir()) == ["foreign.1", "log", MARK]


def test_links_and_folders_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ENGINE_FOLDER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        set_foreign_state_aside(tmp_path)
    (tmp_path / ENGINE_FOLDER).unlink()
    (tmp_path / ENGINE_FOLDER).mkdir()
    if os.geteuid() == 0:
        os.chown(tmp_path / ENGINE_FOLDER, 65534, 65534)
        with pytest.raises(UsageError):
            set_foreign_state_aside(tmp_path)


@pytest.mark.parametrize("place", ["shards/s00001", "shards", "logs", "benchmarks/record", "cases"])
def test_an_output_folder_that_leads_elsewhere_is_refused(tmp_path: Path, capsys, place: str) -> None:
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    for folder in (elsewhere, elsewhere / "s00001"):
        folder.mkdir()
        (folder / "notes.jsonl").write_text("mine", encoding="ascii")
    (out / place).parent.mkdir(parents=True)
    (out / place).symlink_to(elsewhere)
    before = sorted(p.name for p in elsewhere.rglob("*"))
    assert main(["runs", "plan", "--root", str(EXAMPLES), "--out", str(out)]) == 2
    assert f"'{place}' in the output folder is a link" in capsys.readouterr().err
    assert sorted(p.name for p in elsewhere.rglob("*")) == before


def test_pipes_are_refused_and_a_link_to_the_output_folder_is_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "shards" / "s00001").mkdir(parents=True)
    (tmp_path / "link").symlink_to(out)
    refuse_odd_output(tmp_path / "link")
    refuse_odd_output(tmp_path / "absent")
    os.mkfifo(out / "shards" / "s00001" / ".intake.progress")
    with pytest.raises(UsageError, match="progress"):
        refuse_odd_output(out)


def test_records_of_stages_that_came_from_elsewhere_are_made_again(tmp_path: Path, capsys) -> None:
    out, given = tmp_path / "out", tmp_path / "given"
    plan = ["runs", "plan", "--root", str(EXAMPLES), "--out"]
    assert main([*plan, str(out)]) == 0
    # What stages, forged or not, and an earlier run's sealed case are in such a folder.
    names = ("intake.jsonl", "evidence.jsonl", "seal.jsonl")
    for name in names:
        (out / "shards" / "s00001" / name).write_bytes(b"")
    (out / "cases" / "DEMO-A" / "record").mkdir(parents=True)
    (out / "summary.csv").write_bytes(b"x")
    before = {p: p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}
    assert main([*plan, str(out)]) == 0
    assert {p: p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()} == before
    shutil.copytree(out, given, copy_function=shutil.copy2)
    capsys.readouterr()
    assert main([*plan, str(given)]) == 0
    assert "came from elsewhere" in capsys.readouterr().out
    assert not list(given.rglob("*.jsonl"))
    assert not (given / "summary.csv").exists()
    assert (given / "cases" / "DEMO-A" / "record").is_dir()
    for shard in ("s00001", "b00001"):
        lists = [(folder / "shards" / shard / "list.tsv").read_bytes() for folder in (out, given)]
        assert lists[0] == lists[1]
    # From now on it is a folder of this place; a mark that was written for another is none.
    (given / "shards" / "s00001" / "intake.jsonl").write_bytes(b"")
    assert main([*plan, str(given)]) == 0
    assert (given / "shards" / "s00001" / "intake.jsonl").is_file()
    shutil.copy2(out / ORIGIN_NAME, given / ORIGIN_NAME)
    assert main([*plan, str(given)]) == 0
    assert not (given / "shards" / "s00001" / "intake.jsonl").exists()


def test_a_forged_finding_in_a_handed_over_folder_is_not_sealed(tmp_path: Path) -> None:
    root, out, given = tmp_path / "root", tmp_path / "out", tmp_path / "given"
    make_root(root, 1)
    assert run_workflow(root, out).returncode == 0
    evidence = out / "shards" / "s00001" / "evidence.jsonl"
    shutil.copytree(out, given, ignore=shutil.ignore_patterns("record.jsonl", "rows.jsonl", "seal.jsonl", "cases"))
    forged = evidence.read_bytes().replace(b'"finding":"DETECTED"', b'"finding":"EXCLUDED"')
    assert forged != evidence.read_bytes()
    (given / "shards" / "s00001" / "evidence.jsonl").write_bytes(forged)
    done = run_workflow(root, given)
    assert done.returncode == 0, done.stderr
    assert tree_digest(given) == tree_digest(out)
