"""Shards: cases and batches of a laboratory root cut into lots, once and for all.

``shards.tsv`` only grows: a case stays in its shard, new cases go to new shards, and a case whose files changed
gets a further row with their new digest; the last row of a case holds. Each shard has a list with its cases,
their digests and the batches that they name, headed by what every case of the laboratory rests on (software,
laboratory file, reference release). It is rewritten only when one of these changes, so that the workflow
redoes what is affected and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from musk_id.cli.input_state import ABSENT, STATE_NAME, InputState
from musk_id.errors import ConfigError, IntegrityError, UsageError
from musk_id.model.values import RULES, Identifier, Sha256
from musk_id.records.files import write_atomic

__all__ = [
    "LIST_NAME",
    "REMARK",
    "TABLE_NAME",
    "ListedCase",
    "ShardRow",
    "plan_shards",
    "read_ids",
    "read_list",
    "read_table",
    "waiting_cases",
]

TABLE_NAME = "shards.tsv"
LIST_NAME = "list.tsv"
_HEAD = "kind\tshard\tid\tinput_sha256"
REMARK = "#"
_KINDS = {"case": ("cases", "s"), "batch": ("batches", "b")}
_COLUMNS = 4
_INPUT_NAMES = frozenset(
    f"{stem}.{ending}" for stem in ("request", "examination") for ending in ("yaml", "yml", "json")
)
# The same ids stand in the table, in the lists and as names of folders.
_is_id = cache(RULES[Identifier].accepts)


class ShardRow(NamedTuple):
    """A row of ``shards.tsv``; the digest is that of the case's or batch's files, or ``absent``."""

    kind: str
    shard: str
    identifier: str
    input_sha256: str


class ListedCase(NamedTuple):
    """A line of a shard's list: a case or batch, the digest of its files, the batches that it names.

    A batch whose wells are compared names cases instead, followed by a digest of theirs.
    """

    identifier: str
    input_sha256: str
    batches: tuple[str, ...]


def read_table(out: Path) -> list[ShardRow]:
    """Rows of ``shards.tsv`` that hold: one for each case and batch, in the order of their first rows.

    Raises
    ------
    IntegrityError
        If the table is malformed, or moves a case to another shard.
    """
    found: dict[tuple[str, str], ShardRow] = {}
    for row in _all_rows(out):
        key = (row.kind, row.identifier)
        if key in found and found[key].shard != row.shard:
            raise IntegrityError(
                f"{row.identifier} stands in {found[key].shard} and {row.shard}",
                where=TABLE_NAME,
                hint="restore it",
            )
        found[key] = row
    return list(found.values())


def _all_rows(out: Path) -> list[ShardRow]:
    path = out / TABLE_NAME
    if not path.is_file():
        return []
    text = path.read_text(encoding="ascii", errors="replace")
    cells = [line.split("\t") for line in text.splitlines()[1:]]
    is_whole = text.startswith(_HEAD + "\n") and text.endswith("\n")
    if not is_whole or any(not _is_row(row) for row in cells):
        raise IntegrityError(
            "the table of shards is malformed", where=TABLE_NAME, hint="restore it, or name a new output folder"
        )
    return [ShardRow(*row) for row in cells]


def _is_row(cells: list[str]) -> bool:
    if len(cells) != _COLUMNS or cells[0] not in _KINDS:
        return False
    letter, number = cells[1][:1], cells[1][1:]
    is_shard = letter == _KINDS[cells[0]][1] and len(number) == 5 and number.isascii() and number.isdigit()
    is_digest = cells[3] == ABSENT or RULES[Sha256].accepts(cells[3])
    return is_shard and is_digest and _is_id(cells[2])


def read_list(path: Path) -> list[ListedCase]:
    """Lines of a shard's list, in order; a list of bare ids is read too.

    Raises
    ------
    IntegrityError
        If the list cannot be read or holds something that is no id.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise IntegrityError(f"the list of the shard cannot be read: {error}", where=path.name) from error
    found: dict[str, ListedCase] = {}
    for line in lines:
        if line.startswith(REMARK):
            continue
        identifier, sha256, batches = (*line.split("\t"), "", "")[:3]
        for named in (identifier, *batches.split()):
            if not _is_id(named):
                raise IntegrityError(f"{named[:60]!r} is no id", where=path.name)
        found.setdefault(identifier, ListedCase(identifier, sha256, tuple(batches.split())))
    return list(found.values())


def read_ids(path: Path) -> list[str]:
    """Ids of a shard's list, in order; raises as :func:`read_list` does."""
    return [entry.identifier for entry in read_list(path)]


def plan_shards(root: Path, out: Path, per_shard: int, grounds: tuple[str, ...]) -> list[ShardRow]:
    """Add new and changed cases and batches to the table, and refresh the lists of their shards.

    Parameters
    ----------
    grounds : tuple of str
        What every case rests on, one fact a text; a change of any redoes all shards.

    Returns
    -------
    list of ShardRow
        One row for each case and batch, as :func:`read_table` gives them.

    Raises
    ------
    ConfigError
        If a folder's name is no id, or the size of a shard is not positive.
    UsageError
        If all cases of the table are gone: another root was named, whose cases would take their places.
    """
    if per_shard < 1:
        raise ConfigError(f"{per_shard} cases for each shard, at least 1 is needed")
    _bring_times_back(out)
    rows, holding = _all_rows(out), read_table(out)
    state = InputState(out / STATE_NAME)
    added: list[ShardRow] = []
    for kind, (folder, letter) in _KINDS.items():
        known = {row.identifier: row for row in holding if row.kind == kind}
        digests = {i: state.folder(f"{folder}/{i}", root / folder / i) for i in known}
        if kind == "case" and known and set(digests.values()) == {ABSENT}:
            raise UsageError(
                f"none of the {len(known)} cases of this output folder is in the laboratory root",
                where=str(out),
                hint="name the root that the folder belongs to, or another output folder",
            )
        added += [
            row._replace(input_sha256=digests[i]) for i, row in known.items() if digests[i] != row.input_sha256
        ]
        new = [n for n in _folders(root / folder) if n not in known and not is_waiting(kind, root / folder / n)]
        number = len({row.shard for row in known.values()})
        for start in range(0, len(new), per_shard):
            number += 1
            for name in new[start : start + per_shard]:
                digest = state.folder(f"{folder}/{name}", root / folder / name)
                added.append(ShardRow(kind, f"{letter}{number:05d}", name, digest))
    if added or not rows:
        text = "\n".join([_HEAD, *("\t".join(row) for row in (*rows, *added))]) + "\n"
        write_atomic(out / TABLE_NAME, text.encode("ascii"))
    state.save()
    holding = read_table(out)
    _write_lists(root, out, holding, grounds)
    return holding


