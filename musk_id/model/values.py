"""Texts with rules: identifiers, dates, decimal numbers, digests and paths as they stand in records.

Each is a ``NewType`` of ``str``. ``RULES`` says what such a text may look like; the codec of
``musk_id.records`` applies the rule when a record or an input is read and prints it in the JSON Schema.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NewType

__all__ = [
    "RULES",
    "Accession",
    "BaseLetter",
    "Country",
    "DecimalText",
    "Identifier",
    "IsoDate",
    "Line",
    "Primer",
    "RelativePath",
    "Sha256",
    "TaxonName",
    "Text",
    "TextRule",
    "decimal_at_least",
    "decimal_at_most",
    "decimal_text",
]

Identifier = NewType("Identifier", str)
"""Id of a case, item, run, batch …: safe in paths, shells and URLs."""

IsoDate = NewType("IsoDate", str)
"""Calendar date as ``YYYY-MM-DD``."""

DecimalText = NewType("DecimalText", str)
"""Decimal number as text: no exponent, no plus sign, no superfluous leading zero."""

Sha256 = NewType("Sha256", str)
"""SHA-256 digest, 64 lower-case hexadecimal digits."""

RelativePath = NewType("RelativePath", str)
"""Path below a given folder, ``/`` as separator, no ``..``, no hidden parts."""

Accession = NewType("Accession", str)
"""Accession of a nucleotide record (INSDC or RefSeq), with or without version; safe in file names."""

Primer = NewType("Primer", str)
"""Primer sequence, 5' to 3', IUPAC letters and I."""

Country = NewType("Country", str)
"""ISO 3166-1 alpha-2 code in capitals."""

BaseLetter = NewType("BaseLetter", str)
"""One IUPAC letter of a nucleotide sequence, in capitals."""

TaxonName = NewType("TaxonName", str)
"""Scientific name of a family, genus or species, without author, rank or remark."""

Line = NewType("Line", str)
"""Free text of one line."""

Text = NewType("Text", str)
"""Free text; line breaks allowed."""

MAX_LINE_LENGTH = 500
MAX_TEXT_LENGTH = 20_000
MAX_PATH_LENGTH = 240


@dataclass(frozen=True, slots=True)
class TextRule:
    """What a text may look like: a regular expression for the whole text, a length, an extra check."""

    pattern: str
    max_length: int
    described: str
    check: Callable[[str], bool] | None = None

    def accepts(self, text: str) -> bool:
        """Whether the text obeys the rule."""
        if len(text) > self.max_length or re.fullmatch(self.pattern, text) is None:
            return False
        return self.check is None or self.check(text)


def _is_calendar_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


# Names that Windows reserves for devices cannot be file names there, whatever the ending.
_WINDOWS_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)}
)


def _is_no_device_name(text: str) -> bool:
    return all(part.split(".")[0].upper() not in _WINDOWS_DEVICES for part in text.split("/"))


_PATH_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"

RULES: dict[object, TextRule] = {
    Identifier: TextRule(
        r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}",
        63,
        "1 to 63 letters (A-Z, a-z), digits, '-' or '_', beginning with a letter or digit",
        _is_no_device_name,
    ),
    IsoDate: TextRule(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", 10, "a date as YYYY-MM-DD", _is_calendar_date),
    DecimalText: TextRule(
        r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?", 40, "a decimal number with a point, such as 12.50"
    ),
    Sha256: TextRule(r"[0-9a-f]{64}", 64, "64 lower-case hexadecimal digits"),
    RelativePath: TextRule(
        rf"{_PATH_PART}(/{_PATH_PART}){{0,7}}",
        MAX_PATH_LENGTH,
        "a path below the folder of the file that names it: letters, digits, '.', '-', '_' and '/', "
        "no '..', no part that begins with '.' or '-'",
        _is_no_device_name,
    ),
    Accession: TextRule(
        r"([A-Z]{1,2}[0-9]{5,8}|[A-Z]{4,6}[0-9]{8,12}|[A-Z]{2}_[0-9]{6,9})(\.[1-9][0-9]{0,2})?",
        22,
        "an accession of GenBank or RefSeq, with or without version, such as NC_020017.1",
    ),
    BaseLetter: TextRule(
        r"[ACGTRYSWKMBDHVN]", 1, "one capital letter of A, C, G, T, R, Y, S, W, K, M, B, D, H, V, N"
    ),
    Primer: TextRule(
        r"[ACGTRYSWKMBDHVNI]{10,60}", 60, "a primer of 10 to 60 capital IUPAC letters (I for inosine), 5' to 3'"
    ),
    # A name stands in a record beside the software's: there must be no room for a remark on it.
    TaxonName: TextRule(
        r"[A-Z][a-z]+( [a-z]+)?", 80, "a family, genus or species as Moschus or Moschus berezovskii, nothing else"
    ),
    Country: TextRule(r"[A-Z]{2}", 2, "two capital letters (ISO 3166-1 alpha-2), such as RU"),
    Line: TextRule(r"[^\r\n]*\S[^\r\n]*", MAX_LINE_LENGTH, f"one line of 1 to {MAX_LINE_LENGTH} characters"),
    Text: TextRule(r"(?s).*\S.*", MAX_TEXT_LENGTH, f"text of 1 to {MAX_TEXT_LENGTH} characters"),
}


def decimal_text(value: float | int | Decimal, digits: int) -> DecimalText:
    """Decimal text of a number with a declared number of digits after the point.

    Parameters
    ----------
    value : float, int or Decimal
        Finite number.
    digits : int
        Digits after the point; rounding is half-even on the exact binary value.

    Raises
    ------
    ValueError
        If the value is not finite.
    """
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"a number in a record must be finite, found {value!r}")
    text = f"{number:.{digits}f}"
    # A rounded negative zero would read as a value below zero.
    return DecimalText(text[1:] if text.startswith("-") and not any(c in "123456789" for c in text) else text)


def decimal_at_most(value: float, digits: int) -> DecimalText:
    """Decimal text of a number, rounded down: what is printed never says more than what was computed.

    Raises
    ------
    ValueError
        If the value is not finite.
    """
    return _directed(value, digits, ROUND_FLOOR)


def decimal_at_least(value: float, digits: int) -> DecimalText:
    """Decimal text of a number, rounded up.

    Raises
    ------
    ValueError
        If the value is not finite.
    """
    return _directed(value, digits, ROUND_CEILING)


def _directed(value: float, digits: int, rounding: str) -> DecimalText:
    if not math.isfinite(value):
        raise ValueError(f"a number in a record must be finite, found {value!r}")
    return decimal_text(Decimal(value).quantize(Decimal(1).scaleb(-digits), rounding=rounding), digits)
