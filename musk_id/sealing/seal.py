"""Sealing a case folder: a manifest of every byte outside ``seal/``, its digest, an optional signature."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import IntegrityError
from musk_id.model.seal import Manifest, ManifestEntry, SealSignature
from musk_id.model.values import Identifier, Line, Sha256
from musk_id.records.canonical import canonical_json
from musk_id.records.files import sha256_bytes, sha256_file, write_atomic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "DIGEST_NAME",
    "MANIFEST_NAME",
    "RECORD_PATH",
    "SEAL_FOLDER",
    "SIGNATURE_NAME",
    "build_manifest",
    "case_files",
    "empty_folders",
    "sign",
    "write_seal",
]

SEAL_FOLDER = "seal"
MANIFEST_NAME = "manifest.json"
DIGEST_NAME = "manifest.sha256"
SIGNATURE_NAME = "signature.json"
RECORD_PATH = "record/record.json"
ALGORITHM = "Ed25519"


def case_files(case_dir: Path) -> tuple[str, ...]:
    """Paths of all files of a case folder outside ``seal/``, relative and sorted.

    Raises
    ------
    IntegrityError
        If the folder holds a symbolic link or something that is neither file nor folder.
    """

    def unreadable(error: OSError) -> None:
        raise IntegrityError(f"a folder cannot be read: {error.strerror}", where=case_dir.name) from error

    found: list[str] = []
    # Without onerror a folder that cannot be read would be left out of the seal in silence.
    for folder, folders, files in os.walk(case_dir, onerror=unreadable):
        for name in (*folders, *files):
            path = Path(folder) / name
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise IntegrityError(f"{path.relative_to(case_dir)} is no regular file", where=case_dir.name)
        relative = Path(folder).relative_to(case_dir)
        if relative == Path():
            folders[:] = [name for name in folders if name != SEAL_FOLDER]
        found += [(relative / name).as_posix() for name in files]
    return tuple(sorted(found))


def empty_folders(case_dir: Path) -> tuple[str, ...]:
    """Folders without content, which no sealed case has, relative and sorted."""
    empty = [Path(folder) for folder, folders, files in os.walk(case_dir) if not folders and not files]
    return tuple(sorted(path.relative_to(case_dir).as_posix() for path in empty))


def build_manifest(case_dir: Path, case_id: str) -> Manifest:
    """Manifest of a case folder whose record stands at ``record/record.json``."""
    entries = tuple(
        ManifestEntry(
            path=Line(path),
            size_bytes=(case_dir / path).stat().st_size,
            sha256=sha256_file(case_dir / path),
        )
        for path in case_files(case_dir)
    )
    return Manifest(
        schema=Line(Manifest.SCHEMA),
        case_id=Identifier(case_id),
        record_sha256=Sha256(sha256_file(case_dir / RECORD_PATH)),
        files=entries,
    )


def write_seal(case_dir: Path, manifest: Manifest, key: tuple[str, Ed25519PrivateKey] | None) -> None:
    """Write manifest, its digest, and the signature if a key is given.

    Without a key, a signature over the same manifest stays: processing a case again must not unsign it.
    """
    folder = case_dir / SEAL_FOLDER
    data = canonical_json(manifest)
    path = folder / MANIFEST_NAME
    is_same = path.is_file() and not path.is_symlink() and path.read_bytes() == data
    # What a killed run left of a half-written file does not belong to the seal.
    for left in folder.glob(".*.part"):
        left.unlink()
    write_atomic(folder / MANIFEST_NAME, data)
    write_atomic(folder / DIGEST_NAME, f"{sha256_bytes(data)}  {MANIFEST_NAME}\n".encode("ascii"))
    signature = folder / SIGNATURE_NAME
    if key is None:
        if not is_same:
            signature.unlink(missing_ok=True)
        return
    write_atomic(signature, canonical_json(sign(data, *key)))


def sign(data: bytes, key_id: str, key: Ed25519PrivateKey) -> SealSignature:
    """Signature over some bytes."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SealSignature(
        schema=Line(SealSignature.SCHEMA),
        algorithm=Line(ALGORITHM),
        role=Line(key_id.rsplit("-", 1)[0]),
        key_id=Identifier(key_id),
        public_key=Line(base64.b64encode(public).decode("ascii")),
        signature=Line(base64.b64encode(key.sign(data)).decode("ascii")),
    )
