"""One run at a time on an output folder; jobs of a killed run are waited for; locks need no unlocking."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from musk_id.cli import main
from musk_id.cli.run_lock import RUN_LOCK, hold_job, hold_run, is_held_by
from musk_id.errors import UsageError

PROJECT = Path(__file__).resolve().parents[2]


def _hold(out: Path, ready, end) -> None:
    handle = hold_run(out)
    ready.set()
    end.wait(60)
    os.close(handle)


def test_a_second_run_refuses_until_the_first_has_ended_however_it_ends(tmp_path: Path, capsys) -> None:
    fork = multiprocessing.get_context("fork")
    ready, end = fork.Event(), fork.Event()
    first = fork.Process(target=_hold, args=(tmp_path / "out", ready, end))
    first.start()
    assert ready.wait(60)
    with pytest.raises(UsageError, match=f"another run is at work.*process {first.pid} on"):
        hold_run(tmp_path / "out")
    plan = ["runs", "plan", "--root", str(PROJECT / "examples"), "--out", str(tmp_path / "out")]
    assert main(plan) == 2
    assert "another run is at work" in capsys.readouterr().err
    assert not (tmp_path / "out" / "shards.tsv").exists()
    os.kill(first.pid, signal.SIGKILL)
    first.join(60)
    assert main(plan) == 0
    assert "5 cases and 2 batches" in capsys.readouterr().out


def test_a_run_waits_for_jobs_that_a_killed_run_left(tmp_path: Path) -> None:
    shard = tmp_path / "shards" / "s00001"
    shard.mkdir(parents=True)
    with hold_job(shard), hold_job(shard), pytest.raises(UsageError, match="still at work on shard s00001"):
        hold_run(tmp_path)
    os.close(hold_run(tmp_path))


def test_a_handed_on_lock_is_looked_at(tmp_path: Path) -> None:
    handle = hold_run(tmp_path / "a")
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    assert is_held_by(tmp_path / "a", handle)
    assert not is_held_by(tmp_path / "a", other)
    assert not is_held_by(tmp_path / "b", handle)
    stranger = os.open(tmp_path / "a" / RUN_LOCK, os.O_RDWR)
    assert not is_held_by(tmp_path / "a", stranger)


def test_a_second_workflow_refuses(tmp_path: Path) -> None:
    handle = hold_run(tmp_path / "out")
    try:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("snakemake"),
                "--snakefile",
                PROJECT / "Snakefile",
                "--directory",
                tmp_path,
                "--cores",
                "1",
                "--configfile",
                PROJECT / "config" / "config.yaml",
                "--config",
                f"output_dir={tmp_path / 'out'}",
                f"laboratory_root={PROJECT / 'examples'}",
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            timeout=120,
        )
    finally:
        os.close(handle)
    assert done.returncode != 0
    assert "another run is at work on this output folder" in done.stderr
    assert not (tmp_path / "out" / "shards.tsv").exists()
