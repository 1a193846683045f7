"""Primers at the ends of many sequences at once: which pair, on which strand, and where the insert lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import Masks, encode, reverse_complement

__all__ = ["Inserts", "anchored_primer", "find_inserts"]

_BLOCK = 50_000


@dataclass(frozen=True, slots=True, eq=False)
class Inserts:
    """Where the inserts lie; arrays of shape (n,).

    Attributes
    ----------
    pair : ndarray of int64
        Number of the primer pair, -1 where none fits.
    strand : ndarray of int64
        1 where the forward primer stands at the start, -1 where the reverse one does, 0 where no pair fits.
    start, stop : ndarray of int64
        First letter of the insert and the one after its last, in the sequence as given.
    ambiguous : ndarray of bool
        Where two pairs, or both strands of one, fit equally well and leave different inserts; such a sequence
        has no pair.
    """

    pair: NDArray[np.int64]
    strand: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    ambiguous: NDArray[np.bool_]


def find_inserts(
    sequences: Sequence[bytes],
    pairs: Sequence[tuple[str, str]],
    *,
    max_mismatches: int,
    max_offset_bp: int,
) -> Inserts:
    """Inserts between primers that lie at both ends of a sequence.

    Parameters
    ----------
    sequences : sequence of bytes
        Upper-case IUPAC letters.
    pairs : sequence of (str, str)
        Forward and reverse primer of each pair, 5' to 3' as ordered; IUPAC.
    max_mismatches : int
        Letters of one primer that may share no base with the sequence.
    max_offset_bp : int
        Letters that may stand before a primer (spacers of some protocols).

    Notes
    -----
    The fewest mismatches of both primers decide, then the smallest offsets; of pairs that leave the same insert
    the first is named. Primers are anchored: they are looked for at the ends only, without gaps.
    """
    parts = [
        _block(sequences[first : first + _BLOCK], pairs, max_mismatches, max_offset_bp)
        for first in range(0, len(sequences), _BLOCK)
    ]
    if not parts:
        none = np.empty(0, np.int64)
        return Inserts(none, none, none, none, np.empty(0, np.bool_))
    return Inserts(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("pair", "strand", "start", "stop", "ambiguous")
        )
    )


def _block(
    sequences: Sequence[bytes], pairs: Sequence[tuple[str, str]], max_mismatches: int, max_offset_bp: int
) -> Inserts:
    width = max_offset_bp + max(len(primer) for pair in pairs for primer in pair)
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    head = _masks([sequence[:width] for sequence in sequences], width)
    tail = _masks([sequence[-width:][::-1] for sequence in sequences], width, complement=True)
    count = len(sequences)
    pair = np.full(count, -1, np.int64)
    strand, start, stop = (np.zeros(count, np.int64) for _ in range(3))
    ambiguous = np.zeros(count, np.bool_)
    worst = 2 * (max_mismatches + 1) * (2 * max_offset_bp + 1)
    best = np.full(count, worst, np.int64)
    for number, (forward, reverse) in enumerate(pairs):
        for direction, (first, last) in ((1, (forward, reverse)), (-1, (reverse, forward))):
            missed, before = anchored_primer(head, first, max_mismatches, max_offset_bp)
            missed_last, after = anchored_primer(tail, last, max_mismatches, max_offset_bp)
            begin, end = before + len(first), lengths - after - len(last)
            fits = (missed <= max_mismatches) & (missed_last <= max_mismatches) & (begin < end)
            rank = np.where(fits, (missed + missed_last) * (2 * max_offset_bp + 1) + before + after, worst)
            taken = rank < best
            # Another pair that leaves the same insert changes nothing.
            same = (strand == direction) & (start == begin) & (stop == end)
            ambiguous = (ambiguous | (fits & (rank == best) & ~same)) & ~taken
            best = np.minimum(best, rank)
            pair[taken], strand[taken] = number, direction
            start[taken], stop[taken] = begin[taken], end[taken]
    for values in (pair, strand, start, stop):
        values[ambiguous] = -1 if values is pair else 0
    return Inserts(pair, strand, start, stop, ambiguous)


def _masks(pieces: Sequence[bytes], width: int, *, complement: bool = False) -> NDArray[np.uint8]:
    """Masks of pieces in rows of one width, 0 beyond their ends."""
    text = b"".join(piece.ljust(width, b"-") for piece in pieces).decode("ascii")
    masks: Masks = encode(text)
    if complement:
        masks = reverse_complement(masks)[::-1]
    return masks.reshape(len(pieces), width)


def anchored_primer(
    rows: NDArray[np.uint8], primer: str, max_mismatches: int, max_offset_bp: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fewest mismatches of a primer at the start of each row, and the first offset with these."""
    pattern = encode(primer)
    missed = np.full(len(rows), max_mismatches + 1, np.int64)
    offset = np.zeros(len(rows), np.int64)
    for place in range(max_offset_bp + 1):
        here = np.count_nonzero((rows[:, place : place + pattern.size] & pattern) == 0, axis=1)
        better = here < missed
        missed[better], offset[better] = here[better], place
    return missed, offset
