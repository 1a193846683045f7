"""The files of a library: tables for people and arrays for comparison, from the windows that are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from musk_id.errors import ReferenceDataError
from musk_id.kernels.frames import pack_nibbles, star_frame
from musk_id.kernels.nucleotides import Masks, is_ambiguous
from musk_id.model.library import (
    CurationEntry,
    LibraryInput,
    LibraryTaxon,
    LocusTable,
    RecordSource,
    SetAsideRecord,
    TextColumn,
)
from musk_id.model.reference import ReferenceRelease
from musk_id.model.spectral_table import SpectrumTable
from musk_id.model.values import Line
from musk_id.refdb.found_windows import Window
from musk_id.refdb.library_sources import CURATION_COLUMNS, LibrarySources, NamedRecord, SequenceInput
from musk_id.refdb.library_store import HEAD_NAME, TAXA_COLUMNS, TAXA_NAME, array_files, library_manifest
from musk_id.refdb.manifest import MANIFEST_NAME
from musk_id.refdb.spectra_store import spectra_files, spectra_head
from musk_id.refdb.tables import LIST_SEPARATOR, table_bytes
from musk_id.vocabulary import CurationState, Locus, Strand

__all__ = ["ASIDE_COLUMNS", "INPUTS_NAME", "INPUT_COLUMNS", "RECORD_COLUMNS", "KeptWindow", "library_files"]

INPUTS_NAME = "inputs.tsv"

_PROVENANCE = tuple(field.name for field in fields(RecordSource))
RECORD_COLUMNS = (
    "locus", "accession", "species", "revised_names", "family", "order", "state", "individual",
    "individual_stated", "haplotype", "strand", "length_bp", "ambiguous_letters", "indels", "collapsed",
    "input", "licence", *(c for c in _PROVENANCE if c != "licence"),
)  # fmt: skip
ASIDE_COLUMNS = ("input", "accession", "locus", "reason", "measured", "allowed")
INPUT_COLUMNS = (
    "input", "sha256", "licence", "redistribute", "source", "collapsed", "records_in", "records_kept",
    "records_set_aside", "windows_kept", "windows_set_aside",
)  # fmt: skip
_CODING = frozenset({Locus.COI, Locus.CYTB})


@dataclass(frozen=True, slots=True)
class KeptWindow:
    """A window that takes part in comparisons, with the name and the input of its record."""

    accession: Line
    window: Window
    name: NamedRecord
    entry: SequenceInput


@dataclass(frozen=True, slots=True)
class _Curated:
    """A kept window after curation: state, revised names, number of its individual."""

    kept: KeptWindow
    state: CurationState
    revised: tuple[Line, ...]
    individual: int


def library_files(
    plan: LibrarySources,
    anchors: ReferenceRelease,
    curation: tuple[CurationEntry, ...],
    kept: Sequence[KeptWindow],
    aside: Iterable[SetAsideRecord],
    inputs: Iterable[LibraryInput],
    spectra: tuple[SpectrumTable, bytes] | None = None,
) -> dict[str, bytes]:
    """Bytes of every file of the library, its manifest included; spectra as their table and its ``spectra.tsv``.

    Raises
    ------
    ReferenceDataError
        If curation names an accession that is not kept, or a revised name without higher taxa.
    """
    _check_curation(kept, spectra, curation)
    curated = _curate(sorted(kept, key=lambda k: (k.window.locus, k.accession)), curation)
    taxa = _taxa(curated)
    number = {taxon.species: place for place, taxon in enumerate(taxa)}
    tables = [
        _table(locus, [c for c in curated if c.kept.window.locus is locus], anchors, number)
        for locus in Locus
        if any(c.kept.window.locus is locus for c in curated)
    ]
    files: dict[str, bytes] = {}
    for table in tables:
        files |= array_files(table)
    head: dict[str, int] | None = None
    if spectra is not None:
        measured, tsv = spectra
        files |= spectra_files(measured, tsv)
        head = spectra_head(measured)
    files[HEAD_NAME] = _head(plan, anchors, tables, len({c.individual for c in curated}), head)
    files[TAXA_NAME] = table_bytes(TAXA_COLUMNS, ((t.species, t.genus, t.family, t.order) for t in taxa))
    files["records.tsv"] = table_bytes(RECORD_COLUMNS, _record_rows(curated, tables))
    files["set_aside.tsv"] = table_bytes(ASIDE_COLUMNS, sorted(map(_aside_row, aside)))
    files[INPUTS_NAME] = table_bytes(INPUT_COLUMNS, map(_input_row, inputs))
    files["curation.tsv"] = table_bytes(CURATION_COLUMNS, map(_curation_row, curation))
    files[MANIFEST_NAME] = library_manifest(files)
    return files


def _check_curation(
    kept: Sequence[KeptWindow],
    spectra: tuple[SpectrumTable, bytes] | None,
    curation: tuple[CurationEntry, ...],
) -> None:
    known: set[tuple[str, Locus | None]] = {(k.accession, k.window.locus) for k in kept}
    known |= {(k.accession, None) for k in kept}
    if spectra is not None:
        known |= {(entry.accession, None) for entry in spectra[0].entries()}
    for entry in curation:
        if (entry.accession, entry.locus) not in known:
            raise ReferenceDataError(
                f"curation.tsv names {entry.accession} {entry.locus or ''}, which is not kept",
                hint="see set_aside.tsv of a build without that entry",
            )


def _curate(kept: list[KeptWindow], curation: tuple[CurationEntry, ...]) -> list[_Curated]:
    individuals = _individuals(kept)
    curated = []
    for k in kept:
        state = CurationState.REFERENCE
        revised: tuple[Line, ...] = ()
        for entry in curation:  # in the order of their dates: the last one holds
            if entry.accession == k.accession and entry.locus in (None, k.window.locus):
                state, revised = entry.state, entry.revised_names
        curated.append(_Curated(k, state, revised, individuals[k.accession]))
    return curated


def _individuals(kept: list[KeptWindow]) -> dict[str, int]:
    """Number of the individual of each accession: an accession, its version and its source are one animal."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for k in kept:
        own = k.accession.split(".")[0]
        if k.name.individual is not None:
            first, second = sorted((root(own), root(k.name.individual)))
            parent[second] = first
    roots = {k.accession: root(k.accession.split(".")[0]) for k in kept}
    numbers = {name: place for place, name in enumerate(sorted(set(roots.values())))}
    return {accession: numbers[name] for accession, name in roots.items()}


