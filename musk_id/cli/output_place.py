"""Where an output may lie: never over what is examined, and in no folder that leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from musk_id.cli.input_state import STATE_NAME, walk
from musk_id.errors import InputFormatError, UsageError
from musk_id.records.files import read_limited

__all__ = ["ORIGIN_NAME", "forget_foreign_records", "refuse_odd_output", "refuse_output_over_sources"]

ORIGIN_NAME = ".origin"
_MAX_ORIGIN_BYTES = 100

# What a run writes into, and removes outdated files from, beside the cases, which are looked at one by one.
_FILLED = ("shards", "logs", "benchmarks")


def refuse_odd_output(out: Path) -> None:
    """Refuse an output folder that somebody prepared: a link in it leads the run to the files of others.

    The folder itself may be reached through a link.

    Raises
    ------
    UsageError
        If a folder of the run is a link, or holds anything but files and folders.
    """
    odd = [name for name in (*_FILLED, "cases") if (out / name).is_symlink()]
    for name in _FILLED:
        if not odd and (out / name).is_dir():
            entries = ((path, entry) for path, entry in walk(out / name) if isinstance(entry, os.DirEntry))
            odd += [f"{name}/{path}" for path, entry in entries if not entry.is_file(follow_symlinks=False)]
    if odd:
        raise UsageError(
            f"{odd[0][:200]!r} in the output folder is a link, a pipe or a device; this software makes none there",
            where="--out",
            hint="find out who put it there, and name a new output folder",
        )


def forget_foreign_records(out: Path) -> bool:
    """Remove what the stages left in an output folder that runs of this software did not fill where it lies.

    Runs take a stage's records for done and make the next ones from them. In a folder that somebody handed over
    they may say anything, in the right form and under the right digests. Runs mark a folder with its number and
    that of the mark in the file system, which no copy keeps: what was copied is made again from the cases' files.
    Sealed cases stay until their new ones are there, and where these are the same.

    Returns
    -------
    bool
        Whether anything was removed.
    """
    mark = out / ORIGIN_NAME
    if _is_marked(out, mark):
        return False
    foreign = [p for pattern in ("shards/*/*.jsonl", "shards/*/list.tsv") for p in sorted(out.glob(pattern))]
    for path in (*foreign, out / "summary.csv", out / "index.html", out / STATE_NAME, mark):
        path.unlink(missing_ok=True)
    handle = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    with os.fdopen(handle, "wb") as stream:
        stream.write(_mark(out, mark))
    return bool(foreign)


def _is_marked(out: Path, mark: Path) -> bool:
    try:
        return read_limited(mark, _MAX_ORIGIN_BYTES, follow=False) == _mark(out, mark)
    except (InputFormatError, OSError):
        return False


def _mark(out: Path, mark: Path) -> bytes:
    # Without the number of the device, which is another one on each host of a cluster.
    return f"{out.stat().st_ino} {mark.lstat().st_ino}\n".encode("ascii")


def refuse_output_over_sources(cases: Path, root: Path, case_dir: Path | None = None) -> None:
    """Refuse a folder for sealed cases that overlaps with what is examined: it would be overwritten.

    Parameters
    ----------
    cases : Path
        Folder for the sealed cases.
    root : Path
        Laboratory root.
    case_dir : Path, optional
        The case folder, which may lie elsewhere than in the root.

    Raises
    ------
    UsageError
        If the folder is, holds, or lies in the case folder or the root's ``cases`` or ``batches``.
    """
    target = cases.resolve()
    sources = [root / "cases", root / "batches"] + ([] if case_dir is None else [case_dir])
    for source in (path.resolve() for path in sources):
        if target.is_relative_to(source) or source.is_relative_to(target):
            inside = case_dir is not None and target.is_relative_to(case_dir.resolve())
            what = "inside the case folder" if inside else f"over the laboratory's folder {source.name!r}"
            raise UsageError(
                f"the output would lie {what}, whose files must stay as they are",
                where="--out",
                hint="name a folder of its own for the output, such as ROOT/out",
            )
