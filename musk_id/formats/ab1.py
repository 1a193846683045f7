"""Sanger traces in AB1 files (ABIF), read strictly.

The directory of the file is checked here, entry by entry; only the few entries that are used are handed to
Biopython, in a file made anew, so that no size, count or offset of the original reaches it unchecked.
Layout: Applied Biosystems Genetic Analysis Data File Format, September 2009.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError
from musk_id.formats.limited import read_bytes
from musk_id.model.trace_file import TraceFacts, TraceFile
from musk_id.model.values import IsoDate, Line, Sha256

__all__ = ["AB1_SUFFIXES", "read_ab1"]

AB1_SUFFIXES = (".ab1", ".abi")
MAX_BYTES = 5_000_000
MAX_ENTRIES = 2_000
MAX_BASES = 3_000
MAX_SCANS = 100_000
MAX_QUALITY = 93
MAX_TEXT = 200

_HEADER = struct.Struct(">4sH4sIHHIII")
_ENTRY = struct.Struct(">4sIHHIIII")
_INLINE_BYTES = 4
_LETTERS = re.compile(r"[ACGTRYSWKMBDHVN]+")

# Element types of the entries that are used, with their size in bytes.
_CHAR, _SHORT, _DATE, _TIME, _PASCAL, _CSTRING = 2, 4, 10, 11, 18, 19
_SIZES = {_CHAR: 1, _SHORT: 2, _DATE: 4, _TIME: 4, _PASCAL: 1, _CSTRING: 1}
_TEXT = frozenset({_CHAR, _PASCAL, _CSTRING})
# Words of the laboratory and the instrument, in whatever encoding: decoded here.
_WORDS = ("SMPL1", "TUBE1", "CTID1", "RunN1", "MCHN1", "MODL1", "SVER2")
_WANTED: dict[str, frozenset[int]] = {
    "PBAS1": frozenset({_CHAR}),
    "PBAS2": frozenset({_CHAR}),
    "PCON2": frozenset({_CHAR}),
    "PLOC2": frozenset({_SHORT}),
    "FWO_1": frozenset({_CHAR}),
    **{f"DATA{n}": frozenset({_SHORT}) for n in (9, 10, 11, 12)},
    **dict.fromkeys(_WORDS, _TEXT),
    **dict.fromkeys(("RUND1", "RUND2"), frozenset({_DATE})),
    **dict.fromkeys(("RUNT1", "RUNT2"), frozenset({_TIME})),
}
_NEEDED = ("PBAS2", "PCON2", "PLOC2", "FWO_1", "DATA9", "DATA10", "DATA11", "DATA12")


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of the directory: its key, its element type and count, and its bytes."""

    key: str
    kind: int
    count: int
    content: bytes


def read_ab1(path: Path, *, max_bytes: int = MAX_BYTES) -> TraceFile:
    """The trace in an AB1 file, gzip or not.

    Raises
    ------
    InputFormatError
        If the file is damaged, beyond a limit, or holds no base calls with qualities, positions and signals.
    """
    name = path.name
    entries = _directory(read_bytes(path, max_bytes), name)
    missing = [key for key in _NEEDED if key not in entries]
    if missing:
        raise InputFormatError(
            f"the trace lacks {', '.join(missing)}",
            where=name,
            hint="hand in the AB1 file as the basecaller wrote it, with calls, qualities and signals",
        )
    words = {key: _words(entries.pop(key)) for key in _WORDS if key in entries}
    raw = _parsed(entries, name)
    letters, qualities = _calls(raw, name)
    channels = _channels(raw, name)
    peaks = np.atleast_1d(np.array(raw["PLOC2"], dtype=np.int64))
    if peaks.size != len(letters):
        raise InputFormatError(f"{len(letters)} letters have {peaks.size} positions", where=name)
    if peaks[0] < 0 or peaks[-1] >= channels.shape[1] or (np.diff(peaks) < 0).any():
        raise InputFormatError("the positions of the letters do not rise within the signals", where=name)
    for array in (qualities, peaks, channels):
        array.setflags(write=False)
    facts = _facts(raw, words, _signal_digest(channels), letters)
    return TraceFile(letters=letters, qualities=qualities, peaks=peaks, channels=channels, facts=facts)


def _directory(data: bytes, name: str) -> dict[str, _Entry]:
    """The entries that are used, after the whole directory has been checked."""
    if len(data) < _HEADER.size or not data.startswith(b"ABIF"):
        raise InputFormatError("the file does not begin like an AB1 trace ('ABIF')", where=name)
    _, version, _, _, _, width, count, size, offset = _HEADER.unpack_from(data)
    if not 100 <= version < 200:
        raise InputFormatError(f"version {version} of ABIF is not read, only 1xx", where=name)
    if width != _ENTRY.size or not 0 < count <= MAX_ENTRIES or size < width * count:
        raise InputFormatError(f"the directory has {count} entries of {width} bytes in {size}", where=name)
    if offset + width * count > len(data):
        raise InputFormatError("the directory lies beyond the end of the file; it may be cut off", where=name)
    entries: dict[str, _Entry] = {}
    for number in range(count):
        entry = _entry(data, offset + number * width, f"{name}, entry {number + 1}")
        if entry is None:
            continue
        if entry.key in entries:
            raise InputFormatError(f"{entry.key} stands twice in the directory", where=name)
        entries[entry.key] = entry
    return entries


