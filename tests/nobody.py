"""Work done as a user who may read only what everybody may: the superuser may read all."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["as_nobody"]

NOBODY = 65534


def as_nobody(folder: Path, work: Callable[[], Any]) -> Any:
    """What some work gives that is done as nobody in a folder below that of temporary files.

    Everything in the folder is given to nobody, and the folders above it can be passed. What the work imports must
    have been imported before.
    """
    if os.geteuid() == 0:
        top = Path(tempfile.gettempdir()).resolve()
        for place in (p for p in folder.resolve().parents if top in p.parents):
            place.chmod(0o755)
        for place in (folder, *folder.rglob("*")):
            os.chown(place, NOBODY, NOBODY, follow_symlinks=False)

    def be_nobody(found: Any) -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        found.put(work())

    fork = multiprocessing.get_context("fork")
    found = fork.SimpleQueue()
    process = fork.Process(target=be_nobody, args=(found,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    return found.get()
