"""A built library: any number of barcodes and spectra, as arrays for comparison and as text for people.

A release (:mod:`musk_id.model.reference`) is small, curated by hand and carries names, law and markers; a
library is gathered from files, may hold hundreds of thousands of records and carries where each came from.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.library_vocabulary import SetAside
from musk_id.model.columns import TextColumn
from musk_id.model.spectral_table import SpectrumTable
from musk_id.model.values import IsoDate, Line, RelativePath, Sha256, Text
from musk_id.vocabulary import CurationState, Locus

__all__ = [
    "CurationEntry",
    "Library",
    "LibraryInput",
    "LibraryTaxon",
    "LocusTable",
    "RecordSource",
    "SetAsideRecord",
    "TaxonColumn",
    "TextColumn",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSource:
    """Where a record comes from and under which terms it may travel; what is not stated is ``None``."""

    voucher: Line | None = None
    country: Line | None = None
    collected_by: Line | None = None
    publication: Line | None = None
    submitter: Line | None = None
    licence: Line | None = None
    collection_permit: Line | None = None
    informed_consent: Line | None = None
    cites_permit: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationEntry:
    """A dated change of the state of a record's name; entries are added, never taken away.

    ``locus`` absent means every marker of the accession.
    """

    accession: Line
    locus: Locus | None
    state: CurationState
    revised_names: tuple[Line, ...] = ()
    person: Line
    date: IsoDate
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryInput:
    """An input file, and what became of its records; ``collapsed`` as in :class:`LocusTable`."""

    path: RelativePath
    sha256: Sha256
    licence: Line
    redistribute: bool
    source: Text
    collapsed: bool
    records_in: int
    records_kept: int
    records_set_aside: int
    windows_kept: int
    windows_set_aside: int

    @property
    def travelling(self) -> int:
        """Records that the library holds of the input: windows of sequences, or spectra."""
        return self.windows_kept or self.records_kept


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsideRecord:
    """A record, or one marker of it, that is not compared: why, what was measured, what is allowed."""

    input_path: RelativePath
    accession: Line
    locus: Locus | None
    reason: SetAside
    measured: Line
    allowed: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryTaxon:
    """A species name of the library with its higher taxa."""

    species: Line
    genus: Line
    family: Line
    order: Line


@dataclass(frozen=True, slots=True, eq=False)
class TaxonColumn(Sequence[LibraryTaxon]):
    """Taxa of a library, each made when it is asked for: rows ``species, genus, family, order`` with tabs."""

    rows: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> LibraryTaxon:  # type: ignore[override]
        species, genus, family, order = self.rows[index].split("\t")
        return LibraryTaxon(species=Line(species), genus=Line(genus), family=Line(family), order=Line(order))


@dataclass(frozen=True, slots=True, eq=False)
class LocusTable:
    """Records of one marker.

    Attributes
    ----------
    locus : Locus
        The marker.
    width : int
        Columns of its frame: the coding window, or the gapped frame of a short marker.
    packed : ndarray of uint8, shape (h, ceil(width / 2))
        Haplotypes (distinct rows), two columns a byte (:func:`musk_id.kernels.frames.unpack_nibbles`).
    haplotype : ndarray of uint32, shape (n,)
        Haplotype of each record.
    taxon : ndarray of uint32, shape (n,)
        Species name as deposited, index into the library's taxa.
    state : ndarray of uint8, shape (n,)
        Curation state, index into ``tuple(CurationState)``.
    individual : ndarray of uint32, shape (n,)
        Records with one number are of one animal (over all markers of the library).
    strand : ndarray of int8, shape (n,)
        1 or -1: strand on which the record was handed in.
    collapsed : ndarray of uint8, shape (n,)
        1 where the record comes from a set that was collapsed to distinct sequences: equal conspecifics were
        taken out before, so that it says nothing on how far individuals of a species differ.
    accessions : TextColumn
        Accession of each record.
    revised : mapping of int to tuple of int
        Revised names (indices into the taxa) of records that have any.
    """

    locus: Locus
    width: int
    packed: NDArray[np.uint8]
    haplotype: NDArray[np.uint32]
    taxon: NDArray[np.uint32]
    state: NDArray[np.uint8]
    individual: NDArray[np.uint32]
    strand: NDArray[np.int8]
    collapsed: NDArray[np.uint8]
    accessions: TextColumn
    revised: dict[int, tuple[int, ...]]

    @property
    def records(self) -> int:
        """Number of records."""
        return int(self.haplotype.size)

    @property
    def haplotypes(self) -> int:
        """Number of distinct sequences."""
        return int(self.packed.shape[0])

    def rows(self, haplotypes: NDArray[np.integer]) -> NDArray[np.uint8]:
        """Rows of haplotypes as a copy, two columns a byte.

        Where the rows are mapped from a file, the file's pages are given back: reading all of them in parts
        does not keep all of them in memory.
        """
        chosen: NDArray[np.uint8] = np.asarray(self.packed)[haplotypes]
        base: object = self.packed
        while isinstance(base, np.ndarray):
            base = base.base
        given_back = getattr(mmap, "MADV_DONTNEED", None)
        if isinstance(base, mmap.mmap) and given_back is not None:
            base.madvise(given_back)
        return chosen

    def state_of(self, record: int) -> CurationState:
        """Curation state of a record."""
        return tuple(CurationState)[int(self.state[record])]


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """A built library.

    ``manifest_sha256`` is the digest of the manifest that names every file; it identifies the library.
    """

    library_id: Line
    date: IsoDate
    title: Line
    anchors_release: Line
    manifest_sha256: Sha256
    taxa: TaxonColumn
    loci: dict[Locus, LocusTable]
    individuals: int
    spectra: SpectrumTable | None = None
