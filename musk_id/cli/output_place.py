"""Where an output may lie: never over what is examined, and in no folder that leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from musk_id.cli.input_state import walk
from musk_id.errors import UsageError

__all__ = ["refuse_odd_output", "refuse_output_over_sources"]

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
