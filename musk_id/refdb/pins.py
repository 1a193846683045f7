"""Pins: which records a library rests on, and what each of them must hold.

One row is one statement about a record: the whole record (column ``window`` empty), or a stretch of it
(the window's name) that must stand in it on either strand. See ``docs/decisions/fetch-by-pins.md``.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from musk_id.errors import InputFormatError, Problem, ReferenceDataError
from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.model.deposited import DepositedRecord
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import Accession, Line, Sha256
from musk_id.records.files import read_limited
from musk_id.refdb.tables import Row, parse_rows, parse_table, table_bytes
from musk_id.vocabulary import Locus

__all__ = ["PIN_COLUMNS", "Pin", "PinnedPart", "parse_pins", "pins_bytes", "pins_of", "read_pins"]

PIN_COLUMNS = ("accession", "organism", "window", "length_bp", "sha256")
MAX_BYTES = 20_000_000
MAX_PINS = 20_000
MAX_PART_BP = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedPart:
    """Length and digest of the whole record (``window`` is ``None``) or of a stretch of it."""

    window: Locus | None
    length_bp: int | None
    sha256: Sha256 | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A record that is wanted: accession, with or without version, and what the record must hold."""

    accession: Accession
    organism: Line | None
    parts: tuple[PinnedPart, ...]

    def names(self, accession: str) -> bool:
        """Whether an accession with version is the pinned one."""
        return accession == self.accession or (
            "." not in self.accession and accession.split(".")[0] == self.accession
        )

    def differences(self, record: DepositedRecord) -> Iterator[str]:
        """What the record holds other than pinned."""
        if not self.names(record.accession):
            yield f"the record is {record.accession}, pinned is {self.accession}"
        if record.molecule_type.rsplit("-", 1)[-1] != "DNA":
            yield f"the molecule is {record.molecule_type}, DNA is pinned"
        for part in self.parts:
            if part.window is None:
                yield from _whole_differs(part, record)
            elif not _holds(record, part):
                yield (
                    f"{part.window}: no stretch of {part.length_bp} letters has the pinned SHA-256 {part.sha256}; "
                    f"the whole record, {len(record.letters)} letters, has {record.sha256}"
                )


def _whole_differs(part: PinnedPart, record: DepositedRecord) -> Iterator[str]:
    if part.length_bp not in (None, len(record.letters)):
        yield f"the record has {len(record.letters)} letters, pinned are {part.length_bp}"
    if part.sha256 not in (None, record.sha256):
        yield f"the letters have SHA-256 {record.sha256}, pinned is {part.sha256}"


def _holds(record: DepositedRecord, part: PinnedPart) -> bool:
    """Whether a stretch of the record has the digest, on either strand, also across the ends of a ring."""
    length = part.length_bp or 0
    if not 0 < length <= len(record.letters):
        return False
    for strand in (record.letters, reverse_complement_text(record.letters)):
        letters = (strand + strand[: length - 1] if record.is_circular else strand).encode("ascii")
        for start in range(len(letters) - length + 1):
            if hashlib.sha256(letters[start : start + length]).hexdigest() == part.sha256:
                return True
    return False


def read_pins(path: Path) -> tuple[Pin, ...]:
    """Pins of a file, in the order of their accessions.

    Raises
    ------
    InputFormatError
        With every row that cannot be used.
    """
    return parse_pins(read_limited(path, MAX_BYTES), path.name)


def parse_pins(data: bytes, name: str) -> tuple[Pin, ...]:
    """As :func:`read_pins`, for content that is already in memory."""
    try:
        rows = parse_rows(parse_table(data, name, PIN_COLUMNS), lambda row: (row.where, *_row(row)))
    except ReferenceDataError as error:
        # The pins are an input, not yet part of a library.
        raise InputFormatError(
            error.message, where=error.where, hint=error.hint, problems=error.problems
        ) from error
    problems = tuple(_row_problems(rows))
    if problems:
        raise InputFormatError(
            f"{len(problems)} fault(s) in the pins: {problems[0].message}",
            where=name,
            hint="correct the rows named above",
            problems=problems,
        )
    parts: dict[Accession, list[PinnedPart]] = defaultdict(list)
    organisms: dict[Accession, Line | None] = {}
    for _, accession, organism, part in rows:
        parts[accession].append(part)
        organisms[accession] = organism
    if len(parts) > MAX_PINS:
        raise InputFormatError(f"{len(parts)} accessions, allowed are {MAX_PINS}", where=name)
    if not parts:
        raise InputFormatError("no pin in the file", where=name)
    return tuple(Pin(accession=a, organism=organisms[a], parts=tuple(parts[a])) for a in sorted(parts))


def _row(row: Row) -> tuple[Accession, Line | None, PinnedPart]:
    part = PinnedPart(
        window=None if row.is_empty("window") else row.word("window", Locus),
        length_bp=None if row.is_empty("length_bp") else row.integer("length_bp"),
        sha256=row.optional("sha256", Sha256),
    )
    return row.text("accession", Accession), row.optional("organism", Line), part


def _row_problems(rows: Iterable[tuple[str, Accession, Line | None, PinnedPart]]) -> Iterator[Problem]:
    seen: dict[tuple[Accession, Locus | None], str] = {}
    first: dict[str, tuple[str, Accession, Line | None]] = {}
    for where, accession, organism, part in rows:
        if part.window is not None and (part.length_bp is None or part.sha256 is None):
            yield Problem(where, f"window {part.window} without length_bp or sha256", "both")
        if part.length_bp is not None and not 0 < part.length_bp <= MAX_PART_BP:
            yield Problem(where, f"length_bp {part.length_bp}", f"1 to {MAX_PART_BP}")
        earlier = seen.setdefault((accession, part.window), where)
        if earlier != where:
            what = part.window or "the whole record"
            yield Problem(where, f"{accession}: {what} stands on {earlier.rsplit(', ', 1)[-1]} already", "once")
        line, known, named = first.setdefault(accession.split(".")[0], (where, accession, organism))
        if (known, named) != (accession, organism):
            yield Problem(where, f"{accession}: version or organism differs from {line.rsplit(', ', 1)[-1]}")


def pins_of(release: ReferenceRelease) -> tuple[Pin, ...]:
    """Pins of all barcodes of a release: each window by its own length and digest."""
    parts: dict[Accession, list[PinnedPart]] = defaultdict(list)
    organisms: dict[Accession, Line] = {}
    for barcode in release.barcodes:
        accession = Accession(barcode.accession)
        organisms[accession] = barcode.organism_as_deposited
        parts[accession].append(
            PinnedPart(window=barcode.locus, length_bp=len(barcode.sequence), sha256=barcode.sha256)
        )
    return tuple(
        Pin(
            accession=accession,
            organism=organisms[accession],
            parts=tuple(sorted(parts[accession], key=lambda part: part.window or "")),
        )
        for accession in sorted(parts)
    )


def pins_bytes(pins: Iterable[Pin]) -> bytes:
    """Table of pins, in the order of accession and window."""
    rows = [
        (
            pin.accession,
            pin.organism or "",
            part.window or "",
            "" if part.length_bp is None else str(part.length_bp),
            part.sha256 or "",
        )
        for pin in pins
        for part in pin.parts
    ]
    return table_bytes(PIN_COLUMNS, sorted(rows))
