"""Screens of a library of spectra on disk: a cache beside no library, made again whenever it does not fit.

A folder holds ``index.json`` and the arrays of one screen as plain ``.npy`` files, mapped when they are used. The
head names the digest of the library's manifest, the state of the format and the weights, and the digest of every
array. An index of another library, of other weights or with a changed byte is refused: a screen that is too low
somewhere would prove lists that are not complete.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError, IntegrityError
from musk_id.kernels.spectral_peaks import PeakTable
from musk_id.kernels.spectral_screen import SCALE, Screen, ScreenProfile, build_screen, screen_masses
from musk_id.kernels.spectral_weights import Weights
from musk_id.records.files import read_limited, sha256_file, usual_mode
from musk_id.refdb.arrays import mapped_arrays

__all__ = ["HEAD_NAME", "build_index", "load_index"]

FORMAT = "musk-id-spectral-index/1"
HEAD_NAME = "index.json"
MAX_HEAD_BYTES = 100_000
_STEM = "screen"
_ARRAYS: dict[str, tuple[str, int]] = {
    "masses": ("<i8", 1),
    "matrix": ("|u1", 2),
    "first": ("<u4", 1),
    "peaks": ("<u4", 1),
    "strong": ("<f4", 1),
}
_HINT = "delete the folder of the index; it is made again from the library"


def build_index(folder: Path, table: PeakTable, weights: Weights, source_sha256: str) -> None:
    """Write the screen of a table; the folder appears as a whole, an older one is replaced.

    Parameters
    ----------
    folder : Path
        Folder of the index; nothing else may lie in it.
    table : PeakTable
        The library's spectra.
    weights : Weights
        Unit vectors to index.
    source_sha256 : str
        Digest of what the table comes from.

    Raises
    ------
    IntegrityError
        If the folder holds anything but an index.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:40]}."))
    try:
        _write(building, table, weights, source_sha256)
        building.chmod(usual_mode(0o755))
        if folder.exists():
            _remove(folder)
        os.replace(building, folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def _write(folder: Path, table: PeakTable, weights: Weights, source_sha256: str) -> None:
    shape = (screen_masses(table).size, len(table))
    # The matrix is written as it is made: it may be larger than what memory there is.
    mapped = np.lib.format.open_memmap(_path(folder, "matrix"), "w+", np.dtype("|u1"), shape, version=(1, 0))
    screen = build_screen(table, weights, np.asarray(mapped))
    mapped.flush()
    parts: dict[str, NDArray[Any]] = {
        "masses": screen.masses,
        "first": screen.profile.first,
        "peaks": screen.profile.peaks,
        "strong": screen.profile.strong,
    }
    for name, array in parts.items():
        with _path(folder, name).open("wb") as stream:
            kind = np.dtype(_ARRAYS[name][0])
            np.lib.format.write_array(stream, array.astype(kind), version=(1, 0), allow_pickle=False)
    digests = {name: str(sha256_file(_path(folder, name))) for name in _ARRAYS}
    head = _expected(weights, source_sha256) | {"arrays": digests}
    text = json.dumps(head, ensure_ascii=True, sort_keys=True, indent=1) + "\n"
    (folder / HEAD_NAME).write_text(text, encoding="ascii")


def _expected(weights: Weights, source_sha256: str) -> dict[str, object]:
    return {"format": FORMAT, "scale": SCALE, "source_sha256": source_sha256, "weights": weights.name}


def _path(folder: Path, name: str) -> Path:
    return folder / f"{_STEM}.{name}.npy"


def _remove(folder: Path) -> None:
    """Delete an index, and nothing else."""
    known = {HEAD_NAME, *(f"{_STEM}.{name}.npy" for name in _ARRAYS)}
    strangers = sorted({entry.name for entry in folder.iterdir()} - known)
    if strangers:
        raise IntegrityError(
            f"{strangers[0]} is no part of an index, nothing was replaced",
            where=folder.name,
            hint="name a folder of its own for the index",
        )
    shutil.rmtree(folder)


def load_index(folder: Path, table: PeakTable, weights: Weights, source_sha256: str) -> Screen:
    """Screen of a table from its folder; the matrix is mapped.

    Raises
    ------
    IntegrityError
        If the index is of another library, of other weights or another state of the software, or was changed.
    """
    try:
        head = json.loads(read_limited(folder / HEAD_NAME, MAX_HEAD_BYTES))
        digests = head.pop("arrays")
        known = isinstance(digests, dict) and sorted(digests) == sorted(_ARRAYS)
    except (InputFormatError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError("not the head of an index", where=f"{folder.name}/{HEAD_NAME}", hint=_HINT) from error
    for key, wanted in _expected(weights, source_sha256).items():
        if head.get(key) != wanted:
            raise IntegrityError(
                f"the index has {key} {str(head.get(key))[:80]}, needed is {wanted}", where=folder.name, hint=_HINT
            )
    if not known:
        raise IntegrityError("the index names other arrays than it has", where=folder.name, hint=_HINT)
    for name in _ARRAYS:
        path = _path(folder, name)
        if path.is_symlink() or not path.is_file() or str(sha256_file(path)) != digests[name]:
            raise IntegrityError(f"{path.name} is not what {HEAD_NAME} says", where=folder.name, hint=_HINT)
    try:
        arrays = mapped_arrays(folder, _STEM, _ARRAYS)
    except (ValueError, OSError) as error:
        raise IntegrityError(f"the index cannot be read: {error}", where=folder.name, hint=_HINT) from error
    shape = (screen_masses(table).size, len(table))
    if arrays["matrix"].shape != shape or any(arrays[n].size != shape[1] for n in ("first", "peaks", "strong")):
        raise IntegrityError(f"the index is not one of {shape[1]} spectra", where=folder.name, hint=_HINT)
    profile = ScreenProfile(arrays["first"], arrays["peaks"], arrays["strong"])
    return Screen(weights, arrays["masses"], arrays["matrix"], profile)
