"""Finding, verifying and loading a frozen release."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from pathlib import Path

from musk_id.errors import ConfigError, ReferenceDataError
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import IsoDate, Line, Sha256
from musk_id.refdb import parse
from musk_id.refdb.tables import COLUMNS, read_table

__all__ = ["MANIFEST_NAME", "list_releases", "load_release", "locate_release", "verify_release"]

MANIFEST_NAME = "manifest.json"
MANIFEST_SCHEMA = "musk-id/release-manifest/1"
RELEASE_ID = re.compile(r"[0-9]{4}\.[0-9]{1,3}")
ENVIRONMENT_VARIABLE = "MUSK_ID_REFERENCE_DB"

TABLES = tuple(sorted(name for name in COLUMNS if name != "absent.tsv"))


def _roots(extra_root: Path | None) -> list[Path]:
    package = Path(__file__).resolve().parents[1]
    given = [extra_root] if extra_root is not None else []
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        given.append(Path(named))
    return [*given, package.parent / "reference_db" / "releases", package / "reference_db_releases"]


def locate_release(release_id: str, extra_root: Path | None = None) -> Path:
    """Folder of a release: a given root first, then the environment variable, checkout, and package.

    Raises
    ------
    ConfigError
        If the id is malformed or no root holds the release.
    """
    if not RELEASE_ID.fullmatch(release_id):
        raise ConfigError(
            f"release id {release_id[:40]!r} is malformed",
            where="laboratory.yaml: release",
            hint='write it in quotes as year and number, such as "2026.1"',
        )
    roots = _roots(extra_root)
    for root in roots:
        if (root / release_id / MANIFEST_NAME).is_file():
            return root / release_id
    known = sorted({path.name for root in roots for path in _releases_in(root)})
    raise ConfigError(
        f"release {release_id} is not installed",
        hint=f"known releases: {', '.join(known) or 'none'}; set {ENVIRONMENT_VARIABLE} to their folder",
    )


def _releases_in(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return [p for p in root.iterdir() if RELEASE_ID.fullmatch(p.name) and (p / MANIFEST_NAME).is_file()]


def list_releases(extra_root: Path | None = None) -> list[Path]:
    """Folders of all releases that can be located, by id; the first root wins."""
    found: dict[str, Path] = {}
    for root in _roots(extra_root):
        for path in _releases_in(root):
            found.setdefault(path.name, path)
    return [found[name] for name in sorted(found, key=_release_order)]


def _release_order(name: str) -> tuple[int, int]:
    year, number = name.split(".")
    return int(year), int(number)


def verify_release(directory: Path) -> Sha256:
    """Check every file of a release against its manifest; returns the manifest's digest.

    Raises
    ------
    ReferenceDataError
        If the manifest is unreadable, or a file is changed, missing or not in the manifest.
    """
    path = directory / MANIFEST_NAME
    try:
        data = path.read_bytes()
        manifest = json.loads(data)
        entries = {entry["path"]: (entry["size_bytes"], entry["sha256"]) for entry in manifest["files"]}
        if manifest["schema"] != MANIFEST_SCHEMA or manifest["release_id"] != directory.name:
            raise KeyError("schema or release_id")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReferenceDataError(f"the manifest cannot be read: {error}", where=str(path)) from error
    present = {p.name for p in directory.iterdir() if p.name != MANIFEST_NAME}
    wrong = [f"{name} is missing" for name in sorted(entries.keys() - present)]
    wrong += [f"{name} is not in the manifest" for name in sorted(present - entries.keys())]
    for name in sorted(entries.keys() & present):
        content = (directory / name).read_bytes() if (directory / name).is_file() else b""
        if (len(content), hashlib.sha256(content).hexdigest()) != entries[name]:
            wrong.append(f"{name} was changed")
    if wrong:
        raise ReferenceDataError(
            "; ".join(wrong),
            where=f"release {directory.name}",
            hint="restore the release from its source; a release is never edited",
        )
    return Sha256(hashlib.sha256(data).hexdigest())


def load_release(directory: Path) -> ReferenceRelease:
    """Load a release after its manifest was verified.

    Raises
    ------
    ReferenceDataError
        If verification fails or a table breaks its rules.
    """
    manifest_sha256 = verify_release(directory)
    head = tomllib.loads((directory / "release.toml").read_text(encoding="utf-8"))
    rows = {name: read_table(directory / name) for name in TABLES}
    return ReferenceRelease(
        release_id=Line(str(head["release_id"])),
        date=IsoDate(str(head["date"])),
        manifest_sha256=manifest_sha256,
        taxa=parse.taxa(rows["taxa.tsv"], rows["names.tsv"]),
        legal_rows=parse.parse_rows("legal.tsv", rows["legal.tsv"], parse.legal_row),
        barcodes=parse.parse_rows("barcodes.tsv", rows["barcodes.tsv"], parse.barcode),
        spectra=parse.parse_rows("spectra.tsv", rows["spectra.tsv"], parse.spectrum),
        markers=parse.parse_rows("markers.tsv", rows["markers.tsv"], parse.marker),
        confusables=parse.parse_rows("confusables.tsv", rows["confusables.tsv"], parse.confusable),
        sets=parse.parse_rows("sets.tsv", rows["sets.tsv"], parse.taxon_set),
        wide_margins=parse.parse_rows("wide_margins.tsv", rows["wide_margins.tsv"], parse.wide_margin),
        gaps=parse.parse_rows("gaps.tsv", rows["gaps.tsv"], parse.gap),
        sources=parse.parse_rows("sources.tsv", rows["sources.tsv"], parse.source),
    )
