"""Files on disk: limited reading, digests, atomic writing, paths that stay inside a folder."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from musk_id.errors import InputFormatError, IntegrityError
from musk_id.model.values import RULES, RelativePath, Sha256

__all__ = [
    "atomic_stream",
    "read_limited",
    "resolve_inside",
    "sha256_bytes",
    "sha256_file",
    "usual_mode",
    "write_atomic",
]

_CHUNK = 1 << 20


def sha256_bytes(data: bytes) -> Sha256:
    """SHA-256 of bytes."""
    return Sha256(hashlib.sha256(data).hexdigest())


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: a pipe may stand there since somebody looked, and would wait for who writes."""
    return os.open(path, flags | os.O_NONBLOCK)


def sha256_file(path: Path) -> Sha256:
    """SHA-256 of a regular file, read in pieces.

    Raises
    ------
    OSError
        If it cannot be read, or is no regular file.
    """
    # Unbuffered: files of a case are small and many, and one large piece needs no second buffer.
    with open(path, "rb", buffering=0, opener=_open_at_once) as handle:
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        digest = hashlib.sha256()
        while piece := handle.read(_CHUNK):
            digest.update(piece)
    return Sha256(digest.hexdigest())


def read_limited(path: Path, max_bytes: int, *, follow: bool = True) -> bytes:
    """Content of a regular file of at most ``max_bytes``; with ``follow`` off a symbolic link is no such file.

    Raises
    ------
    InputFormatError
        If the path is no regular file, is larger, or cannot be read.
    """
    try:
        # Opening a pipe would wait for somebody who writes; O_NONBLOCK changes nothing for regular files.
        flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
        with os.fdopen(os.open(path, flags), "rb") as handle:
            if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
                raise InputFormatError("not a regular file", where=path.name)
            data = handle.read(max_bytes + 1)
    except OSError as error:
        raise InputFormatError(f"cannot be read: {error.strerror}", where=path.name) from error
    if len(data) > max_bytes:
        raise InputFormatError(f"larger than {max_bytes} bytes", where=path.name)
    return data


def resolve_inside(root: Path, relative: str) -> Path:
    """Path of a file below ``root``, which may not exist.

    Raises
    ------
    IntegrityError
        If the path is malformed, leaves the folder, passes a symbolic link, or is no regular file.
    """
    rule = RULES[RelativePath]
    if not rule.accepts(relative):
        raise IntegrityError(f"path {relative[:80]!r} is not allowed", hint=f"write {rule.described}")
    path = root
    for part in relative.split("/"):
        path = path / part
        if path.is_symlink():
            raise IntegrityError(f"path {relative!r} passes a symbolic link", where=part)
    if path.exists() and not path.is_file():
        raise IntegrityError(f"path {relative!r} is no regular file")
    return path


def usual_mode(mode: int) -> int:
    """A mode without what the umask of the process takes away: temporary files and folders are made private.

    The umask can only be asked for by setting it; for that moment it is the strictest one.
    """
    mask = os.umask(0o077)
    os.umask(mask)
    return mode & ~mask


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that at any moment either the old or the whole new content is there."""
    with atomic_stream(path) as stream:
        stream.write(data)


@contextlib.contextmanager
def atomic_stream(path: Path) -> Iterator[BinaryIO]:
    """As :func:`write_atomic`, for content that is written piece by piece; an error leaves the old content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, usual_mode(0o644))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
