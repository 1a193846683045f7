"""Spectra as unit vectors with entries of at least 0, whose products bound or are a score.

A score that is at most the product of two such vectors can be searched with a screen
(:mod:`musk_id.kernels.spectral_screen`). Numbers that are shown come from :mod:`musk_id.kernels.spectral`; the
vectors here agree with them to ``CLOSE``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral import UnitMassSpectrum, peak_weights
from musk_id.kernels.spectral_peaks import GatheredPeaks, PeakTable

__all__ = ["CLOSE", "ENTROPY_LIMIT", "CosineWeights", "EntropyWeights", "Weights", "entropy_shares", "single"]

Floats = NDArray[np.float64]

CLOSE = 1e-10
"""What a score from sums in float64 may differ from the one with sums rounded once.

A sum of n terms of at least 0 is off by at most n 1.2e-16 of itself; spectra have at most 20,000 peaks, a score
rests on three such sums. The rest is room.
"""

ENTROPY_LIMIT = 3.0


@dataclass(frozen=True, slots=True)
class CosineWeights:
    """Weights ``m^a I^b``, scaled to unit length."""

    mz_power: float
    intensity_power: float

    @property
    def name(self) -> str:
        """Name in files of indices."""
        return f"cosine-m{self.mz_power:g}-i{self.intensity_power:g}"

    def vectors(self, peaks: GatheredPeaks) -> Floats:
        """Entry of each peak in the unit vector of its spectrum, shape (p,)."""
        weights = peak_weights(peaks.mz, peaks.intensity, self.mz_power, self.intensity_power)
        return weights / np.sqrt(peaks.sums(weights * weights))[peaks.owner]


def entropy_shares(count: int, owner: NDArray[np.int64], intensity: Floats) -> Floats:
    """Share of each peak in its spectrum, re-weighted where the entropy is below 3 (Li 2021).

    Parameters
    ----------
    count : int
        Number of spectra.
    owner : ndarray of int64, shape (p,)
        Spectrum of each peak, ascending.
    intensity : ndarray of float64, shape (p,)
        Above 0.
    """

    def sums(values: Floats) -> Floats:
        return np.bincount(owner, weights=values, minlength=count).astype(np.float64, copy=False)

    shares = intensity / sums(intensity)[owner]
    entropy = -sums(shares * np.log(shares))
    exponent = np.where(entropy < ENTROPY_LIMIT, 0.25 + 0.25 * entropy, 1.0)
    raised = shares ** exponent[owner]
    weighted: Floats = raised / sums(raised)[owner]
    return weighted


@dataclass(frozen=True, slots=True)
class EntropyWeights:
    """Square roots of the re-weighted shares of spectral entropy similarity; their squares add up to 1."""

    @property
    def name(self) -> str:
        """Name in files of indices."""
        return "entropy"

    def shares(self, peaks: GatheredPeaks) -> Floats:
        """Share of each peak after the re-weighting of spectra of entropy below 3, shape (p,)."""
        return entropy_shares(peaks.count, peaks.owner, peaks.intensity.astype(np.float64))

    def vectors(self, peaks: GatheredPeaks) -> Floats:
        """Entry of each peak in the unit vector of its spectrum, shape (p,)."""
        return np.sqrt(self.shares(peaks))


Weights = CosineWeights | EntropyWeights


def single(spectrum: UnitMassSpectrum) -> GatheredPeaks:
    """One spectrum as gathered peaks."""
    return PeakTable.of([spectrum]).between(0, 1)
