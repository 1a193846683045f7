"""Signed bundles: one file of a format of our own, so that no archive of foreign paths is ever extracted.

::

    MUSK-ID-BUNDLE/1\\n
    header 0000001234\\n          ten digits, then that many bytes: canonical JSON of BundleHeader
    signature 0000000300\\n       ten digits, then that many bytes: canonical JSON of SealSignature
    the bytes of the members, one after the other, in the order and of the sizes that the header names

The signature is over the first line and the header. Nothing of the header is parsed before the signature has been
found to be that of a trusted key; no name of the file becomes a path unless it is one of those that the caller
allows.
"""

from __future__ import annotations

import binascii
import hashlib
import os
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from musk_id.errors import InputFormatError, IntegrityError, UsageError
from musk_id.model.bundle import BundleHeader, BundleMember
from musk_id.model.laboratory import TrustedKey
from musk_id.model.seal import SealSignature
from musk_id.model.values import Sha256
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.records.files import write_atomic
from musk_id.sealing.seal import sign
from musk_id.sealing.verify import check_signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["MAGIC", "ROLE", "BundleLimits", "UnpackedBundle", "bundle_bytes", "unpack_bundle", "write_bundle"]

MAGIC = b"MUSK-ID-BUNDLE/1\n"
ROLE = "release"
_DIGITS = 10
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """What is read at most."""

    header_bytes: int = 2_000_000
    signature_bytes: int = 10_000
    members: int = 100
    member_bytes: int = 2_000_000_000
    total_bytes: int = 4_000_000_000


@dataclass(frozen=True, slots=True)
class UnpackedBundle:
    """A bundle whose every byte was found to be as signed by a trusted key."""

    header: BundleHeader
    signature: SealSignature
    sha256: Sha256


def bundle_bytes(header: BundleHeader, members: Mapping[str, bytes], key: tuple[str, Ed25519PrivateKey]) -> bytes:
    """Bytes of a bundle.

    Raises
    ------
    UsageError
        If the key is not one for releases.
    """
    if key[0].rsplit("-", 1)[0] != ROLE:
        raise UsageError(
            f"key {key[0]} cannot sign a library, only one of role {ROLE!r}",
            hint=f"make one with: musk-id key new --role {ROLE}",
        )
    head = canonical_json(header)
    signature = canonical_json(sign(MAGIC + head, *key))
    blocks = [MAGIC, _declared("header", head), head, _declared("signature", signature), signature]
    return b"".join([*blocks, *(members[member.name] for member in header.members)])


def write_bundle(
    path: Path, header: BundleHeader, members: Mapping[str, bytes], key: tuple[str, Ed25519PrivateKey]
) -> None:
    """Write a bundle as a whole.

    Raises
    ------
    UsageError
        If the key is not one for releases, or another file stands there.
    """
    data = bundle_bytes(header, members, key)
    if path.exists() and (not path.is_file() or path.read_bytes() != data):
        raise UsageError("another file of that name stands there", where=str(path), hint="name a new file")
    write_atomic(path, data)


def _declared(word: str, block: bytes) -> bytes:
    return f"{word} {len(block):0{_DIGITS}d}\n".encode("ascii")


