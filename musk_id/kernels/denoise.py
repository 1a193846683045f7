"""Exact sequence variants of an amplicon: reads that are errors of a more abundant sequence go to it.

The rule is that of UNOISE2 (Edgar 2016, bioRxiv 081257): a sequence of count a at d edits from a variant of count
A is taken as its error if a / A <= 2^-(alpha d + 1). Distances are Levenshtein distances of whole sequences. A
sequence that fits several variants goes to the nearest, then to the most abundant one, then to the first by its
letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Variants", "denoise", "edit_count"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """Variants among sequences.

    Attributes
    ----------
    of_sequence : ndarray of int64, shape (n,)
        For each sequence the place of the sequence that is its variant; -1 for those that belong to none.
    reads : ndarray of int64, shape (n,)
        Reads of each variant with all that were taken as its errors; 0 for a sequence that is no variant.
    """

    of_sequence: Ints
    reads: Ints


def denoise(sequences: Sequence[bytes], counts: Ints, *, min_count: int, alpha: int) -> Variants:
    """Variants of distinct sequences.

    Parameters
    ----------
    sequences : sequence of bytes
        Distinct sequences; their order does not matter.
    counts : ndarray of int64, shape (n,)
        Reads of each, at least 1.
    min_count : int
        A sequence with fewer reads is no variant of its own.
    alpha : int
        Exponent of the rule; 2 in the publication.

    Raises
    ------
    ValueError
        If a sequence is given twice.
    """
    if len(set(sequences)) != len(sequences):
        raise ValueError("a sequence is given twice")
    order = sorted(range(len(sequences)), key=lambda i: (-int(counts[i]), sequences[i]))
    found = _Found(alpha)
    of_sequence = np.full(len(sequences), -1, np.int64)
    for place in order:
        sequence, count = sequences[place], int(counts[place])
        variant = found.nearest(sequence, count)
        if variant is not None:
            of_sequence[place] = found.places[variant]
        elif count >= min_count:
            found.add(sequence, count, place)
            of_sequence[place] = place
    reads = np.zeros(len(sequences), np.int64)
    belongs = of_sequence >= 0
    np.add.at(reads, of_sequence[belongs], counts[belongs])
    return Variants(of_sequence, reads)


class _Found:
    """Variants found so far, most abundant first."""

    def __init__(self, alpha: int) -> None:
        self._alpha = alpha
        self.places: list[int] = []
        self._texts: list[bytes] = []
        self._counts: list[int] = []
        # By length: letters of the variants of that length in rows, and which variants they are.
        self._letters: dict[int, NDArray[np.uint8]] = {}
        self._rows: dict[int, list[int]] = {}
        self._between: dict[tuple[int, int], int] = {}

    def add(self, sequence: bytes, count: int, place: int) -> None:
        number = len(self.places)
        self.places.append(place)
        self._texts.append(sequence)
        self._counts.append(count)
        row = np.frombuffer(sequence, np.uint8)[None, :]
        held = self._letters.get(len(sequence))
        self._letters[len(sequence)] = row if held is None else np.concatenate([held, row])
        self._rows.setdefault(len(sequence), []).append(number)

    def nearest(self, sequence: bytes, count: int) -> int | None:
        """The variant of which the sequence may be an error."""
        best: tuple[int, int] | None = None
        for number, bound in self._likely(sequence, count):
            limit = bound if best is None else min(bound, best[0])
            if self._too_far(number, best, limit):
                continue
            distance = _distance(sequence, self._texts[number], limit)
            if distance is not None and (best is None or (distance, number) < best):
                best = (distance, number)
        return None if best is None else best[1]

    def _likely(self, sequence: bytes, count: int) -> list[tuple[int, int]]:
        """Variants within reach and their largest distances; the fewest differing letters first, as they bound."""
        counts, lengths = np.array(self._counts, np.int64), np.array([len(text) for text in self._texts], np.int64)
        # Bits of a whole number: 2^(alpha d + 1) <= A / a where alpha d + 1 is below them.
        bits = np.frexp((counts // count).astype(np.float64))[1].astype(np.int64)
        allowed = (bits - 2) // self._alpha
        # The sequences are distinct.
        reach = np.flatnonzero((allowed >= 1) & (allowed >= np.abs(lengths - len(sequence))))
        if not reach.size:
            return []
        apart = np.full(counts.size, len(sequence), np.int64)
        if (letters := self._letters.get(len(sequence))) is not None:
            row = np.frombuffer(sequence, np.uint8)
            apart[self._rows[len(sequence)]] = np.count_nonzero(letters != row, axis=1)
        order = reach[np.lexsort((reach, apart[reach]))]
        return list(zip(order.tolist(), allowed[order].tolist(), strict=True))

    def _too_far(self, number: int, best: tuple[int, int] | None, limit: int) -> bool:
        """By the triangle inequality, from the distance between this variant and the best one so far."""
        if best is None:
            return False
        key = (min(number, best[1]), max(number, best[1]))
        if key not in self._between:
            self._between[key] = edit_count(self._texts[key[0]], self._texts[key[1]])
        return self._between[key] - best[0] > limit


def edit_count(first: bytes, second: bytes) -> int:
    """Levenshtein distance of two whole sequences."""
    found = _distance(first, second, None)
    return max(len(first), len(second)) if found is None else found


def _distance(first: bytes, second: bytes, limit: int | None) -> int | None:
    """Levenshtein distance, ``None`` if it is above the limit."""
    import edlib

    if not first or not second or limit == 0:
        found = 0 if first == second else max(len(first), len(second))
        return found if limit is None or found <= limit else None
    aligned = edlib.align(first, second, mode="NW", task="distance", k=-1 if limit is None else limit)
    return None if aligned["editDistance"] < 0 else int(aligned["editDistance"])
