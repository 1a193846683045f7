"""Upper bounds of the products of a query's unit vector with all spectra of a library, in one pass of bytes.

Entries of unit vectors are kept as ``ceil(S w)`` with S = 235, one byte each, one row an m/z. With the query
rounded up alike, the sum of products divided by S^2 is at least the product of the vectors: rounding up never
lowers an entry, and all entries are at least 0.

Room for rounding
    ``S w`` is raised by ``SLACK`` of itself before it is rounded up, far more than float64 errs in ``w``
    (``musk_id.kernels.spectral_weights.CLOSE``).

Overflow
    A product of entries is below ``(S w_q + 1)(S w_l + 1)``, with S raised by ``SLACK``. Over n common peaks
    these add up to ``S^2 sum(w_q w_l) + S (sum(w_q) + sum(w_l)) + n``. By Cauchy and Schwarz, sum(w_q w_l) <= 1
    and each of the other sums <= sqrt(n). So a sum is at most ``S^2 + 2 S sqrt(n) + n = (S + sqrt(n))^2``. It
    stays below 2^16 as long as ``S + sqrt(n) < 256``: for n <= 440, where it is at most 65,524 (441 would give
    65,536). Queries with more peaks are summed in 32 bits. An entry is at most ``ceil(S (1 + SLACK))`` = 236.

Batches
    As float32 matrices (GEMM) the sums are the same whole numbers, in whatever order they are added: every
    partial sum is a whole number below 2^24. For ``(S + sqrt(n))^2 < 2^24`` that holds up to n = 14,908,321.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_peaks import PeakTable
from musk_id.kernels.spectral_weights import Weights, single

__all__ = [
    "MAX_COMMON",
    "SCALE",
    "SLACK",
    "ScaledQuery",
    "Screen",
    "ScreenProfile",
    "build_screen",
    "screen_masses",
]

SCALE = 235
SLACK = 1e-9
MAX_COMMON = 440
_COLUMNS = 65_536
_BUILD = 4_096
_TILE = 4_096
# Measured: a row of a matrix product costs about this share of a row of bytes multiplied and added.
_ROW_COST = 0.11
_TILE_COST = 0.9
_FEW = 8
_SHARES = 60_000
_ROOM = 1e-6
_KEPT = 32

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class ScaledQuery:
    """Peaks of a query on the rows of a screen, each of shape (k,).

    Attributes
    ----------
    rows : ndarray of int64
        Row of each peak whose m/z the screen has.
    entries : ndarray of uint16
        ``ceil(S w)`` of it.
    exact : ndarray of float64
        ``w`` of it.
    peaks : int
        Number of peaks that the whole query has.
    """

    rows: NDArray[np.int64]
    entries: NDArray[np.uint16]
    exact: NDArray[np.float64]
    peaks: int

    def part(self, places: NDArray[np.int64]) -> ScaledQuery:
        """Some of its peaks."""
        return ScaledQuery(self.rows[places], self.entries[places], self.exact[places], self.peaks)


def _rounded_up(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = np.ceil(vectors * (SCALE * (1.0 + SLACK)))
    return scaled


@dataclass(frozen=True, slots=True, eq=False)
class ScreenProfile:
    """What is known of each spectrum beside its vector, each of shape (n,).

    Attributes
    ----------
    first : ndarray of uint32
        First m/z; the largest number where there is no peak.
    peaks : ndarray of uint32
        Number of peaks.
    strong : ndarray of float32
        Share of the squared length in peaks of an intensity above 1, rounded down.
    """

    first: NDArray[np.uint32]
    peaks: NDArray[np.uint32]
    strong: NDArray[np.float32]


class Screen:
    """Rounded-up unit vectors of a library.

    Parameters
    ----------
    weights : Weights
        What the vectors are.
    masses : ndarray of int64, shape (r,)
        m/z of each row, ascending: those that occur.
    matrix : ndarray of uint8, shape (r, n)
        ``ceil(S w)`` of each spectrum at each m/z.
    profile : ScreenProfile
    """

    def __init__(self, weights: Weights, masses: NDArray[np.int64], matrix: Bytes, profile: ScreenProfile) -> None:
        self.weights = weights
        self.masses = masses
        self.matrix = matrix
        self.profile = profile
        self._from: OrderedDict[int, NDArray[np.float32]] = OrderedDict()

    def __len__(self) -> int:
        return int(self.matrix.shape[1])

    def scaled(self, query: UnitMassSpectrum) -> ScaledQuery:
        """A query on the rows of the screen; it must have a peak."""
        exact = self.weights.vectors(single(query))
        rows, held = self._rows_of(query.mz)
        exact = exact[held]
        return ScaledQuery(rows[held], _rounded_up(exact).astype(np.uint16), exact, int(query.mz.size))

    def _rows_of(self, mz: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        if self.masses.size == 0:
            return np.zeros(mz.size, np.int64), np.zeros(mz.size, np.bool_)
        rows = np.minimum(np.searchsorted(self.masses, mz), self.masses.size - 1)
        return rows, self.masses[rows] == mz

    def sums(self, query: ScaledQuery) -> NDArray[np.unsignedinteger[Any]]:
        """Sum of products with each spectrum, shape (n,): at least ``SCALE ** 2`` times that of the vectors."""
        kind = _kind_of(query)
        found = np.zeros(len(self), kind)
        product = np.empty(min(_COLUMNS, found.size), kind)
        pairs = list(zip(query.rows.tolist(), query.entries.astype(kind), strict=True))
        for start in range(0, found.size, _COLUMNS):
            part = found[start : start + _COLUMNS]
            room = product[: part.size]
            for row, entry in pairs:
                np.multiply(
                    self.matrix[row, start : start + _COLUMNS], entry, out=room, dtype=kind, casting="unsafe"
                )
                part += room
        return found

    def sums_at(self, query: ScaledQuery, columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sums of products with some of the spectra."""
        found = np.zeros(columns.size, np.int64)
        for row, entry in zip(query.rows.tolist(), query.entries.tolist(), strict=True):
            found += self.matrix[row].take(columns).astype(np.int64) * entry
        return found

    def shares_held(self, mz: NDArray[np.int64], shares: NDArray[np.float64]) -> NDArray[np.float32]:
        """Sum of the shares (which add up to 1 at most) of those m/z that each spectrum holds, rounded down."""
        rows, held = self._rows_of(mz)
        whole = np.floor(shares * _SHARES).astype(np.uint16)
        found = np.zeros(len(self), np.uint16)
        for row, share in zip(rows[held].tolist(), whole[held], strict=True):
            if share:
                found += np.multiply(self.matrix[row] > 0, share, dtype=np.uint16)
        down: NDArray[np.float32] = found.astype(np.float32) / np.float32(_SHARES * (1 + _ROOM))
        return down

    def shares_from(self, start: int) -> NDArray[np.float32]:
        """Share of the squared length in peaks of intensity above 1 from an m/z on, rounded down, at least 0."""
        known = self._from.get(start)
        if known is None:
            before = np.zeros(len(self), np.float32)
            for row in range(int(np.searchsorted(self.masses, start))):
                entries = self.matrix[row].astype(np.float32)
                before += entries * entries
            share = before / np.float32(SCALE**2)
            known = np.maximum(self.profile.strong - share * np.float32(1 + _ROOM) - np.float32(_ROOM), 0)
            self._from[start] = known
            if len(self._from) > _KEPT:
                self._from.popitem(last=False)
        return known

    def sums_of_each(self, queries: Sequence[ScaledQuery]) -> list[NDArray[np.unsignedinteger[Any]]]:
        """The same for several queries, by whichever way costs less; the numbers are the same."""
        used = np.unique(np.concatenate([np.empty(0, np.int64), *(q.rows for q in queries)]))
        own = sum(q.rows.size for q in queries)
        product = used.size * (len(queries) * _ROW_COST + _TILE_COST)
        if len(queries) < _FEW or product > own:
            return [self.sums(query) for query in queries]
        return self._products(queries, used)

    def _products(
        self, queries: Sequence[ScaledQuery], used: NDArray[np.int64]
    ) -> list[NDArray[np.unsignedinteger[Any]]]:
        left = np.zeros((len(queries), used.size), np.float32)
        for number, query in enumerate(queries):
            left[number, np.searchsorted(used, query.rows)] = query.entries
        count = len(self)
        found = [np.empty(count, _kind_of(query)) for query in queries]
        right = np.empty((used.size, min(_TILE, count)), np.float32)
        for start in range(0, count, _TILE):
            end = min(start + _TILE, count)
            tile = right[:, : end - start]
            for place, row in enumerate(used.tolist()):
                tile[place] = self.matrix[row, start:end]
            whole = left @ tile
            for number, sums in enumerate(found):
                sums[start:end] = whole[number]
        return found


