"""The chemical tables that are shipped beside a release: markers, confusable compounds, rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from musk_id.errors import Problem, ReferenceDataError
from musk_id.kernels.formula import monoisotopic_mass
from musk_id.model.musk_tables import GROUP_PREFIX, MuskRule, MuskTables
from musk_id.model.reference import ConfusableGroup, MarkerCompound
from musk_id.model.values import Line, Text
from musk_id.records.files import read_limited
from musk_id.refdb.content import COLUMNS as RELEASE_COLUMNS
from musk_id.refdb.content import confusable_group
from musk_id.refdb.manifest import MANIFEST_NAME, MAX_FILE_BYTES, manifest_bytes, read_verified
from musk_id.refdb.release import RELEASE_FILE, parse_release_file
from musk_id.refdb.tables import Row, parse_rows, parse_table, table_bytes
from musk_id.vocabulary import MaterialClass

__all__ = ["CHEMISTRY_FOLDER", "find_musk_tables", "load_musk_tables", "musk_table_files"]

CHEMISTRY_FOLDER = "chemistry"
# Where an installed package keeps what the project keeps in reference_db/chemistry.
INSTALLED_FOLDER = "reference_db_chemistry"

NO_KEY = Line("-")
"""Key of a marker whose InChIKey is not known: no spectrum is taken for it."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "confusables.tsv": RELEASE_COLUMNS["confusables.tsv"],
    "markers.tsv": (
        "marker_id", "name", "cas", "inchikey", "formula", "group", "ions", "ions_source", "other_blocks",
        "source",
    ),
    "rules.tsv": (
        "rule_id", "found_any", "found_all", "not_found", "materials", "sets_aside", "phrase", "source",
    ),
}  # fmt: skip


def find_musk_tables(release_folder: Path) -> Path | None:
    """Folder of the tables beside a release, or ``None``; the places are those of a calibration."""
    release_id, holder = release_folder.name, release_folder.parent
    places = (
        holder / CHEMISTRY_FOLDER / release_id,
        holder.parent / CHEMISTRY_FOLDER / release_id,
        holder.parent / INSTALLED_FOLDER / release_id,
    )
    return next((place for place in places if place.is_dir()), None)


def load_musk_tables(directory: Path) -> MuskTables:
    """Tables whose files are what their manifest says.

    Raises
    ------
    ReferenceDataError
        Naming every file that is missing, was added or changed, or the rows that cannot be used.
    """
    manifest = read_verified(directory)
    if set(manifest.files) != {RELEASE_FILE, *COLUMNS}:
        names = ", ".join(sorted({RELEASE_FILE, *COLUMNS} ^ set(manifest.files)))
        raise ReferenceDataError(
            f"the tables are other ones than this software reads: {names}", where=directory.name
        )
    version, date = parse_release_file(manifest.files[RELEASE_FILE], RELEASE_FILE)
    if (version, date) != (manifest.release_id, manifest.date):
        raise ReferenceDataError(f"manifest.json and {RELEASE_FILE} differ", where=directory.name)
    markers, confusables, rules = _content(manifest.files)
    return MuskTables(
        version=manifest.release_id,
        date=manifest.date,
        sha256=manifest.sha256,
        markers=markers,
        confusables=confusables,
        rules=rules,
    )


def musk_table_files(sources: Path) -> dict[str, bytes]:
    """Bytes of every file of the tables that some sources describe, the manifest included.

    Raises
    ------
    ReferenceDataError
        If the sources are incomplete or contradict themselves.
    """
    release_toml = read_limited(sources / RELEASE_FILE, MAX_FILE_BYTES)
    version, date = parse_release_file(release_toml, RELEASE_FILE)
    tables = {name: read_limited(sources / name, MAX_FILE_BYTES) for name in COLUMNS}
    _content(tables)
    files = {name: _sorted(name, data) for name, data in tables.items()}
    files[RELEASE_FILE] = f'release_id = "{version}"\ndate = "{date}"\n'.encode("ascii")
    files[MANIFEST_NAME] = manifest_bytes(version, date, files)
    return files


