"""``musk-id runs``: planning and watching runs over many cases."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from musk_id.cli.another_try import CASE_STAGES, forget_passing_failures
from musk_id.cli.console import say
from musk_id.cli.output_place import forget_foreign_records, refuse_odd_output, refuse_output_over_sources
from musk_id.cli.overview_rows import is_earlier, place_of, shard_rows
from musk_id.cli.run_lock import hold_run, is_held_by
from musk_id.cli.sbom import BILL_NAME, write_bill
from musk_id.cli.shards import ShardRow, plan_shards, read_table, waiting_cases
from musk_id.cli.workplace import Casework
from musk_id.errors import UsageError, counted
from musk_id.model.record import CaseFailure
from musk_id.model.seal import Manifest
from musk_id.records.files import write_atomic
from musk_id.records.lines import read_heads, read_jsonl
from musk_id.vocabulary import Language

__all__ = ["run_overview", "run_plan", "run_status"]

FAILED_EXIT_CODE = 3


def run_plan(arguments: argparse.Namespace) -> int:
    """Write the table and the lists of shards."""
    root = arguments.root.resolve()
    refuse_output_over_sources(arguments.out / "cases", root)
    refuse_odd_output(arguments.out)
    if arguments.held_lock is not None:
        if not is_held_by(arguments.out, arguments.held_lock):
            raise UsageError("this is no lock of the output folder", where="--held-lock")
        rows = _planned(root, arguments)
    else:
        handle = hold_run(arguments.out)
        try:
            rows = _planned(root, arguments)
        finally:
            os.close(handle)
    cases = sum(row.kind == "case" for row in rows)
    batches = counted(len(rows) - cases, "batch", "batches")
    shards = counted(len({row.shard for row in rows}), "shard", "shards")
    print(f"{counted(cases, 'case', 'cases')} and {batches} in {shards}")
    waiting = waiting_cases(root)
    if waiting:
        print(f"{counted(len(waiting), 'case waits', 'cases wait')} for an examination; not planned")
    return 0


def _planned(root: Path, arguments: argparse.Namespace) -> list[ShardRow]:
    if forget_foreign_records(arguments.out):
        print("the output folder came from elsewhere: its cases are done again")
    rows = plan_shards(root, arguments.out, arguments.cases_per_shard, Casework(root).grounds())
    forget_passing_failures(arguments.out, sorted({row.shard for row in rows if row.kind == "case"}))
    return rows


def _shards(out: Path) -> dict[str, list[str]]:
    """Cases of each shard, in the order of the table."""
    found: dict[str, list[str]] = {}
    for row in read_table(out):
        if row.kind == "case":
            found.setdefault(row.shard, []).append(row.identifier)
    return found


def _ends(out: Path, shard: str) -> tuple[set[str], list[CaseFailure]]:
    """Sealed cases of a shard, and the failures among the records of its last stage that has ended."""
    for stage in reversed(CASE_STAGES):
        path = out / "shards" / shard / f"{stage}.jsonl"
        if path.is_file():
            heads = read_heads(path)
            sealed = {case for case, schema in heads if schema == Manifest.SCHEMA}
            failed = frozenset(case for case, schema in heads if schema == CaseFailure.SCHEMA)
            return sealed, read_jsonl(path, failed) if failed else []
    return set(), []


def run_status(arguments: argparse.Namespace) -> int:
    """Count cases and the shards that each stage has done; name the failed cases; exit 3 if any failed."""
    out: Path = arguments.out
    shards = _shards(out)
    ends = [_ends(out, shard) for shard in shards]
    failures = [failure for _, failed in ends for failure in failed]
    finished = sum(len(sealed) for sealed, _ in ends)
    waiting = sum(len(ids) for ids in shards.values()) - finished - len(failures)
    print(f"finished {finished}, failed {len(failures)}, not yet processed {waiting}")
    if waiting:
        done = (
            f"{stage} {sum((out / 'shards' / shard / f'{stage}.jsonl').is_file() for shard in shards)}"
            for stage in CASE_STAGES
        )
        print(f"shards done of {len(shards)}: {', '.join(done)}")
    for failure in failures:
        say(f"failed: {failure.case_id} at {failure.stage}: {failure.message}")
        for problem in failure.problems:
            say(f"  - {problem}")
        if is_earlier(out, failure.case_id):
            say(f"  what lies in {place_of(failure.case_id)} is no result of this run")
    return FAILED_EXIT_CODE if failures else 0


def run_overview(arguments: argparse.Namespace) -> int:
    """Write ``summary.csv`` and ``index.html`` of all processed cases, and print a line for each."""
    from musk_id.render.overview import index_html, summary_csv

    rows = [row for shard, ids in _shards(arguments.out).items() for row in shard_rows(arguments.out, shard, ids)]
    write_atomic(arguments.out / "summary.csv", summary_csv(rows, Language.EN))
    write_atomic(arguments.out / "index.html", index_html(rows, Language.EN))
    write_bill(arguments.out / BILL_NAME)
    for row in rows:
        say(row.headline)
        if not row.failed:
            print(f"    {arguments.out / 'cases' / row.case_id}")
    return 0
