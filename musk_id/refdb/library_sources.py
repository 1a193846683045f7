"""What a library is built from: ``library.toml``, taxonomy tables, and the dated entries of curation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from musk_id.errors import InputFormatError, Problem, ReferenceDataError
from musk_id.model.library import CurationEntry, RecordSource
from musk_id.model.values import RULES, DecimalText, Identifier, IsoDate, Line, RelativePath, Text
from musk_id.records.files import read_limited
from musk_id.refdb.tables import Row, parse_rows, parse_table
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

__all__ = [
    "CURATION_COLUMNS",
    "LIBRARY_FILE",
    "LibrarySources",
    "NamedRecord",
    "SequenceInput",
    "SpectraInput",
    "parse_curation",
    "parse_library_file",
    "read_curation",
    "read_source_file",
    "read_taxonomy",
]

LIBRARY_FILE = "library.toml"
MAX_LIBRARY_FILE_BYTES = 1_000_000
MAX_TAXONOMY_BYTES = 500_000_000

CURATION_COLUMNS = ("accession", "locus", "state", "revised_names", "person", "date", "reason")

_REQUIRED = ("accession", "species", "family", "order")
_PROVENANCE = tuple(RecordSource.__slots__)
_OF_SPECTRA = tuple(name for name in _PROVENANCE if name not in ("licence", "submitter"))
_SPECIES = re.compile(r"[A-Z][a-z-]+ [a-z-]+( [a-z-]+)?")

_T = TypeVar("_T", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceInput:
    """A file of sequences: its taxonomy table (FASTA only), the markers wanted from it, its terms.

    ``collapsed``: equal sequences of a species were taken out of it before.
    """

    path: RelativePath
    taxonomy: RelativePath | None
    loci: tuple[Locus, ...]
    source: Text
    licence: Line
    redistribute: bool
    collapsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectraInput:
    """A file of spectra (MSP, or MassBank text) and its terms.

    ``ionisation``, ``electron_energy_ev``, ``derivative`` and the provenance ``stated`` hold for records of the
    file that are silent; authors and licence of a record have fields of their own.
    """

    path: RelativePath
    source: Text
    licence: Line
    redistribute: bool
    ionisation: Line | None = None
    electron_energy_ev: DecimalText | None = None
    derivative: Line | None = None
    stated: RecordSource = RecordSource()


@dataclass(frozen=True, slots=True, kw_only=True)
class LibrarySources:
    """Content of ``library.toml``."""

    library_id: Identifier
    date: IsoDate
    title: Line
    anchors_release: Line
    sequences: tuple[SequenceInput, ...]
    spectra: tuple[SpectraInput, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRecord:
    """Name, higher taxa, individual and provenance of a record, from a taxonomy table or a flat file."""

    species: Line
    family: Line
    order: Line
    individual: Line | None
    source: RecordSource

    @property
    def genus(self) -> Line:
        """First word of the species name."""
        return Line(self.species.split(" ")[0])

    @property
    def is_species(self) -> bool:
        """Whether the name is that of one species: no hybrid, no "sp.", no placeholder."""
        return _SPECIES.fullmatch(self.species) is not None


class _Toml:
    """Fields of a table of ``library.toml``; every problem is collected."""

    def __init__(self, tree: Mapping[str, Any], where: str, problems: list[Problem]) -> None:
        self._tree, self._where, self._problems = tree, where, problems

    def text(self, key: str, kind: Callable[[str], _T], default: str | None = None) -> _T:
        """Text that obeys the rule of its kind; a default where the key is missing."""
        value = self._tree.get(key, default)
        if isinstance(value, str) and RULES[kind].accepts(value):
            return kind(value)
        shown = "is missing" if value is None else f"found {str(value)[:60]!r}"
        self._problems.append(Problem(f"{self._where}{key}", shown, RULES[kind].described))
        return kind("")

    def optional(self, key: str, kind: Callable[[str], _T]) -> _T | None:
        """Like ``text``; ``None`` where the key is missing."""
        return self.text(key, kind) if key in self._tree else None

    def flag(self, key: str, default: bool | None = None) -> bool:
        """A truth value, which has to be stated unless it has a default."""
        value = self._tree.get(key, default)
        if not isinstance(value, bool):
            self._problems.append(Problem(f"{self._where}{key}", "is missing or no truth value", "true, false"))
        return value is True

    def loci(self, key: str) -> tuple[Locus, ...]:
        """Markers; those of releases where none is named."""
        value = self._tree.get(key, [locus.value for locus in RELEASE_MARKERS])
        known = {locus.value: locus for locus in Locus}
        if not isinstance(value, list) or not value or any(str(name) not in known for name in value):
            self._problems.append(Problem(f"{self._where}{key}", f"found {str(value)[:80]}", ", ".join(known)))
            return ()
        return tuple(known[name] for name in value)

    def only(self, keys: tuple[str, ...]) -> None:
        """No other keys than these."""
        for key in sorted(set(self._tree) - set(keys)):
            self._problems.append(Problem(f"{self._where}{key}", "unknown key", ", ".join(keys)))


def parse_library_file(data: bytes, name: str = LIBRARY_FILE) -> LibrarySources:
    """Content of ``library.toml``.

    Raises
    ------
    InputFormatError
        With all problems of the file.
    """
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputFormatError(f"not readable as TOML: {error}", where=name) from error
    problems: list[Problem] = []
    top = _Toml(tree, "", problems)
    top.only(("library_id", "date", "title", "anchors_release", "sequences", "spectra"))
    listed, measured = _tables(tree, "sequences", problems), _tables(tree, "spectra", problems)
    if not listed and not measured and not problems:
        problems.append(Problem("sequences", "no table [[sequences]] and no table [[spectra]]", "at least one"))
    sources = LibrarySources(
        library_id=top.text("library_id", Identifier),
        date=top.text("date", IsoDate),
        title=top.text("title", Line),
        anchors_release=top.text("anchors_release", Line, "2026.1"),
        sequences=tuple(_input(entry, number, problems) for number, entry in enumerate(listed, 1)),
        spectra=tuple(_spectra_input(entry, number, problems) for number, entry in enumerate(measured, 1)),
    )
    paths = [s.path for s in sources.sequences] + [s.path for s in sources.spectra]
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        problems.append(Problem(path, "stands more than once", "once"))
    if problems:
        raise InputFormatError(
            f"{len(problems)} problem(s)", where=name, problems=tuple(problems), hint="correct the file"
        )
    return sources


def _tables(tree: Mapping[str, Any], key: str, problems: list[Problem]) -> list[Mapping[str, Any]]:
    listed = tree.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        problems.append(Problem(key, "is no list of tables", f"[[{key}]]"))
        return []
    return listed


def _spectra_input(entry: Mapping[str, Any], number: int, problems: list[Problem]) -> SpectraInput:
    fields = _Toml(entry, f"spectra[{number}].", problems)
    known = ("path", "source", "licence", "redistribute", "ionisation", "electron_energy_ev", "derivative")
    fields.only((*known, *_OF_SPECTRA))
    path = fields.text("path", RelativePath)
    if path and not path.lower().removesuffix(".gz").endswith((".msp", ".txt")):
        problems.append(Problem(f"spectra[{number}].path", f"found {path!r}", "a name in .msp or .txt (MassBank)"))
    return SpectraInput(
        path=path,
        source=fields.text("source", Text),
        licence=fields.text("licence", Line),
        redistribute=fields.flag("redistribute"),
        ionisation=fields.optional("ionisation", Line),
        electron_energy_ev=fields.optional("electron_energy_ev", DecimalText),
        derivative=fields.optional("derivative", Line),
        stated=RecordSource(**{key: fields.optional(key, Line) for key in _OF_SPECTRA}),
    )


def _input(entry: Mapping[str, Any], number: int, problems: list[Problem]) -> SequenceInput:
    fields = _Toml(entry, f"sequences[{number}].", problems)
    fields.only(("path", "taxonomy", "loci", "source", "licence", "redistribute", "collapsed"))
    path = fields.text("path", RelativePath)
    taxonomy = fields.text("taxonomy", RelativePath) if "taxonomy" in entry else None
    if taxonomy is None and not is_flat_file(path):
        problems.append(Problem(f"sequences[{number}].taxonomy", "is missing", "a table of names for FASTA files"))
    return SequenceInput(
        path=path,
        taxonomy=taxonomy,
        loci=fields.loci("loci"),
        source=fields.text("source", Text),
        licence=fields.text("licence", Line),
        redistribute=fields.flag("redistribute"),
        collapsed=fields.flag("collapsed", default=False),
    )


def is_flat_file(path: str) -> bool:
    """Whether a file is named as a GenBank flat file (else as FASTA)."""
    return path.lower().removesuffix(".gz").endswith((".gb", ".gbk", ".gbff"))


def read_taxonomy(path: Path) -> dict[str, NamedRecord]:
    """Names of a tab-separated table with the columns accession, species, family and order, by accession.

    Columns that name provenance (voucher, country, submitter …) or an individual are read, others are left
    alone; underscores in species names become blanks.

    Raises
    ------
    InputFormatError
        If the table cannot be read, lacks a column, or names an accession twice.
    """
    from musk_id.formats.limited import decode_text, read_bytes, split_lines

    lines = split_lines(decode_text(read_bytes(path, MAX_TAXONOMY_BYTES), path.name))
    head = lines[0].split("\t")
    missing = [column for column in _REQUIRED if column not in head]
    if missing:
        raise InputFormatError(f"lacks the columns {', '.join(missing)}", where=f"{path.name}, line 1")
    places = {column: place for place, column in enumerate(head)}
    found: dict[str, NamedRecord] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        fields = line.split("\t")
        where = f"{path.name}, line {number}"
        if len(fields) > len(head) or len(fields) < max(places[column] for column in _REQUIRED) + 1:
            raise InputFormatError(f"{len(fields)} fields, the header has {len(head)}", where=where)
        accession = fields[places["accession"]].strip()
        if accession in found:
            raise InputFormatError(f"accession {accession[:60]!r} stands twice", where=where)
        found[accession] = _named({c: fields[p].strip() for c, p in places.items() if p < len(fields)}, where)
    return found


def _named(fields: Mapping[str, str], where: str) -> NamedRecord:
    def text(column: str) -> Line:
        value = " ".join(fields.get(column, "").replace("_", " ").split()) or "not stated"
        if not RULES[Line].accepts(value):
            raise InputFormatError(f"{column} is not {RULES[Line].described}", where=where)
        return Line(value)

    provenance = {column: fields.get(column, "") for column in _PROVENANCE}
    individual = fields.get("individual", "")
    return NamedRecord(
        species=text("species"),
        family=text("family"),
        order=text("order"),
        individual=Line(individual) if individual else None,
        source=RecordSource(**{c: Line(value[:500]) for c, value in provenance.items() if value}),
    )


def parse_curation(data: bytes, name: str) -> tuple[CurationEntry, ...]:
    """Entries of a curation table, in the order of their dates.

    Raises
    ------
    ReferenceDataError
        With one problem for each row that cannot be used.
    """
    entries = parse_rows(parse_table(data, name, CURATION_COLUMNS), _curation)
    return tuple(sorted(entries, key=lambda entry: entry.date))


def _curation(row: Row) -> CurationEntry:
    return CurationEntry(
        accession=row.text("accession", Line),
        locus=None if row.is_empty("locus") else row.word("locus", Locus),
        state=row.word("state", CurationState),
        revised_names=row.several("revised_names", Line),
        person=row.text("person", Line),
        date=row.text("date", IsoDate),
        reason=row.text("reason", Text),
    )


def read_curation(folder: Path, name: str) -> tuple[CurationEntry, ...]:
    """Entries of the curation table of a sources folder, in the order of their dates.

    Raises
    ------
    InputFormatError
        If it cannot be read, or with one problem for each row that cannot be used: what a person wrote is an
        input, unlike the same table inside a built library.
    """
    try:
        return parse_curation(read_source_file(folder, name), name)
    except ReferenceDataError as error:
        raise InputFormatError(
            error.message, where=error.where, hint=error.hint, problems=error.problems
        ) from error


def read_source_file(folder: Path, name: str) -> bytes:
    """A file of the sources folder.

    Raises
    ------
    InputFormatError
        If it cannot be read.
    """
    return read_limited(folder / name, MAX_LIBRARY_FILE_BYTES)
