"""Verification of a sealed case: which file was changed, added or removed, and what the signature says.

Whatever goes wrong while verifying is a problem of the seal, never a pass.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from musk_id.errors import IntegrityError, MuskIdError
from musk_id.model.laboratory import TrustedKey
from musk_id.model.seal import Manifest, ManifestEntry, SealCheck, SealSignature
from musk_id.records.canonical import parse_record
from musk_id.records.files import read_limited, sha256_bytes, sha256_file
from musk_id.sealing.keys import key_id_of
from musk_id.sealing.seal import (
    ALGORITHM,
    DIGEST_NAME,
    MANIFEST_NAME,
    RECORD_PATH,
    SEAL_FOLDER,
    SIGNATURE_NAME,
    case_files,
    empty_folders,
)

__all__ = ["ABSENT", "INVALID", "VALID", "check_signature", "verify_case"]

VALID, INVALID, ABSENT = "VALID", "INVALID", "ABSENT"
_SEAL_FILES = frozenset({MANIFEST_NAME, DIGEST_NAME, SIGNATURE_NAME})
MAX_MANIFEST_BYTES = 200_000_000
MAX_SIGNATURE_BYTES = 10_000
_SEAL_ROLE = "seal"


def verify_case(case_dir: Path, trusted: tuple[TrustedKey, ...] | None = None) -> SealCheck:
    """Verify a sealed case folder.

    Parameters
    ----------
    case_dir : Path
        The case folder with its ``seal/``.
    trusted : tuple of TrustedKey, optional
        Keys to trust; without them the question is not asked.
    """
    try:
        data, manifest, problems = _manifest(case_dir)
    except MuskIdError as error:
        return SealCheck((), (), (), (error.diagnostics(),), ABSENT, None, _NOT_ASKED)
    changed, added, missing = _compare(case_dir, manifest, problems)
    signature, key_id, trust = _signature(case_dir, data, trusted, problems)
    return SealCheck(changed, added, missing, tuple(problems), signature, key_id, trust)


_NOT_ASKED = "NOT_ASKED"


def _manifest(case_dir: Path) -> tuple[bytes, Manifest, list[str]]:
    folder = case_dir / SEAL_FOLDER
    path = folder / MANIFEST_NAME
    if folder.is_symlink() or not path.is_file() or path.is_symlink():
        raise IntegrityError(
            "there is no manifest: the case is not sealed", where=f"{SEAL_FOLDER}/{MANIFEST_NAME}"
        )
    data = read_limited(path, MAX_MANIFEST_BYTES)
    problems: list[str] = []
    expected = f"{sha256_bytes(data)}  {MANIFEST_NAME}\n".encode("ascii")
    digest = folder / DIGEST_NAME
    if not digest.is_file() or digest.is_symlink() or read_limited(digest, MAX_MANIFEST_BYTES) != expected:
        problems.append(
            f"{SEAL_FOLDER}/{MANIFEST_NAME} and {SEAL_FOLDER}/{DIGEST_NAME} do not fit: one of them was changed"
        )
    extra = sorted(p.name for p in folder.iterdir() if p.name not in _SEAL_FILES)
    problems += [f"{SEAL_FOLDER}/{name} does not belong to the seal" for name in extra]
    return data, parse_record(Manifest, data, f"{SEAL_FOLDER}/{MANIFEST_NAME}"), problems


def _compare(
    case_dir: Path, manifest: Manifest, problems: list[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    try:
        present = set(case_files(case_dir))
    except MuskIdError as error:
        problems.append(str(error))
        return (), (), ()
    sealed = {str(entry.path): entry for entry in manifest.files}
    if len(sealed) != len(manifest.files):
        problems.append("the manifest names a file twice")
    changed = [
        path for path in sorted(present & sealed.keys()) if _differs(case_dir / path, sealed[path], problems)
    ]
    record = sealed.get(RECORD_PATH)
    if record is None or record.sha256 != manifest.record_sha256:
        problems.append(f"the manifest's record digest is not that of {RECORD_PATH}")
    if manifest.case_id != case_dir.name:
        problems.append(f"the manifest is of case {manifest.case_id}, the folder is named {case_dir.name}")
    # A manifest names files only: what it cannot name would escape it.
    added = (present - sealed.keys()) | {f"{folder}/" for folder in empty_folders(case_dir)}
    return tuple(changed), tuple(sorted(added)), tuple(sorted(sealed.keys() - present))


def _differs(path: Path, entry: ManifestEntry, problems: list[str]) -> bool:
    try:
        return path.stat().st_size != entry.size_bytes or sha256_file(path) != entry.sha256
    except OSError as error:
        problems.append(f"{entry.path} cannot be read: {error.strerror}")
        return True


def _signature(
    case_dir: Path, data: bytes, trusted: tuple[TrustedKey, ...] | None, problems: list[str]
) -> tuple[str, str | None, str]:
    path = case_dir / SEAL_FOLDER / SIGNATURE_NAME
    if not os.path.lexists(path):
        return ABSENT, None, _NOT_ASKED if trusted is None else "NO"
    where = f"{SEAL_FOLDER}/{SIGNATURE_NAME}"
    try:
        if path.is_symlink():
            raise IntegrityError("it is a symbolic link")
        signature = parse_record(SealSignature, read_limited(path, MAX_SIGNATURE_BYTES), where)
        check_signature(signature, data, _SEAL_ROLE)
    except (MuskIdError, OSError, ValueError, binascii.Error) as error:
        problems.append(f"{where} is not valid: {error}")
        return INVALID, None, "NO"
    if trusted is None:
        return VALID, signature.key_id, _NOT_ASKED
    known = any(key.key_id == signature.key_id and key.public_key == signature.public_key for key in trusted)
    return VALID, signature.key_id, "YES" if known else "NO"


def check_signature(signature: SealSignature, data: bytes, role: str) -> None:
    """Check that a signature is one over these bytes by a key of that role.

    Raises
    ------
    ValueError
        Saying what does not fit.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if signature.algorithm != ALGORITHM:
        raise ValueError(f"algorithm {signature.algorithm!r}, expected {ALGORITHM}")
    public = base64.b64decode(signature.public_key, validate=True)
    raw = base64.b64decode(signature.signature, validate=True)
    for text, value in ((signature.public_key, public), (signature.signature, raw)):
        # Base64 lets unused bits vary: only one spelling of a value is accepted.
        if base64.b64encode(value).decode("ascii") != text:
            raise ValueError("base64 is not in its one canonical form")
    if signature.role != role:
        raise ValueError(f"a key of role {signature.role!r} cannot sign this, only one of role {role!r}")
    if key_id_of(signature.role, public) != signature.key_id:
        raise ValueError("key id, role and public key do not fit together")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(raw, data)
    except InvalidSignature as error:
        raise ValueError("the signature does not fit what it is over") from error
