"""A folder of fetched records: one flat file each, and ``fetched.tsv``, which says what each of them was.

Once written, an entry of ``fetched.tsv`` is a pin of its own: the same record with other letters is refused
even where the pin speaks of a window only.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from musk_id.errors import InputFormatError, IntegrityError, ReferenceDataError
from musk_id.formats.genbank import read_genbank_bytes
from musk_id.model.deposited import DepositedRecord
from musk_id.model.values import Accession, IsoDate, Line, Sha256
from musk_id.records.files import read_limited, sha256_bytes, write_atomic
from musk_id.refdb.pins import Pin
from musk_id.refdb.tables import Row, parse_rows, parse_table, table_bytes

__all__ = ["LOG_NAME", "FetchedEntry", "FetchedFolder"]

LOG_NAME = "fetched.tsv"
LOG_COLUMNS = ("accession", "organism", "date", "length_bp", "sha256", "file_sha256")
MAX_LOG_BYTES = 20_000_000
MAX_FILE_BYTES = 2_100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedEntry:
    """What a fetched record was: ``date`` is the day of last change that the record itself states."""

    accession: Accession
    organism: Line
    date: IsoDate
    length_bp: int
    sha256: Sha256
    file_sha256: Sha256


class FetchedFolder:
    """The folder and its list.

    Parameters
    ----------
    folder : pathlib.Path
        Is made when the first record is kept.

    Raises
    ------
    IntegrityError
        If the list in the folder is not in the form that it was written in.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries = {entry.accession: entry for entry in _read_log(folder / LOG_NAME)}

    def find(self, pin: Pin) -> FetchedEntry | None:
        """The record of a pin if it lies here, read again and checked.

        Raises
        ------
        IntegrityError
            If the file is not what ``fetched.tsv`` and the pin say of it.
        """
        paths = sorted(path for path in self._candidates(pin) if path.is_symlink() or path.exists())
        if not paths:
            return None
        if len(paths) > 1:
            raise IntegrityError(
                f"two versions lie here: {', '.join(path.name for path in paths)}", hint="pin one of them"
            )
        name = paths[0].name
        try:
            if not stat.S_ISREG(paths[0].lstat().st_mode):
                raise IntegrityError(f"{name} is no regular file")
            data = read_limited(paths[0], MAX_FILE_BYTES)
            records = read_genbank_bytes(data, name)
        except InputFormatError as error:
            raise IntegrityError(f"{name} cannot be read as it was fetched: {error}") from error
        if len(records) != 1 or f"{records[0].accession}.gb" != name:
            raise IntegrityError(f"{name} holds {', '.join(record.accession for record in records)}")
        known = self._entries.get(Accession(records[0].accession))
        entry = self._checked(pin, records[0], sha256_bytes(data))
        # Letters may be as they were and the annotation edited by hand.
        if known is not None and known != entry:
            self._entries[entry.accession] = known
            raise IntegrityError(f"{name} has SHA-256 {entry.file_sha256}, {LOG_NAME} says {known.file_sha256}")
        return entry

    def keep(self, pin: Pin, record: DepositedRecord, text: str) -> FetchedEntry:
        """Write a record that is what its pin says; it is listed with the next :meth:`write_log`.

        Raises
        ------
        IntegrityError
            If the record is not what the pin, or an earlier entry of the list, says; nothing is written.
        """
        data = text.encode("utf-8")
        entry = self._checked(pin, record, sha256_bytes(data))
        write_atomic(self._folder / f"{record.accession}.gb", data)
        return entry

    def write_log(self) -> None:
        """Write the list anew, in the order of the accessions; the same records give the same bytes."""
        if not self._entries:
            return
        rows = [
            (e.accession, e.organism, e.date, str(e.length_bp), e.sha256, e.file_sha256)
            for _, e in sorted(self._entries.items())
        ]
        data = table_bytes(LOG_COLUMNS, rows)
        path = self._folder / LOG_NAME
        if not path.exists() or path.read_bytes() != data:
            write_atomic(path, data)

    def _candidates(self, pin: Pin) -> list[Path]:
        if "." in pin.accession:
            return [self._folder / f"{pin.accession}.gb"]
        return [path for path in self._folder.glob(f"{pin.accession}.*.gb") if pin.names(path.name[:-3])]

    def _checked(self, pin: Pin, record: DepositedRecord, file_sha256: Sha256) -> FetchedEntry:
        differences = list(pin.differences(record))
        accession = Accession(record.accession)
        known = self._entries.get(accession)
        if known is not None and known.sha256 != record.sha256:
            differences.append(
                f"the letters have SHA-256 {record.sha256}, {LOG_NAME} of this folder says {known.sha256}"
            )
        if differences:
            raise IntegrityError("; ".join(differences))
        entry = FetchedEntry(
            accession=accession,
            organism=record.organism,
            date=record.date,
            length_bp=len(record.letters),
            sha256=record.sha256,
            file_sha256=file_sha256,
        )
        self._entries[accession] = entry
        return entry


def _read_log(path: Path) -> tuple[FetchedEntry, ...]:
    if not path.exists():
        return ()
    try:
        entries = parse_rows(parse_table(read_limited(path, MAX_LOG_BYTES), LOG_NAME, LOG_COLUMNS), _entry)
    except (InputFormatError, ReferenceDataError) as error:
        raise IntegrityError(
            f"the list of fetched records cannot be read: {error.message}",
            where=str(path),
            hint=f"restore {LOG_NAME}, or move it away: it is made anew from the files, checked against the pins",
            problems=error.problems,
        ) from error
    return entries


def _entry(row: Row) -> FetchedEntry:
    return FetchedEntry(
        accession=row.text("accession", Accession),
        organism=row.text("organism", Line),
        date=row.text("date", IsoDate),
        length_bp=row.integer("length_bp"),
        sha256=row.text("sha256", Sha256),
        file_sha256=row.text("file_sha256", Sha256),
    )
