"""Write ``docs/validation.md`` and the method cards of records from ``validation/``: ``make validation``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from musk_id.card_vocabulary import Characteristic
from musk_id.model.method_cards import MeasuredCount, MethodCards
from musk_id.model.validation import Validation, ValidationRow
from musk_id.records.files import write_atomic
from musk_id.records.validation import read_validation
from musk_id.refdb.method_cards import method_cards, write_cards

PROJECT = Path(__file__).parents[1]
FOLDER = PROJECT / "validation"
PAGE = PROJECT / "docs" / "validation.md"
LISTED = 3
INTRODUCTION = """# Figures that were measured

All figures of `validation/*.json`, which benchmarks write ([benchmarks.md](benchmarks.md)); this page is written
from these files by `make validation` and says nothing of its own. A rate stands as k/n with its limit, `≤` the
upper and `≥` the lower one, 95 %, after Clopper and Pearson; one-sided unless two limits stand there. k alone is a
count. What the measures and strata mean is told in the note of each file and, for the calibration, in
[decisions/calibration.md](decisions/calibration.md).
"""

# The words of the page for what a figure tells.
WORDS: dict[Characteristic, str] = {
    Characteristic.ACCURACY: "accuracy (order of a list)",
    Characteristic.SPECIFICITY: "specificity",
    Characteristic.SENSITIVITY: "sensitivity",
    Characteristic.RELIABILITY: "reliability (no answer)",
}
CARDS = """
## Method cards

For each method and marker or technique the figures that tell of its accuracy, specificity, sensitivity and
reliability: how many strata were measured, and the lowest and the highest share among them with their counts.
Every stratum stands in the tables below. Sensitivity leaves out strata in which no answer can be right, because
the genus, or for names of species the species, is withheld. The strata are of public reference sequences and
spectra, some shortened or changed by simulation: **no figure of this page was measured on a class of material**
(gland, grains, powder, pill, plaster, perfume), on casework, or in more than one laboratory; limits of detection
are not part of it. Methods that are not named here have no figures.
"""

Where = tuple[str, str]


def page(files: Iterable[Path]) -> str:
    """The page as text."""
    paths = list(files)
    read = [(path.name, read_validation(path)) for path in paths]
    return "".join(
        [INTRODUCTION, _cards(method_cards(paths)), *(_file(name, validation) for name, validation in read)]
    )


def _cards(cards: MethodCards) -> str:
    """A table for each method and marker, own methods only."""
    parts = [CARDS]
    for card in cards.cards:
        where = card.locus or card.technique
        parts.append(f"\n### {card.method}, {'' if where is None else where.value}\n\n")
        parts.append(
            "| characteristic | measure | strata | lowest | highest | file |\n|---|---|---|---|---|---|\n"
        )
        for entry in card.ranges:
            ends = [f"{_counted(end)}: {end.stratum}" for end in (entry.lowest, entry.highest)]
            cells = (WORDS[entry.characteristic], entry.measure, str(entry.strata), *ends, entry.file)
            parts.append(f"| {' | '.join(map(_plain, cells))} |\n")
    return "".join(parts)


def _counted(count: MeasuredCount) -> str:
    """k of n with the limits that were computed."""
    told = (("≥", count.lower), ("≤", count.upper))
    within = ", ".join(f"{sign} {limit}" for sign, limit in told if limit is not None)
    return f"{count.k}/{count.n} ({within})" if within else f"{count.k}/{count.n}"


def _file(name: str, validation: Validation) -> str:
    release = "" if validation.release_id is None else f"; release {validation.release_id}"
    parts = [f"\n## {name}\n\nMeasured by `{validation.benchmark}`; {', '.join(validation.methods)}{release}.\n"]
    parts.append(f"\n{_plain(validation.note)}\n\nData:\n\n")
    for entry in validation.data:
        records = "" if entry.records is None else f", {entry.records} records"
        parts.append(f"- `{entry.path}`, SHA-256 `{entry.sha256[:16]}…`{records}\n")
    groups: dict[Where, list[ValidationRow]] = {}
    for row in validation.rows:
        where = row.locus or row.technique
        method = f"{row.method} (peer)" if row.peer else str(row.method)
        groups.setdefault(("all markers" if where is None else where.value, method), []).append(row)
    for (where, method), rows in groups.items():
        parts.append(f"\n### {where}: {method}\n")
        parts += [_table(measures, found) for measures, found in _alike(rows)]
    return "".join(parts)


def _alike(rows: Sequence[ValidationRow]) -> list[tuple[tuple[str, ...], dict[str, list[ValidationRow]]]]:
    """Strata with the same measures together, both in the order of the file."""
    strata: dict[str, list[ValidationRow]] = {}
    for row in rows:
        strata.setdefault(row.stratum, []).append(row)
    tables: dict[tuple[str, ...], dict[str, list[ValidationRow]]] = {}
    for stratum, found in strata.items():
        tables.setdefault(tuple(str(row.measure) for row in found), {})[stratum] = found
    return list(tables.items())


def _table(measures: Sequence[str], strata: dict[str, list[ValidationRow]]) -> str:
    """Strata down and measures across, or the other way round where there are more measures than strata."""
    across = len(strata) >= len(measures)
    down, heads = (list(strata), list(measures)) if across else (list(measures), list(strata))
    lines = [["stratum" if across else "measure", *heads]]
    for place, name in enumerate(down):
        cells = strata[name] if across else [found[place] for found in strata.values()]
        lines.append([name, *(_figure(row) for row in cells)])
    first, *rest = (f"| {' | '.join(map(_plain, line))} |\n" for line in lines)
    return "\n" + first + "|---" * len(lines[0]) + "|\n" + "".join(rest)


def _figure(row: ValidationRow) -> str:
    parts: list[str] = []
    limits = row.interval
    told = () if limits is None else (("≥", limits.lower), ("≤", limits.upper))
    within = ", ".join(f"{sign} {limit}" for sign, limit in told if limit is not None)
    if row.k is not None:
        count = str(row.k) if row.n is None else f"{row.k}/{row.n}"
        parts.append(f"{count} ({within})" if within else count)
    if row.value is not None:
        parts.append(row.value if row.unit is None else f"{row.value} {row.unit}")
    if row.listed:
        more = len(row.listed) - LISTED
        parts.append(", ".join(row.listed[:LISTED]) + (f" and {more} more" if more > 0 else ""))
    return "; ".join(parts)


def _plain(text: str) -> str:
    """Text that is no markup in a table."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    files = sorted(FOLDER.glob("*.json"))
    write_atomic(PAGE, page(files).encode("utf-8"))
    write_cards(method_cards(files))
