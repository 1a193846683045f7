"""Exact sequence variants of an amplicon: reads that are errors of a more abundant sequence go to it.

The rule is that of UNOISE2 (Edgar 2016, bioRxiv 081257): a sequence of count a at d edits from a variant of count
A is taken as its error if a / A <= 2^-(alpha d + 1). Distances are Levenshtein distances of whole sequences. A
sequence that fits several variants goes to the nearest, then to the most abundant one, then to the first by its
letters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Variants", "denoise", "edit_count"]

# Letters compared at once.
_CELLS_AT_ONCE = 4_000_000

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
    for places in _levels(order, counts, 2 ** (alpha + 1)):
        variants = found.nearest_of([sequences[place] for place in places], counts[places])
        for place, variant in zip(places, variants, strict=True):
            if variant is not None:
                of_sequence[place] = found.places[variant]
            elif counts[place] >= min_count:
                found.add(sequences[place], int(counts[place]), place)
                of_sequence[place] = place
    reads = np.zeros(len(sequences), np.int64)
    belongs = of_sequence >= 0
    np.add.at(reads, of_sequence[belongs], counts[belongs])
    return Variants(of_sequence, reads)


def _levels(order: list[int], counts: Ints, factor: int) -> Iterator[list[int]]:
    """Stretches of an order by counts in which none has ``factor`` times the count of another.

    None of a stretch is an error of another one of it, so that all of it may be looked at together.
    """
    first = 0
    while first < len(order):
        most = int(counts[order[first]])
        last = first
        while last < len(order) and int(counts[order[last]]) * factor > most:
            last += 1
        yield order[first:last]
        first = last


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
        # Variants there were, and the distance to the nearest other one of them.
        self._room: dict[int, tuple[int, int | None]] = {}

    def add(self, sequence: bytes, count: int, place: int) -> None:
        number = len(self.places)
        self.places.append(place)
        self._texts.append(sequence)
        self._counts.append(count)
        row = np.frombuffer(sequence, np.uint8)[None, :]
        held = self._letters.get(len(sequence))
        self._letters[len(sequence)] = row if held is None else np.concatenate([held, row])
        self._rows.setdefault(len(sequence), []).append(number)

    def nearest_of(self, sequences: Sequence[bytes], counts: Ints) -> list[int | None]:
        """The variant of which each sequence may be an error.

        Where the variant with the fewest differing letters lies so far from all others that none of them can be as
        near, it is the one; only what is left is aligned.
        """
        found: list[int | None] = [None] * len(sequences)
        by_length: dict[int, list[int]] = {}
        for number, sequence in enumerate(sequences):
            by_length.setdefault(len(sequence), []).append(number)
        aligned: list[int] = []
        for length, numbers in by_length.items():
            held = self._letters.get(length)
            if held is None or not length:
                aligned += numbers
                continue
            at_once = max(1, _CELLS_AT_ONCE // held.size)
            for first in range(0, len(numbers), at_once):
                own = numbers[first : first + at_once]
                text = b"".join([sequences[number] for number in own])
                letters = np.frombuffer(text, np.uint8).reshape(-1, length)
                for number, variant in zip(own, self._alone(letters, counts[own]), strict=True):
                    found[number] = variant
                    if variant is None:
                        aligned.append(number)
        for number in aligned:
            found[number] = self.nearest(sequences[number], int(counts[number]))
        return found

    def _alone(self, letters: NDArray[np.uint8], counts: Ints) -> list[int | None]:
        """For sequences of one length the variant of that length that is nearest beyond doubt."""
        rows = np.array(self._rows[letters.shape[1]], np.int64)
        apart = np.count_nonzero(letters[:, None, :] != self._letters[letters.shape[1]], axis=2)
        allowed = self._allowed(np.array(self._counts, np.int64)[rows] // counts[:, None])
        apart = np.where(apart <= allowed, apart, letters.shape[1] + 1)
        best = apart.argmin(axis=1)
        fewest = apart[np.arange(best.size), best]
        return [
            variant if few <= letters.shape[1] and self._has_room(variant, 2 * few) else None
            for variant, few in zip(rows[best].tolist(), fewest.tolist(), strict=True)
        ]

    def _allowed(self, ratios: Ints) -> Ints:
        """Largest distances of errors by how often the variant was read for each read of them, rounded down."""
        # Bits of a whole number: 2^(alpha d + 1) <= A / a where alpha d + 1 is below them.
        bits = np.frexp(ratios.astype(np.float64))[1].astype(np.int64)
        return (bits - 2) // self._alpha

    def _has_room(self, variant: int, reach: int) -> bool:
        """Whether all other variants lie farther than ``reach`` from this one."""
        known = self._room.get(variant)
        if known is None or known[0] < len(self.places):
            nearest = min((self._apart(variant, n) for n in range(len(self.places)) if n != variant), default=None)
            known = self._room[variant] = (len(self.places), nearest)
        return known[1] is None or known[1] > reach

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
        allowed = self._allowed(counts // count)
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
        return self._apart(number, best[1]) - best[0] > limit

    def _apart(self, first: int, second: int) -> int:
        key = (min(first, second), max(first, second))
        if key not in self._between:
            self._between[key] = edit_count(self._texts[key[0]], self._texts[key[1]])
        return self._between[key]


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
