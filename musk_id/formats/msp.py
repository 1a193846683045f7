"""MSP text of mass spectra, as NIST, RIKEN and Golm write it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from musk_id.errors import InputFormatError
from musk_id.formats.limited import decode_text, read_bytes, split_lines
from musk_id.formats.peaks import MAX_PEAKS, number, spectrum
from musk_id.model.spectrum import MassSpectrum

__all__ = ["read_msp", "read_msp_bytes"]

MAX_BYTES = 500_000_000
MAX_SPECTRA = 200_000
MAX_FIELDS = 2_000
MAX_FIELD_LENGTH = 20_000
MAX_NAME_LENGTH = 500

_FIELD = re.compile(r"([A-Za-z_$#@][A-Za-z0-9 _.#$%/()-]{0,60}):(.*)")
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATORS = re.compile(r"[\s,;:()]+")
_PEAK_COUNT = frozenset({"num peaks", "numpeaks", "num_peaks"})
_COMMENTS = frozenset({"comment", "comments"})
_LIKE_PEAKS = re.compile(r"[\s(]*[0-9.]")
# One pair a line and nothing else, as most programs write: such lines are read together.
_PLAIN_PAIRS = re.compile(r"(?:[ \t]*[0-9.eE+-]+[ \t]+[0-9.eE+-]+[ \t]*\n)+")


def read_msp(
    path: Path, *, max_bytes: int = MAX_BYTES, max_spectra: int = MAX_SPECTRA
) -> tuple[MassSpectrum, ...]:
    """Spectra of an MSP file, gzip or not, in file order.

    Peaks are put in ascending m/z, equal m/z added up, intensity 0 left out (:mod:`musk_id.formats.peaks`).

    Raises
    ------
    InputFormatError
        With line number, if the file is no MSP, a peak is no pair of numbers, or the number of peaks is not
        the one declared.
    """
    return read_msp_bytes(read_bytes(path, max_bytes), path.name, max_spectra=max_spectra)


def read_msp_bytes(data: bytes, file_name: str, *, max_spectra: int = MAX_SPECTRA) -> tuple[MassSpectrum, ...]:
    """As :func:`read_msp`, for content that is already in memory and not compressed."""
    found: list[MassSpectrum] = []
    for entry in _entries(split_lines(decode_text(data, file_name)), file_name):
        if len(found) == max_spectra:
            raise InputFormatError(f"more than {max_spectra} spectra", where=entry.where)
        found.append(entry.finish())
    if not found:
        raise InputFormatError("no spectrum in the file", where=file_name)
    return tuple(found)


@dataclass(slots=True)
class _Entry:
    """A spectrum while it is being read: ``declared`` is ``None`` until the number of peaks is known."""

    file_name: str
    first_line: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    declared: int | None = None

    @property
    def where(self) -> str:
        return self.at(self.first_line)

    def at(self, line_number: int) -> str:
        """A place in the file; made for errors only, it costs as much as reading a field."""
        return f"{self.file_name}, line {line_number}"

    @property
    def title(self) -> str:
        return next((value for key, value in self.fields if key == "name" and value), "unnamed spectrum")

    @property
    def is_full(self) -> bool:
        return self.declared is not None and len(self.numbers) >= 2 * self.declared

    def add_line(self, line: str, line_number: int) -> None:
        """Take a line that is not blank: a field, or peaks once their number is known."""
        if self.declared is not None:
            self.numbers += _pairs(line, self.at(line_number))
            return
        match = _FIELD.fullmatch(line)
        if match is None:
            self._continue_comment(line, line_number)
            return
        key, value = _key(match[1]), match[2].strip()
        if len(value) > MAX_FIELD_LENGTH:
            raise InputFormatError(f"field {key!r} is longer than {MAX_FIELD_LENGTH}", where=self.at(line_number))
        if key == "name" and (len(value) > MAX_NAME_LENGTH or any(k == "name" for k, _ in self.fields)):
            raise InputFormatError(
                f"a second 'Name' before 'Num Peaks', or one longer than {MAX_NAME_LENGTH}",
                where=self.at(line_number),
            )
        if len(self.fields) == MAX_FIELDS:
            raise InputFormatError(f"more than {MAX_FIELDS} fields in one spectrum", where=self.at(line_number))
        self.fields.append((key, value))
        if key in _PEAK_COUNT:
            self.declared = _declared(value, self.at(line_number))

    def add_plain_pairs(self, lines: list[str]) -> bool:
        """Take all declared peaks from as many lines if each holds one plain pair; else take nothing."""
        block = "\n".join([*lines, ""])
        if len(lines) != self.declared or _PLAIN_PAIRS.fullmatch(block) is None:
            return False
        try:
            numbers = list(map(float, block.split()))
        except ValueError:
            return False
        if min(numbers) < 0 or max(numbers) == math.inf:
            return False
        self.numbers = numbers
        return True

    def _continue_comment(self, line: str, line_number: int) -> None:
        # AMDIS-style exports break a comment over lines that carry no field name.
        if not self.fields or self.fields[-1][0] not in _COMMENTS or _LIKE_PEAKS.match(line):
            raise InputFormatError(f"{line[:40]!r} is no 'name: value' field", where=self.at(line_number))
        key, value = self.fields[-1]
        if len(value) + len(line) > MAX_FIELD_LENGTH:
            raise InputFormatError(f"field {key!r} is longer than {MAX_FIELD_LENGTH}", where=self.at(line_number))
        self.fields[-1] = (key, f"{value} {line}".strip())

    def finish(self) -> MassSpectrum:
        """The spectrum, if its peaks are as many as declared."""
        if self.declared is None:
            raise InputFormatError(f"spectrum {self.title[:60]!r} has no 'Num Peaks' field", where=self.where)
        if len(self.numbers) != 2 * self.declared:
            raise InputFormatError(
                f"spectrum {self.title[:60]!r} holds {len(self.numbers) // 2} peaks, {self.declared} are declared",
                where=self.where,
                hint="the file may be cut off, or its numbers written with a decimal comma",
            )
        numbers = np.array(self.numbers, dtype=np.float64).reshape(-1, 2)
        return spectrum(self.title, numbers[:, 0], numbers[:, 1], tuple(self.fields), self.where)


def _entries(lines: list[str], file_name: str) -> Iterator[_Entry]:
    """The spectra of a file: each ends with its last declared peak, or early with a blank line."""
    entry: _Entry | None = None
    read = 0
    while read < len(lines):
        line = lines[read].strip()
        read += 1
        if entry is not None and (not line or entry.is_full):
            if line and _LIKE_PEAKS.match(line):
                raise InputFormatError(
                    f"spectrum {entry.title[:60]!r} holds more peaks than the {entry.declared} declared",
                    where=entry.at(read),
                    hint="numbers must be written with a decimal point",
                )
            yield entry
            entry = None
        if not line:
            continue
        if entry is None:
            entry = _Entry(file_name, read)
        entry.add_line(line, read)
        if entry.declared and not entry.numbers:
            following = lines[read : read + entry.declared]
            read += len(following) if entry.add_plain_pairs(following) else 0
    if entry is not None:
        yield entry


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    """Name of a field in one spelling; the names of a file repeat in every spectrum."""
    return " ".join(name.lower().split())


def _declared(value: str, where: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) > MAX_PEAKS:
        raise InputFormatError(f"number of peaks {value[:40]!r} is no whole number up to {MAX_PEAKS}", where=where)
    return int(value)


def _pairs(line: str, where: str) -> list[float]:
    """Numbers of a peak line: m/z and intensity in turn, notes in quotation marks left out."""
    words = [word for word in _SEPARATORS.split(_QUOTED.sub(" ", line)) if word]
    if len(words) % 2 or not words:
        raise InputFormatError(f"{line[:40]!r} holds no pairs of m/z and intensity", where=where)
    return [number(word, where) for word in words]
