"""Inputs of a case: read and checked, those that need not be there with the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from musk_id.cli.traces import trace_evidence
from musk_id.errors import Problem, RequestError
from musk_id.model.edits import Edits
from musk_id.model.intake import IntakeRecord
from musk_id.model.methods import SangerMethod
from musk_id.model.second_reading import SecondReadings
from musk_id.model.technical import FailedRun
from musk_id.records.ids import id_problems
from musk_id.records.inputs import decode_input, find_optional_input
from musk_id.records.tree import read_tree
from musk_id.stages.papers import letter_changes

__all__ = ["OPTIONAL_INPUTS", "Papers", "check_edits", "read_papers", "read_part"]

OPTIONAL_INPUTS = ("edits", "second_reading")

_Input = TypeVar("_Input")


@dataclass(frozen=True, slots=True)
class Papers:
    """Edits and second readings of a case, as far as there are any, and their files."""

    edits: Edits | None
    second_reading: SecondReadings | None
    paths: tuple[Path, ...]


def read_part(cls: type[_Input], path: Path, problems: list[Problem]) -> _Input | None:
    """An input, or ``None``; problems of the file and of its ids are added."""
    try:
        tree = read_tree(path)
        problems += id_problems(path.stem, tree.tree, path.parent.name)
        return decode_input(cls, tree, path.name)
    except RequestError as error:
        if error.problems:
            problems += [replace(p, where=f"{path.name}: {p.where}") for p in error.problems]
        else:
            problems.append(Problem(error.where, error.message))
        return None


def read_papers(case_dir: Path, problems: list[Problem]) -> Papers:
    """The papers of a case that need not be there; their problems are added."""
    paths = {stem: find_optional_input(case_dir, stem) for stem in OPTIONAL_INPUTS}
    edits, readings = paths["edits"], paths["second_reading"]
    return Papers(
        edits=None if edits is None else read_part(Edits, edits, problems),
        second_reading=None if readings is None else read_part(SecondReadings, readings, problems),
        paths=tuple(path for path in paths.values() if path is not None),
    )


def check_edits(intake: IntakeRecord, case_dir: Path, method: SangerMethod) -> None:
    """Hold the edits against the consensus of their runs.

    A run whose files are missing or unreadable has no consensus and is a finding of the record, not a problem.

    Raises
    ------
    RequestError
        With every edit that does not fit.
    """
    if intake.edits is None or not intake.edits.base_edits:
        return
    from musk_id.stages.edited_letters import change_problems
    from musk_id.stages.sanger import assemble

    problems: list[Problem] = []
    changes = letter_changes(intake.edits)
    for entry in trace_evidence(intake, case_dir, only=frozenset(changes)):
        run = entry.run.run_id
        if isinstance(entry, FailedRun):
            continue
        made = assemble(entry, method)
        if isinstance(made, FailedRun):
            problems.append(Problem(f"edits: run {run}", "its traces give no consensus", "a run with a consensus"))
        else:
            problems += change_problems(made, run, changes[run])
    if problems:
        raise RequestError(
            f"{len(problems)} edit{'s do' if len(problems) > 1 else ' does'} not fit the consensus",
            where=f"{case_dir.name}/edits",
            problems=tuple(problems),
            hint="name position and letter as the record without the edits prints them",
        )
