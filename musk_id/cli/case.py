"""``musk-id case``: templates for a new case, and a check of all its inputs."""

from __future__ import annotations

import argparse
from pathlib import Path

from musk_id.cli.casework import intake_case
from musk_id.cli.run_sheets import checked_sheet
from musk_id.cli.workplace import Casework, find_root
from musk_id.errors import UsageError, counted
from musk_id.model.values import RULES, Identifier
from musk_id.records.files import write_atomic
from musk_id.records.inputs import find_input

__all__ = ["run_check", "run_new"]

INPUT_ENDINGS = (".yaml", ".yml", ".json")
TEMPLATES = Path(__file__).parent / "templates"


def _template(name: str, case_id: str) -> bytes:
    return (TEMPLATES / name).read_text(encoding="utf-8").replace("@CASE@", case_id).encode("utf-8")


def run_new(arguments: argparse.Namespace) -> int:
    """Write commented templates; nothing that exists is overwritten."""
    case_dir: Path = arguments.case_dir.absolute()
    case_id = case_dir.name
    if not RULES[Identifier].accepts(case_id):
        raise UsageError(f"{case_id[:80]!r} cannot be a case id", hint=f"use {RULES[Identifier].described}")
    wanted = [(case_dir / "request.yaml", "request.yaml"), (case_dir / "examination.yaml", "examination.yaml")]
    if arguments.laboratory:
        if len(case_dir.parents) < 3:
            raise UsageError("the laboratory root would be the root of the file system", where=str(case_dir))
        root = case_dir.parents[1]
        wanted.append((root / "laboratory.yaml", "laboratory.yaml"))
        wanted.append((root / "batches" / "BATCH-1" / "sheet.yaml", "sheet.yaml"))
        wanted.append((root / "chemistry.yaml", "chemistry.yaml"))
    present = [
        p.name for path, _ in wanted for p in path.parent.glob(f"{path.stem}.*") if p.suffix in INPUT_ENDINGS
    ]
    if present:
        raise UsageError(f"{', '.join(present)} exists already", where=str(arguments.case_dir))
    for path, name in wanted:
        write_atomic(path, _template(name, case_id))
        print(path)
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    """Check the inputs of a case and of its batches; every problem at once."""
    case_dir: Path = arguments.case_dir.resolve()
    if not case_dir.is_dir():
        raise UsageError("there is no such folder", where=str(arguments.case_dir))
    root = arguments.root.resolve() if arguments.root is not None else find_root(case_dir)
    casework = Casework(root)
    intake = intake_case(casework, case_dir)
    missing = [batch for batch in intake.batch_ids if not (root / "batches" / batch).is_dir()]
    for batch in intake.batch_ids:
        if batch not in missing:
            checked_sheet(find_input(root / "batches" / batch, "sheet"))
    runs = len(list(intake.examination.runs()))
    files = counted(len(intake.files), "file", "files")
    print(f"{intake.case_id}: inputs are well formed; {counted(runs, 'run', 'runs')}, {files} named")
    for note in intake.notes:
        print(f"  note: {note.reason.value}: {note.subject}")
    for batch in missing:
        print(f"  note: batch {batch} has no run sheet: its controls count as absent")
    return 0
