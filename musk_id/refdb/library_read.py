"""The tables of a built library, read back: names and sources of its records, and what was set aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from musk_id.errors import InputFormatError, ReferenceDataError
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.nucleotides import Masks
from musk_id.library_vocabulary import SetAside
from musk_id.model.library import CurationEntry, Library, LibraryInput, RecordSource, SetAsideRecord
from musk_id.model.values import RULES, Line, RelativePath, Sha256, Text
from musk_id.records.files import read_limited
from musk_id.refdb.library_sources import parse_curation
from musk_id.refdb.library_store import HEAD_NAME, TAXA_NAME, array_names, load_library
from musk_id.refdb.library_tables import ASIDE_COLUMNS, INPUT_COLUMNS, RECORD_COLUMNS
from musk_id.refdb.manifest import MANIFEST_NAME, MAX_FILE_BYTES
from musk_id.refdb.spectra_read import require_sound_spectra
from musk_id.refdb.spectra_store import SPECTRA_NAMES
from musk_id.refdb.tables import Row, parse_rows, parse_table
from musk_id.vocabulary import CurationState, Locus, Strand

__all__ = ["LIBRARY_FILES", "BuiltLibrary", "LibraryRecord", "read_library"]

LIBRARY_FILES = frozenset(
    {MANIFEST_NAME, HEAD_NAME, TAXA_NAME, "records.tsv", "inputs.tsv", "curation.tsv", "set_aside.tsv"}
    | {name for locus in Locus for name in array_names(locus)}
    | SPECTRA_NAMES
)
"""Every name that a file of a library may have."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRecord:
    """A row of ``records.tsv``; ``source.licence`` is the licence that holds for the record.

    ``row`` is its place among the records of its marker, as in the arrays.
    """

    locus: Locus
    row: int
    accession: Line
    species: Line
    revised_names: tuple[Line, ...]
    family: Line
    order: Line
    state: CurationState
    individual: int
    individual_stated: Line | None
    strand: Strand
    indels: int
    input_path: RelativePath
    source: RecordSource

    @property
    def key(self) -> tuple[Locus, Line]:
        """Marker and accession: what names the record in its library."""
        return self.locus, self.accession

    @property
    def stem(self) -> str:
        """Accession without its version."""
        return self.accession.split(".")[0]

    @property
    def genus(self) -> Line:
        """First word of the species name."""
        return Line(self.species.split(" ")[0])


@dataclass(frozen=True, slots=True, eq=False)
class BuiltLibrary:
    """A library with its tables; ``head`` is the content of ``library.json``."""

    library: Library
    head: dict[str, Any]
    records: tuple[LibraryRecord, ...]
    inputs: tuple[LibraryInput, ...]
    curation: tuple[CurationEntry, ...]
    aside: tuple[SetAsideRecord, ...]

    def rows_of(self, locus: Locus) -> Masks:
        """Letters of all records of a marker, one row a record, in the columns of its frame."""
        table = self.library.loci[locus]
        rows: Masks = unpack_nibbles(np.asarray(table.packed), table.width)[np.asarray(table.haplotype)]
        return rows


def read_library(folder: Path) -> BuiltLibrary:
    """Load a library and all of its tables; tables and arrays must tell of the same records.

    Raises
    ------
    ReferenceDataError
        If a file differs from the manifest, cannot be read, or contradicts another.
    """
    library = load_library(folder)
    counts: dict[Locus, int] = {}

    def record(row: Row) -> LibraryRecord:
        locus = row.word("locus", Locus)
        place = counts[locus] = counts.get(locus, -1) + 1
        return _record(row, locus, place)

    built = BuiltLibrary(
        library=library,
        head=json.loads(_bytes(folder, HEAD_NAME)),
        records=_parsed(folder, "records.tsv", RECORD_COLUMNS, record),
        inputs=_parsed(folder, "inputs.tsv", INPUT_COLUMNS, _input),
        curation=parse_curation(_bytes(folder, "curation.tsv"), "curation.tsv"),
        aside=_parsed(folder, "set_aside.tsv", ASIDE_COLUMNS, _aside),
    )
    try:
        _require_same_records(built, folder.name)
        if library.spectra is not None:
            require_sound_spectra(library.spectra, built.inputs, built.curation, folder.name)
        if not RULES[Sha256].accepts(built.head["anchors_manifest_sha256"]):
            raise ValueError("the digest of the anchors is none")
    except (ValueError, LookupError, TypeError) as error:
        raise ReferenceDataError(f"the files contradict each other: {error}", where=folder.name) from error
    return built


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return read_limited(folder / name, MAX_FILE_BYTES)
    except InputFormatError as error:
        raise ReferenceDataError(error.message, where=f"{folder.name}/{name}") from error


