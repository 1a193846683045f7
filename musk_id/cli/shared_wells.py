"""``musk-id runs shared``: which wells of a batch share sequences, with the laboratory's own ids."""

from __future__ import annotations

import argparse
import sys

from musk_id.cli.batch_exhibits import linked_runs
from musk_id.cli.batches import controls_batch
from musk_id.cli.console import harmless
from musk_id.cli.run_sheets import checked_sheet
from musk_id.cli.workplace import Casework
from musk_id.errors import UsageError
from musk_id.model.batch_reads import BatchReads
from musk_id.model.values import RULES, Identifier
from musk_id.records.inputs import find_input

__all__ = ["run_shared"]

_HEAD = ("sequence_sha256", "primers", "sharing", "position", "kind", "case_id", "run_id", "reads", "jump_limit")


def run_shared(arguments: argparse.Namespace) -> int:
    """Print a row for each well of each shared sequence; the limits of the markers go to standard error.

    Raises
    ------
    UsageError
        If there is no such batch, or its wells are not compared.
    """
    root = arguments.root.resolve()
    is_id = RULES[Identifier].accepts(arguments.batch)
    folder = root / "batches" / arguments.batch
    if not is_id or not folder.is_dir():
        raise UsageError("there is no such batch folder", where=f"batches/{arguments.batch}")
    casework = Casework(root)
    reads = controls_batch(casework, folder).batch_reads
    if reads is None:
        raise UsageError(
            "the wells of the batch are not compared: no control of it was sequenced, or "
            f"{casework.reads_method.version} does not compare wells",
            where=f"batches/{arguments.batch}",
            hint="hand in the reads of the blanks as files of their rows; name reads-4 in laboratory.yaml",
        )
    sheet = checked_sheet(find_input(folder, "sheet"))
    runs = linked_runs(root, sheet)
    cases = {row.position: row.case_id for row in sheet.rows}
    _print_row(_HEAD)
    for shared in reads.shared:
        for well in shared.wells:
            run = runs.get(well.position)
            _print_row(
                (
                    shared.sequence_sha256,
                    shared.primers or "-",
                    ",".join(shared.sharing),
                    well.position,
                    well.kind.value,
                    cases.get(well.position) or "-",
                    "-" if run is None else run.run.run_id,
                    str(well.reads),
                    "-" if well.jump_limit is None else str(well.jump_limit),
                )
            )
    _tell_limits(reads)
    return 0


def _print_row(cells: tuple[str, ...]) -> None:
    print("\t".join(harmless(cell) for cell in cells))


def _tell_limits(reads: BatchReads) -> None:
    for marker in reads.jumps:
        limit = "not testable" if marker.rate_upper is None else f"share at most {marker.rate_upper}"
        text = f"{marker.primers or 'no primers found'}: {marker.in_blank} of {marker.elsewhere} reads in a blank"
        print(harmless(f"{text}; {limit} ({marker.state.value})"), file=sys.stderr)
    print(
        f"wells {len(reads.positions)}, cases {reads.cases}, items {reads.items}; not read {reads.not_read}, "
        f"rows that name no case {reads.without_case}, shared sequences not listed {reads.not_listed}",
        file=sys.stderr,
    )
