"""One run at a time on an output folder, none beside jobs that a killed run left, one writer of a root's cases.

The run holds ``.run.lock`` in the output folder, each job a shared lock in the folder of its shard, a command
that makes cases ``.cases.lock`` in their folder. The system gives a lock back when its process ends, however it
ends, so that nothing needs to be unlocked by hand.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from musk_id.errors import UsageError

__all__ = [
    "CASES_LOCK",
    "JOB_LOCK",
    "RUN_LOCK",
    "hold_cases",
    "hold_job",
    "hold_run",
    "is_held_by",
    "open_lock",
    "take_lock",
]

RUN_LOCK = ".run.lock"
JOB_LOCK = ".jobs.lock"
CASES_LOCK = ".cases.lock"
_MAX_HOLDER_BYTES = 200
# File systems without locks say one of these; a run there is not guarded, as docs/hpc.md tells.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


def open_lock(path: Path) -> int:
    """A descriptor of a lock file, made if it is not there; symbolic links are not followed."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)


def take_lock(handle: int, operation: int) -> bool:
    """Take a lock without waiting: whether it is held now; true where the file system has none."""
    try:
        fcntl.flock(handle, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def hold_run(out: Path) -> int:
    """Hold the output folder for a run; the lock lasts until the returned descriptor is closed.

    Raises
    ------
    UsageError
        If another run holds the folder, or jobs of a run that was killed are still at work.
    """
    out.mkdir(parents=True, exist_ok=True)
    handle = open_lock(out / RUN_LOCK)
    try:
        if not take_lock(handle, fcntl.LOCK_EX):
            holder = os.pread(handle, _MAX_HOLDER_BYTES, 0).decode("ascii", "replace").strip()
            raise UsageError(
                f"another run is at work on this output folder ({holder or 'holder not known'})",
                where=str(out),
                hint="wait until it ends, or name another output folder",
            )
        _refuse_jobs_at_work(out)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode("ascii", "replace"), 0)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _refuse_jobs_at_work(out: Path) -> None:
    for path in sorted(out.glob(f"shards/*/{JOB_LOCK}")):
        handle = open_lock(path)
        try:
            is_free = take_lock(handle, fcntl.LOCK_EX)
        finally:
            os.close(handle)
        if not is_free:
            raise UsageError(
                f"a job of an earlier run is still at work on shard {path.parent.name}",
                where=str(out),
                hint="wait until it ends (or end it), then start the run again",
            )


def is_held_by(out: Path, handle: int) -> bool:
    """Whether a descriptor that was handed on is that of the folder's lock, and holds it."""
    try:
        held, wanted = os.fstat(handle), (out / RUN_LOCK).stat()
    except OSError:
        return False
    return os.path.samestat(held, wanted) and take_lock(handle, fcntl.LOCK_EX)


@contextlib.contextmanager
def hold_job(shard_folder: Path) -> Iterator[None]:
    """Tell a later run that a job is at work on a shard, as long as it is."""
    handle = open_lock(shard_folder / JOB_LOCK)
    try:
        # A run that looks at this moment holds the lock for an instant only: wait for it.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def hold_cases(cases: Path) -> Iterator[None]:
    """Hold the ``cases`` folder of a laboratory root while new cases are put into it; it is made if absent.

    Whether an id is free is asked and answered under this lock, so that no two commands give it away at once.

    Raises
    ------
    UsageError
        If another command puts cases into the folder.
    """
    cases.mkdir(parents=True, exist_ok=True)
    handle = open_lock(cases / CASES_LOCK)
    try:
        if not take_lock(handle, fcntl.LOCK_EX):
            raise UsageError(
                "another command (inbox or case import) puts cases into this laboratory root",
                where=str(cases),
                hint="wait until it ends",
            )
        yield
    finally:
        os.close(handle)
