"""Nearest references of many sequences in one coding frame, exactly, without measuring most of the library.

References are gathered around centres, centres around chief centres. A bound from a centre shows for most
references that they are further away than anything that is asked for; what no bound excludes is measured. The
result equals that of measuring every pair.

Notes
-----
Let inc(q, r) be the number of columns in which q and r hold letters without a common base, and u(c, r) the number
of columns in which c holds a letter and r is not like it (r lacks a letter there, or one of its bases is none of
c's). Then for any q, c and r, whatever ambiguity letters they hold and however little they overlap,

    inc(q, r) >= inc(q, c) - u(c, r).

Proof: take a column that inc(q, c) counts. If r is like c there, its bases are some of c's, of which q has none:
inc(q, r) counts the column. If not, u(c, r) counts it. So each column of inc(q, c) is counted on the right side
of inc(q, c) <= inc(q, r) + u(c, r). This is the triangle inequality of metric search (Chávez et al. 2001, ACM
Comput. Surv. 33:273) in a form that needs no metric: with missing letters the shares are none.

At most the letters of q are compared, n(q), so that the share inc(q, r) / compared(q, r) is at least
(inc(q, c) - u(c, r)) / n(q) where that is positive. A cluster whose largest u leaves this above the limit of a
query holds nothing that is asked for. Shares are quotients of integers below 2^20: equal ones have the same
float64 value, different ones differ by more than its rounding, and rounding keeps the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.matching_clusters import Clusters, gather, ranges
from musk_id.kernels.matching_counts import Counts, Packed, block_counts, pack_rows, pair_counts
from musk_id.kernels.nucleotides import Masks

__all__ = ["Found", "MatchIndex", "deciding_rows"]

QUERY_BLOCK = 128
# References counted at once in a block: with the queries of a step what is worked on stays in the cache.
_STEP_QUERIES, _STEP_REFERENCES = 16, 1024
# Chiefs whose members (so many of each) give a query its first limit.
_FIRST_CHIEFS, _FIRST_MEMBERS = 3, 64
# A query that leaves more than this share of the library is measured against all of it, which is then cheaper.
_DENSE_SHARE = 0.2

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """References of each query that decide, in their order; query ``i`` has rows ``offsets[i]:offsets[i + 1]``.

    These are all references with the smallest share of possibly different columns (the nearest), all with the
    smallest share of incompatible columns, and, of the references in no group of a nearest one, all with the
    smallest share of incompatible columns. References that share no column with a query are never among them.
    """

    offsets: Indices
    rows: Indices
    incompatible: NDArray[np.int32]
    possible: NDArray[np.int32]
    compared: NDArray[np.int32]

    @classmethod
    def joined(cls, parts: Sequence[Found]) -> Found:
        """Results of successive queries as one."""
        sizes = np.concatenate([np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)])
        if not parts:
            empty = np.zeros(0, np.int32)
            return cls(sizes, np.zeros(0, np.int64), empty, empty, empty)
        return cls(
            np.cumsum(sizes),
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.incompatible for part in parts]),
            np.concatenate([part.possible for part in parts]),
            np.concatenate([part.compared for part in parts]),
        )


class MatchIndex:
    """References prepared for many searches.

    Parameters
    ----------
    references : ndarray of uint8, shape (n, width), or Packed
        References in their columns, 0 where there is no letter; packed ones are taken over and put in order.
    groups : ndarray of int64, shape (n,)
        Group (genus) of each reference.
    labels : ndarray of int64, shape (n,), optional
        A finer grouping (species) from which clusters begin; it changes the time needed, never the result.
    pruned : bool
        Whether bounds are used at all.
    """

    def __init__(
        self, references: Masks | Packed, groups: Indices, labels: Indices | None = None, *, pruned: bool = True
    ) -> None:
        packed = references if isinstance(references, Packed) else pack_rows(references)
        groups = np.asarray(groups, np.int64)
        self._clusters: Clusters | None = None
        self._order: Indices = np.arange(packed.size)
        if pruned and packed.size:
            self._clusters = gather(packed, groups, groups if labels is None else np.asarray(labels, np.int64))
            self._order = self._clusters.order
            packed.reorder(self._order)
            self._chiefs = _columns(packed.planes[self._clusters.chiefs])
        self._packed, self._groups = packed, groups[self._order]

    def nearest(self, queries: Masks, *, threads: int = 1, block: int = QUERY_BLOCK) -> Found:
        """Deciding references of each query; neither threads nor block change the result.

        Parameters
        ----------
        queries : ndarray of uint8, shape (m, width)
            Sequences in the columns of the references.
        """
        blocks = [queries[first : first + block] for first in range(0, len(queries), block)]
        if threads == 1 or len(blocks) < 2:
            return Found.joined([self._block(part) for part in blocks])
        with ThreadPoolExecutor(threads) as pool:
            return Found.joined(list(pool.map(self._block, blocks)))

    def measure(self, query: Masks) -> Counts:
        """Counts of one query, shape (width,), against every reference, in the order of the references."""
        counts = _counted(pack_rows(query[None, :]), self._columns, ambiguous=self._packed.ambiguous)
        place = np.argsort(self._order)
        return Counts(counts.incompatible[0], counts.possible[0], counts.compared[0]).take(place)

    def _block(self, masks: Masks) -> Found:
        queries = pack_rows(masks)
        if self._clusters is None:
            return self._sorted(queries.size, self._dense(queries, np.arange(queries.size)))
        pairs, limit, dense = self._candidates(queries, self._clusters)
        chosen, complete = _deciding(pairs, self._groups, queries.size, limit)
        dense |= ~complete
        kept = pairs.take(np.flatnonzero(chosen & ~dense[pairs.query]))
        return self._sorted(queries.size, _Pairs.joined([kept, self._dense(queries, np.flatnonzero(dense))]))

    def _candidates(self, queries: Packed, clusters: Clusters) -> tuple[_Pairs, Floats, NDArray[np.bool_]]:
        """Pairs that no bound excludes, the limit of each query, and queries that are measured in full.

        Every reference without a pair has a larger share of incompatible columns than the limit.
        """
        letters = np.maximum(queries.letters, 1)
        chief = _counted(queries, self._chiefs, ambiguous=self._packed.ambiguous)
        limit = self._first_limit(queries, chief, clusters)
        # A few rounding-free integers: (inc - reach) / letters > limit shows that a cluster is too far.
        near = (chief.incompatible - clusters.chief_reach) / letters[:, None] <= limit[:, None]
        sizes = clusters.ends[clusters.last_centre - 1] - clusters.chiefs
        dense = near @ sizes > _DENSE_SHARE * self._packed.size
        near[dense] = False
        query, number = np.nonzero(near)
        centre, owner = ranges(clusters.first_centre[number], clusters.last_centre[number])
        centres = self._measured(queries, query[owner], clusters.centres[centre])
        limit = np.minimum(limit, _second_group(centres, self._groups, queries.size))
        bound = (centres.counts.incompatible - clusters.reach[centre]) / letters[centres.query]
        held = np.flatnonzero(bound <= limit[centres.query])
        # The centre is the first of its members and has been measured.
        member, owner = ranges(clusters.centres[centre[held]] + 1, clusters.ends[centre[held]])
        members = self._measured(queries, centres.query[held][owner], member)
        return _Pairs.joined([centres.take(held), members]), limit, dense

    def _first_limit(self, queries: Packed, chief: Counts, clusters: Clusters) -> Floats:
        """A share that the nearest and the nearest of another group keep to, from the nearest chiefs' members."""
        share = _share(chief.possible, chief.compared)
        count = min(_FIRST_CHIEFS, share.shape[1])
        first = np.argpartition(share, count - 1, axis=1)[:, :count]
        groups = self._groups[clusters.chiefs]
        best = groups[share.argmin(axis=1)]
        other = np.where(groups[None, :] == best[:, None], np.inf, share)
        tried = np.column_stack([first, other.argmin(axis=1)])
        tried.sort(axis=1)
        number = tried.reshape(-1)
        ends = clusters.ends[clusters.last_centre[number] - 1]
        # Of a large cluster a part will do: any members give a limit.
        ends = np.minimum(ends, clusters.chiefs[number] + _FIRST_MEMBERS)
        row, owner = ranges(clusters.chiefs[number], ends)
        pairs = self._measured(queries, owner // tried.shape[1], row)
        return _second_group(pairs, self._groups, queries.size)

    def _measured(self, queries: Packed, query: Indices, row: Indices) -> _Pairs:
        return _Pairs(query, row, pair_counts(queries, query, self._packed, row))

    def _dense(self, queries: Packed, chosen: Indices) -> _Pairs:
        """Deciding pairs of some queries, every reference measured."""
        parts = [_Pairs.joined([])]
        for first in range(0, chosen.size, _STEP_QUERIES):
            here = chosen[first : first + _STEP_QUERIES]
            counts = _counted(queries.take(here), self._columns, ambiguous=self._packed.ambiguous)
            for row, query in enumerate(here.tolist()):
                own = Counts(counts.incompatible[row], counts.possible[row], counts.compared[row])
                kept = deciding_rows(own, self._groups)
                parts.append(_Pairs(np.full(kept.size, query), kept, own.take(kept)))
        return _Pairs.joined(parts)

    @cached_property
    def _columns(self) -> Words:
        return _columns(self._packed.planes)

    def _sorted(self, count: int, pairs: _Pairs) -> Found:
        rows = self._order[pairs.row]
        order = np.lexsort((rows, pairs.query))
        counts = pairs.counts
        offsets = np.searchsorted(pairs.query[order], np.arange(count + 1))
        return Found(
            offsets, rows[order], counts.incompatible[order], counts.possible[order], counts.compared[order]
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Measured pairs of a query and the place of a reference."""

    query: Indices
    row: Indices
    counts: Counts

    def take(self, chosen: Indices) -> _Pairs:
        """Some of the pairs."""
        return _Pairs(self.query[chosen], self.row[chosen], self.counts.take(chosen))

    @classmethod
    def joined(cls, parts: Sequence[_Pairs]) -> _Pairs:
        """Pairs of all parts."""
        if not parts:
            numbers, none = np.zeros(0, np.int64), np.zeros(0, np.int32)
            return cls(numbers, numbers, Counts(none, none, none))
        counts = Counts(
            np.concatenate([part.counts.incompatible for part in parts]),
            np.concatenate([part.counts.possible for part in parts]),
            np.concatenate([part.counts.compared for part in parts]),
        )
        return cls(
            np.concatenate([part.query for part in parts]), np.concatenate([part.row for part in parts]), counts
        )


def deciding_rows(counts: Counts, groups: Indices) -> Indices:
    """Rows that decide for one query (:class:`Found`), given its counts against every reference.

    With one column compared everywhere the counts may be distances of any other kind.
    """
    everything = np.arange(groups.size)
    pairs = _Pairs(np.zeros_like(everything), everything, counts)
    deciding, _ = _deciding(pairs, groups, 1, np.full(1, np.inf))
    return np.flatnonzero(deciding)


def _columns(planes: Words) -> Words:
    """Planes of shape (n, 5, words) as (5, words, n)."""
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _counted(queries: Packed, columns: Words, *, ambiguous: bool) -> Counts:
    """Counts of all queries against all references, step by step."""
    shape = (queries.size, columns.shape[2])
    parts = [np.empty(shape, np.int32) for _ in range(3)]
    for low in range(0, shape[0], _STEP_QUERIES):
        own = queries.take(np.arange(low, min(low + _STEP_QUERIES, shape[0])))
        for first in range(0, shape[1], _STEP_REFERENCES):
            there = slice(first, first + _STEP_REFERENCES)
            counts = block_counts(own, columns[:, :, there], ambiguous=ambiguous)
            for whole, part in zip(parts, (counts.incompatible, counts.possible, counts.compared), strict=True):
                whole[low : low + _STEP_QUERIES, there] = part
    return Counts(*parts)


def _share(columns: NDArray[np.int32], compared: NDArray[np.int32]) -> Floats:
    """Columns of those compared; endless where nothing is compared."""
    return np.where(compared > 0, columns / np.maximum(compared, 1), np.inf)


def _smallest(values: Floats, query: Indices, count: int) -> Floats:
    """Smallest value of each query; endless where it has none."""
    found = np.full(count, np.inf)
    np.minimum.at(found, query, values)
    return found


def _second_group(pairs: _Pairs, groups: Indices, count: int) -> Floats:
    """For each query a share that members of two groups keep to; endless where only one was measured.

    Both the nearest reference and the nearest of another group are within it, unless references of several
    groups are equally near: then a third group is asked for.
    """
    share = _share(pairs.counts.possible, pairs.counts.compared)
    best = _smallest(share, pairs.query, count)
    group = np.full(count, -1, np.int64)
    nearest = share == best[pairs.query]
    group[pairs.query[nearest]] = groups[pairs.row[nearest]]
    others = groups[pairs.row] != group[pairs.query]
    return np.maximum(best, _smallest(share[others], pairs.query[others], count))


def _deciding(
    pairs: _Pairs, groups: Indices, count: int, limit: Floats
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pairs decide, and for which queries they are all: what was left out is beyond the limit."""
    counts, query = pairs.counts, pairs.query
    upper = _share(counts.possible, counts.compared)
    lower = _share(counts.incompatible, counts.compared)
    valid = counts.compared > 0
    best = _smallest(upper, query, count)
    nearest = valid & (upper == best[query])
    closest = valid & (lower == _smallest(lower, query, count)[query])
    base = int(groups.max(initial=0)) + 1
    keys = query * base + groups[pairs.row]
    others = valid & ~np.isin(keys, np.unique(keys[nearest]))
    least = _smallest(lower[others], query[others], count)
    following = others & (lower == least[query])
    complete = (best <= limit) & ((least <= limit) | np.isinf(limit))
    return nearest | closest | following, complete
