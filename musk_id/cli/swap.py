"""A folder that is there as a whole or not at all, whoever is killed or runs at the same time.

A new folder is built beside its place under a hidden name and renamed into it. Whoever builds holds a lock on
the hidden folder; one without a holder was left by a killed run and is removed by the next run of that case.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from musk_id.errors import InputFormatError, IntegrityError, UsageError
from musk_id.model.seal import Manifest
from musk_id.records.canonical import parse_record
from musk_id.records.files import read_limited, sha256_file, usual_mode
from musk_id.sealing.seal import MANIFEST_NAME, SEAL_FOLDER, SIGNATURE_NAME, case_files, empty_folders
from musk_id.sealing.verify import MAX_MANIFEST_BYTES

__all__ = ["build_folder"]

_OWN_ENTRIES = frozenset({"input", "record", SEAL_FOLDER})


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; on a file system without locks nothing is held."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_abandoned(folder: Path) -> bool:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def build_folder(parent: Path, name: str, fill: Callable[[Path], None]) -> Path:
    """Fill a new folder and put it at ``parent/name``; identical content keeps the old folder with its seal.

    Raises
    ------
    UsageError
        If what stands at the place is no case folder of this software, or is signed and differs.
    """
    parent.mkdir(parents=True, exist_ok=True)
    place = parent / name
    with _locked(parent):
        _tidy(parent, name)
        _refuse_foreign(place)
        building = Path(tempfile.mkdtemp(dir=parent, prefix=f".{name}."))
        with contextlib.ExitStack() as stack:
            # The lock is taken before the parent's is given back, so that nobody takes the folder for abandoned.
            stack.enter_context(_locked(building))
            held = stack.pop_all()
    with held:
        try:
            fill(building)
            # mkdtemp made it private; a case folder is handed on.
            os.chmod(building, usual_mode(0o755))
            with _locked(parent):
                _swap(building, place)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    return place


def _tidy(parent: Path, name: str) -> None:
    """Remove what killed runs of this case left; a folder that was only moved aside comes back first."""
    place = parent / name
    # A name holds no '.', so the prefix is of this case alone.
    for left in sorted(parent.glob(f".{name}.*")):
        if left.is_symlink() or not left.is_dir() or not _is_abandoned(left):
            continue
        if (left / name).is_dir() and not os.path.lexists(place):
            os.replace(left / name, place)
        shutil.rmtree(left, ignore_errors=True)


def _refuse_foreign(place: Path) -> None:
    if not os.path.lexists(place):
        return
    if place.is_symlink() or not place.is_dir():
        raise UsageError(
            "something that is no folder stands in the case's place", where=f"{place.parent.name}/{place.name}"
        )
    foreign = sorted(path.name for path in place.iterdir() if path.name not in _OWN_ENTRIES)
    if foreign:
        raise UsageError(
            f"the folder holds {foreign[0]!r}, which this software did not write; it would be lost",
            where=f"{place.parent.name}/{place.name}",
            hint="move it away or name another folder with --out",
        )


def _swap(building: Path, place: Path) -> None:
    """Put the new folder in its place, unless the same or a signed one stands there."""
    _refuse_foreign(place)
    if not place.is_dir():
        os.replace(building, place)
        return
    if _same(building, place):
        shutil.rmtree(building)
        return
    if os.path.lexists(place / SEAL_FOLDER / SIGNATURE_NAME):
        raise UsageError(
            "a signed record of this case stands there and differs from the new one; it is not overwritten",
            where=f"{place.parent.name}/{place.name}",
            hint="move the signed folder away or name another folder with --out",
        )
    _refuse_added(place)
    old = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    os.replace(place, old / place.name)
    os.replace(building, place)
    shutil.rmtree(old, ignore_errors=True)


def _refuse_added(place: Path) -> None:
    """Refuse to replace a sealed folder in which somebody put a file of their own beside those of the seal."""
    try:
        sealed = parse_record(Manifest, read_limited(place / SEAL_FOLDER / MANIFEST_NAME, MAX_MANIFEST_BYTES), "")
        added = sorted(set(case_files(place)) - {str(entry.path) for entry in sealed.files})
    except (InputFormatError, IntegrityError):
        # Not sealed, or no longer whole: nobody can tell what belongs to it.
        return
    if added:
        raise UsageError(
            f"the folder holds {added[0]!r}, which this software did not write; it would be lost",
            where=f"{place.parent.name}/{place.name}",
            hint="move it away and run the case again",
        )


def _same(building: Path, place: Path) -> bool:
    try:
        names = case_files(place)
    except IntegrityError:
        return False
    if names != case_files(building) or empty_folders(place):
        return False
    return all(sha256_file(place / name) == sha256_file(building / name) for name in names)
