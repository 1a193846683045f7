"""One sequence, one row: what the barcode rules say of it, without the parts that a record needs beside.

The rules are those of :mod:`musk_id.stages.barcode`; a test holds the answers of both together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.sequence import NucleotideSequence
from musk_id.stages.comparison import Compared, compare
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_judgement import Judgement, judge_locus
from musk_id.stages.locus_limits import LocusLimits, limits_of
from musk_id.stages.placement import Placement, place_sequences
from musk_id.stages.sequence_examination import is_human
from musk_id.vocabulary import Finding, Locus, NameView, Rank, Reason, Strand

__all__ = ["HUMAN", "WITHHELD", "MatchRow", "human_row", "match_release", "placed_row", "withheld_row"]

HUMAN = "Homo sapiens"
WITHHELD = "withheld"
# Accessions and names that a row lists; all of them are counted.
LISTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """What is known of a sequence; texts are empty and numbers ``None`` where there is nothing to say.

    ``number`` is its place in the file, from 1. Distances are in edits or, at coding markers, shares; the margin
    is the distance to the nearest reference of a genus other than the nearest ones, less ``distance``.
    """

    number: int
    name: str
    locus: Locus | None
    strand: Strand | None = None
    compared_bp: int | None = None
    nearest: tuple[str, ...] = ()
    nearest_names: tuple[str, ...] = ()
    distance: str = ""
    ties: int | None = None
    next_genus: tuple[str, ...] = ()
    margin: str = ""
    certified_margin: str = ""
    rank: Rank = Rank.NONE
    answer: str = ""
    finding: Finding = Finding.INCONCLUSIVE
    reasons: tuple[Reason, ...] = ()


Owners = Callable[[tuple[Compared, ...]], tuple[int, tuple[str, ...], tuple[str, ...]]]
"""Number of records among the nearest, and some of their accessions and names."""


def match_release(
    sequences: Sequence[NucleotideSequence],
    first_number: int,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> list[MatchRow]:
    """Rows of sequences against a release, every reference compared."""
    every = {locus: limits_of(locus, method, animals, own.genera) for locus, own in library.loci.items()}
    rows = []
    places = place_sequences([sequence.letters for sequence in sequences], library, method)
    for number, (sequence, placed) in enumerate(zip(sequences, places, strict=True), first_number):
        compared: tuple[Compared, ...] = ()
        if placed.locus is not None and placed.masks is not None:
            compared = compare(placed.masks, library.loci[placed.locus])
        limits = None if placed.locus is None else every[placed.locus]
        # Distances are told even where the sequence cannot be called.
        judged = judge_locus(compared, limits, library, method, animals) if limits and compared else None
        rows.append(placed_row(number, sequence.name, placed, compared, judged, limits, owners))
    return rows


def owners(nearest: tuple[Compared, ...]) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """As :data:`Owners`, where each entry is one record."""
    accessions = sorted({str(entry.record.accession) for entry in nearest})
    names = sorted({str(entry.record.organism_as_deposited) for entry in nearest})
    return len(nearest), tuple(accessions[:LISTED]), tuple(names[:LISTED])


def human_row(number: int, locus: Locus | None) -> MatchRow:
    """The row of a person's sequence: the word alone."""
    return MatchRow(
        number=number,
        name=HUMAN,
        locus=locus,
        answer=HUMAN,
        finding=Finding.DETECTED,
        reasons=(Reason.HUMAN_DNA,),
    )


def withheld_row(number: int, locus: Locus) -> MatchRow:
    """The row of a sequence at a marker without a human reference: it could be a person's, nothing is shown."""
    return MatchRow(number=number, name=WITHHELD, locus=locus, reasons=(Reason.HUMAN_NOT_EXCLUDED,))


def placed_row(
    number: int,
    name: str,
    placed: Placement,
    compared: tuple[Compared, ...],
    judged: Judgement | None,
    limits: LocusLimits | None,
    owners: Owners,
    noted: tuple[Reason, ...] = (),
) -> MatchRow:
    """The row of a sequence; of a human one only the word is kept.

    Parameters
    ----------
    noted : tuple of Reason
        What holds for every call with the library in use.
    """
    if judged is None or limits is None:
        return MatchRow(number=number, name=name, locus=placed.locus, strand=placed.strand, reasons=placed.reasons)
    if is_human(compared, limits):
        return human_row(number, placed.locus)
    view = judged.views[NameView.AS_DEPOSITED]
    ties, accessions, names = owners(view.nearest)
    rank = judged.rank if placed.callable else Rank.NONE
    reasons = {*placed.reasons, *noted, *(judged.reasons if placed.callable else ())}
    return MatchRow(
        number=number,
        name=name,
        locus=placed.locus,
        strand=placed.strand,
        compared_bp=placed.compared_bp,
        nearest=accessions,
        nearest_names=names,
        distance=limits.text(view.distance),
        ties=ties,
        next_genus=view.next_genus,
        margin="" if view.margin is None else limits.text(view.margin),
        certified_margin="" if judged.certified is None else limits.text(judged.certified),
        rank=rank,
        answer="" if rank is Rank.NONE else " / ".join(judged.species) or str(judged.taxon),
        finding=Finding.INCONCLUSIVE if rank is Rank.NONE else Finding.DETECTED,
        reasons=tuple(sorted(reasons)),
    )
