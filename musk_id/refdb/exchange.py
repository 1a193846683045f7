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
from musk_id.model.spectral_table import SpectrumTable
from musk_id.model.values import RULES, Identifier, Line, Sha256, Text
from musk_id.records.files import sha256_bytes
from musk_id.refdb.library_read import BuiltLibrary, LibraryRecord
from musk_id.refdb.library_subset import Key
from musk_id.refdb.tables import table_bytes

__all__ = [
    "REFUSED_COLUMNS",
    "SPECTRA_STAY",
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
SPECTRA_STAY = "spectra are not exported by this version"

_KEYS = ("schema", "exporter", "statement", "licences", "required_provenance")
_FIELDS = tuple(name for name in RecordSource.__slots__ if name != "licence")

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
    """A record that does not travel, and why; ``detail`` says what was found or is missing."""

    record: LibraryRecord
    reason: NotExported
    detail: Line


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
    for field in sorted(set(required) - set(_FIELDS)):
        problems.append(Problem(f"required_provenance: {field[:60]}", "is no field", ", ".join(_FIELDS)))
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


def select_for_exchange(
    built: BuiltLibrary, policy: ExchangePolicy
) -> tuple[frozenset[Key], tuple[RefusedRecord, ...]]:
    """Records of sequences that may travel, by marker and accession, and those that may not, in their order."""
    inputs = {entry.path: entry for entry in built.inputs}
    refused: dict[Key, RefusedRecord] = {}
    for record in built.records:
        reason = _refusal(record, inputs[record.input_path], policy)
        if reason is not None:
            refused[record.key] = reason
    _refuse_lonely_names(built, refused)
    keep = frozenset(record.key for record in built.records if record.key not in refused)
    return keep, tuple(refused[record.key] for record in built.records if record.key in refused)


def _refusal(record: LibraryRecord, entry: LibraryInput, policy: ExchangePolicy) -> RefusedRecord | None:
    if not entry.redistribute:
        detail = f"{entry.path} is not to be passed on"
        return RefusedRecord(record=record, reason=NotExported.INPUT_NOT_SHARED, detail=Line(detail))
    licence = record.source.licence or entry.licence
    if licence not in policy.licences or not _may_travel(licence):
        allowed = ", ".join(policy.licences) or "none"
        detail = f"{licence[:200]}; the policy allows: {allowed[:250]}"
        return RefusedRecord(record=record, reason=NotExported.LICENCE_NOT_ALLOWED, detail=Line(detail))
    missing = [field for field in policy.required_provenance if getattr(record.source, field) is None]
    if missing:
        detail = f"not stated: {', '.join(missing)}"
        return RefusedRecord(record=record, reason=NotExported.PROVENANCE_MISSING, detail=Line(detail))
    return None


def _refuse_lonely_names(built: BuiltLibrary, refused: dict[Key, RefusedRecord]) -> None:
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
            refused[record.key] = RefusedRecord(
                record=record,
                reason=NotExported.REVISED_NAME_WITHOUT_GENUS,
                detail=Line(f"no record that travels is of the genus of {name}"),
            )


def refused_bytes(refused: tuple[RefusedRecord, ...], spectra: SpectrumTable | None = None) -> bytes:
    """Table of what does not travel: records that the policy refuses, and every spectrum of the library."""
    rows: list[tuple[str, ...]] = [
        (
            r.record.locus.value,
            r.record.accession,
            r.record.species,
            r.record.input_path,
            r.record.source.licence or "",
            r.reason.value,
            r.detail,
        )
        for r in refused
    ]
    rows += (
        ("", entry.accession, "", entry.input, entry.licence, NotExported.SPECTRUM.value, SPECTRA_STAY)
        for entry in (spectra.entries() if spectra is not None else ())
    )
    return table_bytes(REFUSED_COLUMNS, rows)


def part_id(library_id: str) -> Identifier:
    """Id of a part of a library: it never bears the name of the whole."""
    longest = RULES[Identifier].max_length - len(PART_ENDING)
    return Identifier(f"{library_id[:longest]}{PART_ENDING}")
