"""Building a release folder from its sources: checked, completed by its gaps, frozen by a manifest."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from musk_id.errors import IntegrityError, Problem, ReferenceDataError
from musk_id.kernels.nucleotides import IUPAC
from musk_id.model.reference import BarcodeReference
from musk_id.records.files import write_atomic
from musk_id.refdb import parse
from musk_id.refdb.release import MANIFEST_NAME, MANIFEST_SCHEMA, RELEASE_ID, TABLES
from musk_id.refdb.tables import COLUMNS, Row, parts, read_table
from musk_id.vocabulary import CurationState, Locus

__all__ = ["build_release"]

GENUS = "Moschus"

# Monoisotopic masses (IUPAC 2021 evaluation, rounded to 1e-6).
ATOMIC_MASS = {"C": 12.0, "H": 1.007825, "N": 14.003074, "O": 15.994915, "S": 31.972071}
MAX_MASS_DIFFERENCE_DA = 0.002

_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_FORMULA_PART = re.compile(r"([A-Z][a-z]?)([0-9]*)")


def build_release(sources: Path, releases: Path) -> Path:
    """Build the release that ``sources`` describes below ``releases``.

    Parameters
    ----------
    sources : Path
        Folder with ``release.toml`` and the tables of :data:`musk_id.refdb.tables.COLUMNS` but ``gaps.tsv``,
        which is computed.
    releases : Path
        Folder that holds the releases.

    Raises
    ------
    ReferenceDataError
        With every problem found in the sources.
    IntegrityError
        If the release exists with other content: a release is immutable.
    """
    head = tomllib.loads((sources / "release.toml").read_text(encoding="utf-8"))
    release_id = str(head.get("release_id", ""))
    if not RELEASE_ID.fullmatch(release_id):
        raise ReferenceDataError(f"release id {release_id!r} is malformed", where="release.toml")
    tables = {name: read_table(sources / name) for name in COLUMNS if name != "gaps.tsv"}
    problems = tuple(_problems(tables))
    if problems:
        raise ReferenceDataError(f"{len(problems)} problems", where=str(sources), problems=problems)
    tables["gaps.tsv"] = _gaps(tables)
    content = {name: _table_bytes(name, tables[name]) for name in TABLES}
    content["release.toml"] = f'release_id = "{release_id}"\ndate = "{head["date"]}"\n'.encode()
    return _write(releases / release_id, release_id, content)


def _write(directory: Path, release_id: str, content: dict[str, bytes]) -> Path:
    files = [
        {"path": name, "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(content.items())
    ]
    manifest = {"schema": MANIFEST_SCHEMA, "release_id": release_id, "files": files}
    data = (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()
    existing = directory / MANIFEST_NAME
    if existing.is_file():
        if existing.read_bytes() != data:
            raise IntegrityError(
                f"release {release_id} exists with other content",
                where=str(directory),
                hint="a release is never changed: give the new content a new number",
            )
        return directory
    directory.mkdir(parents=True, exist_ok=True)
    for name, table in sorted(content.items()):
        write_atomic(directory / name, table)
    # The manifest is written last: a folder without it is no release.
    write_atomic(existing, data)
    return directory


def _table_bytes(name: str, rows: list[Row]) -> bytes:
    columns = COLUMNS[name]
    lines = ["\t".join(columns), *("\t".join(row[column] for column in columns) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def _problems(tables: dict[str, list[Row]]) -> Iterable[Problem]:
    yield from _barcode_problems(tables["barcodes.tsv"])
    yield from _spectrum_problems(tables["spectra.tsv"])
    yield from _reference_problems(tables)


def _barcode_problems(rows: list[Row]) -> Iterable[Problem]:
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, 2):
        where = f"barcodes.tsv, line {number}"
        sequence = row["sequence"]
        if hashlib.sha256(sequence.encode()).hexdigest() != row["sha256"]:
            yield Problem(where, f"digest of the sequence of {row['accession']} differs from the table")
        if not sequence or set(sequence) - set(IUPAC):
            yield Problem(where, f"sequence of {row['accession']} holds other letters", "IUPAC, upper case")
        key = (row["accession"], row["locus"])
        if key in seen:
            yield Problem(where, f"{key[0]} stands twice at {key[1]}")
        seen.add(key)
        if row["state"] == CurationState.NAME_UNRESOLVED and not row["organism_revised"]:
            yield Problem(where, f"{row['accession']} has an unresolved name but no revised one")
        if row["organism_as_deposited"].split(" ")[0] != row["genus"]:
            yield Problem(where, f"genus of {row['accession']} is not that of its name")


def _spectrum_problems(rows: list[Row]) -> Iterable[Problem]:
    for number, row in enumerate(rows, 2):
        where = f"spectra.tsv, line {number}"
        if not _INCHIKEY.fullmatch(row["inchikey"]):
            yield Problem(where, f"InChIKey {row['inchikey']!r} is malformed")
        mass = _mass(row["formula"])
        if mass is None or abs(mass - float(row["exact_mass"])) > MAX_MASS_DIFFERENCE_DA:
            yield Problem(where, f"formula {row['formula']} does not give the mass {row['exact_mass']}")
        masses = [float(peak.split(":")[0]) for peak in row["peaks"].split(" ")]
        if masses != sorted(set(masses)):
            yield Problem(where, f"peaks of {row['accession']} are not strictly ascending")


def _mass(formula: str) -> float | None:
    total, end = 0.0, 0
    for match in _FORMULA_PART.finditer(formula):
        if match.start() != end or match[1] not in ATOMIC_MASS:
            return None
        total += ATOMIC_MASS[match[1]] * int(match[2] or 1)
        end = match.end()
    return total if end == len(formula) and formula else None


def _reference_problems(tables: dict[str, list[Row]]) -> Iterable[Problem]:
    """Rows that name what is not there."""
    barcodes = {row["accession"] for row in tables["barcodes.tsv"]}
    spectra = {row["accession"] for row in tables["spectra.tsv"]}
    species = {row["species"] for row in tables["taxa.tsv"]}
    named = [
        ("barcodes.tsv", "organism_as_deposited", species),
        ("barcodes.tsv", "organism_revised", species),
        ("names.tsv", "species", species),
        ("sets.tsv", "species", species),
        ("sets.tsv", "accessions", barcodes),
        ("markers.tsv", "accessions", spectra),
        ("wide_margins.tsv", "accession", barcodes),
    ]
    for table, column, known in named:
        for number, row in enumerate(tables[table], 2):
            for part in parts(row[column]):
                if part not in known:
                    yield Problem(f"{table}, line {number}", f"{column} names {part!r}, which is not there")


def _gaps(tables: dict[str, list[Row]]) -> list[Row]:
    """Species of the genus without a record of state ``reference`` at a marker, markers without spectrum."""
    records = parse.parse_rows("barcodes.tsv", tables["barcodes.tsv"], parse.barcode)
    species = sorted(row["species"] for row in tables["taxa.tsv"] if row["genus"] == GENUS)
    gaps = [
        {"subject": name, "where": locus.value, "note": _gap_note(records, name, locus)}
        for name in species
        for locus in Locus
        if not _has(records, name, locus, CurationState.REFERENCE)
    ]
    gaps += [
        {"subject": row["name"], "where": "EI spectrum", "note": "No reference spectrum in the release."}
        for row in tables["markers.tsv"]
        if not row["accessions"]
    ]
    return gaps + tables["absent.tsv"]


def _has(
    records: tuple[BarcodeReference, ...], species: str, locus: Locus, state: CurationState
) -> bool:
    return any(
        r.organism_as_deposited == species and r.locus is locus and r.state is state for r in records
    )


def _gap_note(records: tuple[BarcodeReference, ...], species: str, locus: Locus) -> str:
    if _has(records, species, locus, CurationState.NAME_UNRESOLVED):
        return "Only records whose name is unresolved."
    return "No record."
