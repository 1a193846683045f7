"""Digests of the folders that a run reads: which case or batch changed since the last plan.

A digest is over names and contents, so that a copied or touched folder counts as the same. Digests of files
are kept in ``inputs.tsv`` of the output folder with size and times, and read again only for files whose size
or times differ. The table saves work and decides nothing: every job hashes what it reads for itself.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from musk_id.records.files import sha256_file, write_atomic

__all__ = ["ABSENT", "InputState", "STATE_NAME", "walk"]

STATE_NAME = "inputs.tsv"
ABSENT = "absent"
# Larger files (reads) count by size and time: hashing them all would hold up every start of a run.
MAX_HASHED_BYTES = 64_000_000
# A file changed this short before it was read may change again without another time.
_SETTLED_NS = 2_000_000_000
_Stamp = tuple[str, str, str]


class InputState:
    """Digests of folders, with those of files kept from the last time.

    Parameters
    ----------
    path : Path
        Table of digests of files; a table that is missing or malformed is made anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[_Stamp, str]] = {}
        self._found: dict[str, tuple[_Stamp, str]] = {}
        self._now = time.time_ns()
        if path.is_file():
            for line in path.read_text(encoding="ascii", errors="replace").splitlines():
                cells = line.split("\t")
                if len(cells) == 5:
                    self._known[cells[0]] = ((cells[1], cells[2], cells[3]), cells[4])

    def folder(self, name: str, folder: Path) -> str:
        """Digest of a folder's names and contents; ``ABSENT`` if there is none.

        Parameters
        ----------
        name : str
            Name of the folder in the table.
        folder : Path
            The folder; symbolic links in it are told as such and not followed.
        """
        if not folder.is_dir():
            return ABSENT
        digest = hashlib.sha256()
        for relative, entry in walk(folder):
            shown = relative.encode("utf-8", "surrogateescape")
            digest.update(len(shown).to_bytes(4, "big") + shown + b"\0")
            digest.update(self._file(f"{name}/{relative}", entry).encode("ascii") + b"\n")
        return digest.hexdigest()

    def _file(self, name: str, entry: os.DirEntry[str] | OSError) -> str:
        if isinstance(entry, OSError):
            return f"unreadable {entry.errno}"
        try:
            state = entry.stat(follow_symlinks=False)
        except OSError as error:
            return f"unreadable {error.errno}"
        if not stat.S_ISREG(state.st_mode):
            return f"no file {stat.S_IFMT(state.st_mode):o}"
        if state.st_size > MAX_HASHED_BYTES:
            return f"{state.st_size} {state.st_mtime_ns}"
        key = name.encode("ascii", "backslashreplace").decode("ascii").replace("\t", "\\t").replace("\n", "\\n")
        stamp = (str(state.st_size), str(state.st_mtime_ns), str(state.st_ctime_ns))
        known = self._known.get(key)
        if known is not None and known[0] == stamp:
            found = known[1]
        else:
            try:
                found = sha256_file(Path(entry.path))
            except OSError as error:
                return f"unreadable {error.errno}"
        if max(state.st_mtime_ns, state.st_ctime_ns) < self._now - _SETTLED_NS:
            self._found[key] = (stamp, found)
        return found

    def save(self) -> None:
        """Keep the digests for the next plan."""
        if self._found == self._known:
            return
        lines = ("\t".join((key, *stamp, found)) for key, (stamp, found) in sorted(self._found.items()))
        write_atomic(self._path, "".join(f"{line}\n" for line in lines).encode("ascii"))


def walk(folder: Path) -> Iterator[tuple[str, os.DirEntry[str] | OSError]]:
    """Entries below a folder that are no folders, with their relative paths, in order.

    A folder that cannot be read stands there with its error: it is a matter of its case and of no other. Folders
    within folders are counted by nobody, so that nothing here calls itself for each.
    """
    open_folders = [iter(_entries(folder, ""))]
    while open_folders:
        relative, entry = next(open_folders[-1], ("", None))
        if entry is None:
            open_folders.pop()
        elif isinstance(entry, os.DirEntry) and entry.is_dir(follow_symlinks=False):
            open_folders.append(iter(_entries(entry.path, f"{relative}/")))
        else:
            yield relative, entry


def _entries(folder: Path | str, prefix: str) -> list[tuple[str, os.DirEntry[str] | OSError]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        return [(prefix, error)]
    return [(f"{prefix}{entry.name}", entry) for entry in found]
