"""A copy of the release sources that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = PROJECT / "reference_db" / "sources" / "2026.1"
RELEASES = PROJECT / "reference_db" / "releases"
RELEASE = RELEASES / "2026.1"


def copied(tmp_path: Path) -> Path:
    """Sources in a folder of the test."""
    return Path(shutil.copytree(SOURCES, tmp_path / "sources"))


def edit(sources: Path, table: str, key: str, **fields: str) -> None:
    """Set fields of the first row whose first column equals ``key``."""
    path = sources / table
    header, *rows = path.read_text("utf-8").splitlines()
    columns = header.split("\t")
    cells = [row.split("\t") for row in rows]
    row = next(cell for cell in cells if cell[0] == key)
    for column, value in fields.items():
        row[columns.index(column)] = value
    path.write_text("\n".join([header, *("\t".join(cell) for cell in cells)]) + "\n", "utf-8")


def append(sources: Path, table: str, line: str) -> None:
    """Add a row to a table."""
    path = sources / table
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
