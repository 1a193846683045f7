"""A ``.snakemake`` folder that came with somebody's files is never used."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import pytest
from made_cases import make_root
from workflow_runs import run_workflow

from musk_id.cli import main
from musk_id.cli.engine_state import ENGINE_FOLDER, MARK, set_foreign_state_aside
from musk_id.cli.output_place import refuse_odd_output
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
