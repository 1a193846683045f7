"""How good likelihood ratios are, and the best that a monotone calibration could make of their scores.

Logarithms of ratios are decimal (``log10_lr``). Sums are exact (``math.fsum``) and exponentials are taken one at a
time, so that a figure depends neither on the order of the items nor on how many are worked on together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Pav", "checked", "cllr", "cllr_cal", "cllr_min", "cost_bits", "log10_ratio", "pav"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_LN10 = math.log(10.0)
_LN2 = math.log(2.0)


def checked(values: ArrayLike, name: str, *, finite: bool = False) -> Floats:
    """Values as float64 of shape (n,), n >= 1.

    Raises
    ------
    ValueError
        If there are none, if one is not a number, or, where ``finite``, if one is infinite.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name}: one row of at least one value is needed, found shape {array.shape}")
    if np.isnan(array).any() or (finite and not np.isfinite(array).all()):
        raise ValueError(f"{name}: every value must be a {'finite ' if finite else ''}number")
    return array


def log10_ratio(k1: int, n1: int, k2: int, n2: int) -> float:
    """Decimal logarithm of (k1/n1) / (k2/n2); infinite where one of the counts is nought.

    Raises
    ------
    ValueError
        If both counts are nought.
    """
    if k1 == 0 and k2 == 0:
        raise ValueError("a ratio of two empty counts is not defined")
    if k1 == 0 or k2 == 0:
        return -math.inf if k1 == 0 else math.inf
    return math.log10(k1 * n2) - math.log10(k2 * n1)


def cost_bits(log10_lr: float) -> float:
    """log2(1 + LR), without overflow."""
    y = log10_lr * _LN10
    return (max(y, 0.0) + math.log1p(math.exp(-abs(y)))) / _LN2


def cllr(h1: ArrayLike, h2: ArrayLike) -> float:
    """Cost of likelihood ratios in bits; 1 for ratios that say nothing, 0 for perfect ones.

    Parameters
    ----------
    h1, h2 : array_like, shape (n1,), (n2,)
        Decimal logarithms of the ratios of items of which the first, the second hypothesis is true; they may be
        infinite. An infinite misleading one makes the cost infinite.

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not a number.

    Notes
    -----
    Bruemmer & du Preez 2006, Computer Speech and Language 20:230, with equal weights of both hypotheses.
    """
    first, second = checked(h1, "h1"), checked(h2, "h2")
    cost1 = math.fsum(cost_bits(-x) for x in first.tolist()) / first.size
    cost2 = math.fsum(cost_bits(x) for x in second.tolist()) / second.size
    return (cost1 + cost2) / 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Pav:
    """Monotone (isotonic) calibration: blocks of scores from low to high.

    ``lowest`` and ``highest`` are the scores at the ends of each block, ``k1`` and ``k2`` its items of either
    hypothesis, all of shape (blocks,); ``n1`` and ``n2`` all items.
    """

    lowest: Floats
    highest: Floats
    k1: Counts
    k2: Counts
    n1: int
    n2: int

    def log10_lr(self) -> Floats:
        """Decimal logarithm of the ratio of each block, shape (blocks,)."""
        pairs = zip(self.k1.tolist(), self.k2.tolist(), strict=True)
        return np.array([log10_ratio(k1, self.n1, k2, self.n2) for k1, k2 in pairs])

    def at(self, score: float) -> float:
        """Decimal logarithm of the ratio of a score.

        Between two blocks the probability at even prior odds is interpolated on a straight line (half-way where
        one of them ends at infinity); beyond the scores seen the outermost block holds.
        """
        place = int(np.searchsorted(self.highest, score, side="left"))
        if place == self.highest.size:
            place -= 1
        k1, k2 = int(self.k1[place]), int(self.k2[place])
        if place == 0 or score >= self.lowest[place]:
            return log10_ratio(k1, self.n1, k2, self.n2)
        before = int(self.k1[place - 1]), int(self.k2[place - 1])
        span = float(self.lowest[place] - self.highest[place - 1])
        share = (score - float(self.highest[place - 1])) / span if math.isfinite(span) else 0.5
        ends = self._probabilities(*before), self._probabilities(k1, k2)
        first, second = ((1.0 - share) * low + share * high for low, high in zip(*ends, strict=True))
        return _log10(first) - _log10(second)

    def _probabilities(self, k1: int, k2: int) -> tuple[float, float]:
        """Of either hypothesis, at even prior odds; both divided, so that neither is a difference."""
        total = k1 * self.n2 + k2 * self.n1
        return k1 * self.n2 / total, k2 * self.n1 / total


def _log10(probability: float) -> float:
    return math.log10(probability) if probability > 0.0 else -math.inf


def pav(h1: ArrayLike, h2: ArrayLike) -> Pav:
    """Pool adjacent violators: the monotone calibration of scores that costs least.

    Parameters
    ----------
    h1, h2 : array_like, shape (n1,), (n2,)
        Scores of items of either hypothesis; higher ones speak for the first. They may be infinite.

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not a number.

    Notes
    -----
    Ayer et al. 1955, Annals of Mathematical Statistics 26:641. Both hypotheses weigh the same in sum; since
    k1/n1 over k2/n2 grows with k1/k2, blocks are pooled by whole numbers and nothing is rounded. Neighbouring
    blocks of equal ratio are one.
    """
    first, second = checked(h1, "h1"), checked(h2, "h2")
    scores = np.unique(np.concatenate([first, second]))
    k1 = np.bincount(np.searchsorted(scores, first), minlength=scores.size).tolist()
    k2 = np.bincount(np.searchsorted(scores, second), minlength=scores.size).tolist()
    blocks: list[tuple[int, int, int, int]] = []
    for place in range(scores.size):
        block = (place, place, k1[place], k2[place])
        while blocks and blocks[-1][2] * block[3] >= block[2] * blocks[-1][3]:
            before = blocks.pop()
            block = (before[0], block[1], before[2] + block[2], before[3] + block[3])
        blocks.append(block)
    columns = [np.array(column, np.int64) for column in zip(*blocks, strict=True)]
    return Pav(scores[columns[0]], scores[columns[1]], columns[2], columns[3], first.size, second.size)


def cllr_min(h1: ArrayLike, h2: ArrayLike) -> float:
    """Cost that is left after the best monotone calibration: what the scores fail to tell apart (0 to 1).

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not a number.
    """
    fitted = pav(h1, h2)
    logarithms = fitted.log10_lr().tolist()
    cost1 = math.fsum(k * cost_bits(-x) for k, x in zip(fitted.k1.tolist(), logarithms, strict=True) if k)
    cost2 = math.fsum(k * cost_bits(x) for k, x in zip(fitted.k2.tolist(), logarithms, strict=True) if k)
    return (cost1 / fitted.n1 + cost2 / fitted.n2) / 2.0


def cllr_cal(h1: ArrayLike, h2: ArrayLike) -> float:
    """Cost that a better calibration would spare: ``cllr`` less ``cllr_min``.

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not a number.
    """
    return cllr(h1, h2) - cllr_min(h1, h2)
