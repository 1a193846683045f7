"""``musk-id runs``: planning and watching runs over many cases."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from musk_id.cli.console import say
from musk_id.cli.output import refuse_output_over_sources
from musk_id.cli.shards import plan_shards, read_table
from musk_id.cli.workplace import Casework
from musk_id.errors import counted
from musk_id.model.record import CaseFailure
from musk_id.records.files import write_atomic
from musk_id.records.lines import read_jsonl
from musk_id.vocabulary import Language

__all__ = ["run_overview", "run_plan", "run_status"]

FAILED_EXIT_CODE = 3


def run_plan(arguments: argparse.Namespace) -> int:
    """Write the table and the lists of shards."""
    root = arguments.root.resolve()
    refuse_output_over_sources(arguments.out / "cases", root)
    rows = plan_shards(root, arguments.out, arguments.cases_per_shard, Casework(root).grounds())
    cases = sum(kind == "case" for kind, _, _ in rows)
    batches = counted(len(rows) - cases, "batch", "batches")
    shards = counted(len({shard for _, shard, _ in rows}), "shard", "shards")
    print(f"{counted(cases, 'case', 'cases')} and {batches} in {shards}")
    return 0


def _entries(out: Path) -> list[tuple[str, Any]]:
    """Every planned case with its record, its failure, or nothing yet."""
    found: dict[str, Any] = {}
    table = [(shard, identifier) for kind, shard, identifier in read_table(out) if kind == "case"]
    for shard in sorted({shard for shard, _ in table}):
        for stage in ("record", "seal"):
            path = out / "shards" / shard / f"{stage}.jsonl"
            if path.is_file():
                for entry in read_jsonl(path):
                    if stage == "record" or isinstance(entry, CaseFailure):
                        found[entry.case_id] = entry
    return [(identifier, found.get(identifier)) for _, identifier in table]


def run_status(arguments: argparse.Namespace) -> int:
    """Count cases; name the failed ones; exit 3 if any failed."""
    entries = _entries(arguments.out)
    failures = [entry for _, entry in entries if isinstance(entry, CaseFailure)]
    waiting = [identifier for identifier, entry in entries if entry is None]
    done = len(entries) - len(failures) - len(waiting)
    print(f"finished {done}, failed {len(failures)}, not yet processed {len(waiting)}")
    for failure in failures:
        say(f"failed: {failure.case_id} at {failure.stage}: {failure.message}")
        for problem in failure.problems:
            say(f"  - {problem}")
    return FAILED_EXIT_CODE if failures else 0


def run_overview(arguments: argparse.Namespace) -> int:
    """Write ``summary.csv`` and ``index.html`` of all processed cases, and print a line for each."""
    from musk_id.render.overview import headline, index_html, overview_row, summary_csv

    entries = [entry for _, entry in _entries(arguments.out) if entry is not None]
    rows = [overview_row(entry, Language.EN) for entry in entries]
    write_atomic(arguments.out / "summary.csv", summary_csv(rows, Language.EN))
    write_atomic(arguments.out / "index.html", index_html(rows, Language.EN))
    for entry in entries:
        if isinstance(entry, CaseFailure):
            say(f"{entry.case_id}  FAILED at {entry.stage}: {entry.message}")
        else:
            print(headline(entry, Language.EN))
            print(f"    {arguments.out / 'cases' / entry.case_id}")
    return 0
