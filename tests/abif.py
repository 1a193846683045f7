"""AB1 files for tests: a small writer, synthetic signals, and given files under other words."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

ENTRY = struct.Struct(">4sIHHIIII")
HEADER = struct.Struct(">4sH4sIHHIII")
SPACING = 12
ORDER = "GATC"
CHAR, SHORT, DATE, TIME, PASCAL, CSTRING = 2, 4, 10, 11, 18, 19
WIDTHS = {CHAR: 1, SHORT: 2, DATE: 4, TIME: 4, PASCAL: 1, CSTRING: 1}


@dataclass(frozen=True)
class Element:
    """A directory entry: element type, element width, count, bytes."""

    kind: int
    width: int
    count: int
    content: bytes


Elements = dict[str, Element]


def text(value: str, kind: int = PASCAL) -> Element:
    data = value.encode("latin-1")
    if kind == PASCAL:
        data = bytes([len(data)]) + data
    elif kind == CSTRING:
        data += b"\0"
    return Element(kind, 1, len(data), data)


def shorts(values: list[int]) -> Element:
    return Element(SHORT, 2, len(values), struct.pack(f">{len(values)}h", *values))


def date(year: int, month: int, day: int) -> Element:
    return Element(DATE, 4, 1, struct.pack(">hBB", year, month, day))


def time(hour: int, minute: int, second: int) -> Element:
    return Element(TIME, 4, 1, bytes([hour, minute, second, 0]))


def write(elements: Elements) -> bytes:
    """A file with these entries, the directory at its end."""
    content, directory, place = b"", b"", 128
    for key, element in elements.items():
        tag, number, size = key[:4].encode("latin-1"), int(key[4:]), len(element.content)
        if size <= 4:
            where = int.from_bytes(element.content.ljust(4, b"\0"), "big")
        else:
            where = place
            content += element.content
            place += size
        directory += ENTRY.pack(tag, number, element.kind, element.width, element.count, size, where, 0)
    header = HEADER.pack(b"ABIF", 101, b"tdir", 1, 1023, 28, len(elements), len(directory), place)
    return header.ljust(128, b"\0") + content + directory


def read(data: bytes) -> Elements:
    """All entries of a file, as they stand."""
    count, offset = struct.unpack_from(">I", data, 18)[0], struct.unpack_from(">I", data, 26)[0]
    elements = {}
    for at in range(offset, offset + 28 * count, 28):
        tag, number, kind, width, elements_count, size, place, _ = ENTRY.unpack_from(data, at)
        place = at + 20 if size <= 4 else place
        elements[f"{tag.decode('latin-1')}{number}"] = Element(
            kind, width, elements_count, data[place : place + size]
        )
    return elements


def reworded(data: bytes, changes: Mapping[str, Element | None]) -> bytes:
    """The file with other entries; ``None`` leaves one out."""
    elements = read(data) | {key: value for key, value in changes.items() if value is not None}
    return write({key: value for key, value in elements.items() if changes.get(key, value) is not None})


def signals(
    letters: str, second: Mapping[int, tuple[str, int]] | None = None, height: int = 1000
) -> dict[str, list[int]]:
    """A triangle for each letter, ten scans wide; ``second`` adds a peak of another base under some."""
    rows = {base: [0] * (SPACING * (len(letters) + 1)) for base in "ACGT"}
    for index, letter in enumerate(letters):
        peaks = [(letter, height)] if letter in "ACGT" else [(base, height // 3) for base in "AC"]
        peaks += [second[index]] if second and index in second else []
        for base, top in peaks:
            for step in range(-5, 6):
                place = SPACING * (index + 1) - SPACING // 2 + step
                rows[base][place] = max(rows[base][place], top * (6 - abs(step)) // 6)
    return rows


def elements(
    letters: str,
    qualities: list[int] | None = None,
    *,
    second: Mapping[int, tuple[str, int]] | None = None,
    sample: str = "A1-R1",
    well: str = "A1",
    run_name: str = "Run_1",
    day: tuple[int, int, int] = (2026, 2, 25),
) -> Elements:
    """Entries of a synthetic trace: clean peaks, quality 50 where none is given."""
    rows = signals(letters, second)
    called = qualities or [50] * len(letters)
    calls = Element(CHAR, 1, len(letters), letters.encode("ascii"))
    return {
        **{f"DATA{9 + i}": shorts(rows[base]) for i, base in enumerate(ORDER)},
        "FWO_1": text(ORDER, CHAR),
        "MCHN1": text("synthetic-1"),
        "MODL1": text("3730", CHAR),
        "PBAS1": calls,
        "PBAS2": calls,
        "PCON2": Element(CHAR, 1, len(called), bytes(called)),
        "PLOC2": shorts([SPACING * (i + 1) - SPACING // 2 for i in range(len(letters))]),
        "RUND1": date(*day),
        "RUND2": date(*day),
        "RUNT1": time(10, 0, 0),
        "RUNT2": time(11, 30, 0),
        "RunN1": text(run_name, CSTRING),
        "SMPL1": text(sample),
        "SVER2": text("KB 1.4.0"),
        "TUBE1": text(well),
    }


def trace(letters: str, qualities: list[int] | None = None, **words: object) -> bytes:
    """Bytes of a synthetic trace (see :func:`elements`)."""
    return write(elements(letters, qualities, **words))  # type: ignore[arg-type]