def _sorted(name: str, data: bytes) -> bytes:
    rows = [tuple(line.split("\t")) for line in data.decode("utf-8").split("\n")[1:-1]]
    return table_bytes(COLUMNS[name], sorted(rows))


def _content(
    tables: Mapping[str, bytes],
) -> tuple[tuple[MarkerCompound, ...], tuple[ConfusableGroup, ...], tuple[MuskRule, ...]]:
    def rows(name: str) -> list[Row]:
        return parse_table(tables[name], name, COLUMNS[name])

    markers = parse_rows(rows("markers.tsv"), _marker)
    confusables = parse_rows(rows("confusables.tsv"), confusable_group)
    rules = parse_rows(rows("rules.tsv"), _rule)
    problems = tuple(_problems(markers, rules))
    if problems:
        raise ReferenceDataError(
            f"{len(problems)} problem(s) in the tables: {problems[0]}", where="chemistry", problems=problems
        )
    return markers, confusables, rules


def _marker(row: Row) -> MarkerCompound:
    return MarkerCompound(
        marker_id=row.text("marker_id", Line),
        name=row.text("name", Line),
        inchikey=row.optional("inchikey", Line) or NO_KEY,
        formula=row.text("formula", Line),
        group=row.text("group", Line),
        meaning=Text(""),
        source=row.text("source", Text),
        cas=row.optional("cas", Line),
        ions=tuple(Row(row.where, {"ions": ion}).integer("ions") for ion in row.several("ions", Line)),
        ions_source=row.optional("ions_source", Text),
        other_blocks=row.several("other_blocks", Line),
    )


def _rule(row: Row) -> MuskRule:
    return MuskRule(
        rule_id=row.text("rule_id", Line),
        found_any=row.several("found_any", Line),
        found_all=row.several("found_all", Line),
        not_found=row.several("not_found", Line),
        materials=tuple(
            Row(row.where, {"materials": word}).word("materials", MaterialClass)
            for word in row.several("materials", Line)
        ),
        sets_aside=row.several("sets_aside", Line),
        phrase=row.text("phrase", Line),
        source=row.text("source", Text),
    )


def _problems(markers: tuple[MarkerCompound, ...], rules: tuple[MuskRule, ...]) -> Iterator[Problem]:
    ids = [marker.marker_id for marker in markers]
    keys = [marker.inchikey for marker in markers if marker.inchikey != NO_KEY]
    for name in sorted({i for i in ids if ids.count(i) > 1} | {k for k in keys if keys.count(k) > 1}):
        yield Problem(f"markers.tsv: {name}", "stands more than once")
    for marker in markers:
        where = f"markers.tsv: {marker.marker_id}"
        mass = round(monoisotopic_mass(marker.formula))
        if marker.ions and max(marker.ions) > mass:
            yield Problem(where, f"ion {max(marker.ions)}", f"at most the nominal mass {mass}")
        if marker.cas is not None and not _is_cas(marker.cas):
            yield Problem(where, f"CAS {marker.cas}: the check digit is wrong")
        if marker.cas is None and marker.inchikey == NO_KEY:
            yield Problem(where, "has neither InChIKey nor CAS number")
    known = {*ids, *(f"{GROUP_PREFIX}{marker.group}" for marker in markers)}
    for rule in rules:
        named = {*rule.found_any, *rule.found_all, *rule.not_found, *rule.sets_aside}
        for name in sorted(named - known):
            yield Problem(f"rules.tsv: {rule.rule_id}", f"'{name}' is no marker and no group of markers")


def _is_cas(text: str) -> bool:
    """Whether the check digit of a CAS number fits."""
    digits = text.replace("-", "")
    if not digits.isdigit() or len(digits) < 5:
        return False
    weighted = sum(place * int(digit) for place, digit in enumerate(reversed(digits[:-1]), 1))
    return weighted % 10 == int(digits[-1])
