"""A batch through a real Slurm of one host: a killed job, a requeued job, and the bytes of a local run.

``make hpc-env`` installs what is needed; without it the tests are skipped and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_cases import make_root
from workflow_runs import environment, leftovers, run_workflow, snakemake_command, tree_digest

from musk_id.cli.shards import read_table

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("slurm-local.sh")
HPC_BIN = Path(os.environ.get("MUSK_ID_HPC_VENV", PROJECT / ".venv-hpc")) / "bin"
NOT_AVAILABLE = 77


def _daemons(folder: Path) -> list[int]:
    pids = [folder / "slurmd.pid", folder / "slurmctld.pid", folder / "munge" / "pid"]
    found = [int(path.read_text()) for path in pids if path.is_file()]
    return [pid for pid in found if Path(f"/proc/{pid}").exists()]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    if not (HPC_BIN / "snakemake").is_file():
        pytest.skip("the environment with the SLURM executor is absent: make hpc-env")
    # The socket of munge must have a short path, and its folders must not be writable by others.
    folder = Path(f"/var/tmp/musk-id-slurm-{os.getpid()}")
    done = subprocess.run(["bash", SCRIPT, "start", folder], capture_output=True, text=True, timeout=120)
    if done.returncode == NOT_AVAILABLE:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    try:
        assert len(_daemons(folder)) == 3
        yield folder
    finally:
        subprocess.run(["bash", SCRIPT, "stop", folder], check=True, timeout=60)
        left = _daemons(folder)
        shutil.rmtree(folder, ignore_errors=True)
    assert left == []


def _slurm(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def _running(before: set[str]) -> str | None:
    """A running job of a shard that was not yet dealt with."""
    for line in _slurm("squeue", "--noheader", "--states=RUNNING", "--format=%i|%k").splitlines():
        job, comment = line.split("|", 1)
        if comment.startswith("rule_shard_") and job not in before:
            return job
    return None


def _disturbed(root: Path, out: Path, per_shard: int, seconds: float) -> tuple[set[str], str]:
    """A run through Slurm of which one job is killed and one requeued; the jobs, and what Snakemake told."""
    command = snakemake_command(
        root,
        out,
        "--slurm-init-seconds-before-status-checks",
        "3",
        per_shard=per_shard,
        profile="slurm",
        bin_folder=HPC_BIN,
    )
    told = out.with_name("told")
    with told.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment(HPC_BIN))
        touched: set[str] = set()
        end = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < end:
            job = _running(touched) if len(touched) < 2 else None
            if job is not None:
                time.sleep(2)
                if not touched:
                    subprocess.run(["scancel", "--signal=KILL", "--full", job], check=True)
                else:
                    subprocess.run(["scontrol", "requeue", job], check=True)
                    # Slurm lets a requeued job wait for two minutes.
                    subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], check=False)
                touched.add(job)
            time.sleep(0.5)
        if process.poll() is None:
            process.kill()
    text = told.read_text(encoding="utf-8")
    assert process.wait(30) == 0, text[-4000:]
    return touched, text


@pytest.mark.parametrize(
    ("cases", "per_shard", "seconds"),
    [
        pytest.param(4, 2, 900, id="4 cases"),
        pytest.param(200, 25, 3000, id="200 cases", marks=pytest.mark.full),
    ],
)
def test_a_killed_and_a_requeued_job_leave_the_bytes_of_a_local_run(
    cluster: Path, tmp_path: Path, cases: int, per_shard: int, seconds: float
) -> None:
    make_root(tmp_path / "root", cases)
    touched, told = _disturbed(tmp_path / "root", tmp_path / "slurm", per_shard, seconds)
    assert len(touched) == 2
    assert "Trying to restart" in told
    accounted = _slurm("scontrol", "show", "job", "--oneliner")
    assert "Restarts=1" in accounted
    done = run_workflow(tmp_path / "root", tmp_path / "local", per_shard=per_shard, timeout=seconds)
    assert done.returncode == 0, done.stderr
    assert len(read_table(tmp_path / "local")) > cases
    assert tree_digest(tmp_path / "slurm") == tree_digest(tmp_path / "local")
    assert leftovers(tmp_path / "slurm") == []
