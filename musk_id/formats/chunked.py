"""Files of any size, gzip or not, in pieces of bytes, and what they hold in batches."""

from __future__ import annotations

import gzip
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from musk_id.errors import InputFormatError

__all__ = ["BatchStream", "ChunkedFile", "unix"]

Entry = TypeVar("Entry")

_GZIP_MAGIC = b"\x1f\x8b"


class ChunkedFile:
    """A regular file that is read piece by piece, and how far reading has come.

    ``size`` is 0 until reading begins.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._raw: BinaryIO | None = None

    @property
    def position(self) -> int:
        """Bytes of the file that were read so far, of its ``size``."""
        return 0 if self._raw is None or self._raw.closed else self._raw.tell()

    def close(self) -> None:
        """Close the file; whoever stops reading early, or on an error, should."""
        if self._raw is not None:
            self._raw.close()

    def chunks(self, length: int) -> Iterator[bytes]:
        """Pieces of at most ``length`` bytes, decompressed, without a byte order mark.

        Raises
        ------
        InputFormatError
            If the file cannot be read, is empty, or is a damaged gzip file.
        """
        name = self.path.name
        try:
            if not self.path.is_file():
                raise InputFormatError("no regular file", where=name)
            self.size = self.path.stat().st_size
            with self.path.open("rb") as raw:
                self._raw = raw
                magic = raw.read(2)
                raw.seek(0)
                stream = gzip.GzipFile(fileobj=raw) if magic == _GZIP_MAGIC else raw
                chunk = stream.read(length).removeprefix(b"\xef\xbb\xbf")
                if not chunk:
                    raise InputFormatError("the file is empty", where=name)
                while chunk:
                    yield chunk
                    chunk = stream.read(length)
        except EOFError as error:
            raise InputFormatError("the gzip file is cut off", where=name) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputFormatError(f"damaged gzip file: {error}", where=name) from error
        except OSError as error:
            raise InputFormatError(f"cannot be read: {error.strerror}", where=name) from error


class BatchStream(ABC, Generic[Entry]):
    """What a file holds, in file order and in batches, so that the memory needed stays the same.

    Parameters
    ----------
    path : Path
        A regular file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = ChunkedFile(path)

    @property
    def size(self) -> int:
        """Bytes of the file; 0 until reading begins."""
        return self._file.size

    @property
    def position(self) -> int:
        """Bytes of the file that were read so far, of its ``size``."""
        return self._file.position

    def batches(self, count: int) -> Iterator[list[Entry]]:
        """Entries in batches of at most ``count``; the file is closed when reading ends, also early.

        Raises
        ------
        InputFormatError
            With the line where the format has lines, if the file is empty, damaged, not of its format or beyond a
            limit.
        """
        entries = self._entries()
        try:
            while batch := list(islice(entries, count)):
                yield batch
        finally:
            self._file.close()

    @abstractmethod
    def _entries(self) -> Iterator[Entry]:
        """Entries one by one; raises as :meth:`batches` does."""


def unix(data: bytes) -> bytes:
    """Bytes with every line end as LF."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
