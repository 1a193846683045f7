"""A laboratory's own font: which characters it draws and what it is called, read from the file itself.

Formats 4 and 12 of the OpenType ``cmap`` table are read, and names for Windows. No glyph is interpreted here.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from musk_id.errors import ConfigError

__all__ = ["ExtraFont", "read_font"]

MAX_FONT_BYTES = 64_000_000
_WINDOWS = 3
_FAMILY_NAMES = (16, 1)
# Scripts that the bundled fonts lack and that need no shaping: Chinese, Japanese, Korean, full-width forms.
_RANGES = (
    (0x3001, 0x303F),
    (0x3041, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFF01, 0xFF9F),
    (0x20000, 0x2FA1F),
)
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Me", "Zl", "Zp", "Zs"})


@dataclass(frozen=True, slots=True)
class ExtraFont:
    """A font beside the bundled ones: its family, its bytes, and the characters that are drawn with it."""

    family: str
    data: bytes
    characters: frozenset[str]


def read_font(data: bytes, name: str) -> ExtraFont:
    """A font from the bytes of a file; of a collection the first font.

    Parameters
    ----------
    data : bytes
        An OpenType or TrueType font, or a collection of them.
    name : str
        Name of the file, for messages.

    Raises
    ------
    ConfigError
        If the file is too large, malformed, or has no table of characters or no name that is read here.
    """
    if len(data) > MAX_FONT_BYTES:
        raise ConfigError(
            f"the font has {len(data)} bytes, at most {MAX_FONT_BYTES} are read",
            where=name,
            hint="use a font for one language",
        )
    try:
        tables = _tables(data)
        characters = frozenset(chr(code) for code in _codes(_part(data, tables["cmap"])) if _is_drawn(code))
        family = _family(_part(data, tables["name"]))
    except (KeyError, struct.error, IndexError, ValueError) as error:
        raise ConfigError(
            f"the font cannot be read: {error}", where=name, hint="name an OpenType or TrueType font"
        ) from error
    return ExtraFont(family, data, characters)


def _is_drawn(code: int) -> bool:
    return any(low <= code <= high for low, high in _RANGES) and unicodedata.category(chr(code)) not in _HIDDEN


def _tables(data: bytes) -> dict[str, tuple[int, int]]:
    start = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    (count,) = struct.unpack_from(">H", data, start + 4)
    found = {}
    for index in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * index)
        found[tag.decode("latin-1")] = (offset, length)
    return found


def _part(data: bytes, place: tuple[int, int]) -> bytes:
    offset, length = place
    if offset + length > len(data):
        raise ValueError("a table lies beyond the end of the file")
    return data[offset : offset + length]


def _codes(cmap: bytes) -> Iterator[int]:
    """Code points with a glyph, of the Unicode table with the widest range."""
    (count,) = struct.unpack_from(">H", cmap, 2)
    offsets = [struct.unpack_from(">HHI", cmap, 4 + 8 * index) for index in range(count)]
    unicode_tables = [o for p, e, o in offsets if (p, e) in ((3, 10), (3, 1)) or p == 0]
    formats = {struct.unpack_from(">H", cmap, offset)[0]: offset for offset in unicode_tables}
    if 12 in formats:
        return _segmented(cmap, formats[12])
    if 4 in formats:
        return _by_segments(cmap, formats[4])
    raise ValueError("no table of Unicode characters of format 4 or 12")


def _segmented(cmap: bytes, offset: int) -> Iterator[int]:
    (groups,) = struct.unpack_from(">I", cmap, offset + 12)
    for index in range(groups):
        first, last, glyph = struct.unpack_from(">III", cmap, offset + 16 + 12 * index)
        if not first <= last <= 0x10FFFF:
            raise ValueError("a group of characters is out of order")
        yield from range(first + (glyph == 0), last + 1)


def _by_segments(cmap: bytes, offset: int) -> Iterator[int]:
    (doubled,) = struct.unpack_from(">H", cmap, offset + 6)
    count = doubled // 2
    base = offset + 14
    ends = struct.unpack_from(f">{count}H", cmap, base)
    starts = struct.unpack_from(f">{count}H", cmap, base + 2 * count + 2)
    deltas = struct.unpack_from(f">{count}H", cmap, base + 4 * count + 2)
    ranges = struct.unpack_from(f">{count}H", cmap, base + 6 * count + 2)
    for index, (start, end, delta, shift) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if shift:
                place = base + 6 * count + 2 + 2 * index + shift + 2 * (code - start)
                (glyph,) = struct.unpack_from(">H", cmap, place)
                if glyph == 0:
                    continue
            if (glyph + delta) & 0xFFFF:
                yield code


def _family(names: bytes) -> str:
    _, count, strings = struct.unpack_from(">HHH", names, 0)
    found: dict[int, str] = {}
    for index in range(count):
        platform, _, language, kind, length, offset = struct.unpack_from(">6H", names, 6 + 12 * index)
        english = platform == _WINDOWS and language & 0x3FF == 0x09
        if english and kind in _FAMILY_NAMES:
            raw = names[strings + offset : strings + offset + length]
            found.setdefault(kind, raw.decode("utf-16-be"))
    family = next((found[kind] for kind in _FAMILY_NAMES if found.get(kind, "").strip()), None)
    if family is None:
        raise ValueError("the font has no English family name")
    return family
