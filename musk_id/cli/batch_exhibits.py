"""Sequencing reads of the exhibits of a batch, whatever case they belong to, for the comparison of its wells.

A row of the sheet links itself to a run by case and position (and run id, where it gives one). What another case
lacks or holds wrongly is no fault of this one: such a well counts as not read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.cli.evidence_files import read_steadily
from musk_id.cli.read_evidence import primers_of
from musk_id.cli.read_files import read_files
from musk_id.errors import MuskIdError
from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.examination import Examination, RunContext
from musk_id.model.provenance import InputDigest
from musk_id.model.reads import DistinctReads, PiledReads
from musk_id.model.values import Identifier, Line, Sha256
from musk_id.records.files import resolve_inside, sha256_file
from musk_id.records.inputs import find_input, read_input
from musk_id.stages.run_sheets import same_place
from musk_id.vocabulary import ControlKind, FileRole, Technique

if TYPE_CHECKING:
    from musk_id.cli.workplace import Casework
    from musk_id.stages.batch_reads import ExhibitWells, Well

__all__ = ["exhibit_wells", "is_compared", "linked_runs"]

MAX_WELLS = 1536


def is_compared(sheet: RunSheet) -> bool:
    """Whether the wells of a batch are held against each other: a control of it was sequenced."""
    return any(file.role is FileRole.READS for row in sheet.rows for file in row.files)


def linked_runs(root: Path, sheet: RunSheet) -> dict[Line, RunContext | None]:
    """Runs of reads that the rows of a sheet name, by position.

    ``None`` where case or run are not to be had; positions with a run of another kind, and those whose row names
    no case, are left out.
    """
    cases: dict[Identifier, Examination | None] = {}
    found: dict[Line, RunContext | None] = {}
    for row in sheet.rows:
        if row.kind is not ControlKind.EXHIBIT or row.case_id is None:
            continue
        if row.case_id not in cases:
            cases[row.case_id] = _examination(root / "cases" / row.case_id)
        examination = cases[row.case_id]
        run = None if examination is None else _run(examination, row, sheet)
        if run is None or run.run.technique is Technique.SEQUENCING_READS:
            found[row.position] = run
    return found


def _examination(case_dir: Path) -> Examination | None:
    try:
        return read_input(Examination, find_input(case_dir, "examination"))
    except (MuskIdError, OSError):
        return None


def _run(examination: Examination, row: SheetRow, sheet: RunSheet) -> RunContext | None:
    for context in examination.runs():
        run = context.run
        here = run.position is not None and same_place(run.position, row.position)
        if run.batch_id == sheet.batch_id and here and row.run_id in (None, run.run_id):
            return context
    return None


def exhibit_wells(casework: Casework, sheet: RunSheet) -> tuple[ExhibitWells, tuple[InputDigest, ...]]:
    """Counted reads of the exhibits, and the digests of their files, named by position only."""
    from musk_id.stages.batch_reads import ExhibitWells

    wells: list[Well] = []
    inputs: list[InputDigest] = []
    runs = linked_runs(casework.root, sheet)
    by_position = {row.position: row for row in sheet.rows}
    for position, context in list(runs.items())[:MAX_WELLS]:
        row = by_position[position]
        well = None if context is None or row.case_id is None else _well(casework, row, context, inputs)
        if well is not None:
            wells.append(well)
    without = sum(row.kind is ControlKind.EXHIBIT and row.case_id is None for row in sheet.rows)
    return ExhibitWells(tuple(wells), len(runs) - len(wells), without), tuple(inputs)


def _well(casework: Casework, row: SheetRow, context: RunContext, inputs: list[InputDigest]) -> Well | None:
    from musk_id.stages.batch_reads import Well, count_well

    case_dir = casework.root / "cases" / str(row.case_id)
    named = [file for file in context.run.files if file.role is FileRole.READS]
    if not named:
        return None
    method = casework.reads_method
    try:
        paths = [resolve_inside(case_dir, file.path) for file in named]
        primers = primers_of(context)

        def look() -> tuple[list[Sha256], DistinctReads | PiledReads]:
            return [sha256_file(path) for path in paths], read_files(
                paths,
                primers,
                (casework.methods.barcode, method),
                lambda: casework.barcode_library,
                with_origin=False,
            )

        digests, reads = read_steadily(paths, [None] * len(paths), look)
        if any(file.sha256 not in (None, found) for file, found in zip(named, digests, strict=True)):
            return None
        markers = count_well(reads, primers, method, is_blank=False)
    except (MuskIdError, OSError):
        return None
    inputs += [
        InputDigest(name=Line(f"reads at {row.position}, file {number}"[:500]), sha256=found)
        for number, found in enumerate(digests, 1)
    ]
    return Well(row.position, row.kind, row.locus, markers, str(row.case_id), str(context.item.item_id))
