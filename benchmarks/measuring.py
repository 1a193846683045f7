"""Wall times as medians, tables for reading, and the JSON files of a run."""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Timing", "print_table", "timed", "write_json"]

BUDGET_S = 8.0
NUMBER = re.compile(r"[0-9][0-9.e/+-]*|-")


@dataclass(frozen=True)
class Timing:
    """Wall times of the same work, in seconds, in the order in which they were taken."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the runs."""
        return statistics.median(self.seconds)

    def tree(self) -> dict[str, object]:
        """Times for a JSON file."""
        ordered = sorted(self.seconds)
        return {"median_s": self.median, "fastest_s": ordered[0], "slowest_s": ordered[-1], "runs": len(ordered)}


def timed(work: Callable[[], object], repeats: int, budget_s: float = BUDGET_S) -> Timing:
    """Run a piece of work several times; no further time once the budget is used up."""
    seconds: list[float] = []
    while len(seconds) < repeats and sum(seconds) < budget_s:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return Timing(tuple(seconds))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns: text to the left, numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(columns, *cells, strict=True)]
    print(f"\n{title}")
    print("  ".join(name.ljust(width) for name, width in zip(columns, widths, strict=True)).rstrip())
    for row in cells:
        line = [
            text.rjust(width) if NUMBER.fullmatch(text) else text.ljust(width)
            for text, width in zip(row, widths, strict=True)
        ]
        print("  ".join(line).rstrip())


def write_json(path: Path, tree: Mapping[str, object]) -> None:
    """Write a result with sorted keys; the folder is made when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(tree, indent=1, sort_keys=True) + "\n", encoding="ascii")
