"""Run sheets of casework: read, and checked for positions that stand twice."""

from __future__ import annotations

from pathlib import Path

from musk_id.cli.typed_words import typed_word_problems
from musk_id.errors import RequestError
from musk_id.model.batch import RunSheet
from musk_id.records.inputs import read_run_sheet
from musk_id.stages.injections import sheet_peak_problems
from musk_id.stages.run_sheets import repeated_positions

__all__ = ["checked_sheet"]


def checked_sheet(path: Path) -> RunSheet:
    """A run sheet on which every position has one row.

    Raises
    ------
    RequestError
        If the sheet is malformed, peaks contradict each other, a substance's name uses words that no page may use,
        or rows stand at one place, however it is spelled.
    """
    sheet = read_run_sheet(path)
    names = (
        (f"rows[{number}].peaks[{place}].name", peak.name)
        for number, row in enumerate(sheet.rows)
        for place, peak in enumerate(row.peaks or ())
    )
    faults = (*sheet_peak_problems(sheet), *typed_word_problems(names))
    if faults:
        raise RequestError(
            f"{len(faults)} problem{'s' if len(faults) > 1 else ''} in the peaks of the controls",
            where=path.name,
            problems=faults,
            hint="correct the peaks named above",
        )
    problems = tuple(repeated_positions(sheet))
    if problems:
        count = len(problems)
        raise RequestError(
            f"{count} position{'s stand' if count > 1 else ' stands'} in more than one row",
            where=path.name,
            problems=problems,
            hint="give every row a position of its own; A1, a1 and A01 are one",
        )
    return sheet