class _Reader:
    """Bytes of a bundle in order; knows how far it is, and the digest of all that it has read."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self.name = stream, name
        self.position = 0
        self.whole = hashlib.sha256()

    def take(self, count: int, what: str) -> bytes:
        """Exactly that many bytes."""
        data = self._stream.read(count)
        self.position += len(data)
        self.whole.update(data)
        if len(data) != count:
            raise InputFormatError(
                f"the file ends after {self.position} bytes, within {what}",
                where=self.name,
                hint="the bundle was cut off: transfer it again",
            )
        return data

    def block(self, word: str, limit: int) -> bytes:
        """A block that declares its length."""
        line = self.take(len(word) + _DIGITS + 2, f"the line that declares the length of the {word}")
        digits = line[len(word) + 1 : -1]
        if line[: len(word) + 1] != f"{word} ".encode("ascii") or line[-1:] != b"\n" or not _is_number(digits):
            raise InputFormatError(f"the length of the {word} is not declared in ten digits", where=self.name)
        if int(digits) > limit:
            raise InputFormatError(f"a {word} of {int(digits)} bytes, at most {limit} are read", where=self.name)
        return self.take(int(digits), f"the {word}")

    def require_end(self) -> None:
        """Nothing may follow."""
        if self._stream.read(1):
            raise IntegrityError(
                f"bytes follow after the last member (byte {self.position})",
                where=self.name,
                hint="these bytes are not signed: ask the exporter for the file as it was written",
            )


def _is_number(digits: bytes) -> bool:
    return all(ord("0") <= digit <= ord("9") for digit in digits)


def unpack_bundle(
    path: Path,
    folder: Path,
    trusted: tuple[TrustedKey, ...],
    names: Set[str],
    limits: BundleLimits = BundleLimits(),  # noqa: B008 - frozen
) -> UnpackedBundle:
    """Verify a bundle and write its members into a new folder.

    Parameters
    ----------
    path : Path
        The bundle.
    folder : Path
        An empty folder of the caller, who removes it if this fails.
    trusted : tuple of TrustedKey
        Keys whose signature is accepted.
    names : set of str
        Names that members may have.
    limits : BundleLimits
        What is read at most.

    Raises
    ------
    InputFormatError
        If the file is no bundle, is cut off, or is beyond a limit.
    IntegrityError
        If the signature is not one of a trusted key, or a byte differs from what was signed.
    """
    if path.is_symlink() or not path.is_file():
        raise InputFormatError("no regular file", where=path.name)
    with path.open("rb") as stream:
        reader = _Reader(stream, path.name)
        if reader.take(len(MAGIC), "its first line") != MAGIC:
            raise InputFormatError(
                "not a bundle of a library: the first line is another",
                where=path.name,
                hint=f"a bundle begins with {MAGIC.decode('ascii').strip()}",
            )
        head = reader.block("header", limits.header_bytes)
        signature = _signature(reader.block("signature", limits.signature_bytes), head, trusted, path.name)
        header = parse_record(BundleHeader, head, f"{path.name}: header")
        _require_sound(header, names, limits, path.name)
        for member in header.members:
            # The path is made from the caller's own name, equal to the one in the file.
            own = next(name for name in names if name == member.name)
            _write_member(reader, member, folder / own)
        reader.require_end()
    return UnpackedBundle(header, signature, Sha256(reader.whole.hexdigest()))


def _signature(data: bytes, head: bytes, trusted: tuple[TrustedKey, ...], name: str) -> SealSignature:
    where = f"{name}: signature"
    if not data:
        raise IntegrityError("the bundle is not signed", where=where, hint="only signed bundles are adopted")
    signature = parse_record(SealSignature, data, where)
    try:
        check_signature(signature, MAGIC + head, ROLE)
    except (ValueError, binascii.Error) as error:
        raise IntegrityError(f"the signature is not valid: {error}", where=where) from error
    known = any(k.key_id == signature.key_id and k.public_key == signature.public_key for k in trusted)
    if not known or signature.schema != SealSignature.SCHEMA:
        raise IntegrityError(
            f"signed by {signature.key_id}, which is none of the keys that you trust",
            where=where,
            hint="ask the exporter for the public key on another way, compare, and add it to the file of keys",
        )
    return signature


def _require_sound(header: BundleHeader, names: Set[str], limits: BundleLimits, where: str) -> None:
    """A trusted key may have signed what a faulty or hostile program wrote: the header is checked all the same."""
    found = [member.name for member in header.members]
    problem = None
    if header.schema != BundleHeader.SCHEMA:
        problem = f"the header is of schema {header.schema[:60]}, read is {BundleHeader.SCHEMA}"
    elif not 0 < len(found) <= limits.members:
        problem = f"{len(found)} members, allowed are 1 to {limits.members}"
    elif set(found) - set(names):
        problem = f"member {min(set(found) - set(names))[:80]!r} is no file of a library"
    elif sorted(set(found)) != found:
        problem = "the members are not sorted by name, each once"
    elif not all(0 <= member.size_bytes <= limits.member_bytes for member in header.members):
        problem = f"a member has a size that is not 0 to {limits.member_bytes} bytes"
    elif sum(member.size_bytes for member in header.members) > limits.total_bytes:
        problem = f"the members have more than {limits.total_bytes} bytes together"
    if problem is not None:
        raise IntegrityError(problem, where=f"{where}: header", hint="do not use this bundle; tell the exporter")


def _write_member(reader: _Reader, member: BundleMember, path: Path) -> None:
    digest, left = hashlib.sha256(), member.size_bytes
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as stream:
        while left:
            piece = reader.take(min(left, _CHUNK), f"{member.name}")
            digest.update(piece)
            stream.write(piece)
            left -= len(piece)
        stream.flush()
        os.fsync(stream.fileno())
    if digest.hexdigest() != member.sha256:
        raise IntegrityError(
            f"{member.name} differs from its entry in the header: {digest.hexdigest()}, signed is {member.sha256}",
            where=reader.name,
            hint="the bundle was changed on its way: transfer it again",
        )
