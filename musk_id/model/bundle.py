"""A library on its way from one laboratory to another: what a bundle says of itself, and who adopted it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.seal import SealSignature
from musk_id.model.values import Identifier, IsoDate, Line, RelativePath, Sha256, Text

__all__ = ["BundleHeader", "BundleInput", "BundleMember", "LibraryOrigin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleMember:
    """One file of the library in the bundle."""

    name: Line
    size_bytes: int
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleInput:
    """An input file whose records travel, with its terms; the file itself is not in the bundle."""

    path: RelativePath
    sha256: Sha256
    licence: Line
    source: Text
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleHeader:
    """What the signature of a bundle is over: the library, its files, its terms and the exporter's statement.

    ``records`` counts sequences (one a marker) and spectra. ``licences`` and ``required_provenance`` repeat the
    policy under which every record was let through.
    """

    SCHEMA: ClassVar[str] = "musk-id/library-bundle/1"

    schema: Line
    library_id: Identifier
    library_date: IsoDate
    library_title: Line
    manifest_sha256: Sha256
    records: int
    exporter: Line
    statement: Text
    policy_sha256: Sha256
    licences: tuple[Line, ...]
    required_provenance: tuple[Line, ...]
    inputs: tuple[BundleInput, ...]
    members: tuple[BundleMember, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryOrigin:
    """Where an adopted library comes from; header and signature can be verified again."""

    SCHEMA: ClassVar[str] = "musk-id/library-origin/1"

    schema: Line
    library_id: Identifier
    manifest_sha256: Sha256
    bundle_sha256: Sha256
    header: BundleHeader
    signature: SealSignature
