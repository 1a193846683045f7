"""MassBank record text: one record or many, each from ``ACCESSION`` to ``//``.

The format is the "MassBank Record Format" of the MassBank consortium (versions 2.6 to 2.13): lines
``TAG: value`` or ``TAG: SUBTAG value``; tables whose rows begin with two blanks; ``//`` ends a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.limited import decode_text, read_bytes, split_lines
from musk_id.formats.peaks import MAX_PEAKS, number, spectrum
from musk_id.model.spectrum import MassSpectrum

__all__ = ["iter_massbank", "read_massbank", "read_massbank_bytes"]

MAX_BYTES = 500_000_000
MAX_SPECTRA = 200_000
MAX_FIELDS = 2_000
MAX_FIELD_LENGTH = 20_000
MAX_NAME_LENGTH = 500

PEAK_HEADER = ("m/z", "int.", "rel.int.")
REL_INT_FIELD = "rel_int_deviation"
"""Metadata of records whose rel.int. column is not int. scaled to 999: the largest difference."""
_BASE_PEAK = 999
# Records round or cut the scaled value; more than one unit is another number.
_REL_INT_TOLERANCE = 1.0

_END = "//"
_TAG = re.compile(r"([A-Z][A-Z0-9_]*(?:\$[A-Z0-9_]+)?):(?: (.*)|)")
_SUBTAG = re.compile(r"([A-Z][A-Z0-9_/-]*)(?: +(.*)|)")
_ACCESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,119}")
# Tags whose value begins with a subtag in capitals.
_WITH_SUBTAG = frozenset(
    {
        "CH$LINK", "SP$LINK", "AC$MASS_SPECTROMETRY", "AC$CHROMATOGRAPHY", "AC$GENERAL", "AC$ION_MOBILITY",
        "MS$FOCUSED_ION", "MS$DATA_PROCESSING",
    }
)  # fmt: skip
_TABLES = frozenset({"PK$PEAK", "PK$ANNOTATION"})
_ONCE = frozenset({"RECORD_TITLE", "PK$NUM_PEAK", "PK$PEAK", "PK$ANNOTATION", "CH$FORMULA", "LICENSE", "AUTHORS"})
_NOT_GIVEN = frozenset({"N/A", "NA", ""})


def read_massbank(
    path: Path, *, max_bytes: int = MAX_BYTES, max_spectra: int = MAX_SPECTRA
) -> tuple[MassSpectrum, ...]:
    """Spectra of a file of MassBank records, gzip or not, in file order.

    Intensities are those of the column ``int.``. Every tag is kept as metadata under its name in lower case,
    followed by its subtag (``ac$mass_spectrometry ionization_energy``).

    Raises
    ------
    InputFormatError
        With line number, if the file holds anything but whole records, or the number of peaks is not the one
        declared.
    """
    return read_massbank_bytes(read_bytes(path, max_bytes), path.name, max_spectra=max_spectra)


def read_massbank_bytes(
    data: bytes, file_name: str, *, max_spectra: int = MAX_SPECTRA
) -> tuple[MassSpectrum, ...]:
    """As :func:`read_massbank`, for content that is already in memory and not compressed."""
    found: list[MassSpectrum] = []
    for record in _records(split_lines(decode_text(data, file_name)), file_name):
        if len(found) == max_spectra:
            raise InputFormatError(f"more than {max_spectra} spectra", where=record.where)
        found.append(record.finish())
    if not found:
        raise InputFormatError("no record in the file", where=file_name)
    return tuple(found)


def iter_massbank(lines: Iterable[str], file_name: str) -> Iterator[MassSpectrum]:
    """Spectra of the lines of MassBank records, each as soon as it is complete; see :func:`read_massbank`."""
    return (record.finish() for record in _records(lines, file_name))


@dataclass(slots=True)
class _Record:
    """A record while it is being read; ``table`` is the tag whose rows are being read, or empty."""

    where: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    peaks: list[tuple[float, float, float]] = field(default_factory=list)
    table: str = ""
    annotations: int = 0

    @property
    def accession(self) -> str:
        return self.fields[0][1]

    def value(self, key: str) -> str | None:
        return next((value for name, value in self.fields if name == key), None)

    def add_line(self, line: str, where: str) -> None:
        """Take a line of the record: a tag with its value, or a row of a table."""
        if line.startswith("  "):
            self._add_row(line.strip(), where)
            return
        match = _TAG.fullmatch(line.rstrip())
        if match is None:
            raise InputFormatError(
                f"{line[:40]!r} is neither 'TAG: value' nor a table row that begins with two blanks", where=where
            )
        self._add_tag(match[1], (match[2] or "").strip(), where)

    def _add_tag(self, tag: str, value: str, where: str) -> None:
        self.table = tag if tag in _TABLES else ""
        key = tag.lower()
        if tag in _WITH_SUBTAG and (match := _SUBTAG.fullmatch(value)):
            key, value = f"{key} {match[1].lower()}", match[2] or ""
        if len(value) > MAX_FIELD_LENGTH:
            raise InputFormatError(f"{tag} is longer than {MAX_FIELD_LENGTH}", where=where)
        if len(self.fields) - self.annotations == MAX_FIELDS:
            raise InputFormatError(f"more than {MAX_FIELDS} fields in one record", where=where)
        if tag == "ACCESSION" and self.fields:
            raise InputFormatError(
                f"record {self.accession} does not end with '//' before the next begins",
                where=where,
                hint="the file may be cut off between records",
            )
        if tag in _ONCE and self.value(key) is not None:
            raise InputFormatError(f"{tag} stands twice in record {self.accession}", where=where)
        if tag == "PK$PEAK" and value not in _NOT_GIVEN and tuple(value.split()) != PEAK_HEADER:
            raise InputFormatError(
                f"the columns of PK$PEAK are {value[:60]!r}",
                where=where,
                hint=f"read are: {' '.join(PEAK_HEADER)}",
            )
        self.fields.append((key, value))

    def _add_row(self, row: str, where: str) -> None:
        if not self.table or not row:
            raise InputFormatError("a row that belongs to no table", where=where)
        if self.table == "PK$ANNOTATION":
            if self.annotations == MAX_PEAKS or len(row) > MAX_FIELD_LENGTH:
                raise InputFormatError(f"more than {MAX_PEAKS} annotations, or one too long", where=where)
            self.annotations += 1
            self.fields.append(("pk$annotation", row))
            return
        words = row.split()
        if len(words) != len(PEAK_HEADER):
            raise InputFormatError(f"{row[:40]!r} is not m/z, int. and rel.int.", where=where)
        if len(self.peaks) == MAX_PEAKS:
            raise InputFormatError(f"more than {MAX_PEAKS} peaks", where=where)
        mz, intensity, relative = (number(word, where) for word in words)
        self.peaks.append((mz, intensity, relative))

    def finish(self) -> MassSpectrum:
        """The spectrum, if its peaks are as many as declared."""
        declared = self.value("pk$num_peak")
        if declared is None or self.value("pk$peak") is None:
            if self.value("deprecated") is None:  # a withdrawn record may be no more than its notice
                missing = "PK$NUM_PEAK" if declared is None else "PK$PEAK"
                raise InputFormatError(f"record {self.accession} has no {missing}", where=self.where)
            declared = declared or str(len(self.peaks))
        if _declared(declared, self.where) != len(self.peaks):
            raise InputFormatError(
                f"record {self.accession} holds {len(self.peaks)} peaks, {declared} are declared",
                where=self.where,
                hint="the file may be cut off",
            )
        name = self.value("ch$name") or self.value("record_title") or self.accession
        if len(name) > MAX_NAME_LENGTH:
            raise InputFormatError(f"a name longer than {MAX_NAME_LENGTH}", where=self.where)
        metadata = tuple(self.fields) + self._rel_int_note()
        mz, intensity = [p[0] for p in self.peaks], [p[1] for p in self.peaks]
        return spectrum(name, mz, intensity, metadata, self.where)

    def _rel_int_note(self) -> tuple[tuple[str, str], ...]:
        highest = max((intensity for _, intensity, _ in self.peaks), default=0.0)
        if highest <= 0:
            return ()
        deviation = max(
            abs(_BASE_PEAK * (intensity / highest) - relative) for _, intensity, relative in self.peaks
        )
        return ((REL_INT_FIELD, f"{deviation:.0f}"),) if deviation > _REL_INT_TOLERANCE else ()


def _records(lines: Iterable[str], file_name: str) -> Iterator[_Record]:
    record: _Record | None = None
    where = file_name
    for line_number, line in enumerate(lines, 1):
        where = f"{file_name}, line {line_number}"
        if record is None:
            if line.strip():
                record = _begun(line.rstrip(), where)
        elif line.rstrip() == _END:
            yield record
            record = None
        else:
            record.add_line(line, where)
    if record is not None:
        raise InputFormatError(
            f"record {record.accession} does not end with '//'", where=where, hint="the file may be cut off"
        )


def _begun(line: str, where: str) -> _Record:
    match = _TAG.fullmatch(line)
    if match is None or match[1] != "ACCESSION":
        raise InputFormatError(f"a record begins with 'ACCESSION: …', found {line[:40]!r}", where=where)
    if _ACCESSION.fullmatch(match[2] or "") is None:
        raise InputFormatError(f"accession {(match[2] or '')[:40]!r} is none", where=where)
    return _Record(where, [("accession", match[2])])


def _declared(value: str, where: str) -> int:
    if value in _NOT_GIVEN:
        return 0
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) > MAX_PEAKS:
        raise InputFormatError(f"PK$NUM_PEAK {value[:40]!r} is no whole number up to {MAX_PEAKS}", where=where)
    return int(value)
