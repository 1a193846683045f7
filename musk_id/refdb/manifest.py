"""The manifest of a release: path, size and SHA-256 of every file, in one fixed form of bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musk_id.errors import InputFormatError, ReferenceDataError
from musk_id.model.values import RULES, IsoDate, Line, Sha256
from musk_id.records.files import read_limited, sha256_bytes

__all__ = ["MANIFEST_NAME", "ReleaseManifest", "manifest_bytes", "read_verified"]

MANIFEST_NAME = "manifest.json"
MANIFEST_FORMAT = "musk-id-reference-manifest/1"
MAX_MANIFEST_BYTES = 1_000_000
MAX_FILE_BYTES = 100_000_000
MAX_FILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseManifest:
    """Identity of a release and the files that its manifest lists."""

    release_id: Line
    date: IsoDate
    sha256: Sha256
    files: Mapping[str, bytes]


def manifest_bytes(release_id: str, date: str, files: Mapping[str, bytes]) -> bytes:
    """Manifest of files given by name, sorted by name."""
    listed = [
        {"path": name, "size": len(files[name]), "sha256": sha256_bytes(files[name])} for name in sorted(files)
    ]
    return _canonical({"format": MANIFEST_FORMAT, "release_id": release_id, "date": date, "files": listed})


def read_verified(directory: Path) -> ReleaseManifest:
    """Read all files of a release and compare them with the manifest.

    Raises
    ------
    ReferenceDataError
        If a file is missing, was added, was changed, or is no regular file; all of them are named.
    """
    if not directory.is_dir():
        raise ReferenceDataError(
            "no such folder",
            where=str(directory),
            hint="name the folder of a release of the reference library",
        )
    data = _regular(directory, MANIFEST_NAME, MAX_MANIFEST_BYTES)
    tree = _manifest_tree(data)
    listed = {entry["path"]: entry for entry in tree["files"]}
    present = _names(directory) - {MANIFEST_NAME}
    problems = [f"{name} is missing" for name in sorted(set(listed) - present)]
    problems += [f"{name} is not in it" for name in sorted(present - set(listed))]
    files = {}
    for name in sorted(set(listed) & present):
        content = _regular(directory, name, MAX_FILE_BYTES)
        if len(content) != listed[name]["size"] or sha256_bytes(content) != listed[name]["sha256"]:
            problems.append(f"{name} differs from its entry in {MANIFEST_NAME}")
        files[name] = content
    if problems:
        raise ReferenceDataError(
            f"the release is not what {MANIFEST_NAME} says: " + "; ".join(problems),
            where=directory.name,
            hint="restore the release from its source; a release is never edited",
        )
    return ReleaseManifest(
        release_id=Line(tree["release_id"]),
        date=IsoDate(tree["date"]),
        sha256=sha256_bytes(data),
        files=files,
    )


def _names(directory: Path) -> set[str]:
    try:
        return {path.name for path in directory.iterdir()}
    except OSError as error:
        raise ReferenceDataError(f"cannot be read: {error.strerror}", where=str(directory)) from error


def _canonical(tree: dict[str, Any]) -> bytes:
    return (json.dumps(tree, ensure_ascii=True, sort_keys=True, indent=1) + "\n").encode("ascii")


def _regular(directory: Path, name: str, max_bytes: int) -> bytes:
    path = directory / name
    where = f"{directory.name}/{name}"
    if path.is_symlink() or not path.is_file():
        state = "is no regular file" if path.is_symlink() or path.exists() else "is missing"
        raise ReferenceDataError(f"{name} {state}", where=where, hint="restore the release from its source")
    try:
        return read_limited(path, max_bytes)
    except InputFormatError as error:
        raise ReferenceDataError(error.message, where=where) from error


def _manifest_tree(data: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(data)
        complete = _has_form(tree) and _canonical(tree) == data
    except (ValueError, RecursionError):
        complete = False
    if not complete:
        raise ReferenceDataError(
            f"{MANIFEST_NAME} is not in the form that it was written in",
            where=MANIFEST_NAME,
            hint="restore the release from its source",
        )
    result: dict[str, Any] = tree
    return result


def _has_form(tree: Any) -> bool:
    return (
        isinstance(tree, dict)
        and set(tree) == {"format", "release_id", "date", "files"}
        and tree["format"] == MANIFEST_FORMAT
        and isinstance(tree["release_id"], str)
        and isinstance(tree["date"], str)
        and RULES[IsoDate].accepts(tree["date"])
        and isinstance(tree["files"], list)
        and len(tree["files"]) <= MAX_FILES
        and all(_is_entry(entry) for entry in tree["files"])
        and [entry["path"] for entry in tree["files"]] == sorted({entry["path"] for entry in tree["files"]})
    )


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) == {"path", "size", "sha256"}
        and isinstance(entry["path"], str)
        and not set(entry["path"]) & set("/\\\0")
        and entry["path"] not in ("", ".", "..", MANIFEST_NAME)
        and type(entry["size"]) is int
        and isinstance(entry["sha256"], str)
        and RULES[Sha256].accepts(entry["sha256"])
    )
