"""A nucleotide record as its depositor and the database state it: name, letters, voucher, publication."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from musk_id.library_vocabulary import PublicationState
from musk_id.model.values import IsoDate, Line, Sha256, Text

__all__ = ["DepositedRecord", "DepositedReference", "letters_sha256"]


def letters_sha256(letters: str) -> Sha256:
    """SHA-256 of the upper-case letters of a sequence, without line ends."""
    return Sha256(hashlib.sha256(letters.encode("ascii")).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositedReference:
    """A citation of a record; ``None`` where the record states nothing."""

    authors: Text | None = None
    title: Text | None = None
    journal: Text | None = None
    pubmed_id: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositedRecord:
    """A record of a nucleotide database.

    ``accession`` carries its version. ``date`` is the day of the last change that the record itself states.
    ``submissions`` are the lines "Submitted (date) address"; ``derived_from`` names the records that a
    curated record was made from, so that one animal is not counted twice.
    """

    accession: Line
    organism: Line
    lineage: tuple[Line, ...]
    molecule_type: Line
    is_circular: bool
    date: IsoDate
    letters: str
    organelle: Line | None = None
    specimen_vouchers: tuple[Line, ...] = ()
    isolates: tuple[Line, ...] = ()
    places: tuple[Line, ...] = ()
    collectors: tuple[Line, ...] = ()
    references: tuple[DepositedReference, ...] = ()
    publication: PublicationState
    submissions: tuple[Text, ...] = ()
    derived_from: tuple[Line, ...] = ()

    @property
    def sha256(self) -> Sha256:
        """SHA-256 of the letters."""
        return letters_sha256(self.letters)
