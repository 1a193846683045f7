"""What the barcode stage finds: per sequence, per locus, per item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.candidates import DiagnosticSites, QueryTree
from musk_id.model.provenance import Provenance
from musk_id.model.read_mixture import ReadMixture
from musk_id.model.trace import Criterion
from musk_id.model.trace_reading import TraceReading
from musk_id.model.values import DecimalText, Identifier, Line, Sha256, Text
from musk_id.vocabulary import (
    CurationState,
    Finding,
    Locus,
    NameView,
    Rank,
    Reason,
    ReplicateKind,
    Strand,
    Technique,
)

__all__ = [
    "AlignmentPicture",
    "BarcodeHit",
    "BarcodeRecord",
    "EditedView",
    "ItemCall",
    "LocusCall",
    "NamedTaxon",
    "NotExcluded",
    "ReplicateCount",
    "RunIdentity",
    "SequenceResult",
    "ViewCall",
    "named_genus",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """A run and its parents, by id."""

    item_id: Identifier
    sub_sample_id: Identifier
    extract_id: Identifier
    product_id: Identifier
    run_id: Identifier
    technique: Technique
    batch_ids: tuple[Identifier, ...] = ()
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BarcodeHit:
    """A reference and its distance; ``rank`` is shared by ties (competition ranking).

    ``distance`` counts ambiguity letters as differences, ``distance_lower`` as agreements where compatible.
    Amplicons: edits. Coding loci: differing columns of ``compared_bp``, and ``p_distance``.
    """

    rank: int
    accession: Line
    organism_as_deposited: Line
    organism_revised: tuple[Line, ...]
    genus: Line
    state: CurationState
    distance: int
    distance_lower: int
    compared_bp: int
    p_distance: DecimalText | None = None
    overlay: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCall:
    """Nearest and next genus under one view of the names."""

    view: NameView
    nearest_genus: tuple[Line, ...]
    nearest_distance: DecimalText
    nearest_records: tuple[Line, ...]
    next_genus: tuple[Line, ...]
    next_distance: DecimalText | None
    next_records: tuple[Line, ...]
    margin: DecimalText | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExcluded:
    """A species that the sequence does not exclude, why, and the records that say so."""

    species: Line
    reason: Reason | None
    views: tuple[NameView, ...]
    records: tuple[Line, ...] = ()
    note: Text | None = None


def named_genus(rank: Rank, taxon: str | None) -> str | None:
    """The genus of an answer of some rank; ``None`` where it names no genus."""
    if taxon is None or rank not in (Rank.SPECIES, Rank.SPECIES_SET, Rank.GENUS):
        return None
    return taxon.split(" ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusCall:
    """The call of one sequence at one locus.

    ``taxon`` is the species, the genus of a species set, the genus or the family; ``species`` holds the species
    that are named together.
    """

    rank: Rank
    taxon: Line | None
    genus_of_interest_distance: DecimalText | None
    views: tuple[ViewCall, ...]
    certified_margin: DecimalText | None
    nearest_set: Line | None
    not_excluded: tuple[NotExcluded, ...]
    reasons: tuple[Reason, ...]
    trace: tuple[Criterion, ...]
    species: tuple[Line, ...] = ()

    @property
    def genus(self) -> str | None:
        """The genus that the call names, also by a species or a set of species."""
        return named_genus(self.rank, self.taxon)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentPicture:
    """Query and references in one frame, for a picture; never kept for human sequences.

    ``first_column`` is that of the query's first letter, counted from 1.
    """

    query: Text
    rows: tuple[Text, ...]
    accessions: tuple[Line, ...]
    first_column: int
    organisms: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSupport:
    """Sequencing reads behind a variant; reads are no amount of material.

    ``marker_reads`` are the used reads of the run with the same primers. ``largest_in_blank`` is the largest count
    of the same sequence or genus in a blank of the run's batches; ``None`` where no blank was sequenced.
    ``amplifications`` and ``extracts`` are those of the item in which the variant has enough reads,
    ``amplifications_read`` all of the item that were read at the marker. ``jump_limit`` is the fewest reads that
    reads from wells of other items do not explain; ``None`` where that was not or could not be told.
    """

    reads: int
    reads_exact: int
    marker_reads: int
    largest_in_blank: int | None
    primers: Line | None
    chimera: Line
    amplifications: int = 0
    amplifications_read: int = 0
    extracts: int = 0
    jump_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsRun:
    """What became of the reads of a run; ``not_listed`` variants have few reads and name no *Moschus*.

    ``counted_with`` is the amplification as which the run counts, where its reads are of the library of another.
    ``piled`` reads are long ones with errors, or mapped ones: a variant is what the reads of a haplotype agree on.
    ``not_drawn`` of them were not looked at, as their marker has more than are piled up.
    ``mixtures`` explain the variants of short markers by haplotypes of the library; nothing is decided by them.
    """

    run: RunIdentity
    total: int
    used: int
    not_overlapping: int
    ambiguous_overlap: int
    too_many_errors: int
    ambiguous_letters: int
    too_short: int
    unassigned: int
    variants: int
    not_listed: int
    piled: bool = False
    counted_with: Identifier | None = None
    mixtures: tuple[ReadMixture, ...] = ()
    not_drawn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceResult:
    """One sequence of one run: its quality, its locus, its comparison and its call.

    ``sequence_sha256`` is absent for human sequences; ``reading`` is there for sequences read from traces.
    ``sites`` and ``tree`` are there for sequences with a call; nothing is decided by either.
    """

    run: RunIdentity
    sequence_name: Line
    sequence_sha256: Sha256 | None
    length_bp: int
    declared_locus: Locus | None
    locus: Locus | None
    strand: Strand | None
    compared_bp: int
    quality: tuple[Criterion, ...]
    finding: Finding
    reasons: tuple[Reason, ...]
    hits: tuple[BarcodeHit, ...]
    references_compared: int
    call: LocusCall | None
    picture: AlignmentPicture | None
    reading: TraceReading | None = None
    reads: ReadSupport | None = None
    sites: DiagnosticSites | None = None
    tree: QueryTree | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTaxon:
    """A taxon other than the genus of interest, at the rank that the method supports."""

    rank: Rank
    taxon: Line
    loci: tuple[Locus, ...]
    records: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicateCount:
    """How often a marker of an item was examined, by kind, and whether the results agree.

    All attempts count; ``called`` are the runs that gave a call, ``taxa`` what they name. ``differ_between`` are
    the kinds of replicate between which letters differ, as far as two sequences both reach; ``locus`` is absent
    for runs whose marker is neither declared nor found.
    """

    locus: Locus | None
    sub_samples: int
    extracts: int
    products: int
    runs: int
    called: int
    taxa: tuple[Line, ...]
    differ_between: tuple[ReplicateKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCall:
    """All loci of one item reconciled as one maternally inherited molecule."""

    item_id: Identifier
    moschus: Finding
    rank: Rank
    taxon: Line | None
    loci: tuple[Locus, ...]
    extract_ids: tuple[Identifier, ...]
    sub_sample_ids: tuple[Identifier, ...]
    other_taxa: tuple[NamedTaxon, ...]
    human: bool
    nearest_sets: tuple[Line, ...]
    not_excluded: tuple[NotExcluded, ...]
    reasons: tuple[Reason, ...]
    trace: tuple[Criterion, ...]
    replicates: tuple[ReplicateCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedView:
    """The edited runs with the letters that people changed, and their items with them."""

    sequences: tuple[SequenceResult, ...]
    items: tuple[ItemCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class BarcodeRecord:
    """All sequences of a case and the calls of its items, both without letters changed by hand.

    ``with_edits`` is there where letters were changed.
    """

    SCHEMA: ClassVar[str] = "musk-id/barcode/1"

    schema: Line
    case_id: Identifier
    provenance: Provenance
    sequences: tuple[SequenceResult, ...]
    items: tuple[ItemCall, ...]
    with_edits: EditedView | None = None
    read_runs: tuple[ReadsRun, ...] = ()
