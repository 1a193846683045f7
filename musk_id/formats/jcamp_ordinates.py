"""Ordinates of JCAMP-DX 4.24 ``(X++(Y..Y))`` tables: AFFN, PAC, SQZ, DIF and DUP forms.

Forms as in McDonald & Wilks 1988, Appl. Spectrosc. 42:151. In DIF form each line begins with the last
ordinate of the line before it (Y check), which is compared and dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from musk_id.errors import InputFormatError

__all__ = ["MAX_POINTS", "OrdinateTable", "decode_ordinates"]

MAX_POINTS = 5_000_000

_SQZ = {"@": "0", **{c: str(i) for i, c in enumerate("ABCDEFGHI", 1)}}
_SQZ |= {c: f"-{i}" for i, c in enumerate("abcdefghi", 1)}
_DIF = {"%": "0", **{c: str(i) for i, c in enumerate("JKLMNOPQR", 1)}}
_DIF |= {c: f"-{i}" for i, c in enumerate("jklmnopqr", 1)}
_DUP = {**{c: str(i) for i, c in enumerate("STUVWXYZ", 1)}, "s": "9"}

_TOKEN = re.compile(
    r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d{1,3})?)"
    r"|(?P<sqz>[@A-Ia-i]\d*(?:\.\d*)?)"
    r"|(?P<dif>[%J-Rj-r]\d*(?:\.\d*)?)"
    r"|(?P<dup>[S-Zs]\d*)"
    r"|(?P<missing>\?)"
)
_SPACE = re.compile(r"[\s,]*")
# In AFFN a number may be followed by an exponent; in packed forms an E begins the next ordinate (5). Which it
# is, the other letters of the table tell.
_PACKED = re.compile(r"[@%A-DF-Za-df-z]")


@dataclass(slots=True)
class OrdinateTable:
    """Decoded ordinates, unscaled, and the abscissa that begins each line with the index it belongs to."""

    ordinates: list[float] = field(default_factory=list)
    line_abscissas: list[tuple[int, float]] = field(default_factory=list)
    y_checks: int = 0


def decode_ordinates(lines: list[tuple[int, str]], file_name: str) -> OrdinateTable:
    """Decode the lines of a table.

    Parameters
    ----------
    lines : list of (int, str)
        Line number in the file and text of each line.

    Raises
    ------
    InputFormatError
        If a line cannot be decoded, a Y check fails, or there are too many points.
    """
    table = OrdinateTable()
    packed = any(_PACKED.search(text) for _, text in lines)
    pending_check = False
    for line_number, text in lines:
        if not text.strip():
            continue
        where = f"{file_name}, line {line_number}"
        tokens = _tokens(text, where, packed=packed)
        kind, word = tokens[0]
        if kind != "number":
            raise InputFormatError("a line does not begin with its abscissa", where=where)
        values, ends_in_dif = _line_values(tokens[1:], where)
        if pending_check and values:
            _check(table.ordinates[-1], values[0], where)
            table.y_checks += 1
            # The line's abscissa belongs to the point that it repeats.
            table.line_abscissas.append((len(table.ordinates) - 1, float(word)))
            values = values[1:]
        else:
            table.line_abscissas.append((len(table.ordinates), float(word)))
        table.ordinates.extend(values)
        if len(table.ordinates) > MAX_POINTS:
            raise InputFormatError(f"more than {MAX_POINTS} points", where=where)
        pending_check = ends_in_dif
    return table


def _tokens(text: str, where: str, *, packed: bool) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        position = _SPACE.match(text, position).end()  # type: ignore[union-attr]
        if position >= len(text):
            break
        match = _TOKEN.match(text, position)
        if match is None:
            raise InputFormatError(f"{text[position : position + 20]!r} is no ordinate", where=where)
        word, kind = match[0], str(match.lastgroup)
        if kind == "number" and packed and "E" in word.upper():
            word = re.split("[Ee]", word)[0]
        tokens.append((kind, word))
        position += len(word)
    if not tokens:
        raise InputFormatError("a line holds nothing", where=where)
    return tokens


def _line_values(tokens: list[tuple[str, str]], where: str) -> tuple[list[float], bool]:
    """Ordinates of a line, and whether its last one was written as a difference."""
    values: list[Decimal] = []
    last_kind = ""
    difference = Decimal(0)
    for kind, word in tokens:
        if kind == "missing":
            raise InputFormatError("an ordinate is missing ('?')", where=where)
        if kind == "dup":
            _repeat(values, last_kind, difference, word, where)
            continue
        digits = _DIF if kind == "dif" else _SQZ
        number = _decimal(word if kind == "number" else digits[word[0]] + word[1:], where)
        if kind == "dif":
            if not values:
                raise InputFormatError("a line begins with a difference", where=where)
            difference = number
            values.append(values[-1] + difference)
        else:
            values.append(number)
        last_kind = kind
    return [float(value) for value in values], last_kind == "dif"


def _repeat(values: list[Decimal], last_kind: str, difference: Decimal, word: str, where: str) -> None:
    """Repeat the last ordinate, or the last difference, so that it stands ``count`` times in all."""
    # More digits than the limit has are too many; Python itself refuses to convert thousands of them.
    count = int(_DUP[word[0]] + word[1:]) if len(word) <= len(str(MAX_POINTS)) else 0
    if not values or not 1 <= count <= MAX_POINTS - len(values):
        raise InputFormatError(f"repeat {word[:12]!r} has nothing to repeat or is too long", where=where)
    for _ in range(count - 1):
        values.append(values[-1] + difference if last_kind == "dif" else values[-1])


def _decimal(word: str, where: str) -> Decimal:
    try:
        return Decimal(word)
    except InvalidOperation as error:
        raise InputFormatError(f"{word[:20]!r} is no number", where=where) from error


def _check(expected: float, found: float, where: str) -> None:
    if abs(expected - found) > 1e-9 * max(1.0, abs(expected)):
        raise InputFormatError(
            f"Y check failed: the line before ends at {expected:g}, this one begins at {found:g}",
            where=where,
            hint="the file was damaged or edited; export it again",
        )
