"""Distances of one placed sequence to every reference of its marker, exact, both bounds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from musk_id.kernels.bitplanes import mismatches, pack
from musk_id.kernels.editdistance import alignment, edit_distance
from musk_id.kernels.nucleotides import Masks, decode
from musk_id.model.barcode import BarcodeHit
from musk_id.model.reference import BarcodeReference
from musk_id.model.values import decimal_text
from musk_id.stages.library import LocusLibrary

__all__ = ["HUMAN_GENUS", "Compared", "compare", "deciding_columns", "hit_list", "reference_row"]

HUMAN_GENUS = "Homo"
HITS_LISTED = 10
# Ties beyond this many add columns only where one species' haplotypes differ among themselves.
DECIDING_TIES = 8
P_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Compared:
    """A reference and its distance.

    ``lower`` and ``upper`` are edits (short markers) or differing shares (coding markers) as exact
    fractions; ``lower`` takes ambiguity letters as agreements, ``upper`` as differences.
    """

    record: BarcodeReference
    lower: Fraction
    upper: Fraction
    differences_lower: int
    differences_upper: int
    compared_bp: int


def compare(masks: Masks, library: LocusLibrary) -> tuple[Compared, ...]:
    """Every reference, nearest first by the upper bound, then by the lower one, then by accession.

    References that share no column with a coding query are left out.
    """
    found = _coding(masks, library) if library.planes is not None else _amplicon(decode(masks), library)
    return tuple(sorted(found, key=lambda c: (c.upper, c.lower, c.record.accession)))


def _amplicon(letters: str, library: LocusLibrary) -> list[Compared]:
    found = []
    for record in library.records:
        distance = edit_distance(letters, record.sequence)
        found.append(
            Compared(
                record,
                Fraction(distance.lower),
                Fraction(distance.upper),
                distance.lower,
                distance.upper,
                min(len(letters), len(record.sequence)),
            )
        )
    return found


def _coding(masks: Masks, library: LocusLibrary) -> list[Compared]:
    if library.planes is None:
        return []
    counts = mismatches(pack(masks[None, :]), library.planes)
    found = []
    for row, record in enumerate(library.records):
        columns = int(counts.compared[row])
        if columns:
            lower, upper = int(counts.incompatible[row]), int(counts.possible[row])
            found.append(
                Compared(record, Fraction(lower, columns), Fraction(upper, columns), lower, upper, columns)
            )
    return found


def hit_list(compared: tuple[Compared, ...], *, coding: bool) -> tuple[BarcodeHit, ...]:
    """The nearest references with all ties at the end of the list, and the best one of each next genus.

    Ranks are shared by equal distances and count every reference compared.
    """
    if not compared:
        return ()
    cut = compared[min(HITS_LISTED, len(compared)) - 1].upper
    rank = 0
    hits: list[BarcodeHit] = []
    genera: set[str] = set()
    for position, entry in enumerate(compared, 1):
        if position == 1 or entry.upper != compared[position - 2].upper:
            rank = position
        new_genus = entry.record.genus not in genera
        genera.add(entry.record.genus)
        if entry.upper <= cut or (new_genus and len(genera) <= 2):
            hits.append(_hit(rank, entry, coding=coding))
    return tuple(hits)


def reference_row(letters: str, entry: Compared, *, coding: bool) -> str:
    """Reference letters under the query's letters; letters that the query lacks are left out."""
    reference = entry.record.sequence
    if coding:
        return reference.ljust(len(letters), "-")[: len(letters)]
    query_row, aligned = alignment(letters, reference)
    return "".join(r for q, r in zip(query_row, aligned, strict=True) if q != "-")


def deciding_columns(letters: str, compared: tuple[Compared, ...], *, coding: bool) -> tuple[int, ...]:
    """Columns of the query at which a record of the nearest genus and one of the next genus differ.

    Records that tie for nearest, and for nearest of another genus, all count. In the frame of a coding marker
    a column without a letter tells nothing; on a short marker a missing letter is a difference.
    """
    if not compared:
        return ()
    nearest = [entry for entry in compared if entry.upper == compared[0].upper]
    genera = {entry.record.genus for entry in nearest}
    others = [entry for entry in compared if entry.record.genus not in genera]
    least = min((entry.lower for entry in others), default=None)
    following = [entry for entry in others if entry.lower == least]
    own, next_rows = (
        [reference_row(letters, entry, coding=coding) for entry in entries[:DECIDING_TIES]]
        for entries in (nearest, following)
    )
    silent = {"-"} if coding else set()
    found = []
    for column, letter in enumerate(letters):
        here = {row[column] for row in own} - silent
        there = {row[column] for row in next_rows} - silent
        if letter != "-" and here and there and len(here | there) > 1:
            found.append(column)
    return tuple(found)


def _hit(rank: int, entry: Compared, *, coding: bool) -> BarcodeHit:
    record = entry.record
    return BarcodeHit(
        rank=rank,
        accession=record.accession,
        organism_as_deposited=record.organism_as_deposited,
        organism_revised=record.organism_revised,
        genus=record.genus,
        state=record.state,
        distance=entry.differences_upper,
        distance_lower=entry.differences_lower,
        compared_bp=entry.compared_bp,
        p_distance=decimal_text(float(entry.upper), P_DIGITS) if coding else None,
        overlay=record.overlay,
    )