def _taxa(curated: list[_Curated]) -> list[LibraryTaxon]:
    found: dict[str, LibraryTaxon] = {}
    genera: dict[str, LibraryTaxon] = {}
    for c in curated:
        name = c.kept.name
        taxon = LibraryTaxon(species=name.species, genus=name.genus, family=name.family, order=name.order)
        genera.setdefault(name.genus, found.setdefault(name.species, taxon))
    for species in sorted({name for c in curated for name in c.revised} - found.keys()):
        like = genera.get(species.split(" ")[0])
        if like is None:
            raise ReferenceDataError(f"revised name {species}: no record of its genus tells family and order")
        found[species] = LibraryTaxon(species=species, genus=like.genus, family=like.family, order=like.order)
    return [found[species] for species in sorted(found)]


def _table(
    locus: Locus, curated: list[_Curated], anchors: ReferenceRelease, number: Mapping[Line, int]
) -> LocusTable:
    keys = [_key(c.kept.window) for c in curated]
    distinct = sorted(set(keys))
    place = {key: row for row, key in enumerate(distinct)}
    frame = _frame(locus, distinct, anchors)
    states = tuple(CurationState)
    return LocusTable(
        locus=locus,
        width=int(frame.shape[1]),
        packed=pack_nibbles(frame),
        haplotype=np.array([place[key] for key in keys], dtype=np.uint32),
        taxon=np.array([number[c.kept.name.species] for c in curated], dtype=np.uint32),
        state=np.array([states.index(c.state) for c in curated], dtype=np.uint8),
        individual=np.array([c.individual for c in curated], dtype=np.uint32),
        strand=np.array([c.kept.window.strand for c in curated], dtype=np.int8),
        collapsed=np.array([c.kept.entry.collapsed for c in curated], dtype=np.uint8),
        accessions=TextColumn.of([c.kept.accession for c in curated]),
        revised={row: tuple(number[n] for n in c.revised) for row, c in enumerate(curated) if c.revised},
    )


