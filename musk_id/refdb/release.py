"""Finding and loading a release of the reference library."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from musk_id.errors import ConfigError, ReferenceDataError
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import RULES, IsoDate
from musk_id.refdb.content import COLUMNS, SOURCE_TABLES, parse_content
from musk_id.refdb.manifest import ReleaseManifest, read_verified

__all__ = [
    "RELEASES_VARIABLE",
    "RELEASE_FILE",
    "RELEASE_ID_PATTERN",
    "load_release",
    "locate_release",
    "parse_release_file",
    "release_roots",
]

RELEASES_VARIABLE = "MUSK_ID_REFERENCE_DB"
RELEASE_FILE = "release.toml"
RELEASE_ID_PATTERN = re.compile(r"[0-9]{4}\.[0-9]{1,4}")

# Tables of the release folder; "absent.tsv" goes into "gaps.tsv" when a release is built.
RELEASE_TABLES = tuple(sorted({*SOURCE_TABLES, "gaps.tsv"} - {"absent.tsv"}))


def load_release(directory: Path) -> ReferenceRelease:
    """Load a release whose files are what its manifest says.

    Raises
    ------
    ReferenceDataError
        Naming every file that is missing, was added or changed, or the row that cannot be read.
    """
    manifest = read_verified(directory)
    expected = {RELEASE_FILE, *RELEASE_TABLES}
    if set(manifest.files) != expected:
        names = ", ".join(sorted(expected ^ set(manifest.files)))
        raise ReferenceDataError(
            f"the release has other files than this software reads: {names}",
            where=directory.name,
            hint="use the version of the software that the release was made for",
        )
    release_id, date = parse_release_file(manifest.files[RELEASE_FILE], RELEASE_FILE)
    if (release_id, date) != (manifest.release_id, manifest.date):
        raise ReferenceDataError(
            f"manifest.json says {manifest.release_id} of {manifest.date}, "
            f"{RELEASE_FILE} says {release_id} of {date}",
            where=directory.name,
        )
    if directory.resolve().name != release_id:
        raise ReferenceDataError(
            f"the folder is named '{directory.resolve().name}', the release in it is {release_id}",
            where=directory.name,
            hint="a release stands in a folder of its own number",
        )
    return _assemble(manifest)


def _assemble(manifest: ReleaseManifest) -> ReferenceRelease:
    content = parse_content({name: manifest.files[name] for name in COLUMNS if name in manifest.files})
    return ReferenceRelease(
        release_id=manifest.release_id,
        date=manifest.date,
        manifest_sha256=manifest.sha256,
        taxa=content.taxa,
        legal_rows=content.legal_rows,
        barcodes=content.barcodes,
        spectra=content.spectra,
        markers=content.markers,
        confusables=content.confusables,
        sets=content.sets,
        wide_margins=content.wide_margins,
        gaps=content.gaps,
        sources=content.sources,
    )


def parse_release_file(data: bytes, where: str) -> tuple[str, str]:
    """Release id and date of a ``release.toml``.

    Raises
    ------
    ReferenceDataError
        If it holds anything else.
    """
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReferenceDataError(f"cannot be read: {error}", where=where) from None
    if set(tree) != {"release_id", "date"} or not all(isinstance(value, str) for value in tree.values()):
        raise ReferenceDataError("the keys are not release_id and date, both texts", where=where)
    if RELEASE_ID_PATTERN.fullmatch(tree["release_id"]) is None:
        raise ReferenceDataError(f"release_id '{tree['release_id'][:40]}' is not of the form 2026.1", where=where)
    if not RULES[IsoDate].accepts(tree["date"]):
        raise ReferenceDataError(f"date '{tree['date'][:40]}' is no date as YYYY-MM-DD", where=where)
    return tree["release_id"], tree["date"]


def release_roots(extra_root: Path | None = None) -> tuple[Path, ...]:
    """Folders in which releases are looked for, in this order.

    A folder given by the caller, or else by the environment variable, is the only one; otherwise the
    ``reference_db/releases`` beside the package and the copy inside the installed package.
    """
    if extra_root is not None:
        return (extra_root,)
    named = os.environ.get(RELEASES_VARIABLE)
    if named:
        return (Path(named),)
    package = Path(__file__).resolve().parents[1]
    return (package.parent / "reference_db" / "releases", package / "reference_db_releases")


def locate_release(release_id: str, extra_root: Path | None = None) -> Path:
    """Folder of a release.

    Raises
    ------
    ConfigError
        If the id is malformed or no folder of that name stands where releases are looked for.
    """
    if RELEASE_ID_PATTERN.fullmatch(release_id) is None:
        raise ConfigError(
            f"'{release_id[:40]}' is no release id",
            hint="a release id is a year, a point and a number, quoted in YAML: '2026.1'",
        )
    roots = release_roots(extra_root)
    for root in roots:
        if (root / release_id).is_dir():
            return root / release_id
    looked = ", ".join(str(root) for root in roots)
    raise ConfigError(
        f"reference release {release_id} was not found; looked in: {looked}",
        hint=f"correct the release id, or set {RELEASES_VARIABLE} to the folder that holds the releases",
    )
