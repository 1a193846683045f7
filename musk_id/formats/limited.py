"""Bytes and text of foreign files within limits, compressed or not."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from musk_id.errors import InputFormatError

__all__ = ["decode_text", "read_bytes", "split_lines"]

MAX_GZIP_MEMBERS = 10_000

_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 16
# What binary content most often is, by its first bytes.
_KNOWN_CONTENT = (
    (b"ABIF", "a Sanger trace (ABIF)"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"CDF\x01", "a netCDF file"),
    (b"CDF\x02", "a netCDF file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"BAM\x01", "a BAM file"),
    (b"\x1f\x8b", "a gzip file inside a gzip file"),
    (b"\xff\xfe", "text in UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it as UTF-8"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL_BYTES = bytes(code for code in range(128) if _CONTROL.match(chr(code)))


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
    if len(data) > max_bytes:
        raise InputFormatError(f"larger than {max_bytes} bytes", where=path.name)
    if data.startswith(_GZIP_MAGIC):
        data = _gunzip(data, max_bytes, path.name)
    if not data:
        raise InputFormatError("the file is empty", where=path.name)
    return data


def _gunzip(data: bytes, max_bytes: int, name: str) -> bytes:
    """All members of a gzip file; input goes in by chunks so that many tiny members cost little."""
    parts: list[bytes] = []
    size = position = members = 0
    while position < len(data):
        members += 1
        if members > MAX_GZIP_MEMBERS:
            raise InputFormatError(f"more than {MAX_GZIP_MEMBERS} gzip members", where=name)
        inflater = zlib.decompressobj(wbits=31)
        while not inflater.eof:
            chunk = data[position : position + _CHUNK]
            if not chunk:
                raise InputFormatError("the gzip file is cut off", where=name)
            try:
                part = inflater.decompress(chunk, max_bytes + 1 - size)
            except zlib.error as error:
                raise InputFormatError(f"damaged gzip file: {error}", where=name) from error
            parts.append(part)
            size += len(part)
            if size > max_bytes:
                raise InputFormatError(f"larger than {max_bytes} bytes when decompressed", where=name)
            position += len(chunk) - len(inflater.unused_data) - len(inflater.unconsumed_tail)
        # Tapes and some tools pad with zero bytes after the last member.
        if not data[position:].strip(b"\0"):
            break
    return b"".join(parts)


def decode_text(data: bytes, name: str) -> str:
    """Text of a file as UTF-8, else as Windows-1252, which instruments often write.

    Bytes that Windows-1252 leaves undefined become U+FFFD. The end mark of DOS files (Ctrl-Z) is dropped.

    Raises
    ------
    InputFormatError
        If the bytes are no text or hold control characters other than tab and line ends.
    """
    for magic, kind in _KNOWN_CONTENT:
        if data.startswith(magic):
            raise InputFormatError(f"text is expected; the file looks like {kind}", where=name)
    if b"\x00" in data:
        raise InputFormatError("binary content where text is expected", where=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    text = text.rstrip("\x1a\r\n\t ")
    # Deleting the bytes and comparing lengths is many times faster than a search, and nearly always enough.
    trimmed = data.rstrip(b"\x1a\r\n\t ")
    control = _CONTROL.search(text) if len(trimmed.translate(None, _CONTROL_BYTES)) < len(trimmed) else None
    if control:
        before = text[: control.start()].replace("\r\n", "\n").replace("\r", "\n")
        raise InputFormatError(
            f"control character U+{ord(control[0]):04X} in the text",
            where=f"{name}, line {before.count(chr(10)) + 1}",
            hint="export the file again as plain text",
        )
    return text


def split_lines(text: str) -> list[str]:
    """Lines that end in LF, CR LF or CR, and in nothing else that Unicode may take for a line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
