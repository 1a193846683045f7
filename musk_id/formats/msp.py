"""MSP text of mass spectra, as NIST, RIKEN and Golm write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.limited import decode_text, read_bytes
from musk_id.formats.peaks import MAX_PEAKS, number, spectrum
from musk_id.model.spectrum import MassSpectrum

__all__ = ["read_msp"]

MAX_BYTES = 500_000_000
MAX_SPECTRA = 500_000
MAX_FIELD_LENGTH = 5_000

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9 _.#$%/()-]{0,60}):(.*)", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATORS = re.compile(r"[\s,;:()]+")
_PEAK_COUNT = frozenset({"num peaks", "numpeaks", "num_peaks"})


def read_msp(path: Path, *, max_bytes: int = MAX_BYTES) -> tuple[MassSpectrum, ...]:
    """Spectra of an MSP file, gzip or not, in file order.

    Raises
    ------
    InputFormatError
        With line number, if the file is no MSP, a peak is no pair of numbers, or the number of peaks is not
        the one declared.
    """
    text = decode_text(read_bytes(path, max_bytes), path.name)
    found = tuple(_spectra(text, path.name))
    if not found:
        raise InputFormatError("no spectrum in the file", where=path.name)
    return found


def _spectra(text: str, file_name: str) -> Iterator[MassSpectrum]:
    fields: list[tuple[str, str]] = []
    numbers: list[float] = []
    declared = 0
    count = start = 0
    in_peaks = False
    for line_number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        where = f"{file_name}, line {line_number}"
        if in_peaks and len(numbers) < 2 * declared and line:
            numbers += _pairs(line, where)
            continue
        if in_peaks:
            yield _finish(fields, numbers, declared, f"{file_name}, line {start}")
            fields, numbers, in_peaks = [], [], False
        if not line:
            if fields and not in_peaks:
                _refuse_without_peaks(fields, f"{file_name}, line {start}")
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            raise InputFormatError(f"{line[:40]!r} is no 'name: value' field", where=where)
        key, value = match[1].strip().lower(), match[2].strip()
        if not fields:
            start = line_number
            count += 1
            if count > MAX_SPECTRA:
                raise InputFormatError(f"more than {MAX_SPECTRA} spectra", where=where)
        if len(value) > MAX_FIELD_LENGTH:
            raise InputFormatError(f"field {key!r} is longer than {MAX_FIELD_LENGTH}", where=where)
        fields.append((key, value))
        if key in _PEAK_COUNT:
            declared, in_peaks = _declared(value, where), True
    if in_peaks:
        yield _finish(fields, numbers, declared, f"{file_name}, line {start}")
    elif fields:
        _refuse_without_peaks(fields, f"{file_name}, line {start}")


def _declared(value: str, where: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) > MAX_PEAKS:
        raise InputFormatError(f"number of peaks {value[:40]!r} is no whole number up to {MAX_PEAKS}", where=where)
    return int(value)


def _pairs(line: str, where: str) -> list[float]:
    """Numbers of a peak line: m/z and intensity in turn, notes in quotation marks left out."""
    if '"' in line:
        # With notes, a line holds one peak: whatever follows the note belongs to it.
        line = _QUOTED.sub(" ", line)
    words = [word for word in _SEPARATORS.split(line) if word]
    if len(words) % 2:
        raise InputFormatError(f"{line[:40]!r} holds no pairs of m/z and intensity", where=where)
    return [number(word, where) for word in words]


def _refuse_without_peaks(fields: list[tuple[str, str]], where: str) -> None:
    raise InputFormatError(f"spectrum {_title(fields)[:60]!r} has no 'Num Peaks' field", where=where)


def _title(fields: list[tuple[str, str]]) -> str:
    return next((value for key, value in fields if key == "name" and value), "unnamed spectrum")


def _finish(
    fields: list[tuple[str, str]], numbers: list[float], declared: int, where: str
) -> MassSpectrum:
    if len(numbers) != 2 * declared:
        raise InputFormatError(
            f"spectrum {_title(fields)[:60]!r} holds {len(numbers) // 2} peaks, {declared} are declared",
            where=where,
            hint="the file may be cut off",
        )
    return spectrum(_title(fields), numbers[0::2], numbers[1::2], tuple(fields), where)