def _parsed(folder: Path, name: str, columns: tuple[str, ...], parse: Callable[[Row], _T]) -> tuple[_T, ...]:
    try:
        return parse_rows(parse_table(_bytes(folder, name), name, columns), parse)
    except ReferenceDataError as error:
        raise ReferenceDataError(
            error.message,
            where=f"{folder.name}: {error.where}",
            problems=error.problems,
            hint="a library that another version of the software built is built again from its sources",
        ) from error


def _record(row: Row, locus: Locus, place: int) -> LibraryRecord:
    return LibraryRecord(
        locus=locus,
        row=place,
        accession=row.text("accession", Line),
        species=row.text("species", Line),
        revised_names=row.several("revised_names", Line),
        family=row.text("family", Line),
        order=row.text("order", Line),
        state=row.word("state", CurationState),
        individual=row.integer("individual"),
        individual_stated=row.optional("individual_stated", Line),
        strand=row.word("strand", Strand),
        indels=row.integer("indels"),
        input_path=row.text("input", RelativePath),
        source=RecordSource(**{field.name: row.optional(field.name, Line) for field in fields(RecordSource)}),
    )


def _input(row: Row) -> LibraryInput:
    return LibraryInput(
        path=row.text("input", RelativePath),
        sha256=row.text("sha256", Sha256),
        licence=row.text("licence", Line),
        # Whatever is not a plain yes does not travel.
        redistribute=row.text("redistribute", Line) == "yes",
        source=row.text("source", Text),
        collapsed=row.text("collapsed", Line) == "yes",
        records_in=row.integer("records_in"),
        records_kept=row.integer("records_kept"),
        records_set_aside=row.integer("records_set_aside"),
        windows_kept=row.integer("windows_kept"),
        windows_set_aside=row.integer("windows_set_aside"),
    )


def _aside(row: Row) -> SetAsideRecord:
    return SetAsideRecord(
        input_path=row.text("input", RelativePath),
        accession=row.text("accession", Line),
        locus=None if row.is_empty("locus") else row.word("locus", Locus),
        reason=row.word("reason", SetAside),
        measured=row.text("measured", Line),
        allowed=row.text("allowed", Line),
    )


def _require_same_records(built: BuiltLibrary, where: str) -> None:
    """Names, states and individuals of ``records.tsv`` are those of the arrays, which comparisons use."""
    library, states = built.library, tuple(CurationState)
    inputs = {entry.path for entry in built.inputs}
    for locus, table in library.loci.items():
        records = [record for record in built.records if record.locus is locus]
        said = [(r.accession, r.species, r.state, r.individual, r.revised_names) for r in records]
        held = [
            (
                accession,
                library.taxa[int(table.taxon[n])].species,
                states[int(table.state[n])],
                int(table.individual[n]),
                tuple(library.taxa[name].species for name in table.revised.get(n, ())),
            )
            for n, accession in enumerate(table.accessions)
        ]
        if said != held:
            differing = next((s[0] for s, h in zip(said, held, strict=False) if s != h), "their number")
            raise ReferenceDataError(
                f"records.tsv and the arrays of {locus} tell of other records: {differing}", where=where
            )
    strangers = sorted({r.input_path for r in built.records} - inputs)
    if strangers or {r.locus for r in built.records} - set(library.loci):
        raise ReferenceDataError(
            f"records.tsv names what other files lack: {', '.join(strangers) or 'a marker'}", where=where
        )
