"""Models that turn a score into a likelihood ratio: kernel density and logistic regression.

A model goes on beyond the scores that it was fitted to; its values are of use only within the bounds of
:func:`musk_id.kernels.likelihood_bounds.elub`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from musk_id.kernels.likelihood import checked

__all__ = ["KernelDensity", "Logistic", "kernel_density", "logistic"]

Floats = NDArray[np.float64]

_LN10 = math.log(10.0)
MAX_STEPS = 200
MAX_HALVINGS = 60


@dataclass(frozen=True, slots=True, eq=False)
class KernelDensity:
    """Normal kernels on the scores of either hypothesis, shapes (n1,) and (n2,), with their bandwidths."""

    h1: Floats
    h2: Floats
    bandwidth1: float
    bandwidth2: float

    def at(self, score: float) -> float:
        """Decimal logarithm of the ratio of a finite score."""
        first = _log_density(self.h1, self.bandwidth1, score)
        return (first - _log_density(self.h2, self.bandwidth2, score)) / _LN10


def kernel_density(h1: ArrayLike, h2: ArrayLike) -> KernelDensity:
    """Kernel densities of finite scores, bandwidths by Silverman's rule (4 s**5 / 3 n) ** (1/5).

    Parameters
    ----------
    h1, h2 : array_like, shape (n1,), (n2,)
        Scores of items of either hypothesis.

    Raises
    ------
    ValueError
        If one side is empty, holds a value that is not finite, or does not vary: it then has no bandwidth.

    Notes
    -----
    Silverman 1986, Density Estimation, equation 3.28; s with the divisor n.
    """
    first, second = checked(h1, "h1", finite=True), checked(h2, "h2", finite=True)
    return KernelDensity(first, second, _bandwidth(first, "h1"), _bandwidth(second, "h2"))


def _bandwidth(scores: Floats, name: str) -> float:
    values = scores.tolist()
    mean = math.fsum(values) / len(values)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in values) / len(values))
    if not deviation > 0.0:
        raise ValueError(f"{name}: scores that are all equal have no bandwidth")
    return float(deviation * (4.0 / (3.0 * len(values))) ** 0.2)


def _log_density(scores: Floats, bandwidth: float, score: float) -> float:
    """Natural logarithm of the density; the largest term is taken out, so that none underflows."""
    terms = [-0.5 * ((score - x) / bandwidth) ** 2 for x in scores.tolist()]
    largest: float = max(terms)
    total = math.fsum(math.exp(term - largest) for term in terms)
    return largest + math.log(total) - math.log(len(terms) * bandwidth)


@dataclass(frozen=True, slots=True)
class Logistic:
    """A straight line for the natural logarithm of the ratio."""

    intercept: float
    slope: float

    def at(self, score: float) -> float:
        """Decimal logarithm of the ratio of a finite score."""
        return (self.intercept + self.slope * score) / _LN10


def logistic(h1: ArrayLike, h2: ArrayLike, ridge: float = 1.0) -> Logistic:
    """Logistic regression in which both hypotheses weigh the same in sum.

    Parameters
    ----------
    h1, h2 : array_like, shape (n1,), (n2,)
        Finite scores of items of either hypothesis.
    ridge : float
        Penalty on the square of the slope (half of it is added to the weighted cost in nats); above 0, since
        without one scores that do not overlap have no finite slope.

    Raises
    ------
    ValueError
        If one side is empty or holds a value that is not finite, if the penalty is not above 0, or if no
        minimum is found.

    Notes
    -----
    Newton's method on the weighted cost, items weighing (n1 + n2) / 2n of their side; sums are exact.
    """
    first, second = checked(h1, "h1", finite=True).tolist(), checked(h2, "h2", finite=True).tolist()
    if not ridge > 0.0:
        raise ValueError(f"the penalty must lie above 0, found {ridge}")
    total = len(first) + len(second)
    items = [(x, 1.0, total / (2.0 * len(first))) for x in first]
    items += [(x, 0.0, total / (2.0 * len(second))) for x in second]
    return _newton(items, ridge)


_Item = tuple[float, float, float]


def _newton(items: list[_Item], ridge: float) -> Logistic:
    intercept = slope = 0.0
    cost = _cost(items, intercept, slope, ridge)
    for _ in range(MAX_STEPS):
        step0, step1 = _step(items, intercept, slope, ridge)
        for _ in range(MAX_HALVINGS):
            tried = _cost(items, intercept - step0, slope - step1, ridge)
            if tried <= cost:
                break
            step0, step1 = step0 / 2.0, step1 / 2.0
        else:
            return Logistic(intercept, slope)
        still = intercept - step0 == intercept and slope - step1 == slope
        small = abs(step0) <= 1e-15 * (1.0 + abs(intercept)) and abs(step1) <= 1e-15 * (1.0 + abs(slope))
        intercept, slope, cost = intercept - step0, slope - step1, tried
        if still or small:
            return Logistic(intercept, slope)
    raise ValueError(f"no minimum was found in {MAX_STEPS} steps")


def _cost(items: list[_Item], intercept: float, slope: float, ridge: float) -> float:
    def nats(x: float, is_first: float) -> float:
        y = (intercept + slope * x) * (1.0 - 2.0 * is_first)
        return max(y, 0.0) + math.log1p(math.exp(-abs(y)))

    return math.fsum(weight * nats(x, is_first) for x, is_first, weight in items) + 0.5 * ridge * slope**2


def _step(items: list[_Item], intercept: float, slope: float, ridge: float) -> tuple[float, float]:
    """The Newton step from gradient and curvature."""
    rows = []
    for x, is_first, weight in items:
        p = _sigmoid(intercept + slope * x)
        rows.append((x, weight * (p - is_first), weight * p * (1.0 - p)))
    gradient0 = math.fsum(g for _, g, _ in rows)
    gradient1 = math.fsum(g * x for x, g, _ in rows) + ridge * slope
    a = math.fsum(h for _, _, h in rows)
    b = math.fsum(h * x for x, _, h in rows)
    c = math.fsum(h * x * x for x, _, h in rows) + ridge
    determinant = a * c - b * b
    if not determinant > 0.0:
        raise ValueError("the cost has no curvature: the scores are too far apart for this penalty")
    return (c * gradient0 - b * gradient1) / determinant, (a * gradient1 - b * gradient0) / determinant


def _sigmoid(y: float) -> float:
    return 1.0 / (1.0 + math.exp(-y)) if y >= 0.0 else math.exp(y) / (1.0 + math.exp(y))
