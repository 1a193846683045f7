"""Freezing: a new numbered release from the tables of a release, and the records and spectra of a library."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from musk_id.errors import Problem, ReferenceDataError, UsageError, counted
from musk_id.model.reference import BarcodeReference, ReferenceRelease, SpectrumReference, TaxonSet
from musk_id.model.values import RULES, IsoDate, Line
from musk_id.refdb.build import files_of_tables, place_release
from musk_id.refdb.content import COLUMNS, SOURCE_TABLES, parse_content
from musk_id.refdb.freeze_select import LeftOutRecord, select_barcodes
from musk_id.refdb.freeze_spectra import LeftOutSpectrum, marker_rows, select_spectra, spectrum_row
from musk_id.refdb.freeze_taxa import TaxaOfRelease
from musk_id.refdb.gaps import compute_gaps
from musk_id.refdb.library_read import BuiltLibrary, read_library
from musk_id.refdb.manifest import read_verified
from musk_id.refdb.release import RELEASE_ID_PATTERN, load_release
from musk_id.refdb.tables import LIST_SEPARATOR, table_bytes
from musk_id.vocabulary import CurationState

__all__ = [
    "LEFT_OUT_COLUMNS",
    "FrozenRelease",
    "freeze_release",
    "left_out_bytes",
    "left_out_path",
]

LEFT_OUT_COLUMNS = ("locus", "accession", "species", "state", "input", "reason", "detail")
NOT_STATED = "not stated"
_DIGEST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class FrozenRelease:
    """What freezing made of the records and the spectra of a library."""

    folder: Path
    added: tuple[BarcodeReference, ...]
    left_out: tuple[LeftOutRecord, ...]
    taxa_added: int
    spectra: tuple[SpectrumReference, ...] = ()
    spectra_left_out: tuple[LeftOutSpectrum, ...] = ()

    @property
    def duplicates(self) -> int:
        """Added records that are not compared because another one of their animal is."""
        return sum(record.state is CurationState.DUPLICATE for record in self.added)


def left_out_path(folder: Path) -> Path:
    """Where the list of what was left out stands: beside the release, whose tables are a closed list."""
    return folder.with_name(f"{folder.name}.left_out.tsv")


def left_out_bytes(left_out: tuple[LeftOutRecord, ...], spectra: tuple[LeftOutSpectrum, ...] = ()) -> bytes:
    """Table of what was left out: sequences, then spectra, which have no marker and no species."""
    rows: list[tuple[str, ...]] = [
        (
            entry.record.locus.value,
            entry.record.accession,
            entry.record.species,
            entry.record.state.value,
            entry.record.input_path,
            entry.reason.value,
            entry.detail,
        )
        for entry in left_out
    ]
    rows += [
        ("", s.entry.accession, "", s.state.value, s.entry.input, s.reason.value, " ".join(s.detail.split()))
        for s in spectra
    ]
    return table_bytes(LEFT_OUT_COLUMNS, rows)


def freeze_release(
    library: Path, base: Path, release_id: str, date: str, out: Path, sets: bytes | None = None
) -> FrozenRelease:
    """Make a release.

    Parameters
    ----------
    library : Path
        Folder of a built library.
    base : Path
        Folder of the release whose tables are continued.
    release_id, date : str
        Number and date of the new release, later than those of the base.
    out : Path
        Folder of releases; the new one is a folder of its own number in it.
    sets : bytes, optional
        ``sets.tsv`` of the new release: the sets of the base, and the new records that belong to them.

    Raises
    ------
    UsageError
        If number or date do not follow those of the base and the library, or the library holds spectra alone and
        none of them may enter.
    ReferenceDataError
        If a table takes from a set, or contradicts another.
    IntegrityError
        If another release of that number stands there.
    """
    before = load_release(base)
    built = read_library(library)
    _require_later(before, built, release_id, date)
    spectra, spectra_left = select_spectra(built, before)
    _require_something(built, spectra, spectra_left)
    tables = _base_tables(base)
    if sets is not None:
        tables["sets.tsv"] = sets
    groups = parse_content({"sets.tsv": tables["sets.tsv"]}).sets
    _require_nothing_taken(before.sets, groups)
    added, left_out = select_barcodes(built, before, groups)
    _require_members(groups, before, added, left_out)
    new_taxa = TaxaOfRelease(before, built.records).added_by(added)
    tables["barcodes.tsv"] += _rows("barcodes.tsv", (_barcode_row(record) for record in added))
    tables["taxa.tsv"] += _rows("taxa.tsv", ((t.species, t.genus, t.family, t.order, *[""] * 9) for t in new_taxa))
    tables["spectra.tsv"] += _rows("spectra.tsv", map(spectrum_row, spectra))
    tables["markers.tsv"] = _with_spectra(tables["markers.tsv"], before, spectra)
    tables["sources.tsv"] += _rows("sources.tsv", _source_rows(built, added, spectra))
    known = {taxon.species for taxon in new_taxa}
    tables["absent.tsv"] = table_bytes(
        COLUMNS["absent.tsv"],
        (gap for gap in _rows_of(tables["absent.tsv"]) if gap[0] not in known),
    )
    folder = place_release(release_id, files_of_tables(tables, release_id, date), out)
    return FrozenRelease(folder, added, left_out, len(new_taxa), spectra, spectra_left)


def _require_later(before: ReferenceRelease, built: BuiltLibrary, release_id: str, date: str) -> None:
    if RELEASE_ID_PATTERN.fullmatch(release_id) is None:
        raise UsageError(f"'{release_id[:40]}' is no number of a release", hint="write it as 2026.2")
    if not RULES[IsoDate].accepts(date):
        raise UsageError(f"'{date[:40]}' is not {RULES[IsoDate].described}")
    if _number(release_id) <= _number(before.release_id):
        raise UsageError(
            f"release {release_id} does not follow {before.release_id}",
            hint="give it a later number than its base",
        )
    latest = max(before.date, built.library.date)
    if date < latest:
        raise UsageError(f"a release of {date} would rest on what is of {latest}", hint="give a later date")


def _require_something(
    built: BuiltLibrary, spectra: tuple[SpectrumReference, ...], left: tuple[LeftOutSpectrum, ...]
) -> None:
    """A library of spectra alone that adds none would give its base under another number."""
    if built.records or spectra:
        return
    if not left:
        raise UsageError(
            "the library holds neither sequences nor spectra: no release was made",
            where=built.library.library_id,
            hint="see its set_aside.tsv for what became of its inputs",
        )
    told = Counter(entry.reason for entry in left)
    raise UsageError(
        f"no sequences, and of {counted(len(left), 'spectrum', 'spectra')} none may enter: no release was made",
        where=built.library.library_id,
        problems=tuple(
            Problem(reason, counted(count, "spectrum", "spectra")) for reason, count in sorted(told.items())
        ),
        hint="decide on flagged spectra in curation.tsv (musk-id refdb audit), and state what is missing",
    )


def _with_spectra(table: bytes, before: ReferenceRelease, spectra: tuple[SpectrumReference, ...]) -> bytes:
    """Markers with the accessions of the new spectra of their compounds; other rows as they are."""
    new = dict(marker_rows(before.markers, spectra))
    columns = COLUMNS["markers.tsv"]
    place, own = columns.index("accessions"), columns.index("marker_id")
    rows = []
    for row in _rows_of(table):
        names = new.get(Line(row[own]))
        rows.append(row if names is None else (*row[:place], LIST_SEPARATOR.join(names), *row[place + 1 :]))
    return table_bytes(columns, rows)


def _number(release_id: str) -> tuple[int, int]:
    year, number = release_id.split(".")
    return int(year), int(number)


def _base_tables(base: Path) -> dict[str, bytes]:
    """Tables as they would stand in sources: gaps that were stated, without those that are computed."""
    files: Mapping[str, bytes] = read_verified(base).files
    tables = {name: files[name] for name in SOURCE_TABLES if name != "absent.tsv"}
    content = parse_content({**tables, "gaps.tsv": files["gaps.tsv"]})
    computed = {(gap.subject, gap.where, gap.note) for gap in compute_gaps(parse_content(tables))}
    stated = [(gap.subject, gap.where, gap.note) for gap in content.gaps]
    tables["absent.tsv"] = table_bytes(COLUMNS["absent.tsv"], (gap for gap in stated if gap not in computed))
    return tables


def _require_nothing_taken(before: tuple[TaxonSet, ...], after: tuple[TaxonSet, ...]) -> None:
    """A set may grow; a name or a record that is taken from it would vanish from answers."""
    groups = {group.set_id: group for group in after}
    for group in before:
        new = groups.get(group.set_id)
        if new is None:
            raise ReferenceDataError(f"set {group.set_id} of the base is missing", where="sets.tsv")
        gone = (set(group.species) - set(new.species)) | (set(group.accessions) - set(new.accessions))
        if gone:
            raise ReferenceDataError(
                f"set {group.set_id} lacks {', '.join(sorted(gone))} of the base",
                where="sets.tsv",
                hint="a set may only grow; begin with sets.tsv of the base",
            )


def _require_members(
    groups: tuple[TaxonSet, ...],
    before: ReferenceRelease,
    added: tuple[BarcodeReference, ...],
    left_out: tuple[LeftOutRecord, ...],
) -> None:
    """A record that a set names has to be in the release; if it was left out, the reason is told."""
    held = {record.accession for record in (*before.barcodes, *added)}
    strangers = [name for group in groups for name in group.accessions if name not in held]
    if not strangers:
        return
    reasons = {entry.record.accession: f"left out: {entry.reason}, {entry.detail}" for entry in left_out}
    problems = tuple(Problem(name, reasons.get(name, "is not in the library")) for name in sorted(strangers))
    raise ReferenceDataError(
        f"{len(problems)} record(s) of the sets are not in the release: {problems[0]}",
        where="sets.tsv",
        problems=problems,
        hint="take them from the sets, or correct the library",
    )


def _rows(table: str, rows: Iterable[tuple[str, ...]]) -> bytes:
    whole = table_bytes(COLUMNS[table], rows)
    return whole.split(b"\n", 1)[1]


def _rows_of(table: bytes) -> list[tuple[str, ...]]:
    return [tuple(line.split("\t")) for line in table.decode("utf-8").split("\n")[1:-1]]


def _barcode_row(record: BarcodeReference) -> tuple[str, ...]:
    return (
        record.accession,
        record.organism_as_deposited,
        LIST_SEPARATOR.join(record.organism_revised),
        record.genus,
        record.family,
        record.order,
        record.state.value,
        record.locus.value,
        record.individual,
        record.sits_with or "",
        record.note or "",
        record.sha256,
        record.sequence,
    )


def _source_rows(
    built: BuiltLibrary, added: tuple[BarcodeReference, ...], spectra: tuple[SpectrumReference, ...]
) -> list[tuple[str, ...]]:
    """One row for each input that gave a record or a spectrum, with the terms of the input and of what it gave."""
    library = built.library
    keys = {(record.locus, record.accession) for record in added}
    licences: dict[str, set[str]] = defaultdict(set)
    for record in built.records:
        if record.key in keys:
            licences[record.input_path].add(record.source.licence or NOT_STATED)
    entered = {reference.accession for reference in spectra}
    for entry in () if library.spectra is None else library.spectra.entries():
        if entry.accession in entered:
            licences[entry.input].add(entry.licence)
    rows: list[tuple[str, ...]] = []
    for number, given in enumerate(built.inputs, 1):
        if given.path not in licences:
            continue
        passing = "may be passed on" if given.redistribute else "not to be passed on"
        rows.append(
            (
                f"LIB-{library.library_id}-{library.manifest_sha256[:_DIGEST_SHOWN]}-{number}",
                " ".join(
                    f"{given.source}: {given.path}, SHA-256 {given.sha256}; library {library.library_id} of "
                    f"{library.date}, manifest {library.manifest_sha256}.".split()
                ),
                f"{'; '.join(sorted(licences[given.path]))}; {passing}.",
            )
        )
    return rows
