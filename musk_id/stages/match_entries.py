"""Records of a built library at one marker, in the form in which they are searched."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.edit_matching import EditIndex, Edits
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.matching import Found, MatchIndex
from musk_id.kernels.matching_clusters import ranges
from musk_id.kernels.matching_counts import Counts, pack_parts
from musk_id.kernels.nucleotides import Masks, decode
from musk_id.model.library import Library, LocusTable
from musk_id.model.reference import BarcodeReference
from musk_id.model.values import Line, Sha256, Text
from musk_id.stages.comparison import Compared
from musk_id.stages.library import LEFT_OUT
from musk_id.vocabulary import CurationState

__all__ = ["Entries"]

# Records made for queries, of some two thousand bytes each, that are kept from one batch to the next.
_KEPT_REFERENCES = 4_000
# Sequences that are unpacked at once.
_ROWS = 4096

Indices = NDArray[np.int64]


class Entries:
    """Distinct sequences under distinct names at one marker; the records of each are known by their numbers.

    Parameters
    ----------
    library : Library
        The library.
    table : LocusTable
        Records of the marker.
    coding : bool
        Whether sequences are compared in the frame (else letter by letter, ends free).
    """

    def __init__(self, library: Library, table: LocusTable, *, coding: bool) -> None:
        self.table, self.coding, self._library = table, coding, library
        states = tuple(CurationState)
        left_out = [number for number, state in enumerate(states) if state in LEFT_OUT]
        kept = np.flatnonzero(~np.isin(np.asarray(table.state), left_out)).astype(np.uint32)
        self.genus_of = genus_of = _numbers_of(library, 1)
        """Number of the genus of each taxon, in the order of the names."""
        self.in_full = any(
            {int(genus_of[name]) for name in names} != {int(genus_of[table.taxon[record]])}
            for record, names in table.revised.items()
            if states[int(table.state[record])] not in LEFT_OUT
        )
        """Whether names as revised change a genus: then every record takes part in every call by itself."""
        self.record, self._owned, self._owned_from = _distinct(table, kept, len(library.taxa), self.in_full)
        taxon = table.taxon[self.record]
        self.genus = genus_of[taxon]
        self.genera = int(np.unique(self.genus).size)
        count = self.record.size
        self.index = None
        if coding:
            parts = (self._rows(np.arange(n, min(n + _ROWS, count))) for n in range(0, count, _ROWS))
            self.index = MatchIndex(pack_parts(parts, count, table.width), self.genus, taxon.astype(np.int32))
        self.edits = None if coding else EditIndex(self._texts(), self.genus)
        self._references: dict[int, BarcodeReference] = {}
        self._numbers: dict[str, int] = {}

    def masks(self, entries: Indices) -> Masks:
        """Letters of entries in the columns of the frame."""
        if self.index is not None:
            return self.index.masks(entries)
        return unpack_nibbles(self._rows(entries), self.table.width)

    def _texts(self) -> tuple[str, ...]:
        """Letters of all entries, without gaps."""
        count = self.record.size
        parts = (self.masks(np.arange(n, min(n + _ROWS, count))) for n in range(0, count, _ROWS))
        return tuple(decode(row[row > 0]) for part in parts for row in part)

    def _rows(self, entries: Indices) -> Masks:
        """Letters of entries, two columns a byte."""
        return self.table.rows(self.table.haplotype[self.record[entries]])

    def representatives(self) -> Indices:
        """The entry with most letters of each genus, the first of equal ones."""
        if self.index is not None:
            letters = self.index.letters
        else:
            letters = np.zeros(0, np.int32) if self.edits is None else self.edits.lengths
        order: Indices = np.lexsort((-letters, self.genus))
        starts = np.flatnonzero(np.append(True, np.diff(self.genus[order]) > 0)) if order.size else order
        return order[starts]

    @cached_property
    def _family_of(self) -> NDArray[np.int32]:
        return _numbers_of(self._library, 2)

    @cached_property
    def _by_genus(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Entries by the number of their genus, and where those of each genus begin."""
        order = np.argsort(self.genus, kind="stable").astype(np.int32)
        starts = np.searchsorted(self.genus[order], np.arange(int(self.genus_of.max(initial=-1)) + 2))
        return order, starts.astype(np.int32)

    def genus_number(self, genus: str) -> int | None:
        """Number of a genus of the library."""
        names = sorted({row.split("\t")[1] for row in self._library.taxa.rows})
        number = bisect_left(names, genus)
        return number if number < len(names) and names[number] == genus else None

    def of_genera(self, genera: Indices) -> tuple[Indices, Indices]:
        """Entries of genera, given by their numbers, and which of these each is of."""
        order, starts = self._by_genus
        place, owner = ranges(starts[genera].astype(np.int64), starts[genera + 1].astype(np.int64))
        return order[place].astype(np.int64), owner

    def sizes(self, genera: Indices) -> Indices:
        """Number of entries of each of some genera."""
        _, starts = self._by_genus
        return (starts[genera + 1] - starts[genera]).astype(np.int64)

    def any_record(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Of which entries a record is among those chosen."""
        if not self.record.size:
            return np.zeros(0, np.bool_)
        found: NDArray[np.bool_] = np.logical_or.reduceat(chosen[self._owned], self._owned_from[:-1])
        return found

    def families(self, entries: Indices) -> NDArray[np.int32]:
        """Number of the family of some entries."""
        return self._family_of[self.table.taxon[self.record[entries]]]

    def owners(self, reference: BarcodeReference) -> NDArray[np.uint32] | None:
        """Numbers of all records with the sequence and the name of a reference; ``None`` if it is no entry's."""
        entry = self._numbers.get(str(reference.accession))
        if entry is None or self._references[entry] is not reference:
            return None
        return self.records(entry)

    def records(self, entry: int) -> NDArray[np.uint32]:
        """Numbers of all records of an entry."""
        owned: NDArray[np.uint32] = self._owned[self._owned_from[entry] : self._owned_from[entry + 1]]
        return owned

    def deciding(self, masks: Masks) -> tuple[Compared, ...]:
        """Entries that decide for one query at a short marker; all of them where each record takes part."""
        if self.edits is None or self.in_full:
            rows, counts = self.within(masks, None)
        else:
            rows, counts = _counted(self.edits.nearest(decode(masks)))
        return self.compared(rows, counts, masks.size)

    def within(self, masks: Masks, limit: Fraction | None) -> tuple[Indices, Counts]:
        """Entries that share letters with a query, and their distances; those beyond a limit may be left out.

        Edits count as of one column.
        """
        if self.index is not None:
            counts = self.index.measure(masks)
            rows = np.flatnonzero(counts.compared > 0)
            return rows, counts.take(rows)
        if self.edits is None:
            raise RuntimeError("entries are compared in the frame or letter by letter")
        query = decode(masks)
        return _counted(self.edits.measure(query) if limit is None else self.edits.within(query, ceil(limit)))

    def compared_of(self, found: Found) -> list[tuple[Compared, ...]]:
        """Entries of each query with their counts as the rules take them, nearest first."""
        for first in range(0, found.rows.size, _ROWS):
            self._make(found.rows[first : first + _ROWS])
        columns = zip(
            found.rows.tolist(),
            found.incompatible.tolist(),
            found.possible.tolist(),
            found.compared.tolist(),
            strict=True,
        )
        every = [self._entry(*row, row[3]) for row in columns]
        return [_in_order(every[first:last]) for first, last in pairwise(found.offsets.tolist())]

    def compared(self, entries: Indices, counts: Counts, query_bp: int) -> tuple[Compared, ...]:
        """Entries with their counts as the rules take them, nearest first."""
        self._make(entries)
        columns = zip(
            entries.tolist(),
            counts.incompatible.tolist(),
            counts.possible.tolist(),
            counts.compared.tolist(),
            strict=True,
        )
        if self.edits is None:
            return _in_order([self._entry(*row, row[3]) for row in columns])
        lengths = np.minimum(self.edits.lengths[entries], query_bp).tolist()
        return _in_order([self._entry(*row, bp) for row, bp in zip(columns, lengths, strict=True)])

    def _entry(self, entry: int, lower: int, upper: int, shared: int, compared_bp: int) -> Compared:
        least = _share(lower, shared)
        most = least if upper == lower else _share(upper, shared)
        return Compared(self._references[entry], least, most, lower, upper, compared_bp)

    def _make(self, entries: Indices) -> None:
        """Make the first record of each entry, where it is not known yet; it is kept until :meth:`forget`."""
        new = [entry for entry in np.unique(entries).tolist() if entry not in self._references]
        if not new:
            return
        for entry, masks in zip(new, self.masks(np.array(new)), strict=True):
            made = self._references[entry] = self._made(int(self.record[entry]), masks)
            self._numbers[str(made.accession)] = entry

    def forget(self) -> None:
        """Drop what was made for earlier queries, if it is much."""
        if len(self._references) >= _KEPT_REFERENCES:
            self._references.clear()
            self._numbers.clear()

    def records_of(self, genus: str) -> list[BarcodeReference]:
        """All records deposited under a genus."""
        number = self.genus_number(genus)
        if number is None:
            return []
        own = self.of_genera(np.array([number]))[0].tolist()
        records = np.sort(np.concatenate([np.zeros(0, np.uint32), *(self.records(entry) for entry in own)]))
        rows = unpack_nibbles(self.table.rows(self.table.haplotype[records]), self.table.width)
        return [self._made(record, masks) for record, masks in zip(records.tolist(), rows, strict=True)]

    def _made(self, record: int, masks: Masks) -> BarcodeReference:
        table, taxa = self.table, self._library.taxa
        taxon = taxa[int(table.taxon[record])]
        letters = decode(masks)
        sequence = letters.rstrip("-") if self.coding else letters.replace("-", "")
        return BarcodeReference(
            accession=Line(table.accessions[record]),
            organism_as_deposited=taxon.species,
            organism_revised=tuple(taxa[name].species for name in table.revised.get(record, ())),
            genus=taxon.genus,
            family=taxon.family,
            order=taxon.order,
            state=table.state_of(record),
            locus=table.locus,
            individual=Line(f"{self._library.library_id} {int(table.individual[record])}"),
            sequence=Text(sequence),
            sha256=Sha256(hashlib.sha256(sequence.encode("ascii")).hexdigest()),
        )


@lru_cache(maxsize=4096)
def _share(columns: int, shared: int) -> Fraction:
    """Reducing a fraction takes longer than all else that is done with it, and few are different."""
    return Fraction(columns, shared)


def _in_order(entries: list[Compared]) -> tuple[Compared, ...]:
    # Quotients of so small whole numbers are equal as float64 where they are equal, and in the same order.
    if len(entries) > 1:
        entries.sort(key=lambda c: (float(c.upper), float(c.lower), c.record.accession))
    return tuple(entries)


def _counted(edits: Edits) -> tuple[Indices, Counts]:
    return edits.rows, Counts(edits.lower, edits.upper, np.ones(edits.rows.size, np.int32))


def _numbers_of(library: Library, column: int) -> NDArray[np.int32]:
    """Number of the genus (column 1) or family (2) of each taxon, in the order of the names."""
    names = sorted({row.split("\t")[column] for row in library.taxa.rows})
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[row.split("\t")[column]] for row in library.taxa.rows], np.int32)


def _distinct(
    table: LocusTable, records: NDArray[np.uint32], taxa: int, in_full: bool
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """First record of each entry, the records of all entries one after the other, and where those of each begin.

    An entry is a sequence under a name; with ``in_full`` each record is one.
    """
    if in_full:
        return records, records, np.arange(records.size + 1, dtype=np.uint32)
    keys = table.haplotype[records].astype(np.int64) * taxa + table.taxon[records]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])) if keys.size else order
    owned = records[order]
    return owned[starts], owned, np.append(starts, owned.size).astype(np.uint32)
