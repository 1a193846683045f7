"""Fetching pinned records from NCBI's E-utilities: politely, resumably, each record checked before it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from musk_id.errors import InputFormatError, IntegrityError, Problem, RemoteError
from musk_id.formats.entrez import EntrezError, FaultKind, Service, fetch_flat_text
from musk_id.formats.genbank import FlatRecord, parse_flat_record, split_flat_records
from musk_id.formats.limited import decode_text
from musk_id.model.deposited import DepositedRecord
from musk_id.refdb.fetched import FetchedEntry, FetchedFolder
from musk_id.refdb.pins import Pin

__all__ = ["FetchReport", "Patience", "fetch_records"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many records a question asks for, how often it is repeated, and the waits between, which double."""

    batch_size: int = 20
    tries: int = 6
    single_tries: int = 3
    first_wait_s: float = 1.0
    max_wait_s: float = 60.0

    def wait_s(self, attempt: int, asked_s: float) -> float:
        """Wait after an attempt that failed (0 is the first); a longer one if the service asks for it."""
        return min(max(self.first_wait_s * (1 << attempt), asked_s), self.max_wait_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """What a run did: records fetched now, and records that lay there, checked again.

    ``renamed`` holds accession, pinned organism and organism of the record where they differ: the database
    may change a name without a new version.
    """

    fetched: tuple[FetchedEntry, ...]
    present: tuple[FetchedEntry, ...]
    renamed: tuple[tuple[str, str, str], ...]


def fetch_records(
    pins: Sequence[Pin],
    out: Path,
    service: Service,
    *,
    patience: Patience | None = None,
    progress: Callable[[int, int], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> FetchReport:
    """Fetch the records that do not lie in ``out`` yet, and check those that do.

    Parameters
    ----------
    pins : sequence of Pin
        What is wanted, each accession once.
    out : pathlib.Path
        Folder of one flat file a record and of ``fetched.tsv``.
    service : Service
        Where and as whom to ask.
    patience : Patience, optional
        Batches, repeats and waits.
    progress : callable
        Is told the number of records wanted and done.
    sleep : callable
        Waits a number of seconds.

    Raises
    ------
    IntegrityError
        If a record, of the service or in the folder, is not what is pinned; all others are fetched before.
    RemoteError
        If the service fails or lacks a record; what was fetched until then stays.
    """
    run = _Run(FetchedFolder(out), service, patience or Patience(), sleep, partial(progress or _silent, len(pins)))
    try:
        missing = run.check_present(pins)
        run.fetch(missing)
    finally:
        run.folder.write_log()
    run.require_complete(out)
    names: dict[str, str | None] = {pin.accession: pin.organism for pin in pins}
    renamed = []
    for entry in (*run.present, *run.fetched):
        named = names.get(entry.accession, names.get(entry.accession.split(".")[0]))
        if named is not None and named != entry.organism:
            renamed.append((entry.accession, named, str(entry.organism)))
    return FetchReport(fetched=tuple(run.fetched), present=tuple(run.present), renamed=tuple(sorted(renamed)))


def _silent(total: int, done: int) -> None:  # noqa: ARG001 - the form of a progress function
    """No progress shown."""


class _Run:
    """State of one run: what was kept, what was refused, and why something is missing."""

    def __init__(
        self,
        folder: FetchedFolder,
        service: Service,
        patience: Patience,
        sleep: Callable[[float], None],
        progress: Callable[[int], None],
    ) -> None:
        self.folder = folder
        self.fetched: list[FetchedEntry] = []
        self.present: list[FetchedEntry] = []
        self._service = service
        self._patience = patience
        self._sleep = sleep
        self._progress = progress
        self._changed: list[Problem] = []
        self._missing: list[Problem] = []
        self._stopped = ""

    def check_present(self, pins: Iterable[Pin]) -> list[Pin]:
        """Check the records that lie in the folder; returns the pins of those that do not."""
        wanted = []
        for pin in pins:
            try:
                entry = self.folder.find(pin)
            except IntegrityError as error:
                self._changed.append(Problem(pin.accession, str(error)))
            else:
                if entry is None:
                    wanted.append(pin)
                else:
                    self.present.append(entry)
            self._tell()
        return wanted

    def fetch(self, pins: list[Pin]) -> None:
        """Ask for the records in batches, then alone for each that a batch did not bring."""
        size = self._patience.batch_size
        try:
            left = [
                pin
                for start in range(0, len(pins), size)
                for pin, _ in self._ask(pins[start : start + size], self._patience.tries)
            ]
            for pin in left:
                for _, reason in self._ask([pin], self._patience.single_tries):
                    self._missing.append(Problem(pin.accession, reason))
                self._tell()
        except EntrezError as error:
            self._stopped = str(error)

    def require_complete(self, out: Path) -> None:
        """Raise what the run found, the gravest first."""
        problems = (*self._changed, *self._missing)
        stop = f"; stopped: {self._stopped}" if self._stopped else ""
        if self._changed:
            raise IntegrityError(
                f"{len(self._changed)} record(s) are not what is pinned: {self._changed[0]}{stop}",
                hint="no record was overwritten; find out who changed it, and pin anew only what is understood",
                problems=problems,
            )
        if self._stopped or self._missing:
            raise RemoteError(
                self._stopped or f"{len(self._missing)} record(s) were not given: {self._missing[0]}",
                where=self._service.host,
                hint=f"run the command again: the {len(self.fetched) + len(self.present)} record(s) in "
                f"{out.name} stay and are not asked for again",
                problems=problems,
            )

    def _ask(self, pins: list[Pin], tries: int) -> list[tuple[Pin, str]]:
        """Ask until the answer is whole; returns the pins that it did not bring, with the reason.

        Raises
        ------
        EntrezError
            If the service cannot be asked any more.
        """
        left = pins
        damage = ""
        for attempt in range(tries):
            asked_s = 0.0
            try:
                left, damage = self._take(left, fetch_flat_text(self._service, [pin.accession for pin in left]))
                if not damage or not left:
                    return [(pin, "the service does not give this record") for pin in left]
            except EntrezError as error:
                if error.kind is FaultKind.REFUSED:
                    return [(pin, error.message) for pin in left]
                if error.kind is FaultKind.HOPELESS or attempt == tries - 1:
                    raise
                asked_s = error.wait_s
            if attempt < tries - 1:
                self._sleep(self._patience.wait_s(attempt, asked_s))
        return [(pin, f"no answer that can be read in {tries} tries: {damage}") for pin in left]

    def _take(self, pins: list[Pin], text: str) -> tuple[list[Pin], str]:
        """Keep the records of an answer; returns the pins that are left, and what is damaged in it."""
        name = f"answer of {self._service.host}"
        damage: list[str] = []
        left = list(pins)
        try:
            for flat in split_flat_records(decode_text(text.encode("utf-8"), name), name):
                try:
                    record = parse_flat_record(flat, name)
                except InputFormatError as error:
                    damage.append(str(error))
                else:
                    left = self._keep(left, record, flat)
        except InputFormatError as error:
            damage.append(str(error))
        self.folder.write_log()
        return left, "; ".join(damage[:3])

    def _keep(self, pins: list[Pin], record: DepositedRecord, flat: FlatRecord) -> list[Pin]:
        """Keep a record if it is a pinned one; returns the pins that are left."""
        base = record.accession.split(".")[0]
        # Another version of a pinned record answers the question, if wrongly; any other record does not.
        pin = next((pin for pin in pins if pin.accession.split(".")[0] == base), None)
        if pin is None:
            return pins
        try:
            self.fetched.append(self.folder.keep(pin, record, flat.text))
        except IntegrityError as error:
            self._changed.append(Problem(pin.accession, str(error)))
        self._tell()
        return [other for other in pins if other is not pin]

    def _tell(self) -> None:
        self._progress(len(self.present) + len(self.fetched) + len(self._changed) + len(self._missing))
