"""Part of a library as a library of its own: the bytes that a build from these records alone would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path

import numpy as np

from musk_id.errors import ReferenceDataError
from musk_id.kernels.nucleotides import Masks
from musk_id.model.library import CurationEntry, LibraryInput, SetAsideRecord
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import Identifier, IsoDate, Line
from musk_id.refdb.found_windows import Window
from musk_id.refdb.library_read import BuiltLibrary, LibraryRecord
from musk_id.refdb.library_sources import LibrarySources, NamedRecord, SequenceInput
from musk_id.refdb.library_store import verify_library
from musk_id.refdb.library_tables import KeptWindow, library_files
from musk_id.refdb.spectra_store import spectra_part
from musk_id.vocabulary import Locus, Strand

__all__ = ["Key", "own_files", "subset_library"]

Key = tuple[Locus, Line]

_CODING = frozenset({Locus.COI, Locus.CYTB})


def own_files(folder: Path) -> dict[str, bytes]:
    """Bytes of every file of a library that is what its manifest says."""
    verify_library(folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def subset_library(
    built: BuiltLibrary,
    anchors: ReferenceRelease,
    keep: Set[Key],
    library_id: Identifier,
    spectra: Sequence[int] = (),
) -> dict[str, bytes]:
    """Files of a library that holds some records of another.

    Parameters
    ----------
    built : BuiltLibrary
        The whole.
    anchors : ReferenceRelease
        The release that the whole was built with: it gives the frames of the short markers.
    keep : set of (Locus, accession)
        Sequences of the part.
    library_id : Identifier
        Id of the part.
    spectra : sequence of int
        Places of the spectra of the part, ascending; there must be a sequence or a spectrum.

    Notes
    -----
    ``inputs.tsv`` keeps the digests of the whole input files, from which the records were read; its counts are
    those of the part. Records of one animal stay records of one animal even where the record that linked them
    is left out: the link is then written into ``individual_stated``. Spectra that were set aside are not listed.

    Raises
    ------
    ReferenceDataError
        If nothing is kept, or the release is not the one that the whole was built with.
    """
    if anchors.manifest_sha256 != built.head["anchors_manifest_sha256"]:
        raise ReferenceDataError(
            f"release {anchors.release_id} is not the one that the library was built with",
            where=built.library.library_id,
            hint="the frames of the short markers come from that release; make it available",
        )
    records = [record for record in built.records if record.key in keep]
    measured = spectra_part(built.library.spectra, spectra) if built.library.spectra and spectra else None
    if not records and measured is None:
        raise ReferenceDataError("no record is left", where=built.library.library_id)
    stated = _stated(records)
    entries = {entry.path: _entry(entry) for entry in built.inputs}
    rows = {locus: built.rows_of(locus) for locus in {record.locus for record in records}}
    kept = [
        KeptWindow(
            accession=record.accession,
            window=_window(record, rows[record.locus]),
            name=_name(record, stated.get(record.individual)),
            entry=entries[record.input_path],
        )
        for record in records
    ]
    aside = _aside(built, records)
    entries_of_spectra = [] if measured is None else list(measured[0].entries())
    of_input = Counter(entry.input for entry in entries_of_spectra)
    inputs = [_counted(entry, records, aside, of_input[entry.path]) for entry in built.inputs]
    plan = LibrarySources(
        library_id=library_id,
        date=IsoDate(built.library.date),
        title=built.library.title,
        anchors_release=built.library.anchors_release,
        sequences=tuple(entries[entry.path] for entry in inputs if entry.windows_kept),
    )
    names = {entry.accession for entry in entries_of_spectra}
    curation = tuple(e for e in built.curation if _concerns(e, keep) or (e.locus is None and e.accession in names))
    travelling = [entry for entry in inputs if entry.records_kept]
    return library_files(plan, anchors, curation, kept, aside, travelling, measured)


def _entry(entry: LibraryInput) -> SequenceInput:
    return SequenceInput(
        path=entry.path,
        taxonomy=None,
        loci=tuple(Locus),
        source=entry.source,
        licence=entry.licence,
        redistribute=entry.redistribute,
        collapsed=entry.collapsed,
    )


def _window(record: LibraryRecord, rows: Masks) -> Window:
    masks = rows[record.row]
    # The columns of a short marker depend on the other records; its letters do not.
    own = masks if record.locus in _CODING else masks[masks > 0]
    strand = 1 if record.strand is Strand.FORWARD else -1
    return Window(record.locus, np.ascontiguousarray(own), strand, record.indels)


def _name(record: LibraryRecord, link: Line | None) -> NamedRecord:
    return NamedRecord(
        species=record.species,
        family=record.family,
        order=record.order,
        individual=link or record.individual_stated,
        source=replace(record.source),
    )


def _stated(records: list[LibraryRecord]) -> dict[int, Line]:
    """For animals whose records the part would no longer join: one name that joins them."""
    links: dict[int, Line] = {}
    for individual in {record.individual for record in records}:
        own = [record for record in records if record.individual == individual]
        groups: list[set[str]] = []
        for record in own:
            names = {record.stem, *([record.individual_stated] if record.individual_stated else [])}
            joined = [group for group in groups if group & names]
            groups = [group for group in groups if not group & names]
            groups.append(names.union(*joined))
        if len(groups) > 1:
            links[individual] = Line(min(record.stem for record in own))
    return links


def _aside(built: BuiltLibrary, records: list[LibraryRecord]) -> list[SetAsideRecord]:
    """What was set aside of the records that stay: their other markers."""
    staying = {(record.input_path, record.accession) for record in records}
    return [entry for entry in built.aside if (entry.input_path, entry.accession) in staying]


def _counted(
    entry: LibraryInput, records: list[LibraryRecord], aside: list[SetAsideRecord], spectra: int
) -> LibraryInput:
    """Counts of the part; an input holds either sequences or spectra."""
    own = [record for record in records if record.input_path == entry.path]
    kept = {record.accession for record in own}
    return replace(
        entry,
        records_in=len(kept) + spectra,
        records_kept=len(kept) + spectra,
        records_set_aside=0,
        windows_kept=len(own),
        windows_set_aside=sum(refused.input_path == entry.path for refused in aside),
    )


def _concerns(entry: CurationEntry, keep: Set[Key]) -> bool:
    loci = tuple(Locus) if entry.locus is None else (entry.locus,)
    return any((locus, entry.accession) in keep for locus in loci)
