"""References gathered around centres, and centres around chief centres, the same way in every run.

A round takes, in every label that has members left, the one with most letters (the first of equal ones) as a
centre, and gives it all members that are like it but for a few columns. What a reference is gathered to has no
part in any result; it decides how much is measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.matching_counts import Packed, unlike

__all__ = ["Clusters", "gather", "ranges"]

# Columns by which a member may be unlike its centre, as a share of the columns of the centre.
CENTRE_SHARE = 0.02
CHIEF_SHARE = 0.12
MAX_ROUNDS = 64

Indices = NDArray[np.int64]
# A library has fewer than 2^31 references; its arrays are the smaller for it.
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Two levels of clusters over references put in a new order.

    Attributes
    ----------
    order : ndarray of int32, shape (n,)
        Reference at each place; members of a cluster lie side by side, its centre first.
    centres, chiefs : ndarray of int64, shapes (k,) and (c,)
        Places of the centres; a chief is a centre too.
    ends : ndarray of int64, shape (k,)
        Place after the last member of each centre.
    first_centre, last_centre : ndarray of int64, shape (c,)
        First centre of each chief, and the one after its last.
    reach, chief_reach : ndarray of int32, shapes (k,) and (c,)
        Most columns of a centre in which one of the references below it is not like it.
    """

    order: Numbers
    centres: Indices
    chiefs: Indices
    ends: Indices
    first_centre: Indices
    last_centre: Indices
    reach: NDArray[np.int32]
    chief_reach: NDArray[np.int32]


def gather(references: Packed, groups: Numbers, labels: Numbers) -> Clusters:
    """Clusters of at least one reference; they begin from labels, chiefs from groups."""
    everything = np.arange(references.size, dtype=np.int32)
    centre_of = _lead(references, everything, _finer(groups, labels), CENTRE_SHARE)
    centres = np.unique(centre_of)
    chief_of_centre = _lead(references, centres, groups[centres], CHIEF_SHARE)
    chief_of = chief_of_centre[np.searchsorted(centres, centre_of).astype(np.int32)]
    order = np.lexsort((centre_of != everything, centre_of, centre_of != chief_of, chief_of)).astype(np.int32)
    del everything
    centre_of, chief_of = centre_of[order], chief_of[order]
    starts = _starts(centre_of)
    chief_starts = _starts(chief_of)
    first_centre = np.searchsorted(starts, chief_starts)
    return Clusters(
        order=order,
        centres=starts,
        chiefs=chief_starts,
        ends=np.append(starts[1:], references.size),
        first_centre=first_centre,
        last_centre=np.append(first_centre[1:], starts.size),
        reach=np.maximum.reduceat(unlike(references, centre_of, order), starts),
        chief_reach=np.maximum.reduceat(unlike(references, chief_of, order), chief_starts),
    )


def ranges(first: Indices, last: Indices) -> tuple[Indices, Indices]:
    """Numbers from each ``first`` up to its ``last`` (without it), and which range each is of."""
    sizes = last - first
    owner = np.repeat(np.arange(first.size), sizes)
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if ends.size else 0
    return np.arange(total) - np.repeat(ends - sizes, sizes) + first[owner], owner


def _starts(values: Numbers) -> Indices:
    """Places at which a new value begins."""
    return np.flatnonzero(np.append(True, values[1:] != values[:-1]))


def _finer(groups: Numbers, labels: Numbers) -> Numbers:
    """A number for each label of each group: a label that stands in two groups counts as two."""
    order = np.lexsort((labels, groups)).astype(np.int32)
    own, other = groups[order], labels[order]
    begins = np.append(False, (own[1:] != own[:-1]) | (other[1:] != other[:-1]))
    finer = np.empty(order.size, np.int32)
    finer[order] = np.cumsum(begins, dtype=np.int32)
    return finer


def _lead(references: Packed, members: Numbers, labels: Numbers, share: float) -> Numbers:
    """The member that leads each member; one that is left after all rounds leads itself."""
    letters = references.letters[members]
    # Of equal members the first comes first: sorting by several keys is stable.
    waiting = np.lexsort((-letters, labels)).astype(np.int32)
    leader = members.copy()
    for _ in range(MAX_ROUNDS):
        if not waiting.size:
            break
        starts = _starts(labels[waiting])
        own = waiting[starts].repeat(np.diff(np.append(starts, waiting.size)))
        near = unlike(references, members[own], members[waiting]) <= share * letters[own]
        leader[waiting[near]] = members[own[near]]
        waiting = waiting[~near]
    return leader
