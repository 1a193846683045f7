"""Bundles: every byte is signed, nothing of a foreign file becomes a path, limits come before memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from musk_id.errors import InputFormatError, IntegrityError, MuskIdError, UsageError
from musk_id.model.bundle import BundleHeader, BundleInput, BundleMember
from musk_id.model.laboratory import TrustedKey
from musk_id.records.canonical import canonical_bytes, canonical_json
from musk_id.records.codec import encode
from musk_id.records.files import sha256_bytes
from musk_id.sealing.bundle import MAGIC, BundleLimits, bundle_bytes, unpack_bundle
from musk_id.sealing.keys import create_key, load_key
from musk_id.sealing.seal import sign

PASSPHRASE = "a test passphrase"
MEMBERS = {"a.npy": b"", "b.tsv": b"accession\nX1\n" * 20, "manifest.json": b'{"files": []}\n'}
NAMES = frozenset({*MEMBERS, "other.tsv"})
LIMITS = BundleLimits()


def header(members: dict[str, bytes] = MEMBERS) -> BundleHeader:
    return BundleHeader(
        schema=BundleHeader.SCHEMA,
        library_id="lib-1",
        library_date="2026-11-25",
        library_title="Test",
        manifest_sha256=sha256_bytes(MEMBERS["manifest.json"]),
        records=1,
        exporter="A laboratory",
        statement="For tests.",
        policy_sha256="0" * 64,
        licences=("CC0-1.0",),
        required_provenance=(),
        inputs=(BundleInput(path="a.fa", sha256="0" * 64, licence="CC0-1.0", source="made", records=1),),
        members=tuple(
            BundleMember(name=name, size_bytes=len(data), sha256=sha256_bytes(data))
            for name, data in sorted(members.items())
        ),
    )


class Signer:
    """A key and the trust in it."""

    def __init__(self, folder: Path, role: str = "release") -> None:
        key_id, path = create_key(folder, role, PASSPHRASE)
        self.key = load_key(path, PASSPHRASE)
        public = path.with_suffix(".pub").read_text().split()[1]
        self.trusted = (TrustedKey(key_id=key_id, public_key=public, role=role),)

    def raw(self, head: bytes, rest: bytes = b"".join(MEMBERS.values())) -> bytes:
        """A bundle with any bytes as its header, rightly signed."""
        signature = canonical_json(sign(MAGIC + head, *self.key))
        return b"%sheader %010d\n%ssignature %010d\n%s%s" % (
            MAGIC,
            len(head),
            head,
            len(signature),
            signature,
            rest,
        )


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def unpack(tmp_path: Path, signer: Signer) -> Callable[..., Path]:
    def run(data: bytes, trusted: tuple[TrustedKey, ...] | None = None, limits: BundleLimits = LIMITS) -> Path:
        path = tmp_path / "x.mskid"
        path.write_bytes(data)
        folder = tmp_path / "unpacked"
        if folder.exists():
            for old in folder.iterdir():
                old.unlink()
        folder.mkdir(exist_ok=True)
        unpack_bundle(path, folder, signer.trusted if trusted is None else trusted, NAMES, limits)
        return folder

    return run


def test_what_goes_in_comes_out(signer: Signer, unpack: Callable[..., Path]) -> None:
    data = bundle_bytes(header(), MEMBERS, signer.key)
    assert data == bundle_bytes(header(), dict(reversed(MEMBERS.items())), signer.key)
    assert {path.name: path.read_bytes() for path in unpack(data).iterdir()} == MEMBERS


def test_one_flipped_bit_in_any_byte_is_refused(signer: Signer, unpack: Callable[..., Path]) -> None:
    data = bundle_bytes(header(), MEMBERS, signer.key)
    begin = {"manifest.json": len(data) - 14, "b.tsv": len(data) - 14 - len(MEMBERS["b.tsv"])}
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1 << position % 8
        with pytest.raises((IntegrityError, InputFormatError)) as caught:
            unpack(bytes(changed))
        if position >= begin["manifest.json"]:
            assert "manifest.json differs" in str(caught.value)
        elif position >= begin["b.tsv"]:
            assert "b.tsv differs" in str(caught.value)


def test_truncation_anywhere_and_trailing_bytes_are_refused(signer: Signer, unpack: Callable[..., Path]) -> None:
    data = bundle_bytes(header(), MEMBERS, signer.key)
    for part in range(50):
        with pytest.raises(InputFormatError, match="ends after"):
            unpack(data[: len(data) * part // 50])
    with pytest.raises(InputFormatError, match="ends after"):
        unpack(data[:-1])
    with pytest.raises(IntegrityError, match="follow"):
        unpack(data + b"\0")


def _tree(**changes: object) -> bytes:
    return canonical_bytes({**encode(header()), **changes})


def _member(name: object, size: object = 0, digest: str = sha256_bytes(b"")) -> dict[str, object]:
    return {"name": name, "size_bytes": size, "sha256": digest}


HOSTILE: dict[str, bytes] = {
    "a path upwards": _tree(members=[_member("../x")]),
    "an absolute path": _tree(members=[_member("/etc/passwd")]),
    "a windows path": _tree(members=[_member("..\\x")]),
    "a folder": _tree(members=[_member("a/b.tsv")]),
    "a stranger": _tree(members=[_member("evil.py")]),
    "no name": _tree(members=[_member("")]),
    "a name twice": _tree(members=[_member("a.npy"), _member("a.npy")]),
    "names out of order": _tree(members=[_member("b.tsv"), _member("a.npy")]),
    "no members": _tree(members=[]),
    "too many members": _tree(members=[_member("a.npy")] * 101),
    "a huge size": _tree(members=[_member("a.npy", 2**53 - 1)]),
    "a huge total": _tree(members=[_member(n, 1_900_000_000) for n in sorted(NAMES)]),
    "a negative size": _tree(members=[_member("a.npy", -1)]),
    "a size as text": _tree(members=[_member("a.npy", "0")]),
    "a size beyond all numbers": _tree().replace(b'"size_bytes":0', b'"size_bytes":' + b"9" * 5000),
    "another schema": _tree(schema="musk-id/library-bundle/2"),
    "an unknown key": _tree(extra=1),
    "an id as a path": _tree(library_id="../lib"),
    "not canonical": json.dumps(json.loads(_tree()), indent=1).encode(),
    "a key twice": _tree()[:-1] + b',"schema":"x"}',
    "deep": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "no text": b"\xff\xfe" * 40,
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers_are_refused_though_signed_by_a_trusted_key(
    name: str, signer: Signer, unpack: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(IntegrityError) as caught:
        unpack(signer.raw(HOSTILE[name]))
    assert len(str(caught.value)) < 2000
    assert list((tmp_path / "unpacked").iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["unpacked", "x.mskid"]


def test_lengths_are_limited_before_anything_is_read(signer: Signer, unpack: Callable[..., Path]) -> None:
    data = bundle_bytes(header(), MEMBERS, signer.key)
    head = len(MAGIC)
    for line in (b"header 9999999999\n", b"header -000000001\n", b"header 0x00000010\n", b"header  100000000\n"):
        with pytest.raises(InputFormatError, match="header"):
            unpack(data[:head] + line + data[head + len(line) :])
    # A thousand million members fit into no header that is read.
    with pytest.raises(InputFormatError, match="at most"):
        unpack(MAGIC + b"header %010d\n" % (60 * 10**8))
    with pytest.raises(InputFormatError, match="first line"):
        unpack(b"PK\3\4" + data)
    with pytest.raises(InputFormatError, match="ends after"):
        unpack(b"")


def test_who_signed_is_asked_first(signer: Signer, unpack: Callable[..., Path], tmp_path: Path) -> None:
    data = bundle_bytes(header(), MEMBERS, signer.key)
    stranger = Signer(tmp_path / "other")
    with pytest.raises(IntegrityError, match="none of the keys that you trust"):
        unpack(data, stranger.trusted)
    with pytest.raises(IntegrityError, match="none of the keys"):
        unpack(data, ())
    # A hostile header is not even parsed if the signer is not trusted.
    with pytest.raises(IntegrityError, match="none of the keys"):
        unpack(stranger.raw(b"[" * 200_000))
    same_id = replace(stranger.trusted[0], key_id=signer.trusted[0].key_id)
    with pytest.raises(IntegrityError, match="none of the keys"):
        unpack(data, (same_id,))
    head = canonical_json(header())
    unsigned = b"%sheader %010d\n%ssignature %010d\n" % (MAGIC, len(head), head, 0)
    with pytest.raises(IntegrityError, match="not signed"):
        unpack(unsigned + b"".join(MEMBERS.values()))
    # A signature over the header without the first line is one over something else.
    plain = canonical_json(sign(head, *signer.key))
    with pytest.raises(IntegrityError, match="does not fit"):
        unpack(b"%sheader %010d\n%ssignature %010d\n%s" % (MAGIC, len(head), head, len(plain), plain))


def test_only_a_key_for_releases_signs(signer: Signer, unpack: Callable[..., Path], tmp_path: Path) -> None:
    seal = Signer(tmp_path / "seal", "seal")
    with pytest.raises(UsageError, match="role"):
        bundle_bytes(header(), MEMBERS, seal.key)
    with pytest.raises(IntegrityError, match="role"):
        unpack(seal.raw(canonical_json(header())), seal.trusted)


def test_members_beyond_a_limit_are_refused(signer: Signer, unpack: Callable[..., Path]) -> None:
    data = bundle_bytes(header(), MEMBERS, signer.key)
    for limits in (BundleLimits(members=2), BundleLimits(member_bytes=100), BundleLimits(total_bytes=100)):
        with pytest.raises(MuskIdError):
            unpack(data, None, limits)
