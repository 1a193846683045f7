"""Building a release folder from the source tables, byte for byte the same on every run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from musk_id.errors import InputFormatError, IntegrityError, Problem, ReferenceDataError
from musk_id.records.files import read_limited
from musk_id.refdb.checks import require_consistent
from musk_id.refdb.content import COLUMNS, RECORDED, SOURCE_TABLES, Content, parse_content
from musk_id.refdb.gaps import compute_gaps
from musk_id.refdb.manifest import MANIFEST_NAME, MAX_FILE_BYTES, manifest_bytes
from musk_id.refdb.release import RELEASE_FILE, load_release, parse_release_file
from musk_id.refdb.tables import table_bytes

__all__ = ["TABLE_KEYS", "build_release", "files_of_tables", "place_release", "release_files"]

RANGE_STATUS = (RECORDED, "disputed", "possible")

# Rows stand in the order of these columns, so that the order of the source rows cannot show in a release.
TABLE_KEYS: dict[str, tuple[str, ...]] = {
    "barcodes.tsv": ("locus", "accession"),
    "confusables.tsv": ("group_id",),
    "legal.tsv": ("row_id",),
    "markers.tsv": ("marker_id",),
    "names.tsv": ("species", "language", "name"),
    "ranges.tsv": ("species", "country"),
    "sets.tsv": ("set_id",),
    "sources.tsv": ("source_id",),
    "spectra.tsv": ("accession",),
    "taxa.tsv": ("species",),
    "wide_margins.tsv": ("locus", "accession"),
}


def build_release(sources: Path, out: Path) -> Path:
    """Check the source tables and write the release that they describe.

    Parameters
    ----------
    sources : pathlib.Path
        Folder with ``release.toml`` and the source tables.
    out : pathlib.Path
        Folder that holds the releases; the new one is a folder of its own number in it.

    Returns
    -------
    pathlib.Path
        The release folder. If it stands there already with the same bytes, nothing is written.

    Raises
    ------
    ReferenceDataError
        If the sources are incomplete or contradict themselves.
    IntegrityError
        If a release of that number with other content stands there: a release is never changed.
    """
    release_id, files = release_files(sources)
    return place_release(release_id, files, out)


def place_release(release_id: str, files: Mapping[str, bytes], out: Path) -> Path:
    """Write a release as a whole; one with the same bytes is left as it is.

    Raises
    ------
    IntegrityError
        If a release of that number with other content stands there: a release is never changed.
    """
    target = out / release_id
    if target.exists():
        _require_same(target, files)
        return target
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".building-") as temporary:
        # Loading checks the folder's name, so the new release stands under it from the start.
        folder = Path(temporary) / release_id
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        load_release(folder)
        shutil.move(folder, target)
    return target


def release_files(sources: Path) -> tuple[str, Mapping[str, bytes]]:
    """Release id and the bytes of every file of the release, its manifest included.

    Raises
    ------
    ReferenceDataError
        If the sources are incomplete or contradict themselves.
    """
    tables = {name: _read(sources, name) for name in SOURCE_TABLES}
    release_toml = _read(sources, RELEASE_FILE)
    release_id, date = parse_release_file(release_toml, RELEASE_FILE)
    return release_id, files_of_tables(tables, release_id, date)


def files_of_tables(tables: Mapping[str, bytes], release_id: str, date: str) -> dict[str, bytes]:
    """Bytes of every file of the release that holds some tables.

    Parameters
    ----------
    tables : mapping of str to bytes
        Every table of the sources by name, ``absent.tsv`` among them.
    release_id, date : str
        Number and date of the release.

    Raises
    ------
    ReferenceDataError
        If the tables contradict each other.
    """
    content = parse_content(tables)
    require_consistent(content, _annex_problems(content))
    files = {name: _sorted_table(name, data) for name, data in tables.items() if name != "absent.tsv"}
    gaps = ((gap.subject, gap.where, gap.note) for gap in compute_gaps(content))
    files["gaps.tsv"] = table_bytes(COLUMNS["gaps.tsv"], gaps)
    files[RELEASE_FILE] = f'release_id = "{release_id}"\ndate = "{date}"\n'.encode("ascii")
    files[MANIFEST_NAME] = manifest_bytes(release_id, date, files)
    return files


def _read(sources: Path, name: str) -> bytes:
    try:
        return read_limited(sources / name, MAX_FILE_BYTES)
    except InputFormatError as error:
        raise ReferenceDataError(
            f"{name}: {error.message}",
            where=str(sources),
            hint=f"the sources hold {', '.join(SOURCE_TABLES)}",
        ) from error


def _sorted_table(name: str, data: bytes) -> bytes:
    columns = COLUMNS[name]
    places = [columns.index(key) for key in TABLE_KEYS[name]]
    rows = [tuple(line.split("\t")) for line in data.decode("utf-8").split("\n")[1:-1]]
    return table_bytes(columns, sorted(rows, key=lambda row: ([row[place] for place in places], row)))


def _annex_problems(content: Content) -> Iterator[Problem]:
    """Names and ranges must speak of taxa that are in the checklist, absent ones of taxa that are not."""
    species = {taxon.species for taxon in content.taxa}
    for name, _ in content.names:
        if name not in species:
            yield Problem(f"names.tsv: {name}", "is not in taxa.tsv")
    for name, country, status in content.ranges:
        if name not in species:
            yield Problem(f"ranges.tsv: {name}", "is not in taxa.tsv")
        if status not in RANGE_STATUS:
            yield Problem(f"ranges.tsv: {name} {country}", f"status '{status}'", ", ".join(RANGE_STATUS))
    places = [(name, country) for name, country, _ in content.ranges]
    for name, country in sorted({place for place in places if places.count(place) > 1}):
        yield Problem(f"ranges.tsv: {name} {country}", "stands more than once")
    for gap in content.absent:
        if gap.subject in species:
            yield Problem(f"absent.tsv: {gap.subject}", "is in taxa.tsv")
    for source in sorted({s.source_id for s in content.sources if _count(content, s.source_id) > 1}):
        yield Problem(f"sources.tsv: {source}", "stands more than once")


def _count(content: Content, source_id: str) -> int:
    return sum(source.source_id == source_id for source in content.sources)


def _require_same(target: Path, files: Mapping[str, bytes]) -> None:
    present = {path.name for path in target.iterdir()}
    differing = sorted(
        name for name in present | set(files) if name not in present or _differs(target / name, files.get(name))
    )
    if differing:
        raise IntegrityError(
            f"release {target.name} stands there already with other content: {', '.join(differing)}",
            where=str(target),
            hint="a release is never changed: give the sources a new release_id",
        )


def _differs(path: Path, data: bytes | None) -> bool:
    return data is None or path.is_symlink() or not path.is_file() or path.read_bytes() != data
