"""How far likelihood ratios may be believed, and the curves on which they are judged."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musk_id.kernels.likelihood import checked, cost_bits, pav

__all__ = ["ece", "ece_min", "elub", "tippett"]

Floats = NDArray[np.float64]

_LN10 = math.log(10.0)


def elub(h1: ArrayLike, h2: ArrayLike, misleading: int = 1) -> tuple[float, float]:
    """Empirical lower and upper bound of likelihood ratios, exact, as decimal logarithms.

    Parameters
    ----------
    h1, h2 : array_like, shape (n1,), (n2,)
        Decimal logarithms of the ratios of items of either hypothesis; they may be infinite.
    misleading : int
        Items of either hypothesis that are added as misleading beyond every ratio, at least one.

    Returns
    -------
    tuple of float
        Lower bound (at most 0) and upper bound (at least 0).

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not a number, or ``misleading`` is below one.

    Notes
    -----
    Vergeer et al. 2016, Science & Justice 56:482. A decision at a threshold t costs FNR(t) + t FPR(t), with
    ratios above t accepted; no ratios cost min(1, t). From t = 1 upwards the upper bound is where the ratios
    first cost more, from t = 1 downwards the lower bound. Both rates change only at a ratio that was seen, so
    that between two of them the costs cross where t equals TPR/FPR (above 1) or FNR/TNR (below 1): no grid of
    thresholds is needed.
    """
    if misleading < 1:
        raise ValueError(f"at least one misleading item must be added, found {misleading}")
    first, second = checked(h1, "h1"), checked(h2, "h2")
    both = np.concatenate([first, second])
    inner = np.unique(np.append(both[np.isfinite(both)], 0.0))
    steps = _Steps(first, second, misleading)
    return _lower(inner, steps), _upper(inner, steps)


class _Steps:
    """Counts of accepted items at a threshold, those added included."""

    def __init__(self, first: Floats, second: Floats, misleading: int) -> None:
        self._first, self._second = np.sort(first), np.sort(second)
        self._misleading = misleading
        self._n1, self._n2 = first.size + misleading, second.size + misleading

    def crossing_up(self, threshold: float) -> float:
        """log10 of TPR/FPR."""
        hits = self._above(self._first, threshold)
        false = self._above(self._second, threshold) + self._misleading
        return _log10_quotient(hits * self._n2, false * self._n1)

    def crossing_down(self, threshold: float) -> float:
        """log10 of FNR/TNR."""
        misses = self._n1 - self._above(self._first, threshold)
        right = self._n2 - self._misleading - self._above(self._second, threshold)
        return _log10_quotient(misses * self._n2, right * self._n1)

    @staticmethod
    def _above(ordered: Floats, threshold: float) -> int:
        return int(ordered.size - np.searchsorted(ordered, threshold, side="right"))


def _log10_quotient(numerator: int, denominator: int) -> float:
    if numerator == 0:
        return -math.inf
    return math.inf if denominator == 0 else math.log10(numerator) - math.log10(denominator)


def _upper(inner: Floats, steps: _Steps) -> float:
    """Smallest threshold of at least 1 above which the ratios cost more than none."""
    starts = inner[inner >= 0.0].tolist()
    for start, end in zip(starts, [*starts[1:], math.inf], strict=True):
        crossing = steps.crossing_up(start)
        if crossing < end:
            return float(max(start, crossing))
    return math.inf  # pragma: no cover - beyond every finite ratio the added item costs more at some threshold


def _lower(inner: Floats, steps: _Steps) -> float:
    """Largest threshold of at most 1 below which the ratios cost more than none."""
    starts = [-math.inf, *inner[inner < 0.0].tolist()]
    for start, end in zip(reversed(starts), [0.0, *reversed(starts[1:])], strict=True):
        crossing = steps.crossing_down(start)
        if crossing > start:
            return float(min(end, crossing))
    return -math.inf  # pragma: no cover - below every finite ratio the added item costs more at some threshold


def tippett(h1: ArrayLike, h2: ArrayLike) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Data of a Tippett plot: of how many items of either hypothesis the ratio is at least so large.

    Returns
    -------
    log10_lr : ndarray of float64, shape (m,)
        The distinct ratios, rising.
    at_least1, at_least2 : ndarray of int64, shape (m,)
        Items of the first and of the second hypothesis with that ratio or a larger one.

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not a number.
    """
    first, second = np.sort(checked(h1, "h1")), np.sort(checked(h2, "h2"))
    ratios = np.unique(np.concatenate([first, second]))
    return (
        ratios,
        (first.size - np.searchsorted(first, ratios, side="left")).astype(np.int64),
        (second.size - np.searchsorted(second, ratios, side="left")).astype(np.int64),
    )


def ece(h1: ArrayLike, h2: ArrayLike, log10_prior_odds: float) -> float:
    """Empirical cross-entropy at prior odds, in bits; ``cllr`` at even odds.

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not a number, or the odds are not finite.

    Notes
    -----
    Ramos & Gonzalez-Rodriguez 2013, Forensic Science International 230:156.
    """
    first, second = checked(h1, "h1"), checked(h2, "h2")
    ones = (np.ones(first.size, np.int64), np.ones(second.size, np.int64))
    return _weighted_ece(first, second, *ones, log10_prior_odds)


def ece_min(h1: ArrayLike, h2: ArrayLike, log10_prior_odds: float) -> float:
    """Empirical cross-entropy that is left after the best monotone calibration.

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not a number, or the odds are not finite.
    """
    fitted = pav(h1, h2)
    logarithms = fitted.log10_lr()
    return _weighted_ece(logarithms, logarithms, fitted.k1, fitted.k2, log10_prior_odds)


def _weighted_ece(
    first: Floats, second: Floats, k1: NDArray[np.int64], k2: NDArray[np.int64], log10_prior_odds: float
) -> float:
    if not math.isfinite(log10_prior_odds):
        raise ValueError(f"prior odds must be finite, found a logarithm of {log10_prior_odds}")
    prior = 1.0 / (1.0 + math.exp(-log10_prior_odds * _LN10))
    other = 1.0 / (1.0 + math.exp(log10_prior_odds * _LN10))
    bits1 = math.fsum(
        k * cost_bits(-x - log10_prior_odds) for x, k in zip(first.tolist(), k1.tolist(), strict=True) if k
    )
    bits2 = math.fsum(
        k * cost_bits(x + log10_prior_odds) for x, k in zip(second.tolist(), k2.tolist(), strict=True) if k
    )
    return prior * bits1 / int(k1.sum()) + other * bits2 / int(k2.sum())
