"""The authority's words: what is asked and what was sent, frozen at receipt.

Everything here is as stated by the requester. The technical stages never see these fields
(decision rules, section 2); changing one leaves the barcode and spectra records byte-identical.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.values import Country, DecimalText, Identifier, IsoDate, Line, RelativePath, Sha256, Text
from musk_id.vocabulary import PermitKind, QuestionKind, Sex

__all__ = [
    "AllegedOrigin",
    "CitesDetails",
    "Party",
    "Photograph",
    "Quantity",
    "Question",
    "Request",
    "RequestItem",
    "Seizure",
    "SpecimenLine",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person, firm or public body."""

    name: Line
    address: Text | None = None
    country: Country | None = None
    contact: Line | None = None
    reference: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """A photograph file; the digest is checked when it is declared."""

    path: RelativePath
    sha256: Sha256 | None = None
    caption: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """An amount as stated, with its unit."""

    amount: DecimalText
    unit: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of the authority, verbatim, with its kind from the closed list.

    ``item_ids`` names the items it concerns; none means all.
    """

    question_id: Identifier
    kind: QuestionKind
    text: Text
    item_ids: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestItem:
    """An item as the authority describes it."""

    item_id: Identifier
    described_as: Text
    seal_number: Line | None = None
    label_text: Text | None = None
    quantity: Quantity | None = None
    units_total: int | None = None
    photographs: tuple[Photograph, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seizure:
    """Where and when the items were taken."""

    place: Line
    country: Country | None = None
    date: IsoDate | None = None
    record_number: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllegedOrigin:
    """Origin as stated by the requester; it is not examined."""

    country: Country
    stated_by: Line | None = None
    population: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenLine:
    """One line of specimens as CITES Article VIII, paragraph 6 (b) asks for it."""

    species_name: Line
    specimen_type: Line
    number: int | None = None
    quantity: Quantity | None = None
    size: Line | None = None
    sex: Sex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CitesDetails:
    """What CITES Article VIII, paragraph 6 asks a Party to keep of a trade."""

    exporter: Party | None = None
    importer: Party | None = None
    permit_number: Line | None = None
    permit_kind: PermitKind | None = None
    state_of_export: Country | None = None
    state_of_re_export: Country | None = None
    state_of_import: Country | None = None
    state_of_origin: Country | None = None
    specimens: tuple[SpecimenLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An enforcement request (``request.yaml``)."""

    SCHEMA: ClassVar[str] = "musk-id/request/1"

    schema: Line
    case_id: Identifier
    authority: Party
    questions: tuple[Question, ...]
    items: tuple[RequestItem, ...]
    legal_ground: Text | None = None
    date_of_act: IsoDate | None = None
    date_of_request: IsoDate | None = None
    seizure: Seizure | None = None
    alleged_origin: AllegedOrigin | None = None
    cites: CitesDetails | None = None
    case_facts: Text | None = None
