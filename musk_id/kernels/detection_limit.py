"""Level that is found in 95 % of replicates, by a logistic curve in the logarithm of the level.

P(found at level x) = 1 / (1 + exp(-(logit(0.95) + b (log10 x - t)))), so that t is log10 of the wanted level. For
a fixed t the log-likelihood is concave in b. The interval holds every t whose profile log-likelihood lies within
half the 0.95 quantile of chi-squared (1 degree of freedom) of the largest one (Venzon and Moolgavkar 1988, Appl.
Stat. 37:87). There is none where a level separates found from missed replicates (Albert and Anderson 1984,
Biometrika 71:1): the curve is then a step, and its place between two levels is not determined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lod95", "logistic_lod95", "profile_log_likelihood"]

_LOGIT = math.log(0.95 / 0.05)
# Half the 0.95 quantile of chi-squared with one degree of freedom.
_DROP = 3.841458820694124 / 2.0
# So far outside the levels a limit is looked for, in powers of ten.
_REACH = 3.0
_STEPS = 400

Floats = NDArray[np.float64]


class Lod95(NamedTuple):
    """Level and limits, in the unit of the levels."""

    level: float
    lower: float
    upper: float


def profile_log_likelihood(
    place: float, logs: Floats, found: NDArray[np.int64], replicates: NDArray[np.int64]
) -> float:
    """Largest log-likelihood over slopes b >= 0, with log10 of the level found in 95 % at ``place``.

    Parameters
    ----------
    logs : ndarray of float64, shape (n,)
        log10 of the levels.
    found, replicates : ndarray of int64, shape (n,)
        Replicates in which it was found, and all.
    """
    shift = logs - place

    def derivative(slope: float) -> float:
        chance = 1.0 / (1.0 + np.exp(-np.clip(_LOGIT + slope * shift, -700, 700)))
        return float(np.sum((found - replicates * chance) * shift))

    low, high = 0.0, 1.0
    while derivative(high) > 0.0 and high < 1e6:
        low, high = high, high * 2.0
    if derivative(0.0) <= 0.0:
        high = 0.0
    for _ in range(100):
        middle = (low + high) / 2.0
        low, high = (middle, high) if derivative(middle) > 0.0 else (low, middle)
    score = _LOGIT + (low + high) / 2.0 * shift
    terms = -found * np.logaddexp(0.0, -score) - (replicates - found) * np.logaddexp(0.0, score)
    return float(np.sum(terms))


def logistic_lod95(levels: Sequence[float], found: Sequence[int], replicates: Sequence[int]) -> Lod95 | None:
    """Level found in 95 % of replicates with its 95 % limits; ``None`` where these are not determined.

    Parameters
    ----------
    levels : sequence of float
        Distinct positive levels.
    found, replicates : sequence of int
        Replicates at each level in which it was found, and all; 0 <= found <= replicates.

    Raises
    ------
    ValueError
        If the numbers are not of the same length or are impossible.
    """
    values, hits, trials = (np.asarray(x) for x in (levels, found, replicates))
    if not values.size == hits.size == trials.size or np.any(values <= 0) or np.any((hits < 0) | (hits > trials)):
        raise ValueError("levels are positive, and 0 <= found <= replicates at each")
    if not _overlaps(values, hits, trials):
        return None
    logs = np.log10(values.astype(np.float64))

    def profile(place: float) -> float:
        return profile_log_likelihood(place, logs, hits, trials)

    grid = np.linspace(logs.min() - _REACH, logs.max() + _REACH, _STEPS)
    heights = np.array([profile(place) for place in grid])
    best = int(np.argmax(heights))
    if best in (0, _STEPS - 1):
        return None
    top = _largest(profile, float(grid[best - 1]), float(grid[best + 1]))
    limit = profile(top) - _DROP
    outside = np.flatnonzero(heights < limit)
    below, above = outside[outside < best], outside[outside > best]
    if below.size == 0 or above.size == 0:
        return None
    lower = _crossing(profile, limit, float(grid[below[-1]]), top)
    upper = _crossing(profile, limit, float(grid[above[0]]), top)
    return Lod95(10.0**top, 10.0**lower, 10.0**upper)


def _overlaps(values: Floats, hits: NDArray[np.int64], trials: NDArray[np.int64]) -> bool:
    """Whether a replicate was missed at a higher level than one in which it was found."""
    missed, hit = values[hits < trials], values[hits > 0]
    return bool(missed.size and hit.size and missed.max() > hit.min())


def _largest(profile: object, low: float, high: float) -> float:
    from scipy.optimize import minimize_scalar

    done = minimize_scalar(lambda place: -profile(place), bounds=(low, high), method="bounded",  # type: ignore[operator]
                           options={"xatol": 1e-9})  # fmt: skip
    return float(done.x)


def _crossing(profile: object, limit: float, outside: float, inside: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(lambda place: profile(place) - limit, outside, inside, xtol=1e-9))  # type: ignore[operator]
