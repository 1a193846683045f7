"""Unit-mass spectra of a library as three arrays, and parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral import UnitMassSpectrum

__all__ = ["GatheredPeaks", "PeakTable"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class GatheredPeaks:
    """Peaks of some spectra of a table, one spectrum after the other, m/z ascending in each.

    Attributes
    ----------
    count : int
        Number of spectra.
    owner : ndarray of int64, shape (p,)
        Place of each peak's spectrum among those gathered.
    mz, intensity : ndarray of int64, shape (p,)
    """

    count: int
    owner: Integers
    mz: Integers
    intensity: Integers

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of a value of each peak for each spectrum, shape (count,); terms are added in ascending m/z."""
        found: NDArray[np.float64] = np.bincount(self.owner, weights=values, minlength=self.count).astype(
            np.float64, copy=False
        )
        return found


@dataclass(frozen=True, slots=True, eq=False)
class PeakTable:
    """Unit-mass spectra one after the other (compressed rows).

    Attributes
    ----------
    offsets : ndarray of an integer type, shape (n + 1,)
        Peaks of spectrum ``i`` are those from ``offsets[i]`` to ``offsets[i + 1]``.
    mz, intensity : ndarray of an integer type, shape (p,)
        m/z strictly ascending inside a spectrum; intensities from 1 to 65,535.
    """

    offsets: NDArray[Any]
    mz: NDArray[Any]
    intensity: NDArray[Any]

    @classmethod
    def of(cls, spectra: Sequence[UnitMassSpectrum]) -> PeakTable:
        """Table of spectra in memory."""
        none = np.empty(0, np.int64)
        offsets = np.cumsum([0, *(s.mz.size for s in spectra)], dtype=np.int64)
        mz = np.concatenate([none, *(s.mz for s in spectra)])
        return cls(offsets, mz, np.concatenate([none, *(s.intensity for s in spectra)]))

    def __len__(self) -> int:
        return int(self.offsets.size) - 1

    def spectrum(self, row: int) -> UnitMassSpectrum:
        """One spectrum."""
        here = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        return UnitMassSpectrum(self.mz[here].astype(np.int64), self.intensity[here].astype(np.int64))

    def between(self, first: int, end: int) -> GatheredPeaks:
        """Spectra from ``first`` to before ``end``."""
        bounds = self.offsets[first : end + 1].astype(np.int64)
        here = slice(int(bounds[0]), int(bounds[-1]))
        return GatheredPeaks(
            count=end - first,
            owner=np.repeat(np.arange(end - first), np.diff(bounds)),
            mz=self.mz[here].astype(np.int64),
            intensity=self.intensity[here].astype(np.int64),
        )

    def gathered(self, rows: Integers) -> GatheredPeaks:
        """Spectra of the rows named, in that order."""
        starts = self.offsets[rows].astype(np.int64)
        sizes = self.offsets[rows + 1].astype(np.int64) - starts
        before = np.cumsum(sizes) - sizes
        owner = np.repeat(np.arange(rows.size), sizes)
        places = np.arange(owner.size) + (starts - before)[owner]
        return GatheredPeaks(
            count=int(rows.size),
            owner=owner,
            mz=self.mz[places].astype(np.int64),
            intensity=self.intensity[places].astype(np.int64),
        )