def is_waiting(kind: str, folder: Path) -> bool:
    """Whether a case has a request and no examination yet: it waits for the laboratory and is not planned."""
    if kind != "case":
        return False
    # One look at the folder and not one for each name: a plan asks this of thousands of cases.
    try:
        with os.scandir(folder) as entries:
            present = {entry.name.split(".")[0] for entry in entries if entry.name in _INPUT_NAMES}
    except OSError:
        # Its intake tells what is wrong with it, and the other cases go on.
        return False
    return present == {"request"}


def waiting_cases(root: Path) -> list[str]:
    """Cases that wait for the laboratory's examination."""
    return [name for name in _folders(root / "cases") if is_waiting("case", root / "cases" / name)]


def _folders(parent: Path) -> list[str]:
    if not parent.is_dir():
        return []
    with os.scandir(parent) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    for name in names:
        if not _is_id(name):
            raise ConfigError(
                f"folder {name[:80]!r} cannot be a case or batch id",
                where=parent.name,
                hint=f"rename it to {RULES[Identifier].described}",
            )
    return names


def _write_lists(root: Path, out: Path, rows: list[ShardRow], grounds: tuple[str, ...]) -> None:
    # Here, since the workflow's jobs read the table in every process and need none of the readers.
    from musk_id.cli.named_batches import named_batches, named_cases

    shard_of_batch = {row.identifier: row.shard for row in rows if row.kind == "batch"}
    digests = {row.identifier: row.input_sha256 for row in rows if row.kind == "case"}
    of_shard: dict[str, list[ShardRow]] = {}
    for row in rows:
        of_shard.setdefault(row.shard, []).append(row)
    changed: dict[str, bytes] = {}
    rests_on: dict[str, set[str]] = {}
    for shard, members in of_shard.items():
        path = out / "shards" / shard / LIST_NAME
        lines = [f"{REMARK} {ground}" for ground in grounds]
        before = _listed(path, lines)
        needed = rests_on.setdefault(shard, {shard})
        for row in members:
            # What the files name is a matter of their digest: nothing is read again for a known one.
            known = before.get((row.identifier, row.input_sha256))
            if row.kind == "case":
                named = known.batches if known else named_batches(root / "cases" / row.identifier)
                needed.update(shard_of_batch.get(batch, shard) for batch in named)
            else:
                # A batch whose wells are compared rests on the files of the cases that its sheet names.
                named = known.batches if known else named_cases(root / "batches" / row.identifier)
            cells = [row.identifier, row.input_sha256, " ".join(named)]
            if row.kind == "batch" and named:
                cells.append(_together(named, digests))
            lines.append("\t".join(cells))
        data = ("\n".join(lines) + "\n").encode("ascii")
        if not path.is_file() or path.read_bytes() != data:
            changed[shard] = data
    _remove_outdated(out, [shard for shard, needed in rests_on.items() if needed & changed.keys()])
    for shard, data in changed.items():
        write_atomic(out / "shards" / shard / LIST_NAME, data)


def _together(cases: tuple[str, ...], digests: Mapping[str, str]) -> str:
    text = "".join(f"{case} {digests.get(case, ABSENT)}\n" for case in cases)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _remove_outdated(out: Path, shards: list[str]) -> None:
    """Remove what was made from inputs that have changed, before the new lists are written.

    The workflow compares times, and a clock that went back would let old records pass for new ones. Sealed
    cases stay until new ones take their places.
    """
    outdated = [path for shard in shards for path in sorted((out / "shards" / shard).glob("*.jsonl"))]
    for path in (*outdated, *((out / "summary.csv", out / "index.html") if shards else ())):
        path.unlink(missing_ok=True)


def _bring_times_back(out: Path) -> None:
    """Move the times of all that a run left by one span, if the latest lies ahead of the clock.

    After a clock that went back, what is made now would count as older than what it is made from, and the
    workflow would refuse it. The order of the times is kept.
    """
    files = [p for p in out.glob("shards/*/*") if not p.name.startswith(".")]
    files += [path for path in (out / "summary.csv", out / "index.html") if path.is_file()]
    states = {path: path.stat() for path in files}
    ahead = max((state.st_mtime_ns for state in states.values()), default=0) - time.time_ns()
    if ahead > 0:
        for path, state in states.items():
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - ahead))


def _listed(path: Path, heads: list[str]) -> dict[tuple[str, str], ListedCase]:
    """Lines of an earlier list by id and digest, if it was made on the same grounds."""
    if not path.is_file():
        return {}
    earlier = [
        line for line in path.read_text(encoding="ascii", errors="replace").splitlines() if line[:1] == REMARK
    ]
    return {(e.identifier, e.input_sha256): e for e in read_list(path)} if earlier == heads else {}
