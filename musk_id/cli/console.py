"""Text for the terminal: what comes from files cannot move the cursor, forge a line, or break the output."""

from __future__ import annotations

import sys
from io import TextIOWrapper

__all__ = ["harmless", "prepare_streams", "say"]


def harmless(text: str, keep: str = "") -> str:
    """The text with every character that is not printable as its code, except those in ``keep``."""
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in text
    )


def say(line: str) -> None:
    """Print one line, whatever it holds."""
    print(harmless(line))


def prepare_streams() -> None:
    """Let a terminal that lacks a character show its code instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
