"""What the workflow engine left in its folder is code: it is used only where this software's own runs left it.

The engine keeps tables, caches and scripts in ``.snakemake`` of the working folder and loads some of them in ways
that execute what they hold. A folder that came with somebody's cases, from an archive or by copying, must not
be used. Runs mark the folder with its own number in the file system, which no copy of it keeps. Without the
mark everything in it but logs is set aside: nothing depends on it, since outputs are written whole or not at all.
"""

from __future__ import annotations

import os
from pathlib import Path

from musk_id.errors import UsageError
from musk_id.records.files import write_atomic

__all__ = ["ENGINE_FOLDER", "MARK", "set_foreign_state_aside"]

ENGINE_FOLDER = ".snakemake"
MARK = "musk-id.origin"
ASIDE = "foreign"
_LOGS = frozenset({"log", "slurm_logs"})


def set_foreign_state_aside(work: Path) -> list[str]:
    """Set aside what others left in the engine's folder, and mark the folder.

    Parameters
    ----------
    work : Path
        Working folder of the run.

    Returns
    -------
    list of str
        Names of the entries that were set aside.

    Raises
    ------
    UsageError
        If the engine's folder is a symbolic link, or of another user.
    """
    folder = work / ENGINE_FOLDER
    folder.mkdir(exist_ok=True)
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != os.geteuid():
        raise UsageError(
            "the folder of the workflow engine is a symbolic link or belongs to another user",
            where=str(folder),
            hint="remove it, or run in another working folder (snakemake --directory)",
        )
    mark = f"{state.st_dev} {state.st_ino}\n".encode("ascii")
    path = folder / MARK
    if path.is_file() and not path.is_symlink() and path.stat().st_size < 100 and path.read_bytes() == mark:
        return []
    foreign = sorted(
        p.name for p in folder.iterdir() if p.name not in _LOGS and not p.name.startswith(f"{ASIDE}.")
    )
    if foreign:
        number = 1
        while os.path.lexists(folder / f"{ASIDE}.{number}"):
            number += 1
        (folder / f"{ASIDE}.{number}").mkdir()
        for name in foreign:
            os.replace(folder / name, folder / f"{ASIDE}.{number}" / name)
    write_atomic(path, mark)
    return foreign
