"""Scores of a query against many unit-mass spectra at once: the numbers of one pair after the other, bit by bit.

The walk of :mod:`musk_id.kernels.spectral` over ascending m/z is made for all spectra together. Each spectrum's
sums get their terms in the same order as there, so that the bits are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral import BASE_PEAK, MatchFactors, UnitMassSpectrum, nominal_masses

__all__ = ["SpectralTable", "WideFactors", "unit_masses"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WideFactors:
    """Match factors of a query against every spectrum of a table, each of shape (n,).

    ``same_ions``: whether both hold the same m/z, at least three, on the range that they share.
    """

    identity_forward: Floats
    identity_reverse: Floats
    similarity_forward: Floats
    similarity_reverse: Floats
    same_ions: NDArray[np.bool_]

    def of_each(self) -> list[MatchFactors]:
        """Factors of each spectrum."""
        columns = (
            self.identity_forward,
            self.identity_reverse,
            self.similarity_forward,
            self.similarity_reverse,
        )
        return [MatchFactors(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


class SpectralTable:
    """Unit-mass spectra with their peaks put in order of m/z.

    Parameters
    ----------
    spectra : sequence of UnitMassSpectrum
        Intensities above 0.
    """

    def __init__(self, spectra: Sequence[UnitMassSpectrum]) -> None:
        sizes = np.array([s.mz.size for s in spectra], np.int64)
        none = np.empty(0, np.int64)
        mz = np.concatenate([none, *(s.mz for s in spectra)])
        intensity = np.concatenate([none, *(s.intensity for s in spectra)])
        self._arrange(sizes.size, np.repeat(np.arange(sizes.size), sizes), mz, intensity)

    @classmethod
    def of_peaks(cls, count: int, owner: Integers, mz: Integers, intensity: Integers) -> SpectralTable:
        """Table of ``count`` spectra from the peaks of one after the other, m/z ascending in each."""
        table = cls.__new__(cls)
        table._arrange(count, owner, mz, intensity)
        return table

    def _arrange(self, count: int, owner: Integers, mz: Integers, intensity: Integers) -> None:
        # Sixteen bits are sorted by counting.
        small = mz.astype(np.uint16) if mz.size and int(mz.max()) <= np.iinfo(np.uint16).max else mz
        order = np.argsort(small, kind="stable")
        self._owner: Integers = owner[order]
        self._intensity: Integers = intensity[order]
        self._mz, self._starts = np.unique(mz[order], return_index=True)
        self._ends = np.append(self._starts[1:], mz.size)
        # A spectrum without peaks begins beyond all m/z.
        self._first = np.full(count, np.iinfo(np.int64).max)
        begins = np.flatnonzero(np.diff(owner, prepend=-1))
        self._first[owner[begins]] = mz[begins]

    def factors(self, query: UnitMassSpectrum) -> WideFactors:
        """The four match factors of a query (at least one peak) against each spectrum."""
        sums = _Sums(self._first.size)
        wanted = dict(zip(query.mz.tolist(), query.intensity.tolist(), strict=True))
        held = {mz: n for n, mz in enumerate(self._mz.tolist()) if mz >= query.mz[0]}
        for mz in sorted(wanted.keys() | held.keys()):
            place = held.get(mz)
            here = slice(0, 0) if place is None else slice(self._starts[place], self._ends[place])
            owner, intensity = self._owner[here], self._intensity[here]
            if mz in wanted:
                alone = self._first <= mz
                alone[owner] = False
                sums.add_query_alone(mz, wanted[mz], alone)
                sums.add_both(mz, wanted[mz], owner, intensity)
            else:
                sums.add_library_alone(mz, owner, intensity)
        return sums.factors()


class _Sums:
    """Sums of the walk for every spectrum; the pair of the ion before is 0 where there is none."""

    def __init__(self, count: int) -> None:
        self.cross, self.cross_weighted = np.zeros(count), np.zeros(count)
        self.library, self.library_weighted = np.zeros(count), np.zeros(count)
        # Of the query: all its ions (forward), and those that the spectrum has too (reverse).
        self.query, self.query_weighted = np.zeros(count), np.zeros(count)
        self.shared, self.shared_weighted = np.zeros(count), np.zeros(count)
        self.ratio_sum, self.ratio_weight = np.zeros(count), np.zeros(count)
        self.common, self.ratios = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.before_query, self.before_library = np.zeros(count), np.zeros(count)
        self.ions_shared = np.zeros(count, np.int64)
        self.ions_differ = np.zeros(count, np.bool_)

    def add_query_alone(self, mz: int, intensity: int, where: NDArray[np.bool_]) -> None:
        self.ions_differ |= where
        if intensity <= 1:
            return
        self.query[where] += intensity
        self.query_weighted[where] += float(mz) * intensity
        self.before_query[where] = 0.0

    def add_library_alone(self, mz: int, owner: Integers, intensity: Integers) -> None:
        self.ions_differ[owner] = True
        counted = intensity > 1
        where, values = owner[counted], intensity[counted].astype(np.float64)
        self.library[where] += values
        self.library_weighted[where] += float(mz) * values
        self.before_query[where] = 0.0

    def add_both(self, mz: int, intensity: int, owner: Integers, intensities: Integers) -> None:
        self.ions_shared[owner] += 1
        counted = (intensities > 1) | (intensity > 1)
        where, values = owner[counted], intensities[counted].astype(np.float64)
        weight, own = float(mz), float(intensity)
        root = np.sqrt(own * values)
        self.cross[where] += root
        self.cross_weighted[where] += weight * root
        self.library[where] += values
        self.library_weighted[where] += weight * values
        for plain, weighted in ((self.query, self.query_weighted), (self.shared, self.shared_weighted)):
            plain[where] += own
            weighted[where] += weight * own
        self.common[where] += 1
        follows = self.before_query[where] > 0
        after, later = where[follows], values[follows]
        ratio = np.sqrt(own * self.before_library[after]) / np.sqrt(self.before_query[after] * later)
        self.ratio_sum[after] += weight * np.minimum(ratio, 1.0 / ratio)
        self.ratio_weight[after] += weight
        self.ratios[after] += 1
        self.before_query[where], self.before_library[where] = own, values

    def factors(self) -> WideFactors:
        return WideFactors(
            identity_forward=self._identity(self.query_weighted),
            identity_reverse=self._identity(self.shared_weighted),
            similarity_forward=self._similarity(self.query),
            similarity_reverse=self._similarity(self.shared),
            same_ions=~self.ions_differ & (self.ions_shared >= 3),
        )

    def _identity(self, query: Floats) -> Floats:
        compared = self.common > 0
        factors = np.zeros(compared.size)
        cross = self.cross_weighted[compared]
        angle = cross * cross / (query[compared] * self.library_weighted[compared])
        common, ratios = self.common[compared].astype(np.float64), self.ratios[compared].astype(np.float64)
        with_ratio = ratios > 0
        mean = np.zeros(angle.size)
        np.divide(self.ratio_sum[compared], self.ratio_weight[compared], out=mean, where=with_ratio)
        whole = 1000.0 * (angle * common + mean * ratios) / (common + ratios) - 0.5
        factors[compared] = np.where(with_ratio, whole, 1000.0 * angle - 0.5)
        return factors

    def _similarity(self, query: Floats) -> Floats:
        compared = self.common > 0
        factors = np.zeros(compared.size)
        cross = self.cross[compared]
        factors[compared] = 1000.0 * (cross * cross / (query[compared] * self.library[compared])) - 0.5
        return factors


def unit_masses(
    offsets: NDArray[np.uint64] | Integers, mz: Floats, intensity: Floats
) -> tuple[Integers, Integers, Integers]:
    """Unit-mass spectra of many spectra, as :func:`musk_id.kernels.spectral.to_unit_mass` makes each.

    Parameters
    ----------
    offsets : ndarray, shape (n + 1,)
        Peaks of spectrum ``i`` are those from ``offsets[i]`` to ``offsets[i + 1]``.
    mz, intensity : ndarray of float64
        Peaks of all spectra, m/z ascending inside a spectrum.

    Returns
    -------
    offsets, mz, intensity : ndarray of int64
        The same in unit mass.
    """
    bounds = np.asarray(offsets, np.int64)
    count = bounds.size - 1
    owner = np.repeat(np.arange(count), np.diff(bounds))
    nominal = nominal_masses(mz)
    is_new = (np.diff(owner, prepend=-1) != 0) | (np.diff(nominal, prepend=-1) != 0)
    begins = np.flatnonzero(is_new)
    sums = np.bincount(np.cumsum(is_new) - 1, weights=intensity, minlength=begins.size)
    of_group = owner[begins]
    largest = np.zeros(count)
    np.maximum.at(largest, of_group, sums)
    scaled = np.floor(BASE_PEAK * sums / largest[of_group] + 0.5).astype(np.int64)
    kept = (scaled > 0) & (nominal[begins] > 0)
    sizes = np.bincount(of_group[kept], minlength=count)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return ends, nominal[begins][kept], scaled[kept]
