"""The seal of a case: a manifest of every byte, and an optional signature over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.values import Identifier, Line, Sha256

__all__ = ["Manifest", "ManifestEntry", "SealCheck", "SealSignature"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """One file of the sealed case, path relative to the case folder."""

    path: Line
    size_bytes: int
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All files of a sealed case outside ``seal/``, sorted by path."""

    SCHEMA: ClassVar[str] = "musk-id/manifest/1"

    schema: Line
    case_id: Identifier
    record_sha256: Sha256
    files: tuple[ManifestEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSignature:
    """Ed25519 signature over the bytes of ``manifest.json`` (public key and signature in base64)."""

    SCHEMA: ClassVar[str] = "musk-id/seal-signature/1"

    schema: Line
    algorithm: Line
    role: Line
    key_id: Identifier
    public_key: Line
    signature: Line


@dataclass(frozen=True, slots=True)
class SealCheck:
    """What verification found; ``summary`` is derived, never stored."""

    changed: tuple[str, ...]
    added: tuple[str, ...]
    missing: tuple[str, ...]
    problems: tuple[str, ...]
    signature: str
    key_id: str | None
    trusted: str

    @property
    def intact(self) -> bool:
        """Whether every byte is as sealed and the signature, if there is one, fits."""
        return not (self.changed or self.added or self.missing or self.problems)
