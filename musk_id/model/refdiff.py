"""What changed between two releases or two libraries, and which answers on a panel of sequences would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.library_vocabulary import ChangeKind, RecordAspect, SpectrumAspect
from musk_id.model.values import IsoDate, Line, Sha256, Text
from musk_id.vocabulary import CompoundStatus, CurationState, Locus, Rank, Reason

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
    "SpectrumAnswer",
    "SpectrumAnswerChange",
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
    """What the barcode rules answer for one sequence of a panel; ``deciding`` are the records that it rests on.

    Of a library the nearest records are named, and no list of species that are not excluded is made.
    """

    locus: Locus | None
    rank: Rank
    taxon: Line | None
    not_excluded: tuple[Line, ...]
    reasons: tuple[Reason, ...]
    deciding: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChange:
    """A sequence whose answer is another one; ``number`` is its place in the panel, from 1."""

    number: int
    name: Line
    before: PanelAnswer
    after: PanelAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumAnswer:
    """What the spectral stage answers for one spectrum of a panel; no status where it makes no call."""

    status: CompoundStatus | None
    name: Line | None
    inchikey: Line | None
    confusables: tuple[Line, ...]
    reasons: tuple[Reason, ...]
    deciding: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumAnswerChange:
    """A spectrum with its answers; ``number`` is its place among the spectra of the panel, from 1."""

    number: int
    name: Line
    before: SpectrumAnswer
    after: SpectrumAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDiff:
    """Answers on a panel under both collections: how many, by which methods, and those that change.

    ``panel`` says where the queries come from; ``other_records`` counts equal answers that rest on other records.
    """

    panel_sha256: Sha256
    panel: Line = Line("files")
    methods: tuple[Line, ...]
    sequences: int
    changed: tuple[AnswerChange, ...]
    other_records: int = 0
    spectra: int = 0
    spectra_changed: tuple[SpectrumAnswerChange, ...] = ()


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
