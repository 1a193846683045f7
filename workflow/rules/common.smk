"""Shared by all rules: folders, shards, and the guard that one version of the package is used throughout.

The shards are planned by the main process only; the jobs that it starts read the table that it wrote.
"""

import subprocess

from snakemake.settings.types import ExecMode

import musk_id

ROOT = config["laboratory_root"]
OUT = config["output_dir"]


def _run(*arguments):
    """Output of a musk-id command; arguments are passed as a list, never through a shell."""
    done = subprocess.run(["musk-id", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise WorkflowError(done.stderr.strip() or f"musk-id ended with {done.returncode}")
    return done.stdout.strip()


if workflow.exec_mode == ExecMode.DEFAULT:
    found = _run("--version").split()[-1]
    if found != musk_id.__version__:
        raise WorkflowError(f"musk-id {found} is installed, this checkout is {musk_id.__version__}")
    _run(
        "runs", "plan", "--root", ROOT, "--out", OUT, "--cases-per-shard", str(config["cases_per_shard"])
    )


def _shards(kind):
    """Ids of the shards of a kind, in order."""
    with open(f"{OUT}/shards.tsv", encoding="ascii") as table:
        rows = [line.rstrip("\n").split("\t") for line in table][1:]
    return sorted({shard for row_kind, shard, _ in rows if row_kind == kind})


CASE_SHARDS = _shards("case")
BATCH_SHARDS = _shards("batch")
CONTROLS = expand(f"{OUT}/shards/{{batches}}/controls.jsonl", batches=BATCH_SHARDS)


wildcard_constraints:
    shard=r"s[0-9]{5}",
    batches=r"b[0-9]{5}",
