"""Sanger traces: trimming by quality, Phred statistics, second peaks."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["PeakHeights", "mean_quality", "mott_trim", "peak_heights", "share_at_least"]

Qualities = NDArray[np.int64]
Counts = NDArray[np.int64]

# Scores are counted in this fraction of a base, so that sums are exact and do not depend on their order.
_UNIT = 10**9
_MAX_QUALITY = 255


def mott_trim(qualities: Qualities, error_limit: float, min_length_bp: int) -> tuple[int, int]:
    """First and last-plus-one base of the part that is kept; ``(0, 0)`` if none is long enough.

    The modified Mott algorithm of phred's option ``-trim_alt`` (phred documentation,
    http://www.phrap.org/phredphrap/phred.html): each base scores the limit minus its probability of error,
    ``limit - 10**(-Q / 10)`` (Ewing & Green 1998, Genome Res. 8:186), and the segment with the highest sum is
    kept, if it has the least length. Of segments with the same sum the first and shortest is taken.

    Parameters
    ----------
    qualities : ndarray, shape (n,)
        Phred qualities.
    error_limit : float
        Probability of error at which a base scores nothing.
    min_length_bp : int
        Least length of a segment (phred: 20).
    """
    table = [round((error_limit - 10.0 ** (-q / 10)) * _UNIT) for q in range(_MAX_QUALITY + 1)]
    best, kept, running, start = 0, (0, 0), 0, 0
    for index, quality in enumerate(qualities.tolist()):
        running += table[quality]
        if running <= 0:
            running, start = 0, index + 1
        elif running > best:
            best, kept = running, (start, index + 1)
    return kept if kept[1] - kept[0] >= min_length_bp else (0, 0)


def mean_quality(qualities: Qualities) -> Fraction:
    """Arithmetic mean of Phred qualities, exact; 0 of none."""
    return Fraction(int(qualities.sum()), int(qualities.size)) if qualities.size else Fraction(0)


def share_at_least(qualities: Qualities, least: int) -> Fraction:
    """Share of the bases with at least this quality, exact; 0 of none."""
    if not qualities.size:
        return Fraction(0)
    return Fraction(int((qualities >= least).sum()), int(qualities.size))


@dataclass(frozen=True, slots=True)
class PeakHeights:
    """Heights at each base: of the base that was called, of the highest other peak in its window, and of the
    strongest channel at the base's position."""

    primary: Counts
    secondary: Counts
    strongest: Counts

    @property
    def against(self) -> NDArray[np.bool_]:
        """Where the signals do not bear the called base: no signal of it, or another channel is stronger."""
        return (self.primary <= 0) | (self.primary < self.strongest)

    def at_least(self, percent: int) -> NDArray[np.bool_]:
        """Where the second peak reaches this percentage of the first."""
        return (self.primary > 0) & (self.secondary * 100 >= self.primary * percent)


def peak_heights(channels: Counts, peaks: Counts, called: Counts) -> PeakHeights:
    """First and second peak of each base.

    The window of a base reaches half-way to its neighbours. The second peak is the highest local maximum of
    another channel inside the window, the first one the height of the called base's channel at the base's
    position. A slope of a neighbouring peak is no local maximum and does not count. This is the rule of
    ``makeBaseCalls`` in sangerseqR (Hill et al. 2014, Dev. Dyn. 243:1632), except that the called base keeps
    its place as the first peak.

    Parameters
    ----------
    channels : ndarray, shape (4, n)
        Signals of A, C, G and T.
    peaks : ndarray, shape (m,)
        Position of each base on the channels, not falling.
    called : ndarray, shape (m,)
        Channel of each base, -1 where no one base was called: then the highest channel is the first.
    """
    from scipy.signal import find_peaks

    count = int(peaks.size)
    primary = np.zeros(count, dtype=np.int64)
    secondary = np.zeros(count, dtype=np.int64)
    if not count:
        return PeakHeights(primary, secondary, primary)
    maxima = np.zeros_like(channels)
    for row, signal in enumerate(channels):
        places = find_peaks(signal)[0]
        maxima[row, places] = signal[places]
    bounds = _windows(peaks, channels.shape[1])
    chosen = np.where(called >= 0, called, channels[:, peaks].argmax(axis=0))
    primary[:] = channels[chosen, peaks]
    for base in range(count):
        inside = maxima[:, bounds[base] : bounds[base + 1]]
        if inside.shape[1]:
            heights = inside.max(axis=1)
            heights[chosen[base]] = 0
            secondary[base] = heights.max()
    return PeakHeights(primary, np.maximum(secondary, 0), channels[:, peaks].max(axis=0))


def _windows(peaks: Counts, scans: int) -> Counts:
    """Limits of the windows: half-way between neighbours; the outer ones are as wide as their neighbours."""
    if peaks.size == 1:
        return np.array([0, scans], dtype=np.int64)
    middle = (peaks[:-1] + peaks[1:] + 1) // 2
    first = max(0, 2 * int(peaks[0]) - int(middle[0]))
    last = min(scans, 2 * int(peaks[-1]) - int(middle[-1]) + 1)
    return np.concatenate([[first], middle, [max(last, int(middle[-1]))]]).astype(np.int64)
