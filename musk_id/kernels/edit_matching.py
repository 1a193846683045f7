"""Nearest references of a short marker, exactly, without aligning most of the library.

References are aligned in the order of their bounds (:mod:`musk_id.kernels.edit_bounds`) until the bound of the
next one exceeds what is asked for: what is left is further away. The result equals that of aligning all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.edit_bounds import EditBounds
from musk_id.kernels.editdistance import NO_LIMIT, UNAMBIGUOUS, edit_distance_within, unambiguous_distances
from musk_id.kernels.matching import deciding_rows
from musk_id.kernels.matching_counts import Counts

__all__ = ["EditIndex", "Edits"]

# Pairs aligned with one limit, before it is looked at again how far it may be lowered.
_STEP = 16
_ENDLESS = 1 << 30

Numbers = NDArray[np.int32]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """References in their order, and their distances (:mod:`musk_id.kernels.editdistance`)."""

    rows: Indices
    lower: Numbers
    upper: Numbers


class EditIndex:
    """References of a short marker prepared for many searches.

    Parameters
    ----------
    references : sequence of str
        Upper-case IUPAC letters without gaps.
    groups : ndarray of int32, shape (n,)
        Group (genus) of each reference.
    """

    def __init__(self, references: Sequence[str], groups: Numbers) -> None:
        self._references, self._groups = references, np.asarray(groups, np.int32)
        self._bounds = EditBounds(references)
        self._one_group = not np.ptp(self._groups) if self._groups.size else True

    @property
    def lengths(self) -> Numbers:
        """Letters of each reference."""
        return self._bounds.lengths

    def within(self, query: str, limit: int) -> Edits:
        """All references whose lower distance is at most ``limit``."""
        rows = np.flatnonzero(self._bounds.of(query) <= limit)
        return _ordered(self._aligned(query, rows, limit))

    def measure(self, query: str) -> Edits:
        """Distances to all references."""
        return _ordered(self._aligned(query, np.arange(self._groups.size), _ENDLESS))

    def nearest(self, query: str) -> Edits:
        """References that decide for a query, as :class:`musk_id.kernels.matching.Found` has them.

        These are all with the smallest upper distance (the nearest), all with the smallest lower one, and, of the
        references in no group of a nearest one, all with the smallest lower distance.
        """
        bounds = self._bounds.of(query)
        order = np.argsort(bounds, kind="stable")
        found: list[tuple[int, int, int]] = []
        best: dict[int, int] = {}
        beyond: list[int] = []
        limit, first, grown = _ENDLESS, 0, False
        while grown or (first < order.size and bounds[order[first]] <= limit):
            rows = order[first : first + _STEP]
            rows = rows[bounds[rows] <= limit]
            first += rows.size
            # A second group that becomes as near as the first one leaves a third to be looked for, further away.
            again, beyond = (beyond, []) if grown else ([], beyond)
            rows = np.concatenate([rows, np.array(again, np.int64)])
            aligned = self._aligned(query, rows, limit)
            for row, lower, upper in aligned:
                found.append((row, lower, upper))
                group = int(self._groups[row])
                best[group] = min(upper, best.get(group, upper))
            beyond += sorted(set(rows.tolist()) - {row for row, _, _ in aligned})
            before, limit = limit, self._limit(best)
            grown = limit > before
        near = _ordered(found)
        counts = Counts(near.lower, near.upper, np.ones(near.rows.size, np.int32))
        chosen = deciding_rows(counts, self._groups[near.rows])
        return Edits(near.rows[chosen], near.lower[chosen], near.upper[chosen])

    def _limit(self, best: dict[int, int]) -> int:
        """Distance that all references keep to which are asked for.

        The groups of the nearest are those whose best upper distance is the smallest one; the nearest of another
        group is no further than the next larger best one.
        """
        distances = sorted(set(best.values()))
        if self._one_group:
            return distances[0] if distances else _ENDLESS
        return distances[1] if len(distances) > 1 else _ENDLESS

    def _aligned(self, query: str, rows: Indices, limit: int) -> list[tuple[int, int, int]]:
        limit = NO_LIMIT if limit == _ENDLESS else limit
        plain = self._bounds.unambiguous[rows] & (not query.strip(UNAMBIGUOUS))
        alike = rows[plain].tolist()
        edits = unambiguous_distances(query, [self._references[row] for row in alike], limit)
        found = [(row, distance, distance) for row, distance in zip(alike, edits, strict=True) if distance >= 0]
        for row in rows[~plain].tolist():
            both = edit_distance_within(query, self._references[row], limit)
            if both is not None:
                found.append((row, both.lower, both.upper))
        return found


def _ordered(found: list[tuple[int, int, int]]) -> Edits:
    columns = np.array(sorted(found), np.int64).reshape(-1, 3)
    return Edits(columns[:, 0], columns[:, 1].astype(np.int32), columns[:, 2].astype(np.int32))
