"""Long reads with errors: primers found with gaps allowed, and reads laid into the columns of a template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import IUPAC, encode, reverse_complement_text
from musk_id.kernels.primer_ends import anchored_primer

__all__ = ["Laid", "NoisyInsert", "cut_noisy", "lay", "letters_of_primers"]

_STEP = re.compile(r"(\d+)([=XID])")
# Letters of a primer that equal a letter of the read; N of a read equals none.
_EQUALITIES = [(code, base) for code, bases in IUPAC.items() if len(bases) > 1 for base in bases]
# What says nothing fits everything.
_ANY = [("N", base) for base in "ACGT"]


@dataclass(frozen=True, slots=True)
class NoisyInsert:
    """Number of the primer pair, -1 without one, and the letters between its primers."""

    pair: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Laid:
    """A read in the columns of a template: first column, a letter each, letters without a column, and edits."""

    first_column: int
    letters: bytes
    inserts: tuple[tuple[int, bytes], ...]
    edits: int


def cut_noisy(
    read: str, pairs: Sequence[tuple[int, str, str]], *, within_bp: int, max_edits_percent: int
) -> NoisyInsert:
    """Letters of a read between the primers near its ends.

    Parameters
    ----------
    read : str
        Upper-case letters on the strand of the forward primers.
    pairs : sequence of (int, str, str)
        Number, forward and reverse primer, 5' to 3' as ordered.
    within_bp : int
        Letters at each end in which a primer is looked for: adapters and barcodes stand before it.
    max_edits_percent : int
        Edits of a primer, in percent of its letters.

    Notes
    -----
    The pair with the fewest edits is taken, the first of equal ones. A read with one primer only has no pair: its
    other end may lie anywhere, and what remains of a primer would be taken for the animal's.
    """
    best: tuple[int, NoisyInsert] | None = None
    head = read[:within_bp]
    start = max(len(read) - within_bp, 0)
    tail = read[start:]
    for number, forward, reverse in pairs:
        front = _found(forward, head, max_edits_percent)
        back = None if front is None else _found(reverse_complement_text(reverse), tail, max_edits_percent)
        if front is None or back is None:
            continue
        first, last = front[1] + 1, start + back[0]
        edits = front[2] + back[2]
        if first < last and (best is None or edits < best[0]):
            best = (edits, NoisyInsert(number, first, last))
    return NoisyInsert(-1, 0, len(read)) if best is None else best[1]


def _found(primer: str, text: str, max_edits_percent: int) -> tuple[int, int, int] | None:
    """First and last letter and edits of a primer in a text; the last of equal places for one at the front."""
    import edlib

    if not text:
        return None
    most = len(primer) * max_edits_percent // 100
    found = edlib.align(primer, text, mode="HW", task="locations", k=most, additionalEqualities=_EQUALITIES)
    if found["editDistance"] < 0:
        return None
    first, last = found["locations"][0]
    return int(first), int(last), int(found["editDistance"])


def lay(read: str, template: str, max_edits_percent: int) -> Laid | None:
    """A read in the columns of a template; ``None`` if it has too many edits.

    The shorter of both is aligned as a whole within the other one.

    Parameters
    ----------
    read, template : str
        Letters; lower-case letters of the read say nothing in their columns.
    """
    import edlib

    plain = read.upper()
    shorter = min(len(plain), len(template))
    most = shorter * max_edits_percent // 100
    read_inside = len(plain) <= len(template)
    query, target = (plain, template) if read_inside else (template, plain)
    if not query:
        return None
    found = edlib.align(query, target, mode="HW", task="path", k=most, additionalEqualities=_ANY)
    if found["editDistance"] < 0:
        return None
    start = int(found["locations"][0][0] or 0)
    place, column = (0, start) if read_inside else (start, 0)
    first_column = column
    letters: list[str] = []
    inserts: list[tuple[int, bytes]] = []
    for count, kind in _STEP.findall(found["cigar"]):
        size = int(count)
        # I: a letter of the query that the target lacks.
        if kind in "=X":
            letters.append(read[place : place + size])
            place, column = place + size, column + size
        elif (kind == "I") is read_inside:
            inserts.append((column, plain[place : place + size].encode("ascii")))
            place += size
        else:
            letters.append("-" * size)
            column += size
    text = "".join(letters).encode("ascii")
    return Laid(first_column, text, tuple(inserts), int(found["editDistance"]))


def letters_of_primers(
    reads: Sequence[bytes], primers: Sequence[str], *, max_mismatches: int, max_offset_bp: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many letters at the start and at the end of each read are, or stand before, a primer.

    Parameters
    ----------
    reads : sequence of bytes
        Upper-case letters, on either strand.
    primers : sequence of str
        Primers of both strands, 5' to 3' as ordered.

    Returns
    -------
    (ndarray of int64, ndarray of int64)
        Shape (n,) each; 0 where there is none. The primer with the fewest mismatches counts, of equal ones the
        longest.
    """
    starts, stops = (np.zeros(len(reads), np.int64) for _ in range(2))
    turned = [reverse_complement_text(read.decode("ascii")).encode("ascii") for read in reads]
    for texts, found in ((reads, starts), (turned, stops)):
        width = max_offset_bp + max(map(len, primers), default=0)
        rows = encode(b"".join(t[:width].ljust(width, b"-") for t in texts).decode("ascii")).reshape(-1, width)
        best = np.full(len(reads), max_mismatches + 1, np.int64)
        for primer in primers:
            missed, offset = anchored_primer(rows, primer, max_mismatches, max_offset_bp)
            reach = offset + len(primer)
            better = (missed < best) | ((missed == best) & (missed <= max_mismatches) & (reach > found))
            best[better], found[better] = missed[better], reach[better]
    return starts, stops
