"""Building a library from files: every record is kept or set aside with its reason, nothing is lost."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from musk_id.errors import ReferenceDataError
from musk_id.library_vocabulary import SetAside
from musk_id.model.library import CurationEntry, LibraryInput, SetAsideRecord
from musk_id.model.methods import BarcodeMethod
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import Line, Sha256
from musk_id.records.files import resolve_inside, sha256_file
from musk_id.refdb.found_windows import Found, RawRecord, Refusal, Window
from musk_id.refdb.library_inputs import InputRecord, read_input_records
from musk_id.refdb.library_sources import (
    LIBRARY_FILE,
    LibrarySources,
    SequenceInput,
    parse_library_file,
    read_curation,
    read_source_file,
)
from musk_id.refdb.library_spectra import gather_spectra, spectrum_table
from musk_id.refdb.library_store import load_library
from musk_id.refdb.library_tables import KeptWindow, library_files
from musk_id.refdb.library_windows import WindowFinder
from musk_id.vocabulary import Locus

__all__ = ["CURATION_FILE", "build_library"]

CURATION_FILE = "curation.tsv"


@dataclass(frozen=True, slots=True)
class _Handed:
    """A record of an input by its place in the whole."""

    entry: SequenceInput
    record: InputRecord


def build_library(
    sources: Path, inputs: Path, out: Path, anchors: ReferenceRelease, method: BarcodeMethod
) -> Path:
    """Build the library that ``library.toml`` describes.

    Parameters
    ----------
    sources : Path
        Folder with ``library.toml`` and, if there is one, ``curation.tsv``.
    inputs : Path
        Folder below which the paths of ``library.toml`` lie.
    out : Path
        Folder of libraries; the new one is a folder of its own id in it.
    anchors : ReferenceRelease
        Release whose records give the frames of the markers.
    method : BarcodeMethod
        Lengths and primers of the markers.

    Returns
    -------
    Path
        The library's folder.

    Raises
    ------
    ReferenceDataError
        If the sources contradict what is kept, or a library of that id stands there with other content.
    InputFormatError
        If ``library.toml``, ``curation.tsv`` or an input file cannot be read or used.
    """
    plan = parse_library_file(read_source_file(sources, LIBRARY_FILE))
    curation: tuple[CurationEntry, ...] = ()
    if (sources / CURATION_FILE).exists():
        curation = read_curation(sources, CURATION_FILE)
    handed, digests = _read(plan, inputs)
    kept, aside = _sort(handed, WindowFinder(anchors.barcodes, method)) if handed else ([], [])
    spectra = gather_spectra(plan.spectra, inputs)
    listed = [*_inputs(plan, digests, handed, kept, aside), *spectra.inputs]
    measured = spectrum_table(spectra.kept, curation) if spectra.kept else None
    files = library_files(plan, anchors, curation, kept, [*aside, *spectra.aside], listed, measured)
    return _write(files, out, plan.library_id)


def _read(plan: LibrarySources, inputs: Path) -> tuple[list[_Handed], dict[str, Sha256]]:
    handed: list[_Handed] = []
    digests: dict[str, Sha256] = {}
    for entry in plan.sequences:
        path = resolve_inside(inputs, entry.path)
        taxonomy = None if entry.taxonomy is None else resolve_inside(inputs, entry.taxonomy)
        handed += [_Handed(entry, record) for record in read_input_records(entry, path, taxonomy)]
        digests[entry.path] = sha256_file(path)
    return handed, digests


def _sort(handed: list[_Handed], finder: WindowFinder) -> tuple[list[KeptWindow], list[SetAsideRecord]]:
    """Windows that are kept and what is set aside, in the order of the inputs."""
    aside: list[SetAsideRecord] = []
    usable: list[RawRecord] = []
    for number, item in enumerate(handed):
        refusal = _unusable(item.record)
        if refusal is not None:
            aside.append(_aside(item, refusal))
        else:
            usable.append(RawRecord(number, item.record.letters, item.entry.loci))
    kept: list[KeptWindow] = []
    held: dict[tuple[str, Locus], str] = {}
    found = finder.find(usable)
    for number in sorted(found):
        for part in _repeats_told(found[number], handed[number].record.accession, held):
            if isinstance(part, Refusal):
                aside.append(_aside(handed[number], part))
            else:
                kept.append(_kept(handed[number], part))
    return kept, aside


def _unusable(record: InputRecord) -> Refusal | None:
    if not record.is_dna:
        return Refusal(None, SetAside.NO_DNA, Line("RNA"), Line("DNA"))
    if record.name is None:
        return Refusal(None, SetAside.NAME_MISSING, Line("no name"), Line("a row of the taxonomy table"))
    if not record.name.is_species:
        return Refusal(None, SetAside.NAME_NO_SPECIES, record.name.species, Line("the name of one species"))
    return None


def _repeats_told(found: Iterable[Found], accession: str, held: dict[tuple[str, Locus], str]) -> list[Found]:
    """Windows of an accession that another input gave before become refusals."""
    parts: list[Found] = []
    for part in found:
        if isinstance(part, Window):
            letters = part.letters
            before = held.setdefault((accession, part.locus), letters)
            if before is not letters:
                same = before == letters
                reason = SetAside.DUPLICATE_ACCESSION if same else SetAside.ACCESSION_CONFLICT
                measured = Line("the same letters" if same else "other letters than in an earlier input")
                parts.append(Refusal(part.locus, reason, measured, Line("one record of an accession and marker")))
                continue
        parts.append(part)
    return parts


def _aside(item: _Handed, refusal: Refusal) -> SetAsideRecord:
    return SetAsideRecord(
        input_path=item.entry.path,
        accession=item.record.accession,
        locus=refusal.locus,
        reason=refusal.reason,
        measured=refusal.measured,
        allowed=refusal.allowed,
    )


def _kept(item: _Handed, window: Window) -> KeptWindow:
    if item.record.name is None:
        raise ReferenceDataError("a record without a name was placed", where=item.record.accession)
    return KeptWindow(accession=item.record.accession, window=window, name=item.record.name, entry=item.entry)


def _inputs(
    plan: LibrarySources,
    digests: dict[str, Sha256],
    handed: list[_Handed],
    kept: list[KeptWindow],
    aside: list[SetAsideRecord],
) -> list[LibraryInput]:
    """What became of the records of each input; a record with one kept window is a kept record."""
    listed = []
    for entry in plan.sequences:
        records = {item.record.accession for item in handed if item.entry is entry}
        windows = [window for window in kept if window.entry is entry]
        refused = [record for record in aside if record.input_path == entry.path]
        with_window = {window.accession for window in windows}
        listed.append(
            LibraryInput(
                path=entry.path,
                sha256=digests[entry.path],
                licence=entry.licence,
                redistribute=entry.redistribute,
                source=entry.source,
                collapsed=entry.collapsed,
                records_in=len(records),
                records_kept=len(with_window),
                records_set_aside=len({record.accession for record in refused} - with_window),
                windows_kept=len(windows),
                windows_set_aside=len(refused),
            )
        )
    return listed


def _write(files: dict[str, bytes], out: Path, library_id: str) -> Path:
    """Write a library as a whole; one with the same bytes is left as it is."""
    target = out / library_id
    if target.exists():
        present = {path.name for path in target.iterdir()} if target.is_dir() else set()
        if present != set(files) or any((target / n).read_bytes() != data for n, data in files.items()):
            raise ReferenceDataError(
                f"a library {library_id} with other content stands there already",
                where=str(out),
                hint="give the sources a new library_id; a library is never changed",
            )
        return target
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".building-") as temporary:
        folder = Path(temporary) / library_id
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        load_library(folder)
        shutil.move(folder, target)
    return target
