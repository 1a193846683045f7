"""What must hold for a reference sequence: letters, digest, length, reading frame."""

from __future__ import annotations

from collections.abc import Iterator

from musk_id.errors import Problem
from musk_id.kernels.nucleotides import IUPAC, encode
from musk_id.kernels.translation import stop_codon_positions
from musk_id.model.reference import BarcodeReference
from musk_id.records.files import sha256_bytes
from musk_id.vocabulary import RELEASE_MARKERS, Locus

__all__ = ["LENGTHS_BP", "sequence_problems"]

LENGTHS_BP = {
    Locus.COI: (658, 658),
    Locus.CYTB: (1130, 1150),
    Locus.RRNA_12S: (95, 125),
    Locus.RRNA_16S: (85, 110),
}
"""Shortest and longest window that a mammal reference may have."""

_LETTERS = frozenset(IUPAC)

# COI-658 begins at position 49 of the gene, cytochrome b at its start codon: first codon positions.
_CODING = (Locus.COI, Locus.CYTB)
_FIRST_CODON = 0
_CODON = 3

# The last codon of cytochrome b is its stop codon (AGA, AGG, TAA, or an incomplete T).
_LAST_STOP_BP = 6


def sequence_problems(record: BarcodeReference, where: str) -> Iterator[Problem]:
    """Problems of one record."""
    sequence = record.sequence
    wrong = sorted(set(sequence) - _LETTERS)
    if wrong:
        yield Problem(where, f"letters {''.join(wrong)[:20]!r} are no capital IUPAC nucleotide letters")
        return
    if sha256_bytes(sequence.encode("ascii")) != record.sha256:
        yield Problem(where, "the sequence is not the one of the sha256 column")
    if record.locus not in LENGTHS_BP:
        yield Problem(where, f"{record.locus} is no marker of releases", f"{', '.join(RELEASE_MARKERS)}")
        return
    shortest, longest = LENGTHS_BP[record.locus]
    if not shortest <= len(sequence) <= longest:
        yield Problem(where, f"{len(sequence)} bp", f"{shortest} to {longest} bp at {record.locus}")
    if record.locus in _CODING:
        stops = stop_codon_positions(encode(sequence), _FIRST_CODON)
        early = [int(stop) for stop in stops if stop + _CODON <= len(sequence) - _LAST_STOP_BP]
        if early:
            yield Problem(where, f"stop codon at position {early[0] + 1}", "none inside the gene")
