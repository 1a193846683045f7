"""Nearest neighbours of library records by genus and species, and what a rule of radius and margin says of them.

Distances come in blocks of rows: ``upper`` counts against a call, ``lower`` for a competitor; what is not
compared, or is further than all that matters, is infinite.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

__all__ = ["NONE", "RIGHT", "TOLERANCE", "WRONG", "Labels", "Neighbours", "join", "neighbours", "verdicts"]

RIGHT, WRONG, NONE = 0, 1, 2

# Distances are fractions with denominators below 10**4, limits have at most 4 decimals: different values are at
# least 1e-12 apart, and what floating point adds is a thousand times less.
TOLERANCE = 1e-13

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labels:
    """Genus and species of each column, as numbers; columns are sorted by genus."""

    genus: Indices
    species: Indices

    def __post_init__(self) -> None:
        if np.any(np.diff(self.genus) < 0):
            raise ValueError("columns have to be sorted by genus")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Of each query, shape (n,): nearest of its own genus (itself left out), of its own genus with its species
    left out (``congener``), of other genera (``others_at`` of them at that distance, ``other_genus`` one of
    them), and of all genera but its own and that one (``further``).
    """

    own_upper: Floats
    own_lower: Floats
    congener_upper: Floats
    congener_lower: Floats
    other_upper: Floats
    other_lower: Floats
    other_genus: Indices
    others_at: Indices
    further_lower: Floats


def neighbours(upper: Floats, lower: Floats, rows: Indices, labels: Labels) -> Neighbours:
    """Neighbours of the records ``rows`` from their distances to all records, each of shape (rows, n)."""
    here = np.arange(rows.size)
    upper, lower = upper.copy(), lower.copy()
    upper[here, rows] = lower[here, rows] = np.inf
    own = labels.genus[rows][:, None] == labels.genus[None, :]
    other_species = own & (labels.species[rows][:, None] != labels.species[None, :])
    numbers, starts = np.unique(labels.genus, return_index=True)
    place = np.searchsorted(numbers, labels.genus[rows])
    by_upper = np.minimum.reduceat(upper, starts, axis=1)
    by_lower = np.minimum.reduceat(lower, starts, axis=1)
    own_upper, own_lower = by_upper[here, place].copy(), by_lower[here, place].copy()
    by_upper[here, place] = by_lower[here, place] = np.inf
    nearest = by_upper.argmin(axis=1)
    other_upper = by_upper[here, nearest]
    others_at = np.count_nonzero(by_upper == other_upper[:, None], axis=1)
    other_lower = by_lower.min(axis=1)
    by_lower[here, nearest] = np.inf
    return Neighbours(
        own_upper=own_upper,
        own_lower=own_lower,
        congener_upper=np.where(other_species, upper, np.inf).min(axis=1),
        congener_lower=np.where(other_species, lower, np.inf).min(axis=1),
        other_upper=other_upper,
        other_lower=other_lower,
        other_genus=numbers[nearest],
        others_at=others_at,
        further_lower=by_lower.min(axis=1),
    )


def join(parts: list[Neighbours]) -> Neighbours:
    """Neighbours of several blocks, one after another."""
    return Neighbours(*(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Neighbours)))


def verdicts(
    found: Neighbours, own_upper: Floats, own_lower: Floats, radius: float, margin: float
) -> NDArray[np.int8]:
    """What the rule says of each query: ``RIGHT`` (its own genus), ``WRONG`` (another one) or ``NONE``.

    Parameters
    ----------
    found : Neighbours
        Neighbours of the queries.
    own_upper, own_lower : ndarray of float64, shape (n,)
        Distances to the own genus as far as it is not withheld; infinite where it is.
    radius, margin : float
        A genus is named if its nearest record is no further than the radius, and the nearest record of any
        other genus lies at least the margin beyond.

    Notes
    -----
    As in casework the nearest genus is that of the smallest upper distance, its competitors count with their
    lower ones, and a tie names nothing. Where no other genus was compared nothing is named.
    """
    is_own = own_upper < found.other_upper
    is_other = (found.other_upper < own_upper) & (found.others_at == 1)
    distance = np.where(is_own, own_upper, found.other_upper)
    following = np.where(is_own, found.other_lower, np.minimum(own_lower, found.further_lower))
    near = np.isfinite(distance) & np.isfinite(following)
    gap = np.subtract(following, distance, out=np.full(distance.shape, -np.inf), where=near)
    named = near & (distance <= radius + TOLERANCE) & (gap >= margin - TOLERANCE)
    result = np.full(distance.shape, NONE, np.int8)
    result[named & is_own] = RIGHT
    result[named & is_other] = WRONG
    return result
