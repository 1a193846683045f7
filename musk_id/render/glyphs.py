"""Text from outside made drawable: what has no tested glyph, or would act, is drawn as its code.

``⟨U+202E⟩`` stands for a right-to-left override, ``⟨U+9E9D⟩`` for a letter that the bundled fonts lack.
The angle brackets themselves are drawn as codes, so that a code on a page is never outside text.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from musk_id.render.kept import kept

__all__ = ["PDF_RANGES", "Medium", "drawable", "with_breaks"]


class Medium(StrEnum):
    """Where the text is drawn: with the bundled fonts only, or in a browser with its own fonts."""

    PDF = "pdf"
    HTML = "html"


# Code points that every style of the bundled fonts (Libertinus Serif, DejaVu Sans Mono) draws; a test
# compiles each of them under PDF/A, which refuses a missing glyph.
PDF_RANGES: tuple[tuple[int, int], ...] = (
    (0x0020, 0x007E),
    (0x00A1, 0x00AC),
    (0x00AE, 0x017F),
    (0x0192, 0x0192),
    (0x01CD, 0x01DC),
    (0x0218, 0x021B),
    (0x0391, 0x03A1),
    (0x03A3, 0x03C9),
    (0x0400, 0x045F),
    (0x0490, 0x049B),
    (0x04A2, 0x04A3),
    (0x04AE, 0x04B3),
    (0x04BA, 0x04BB),
    (0x04D8, 0x04D9),
    (0x04E8, 0x04E9),
    (0x1E00, 0x1E9B),
    (0x1EA0, 0x1EF9),
    (0x2010, 0x2015),
    (0x2018, 0x201E),
    (0x2020, 0x2022),
    (0x2026, 0x2026),
    (0x2030, 0x2030),
    (0x2032, 0x2033),
    (0x2039, 0x203A),
    (0x2070, 0x2070),
    (0x2074, 0x208E),
    (0x20AC, 0x20AC),
    (0x20B8, 0x20B8),
    (0x20BD, 0x20BD),
    (0x2116, 0x2116),
    (0x2122, 0x2122),
    (0x2190, 0x2193),
    (0x2212, 0x2212),
    (0x2248, 0x2248),
    (0x2260, 0x2260),
    (0x2264, 0x2265),
)

_PDF = frozenset(chr(code) for low, high in PDF_RANGES for code in range(low, high + 1))

# Spaces that differ from the plain one only in where a line may break.
_PLAIN_SPACES = {"\u00a0": " ", "\u202f": " "}

# Letters and symbols that no font shows: Hangul fillers, the blank braille cell, invisible Khmer vowels.
_INVISIBLE = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_MAX_MARKS = 2
_VARIATION_SELECTORS = (("\ufe00", "\ufe0f"), ("\U000e0100", "\U000e01ef"))
_LINE_ENDS = re.compile(r"\r\n?|\n")

ZERO_WIDTH_SPACE = "\u200b"
BREAK_AFTER = 20
_UNBROKEN = re.compile(rf"[^\s\u200b]{{{BREAK_AFTER + 1},}}")


@kept
def drawable(text: str, medium: Medium, extra: frozenset[str] = frozenset()) -> str:
    """The text with every character that cannot be drawn replaced by its code; line breaks are kept.

    Parameters
    ----------
    text : str
        Any text, also with lone surrogates.
    medium : Medium
        ``PDF`` allows the tested ranges; ``HTML`` every visible letter, at most two marks on each.
    extra : frozenset of str
        Characters that a font of the laboratory's own draws in a PDF.
    """
    normal = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text))
    if medium is Medium.PDF:
        known = _PDF | extra if extra else _PDF
        if known.issuperset(normal.replace("\n", "")):
            return normal
        return "".join(c if c in known or c == "\n" else _PLAIN_SPACES.get(c) or _code(c) for c in normal)
    return normal if _PLAIN.issuperset(normal) else "".join(_browser_text(normal))


def _browser_text(text: str) -> list[str]:
    drawn: list[str] = []
    marks = 0
    for character in text:
        is_mark = unicodedata.category(character) in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        if character == "\n" or (_is_visible(character) and marks <= _MAX_MARKS):
            drawn.append(character)
        else:
            drawn.append(_code(character))
    return drawn


def _is_visible(character: str) -> bool:
    if unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _INVISIBLE:
        return False
    return character not in "⟨⟩" and not any(low <= character <= high for low, high in _VARIATION_SELECTORS)


# Letters of nearly all texts: visible, and no marks that would have to be counted.
_PLAIN = frozenset("\n") | {
    chr(code)
    for code in (*range(0x20, 0x250), *range(0x400, 0x530), *range(0x2010, 0x2040), *range(0x4E00, 0xA000))
    if _is_visible(chr(code)) and unicodedata.category(chr(code)) not in ("Mn", "Me")
}


def _code(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


@kept
def with_breaks(text: str) -> str:
    """The text with a break opportunity in every unbroken run of more than 20 characters."""
    return _UNBROKEN.sub(lambda match: _broken(match.group()), text)


def _broken(run: str) -> str:
    pieces = [run[start : start + BREAK_AFTER] for start in range(0, len(run), BREAK_AFTER)]
    return ZERO_WIDTH_SPACE.join(pieces)
