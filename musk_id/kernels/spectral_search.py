"""The best spectra of a library for a query, by bounds for all and exact scores for few.

Every list is exact, or says that it is not. A list is certified when the bound of every spectrum that was not
scored lies below what the last place of the list needs; then no spectrum is missing, whatever its score. Otherwise
the list holds the best of those scored, and tells how many these were.

Scores are compared as they are shown, rounded to the score's digits: spectra that round to the same number are
tied, share a rank, and are all listed, also at the last place. So neither the order of the library nor the last
bit of a sum decides who is listed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_peaks import PeakTable
from musk_id.kernels.spectral_scores import Bounds, Score
from musk_id.kernels.spectral_screen import Screen, build_screen

__all__ = ["BUDGET", "HitList", "SpectralSearch", "level"]

BUDGET = 10_000
"""Spectra that are scored at most for one query, unless the library is no larger."""

_BATCH = 64
_SEEDS = 32
_IN_PART = 64

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HitList:
    """The best spectra for a query.

    Attributes
    ----------
    rows : ndarray of int64, shape (h,)
        Rows of the library, best first; tied ones in ascending order.
    scores : ndarray of float64, shape (h,)
        Exact scores.
    ranks : ndarray of int64, shape (h,)
        1 + number of spectra whose rounded score is higher.
    certified : bool
        Whether the list is proved to be complete.
    scored : int
        Number of spectra that were scored.
    """

    rows: Integers
    scores: Floats
    ranks: Integers
    certified: bool
    scored: int


def level(score: float, digits: int) -> int:
    """A score rounded to digits as a whole number: half-even on its exact binary value, as it is shown."""
    scaled = score * float(10**digits)
    whole = math.floor(scaled)
    if abs(scaled - whole - 0.5) > 1e-6:
        return whole + int(scaled - whole > 0.5)
    # Near the middle the product may have been rounded to the other side.
    shown: int = round(Fraction(score) * 10**digits)
    return shown


class SpectralSearch:
    """Search of a library by one score.

    Parameters
    ----------
    table : PeakTable
        The library.
    score : Score
        What is compared.
    screen : Screen, optional
        A screen of this table with the weights of the score; built if it is not given.
    """

    def __init__(self, table: PeakTable, score: Score, screen: Screen | None = None) -> None:
        self.table = table
        self.score = score
        self.screen = build_screen(table, score.weights) if screen is None else screen
        if self.screen.weights != score.weights or len(self.screen) != len(table):
            raise ValueError("the screen is one of another score or another library")

    def hits(self, queries: Iterable[UnitMassSpectrum], wanted: int, *, budget: int = BUDGET) -> Iterator[HitList]:
        """The ``wanted`` best spectra for each query, with all ties; memory does not grow with the queries.

        Only spectra whose score rounds to more than 0 are listed. A query without peaks has none.
        """
        if wanted < 1 or budget < 1:
            raise ValueError(f"at least one hit and one score are needed, found {wanted} and {budget}")
        source = iter(queries)
        while batch := list(islice(source, _BATCH)):
            yield from self._of_batch(batch, wanted, budget)

    def _of_batch(self, batch: Sequence[UnitMassSpectrum], wanted: int, budget: int) -> Iterator[HitList]:
        filled = [query for query in batch if query.mz.size]
        parts = [self.score.parts(query, self.screen) for query in filled]
        sums = iter(self.screen.sums_of_each([first for first, _ in parts]))
        known = iter(parts)
        for query in batch:
            if not query.mz.size:
                yield HitList(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), True, 0)
                continue
            bounds = self.score.bounds(query, self.screen, next(known), next(sums))
            yield _Pursuit(self, query, bounds, wanted, max(1, budget)).hits()


class _Pursuit:
    """The search for one query."""

    def __init__(
        self, search: SpectralSearch, query: UnitMassSpectrum, bounds: Bounds, wanted: int, budget: int
    ) -> None:
        self._search = search
        self._score = search.score
        self._query = query
        self._bounds = bounds
        self._wanted = wanted
        self._budget = budget
        self._step = 10.0**-search.score.digits

    def hits(self) -> HitList:
        bounds = _Heap(self._bounds.values)
        seeds = self._affordable(bounds.best(self._wanted + _SEEDS))[0]
        close = self._close(seeds)
        needed = self._needed(close)
        rows = self._bounds.sharpened(bounds.at_least(self._bounds.least(needed)), needed)
        rows, left_out = self._affordable(rows)
        more = np.setdiff1d(rows, seeds, assume_unique=True)
        rows = np.concatenate([seeds, more])
        close = np.concatenate([close, self._close(more)])
        needed = self._needed(close)
        certified = left_out < self._bounds.least(needed)
        return self._listed(rows[close >= needed], certified, int(rows.size))

    def _affordable(self, rows: Integers) -> tuple[Integers, float]:
        """Rows that the budget allows, all of one bound or none, and the largest bound that is left out."""
        if rows.size <= self._budget:
            return rows, -np.inf
        values = self._bounds.values[rows]
        cut = _nth_largest(values, self._budget + 1)
        return rows[values > cut], float(cut)

    def _close(self, rows: Integers) -> Floats:
        if rows.size == 0:
            return np.empty(0)
        return self._score.close(self._query, self._search.table.gathered(rows))

    def _needed(self, close: Floats) -> float:
        """A score below which no spectrum can be among the best: it would round to less than the last place."""
        lowest = 0.5 * self._step
        if close.size >= self._wanted:
            lowest = max(lowest, float(_nth_largest(close, self._wanted)) - self._step)
        return lowest - 2.0 * self._score.slack

    def _listed(self, rows: Integers, certified: bool, scored: int) -> HitList:
        rows = np.sort(rows)
        scores = [self._score.exact(self._query, self._search.table.spectrum(row)) for row in rows.tolist()]
        levels = np.array([level(score, self._score.digits) for score in scores], np.int64)
        order = np.argsort(-levels, kind="stable")
        levels = levels[order]
        ranks = np.searchsorted(-levels, -levels, side="left") + 1
        kept = (ranks <= self._wanted) & (levels > 0)
        return HitList(rows[order][kept], np.array(scores)[order][kept], ranks[kept], certified, scored)


class _Heap:
    """Numbers of which the largest are asked for, with the largest of each of many parts known.

    Part ``i`` holds the numbers at ``i``, ``i + parts``, ``i + 2 parts`` ...; what is left at the end is a part of
    its own, which is always looked at.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values
        self._parts = values.size // _IN_PART
        whole = values[: self._parts * _IN_PART].reshape(_IN_PART, self._parts)
        self._largest = whole.max(axis=0) if self._parts else values[:0]
        self._rest = np.arange(self._parts * _IN_PART, values.size)

    def at_least(self, value: float) -> Integers:
        """Places of the numbers of at least a value, ascending."""
        parts = np.flatnonzero(self._largest >= value)
        inside = (parts[:, None] + self._parts * np.arange(_IN_PART)).ravel()
        places = np.concatenate([inside, self._rest])
        return np.sort(places[self._values[places] >= value])

    def best(self, count: int) -> Integers:
        """Places of the ``count`` largest numbers and of all that equal the last of them; none of 0."""
        least = float(np.finfo(np.float32).tiny)
        if self._largest.size > count:
            # So many parts hold a number of at least this.
            least = max(least, float(_nth_largest(self._largest, count)))
        places = self.at_least(least)
        if places.size > count:
            found = self._values[places]
            places = places[found >= _nth_largest(found, count)]
        return places


def _nth_largest(values: NDArray[Any], count: int) -> Any:
    return np.partition(values, values.size - count)[values.size - count]
