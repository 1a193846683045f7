"""Records of a built library at one marker, in the form in which they are searched."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import Planes, mismatches, pack
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.matching import MatchIndex, deciding_rows
from musk_id.kernels.matching_counts import Counts, pack_parts
from musk_id.kernels.nucleotides import Masks, decode
from musk_id.model.library import Library, LocusTable
from musk_id.model.reference import BarcodeReference
from musk_id.model.values import Line, Sha256, Text
from musk_id.stages.comparison import Compared
from musk_id.stages.library import LEFT_OUT
from musk_id.vocabulary import CurationState

__all__ = ["Entries"]

_KEPT_REFERENCES = 20_000
_KEPT_GENERA = 2000
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
        records = np.flatnonzero(~np.isin(np.asarray(table.state), left_out))
        taxon = np.asarray(table.taxon, np.int64)[records]
        genera = [row.split("\t")[1] for row in library.taxa.rows]
        families = [row.split("\t")[2] for row in library.taxa.rows]
        _, genus_of = np.unique(np.array(genera, np.str_), return_inverse=True)
        _, family_of = np.unique(np.array(families, np.str_), return_inverse=True)
        self.in_full = any(
            {genera[name] for name in names} != {genera[int(table.taxon[record])]}
            for record, names in table.revised.items()
            if states[int(table.state[record])] not in LEFT_OUT
        )
        """Whether names as revised change a genus: then every record takes part in every call by itself."""
        keys = np.asarray(table.haplotype, np.int64)[records] * len(library.taxa) + taxon
        if self.in_full:
            keys = records
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        self.record = records[first]
        self._owned = records[np.argsort(inverse, kind="stable")]
        self._owned_from = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(inverse))])
        self.genus, self.family = genus_of[taxon[first]], family_of[taxon[first]]
        self.genera = int(np.unique(self.genus).size)
        count = self.record.size
        places = (np.arange(n, min(n + _ROWS, count)) for n in range(0, max(count, 1), _ROWS))
        parts = (self.masks(part) for part in places)
        self.index = MatchIndex(pack_parts(parts, count), self.genus, taxon[first]) if coding else None
        self._letters = [] if coding else [decode(row[row > 0]) for part in parts for row in part]
        self._references: dict[int, BarcodeReference] = {}
        self._numbers: dict[str, int] = {}
        self._congeners: dict[int, tuple[Indices, Planes]] = {}

    def masks(self, entries: Indices) -> Masks:
        """Letters of entries in the columns of the frame."""
        haplotypes = np.asarray(self.table.haplotype)[self.record[entries]]
        return unpack_nibbles(np.asarray(self.table.packed)[haplotypes], self.table.width)

    def representatives(self) -> Indices:
        """The entry with most letters of each genus, the first of equal ones."""
        held = [
            (packed & 0x0F > 0).sum(axis=1) + (packed >> 4 > 0).sum(axis=1)
            for packed in (self.table.packed[n : n + _ROWS] for n in range(0, self.table.haplotypes, _ROWS))
        ]
        letters = np.concatenate([np.zeros(0, np.int64), *held])[self.table.haplotype[self.record]]
        order = np.lexsort((-letters, self.genus))
        starts = np.flatnonzero(np.append(True, np.diff(self.genus[order]) > 0)) if order.size else order
        return order[starts]

    def owners(self, reference: BarcodeReference) -> Indices:
        """Numbers of all records with the sequence and the name of a reference that was asked for."""
        entry = self._numbers[str(reference.accession)]
        owned: Indices = self._owned[self._owned_from[entry] : self._owned_from[entry + 1]]
        return owned

    def measure(self, masks: Masks) -> Counts:
        """Distances of a query to every entry; edits count as of one column."""
        if self.index is not None:
            return self.index.measure(masks)
        query = decode(masks)
        found = [edit_distance(query, letters) for letters in self._letters]
        lower = np.array([distance.lower for distance in found], np.int32)
        upper = np.array([distance.upper for distance in found], np.int32)
        return Counts(lower, upper, np.ones(lower.size, np.int32))

    def deciding(self, counts: Counts) -> Indices:
        """Entries that decide, given the counts against all."""
        if self.in_full:
            return np.flatnonzero(counts.compared > 0)
        return deciding_rows(counts, self.genus)

    def compared(self, entries: Indices, counts: Counts, query_bp: int) -> tuple[Compared, ...]:
        """Entries with their counts as the rules take them, nearest first."""
        found = []
        columns = zip(
            entries.tolist(),
            counts.incompatible.tolist(),
            counts.possible.tolist(),
            counts.compared.tolist(),
            strict=True,
        )
        for entry, lower, upper, shared in columns:
            bp = shared if self.coding else min(query_bp, len(self._letters[entry]))
            found.append(
                Compared(self.reference(entry), Fraction(lower, shared), Fraction(upper, shared), lower, upper, bp)
            )
        return tuple(sorted(found, key=lambda c: (c.upper, c.lower, c.record.accession)))

    def reference(self, entry: int) -> BarcodeReference:
        """The first record of an entry; it is kept until :meth:`forget`."""
        known = self._references.get(entry)
        if known is None:
            known = self._references[entry] = self._made(int(self.record[entry]))
            self._numbers[str(known.accession)] = entry
        return known

    def congeners(self, query: Masks, one: BarcodeReference, most: Fraction) -> tuple[Compared, ...]:
        """Entries of the genus of a reference that was asked for that differ from a query by at most ``most``."""
        genus = int(self.genus[self._numbers[str(one.accession)]])
        if genus not in self._congeners:
            rows = np.flatnonzero(self.genus == genus)
            self._congeners[genus] = (rows, pack(self.masks(rows)))
        rows, planes = self._congeners[genus]
        found = mismatches(pack(query[None, :]), planes)
        # Integers below 2^20: a share at the limit is not lost to rounding.
        near = (found.compared > 0) & (found.incompatible <= float(most) * found.compared + 0.5)
        columns = (found.incompatible[near], found.possible[near], found.compared[near])
        counts = Counts(*(column.astype(np.int32) for column in columns))
        within = self.compared(rows[near], counts, int(query.size))
        return tuple(entry for entry in within if entry.lower <= most)

    def forget(self) -> None:
        """Drop what was made for earlier queries, if it is much."""
        if len(self._references) >= _KEPT_REFERENCES:
            self._references.clear()
            self._numbers.clear()
        if len(self._congeners) >= _KEPT_GENERA:
            self._congeners.clear()

    def records_of(self, genus: str) -> list[BarcodeReference]:
        """All records deposited under a genus."""
        wanted = [number for number, row in enumerate(self._library.taxa.rows) if row.split("\t")[1] == genus]
        chosen = np.isin(np.asarray(self.table.taxon)[self._owned], wanted)
        return [self._made(record) for record in np.sort(self._owned[chosen]).tolist()]

    def _made(self, record: int) -> BarcodeReference:
        table, taxa = self.table, self._library.taxa
        taxon = taxa[int(table.taxon[record])]
        packed = np.asarray(self.table.packed)[int(table.haplotype[record])]
        letters = decode(unpack_nibbles(packed[None, :], table.width)[0])
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
