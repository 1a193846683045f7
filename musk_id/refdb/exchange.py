"""Which records of a library may travel to another laboratory, under a policy that a person wrote."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from musk_id.errors import ConfigError, Problem
from musk_id.library_vocabulary import NotExported
from musk_id.model.library import LibraryInput, RecordSource
from musk_id.model.spectral_table import SpectrumEntry
from musk_id.model.values import RULES, Identifier, Line, RelativePath, Sha256, Text
from musk_id.records.files import sha256_bytes
from musk_id.refdb.library_read import BuiltLibrary, LibraryRecord
from musk_id.refdb.library_subset import Key
from musk_id.refdb.tables import table_bytes
from musk_id.vocabulary import Locus

__all__ = [
    "PROVENANCE_FIELDS",
    "REFUSED_COLUMNS",
    "Exchange",
    "ExchangePolicy",
    "RefusedRecord",
    "parse_policy",
    "part_id",
    "refused_bytes",
    "select_for_exchange",
]

POLICY_SCHEMA = "musk-id/exchange-policy/1"
REFUSED_COLUMNS = ("locus", "accession", "species", "input", "licence", "reason", "detail")
PART_ENDING = "-part"

_KEYS = ("schema", "exporter", "statement", "licences", "required_provenance")
PROVENANCE_FIELDS = tuple(name for name in RecordSource.__slots__ if name != "licence")
"""What a policy may demand."""

# Terms that grant nothing, and terms that forbid what a library is: an adaptation of the records.
_GRANTS_NOTHING = frozenset(
    {
        "-", "?", "all rights reserved", "n/a", "no licence", "no license", "none", "none stated", "not known",
        "not stated", "proprietary", "see source", "unknown", "unlicensed",
    }
)  # fmt: skip
_NO_DERIVATIVES = re.compile(r"(?<![A-Za-z])(ND|no[ -]?derivatives?)(?![A-Za-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangePolicy:
    """What a laboratory lets out: licences by their exact names, and the provenance that a record must carry."""

    exporter: Line
    statement: Text
    licences: tuple[Line, ...]
    required_provenance: tuple[Line, ...]
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRecord:
    """A record that does not travel, and why; ``detail`` says what was found or is missing.

    ``locus`` and ``species`` are absent for a spectrum.
    """

    locus: Locus | None
    accession: Line
    species: Line | None
    input_path: RelativePath
    licence: Line
    reason: NotExported
    detail: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What may travel (sequences by marker and accession, spectra by their place) and what does not."""

    sequences: frozenset[Key]
    spectra: tuple[int, ...]
    refused: tuple[RefusedRecord, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing may travel."""
        return not self.sequences and not self.spectra


def parse_policy(data: bytes, name: str) -> ExchangePolicy:
    """A policy file (TOML).

    Raises
    ------
    ConfigError
        With all problems of the file.
    """
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"not readable as TOML: {error}", where=name) from error
    problems = [Problem(key, "unknown key", ", ".join(_KEYS)) for key in sorted(set(tree) - set(_KEYS))]
    if tree.get("schema") != POLICY_SCHEMA:
        problems.append(Problem("schema", f"found {str(tree.get('schema'))[:60]!r}", POLICY_SCHEMA))
    for key, kind in (("exporter", Line), ("statement", Text)):
        if not isinstance(tree.get(key), str) or not RULES[kind].accepts(tree[key]):
            problems.append(Problem(key, "is missing or not usable", RULES[kind].described))
    licences = _words(tree, "licences", problems)
    for licence in licences:
        if not _may_travel(licence):
            problems.append(Problem(f"licences: {licence}", "does not permit passing on an adaptation"))
    required = _words(tree, "required_provenance", problems)
    for field in sorted(set(required) - set(PROVENANCE_FIELDS)):
        problems.append(Problem(f"required_provenance: {field[:60]}", "is no field", ", ".join(PROVENANCE_FIELDS)))
    if problems:
        raise ConfigError(
            f"{len(problems)} problem(s)", where=name, problems=tuple(problems), hint="correct the policy file"
        )
    return ExchangePolicy(
        exporter=Line(tree["exporter"]),
        statement=Text(tree["statement"]),
        licences=tuple(sorted(Line(licence) for licence in licences)),
        required_provenance=tuple(sorted(Line(field) for field in required)),
        sha256=sha256_bytes(data),
    )


def _words(tree: Mapping[str, Any], key: str, problems: list[Problem]) -> list[str]:
    """A list of distinct lines; it has to be stated, even where it is empty."""
    value = tree.get(key)
    accepts = RULES[Line].accepts
    if not isinstance(value, list) or not all(isinstance(word, str) and accepts(word) for word in value):
        problems.append(Problem(key, "is missing or no list of texts"))
        return []
    if len(set(value)) != len(value):
        problems.append(Problem(key, "a text stands twice"))
    return value


def _may_travel(licence: str) -> bool:
    return licence.strip().casefold() not in _GRANTS_NOTHING and _NO_DERIVATIVES.search(licence) is None


def select_for_exchange(built: BuiltLibrary, policy: ExchangePolicy) -> Exchange:
    """What of a library may travel; sequences and spectra are held against the same policy.

    Every record is either let through or refused with the first reason that holds; those refused stand in the
    order of the library, sequences before spectra.
    """
    inputs = {entry.path: entry for entry in built.inputs}
    refused: dict[Key, RefusedRecord] = {}
    for record in built.records:
        entry = inputs[record.input_path]
        found = _refusal(entry, record.source.licence or entry.licence, record.source, policy)
        if found is not None:
            refused[record.key] = _refused(record, entry, *found)
    _refuse_lonely_names(built, refused, inputs)
    spectra, staying = _select_spectra(built, inputs, policy)
    return Exchange(
        sequences=frozenset(record.key for record in built.records if record.key not in refused),
        spectra=spectra,
        refused=(*(refused[record.key] for record in built.records if record.key in refused), *staying),
    )


def _refused(record: LibraryRecord, entry: LibraryInput, reason: NotExported, detail: Line) -> RefusedRecord:
    return RefusedRecord(
        locus=record.locus,
        accession=record.accession,
        species=record.species,
        input_path=record.input_path,
        licence=record.source.licence or entry.licence,
        reason=reason,
        detail=detail,
    )


def _select_spectra(
    built: BuiltLibrary, inputs: Mapping[RelativePath, LibraryInput], policy: ExchangePolicy
) -> tuple[tuple[int, ...], tuple[RefusedRecord, ...]]:
    kept: list[int] = []
    refused: list[RefusedRecord] = []
    entries = () if built.library.spectra is None else built.library.spectra.entries()
    for number, spectrum in enumerate(entries):
        found = _refusal(inputs[spectrum.input], spectrum.licence, _source(spectrum), policy)
        if found is None:
            kept.append(number)
            continue
        refused.append(
            RefusedRecord(
                locus=None,
                accession=spectrum.accession,
                species=None,
                input_path=spectrum.input,
                licence=spectrum.licence,
                reason=found[0],
                detail=found[1],
            )
        )
    return tuple(kept), tuple(refused)


def _source(spectrum: SpectrumEntry) -> RecordSource:
    """Provenance of a spectrum in the fields of a policy: its authors are those who handed it in."""
    own = {name: getattr(spectrum, name) for name in PROVENANCE_FIELDS if name != "submitter"}
    return RecordSource(**own, submitter=spectrum.authors, licence=spectrum.licence)


def _refusal(
    entry: LibraryInput, licence: str, source: RecordSource, policy: ExchangePolicy
) -> tuple[NotExported, Line] | None:
    if not entry.redistribute:
        return NotExported.INPUT_NOT_SHARED, Line(f"{entry.path} is not to be passed on")
    if licence not in policy.licences or not _may_travel(licence):
        allowed = ", ".join(policy.licences) or "none"
        detail = f"{licence[:200]}; the policy allows: {allowed[:250]}"
        return NotExported.LICENCE_NOT_ALLOWED, Line(detail)
    missing = [field for field in policy.required_provenance if getattr(source, field) is None]
    if missing:
        return NotExported.PROVENANCE_MISSING, Line(f"not stated: {', '.join(missing)}")
    return None


def _refuse_lonely_names(
    built: BuiltLibrary, refused: dict[Key, RefusedRecord], inputs: Mapping[RelativePath, LibraryInput]
) -> None:
    """Family and order of a revised name come from a record of its genus, which has to travel too."""
    while True:
        staying = [record for record in built.records if record.key not in refused]
        genera = {record.genus for record in staying}
        lonely = [
            (record, name)
            for record in staying
            for name in record.revised_names
            if name.split(" ")[0] not in genera
        ]
        if not lonely:
            return
        for record, name in lonely:
            detail = Line(f"no record that travels is of the genus of {name}")
            reason = NotExported.REVISED_NAME_WITHOUT_GENUS
            refused[record.key] = _refused(record, inputs[record.input_path], reason, detail)


def refused_bytes(refused: tuple[RefusedRecord, ...]) -> bytes:
    """Table of the records that the policy refuses; a spectrum has no marker and no species."""
    return table_bytes(
        REFUSED_COLUMNS,
        (
            (
                "" if r.locus is None else r.locus.value,
                r.accession,
                r.species or "",
                r.input_path,
                r.licence,
                r.reason.value,
                r.detail,
            )
            for r in refused
        ),
    )


def part_id(library_id: str) -> Identifier:
    """Id of a part of a library: it never bears the name of the whole."""
    longest = RULES[Identifier].max_length - len(PART_ENDING)
    return Identifier(f"{library_id[:longest]}{PART_ENDING}")
