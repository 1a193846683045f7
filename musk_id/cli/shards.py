"""Shards: cases and batches of a laboratory root cut into lots, once and for all.

``shards.tsv`` only grows: a case stays in its shard, new cases go to new shards. Each shard has a list with
its cases and the size and time of their files, and what every case of the laboratory rests on (software,
laboratory file, reference release); it is rewritten only when one of these changes, so that the workflow
redoes what is affected and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from musk_id.errors import ConfigError, IntegrityError
from musk_id.model.values import RULES, Identifier
from musk_id.records.files import write_atomic

__all__ = ["LIST_NAME", "TABLE_NAME", "plan_shards", "read_ids", "read_table"]

TABLE_NAME = "shards.tsv"
LIST_NAME = "list.tsv"
_HEAD = "kind\tshard\tid"
_REMARK = "#"
_KINDS = {"case": ("cases", "s"), "batch": ("batches", "b")}


def read_table(out: Path) -> list[tuple[str, str, str]]:
    """Rows of ``shards.tsv``: kind, shard, id.

    Raises
    ------
    IntegrityError
        If the table is malformed.
    """
    path = out / TABLE_NAME
    if not path.is_file():
        return []
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    rows = [tuple(line.split("\t")) for line in lines[1:]]
    if not lines or lines[0] != _HEAD or any(len(r) != 3 or r[0] not in _KINDS for r in rows):
        raise IntegrityError("the table of shards is malformed", where=str(path.name), hint="restore it")
    return [(kind, shard, identifier) for kind, shard, identifier in rows]


def read_ids(path: Path) -> list[str]:
    """Ids of a shard's list, in order.

    Raises
    ------
    IntegrityError
        If the list cannot be read or holds something that is no id.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise IntegrityError(f"the list of the shard cannot be read: {error}", where=path.name) from error
    ids = list(dict.fromkeys(line.split("\t")[0] for line in lines if not line.startswith(_REMARK)))
    for identifier in ids:
        if not RULES[Identifier].accepts(identifier):
            raise IntegrityError(f"{identifier[:60]!r} is no id", where=path.name)
    return ids


def plan_shards(root: Path, out: Path, per_shard: int, grounds: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Add new cases and batches to the table, and refresh the lists of all shards.

    Parameters
    ----------
    grounds : tuple of str
        What every case rests on, one fact a text; a change of any redoes all shards.

    Raises
    ------
    ConfigError
        If a folder's name is no id, or the size of a shard is not positive.
    """
    if per_shard < 1:
        raise ConfigError(f"{per_shard} cases for each shard, at least 1 is needed")
    rows = read_table(out)
    for kind, (folder, letter) in _KINDS.items():
        known = {identifier for k, _, identifier in rows if k == kind}
        new = [name for name in _folders(root / folder) if name not in known]
        number = len({shard for k, shard, _ in rows if k == kind})
        for start in range(0, len(new), per_shard):
            number += 1
            rows += [(kind, f"{letter}{number:05d}", name) for name in new[start : start + per_shard]]
    text = "\n".join([_HEAD, *("\t".join(row) for row in rows)]) + "\n"
    _write_if_changed(out / TABLE_NAME, text)
    _write_lists(root, out, rows, grounds)
    return rows


def _folders(parent: Path) -> list[str]:
    if not parent.is_dir():
        return []
    names = sorted(p.name for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))
    for name in names:
        if not RULES[Identifier].accepts(name):
            raise ConfigError(
                f"folder {name[:80]!r} cannot be a case or batch id",
                where=parent.name,
                hint=f"rename it to {RULES[Identifier].described}",
            )
    return names


def _write_lists(root: Path, out: Path, rows: list[tuple[str, str, str]], grounds: tuple[str, ...]) -> None:
    lists: dict[str, list[str]] = {}
    for kind, shard, identifier in rows:
        folder = root / _KINDS[kind][0] / identifier
        files = sorted(p for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []
        lines = lists.setdefault(shard, [])
        lines.append(identifier)
        for path in files:
            state = path.stat()
            name = path.relative_to(folder).as_posix().encode("ascii", "backslashreplace").decode("ascii")
            shown = "".join(c if c.isprintable() else "?" for c in name)
            lines.append(f"{identifier}\t{shown}\t{state.st_size}\t{state.st_mtime_ns}")
    for shard, lines in lists.items():
        text = "\n".join([*(f"{_REMARK} {ground}" for ground in grounds), *lines]) + "\n"
        _write_if_changed(out / "shards" / shard / LIST_NAME, text)


def _write_if_changed(path: Path, text: str) -> None:
    data = text.encode("ascii")
    if not path.is_file() or path.read_bytes() != data:
        write_atomic(path, data)