def _entry(data: bytes, at: int, where: str) -> _Entry | None:
    """An entry that is used, or none; the place of every entry must lie inside the file."""
    tag, number, kind, width, count, size, place, _ = _ENTRY.unpack_from(data, at)
    if size <= _INLINE_BYTES:
        place = at + 20
    if place + size > len(data):
        raise InputFormatError("an entry lies beyond the end of the file; it may be cut off", where=where)
    key = f"{tag.decode('latin-1')}{number}"
    if key not in _WANTED:
        return None
    if kind not in _WANTED[key] or width != _SIZES[kind] or count * width != size or not count:
        raise InputFormatError(
            f"{key} has {count} elements of type {kind} and {width} bytes in {size} bytes", where=where
        )
    most = MAX_SCANS if key.startswith("DATA") else MAX_BASES
    if count > most:
        raise InputFormatError(f"{key} has {count} elements, at most {most} are read", where=where)
    return _Entry(key, kind, count, data[place : place + size])


def _parsed(entries: dict[str, _Entry], name: str) -> dict[str, Any]:
    """Values by key, from Biopython, which sees a file with these entries only."""
    from Bio.SeqIO.AbiIO import AbiIterator

    start = _HEADER.size
    content = b"".join(entry.content.ljust(_INLINE_BYTES, b"\0") for entry in entries.values())
    directory, place = b"", start
    for entry in entries.values():
        tag, number = entry.key[:4].encode("latin-1"), int(entry.key[4:])
        size = len(entry.content)
        padded = entry.content.ljust(_INLINE_BYTES, b"\0")
        where = place if size > _INLINE_BYTES else int.from_bytes(padded[:_INLINE_BYTES], "big")
        directory += _ENTRY.pack(tag, number, entry.kind, _SIZES[entry.kind], entry.count, size, where, 0)
        place += len(padded)
    header = _HEADER.pack(
        b"ABIF", 101, b"tdir", 1, 1023, _ENTRY.size, len(entries), len(directory), start + len(content)
    )
    try:
        record = next(AbiIterator(io.BytesIO(header + content + directory)))  # type: ignore[no-untyped-call]
        raw: dict[str, Any] = record.annotations["abif_raw"]
    # A wrong date, a letter that is no text, and qualities beyond 127 end in one of these.
    except (ValueError, TypeError, AssertionError, struct.error) as error:
        raise InputFormatError("a date, time, letter or quality of the trace is malformed", where=name) from error
    return raw


def _calls(raw: dict[str, Any], name: str) -> tuple[str, NDArray[np.int64]]:
    letters = bytes(raw["PBAS2"]).decode("latin-1").upper().replace("-", "N")
    if not _LETTERS.fullmatch(letters):
        raise InputFormatError("a base call is no nucleotide letter", where=name)
    qualities = np.frombuffer(bytes(raw["PCON2"]), dtype=np.uint8).astype(np.int64)
    if qualities.size != len(letters):
        raise InputFormatError(f"{len(letters)} letters have {qualities.size} qualities", where=name)
    if qualities.max() > MAX_QUALITY:
        raise InputFormatError(f"a quality is {qualities.max()}, at most {MAX_QUALITY} is read", where=name)
    return letters, qualities


def _channels(raw: dict[str, Any], name: str) -> NDArray[np.int64]:
    """Signals in the order A, C, G, T; the file says which dye stands for which base."""
    order = bytes(raw["FWO_1"]).decode("latin-1").upper()
    if sorted(order) != list("ACGT"):
        raise InputFormatError(f"the order of the dyes is {order[:8]!r}, not A, C, G and T", where=name)
    rows = [np.atleast_1d(np.array(raw[f"DATA{9 + order.index(base)}"], dtype=np.int64)) for base in "ACGT"]
    if len({row.size for row in rows}) != 1:
        raise InputFormatError("the four signals differ in length", where=name)
    return np.stack(rows)


def _signal_digest(channels: NDArray[np.int64]) -> Sha256:
    """Of the signals alone: the same electropherogram called twice has other letters and qualities."""
    return Sha256(hashlib.sha256(np.ascontiguousarray(channels, dtype=">i4").tobytes()).hexdigest())


def _facts(raw: dict[str, Any], words: dict[str, Line | None], content: Sha256, letters: str) -> TraceFacts:
    edited = bytes(raw.get("PBAS1", raw["PBAS2"])).decode("latin-1").upper().replace("-", "N")
    differing = sum(a != b for a, b in zip(edited, letters, strict=False)) + abs(len(edited) - len(letters))
    instrument = " ".join(filter(None, (words.get("MODL1"), words.get("MCHN1"))))
    dates = {key: IsoDate(str(raw[key])) if key in raw else None for key in ("RUND1", "RUND2")}
    times = {key: Line(str(raw[key])) if key in raw else None for key in ("RUNT1", "RUNT2")}
    return TraceFacts(
        signals_sha256=content,
        bases=len(letters),
        edited_bases=differing,
        sample_name=words.get("SMPL1"),
        well=words.get("TUBE1"),
        plate=words.get("CTID1"),
        run_name=words.get("RunN1"),
        instrument=Line(instrument) if instrument else None,
        basecaller=words.get("SVER2"),
        started_on=dates["RUND1"],
        started_at=times["RUNT1"],
        stopped_on=dates["RUND2"],
        stopped_at=times["RUNT2"],
    )


def _words(entry: _Entry) -> Line | None:
    """Text of an entry on one line, UTF-8 or Windows-1252; marks that steer a terminal become ``?``."""
    content = entry.content[1:] if entry.kind == _PASCAL else entry.content
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    text = "".join(c if c.isprintable() else " " if c in "\0\t\r\n" else "?" for c in text)
    text = " ".join(text.split())[:MAX_TEXT]
    return Line(text) if text else None