def _key(window: Window) -> bytes:
    """What makes a haplotype: the letters in their columns, or the letters of a short marker."""
    return window.masks.tobytes() if window.locus in _CODING else window.letters.encode("ascii")


def _frame(locus: Locus, distinct: list[bytes], anchors: ReferenceRelease) -> Masks:
    """Haplotypes in the frame of the marker: the coding window, or the columns of the first anchor.

    A marker that the release lacks has the columns of its longest haplotype, the first of equal ones.
    """
    if locus in _CODING:
        return np.stack([np.frombuffer(key, dtype=np.uint8) for key in distinct])
    letters = [key.decode("ascii") for key in distinct]
    anchor = min((r for r in anchors.barcodes if r.locus is locus), key=lambda r: r.accession, default=None)
    return star_frame(letters, max(letters, key=len) if anchor is None else anchor.sequence)


def _head(
    plan: LibrarySources,
    anchors: ReferenceRelease,
    tables: list[LocusTable],
    individuals: int,
    spectra: dict[str, int] | None,
) -> bytes:
    tree = {
        "library_id": plan.library_id,
        "date": plan.date,
        "title": plan.title,
        "anchors_release": anchors.release_id,
        "anchors_manifest_sha256": anchors.manifest_sha256,
        "individuals": individuals,
        "loci": [
            {"locus": t.locus.value, "width": t.width, "records": t.records, "haplotypes": t.haplotypes}
            for t in tables
        ],
        "spectra": spectra,
    }
    return (json.dumps(tree, ensure_ascii=True, sort_keys=True, indent=1) + "\n").encode("ascii")


def _record_rows(curated: list[_Curated], tables: list[LocusTable]) -> Iterable[tuple[str, ...]]:
    haplotypes = {table.locus: iter(table.haplotype.tolist()) for table in tables}
    for c in curated:
        k = c.kept
        letters = k.window.masks[k.window.masks > 0]
        source = k.name.source
        provenance = [_cell(getattr(source, column)) for column in _PROVENANCE if column != "licence"]
        yield (
            k.window.locus.value,
            k.accession,
            k.name.species,
            LIST_SEPARATOR.join(c.revised),
            k.name.family,
            k.name.order,
            c.state.value,
            str(c.individual),
            _cell(k.name.individual),
            str(next(haplotypes[k.window.locus])),
            (Strand.FORWARD if k.window.strand > 0 else Strand.REVERSE).value,
            str(letters.size),
            str(int(is_ambiguous(letters).sum())),
            str(k.window.indels),
            _yes(k.entry.collapsed),
            k.entry.path,
            _cell(source.licence or k.entry.licence),
            *provenance,
        )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cell(text: str | None) -> str:
    return " ".join((text or "").split())


def _aside_row(record: SetAsideRecord) -> tuple[str, ...]:
    locus = "" if record.locus is None else record.locus.value
    return record.input_path, record.accession, locus, record.reason.value, record.measured, record.allowed


def _input_row(entry: LibraryInput) -> tuple[str, ...]:
    counts = (
        entry.records_in,
        entry.records_kept,
        entry.records_set_aside,
        entry.windows_kept,
        entry.windows_set_aside,
    )
    shared, collapsed = _yes(entry.redistribute), _yes(entry.collapsed)
    return entry.path, entry.sha256, entry.licence, shared, _cell(entry.source), collapsed, *map(str, counts)


def _curation_row(entry: CurationEntry) -> tuple[str, ...]:
    return (
        entry.accession,
        "" if entry.locus is None else entry.locus.value,
        entry.state.value,
        LIST_SEPARATOR.join(entry.revised_names),
        entry.person,
        entry.date,
        _cell(entry.reason),
    )
