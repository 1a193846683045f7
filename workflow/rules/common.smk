"""Shared by all rules: folders, shards, and the guard that one version of the package is used throughout.

The shards are planned by the main process only; the jobs that it starts read the table that it wrote.
"""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from snakemake.settings.types import ExecMode

import musk_id
from musk_id.cli.engine_state import set_foreign_state_aside
from musk_id.cli.memory_limit import LIMIT_VARIABLE
from musk_id.cli.output_place import refuse_output_over_sources
from musk_id.cli.progress import RunProgress
from musk_id.cli.run_lock import hold_run
from musk_id.cli.shards import read_list, read_table
from musk_id.errors import MuskIdError

ROOT = config["laboratory_root"]
OUT = config["output_dir"]
# In the environment and in no command: another limit must not redo what is done.
os.environ[LIMIT_VARIABLE] = str(config["memory_limit_mb"])


def _run(*arguments, held=()):
    """Output of a musk-id command; arguments are passed as a list, never through a shell."""
    done = subprocess.run(["musk-id", *arguments], capture_output=True, text=True, pass_fds=held)
    if done.returncode != 0:
        raise WorkflowError(done.stderr.strip() or f"musk-id ended with {done.returncode}")
    return done.stdout.strip()


def _guarded(function, *arguments):
    """What a function of the package returns; its errors as those of the workflow."""
    try:
        return function(*arguments)
    except (MuskIdError, OSError) as error:
        raise WorkflowError(error.diagnostics() if isinstance(error, MuskIdError) else str(error))


if workflow.exec_mode == ExecMode.DEFAULT:
    found = _run("--version").split()[-1]
    if found != musk_id.__version__:
        raise WorkflowError(f"musk-id {found} is installed, this checkout is {musk_id.__version__}")
    _guarded(set_foreign_state_aside, Path.cwd())
    _guarded(refuse_output_over_sources, Path(OUT) / "cases", Path(ROOT))
    # Held until this process ends, however it ends; the plan below is made under it.
    RUN_LOCK = _guarded(hold_run, Path(OUT))
    _run(
        "runs",
        "plan",
        "--root",
        ROOT,
        "--out",
        OUT,
        "--cases-per-shard",
        str(config["cases_per_shard"]),
        "--held-lock",
        str(RUN_LOCK),
        held=(RUN_LOCK,),
    )


ROWS = _guarded(read_table, Path(OUT))
CASE_SHARDS = sorted({row.shard for row in ROWS if row.kind == "case"})
PROGRESS = RunProgress(Path(OUT), Counter(row.shard for row in ROWS if row.kind == "case"), sys.stderr)
SHARD_OF_BATCH = {row.identifier: row.shard for row in ROWS if row.kind == "batch"}


def _batch_shards(shard):
    """Shards of the batches that the cases of a shard name, in order."""
    listed = _guarded(read_list, Path(OUT) / "shards" / shard / "list.tsv")
    named = {batch for case in listed for batch in case.batches}
    return sorted({SHARD_OF_BATCH[batch] for batch in named if batch in SHARD_OF_BATCH})


BATCH_SHARDS = {shard: _batch_shards(shard) for shard in CASE_SHARDS}


def controls_of(wildcards):
    """Controls records that the cases of a shard need."""
    return [f"{OUT}/shards/{batches}/controls.jsonl" for batches in BATCH_SHARDS[wildcards.shard]]


def sheets_of(wildcards):
    """Lists of the batches of a shard's cases: they change with the run sheets."""
    return [f"{OUT}/shards/{batches}/list.tsv" for batches in BATCH_SHARDS[wildcards.shard]]


def more_each_attempt(amount):
    """A resource (megabytes, minutes) that grows with each attempt of a job."""
    return lambda wildcards, attempt: amount * attempt


wildcard_constraints:
    shard=r"s[0-9]{5}",
    batches=r"b[0-9]{5}",
