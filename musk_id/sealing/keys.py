"""Ed25519 keys: made, stored encrypted, loaded only when nobody else can read them."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import InputFormatError, IntegrityError, UsageError
from musk_id.records.files import read_limited

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["ROLES", "create_key", "key_id_of", "load_key", "public_key_text"]

ROLES = ("seal", "person", "release", "label-authority")
MIN_PASSPHRASE_LENGTH = 8
MAX_KEY_BYTES = 100_000
_ROLE = re.compile(r"[a-z-]{1,20}")


def key_id_of(role: str, public_key: bytes) -> str:
    """Id of a key: its role and the first 16 hexadecimal digits of the digest of the public key."""
    return f"{role}-{hashlib.sha256(public_key).hexdigest()[:16]}"


def public_key_text(public_key: bytes) -> str:
    """Base64 of a raw public key."""
    return base64.b64encode(public_key).decode("ascii")


def _raw_public(key: Ed25519PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def create_key(folder: Path, role: str, passphrase: str) -> tuple[str, Path]:
    """Make a key: an encrypted private key file (mode 0600) and a public one beside it.

    Raises
    ------
    UsageError
        If the role is unknown, the passphrase too short, or a file of that name exists.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
    )

    if role not in ROLES:
        raise UsageError(f"role {role!r} is not known", hint=f"name one of: {', '.join(ROLES)}")
    if len(passphrase) < MIN_PASSPHRASE_LENGTH:
        raise UsageError(
            f"the passphrase has {len(passphrase)} characters, at least {MIN_PASSPHRASE_LENGTH} are needed"
        )
    key = Ed25519PrivateKey.generate()
    public = _raw_public(key)
    key_id = key_id_of(role, public)
    data = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode("utf-8"))
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key_id}.pem"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    (folder / f"{key_id}.pub").write_text(f"{key_id} {public_key_text(public)}\n", encoding="ascii")
    return key_id, path


def load_key(path: Path, passphrase: str) -> tuple[str, Ed25519PrivateKey]:
    """Load a private key; its role is read from the file's name.

    Raises
    ------
    IntegrityError
        If others can read the file, it is no such key, or the passphrase is wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        data = read_limited(path, MAX_KEY_BYTES)
    except (OSError, InputFormatError) as error:
        raise UsageError(f"the key cannot be read: {error}", where=path.name) from error
    if mode & 0o077:
        raise IntegrityError(
            f"the key file can be read by others (mode {mode:04o})", where=path.name, hint="chmod 600 the file"
        )
    try:
        key = load_pem_private_key(data, passphrase.encode("utf-8"))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IntegrityError("no key, or the passphrase is wrong", where=path.name) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityError("the key is no Ed25519 key", where=path.name)
    role = path.stem.rsplit("-", 1)[0]
    if not _ROLE.fullmatch(role) or key_id_of(role, _raw_public(key)) != path.stem:
        raise IntegrityError("the file's name is not the id of the key in it", where=path.name)
    return path.stem, key
