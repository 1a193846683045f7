"""Mass spectra in a table of text (CSV or tab-separated) whose first row names the axis and the unit.

The row names ``m/z`` (a unit in brackets may follow: Th, Da, u) and ``intensity`` with its unit in brackets:
``[counts]``, ``[%]``, ``[relative]``. A column ``spectrum`` names the spectrum of each row. A table without such
a row is refused: which number is which, and in what unit, is not for a program to guess.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.limited import decode_text, read_bytes, split_lines
from musk_id.formats.peaks import MAX_PEAKS, number, spectrum
from musk_id.model.spectrum import MassSpectrum

__all__ = ["read_spectrum_csv"]

MAX_BYTES = 50_000_000
MAX_SPECTRA = 10_000
MAX_NAME_LENGTH = 500
MAX_LINE_LENGTH = 2_000

_MZ = re.compile(r"m/?z\s*(?:[\[(]\s*(?:th|da|u|-)?\s*[\])])?", re.IGNORECASE)
_INTENSITY = re.compile(
    r"(?:intensity|abundance)\s*[\[(]\s*(counts|%|percent|relative|arbitrary)\s*[\])]", re.IGNORECASE
)
_BARE_INTENSITY = re.compile(r"intensity|abundance", re.IGNORECASE)
_HEADER_HINT = "the first row must read, for instance: m/z [Th],intensity [counts]"


def read_spectrum_csv(
    path: Path, *, max_bytes: int = MAX_BYTES, max_spectra: int = MAX_SPECTRA
) -> tuple[MassSpectrum, ...]:
    """Spectra of a table, in the order of their first rows; lines that begin with ``#`` are remarks.

    Metadata: ``intensity_unit``.

    Raises
    ------
    InputFormatError
        With line number, if the header does not name axis and unit, or a row does not fit it.
    """
    lines = split_lines(decode_text(read_bytes(path, max_bytes), path.name))
    rows = [(at, line) for at, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not rows:
        raise InputFormatError("no table in the file", where=path.name, hint=_HEADER_HINT)
    separator = next((mark for mark in ("\t", ";", ",") if mark in rows[0][1]), ",")
    columns, unit = _columns(_cells(rows[0][1], separator, _at(path, rows[0][0])), _at(path, rows[0][0]))
    peaks: dict[str, tuple[list[float], list[float]]] = {}
    for at, line in rows[1:]:
        where = _at(path, at)
        cells = _cells(line, separator, where)
        if len(cells) != columns["count"]:
            raise InputFormatError(
                f"{len(cells)} columns, the first row has {columns['count']}",
                where=where,
                hint="write numbers with a decimal point",
            )
        name = cells[columns["spectrum"]][:MAX_NAME_LENGTH] if "spectrum" in columns else path.stem
        if name not in peaks and len(peaks) == max_spectra:
            raise InputFormatError(f"more than {max_spectra} spectra", where=where)
        mz, intensity = peaks.setdefault(name, ([], []))
        if len(mz) == MAX_PEAKS:
            raise InputFormatError(f"more than {MAX_PEAKS} peaks in one spectrum", where=where)
        mz.append(number(cells[columns["m/z"]], where))
        intensity.append(number(cells[columns["intensity"]], where))
    if not peaks:
        raise InputFormatError("no peak in the table", where=path.name)
    metadata = (("intensity_unit", unit),)
    return tuple(
        spectrum(name or "unnamed spectrum", mz, intensity, metadata, path.name)
        for name, (mz, intensity) in peaks.items()
    )


def _at(path: Path, line_number: int) -> str:
    return f"{path.name}, line {line_number}"


def _cells(line: str, separator: str, where: str) -> list[str]:
    if len(line) > MAX_LINE_LENGTH:
        raise InputFormatError(f"a line longer than {MAX_LINE_LENGTH} letters", where=where)
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, strict=True))]
    except csv.Error as error:
        raise InputFormatError(f"no row of a table: {error}", where=where) from error


def _columns(header: list[str], where: str) -> tuple[dict[str, int], str]:
    """Place of each column and their number; the unit of the intensities."""
    found: dict[str, int] = {"count": len(header)}
    unit = ""
    for place, title in enumerate(header):
        intensity = _INTENSITY.fullmatch(title)
        key = "spectrum" if title.lower() == "spectrum" else ""
        if _MZ.fullmatch(title):
            key = "m/z"
        elif intensity is not None:
            key, unit = "intensity", intensity[1].lower()
        elif _BARE_INTENSITY.fullmatch(title):
            raise InputFormatError("the unit of the intensities is not stated", where=where, hint=_HEADER_HINT)
        if not key or key in found:
            raise InputFormatError(
                f"column {title[:40]!r} is not known or there twice", where=where, hint=_HEADER_HINT
            )
        found[key] = place
    if "m/z" not in found or "intensity" not in found:
        raise InputFormatError("no column m/z or no column intensity", where=where, hint=_HEADER_HINT)
    return found, unit
