"""Releases and libraries in one form for comparison: records by marker and accession, tables by row keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from musk_id.kernels.nucleotides import decode
from musk_id.model.library import RecordSource
from musk_id.model.refdiff import CollectionSide, RecordSide
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.spectral_table import SPECTRUM_COLUMNS, SpectrumTable
from musk_id.model.values import Line, Sha256
from musk_id.records.files import sha256_bytes
from musk_id.refdb.build import TABLE_KEYS
from musk_id.refdb.content import COLUMNS
from musk_id.refdb.library_read import BuiltLibrary, LibraryRecord
from musk_id.refdb.library_sources import CURATION_COLUMNS
from musk_id.refdb.library_store import HEAD_NAME, TAXA_COLUMNS, TAXA_NAME
from musk_id.refdb.library_tables import ASIDE_COLUMNS, INPUT_COLUMNS
from musk_id.refdb.manifest import read_verified
from musk_id.refdb.spectra_store import SPECTRA_NAME, peaks_digest
from musk_id.vocabulary import Locus

__all__ = ["Key", "Side", "Table", "animals_among", "is_library", "library_side", "release_side"]

Key = tuple[Locus, Line]
_CODING = frozenset({Locus.COI, Locus.CYTB})

_LIBRARY_TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    TAXA_NAME: (TAXA_COLUMNS, ("species",)),
    "inputs.tsv": (INPUT_COLUMNS, ("input",)),
    "curation.tsv": (CURATION_COLUMNS, CURATION_COLUMNS),
    "set_aside.tsv": (ASIDE_COLUMNS, ("input", "accession", "locus", "reason")),
}
_RELEASE_KEYS = {**TABLE_KEYS, "gaps.tsv": ("subject", "where", "note")}


@dataclass(frozen=True, slots=True)
class Table:
    """A table: columns, those that name a row, and the rows."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two that are compared.

    ``individual_of`` gives the animal of a record, given the records that both sides hold: labels of a release
    are kept, numbers of a library are not.
    """

    head: CollectionSide
    records: dict[Key, RecordSide]
    animals: dict[Key, object]
    keeps_labels: bool
    tables: dict[str, Table]


def is_library(folder: Path) -> bool:
    """Whether a folder is that of a library."""
    return (folder / HEAD_NAME).is_file()


def _table(data: bytes, columns: tuple[str, ...], key: tuple[str, ...]) -> Table:
    lines = data.decode("utf-8").split("\n")[1:-1]
    return Table(columns, key, tuple(tuple(line.split("\t")) for line in lines))


def _text_digest(parts: Iterable[str | None]) -> Sha256:
    return sha256_bytes("\t".join(part or "" for part in parts).encode("utf-8"))


def release_side(folder: Path, release: ReferenceRelease) -> Side:
    """A release for comparison; it was loaded from the folder."""
    files: Mapping[str, bytes] = read_verified(folder).files
    tables = {
        name: _table(files[name], COLUMNS[name], _RELEASE_KEYS[name])
        for name in sorted(_RELEASE_KEYS)
        if name != "barcodes.tsv" and name in files
    }
    first: dict[tuple[Locus, str], Line] = {}
    for r in sorted(release.barcodes, key=lambda r: r.accession):
        first.setdefault((r.locus, r.sha256), r.accession)
    return Side(
        head=CollectionSide(
            kind=Line("release"),
            collection_id=release.release_id,
            date=release.date,
            manifest_sha256=release.manifest_sha256,
        ),
        records={(r.locus, r.accession): _of_release(r, first[r.locus, r.sha256]) for r in release.barcodes},
        animals={(r.locus, r.accession): r.individual for r in release.barcodes},
        keeps_labels=True,
        tables=tables,
    )


def _of_release(r: BarcodeReference, haplotype_of: Line) -> RecordSide:
    return RecordSide(
        species=r.organism_as_deposited,
        genus=r.genus,
        family=r.family,
        order=r.order,
        revised_names=r.organism_revised,
        state=r.state,
        individual=(r.individual,),
        letters_sha256=r.sha256,
        haplotype_sha256=r.sha256,
        haplotype_of=haplotype_of,
        provenance_sha256=_text_digest((r.sits_with, r.note)),
    )


def library_side(folder: Path, built: BuiltLibrary) -> Side:
    """A library for comparison; it was read from the folder."""
    library = built.library
    records: dict[Key, RecordSide] = {}
    for locus in library.loci:
        rows = built.rows_of(locus)
        own = [record for record in built.records if record.locus is locus]
        letters = [decode(rows[r.row]) for r in own]
        plain = [text.replace("-", "") for text in letters]
        haplotypes = letters if locus in _CODING else plain
        first: dict[str, Line] = {}
        for record, text in sorted(zip(own, haplotypes, strict=True), key=lambda pair: pair[0].accession):
            first.setdefault(text, record.accession)
        for record, text, haplotype in zip(own, plain, haplotypes, strict=True):
            records[record.key] = _of_library(record, text, haplotype, first[haplotype])
    tables = {
        name: _table((folder / name).read_bytes(), columns, key)
        for name, (columns, key) in sorted(_LIBRARY_TABLES.items())
    }
    if library.spectra is not None:
        tables[SPECTRA_NAME] = _spectra(library.spectra)
    return Side(
        head=CollectionSide(
            kind=Line("library"),
            collection_id=library.library_id,
            date=library.date,
            manifest_sha256=library.manifest_sha256,
        ),
        records=records,
        animals={record.key: record.individual for record in built.records},
        keeps_labels=False,
        tables=tables,
    )


def _spectra(spectra: SpectrumTable) -> Table:
    """What is known of each spectrum, its state, and the digest of its peaks as published and in unit mass."""
    rows = []
    for number, row in enumerate(spectra.rows):
        cells = row.removesuffix("\n").split("\t")
        # Rows of a library that was built before provenance was kept are shorter; nothing is stated there.
        cells += [""] * (len(SPECTRUM_COLUMNS) - len(cells))
        rows.append((*cells, spectra.state_of(number).value, peaks_digest(spectra, number)))
    return Table((*SPECTRUM_COLUMNS, "state", "peaks_sha256"), ("accession",), tuple(rows))


def _of_library(record: LibraryRecord, letters: str, haplotype: str, haplotype_of: Line) -> RecordSide:
    source = [getattr(record.source, field.name) for field in fields(RecordSource)]
    return RecordSide(
        species=record.species,
        genus=record.genus,
        family=record.family,
        order=record.order,
        revised_names=record.revised_names,
        state=record.state,
        individual=(),
        letters_sha256=sha256_bytes(letters.encode("ascii")),
        haplotype_sha256=sha256_bytes(haplotype.encode("ascii")),
        haplotype_of=haplotype_of,
        provenance_sha256=_text_digest((record.input_path, record.individual_stated, *source)),
    )


def animals_among(side: Side, common: frozenset[Key]) -> Callable[[Key], tuple[Line, ...]]:
    """For a record its animal: the label, or the accessions among the common records that are of the animal."""
    if side.keeps_labels:
        return lambda key: side.records[key].individual
    members: dict[object, set[Line]] = defaultdict(set)
    for key in common:
        members[side.animals[key]].add(key[1])
    sorted_members = {animal: tuple(sorted(names)) for animal, names in members.items()}
    return lambda key: sorted_members.get(side.animals[key], (key[1],))
