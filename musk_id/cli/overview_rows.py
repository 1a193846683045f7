"""Rows of the overview, written by the job that has the records at hand: a record of a case takes long to read.

A row holds what the overview says of a case. ``rows.jsonl`` lies beside the records of its shard and is no record:
where it is absent, the rows are made from the records again.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from musk_id.errors import IntegrityError
from musk_id.model.record import CaseFailure
from musk_id.model.seal import Manifest
from musk_id.model.values import RULES, RelativePath, Sha256
from musk_id.records.canonical import canonical_bytes
from musk_id.records.files import write_atomic
from musk_id.records.lines import read_heads, read_jsonl, read_trees
from musk_id.vocabulary import Language

if TYPE_CHECKING:
    from musk_id.render.overview import OverviewRow

__all__ = ["ROWS_NAME", "is_earlier", "place_of", "shard_rows", "write_rows", "written_contents"]

ROWS_NAME = "rows.jsonl"
_CONTENT = "content_sha256"
_AGAIN = "delete it and run the workflow again"
# Browsers read a reversed or an escaped spelling of a step upwards as one, too; this is a whitelist.
_is_path = RULES[RelativePath].accepts


def write_rows(path: Path, entries: list[Any], contents: Mapping[str, Sha256] = MappingProxyType({})) -> None:
    """Write the rows of the case records or failures of a shard, and what their folders held when written."""
    from musk_id.render.overview import overview_row

    rows = [dataclasses.asdict(overview_row(entry, Language.EN)) for entry in entries]
    trees = [
        row | {"links": [list(link) for link in row["links"]], _CONTENT: contents.get(row["case_id"])}
        for row in rows
    ]
    write_atomic(path, b"".join(canonical_bytes(tree) + b"\n" for tree in trees))


def shard_rows(out: Path, shard: str, ids: list[str]) -> list[OverviewRow]:
    """Rows of the processed cases of a shard, in the order of ``ids``.

    A case that could not be sealed has the row of its failure, whatever its record says; that of a failed case
    tells what lies in its place all the same.

    Raises
    ------
    IntegrityError
        If the rows are malformed, or not those of the cases of the shard.
    """
    from musk_id.render.overview import overview_row

    folder = out / "shards" / shard
    rows, record, seal = folder / ROWS_NAME, folder / "record.jsonl", folder / "seal.jsonl"
    found: dict[str, OverviewRow] = {}
    if rows.is_file():
        found = {row.case_id: row for row in _read_rows(rows)}
        if sorted(found) != sorted(ids):
            raise IntegrityError("the rows are not those of the shard's cases", where=rows.name, hint=_AGAIN)
    elif record.is_file():
        found = {entry.case_id: overview_row(entry, Language.EN) for entry in read_jsonl(record)}
    if seal.is_file():
        failed = frozenset(case for case, schema in read_heads(seal) if schema != Manifest.SCHEMA)
        failures = read_jsonl(seal, failed) if failed else []
        found |= {e.case_id: overview_row(e, Language.EN) for e in failures if isinstance(e, CaseFailure)}
    return [_told(out, found[identifier]) for identifier in ids if identifier in found]


def _told(out: Path, row: OverviewRow) -> OverviewRow:
    from musk_id.render.overview import beside_earlier

    is_beside = row.failed and is_earlier(out, row.case_id)
    return beside_earlier(row, place_of(row.case_id), Language.EN) if is_beside else row


def place_of(case_id: str) -> str:
    """Where the record of a case lies in the output folder."""
    return f"cases/{case_id}"


def is_earlier(out: Path, case_id: str) -> bool:
    """Whether something lies in the place of a case that failed: sealed cases stay until new ones are made."""
    return os.path.lexists(out / place_of(case_id))


def written_contents(folder: Path) -> dict[str, Sha256]:
    """Digests of what the folders of a shard's cases held when they were written, as far as rows tell.

    Raises
    ------
    IntegrityError
        If the rows are malformed.
    """
    rows = folder / ROWS_NAME
    if not rows.is_file():
        return {}
    trees = [tree for tree, _ in read_trees(rows)]
    return {
        str(tree.get("case_id")): Sha256(tree[_CONTENT]) for tree in trees if isinstance(tree.get(_CONTENT), str)
    }


def _read_rows(path: Path) -> list[OverviewRow]:
    from musk_id.render.overview import OverviewRow

    found = []
    for number, (tree, _) in enumerate(read_trees(path), 1):
        where = f"{path.name}, line {number}"
        try:
            tree.pop(_CONTENT, None)
            links = tuple((str(name), str(link)) for name, link in tree.pop("links"))
            row = OverviewRow(links=links, **tree)
            texts = (row.case_id, row.grade, row.findings, row.headline)
            if not all(isinstance(text, str) for text in texts) or not isinstance(row.failed, bool):
                raise ValueError("a cell is no text")
            inside = f"{place_of(row.case_id)}/"
            if not all(link.startswith(inside) and _is_path(link) for _, link in links):
                raise ValueError("a link leads out of the case")
            found.append(row)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise IntegrityError(f"no row of the overview: {error}", where=where, hint=_AGAIN) from error
    return found
