"""How far the individuals of each species lie apart: the widest pair of each.

With a share of this spread as its radius a species never loses a sequence when references are added: its spread
can only grow, and its nearest record only come nearer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import Planes
from musk_id.kernels.matching import MatchIndex
from musk_id.kernels.matching_clusters import ranges
from musk_id.kernels.neighbours import coding_distances

__all__ = ["Spread", "widest_pairs", "widest_shares"]

_BLOCK = 64
# Pairs that are measured at once.
_PAIRS = 500_000

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The widest pair of each label, shape (labels,): its two rows (-1: no pair), differing and shared columns."""

    first: Numbers
    second: Numbers
    differing: Numbers
    compared: Numbers


def widest_pairs(planes: Planes, labels: Numbers, count: int, min_compared: int) -> Spread:
    """The pair with the largest share of incompatible columns within each label.

    Parameters
    ----------
    planes : Planes
        Sequences in one frame, n of them.
    labels : ndarray of int64, shape (n,)
        Label (species) of each sequence, from 0 to ``count`` - 1; negative ones take no part.
    count : int
        Number of labels.
    min_compared : int
        Columns that a pair has to share.

    Notes
    -----
    Of pairs with equal shares the one with the smaller row numbers is told. Letters that share a base are no
    difference, so that ambiguity widens nothing. Shares are quotients of integers below 2^20: equal ones have the
    same float64 value, different ones keep their order.
    """
    none = np.full(count, -1, np.int64)
    found = Spread(none, none.copy(), np.zeros(count, np.int64), np.ones(count, np.int64))
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    starts = np.searchsorted(labels[order], np.arange(count + 1))
    for label in range(count):
        _widest(planes, np.sort(order[starts[label] : starts[label + 1]]), label, max(min_compared, 1), found)
    return found


def _widest(planes: Planes, rows: Numbers, label: int, min_compared: int, found: Spread) -> None:
    best = -1.0
    words = planes.words[:, rows]
    for start in range(0, rows.size, _BLOCK):
        stop = min(start + _BLOCK, rows.size)
        differing, compared = coding_distances(words, slice(start, stop), slice(start, rows.size))
        share = np.where(np.triu(compared >= min_compared, 1), differing / np.maximum(compared, 1), -1.0)
        place = int(share.argmax())
        if share.flat[place] > best:
            best = float(share.flat[place])
            first, second = divmod(place, share.shape[1])
            found.first[label], found.second[label] = rows[start + first], rows[start + second]
            found.differing[label], found.compared[label] = differing.flat[place], compared.flat[place]


def widest_shares(
    index: MatchIndex, rows: Numbers, labels: Numbers, min_compared: int
) -> tuple[Numbers, NDArray[np.integer], NDArray[np.integer]]:
    """As :func:`widest_pairs`, of references of an index and without telling the pairs.

    Parameters
    ----------
    rows, labels : ndarray of int64, shape (n,)
        References, and the label of each.

    Returns
    -------
    ndarray of int64, int32 and int32, shape (k,)
        Labels with a pair that shares enough columns, ascending; differing and shared columns of the widest one.
    """
    order = np.argsort(labels, kind="stable")
    rows, labels = rows[order], labels[order]
    # Each reference is paired with those of its label that come after it.
    ends = np.searchsorted(labels, labels, side="right")
    pairs = np.cumsum(ends - np.arange(1, rows.size + 1))
    found = _Widest(np.zeros(0, np.int64), *[np.zeros(0, np.int32)] * 2)
    first = 0
    while first < rows.size:
        done = int(pairs[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(pairs, done + _PAIRS, side="right")))
        here = np.arange(first, last)
        other, owner = ranges(here + 1, ends[first:last])
        counts = index.between(rows[here[owner]], rows[other])
        held = np.flatnonzero(counts.compared >= max(min_compared, 1))
        found = found.beside(labels[other[held]], counts.incompatible[held], counts.compared[held])
        first = last
    return found.labels, found.differing, found.compared


@dataclass(frozen=True, slots=True, eq=False)
class _Widest:
    """The widest pair of each label met so far."""

    labels: Numbers
    differing: NDArray[np.integer]
    compared: NDArray[np.integer]

    def beside(self, labels: Numbers, differing: NDArray[np.integer], compared: NDArray[np.integer]) -> _Widest:
        """The same with further pairs."""
        labels = np.append(self.labels, labels)
        differing, compared = np.append(self.differing, differing), np.append(self.compared, compared)
        order = np.lexsort((differing / compared, labels))
        own = labels[order]
        last = order[np.append(own[1:] != own[:-1], True)] if own.size else order
        return _Widest(labels[last], differing[last], compared[last])
