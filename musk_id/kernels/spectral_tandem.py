"""Product-ion spectra: search among those of the same precursor, with m/z as whole numbers.

m/z are kept in units of 1e-6 Da as integers, and so are tolerances: whether two m/z agree is exact, includes the
tolerance itself, and is the same on every machine.

Peaks of a spectrum lie more than twice the tolerance apart (:func:`cleaned` sees to it). Then no peak can agree
with two of the other spectrum, and the assignment of peaks is the best one without a search for it.

The library is sorted by precursor, so that an identity search reads one run of peaks, whatever the size of the
library. Sums get their terms in ascending m/z, spectrum by spectrum: a score has the same bits in any company.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral_weights import ENTROPY_LIMIT, CosineWeights, EntropyWeights, Weights, entropy_shares

__all__ = ["UNITS_PER_DA", "TandemHits", "TandemLibrary", "TandemSpectrum", "cleaned", "fixed_point"]

UNITS_PER_DA = 1_000_000
_TOO_CLOSE = "peaks no more than twice the tolerance of {} apart; clean the spectra for it"

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def fixed_point(mz: Floats | float) -> Integers:
    """m/z or tolerances in units of 1e-6 Da, rounded to the nearest."""
    return np.rint(np.asarray(mz, np.float64) * UNITS_PER_DA).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class TandemSpectrum:
    """A cleaned product-ion spectrum.

    Attributes
    ----------
    precursor : int
        m/z of the precursor in units of 1e-6 Da.
    mz : ndarray of int64, shape (n,)
        Ascending, in the same units.
    intensity : ndarray of float64, shape (n,)
        Above 0.
    """

    precursor: int
    mz: Integers
    intensity: Floats


def cleaned(
    mz: Floats,
    intensity: Floats,
    precursor_mz: float,
    *,
    tolerance: int,
    noise: float = 0.01,
    below_precursor: int = 1_600_000,
) -> TandemSpectrum:
    """A spectrum without the precursor, with close peaks merged and weak ones left out, in this order.

    Parameters
    ----------
    mz, intensity : ndarray of float64, shape (n,)
        Peaks as read.
    precursor_mz : float
        m/z of the precursor.
    tolerance : int
        Tolerance of the search, units of 1e-6 Da. Peaks up to twice as far apart are merged, strongest first, at
        the mean of their m/z weighted by intensity, again and again until none are left.
    noise : float
        Share of the base peak below which peaks are left out.
    below_precursor : int
        How far below the precursor peaks must lie, units of 1e-6 Da.
    """
    precursor = int(fixed_point(precursor_mz))
    units = fixed_point(mz)
    kept = (intensity > 0) & (units > 0) & (units <= precursor - below_precursor)
    order = np.argsort(units[kept], kind="stable")
    units, heights = units[kept][order], intensity[kept][order].astype(np.float64)
    while units.size > 1 and int(np.diff(units).min()) <= 2 * tolerance:
        units, heights = _merged(units, heights, 2 * tolerance)
    if units.size:
        strong = heights >= noise * heights.max()
        units, heights = units[strong], heights[strong]
    return TandemSpectrum(precursor, units, heights)


def _merged(units: Integers, heights: Floats, reach: int) -> tuple[Integers, Floats]:
    """One round of merging; of equally strong peaks the one of smaller m/z comes first."""
    left = heights.copy()
    found: list[tuple[int, float]] = []
    for place in np.lexsort((units, -heights)).tolist():
        if left[place] <= 0:
            continue
        first, end = np.searchsorted(units, [units[place] - reach, units[place] + reach + 1])
        weights = left[first:end]
        total = float(weights.sum())
        # Distances are small, so that nothing is lost in the mean.
        shift = float(((units[first:end] - units[place]) * weights).sum()) / total
        found.append((int(units[place]) + round(shift), total))
        left[first:end] = 0.0
    found.sort()
    return np.array([mz for mz, _ in found], np.int64), np.array([height for _, height in found])


@dataclass(frozen=True, slots=True, eq=False)
class TandemHits:
    """Spectra of the library whose precursor agrees, in the order of precursors, then rows; each of shape (h,).

    Attributes
    ----------
    rows : ndarray of int64
        Rows as the library was given.
    scores : ndarray of float64
        0 to 1.
    matched : ndarray of int64
        Number of peaks that agree.
    """

    rows: Integers
    scores: Floats
    matched: Integers


class TandemLibrary:
    """Cleaned product-ion spectra in the order of their precursors.

    Parameters
    ----------
    spectra : sequence of TandemSpectrum
        All cleaned for the same tolerance, or a larger one.
    tolerance : int
        Tolerance of product ions, units of 1e-6 Da.
    weights : Weights
        What the score is made of: spectral entropy similarity, or the cosine of ``m^a I^b``.

    Raises
    ------
    ValueError
        If peaks of a spectrum lie no more than twice the tolerance apart.
    """

    def __init__(self, spectra: Sequence[TandemSpectrum], tolerance: int, weights: Weights) -> None:
        self._tolerance = tolerance
        self._weights = weights
        precursors = np.array([s.precursor for s in spectra], np.int64)
        order = np.argsort(precursors, kind="stable")
        self._rows = order
        self._precursors = precursors[order]
        sizes = np.array([spectra[row].mz.size for row in order.tolist()], np.int64)
        self._offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        self._owner = np.repeat(np.arange(order.size), sizes)
        self._mz = np.concatenate([np.empty(0, np.int64), *(spectra[row].mz for row in order.tolist())])
        heights = np.concatenate([np.empty(0), *(spectra[row].intensity for row in order.tolist())])
        _require_apart(self._mz, self._owner, tolerance)
        # What a peak brings into a score: its re-weighted share, or its entry in a unit vector.
        self._logarithmic: Floats | None = None
        if isinstance(weights, EntropyWeights):
            self._values = entropy_shares(order.size, self._owner, heights)
            self._logarithmic = self._values * np.log2(self._values)
        else:
            powers = _powers(weights, self._mz, heights)
            squares = np.bincount(self._owner, weights=powers * powers, minlength=order.size)
            self._values = powers / np.sqrt(squares)[self._owner]

    def __len__(self) -> int:
        return int(self._rows.size)

    def identity(self, query: TandemSpectrum, precursor_tolerance: int) -> TandemHits:
        """Scores of all spectra whose precursor differs by no more than a tolerance, in units of 1e-6 Da.

        Raises
        ------
        ValueError
            If peaks of the query lie no more than twice the tolerance of product ions apart.
        """
        tolerance, mz = self._tolerance, query.mz
        if mz.size > 1 and int((mz[1:] - mz[:-1]).min()) <= 2 * tolerance:
            raise ValueError(_TOO_CLOSE.format(tolerance))
        first = int(self._precursors.searchsorted(query.precursor - precursor_tolerance))
        end = int(self._precursors.searchsorted(query.precursor + precursor_tolerance, side="right"))
        rows = self._rows[first:end]
        if first >= end or not mz.size:
            return TandemHits(rows, np.zeros(rows.size), np.zeros(rows.size, np.int64))
        here = slice(int(self._offsets[first]), int(self._offsets[end]))
        there = self._mz[here]
        # The first query peak that is not too far below; none agrees beyond it, peaks lie too far apart.
        place = mz.searchsorted(there - tolerance)
        np.minimum(place, mz.size - 1, out=place)
        agrees = (np.abs(mz[place] - there) <= tolerance).nonzero()[0]
        terms = self._terms(query, place[agrees], here, agrees)
        owner = self._owner[here][agrees] - first
        scores = np.bincount(owner, weights=terms, minlength=rows.size)
        return TandemHits(rows, np.minimum(scores, 1.0), np.bincount(owner, minlength=rows.size))

    def _terms(self, query: TandemSpectrum, place: Integers, here: slice, agrees: Integers) -> Floats:
        """What each pair of peaks that agree brings into the score."""
        theirs = self._values[here][agrees]
        if self._logarithmic is None:
            powers = _powers(self._weights, query.mz, query.intensity)
            own = powers / math.sqrt(float((powers * powers).sum()))
            product: Floats = own[place] * theirs
            return product
        own = _shares(query.intensity)
        both = own[place] + theirs
        terms: Floats = both * np.log2(both)
        terms -= (own * np.log2(own))[place]
        terms -= self._logarithmic[here][agrees]
        terms *= 0.5
        return terms


def _shares(heights: Floats) -> Floats:
    """Re-weighted shares of one spectrum; what :func:`entropy_shares` does for many costs more calls."""
    shares: Floats = heights / float(heights.sum())
    entropy = -float((shares * np.log(shares)).sum())
    if entropy < ENTROPY_LIMIT:
        shares = shares ** (0.25 + 0.25 * entropy)
        shares /= float(shares.sum())
    return shares


def _require_apart(mz: Integers, owner: Integers, tolerance: int) -> None:
    close = (mz[1:] - mz[:-1] <= 2 * tolerance) & (owner[1:] == owner[:-1])
    if close.any():
        raise ValueError(_TOO_CLOSE.format(tolerance))


def _powers(weights: Weights, mz: Integers, heights: Floats) -> Floats:
    if not isinstance(weights, CosineWeights):
        raise TypeError(f"{weights.name} are no powers of m/z and intensity")
    found: Floats = (mz / UNITS_PER_DA) ** weights.mz_power * heights**weights.intensity_power
    return found
