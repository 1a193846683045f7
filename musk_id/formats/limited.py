"""Bytes and text of foreign files within limits, compressed or not."""

from __future__ import annotations

import zlib
from pathlib import Path

from musk_id.errors import InputFormatError

__all__ = ["decode_text", "read_bytes"]

_GZIP_MAGIC = b"\x1f\x8b"


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Content of a file, gunzipped if it is gzip; at most ``max_bytes`` after decompression.

    Raises
    ------
    InputFormatError
        If the file cannot be read, is empty, too large, or a damaged gzip file.
    """
    try:
        if not path.is_file():
            raise InputFormatError("no regular file", where=path.name)
        with path.open("rb") as handle:
            data = handle.read(max_bytes + 1)
    except OSError as error:
        raise InputFormatError(f"cannot be read: {error.strerror}", where=path.name) from error
    if data.startswith(_GZIP_MAGIC):
        data = _gunzip(data, max_bytes, path.name)
    if len(data) > max_bytes:
        raise InputFormatError(f"larger than {max_bytes} bytes", where=path.name)
    if not data:
        raise InputFormatError("the file is empty", where=path.name)
    return data


def _gunzip(data: bytes, max_bytes: int, name: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    while data:
        inflater = zlib.decompressobj(wbits=31)
        try:
            part = inflater.decompress(data, max_bytes + 1 - size)
        except zlib.error as error:
            raise InputFormatError(f"damaged gzip file: {error}", where=name) from error
        parts.append(part)
        size += len(part)
        if size > max_bytes:
            raise InputFormatError(f"larger than {max_bytes} bytes when decompressed", where=name)
        if not inflater.eof:
            raise InputFormatError("the gzip file is cut off", where=name)
        data = inflater.unused_data
    return b"".join(parts)


def decode_text(data: bytes, name: str) -> str:
    """Text of a file as UTF-8, else as Latin-1, which instruments often write.

    Raises
    ------
    InputFormatError
        If the bytes are no text.
    """
    if b"\x00" in data:
        raise InputFormatError("binary content where text is expected", where=name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")
