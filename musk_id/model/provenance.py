"""What a record was made from: inputs by digest, reference release, method and software version."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import Line, Sha256

__all__ = ["InputDigest", "Provenance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDigest:
    """An input by name and SHA-256."""

    name: Line
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Software, method versions, reference release and inputs of a record."""

    software_version: Line
    methods: tuple[Line, ...] = ()
    release_id: Line | None = None
    release_sha256: Sha256 | None = None
    inputs: tuple[InputDigest, ...] = ()
