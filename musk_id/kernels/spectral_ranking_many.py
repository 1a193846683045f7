"""Ranking evidence of a query against many references at once, with the bits of one pair after the other.

As in :mod:`musk_id.kernels.spectral_many` the walk over ascending m/z is made for all references together, and
each one's sums get their terms in the order of :mod:`musk_id.kernels.spectral_ranking`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_ranking import (
    BEYOND_ONE,
    INTENSITY_POWERS,
    MZ_POWER,
    CompoundIons,
    RankingEvidence,
    RankingWeights,
)

__all__ = ["RankingTable", "WideEvidence"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_POWERS = np.array(INTENSITY_POWERS)


@dataclass(frozen=True, slots=True, eq=False)
class WideEvidence:
    """Evidence of every reference of a table for a query, each of shape (n,)."""

    weighted: Floats
    plain: Floats
    ratios: Floats
    above: Floats
    molecular_more: Floats
    molecular_both: Floats
    compared: Integers
    shared: Integers

    def matrix(self) -> Floats:
        """The numbers that a score adds up, shape (n, 6), in the order of ``EVIDENCE``."""
        return np.column_stack(
            [self.weighted, self.plain, self.ratios, self.above, self.molecular_more, self.molecular_both]
        )

    def scores(self, weights: RankingWeights) -> Floats:
        """Score of each reference, with the bits of :func:`musk_id.kernels.spectral_ranking.ranking_score`."""
        return (
            weights.weighted * self.weighted
            + weights.plain * self.plain
            + weights.ratios * self.ratios
            + weights.above * self.above
            + weights.molecular_more * self.molecular_more
            + weights.molecular_both * self.molecular_both
        )

    def of(self, reference: int) -> RankingEvidence:
        """Evidence of one reference."""
        return RankingEvidence(
            weighted=float(self.weighted[reference]),
            plain=float(self.plain[reference]),
            ratios=float(self.ratios[reference]),
            above=float(self.above[reference]),
            molecular_more=float(self.molecular_more[reference]),
            molecular_both=float(self.molecular_both[reference]),
            compared=int(self.compared[reference]),
            shared=int(self.shared[reference]),
        )


class RankingTable:
    """References with their peaks put in order of m/z.

    Parameters
    ----------
    spectra : sequence of UnitMassSpectrum
        Spectra with at least one peak each, intensities from 1 to 999.
    compounds : sequence of CompoundIons
        Masses of the compound of each.

    Raises
    ------
    ValueError
        If a spectrum has no peak, or the two sequences differ in length.
    """

    def __init__(self, spectra: Sequence[UnitMassSpectrum], compounds: Sequence[CompoundIons]) -> None:
        if len(spectra) != len(compounds):
            raise ValueError(f"{len(spectra)} spectra, {len(compounds)} compounds")
        if any(s.mz.size == 0 for s in spectra):
            raise ValueError("a spectrum without peaks has nothing to compare")
        none = np.empty(0, np.int64)
        sizes = np.array([s.mz.size for s in spectra], np.int64)
        mz = np.concatenate([none, *(s.mz for s in spectra)])
        order = np.argsort(mz, kind="stable")
        self._owner: Integers = np.repeat(np.arange(sizes.size), sizes)[order]
        self._intensity: Integers = np.concatenate([none, *(s.intensity for s in spectra)])[order]
        values, starts = np.unique(mz[order], return_index=True)
        ends = np.append(starts, mz.size)[1:].tolist()
        self._place = {m: slice(s, e) for m, s, e in zip(values.tolist(), starts.tolist(), ends, strict=True)}
        self._first = np.array([s.mz[0] for s in spectra], np.int64)
        self._least = np.array([s.intensity.min() for s in spectra], np.int64)
        self._mass = np.array([c.mass for c in compounds], np.int64)
        self._highest = np.array([c.highest_mz for c in compounds], np.int64)

    def __len__(self) -> int:
        return int(self._first.size)

    def evidence(self, query: UnitMassSpectrum) -> WideEvidence:
        """Evidence of each reference for a query.

        Raises
        ------
        ValueError
            If the query has no peak.
        """
        if query.mz.size == 0:
            raise ValueError("a spectrum without peaks has nothing to compare")
        wanted = dict(zip(query.mz.tolist(), query.intensity.tolist(), strict=True))
        first, least = int(query.mz[0]), int(query.intensity.min())
        walk = _WideWalk(len(self))
        above = np.zeros(len(self), np.int64)
        molecular = np.zeros(len(self), np.int64)
        knows_mass = self._mass > 0
        for mz in sorted(wanted.keys() | {m for m in self._place if m >= first}):
            here = self._place.get(mz, slice(0, 0))
            owner, intensity = self._owner[here], self._intensity[here]
            scale = math.pow(mz, MZ_POWER)
            if mz not in wanted:
                listed = intensity >= least
                walk.add_library_alone(scale, owner[listed], intensity[listed])
                continue
            own = wanted[mz]
            in_range = self._first <= mz
            above += own * (in_range & knows_mass & (self._highest < mz))
            alone = in_range & (self._least <= own)
            alone[owner] = False
            walk.add_query_alone(scale, own, alone)
            walk.add_both(mz, scale, own, owner, intensity)
            at_mass = self._mass[owner] == mz
            molecular[owner[at_mass]] = intensity[at_mass]
        return self._found(walk, wanted, above, molecular, least)

    def _found(
        self, walk: _WideWalk, wanted: dict[int, int], above: Integers, molecular: Integers, least: int
    ) -> WideEvidence:
        own = np.array([wanted.get(m, 0) for m in self._mass.tolist()], np.int64)
        own[self._mass < self._first] = 0
        # Where the query has no peak at the mass, the reference's one was not looked up and does not matter.
        floor = np.maximum(self._least, least)
        more = np.zeros(len(self))
        where = own > molecular
        more[where] = _logarithms((own[where] + floor[where]) / (molecular[where] + floor[where]))
        shared = walk.shared > 0
        weighted, plain, mean = np.zeros(len(self)), np.zeros(len(self)), np.zeros(len(self))
        weighted[shared] = walk.cross[shared] / (np.sqrt(walk.query[shared]) * np.sqrt(walk.library[shared]))
        roots = np.sqrt(walk.plain_query[shared]) * np.sqrt(walk.plain_library[shared])
        plain[shared] = walk.plain_cross[shared] / roots
        with_ratio = walk.ratio_weight > 0
        mean[with_ratio] = walk.ratio_sum[with_ratio] / walk.ratio_weight[with_ratio]
        return WideEvidence(
            weighted=_near_one(weighted),
            plain=plain,
            ratios=_near_one(mean),
            above=_log_above(above),
            molecular_more=more,
            molecular_both=((own > 0) & (molecular > 0)).astype(np.float64),
            compared=walk.compared,
            shared=walk.shared,
        )


class _WideWalk:
    """Sums of the walk for every reference; the intensities of the ion before are 0 where there is none."""

    def __init__(self, count: int) -> None:
        self.cross, self.query, self.library = np.zeros(count), np.zeros(count), np.zeros(count)
        self.plain_cross, self.plain_query, self.plain_library = np.zeros(count), np.zeros(count), np.zeros(count)
        self.ratio_sum, self.ratio_weight = np.zeros(count), np.zeros(count)
        self.compared, self.shared = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.before_query, self.before_library = np.zeros(count), np.zeros(count)

    def add_query_alone(self, scale: float, intensity: int, where: NDArray[np.bool_]) -> None:
        # Nothing is added to the others: x + 0.0 has the bits of x.
        value = scale * INTENSITY_POWERS[intensity]
        self.query += where * (value * value)
        self.plain_query += where * float(intensity)
        self.compared += where
        self.before_query *= ~where

    def add_library_alone(self, scale: float, owner: Integers, intensity: Integers) -> None:
        values = scale * _POWERS[intensity]
        self.library[owner] += values * values
        self.plain_library[owner] += intensity
        self.compared[owner] += 1
        self.before_query[owner] = 0.0

    def add_both(self, mz: int, scale: float, own: int, owner: Integers, intensity: Integers) -> None:
        left, right = scale * INTENSITY_POWERS[own], scale * _POWERS[intensity]
        values = intensity.astype(np.float64)
        self.cross[owner] += left * right
        self.query[owner] += left * left
        self.library[owner] += right * right
        self.plain_cross[owner] += np.sqrt(own * values)
        self.plain_query[owner] += own
        self.plain_library[owner] += values
        self.compared[owner] += 1
        self.shared[owner] += 1
        follows = self.before_query[owner] > 0
        after, later = owner[follows], values[follows]
        ratio = np.sqrt(own * self.before_library[after]) / np.sqrt(self.before_query[after] * later)
        self.ratio_sum[after] += mz * np.minimum(ratio, 1.0 / ratio)
        self.ratio_weight[after] += mz
        self.before_query[owner], self.before_library[owner] = float(own), values


def _log_above(sums: Integers) -> Floats:
    found = np.zeros(sums.size)
    where = sums > 0
    found[where] = _logarithms(1 + sums[where])
    return found


def _near_one(values: Floats) -> Floats:
    """:func:`musk_id.kernels.spectral_ranking.near_one` of each value."""
    return -_logarithms(BEYOND_ONE - np.minimum(values, 1.0))


def _logarithms(values: Floats | Integers) -> Floats:
    """Logarithms of the C library, one by one: those of numpy may differ in the last bit."""
    return np.fromiter(map(math.log, values.tolist()), np.float64, count=values.size)
