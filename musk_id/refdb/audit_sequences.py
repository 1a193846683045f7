"""Remarks on the sequences themselves: length, ambiguity letters, stop codons, frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from musk_id.kernels.nucleotides import is_ambiguous
from musk_id.kernels.translation import stop_codon_positions
from musk_id.library_vocabulary import AuditFlag
from musk_id.model.methods import BarcodeMethod
from musk_id.model.screening_markers import SCREENING_MARKERS
from musk_id.refdb.audit_places import Places
from musk_id.refdb.audit_table import AuditTable
from musk_id.vocabulary import Locus

__all__ = ["SequenceRemark", "sequence_remarks"]

# Both windows begin with a whole codon.
FIRST_CODON = 0
# The last codon of a whole gene may be a stop codon, or the beginning of one.
LAST_CODON_COLUMN = {Locus.CYTB: 1137}
MIN_INDIVIDUALS_FOR_LENGTH = 3
LENGTH_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class SequenceRemark:
    """A remark on one record."""

    flag: AuditFlag
    row: int
    measured: str
    allowed: str


def sequence_remarks(places: Places, method: BarcodeMethod, indels: Mapping[str, int]) -> Iterator[SequenceRemark]:
    """Remarks on the records of a marker; ``indels`` by accession as counted when the library was built."""
    table = places.table
    shortest = _shortest(table.locus, method)
    percent = float(method.max_ambiguous_percent)
    lengths = (table.masks > 0).sum(axis=1)
    ambiguous = is_ambiguous(table.masks).sum(axis=1)
    for row in places.rows:
        haplotype = int(table.haplotype[row])
        length, unclear = int(lengths[haplotype]), int(ambiguous[haplotype])
        if length < shortest:
            yield SequenceRemark(AuditFlag.TOO_SHORT, row, f"{length} letters", f"at least {shortest}")
        if 100 * unclear > percent * length:
            measured = f"{unclear} of {length} letters are no single base"
            yield SequenceRemark(AuditFlag.TOO_AMBIGUOUS, row, measured, f"at most {percent:g} %")
        if table.is_coding:
            yield from _coding(table, row, indels)
    yield from _lengths(places, lengths.tolist())


def _shortest(locus: Locus, method: BarcodeMethod) -> int:
    short = {limits.locus: limits.min_length_bp for limits in method.amplicons}
    long = {limits.locus: limits.min_compared_bp for limits in method.long_loci}
    screening = {marker.locus: marker.min_length_bp for marker in SCREENING_MARKERS}
    return (short | long | screening)[locus]


def _coding(table: AuditTable, row: int, indels: Mapping[str, int]) -> Iterator[SequenceRemark]:
    stops = stop_codon_positions(table.masks[int(table.haplotype[row])], FIRST_CODON)
    stops = stops[stops < LAST_CODON_COLUMN.get(table.locus, int(table.masks.shape[1]))]
    if stops.size:
        columns = ", ".join(str(column + 1) for column in stops.tolist())
        yield SequenceRemark(AuditFlag.STOP_CODON, row, f"at columns {columns}", "none inside the gene")
    count = indels.get(table.accessions[row], 0)
    if count:
        yield SequenceRemark(AuditFlag.FRAME_SHIFT, row, f"{count} letters too many or missing", "none")


def _lengths(places: Places, lengths: list[int]) -> Iterator[SequenceRemark]:
    table = places.table
    for rows in places.of_taxon.values():
        if places.animals(rows) < MIN_INDIVIDUALS_FOR_LENGTH:
            continue
        own = [lengths[int(table.haplotype[row])] for row in rows]
        median = float(np.median(own))
        for row, length in zip(rows, own, strict=True):
            # A coding record that is merely shorter than the window is common and no fault.
            away = abs(length - median) if not table.is_coding else length - median
            if away > LENGTH_SHARE * median:
                allowed = f"median of the species {median:g}, {100 * LENGTH_SHARE:g} % either way"
                yield SequenceRemark(AuditFlag.LENGTH_OUTLIER, row, f"{length} letters", allowed)
