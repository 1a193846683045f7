"""MGF text of mass spectra (Mascot generic format), as search programs and matchms write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.limited import decode_text, read_bytes, split_lines
from musk_id.formats.peaks import MAX_PEAKS, number, spectrum
from musk_id.model.spectrum import MassSpectrum

__all__ = ["iter_mgf", "read_mgf"]

MAX_BYTES = 500_000_000
MAX_SPECTRA = 200_000
MAX_FIELDS = 2_000
MAX_FIELD_LENGTH = 20_000
MAX_NAME_LENGTH = 500

_FIELD = re.compile(r"([A-Za-z_][A-Za-z0-9 _.-]{0,60})=(.*)")
_COMMENTS = ("#", ";", "!", "/")
_COUNT = "num peaks"


@dataclass(slots=True)
class _Entry:
    where: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    mz: list[float] = field(default_factory=list)
    intensity: list[float] = field(default_factory=list)

    def value(self, *names: str) -> str | None:
        return next((value for name in names for key, value in self.fields if key == name and value), None)

    def add_line(self, line: str, where: str) -> None:
        match = _FIELD.fullmatch(line)
        if match is not None and not self.mz:
            if len(self.fields) == MAX_FIELDS or len(match[2]) > MAX_FIELD_LENGTH:
                raise InputFormatError(
                    f"more than {MAX_FIELDS} fields, or one longer than {MAX_FIELD_LENGTH}", where=where
                )
            self.fields.append((" ".join(match[1].lower().split()), match[2].strip()))
            return
        words = line.split()
        # The third word is the charge of the fragment.
        if not 2 <= len(words) <= 3:
            raise InputFormatError(f"{line[:40]!r} is no pair of m/z and intensity", where=where)
        if len(self.mz) == MAX_PEAKS:
            raise InputFormatError(f"more than {MAX_PEAKS} peaks", where=where)
        self.mz.append(number(words[0], where))
        self.intensity.append(number(words[1], where))

    def finish(self) -> MassSpectrum:
        declared = self.value(_COUNT)
        if declared is not None and declared != str(len(self.mz)):
            raise InputFormatError(
                f"{len(self.mz)} peaks, {declared[:20]!r} are declared",
                where=self.where,
                hint="the file may be cut off",
            )
        title = (self.value("title", "name", "compound_name") or "unnamed spectrum")[:MAX_NAME_LENGTH]
        return spectrum(title, self.mz, self.intensity, tuple(self.fields), self.where)


def read_mgf(
    path: Path, *, max_bytes: int = MAX_BYTES, max_spectra: int = MAX_SPECTRA
) -> tuple[MassSpectrum, ...]:
    """Spectra of an MGF file, gzip or not, in file order.

    Fields before the first spectrum hold for every spectrum and stand before its own in the metadata.

    Raises
    ------
    InputFormatError
        With line number, if the file is no MGF, a peak is no pair of numbers, or a spectrum has no end.
    """
    text = decode_text(read_bytes(path, max_bytes), path.name)
    found: list[MassSpectrum] = []
    for entry in _entries(split_lines(text), path.name):
        if len(found) == max_spectra:
            raise InputFormatError(f"more than {max_spectra} spectra", where=entry.where)
        found.append(entry.finish())
    if not found:
        raise InputFormatError("no spectrum in the file", where=path.name)
    return tuple(found)


def iter_mgf(lines: Iterable[str], file_name: str) -> Iterator[MassSpectrum]:
    """Spectra of the lines of an MGF file, each as soon as it is complete; see :func:`read_mgf`."""
    return (entry.finish() for entry in _entries(lines, file_name))


def _entries(lines: Iterable[str], file_name: str) -> Iterator[_Entry]:
    general = _Entry(file_name)
    entry: _Entry | None = None
    for line_number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line.startswith(_COMMENTS):
            continue
        where = f"{file_name}, line {line_number}"
        word = " ".join(line.upper().split())
        if word == "BEGIN IONS":
            if entry is not None:
                raise InputFormatError(f"the spectrum of {entry.where} has no END IONS", where=where)
            entry = _Entry(where, fields=list(general.fields))
        elif word == "END IONS":
            if entry is None:
                raise InputFormatError("END IONS without BEGIN IONS", where=where)
            yield entry
            entry = None
        elif entry is not None:
            entry.add_line(line, where)
        else:
            general.add_line(line, where)
            if general.mz:
                raise InputFormatError(f"{line[:40]!r} stands outside of a spectrum", where=where)
    if entry is not None:
        raise InputFormatError("the last spectrum has no END IONS; the file is cut off", where=entry.where)