def _kind_of(query: ScaledQuery) -> type[np.uint16] | type[np.uint32]:
    return np.uint16 if query.peaks <= MAX_COMMON else np.uint32


def screen_masses(table: PeakTable) -> NDArray[np.int64]:
    """m/z that occur in a table, ascending: the rows of its screens."""
    if table.mz.size == 0:
        return np.empty(0, np.int64)
    seen = np.zeros(int(table.mz.max()) + 1, np.bool_)
    seen[table.mz] = True
    return np.flatnonzero(seen)


def build_screen(table: PeakTable, weights: Weights, matrix: Bytes | None = None) -> Screen:
    """Screen of a table.

    Parameters
    ----------
    table : PeakTable
        Spectra.
    weights : Weights
        Unit vectors to keep.
    matrix : ndarray of uint8, shape (m/z that occur, spectra), optional
        Where to write, all zeros: a mapped file, for instance.
    """
    masses = screen_masses(table)
    out = np.zeros((masses.size, len(table)), np.uint8) if matrix is None else matrix
    if out.shape != (masses.size, len(table)):
        raise ValueError(f"a matrix of {out.shape}, {(masses.size, len(table))} is needed")
    count = len(table)
    profile = ScreenProfile(
        np.full(count, np.iinfo(np.uint32).max, np.uint32), np.zeros(count, np.uint32), np.zeros(count, np.float32)
    )
    row_of = np.zeros(int(masses[-1]) + 1 if masses.size else 1, np.int64)
    row_of[masses] = np.arange(masses.size)
    for start in range(0, len(table), _BUILD):
        end = min(start + _BUILD, len(table))
        peaks = table.between(start, end)
        block = np.zeros((masses.size, end - start), np.uint8)
        vectors = weights.vectors(peaks)
        block[row_of[peaks.mz], peaks.owner] = _rounded_up(vectors).astype(np.uint8)
        out[:, start:end] = block
        profile.first[start:end][peaks.owner[::-1]] = peaks.mz[::-1]
        profile.peaks[start:end] = np.bincount(peaks.owner, minlength=peaks.count)
        strong = peaks.sums(np.where(peaks.intensity > 1, vectors * vectors, 0.0))
        profile.strong[start:end] = np.maximum(strong * (1.0 - _ROOM), 0)
    return Screen(weights, masses, out, profile)
