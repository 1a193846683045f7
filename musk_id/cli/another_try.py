"""Failures that hang on the place and the moment and not on the case: each run tries such a case again.

A failure record is a result like any other, so that the workflow takes a failed case for done. Where the output's
place stood against it, or a job met something else than was planned, the files of the case do not change when that
is mended, and nothing else would have it done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from musk_id.cli.overview_rows import ROWS_NAME
from musk_id.errors import IntegrityError, StorageError
from musk_id.model.record import CaseFailure
from musk_id.records.canonical import parse_record

__all__ = ["CASE_STAGES", "forget_passing_failures"]

CASE_STAGES = ("intake", "barcode", "spectra", "evidence", "record", "seal")
# Quotation marks inside a text are escaped in JSON: nothing but a failure holds these bytes.
_MARK = b'"schema":"' + CaseFailure.SCHEMA.encode("ascii") + b'"'
_PASSING_CODES = frozenset({IntegrityError.code, StorageError.code})


def forget_passing_failures(out: Path, shards: Sequence[str]) -> None:
    """Remove the records of a shard from the stage on that is tried again, with its rows and the overview."""
    for shard in shards:
        folder = out / "shards" / shard
        again = [number for failure in _failures(folder) if (number := _stage_again(failure)) is not None]
        if again:
            names = [f"{stage}.jsonl" for stage in CASE_STAGES[min(again) :]]
            paths = [out / "summary.csv", out / "index.html", *(folder / name for name in (*names, ROWS_NAME))]
            for path in paths:
                path.unlink(missing_ok=True)


def _failures(folder: Path) -> list[CaseFailure]:
    """Failures of a shard; each stage passes on those of the stages before."""
    last = next((p for s in reversed(CASE_STAGES) if (p := folder / f"{s}.jsonl").is_file()), None)
    if last is None:
        return []
    lines = last.read_bytes().splitlines()
    try:
        return [parse_record(CaseFailure, line, last.name) for line in lines if _MARK in line]
    except IntegrityError:
        # The stage that reads the file tells what is wrong with it.
        return []


def _stage_again(failure: CaseFailure) -> int | None:
    """Number of the stage to begin with; ``None`` for a failure that the case's own files are the reason of.

    What intake refuses is a matter of the files, whose digest the plan looks at.
    """
    if failure.stage in ("record", "seal"):
        return CASE_STAGES.index("record")
    is_passing = failure.stage in CASE_STAGES[1:] and failure.code in _PASSING_CODES
    return CASE_STAGES.index(failure.stage) if is_passing else None
