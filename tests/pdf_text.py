"""Fonts of a PDF: embedded, and with a letter for every code that a page shows (ISO 19005-3, ISO 14289-1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pikepdf

__all__ = ["font_faults"]

PROGRAMS = ("/FontFile", "/FontFile2", "/FontFile3")
# Letters that stand for none: nought, byte order marks; and those whose meaning is not public.
NO_LETTERS = {0x0000, 0xFEFF, 0xFFFE}
PRIVATE = range(0xE000, 0xF900)
_SPAN = re.compile(rb"<([0-9A-Fa-f\s]+)>")
_BLOCK = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)


def font_faults(pdf: pikepdf.Pdf) -> list[str]:
    """Faults of the fonts of a file in words."""
    return [*_fonts(pdf), *_shown(pdf)]


def _fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for font in pdf.objects:
        if not isinstance(font, pikepdf.Dictionary) or font.get("/Type") != "/Font":
            continue
        name = str(font.get("/BaseFont", "a font"))
        if "/DescendantFonts" in font:
            yield from (f"{name}: {fault}" for fault in _composite(font))
        elif "/FontDescriptor" in font:
            if not any(program in font.FontDescriptor for program in PROGRAMS):
                yield f"{name}: not embedded"
        elif font.get("/Subtype") != "/Type3":
            yield f"{name}: no descriptor"


def _composite(font: pikepdf.Dictionary) -> Iterator[str]:
    if "/ToUnicode" not in font:
        yield "glyphs without letters"
    if str(font.get("/Encoding", "")) not in ("/Identity-H", "/Identity-V"):
        yield "an encoding that is not that of its glyphs"
    (inner,) = font.DescendantFonts
    system = inner.CIDSystemInfo
    if (str(system.Registry), str(system.Ordering)) != ("Adobe", "Identity"):
        yield "a collection of characters that is not that of its encoding"
    if inner.get("/Subtype") == "/CIDFontType2" and str(inner.get("/CIDToGIDMap", "")) != "/Identity":
        yield "no map from characters to glyphs"
    if not re.match(r"/[A-Z]{6}\+", str(font.BaseFont)):
        yield "a part of a font without its mark"


def _letters(stream: bytes) -> dict[int, str]:
    """Codes with their letters, from a ToUnicode map."""
    found: dict[int, str] = {}
    for kind, body in _BLOCK.findall(stream):
        spans = [re.sub(rb"\s", b"", span).decode() for span in _SPAN.findall(body)]
        if kind == b"bfchar":
            found |= {int(code, 16): _text(to) for code, to in zip(spans[::2], spans[1::2], strict=True)}
            continue
        for first, last, to in zip(spans[::3], spans[1::3], spans[2::3], strict=True):
            text = _text(to)
            for step in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + step] = text[:-1] + chr(ord(text[-1]) + step)
    return found


def _text(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-be", "surrogatepass")


def _shown(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Codes that pages show and that have no letter, or stand for no glyph."""
    maps: dict[tuple[int, int], dict[int, str]] = {}
    shown: dict[tuple[int, int], set[int]] = {}
    names: dict[tuple[int, int], str] = {}
    for font, codes in _codes(pdf):
        key = font.objgen
        if key not in maps:
            maps[key] = _letters(font.ToUnicode.read_bytes()) if "/ToUnicode" in font else {}
            names[key] = str(font.get("/BaseFont"))
        shown.setdefault(key, set()).update(codes)
    for key, codes in sorted(shown.items()):
        letters = maps[key]
        if 0 in codes:
            yield f"{names[key]}: shows the glyph of a missing letter"
        without = sorted(code for code in codes if not letters.get(code))
        if without:
            yield f"{names[key]}: {len(without)} codes shown without a letter, the first {without[0]}"
        bad = {ord(c) for code in codes for c in letters.get(code, "")} & (NO_LETTERS | set(PRIVATE))
        if bad:
            yield f"{names[key]}: codes for letters that are none: {sorted(map(hex, bad))}"


def _codes(pdf: pikepdf.Pdf) -> Iterator[tuple[pikepdf.Dictionary, set[int]]]:
    for page in pdf.pages:
        yield from _of_content(page, page.obj.get("/Resources", pikepdf.Dictionary()), set())


def _of_content(
    content: Any, resources: pikepdf.Dictionary, seen: set[tuple[int, int]]
) -> Iterator[tuple[pikepdf.Dictionary, set[int]]]:
    """Composite fonts of a page or form with the codes that it shows in them."""
    font: pikepdf.Dictionary | None = None
    saved: list[pikepdf.Dictionary | None] = []
    fonts = resources.get("/Font", {})
    for instruction in pikepdf.parse_content_stream(content):
        operator, operands = str(instruction.operator), instruction.operands
        if operator == "q":
            saved.append(font)
        elif operator == "Q" and saved:
            font = saved.pop()
        elif operator == "Tf":
            font = fonts[str(operands[0])]
        elif operator in ("Tj", "TJ", "'", '"') and font is not None and "/DescendantFonts" in font:
            texts = operands[-1] if operator == "TJ" else [operands[-1]]
            data = b"".join(bytes(part) for part in texts if isinstance(part, pikepdf.String))
            yield font, {int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)}
        elif operator == "Do":
            form = resources.get("/XObject", {}).get(str(operands[0]))
            if form is not None and form.get("/Subtype") == "/Form" and form.objgen not in seen:
                seen.add(form.objgen)
                yield from _of_content(form, form.get("/Resources", resources), seen)
