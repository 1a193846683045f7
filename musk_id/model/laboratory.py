"""The laboratory: who it is, which methods and which reference release are in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.form_vocabulary import Template
from musk_id.model.values import Country, Identifier, IsoDate, Line, RelativePath, Sha256, Text
from musk_id.vocabulary import Language

__all__ = ["Accreditation", "Font", "Laboratory", "MethodsInForce", "TrustedKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accreditation:
    """An accreditation as the laboratory states it."""

    body: Line
    number: Line
    scope: Text | None = None
    valid_until: IsoDate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodsInForce:
    """Method versions that the laboratory has put in force; the software refuses one that it lacks."""

    barcode: Line = Line("moschus-barcode-1")
    animals: Line = Line("general-mammal-1")
    sanger: Line = Line("sanger-1")
    reads: Line = Line("reads-1")
    spectra: Line = Line("ei-library-1")
    controls: Line = Line("batch-controls-1")
    evidence: Line = Line("evidence-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A public key that the laboratory trusts for seals."""

    key_id: Identifier
    public_key: Line
    role: Line
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Font:
    """A font of the laboratory's own, below its root, for scripts that the bundled fonts lack."""

    path: RelativePath
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """The laboratory root's own file (``laboratory.yaml``).

    ``languages`` are those of the record's pages; the first one is authoritative. ``overlays`` are the
    laboratory's own libraries (folders below ``overlays/``), compared together with the release. ``template`` is
    the form that records are to have. ``fonts`` are used in every PDF for what the bundled fonts do not draw.
    """

    SCHEMA: ClassVar[str] = "musk-id/laboratory/1"

    schema: Line
    name: Line
    address: Text
    country: Country | None = None
    contact: Line | None = None
    accreditations: tuple[Accreditation, ...] = ()
    languages: tuple[Language, ...] = (Language.EN,)
    release: Line = Line("2026.1")
    overlays: tuple[Identifier, ...] = ()
    methods: MethodsInForce = MethodsInForce()
    trusted_keys: tuple[TrustedKey, ...] = ()
    template: Template = Template.INTERNATIONAL
    fonts: tuple[Font, ...] = ()
