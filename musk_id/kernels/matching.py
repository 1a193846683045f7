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
from musk_id.kernels.matching_counts import (
    Counts,
    Packed,
    columns_of,
    least_differing,
    pack_rows,
    pair_counts,
    unpacked,
)
from musk_id.kernels.nucleotides import Masks

__all__ = ["Found", "MatchIndex", "deciding_rows"]

QUERY_BLOCK = 128
# References counted at once in a block: with the queries of a step what is worked on stays in the cache.
_STEP_QUERIES, _STEP_REFERENCES = 16, 1024
# Chiefs whose members (so many of each) give a query its first limit.
_FIRST_CHIEFS, _FIRST_MEMBERS = 3, 64
# A query that leaves more than this share of the chiefs, or of the library, is held against all of it, which is
# then cheaper; so few queries are measured against all of it instead.
_DENSE_CHIEFS, _DENSE_SHARE, _FEW = 0.5, 0.2, 6
# Pairs of a block that may be in memory at once.
_MAX_PAIRS = 500_000
# Far above the rounding of a share times a number of columns, far below one column.
_ROUNDING = 1e-6

Indices = NDArray[np.int64]
Numbers = NDArray[np.int32]
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
    incompatible: Numbers
    possible: Numbers
    compared: Numbers

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
    groups : ndarray of int32, shape (n,)
        Group (genus) of each reference.
    labels : ndarray of int32, shape (n,), optional
        A finer grouping (species) from which clusters begin; it changes the time needed, never the result.
    pruned : bool
        Whether bounds are used at all.
    """

    def __init__(
        self, references: Masks | Packed, groups: Numbers, labels: Numbers | None = None, *, pruned: bool = True
    ) -> None:
        packed = references if isinstance(references, Packed) else pack_rows(references)
        self._packed, self._groups = packed, np.asarray(groups, np.int32)
        self._clusters: Clusters | None = None
        self._order = np.arange(packed.size, dtype=np.int32)
        if pruned and packed.size:
            clusters = gather(
                packed, self._groups, self._groups if labels is None else np.asarray(labels, np.int32)
            )
            packed.reorder(clusters.order)
            self._clusters, self._order, self._groups = clusters, clusters.order, self._groups[clusters.order]
            self._chiefs = columns_of(packed, clusters.chiefs)
        self._one_group = not np.ptp(self._groups) if packed.size else True

    @property
    def letters(self) -> Numbers:
        """Columns with a letter, of each reference."""
        letters = np.empty_like(self._packed.letters)
        letters[self._order] = self._packed.letters
        return letters

    def masks(self, references: Indices) -> Masks:
        """Letters of some references in their columns."""
        return unpacked(self._packed, self._place[references])

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
        counts = self._every(pack_rows(query[None, :]), 0)
        return counts.take(self._place)

    def between(self, first: Indices, second: Indices) -> Counts:
        """Counts of pairs of references, given by their numbers; each of shape (pairs,)."""
        return pair_counts(self._packed, self._place[first], self._packed, self._place[second])

    def paired(self, queries: Packed, query: Indices, reference: Indices) -> Counts:
        """Counts of pairs of a query and a reference, given by their numbers; each of shape (pairs,)."""
        return pair_counts(queries, query, self._packed, self._place[reference])

    @cached_property
    def _place(self) -> Numbers:
        """Place of each reference."""
        place = np.empty_like(self._order)
        place[self._order] = np.arange(place.size, dtype=np.int32)
        return place

    def _every(self, queries: Packed, number: int) -> Counts:
        """Counts of one query against every reference, in the order of their places."""
        every = np.arange(self._packed.size)
        return pair_counts(queries, np.full(every.size, number), self._packed, every)

    def _block(self, masks: Masks) -> Found:
        queries = pack_rows(masks)
        if self._clusters is None:
            return self._sorted(queries.size, self._exhaustive(queries, np.arange(queries.size)))
        columns = columns_of(queries, slice(None))
        pairs, limit, dense = self._candidates(queries, columns, self._clusters)
        pairs = _Pairs.joined([pairs, self._scanned(queries, columns, np.flatnonzero(dense), limit)])
        chosen, best, least = _deciding(pairs, self._groups, queries.size)
        # What was left out is beyond the limit.
        complete = (best <= limit) & ((least <= limit) | np.isinf(limit) | self._one_group)
        found = [pairs.take(np.flatnonzero(chosen & complete[pairs.query]))]
        if not complete.all():
            # The nearest are of so many groups that the next one lies beyond the limit.
            further = _beyond(pairs, self._groups, queries.size)
            again = ~complete & np.isfinite(further)
            wider = self._scanned(queries, columns, np.flatnonzero(again), further, lowered=False)
            chosen, _, _ = _deciding(wider, self._groups, queries.size)
            found += [
                wider.take(np.flatnonzero(chosen)),
                self._exhaustive(queries, np.flatnonzero(~complete & ~again)),
            ]
        return self._sorted(queries.size, _Pairs.joined(found))

    def _candidates(
        self, queries: Packed, columns: Words, clusters: Clusters
    ) -> tuple[_Pairs, Floats, NDArray[np.bool_]]:
        """Pairs that no bound excludes, the limit of each query, and queries to be held against everything.

        Every reference without a pair has a larger share of incompatible columns than the limit, save for the
        queries of the last kind, which have no pairs yet.
        """
        chief = _blocks(columns, self._chiefs)
        limit = self._first_limit(queries, chief, clusters)
        near = chief - clusters.chief_reach <= _most_columns(queries, limit)[:, None]
        dense = self._too_many(near, clusters.last_centre - clusters.first_centre, _DENSE_CHIEFS)
        query, number = np.nonzero(near & ~dense[:, None])
        centre, owner = ranges(clusters.first_centre[number], clusters.last_centre[number])
        centres = self._measured(queries, query[owner], clusters.centres[centre])
        limit = np.minimum(limit, self._two_groups(centres, queries.size))
        bound = centres.counts.incompatible - clusters.reach[centre]
        held = np.flatnonzero(bound <= _most_columns(queries, limit)[centres.query])
        sizes = clusters.ends[centre[held]] - clusters.centres[centre[held]]
        found = np.bincount(centres.query[held], sizes, queries.size)
        dense |= (found > _DENSE_SHARE * self._packed.size) | (np.cumsum(found) > _MAX_PAIRS)
        held = held[~dense[centres.query[held]]]
        # The centre is the first of its members and has been measured.
        member, owner = ranges(clusters.centres[centre[held]] + 1, clusters.ends[centre[held]])
        members = self._measured(queries, centres.query[held][owner], member)
        return _Pairs.joined([centres.take(held), members]), limit, dense

    def _too_many(self, near: NDArray[np.bool_], sizes: Indices, share: float) -> NDArray[np.bool_]:
        """Queries whose near clusters hold more than a share of all members, or more than fit in memory."""
        found = near.astype(np.float32) @ sizes.astype(np.float32)
        many: NDArray[np.bool_] = (found > share * sizes.sum()) | (np.cumsum(found) > _MAX_PAIRS)
        return many

    def _first_limit(self, queries: Packed, chief: NDArray[np.int16], clusters: Clusters) -> Floats:
        """A share that the nearest and the nearest of another group keep to, from the nearest chiefs' members."""
        share = chief / np.maximum(self._packed.letters[clusters.chiefs], 1).astype(np.float32)
        count = min(_FIRST_CHIEFS, share.shape[1])
        first = np.argpartition(share, count - 1, axis=1)[:, :count]
        groups = self._groups[clusters.chiefs]
        best = groups[share.argmin(axis=1)]
        share[groups[None, :] == best[:, None]] = np.inf
        tried = np.column_stack([first, share.argmin(axis=1)])
        tried.sort(axis=1)
        number = tried.reshape(-1)
        ends = clusters.ends[clusters.last_centre[number] - 1]
        # Of a large cluster a part will do: any members give a limit.
        ends = np.minimum(ends, clusters.chiefs[number] + _FIRST_MEMBERS)
        row, owner = ranges(clusters.chiefs[number], ends)
        pairs = self._measured(queries, owner // tried.shape[1], row)
        return self._two_groups(pairs, queries.size)

    def _measured(self, queries: Packed, query: Indices, row: Indices) -> _Pairs:
        return _Pairs(query, row, pair_counts(queries, query, self._packed, row))

    def _two_groups(self, pairs: _Pairs, count: int) -> Floats:
        """For each query a share that members of two groups keep to; endless where only one was measured.

        Both the nearest reference and the nearest of another group are within it, unless references of several
        groups are equally near: then a third group is asked for. Where there is but one group, its nearest
        reference is all that is asked for.
        """
        share = _share(pairs.counts.possible, pairs.counts.compared)
        best = _smallest(share, pairs.query, count)
        if self._one_group:
            return best
        group = np.full(count, -1, np.int64)
        nearest = share == best[pairs.query]
        group[pairs.query[nearest]] = self._groups[pairs.row[nearest]]
        others = self._groups[pairs.row] != group[pairs.query]
        return np.maximum(best, _smallest(share[others], pairs.query[others], count))

    def _scanned(
        self, queries: Packed, columns: Words, chosen: Indices, limit: Floats, *, lowered: bool = True
    ) -> _Pairs:
        """All pairs of some queries within their limits, by a bound for each reference.

        Where limits may be ``lowered``, a smaller one that two groups keep to is written to ``limit``.
        """
        endless = np.isinf(limit[chosen])
        if chosen.size - np.count_nonzero(endless) < _FEW:
            return self._exhaustive(queries, chosen)
        kept = [self._exhaustive(queries, chosen[endless])]
        chosen = chosen[~endless]
        own = np.ascontiguousarray(columns[:, :, chosen])
        for first in range(0, self._packed.size, _STEP_REFERENCES):
            least = _blocks(own, columns_of(self._packed, slice(first, first + _STEP_REFERENCES)))
            near, row = np.nonzero(least <= _most_columns(queries, limit)[chosen, None])
            pairs = self._measured(queries, chosen[near], row + first)
            if lowered:
                limit[chosen] = np.minimum(limit, self._two_groups(pairs, queries.size))[chosen]
            share = _share(pairs.counts.incompatible, pairs.counts.compared)
            kept.append(pairs.take(np.flatnonzero(share <= limit[pairs.query])))
        return _Pairs.joined(kept)

    def _exhaustive(self, queries: Packed, chosen: Indices) -> _Pairs:
        """Deciding pairs of some queries, every reference measured."""
        parts = []
        for query in chosen.tolist():
            counts = self._every(queries, query)
            rows = deciding_rows(counts, self._groups)
            parts.append(_Pairs(np.full(rows.size, query), rows, counts.take(rows)))
        return _Pairs.joined(parts)

    def _sorted(self, count: int, pairs: _Pairs) -> Found:
        rows = self._order[pairs.row].astype(np.int64)
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


def deciding_rows(counts: Counts, groups: Numbers) -> Indices:
    """Rows that decide for one query (:class:`Found`), given its counts against every reference.

    With one column compared everywhere the counts may be distances of any other kind.
    """
    everything = np.arange(groups.size)
    pairs = _Pairs(np.zeros_like(everything), everything, counts)
    return np.flatnonzero(_deciding(pairs, groups, 1)[0])


def _blocks(queries: Words, references: Words) -> NDArray[np.int16]:
    """:func:`least_differing` of all queries and references, step by step."""
    found = np.empty((queries.shape[2], references.shape[2]), np.int16)
    for low in range(0, found.shape[0], _STEP_QUERIES):
        own = slice(low, low + _STEP_QUERIES)
        for first in range(0, found.shape[1], _STEP_REFERENCES):
            there = slice(first, first + _STEP_REFERENCES)
            found[own, there] = least_differing(queries[:, :, own], references[:, :, there])
    return found


def _most_columns(queries: Packed, limit: Floats) -> Numbers:
    """Most incompatible columns with which a reference may keep to the limit of each query."""
    columns: Numbers = np.floor(np.minimum(limit, 1.0) * queries.letters + _ROUNDING).astype(np.int32)
    return columns


def _share(columns: Numbers, compared: Numbers) -> Floats:
    """Columns of those compared; endless where nothing is compared."""
    return np.where(compared > 0, columns / np.maximum(compared, 1), np.inf)


def _smallest(values: Floats, query: Indices, count: int) -> Floats:
    """Smallest value of each query; endless where it has none."""
    found = np.full(count, np.inf)
    np.minimum.at(found, query, values)
    return found


def _beyond(pairs: _Pairs, groups: Numbers, count: int) -> Floats:
    """For each query a share that a reference of no group of a nearest one keeps to; endless if none was met."""
    share = _share(pairs.counts.possible, pairs.counts.compared)
    nearest = share == _smallest(share, pairs.query, count)[pairs.query]
    others = ~_in_groups_of(pairs, groups, nearest)
    return _smallest(share[others], pairs.query[others], count)


def _in_groups_of(pairs: _Pairs, groups: Numbers, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pairs have a reference of the same group as one of the chosen pairs of their query."""
    keys = pairs.query * (int(groups.max(initial=0)) + 1) + groups[pairs.row]
    return np.isin(keys, np.unique(keys[chosen]))


def _deciding(pairs: _Pairs, groups: Numbers, count: int) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Which pairs decide; the smallest share of each query, and the smallest lower one of another group."""
    counts, query = pairs.counts, pairs.query
    upper = _share(counts.possible, counts.compared)
    lower = _share(counts.incompatible, counts.compared)
    valid = counts.compared > 0
    best = _smallest(upper, query, count)
    nearest = valid & (upper == best[query])
    closest = valid & (lower == _smallest(lower, query, count)[query])
    others = valid & ~_in_groups_of(pairs, groups, nearest)
    least = _smallest(lower[others], query[others], count)
    following = others & (lower == least[query])
    return nearest | closest | following, best, least
