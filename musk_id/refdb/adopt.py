"""Adopting a library that came from another laboratory, and the libraries that a folder holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from musk_id.errors import InputFormatError, IntegrityError, MuskIdError, ReferenceDataError
from musk_id.model.bundle import BundleHeader, LibraryOrigin
from musk_id.model.library import Library
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.records.files import read_limited, write_atomic
from musk_id.refdb.exchange import PROVENANCE_FIELDS, ExchangePolicy, select_for_exchange
from musk_id.refdb.library_read import BuiltLibrary, read_library
from musk_id.refdb.library_store import HEAD_NAME, load_library, verify_library

__all__ = ["ListedLibrary", "adopt_library", "list_libraries", "origin_path", "read_origin"]

MAX_ORIGIN_BYTES = 4_000_000
_NOT_THIS = "do not use this bundle; tell the exporter"


@dataclass(frozen=True, slots=True)
class ListedLibrary:
    """A library folder: the library or the fault that keeps it from being used; who exported it, if adopted."""

    directory: Path
    library: Library | None
    exporter: str | None
    fault: str


def origin_path(folder: Path) -> Path:
    """Where the origin of an adopted library stands: beside its folder, whose files are closed by a manifest."""
    return folder.with_name(f"{folder.name}.origin.json")


def adopt_library(unpacked: Path, out: Path, origin: LibraryOrigin) -> tuple[Path, bool]:
    """Check a library that was unpacked and move it to its place as a whole.

    Parameters
    ----------
    unpacked : Path
        Folder with the members of the bundle, on the file system of ``out``.
    out : Path
        Folder of libraries; the new one is a folder of its own id in it.
    origin : LibraryOrigin
        What is kept beside it: header and signature of the bundle.

    Returns
    -------
    tuple of Path and bool
        The library's folder, and whether it is new; the same library from before is left as it is, with the
        origin that was kept then.

    Raises
    ------
    ReferenceDataError
        If it is no sound library, or another one of that id stands there.
    IntegrityError
        If it is not the library that the header speaks of.
    """
    _require_as_told(read_library(unpacked), origin.header)
    target = out / origin.library_id
    if os.path.lexists(target):
        if not _is_same(target, origin):
            raise ReferenceDataError(
                f"a library {origin.library_id} with other content stands there already",
                where=str(out),
                hint="choose another folder; compare the two with: musk-id refdb diff",
            )
        return target, False
    # The origin first: a library without it would not tell where it comes from.
    write_atomic(origin_path(target), canonical_json(origin))
    try:
        unpacked.rename(target)
    except OSError:
        origin_path(target).unlink(missing_ok=True)
        raise
    return target, True


def _is_same(target: Path, origin: LibraryOrigin) -> bool:
    if target.is_symlink() or not target.is_dir():
        return False
    try:
        return verify_library(target) == origin.manifest_sha256
    except ReferenceDataError:
        return False


def _require_as_told(built: BuiltLibrary, header: BundleHeader) -> None:
    """The library is the one of the header, and each of its records may travel under the header's own terms."""
    library = built.library
    spectra = 0 if library.spectra is None else len(library.spectra)
    told = {
        "library_id": (header.library_id, library.library_id),
        "library_date": (header.library_date, library.date),
        "library_title": (header.library_title, library.title),
        "manifest_sha256": (header.manifest_sha256, library.manifest_sha256),
        "records": (header.records, len(built.records) + spectra),
        "inputs": (
            [(entry.path, entry.sha256, entry.licence, entry.source, entry.records) for entry in header.inputs],
            [(e.path, e.sha256, e.licence, e.source, e.travelling) for e in built.inputs if e.travelling],
        ),
    }
    for field, (said, found) in told.items():
        if said != found:
            raise IntegrityError(
                f"the header says {field} {str(said)[:120]}, the library {str(found)[:120]}",
                where=header.library_id,
                hint=_NOT_THIS,
            )
    closed = [entry.path for entry in built.inputs if entry.travelling and not entry.redistribute]
    if closed:
        raise IntegrityError(
            f"the library itself says that records of {closed[0]} are not to be passed on",
            where=header.library_id,
            hint=_NOT_THIS,
        )
    _require_own_terms(built, header)


def _require_own_terms(built: BuiltLibrary, header: BundleHeader) -> None:
    strange = sorted(set(header.required_provenance) - set(PROVENANCE_FIELDS))
    if strange:
        raise IntegrityError(
            f"the header demands the provenance {strange[0][:60]!r}, which is no field",
            where=header.library_id,
            hint=_NOT_THIS,
        )
    policy = ExchangePolicy(
        exporter=header.exporter,
        statement=header.statement,
        licences=header.licences,
        required_provenance=header.required_provenance,
        sha256=header.policy_sha256,
    )
    refused = select_for_exchange(built, policy).refused
    if refused:
        first = refused[0]
        raise IntegrityError(
            f"{len(refused)} record(s) do not obey the terms of the header: {first.accession}: {first.reason}, "
            f"{first.detail}",
            where=header.library_id,
            hint=_NOT_THIS,
        )


def read_origin(folder: Path) -> LibraryOrigin | None:
    """Origin of an adopted library; ``None`` where the library was not adopted.

    Raises
    ------
    IntegrityError
        If the file of the origin cannot be read.
    """
    path = origin_path(folder)
    if not os.path.lexists(path):
        return None
    try:
        data = read_limited(path, MAX_ORIGIN_BYTES)
    except InputFormatError as error:
        raise IntegrityError(error.message, where=path.name) from error
    return parse_record(LibraryOrigin, data, path.name)


def list_libraries(root: Path) -> Iterator[ListedLibrary]:
    """All libraries below a folder, by name, with their fault if they have one.

    Raises
    ------
    ReferenceDataError
        If there is no such folder.
    """
    if not root.is_dir():
        raise ReferenceDataError(
            "no such folder", where=str(root), hint="name the folder that holds the libraries"
        )
    for folder in sorted(path for path in root.iterdir() if (path / HEAD_NAME).is_file()):
        try:
            library, origin = load_library(folder), read_origin(folder)
            if origin is not None and origin.manifest_sha256 != library.manifest_sha256:
                raise IntegrityError("the origin beside it is that of another library", where=folder.name)
            yield ListedLibrary(folder, library, None if origin is None else str(origin.header.exporter), "")
        except MuskIdError as error:
            yield ListedLibrary(folder, None, None, str(error))
