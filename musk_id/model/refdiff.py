"""What changed between two releases or two libraries, and which answers on a panel of sequences would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.library_vocabulary import ChangeKind, RecordAspect, SpectrumAspect
from musk_id.model.values import IsoDate, Line, Sha256, Text
from musk_id.vocabulary import CurationState, Locus, Rank, Reason

__all__ = [
    "AnswerChange",
    "CollectionDiff",
    "CollectionSide",
    "FieldChange",
    "PanelAnswer",
    "PanelDiff",
    "RecordChange",
    "RecordSide",
    "RowChange",
    "SpectrumChange",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSide:
    """One of the two that are compared; ``kind`` is ``release`` or ``library``."""

    kind: Line
    collection_id: Line
    date: IsoDate
    manifest_sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSide:
    """A barcode record on one side.

    Numbers of haplotypes and individuals mean nothing outside their library. ``haplotype_sha256`` is the digest of
    the letters in their columns (of the letters alone for short markers) and ``haplotype_of`` the first accession
    that has it; ``individual`` is the label of a release, or the records of both sides that are of this animal.
    """

    species: Line
    genus: Line
    family: Line
    order: Line
    revised_names: tuple[Line, ...]
    state: CurationState
    individual: tuple[Line, ...]
    letters_sha256: Sha256
    haplotype_sha256: Sha256
    haplotype_of: Line
    provenance_sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """A record that was added, removed or changed; ``aspects`` says in what."""

    locus: Locus
    accession: Line
    change: ChangeKind
    aspects: tuple[RecordAspect, ...]
    before: RecordSide | None
    after: RecordSide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of a row; long values by their digest, absent where a side has none."""

    column: Line
    before: Text | None
    after: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A row of a table other than those of the records and the spectra."""

    table: Line
    key: Text
    change: ChangeKind
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumChange:
    """A spectrum that was added, removed or changed; ``aspects`` says in what, ``fields`` from what to what."""

    accession: Line
    name: Line
    change: ChangeKind
    aspects: tuple[SpectrumAspect, ...]
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelAnswer:
    """What the barcode stage answers for one sequence of a panel."""

    locus: Locus | None
    rank: Rank
    taxon: Line | None
    not_excluded: tuple[Line, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChange:
    """A sequence whose answer is another one; ``number`` is its place in the panel, from 1."""

    number: int
    name: Line
    before: PanelAnswer
    after: PanelAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDiff:
    """Answers on a panel under both releases: how many, by which methods, and those that change."""

    panel_sha256: Sha256
    methods: tuple[Line, ...]
    sequences: int
    changed: tuple[AnswerChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionDiff:
    """All differences; empty lists if there are none."""

    SCHEMA: ClassVar[str] = "musk-id/refdb-diff/1"

    schema: Line
    before: CollectionSide
    after: CollectionSide
    records: tuple[RecordChange, ...]
    rows: tuple[RowChange, ...]
    panel: PanelDiff | None = None
    spectra: tuple[SpectrumChange, ...] = ()
