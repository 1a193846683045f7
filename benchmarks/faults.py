"""Faults of machine and people while many cases run: ``make bench-faults``.

Runs are killed at random moments and started again; the tree that is left must be that of a run that nobody
disturbed. Half of the kills end everything that the run started, the other half the workflow's process alone,
whose jobs then work on until they end.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from made_cases import make_root
from workflow_runs import environment, leftovers, run_workflow, snakemake_command, tree_digest

STILL_AT_WORK = "still at work"
MAX_REFUSALS = 200
FULL = {"tree": (24, 8, 100), "long": (300, 60, 10)}
FRACTION = {"tree": (24, 8, 5), "long": (60, 20, 2)}


def killed(root: Path, out: Path, per_shard: int, after_seconds: float, *, alone: bool) -> int | None:
    """Start a run and kill it after some seconds; its exit code if it had ended before."""
    command = snakemake_command(root, out, per_shard=per_shard)
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    ) as process:
        try:
            return process.wait(after_seconds)
        except subprocess.TimeoutExpired:
            if alone:
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
    return None


def _killed_at_work(root: Path, out: Path, per_shard: int, moment: float, *, alone: bool) -> tuple[bool, int]:
    """Kill a run; whether it was at work then, and how often it was refused because of jobs of the one before."""
    refusals = 0
    while True:
        code = killed(root, out, per_shard, moment, alone=alone)
        if not code:
            return code is None, refusals
        refusals += 1
        assert refusals <= MAX_REFUSALS, f"a run ended with {code} again and again"
        time.sleep(0.5)


def resumed(root: Path, out: Path, per_shard: int, seconds: float = 900) -> tuple[int, str]:
    """Start the run again until it ends; how often it was refused because of jobs at work, and what went wrong."""
    refusals = 0
    end = time.monotonic() + seconds
    while True:
        done = run_workflow(root, out, per_shard=per_shard, timeout=seconds)
        if done.returncode == 0 or STILL_AT_WORK not in done.stderr or time.monotonic() > end:
            return refusals, "" if done.returncode == 0 else done.stderr[-3000:]
        refusals += 1
        time.sleep(0.5)


def kill_rounds(
    folder: Path, cases: int, per_shard: int, kills: int, *, in_one_run: bool, chance: random.Random
) -> dict[str, int | float]:
    """Kill runs at random moments, resume each, compare with an undisturbed one.

    Parameters
    ----------
    in_one_run : bool
        One run is killed and started again over and over, else each kill has a run of its own.

    Raises
    ------
    AssertionError
        If a run does not end well, or leaves another tree.
    """
    root = folder / "root"
    make_root(root, cases)
    start = time.monotonic()
    done = run_workflow(root, folder / "undisturbed", per_shard=per_shard, timeout=3000)
    length = time.monotonic() - start
    assert done.returncode == 0, done.stderr
    expected = tree_digest(folder / "undisturbed")
    assert sum(name.endswith("seal/manifest.json") for name in expected) == cases
    at_work = refusals = 0
    for number in range(kills):
        if sys.stderr.isatty():
            print(f"\rkill {number + 1} of {kills}, {cases} cases", end="", file=sys.stderr, flush=True)
        out = folder / ("one" if in_one_run else f"run-{number}")
        while True:
            moment = chance.uniform(0, length / kills) + 2 if in_one_run else chance.uniform(0, length)
            is_at_work, refused = _killed_at_work(root, out, per_shard, moment, alone=number % 2 == 1)
            refusals += refused
            if is_at_work or in_one_run:
                break
            # It had ended before its moment came: that is no kill, another run is started.
            shutil.rmtree(out)
            shutil.rmtree(out.with_name(f"{out.name}.work"))
        at_work += is_at_work
        if not in_one_run or number == kills - 1:
            refused, told = resumed(root, out, per_shard)
            refusals += refused
            assert not told, told
            found = tree_digest(out)
            assert found == expected, sorted(set(found.items()) ^ set(expected.items()))[:10]
            assert leftovers(out) == [], leftovers(out)
            shutil.rmtree(out)
            shutil.rmtree(out.with_name(f"{out.name}.work"))
    return {
        "cases": cases,
        "kills": kills,
        "killed at work": at_work,
        "starts refused": refusals,
        "seconds of an undisturbed run": round(length, 1),
    }


def main() -> int:
    """Run the rounds and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="100 kills of 24 cases, 10 of a run of 300 cases")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sizes = FULL if arguments.full else FRACTION
    for name, (cases, per_shard, kills) in sizes.items():
        with tempfile.TemporaryDirectory(prefix="musk-id-faults-") as folder:
            chance = random.Random(arguments.seed)  # noqa: S311 - moments, no secret
            figures = kill_rounds(Path(folder), cases, per_shard, kills, in_one_run=name == "long", chance=chance)
        if sys.stderr.isatty():
            print(file=sys.stderr)
        print(
            f"{name}: {', '.join(f'{key} {value}' for key, value in figures.items())}, differing trees 0",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
