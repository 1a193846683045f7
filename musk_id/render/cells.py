"""Cells of tables for people's spreadsheets: none can act as a formula, end a line or begin another cell."""

from __future__ import annotations

import re

from musk_id.render.glyphs import Medium, drawable

__all__ = ["safe_cell"]

# A cell that begins so is read as a formula or a command by spreadsheet programs (OWASP, CSV injection).
_ACTING = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Programs of languages that write a decimal comma take ';' for the end of a cell, and then quotation marks do
# not hold lines together either: what follows begins a cell there.
_LATER_CELL = re.compile(r"([;\n][ \"]*)(?=[=+@＝＋－＠-])")


def safe_cell(text: str) -> str:
    """The text with an apostrophe before it if it would act, and its control characters as codes."""
    drawn = drawable(text, Medium.HTML)
    inner = _LATER_CELL.sub(r"\1'", drawn)
    return f"'{inner}" if inner.lstrip(" ").startswith(_ACTING) else inner
