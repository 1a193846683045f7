"""How probable it is that the best compound of a search is the right one, and from where on it is named.

``score`` is the best score of the first compound, ``lead`` what it is ahead of the second one. The logit of the
probability is linear in ``score`` and ``ln(lead + 0.05)``: a lead of hundredths and one of tenths differ, one of
8 and one of 9 do not. It is fitted to searches whose right answer is known, half of which have the right
compound taken out of the library: there, every answer is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LEAD_OFFSET",
    "Identifier",
    "ProbabilityCurve",
    "ReliabilityBin",
    "brier_score",
    "fit_curve",
    "naming_limit",
    "reliability",
]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

LEAD_OFFSET = 0.05
_PENALTY = 1e-3
_STEPS = 60
_CLOSE = 1e-10


@dataclass(frozen=True, slots=True)
class ProbabilityCurve:
    """Logit = intercept + per_score * score + per_log_lead * ln(lead + 0.05)."""

    intercept: float
    per_score: float
    per_log_lead: float

    def probability(self, score: float, lead: float) -> float:
        """Probability of one search, between 0 and 1.

        Raises
        ------
        ValueError
            If the lead is negative.
        """
        if not lead >= 0.0:
            raise ValueError(f"the first compound is behind the second one: lead {lead}")
        logit = self.intercept + self.per_score * score + self.per_log_lead * math.log(lead + LEAD_OFFSET)
        # Beyond these limits the exponential leaves the range of a float.
        return 1.0 / (1.0 + math.exp(-min(700.0, max(-700.0, logit))))

    def probabilities(self, scores: Floats, leads: Floats) -> Floats:
        """Probability of each search, each with the bits that it has alone."""
        pairs = zip(scores.tolist(), leads.tolist(), strict=True)
        return np.array([self.probability(score, lead) for score, lead in pairs], np.float64)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A curve and the smallest probability at which the first compound is named; below, no compound is."""

    curve: ProbabilityCurve
    least_probability: float

    def decide(self, score: float, second: float | None) -> tuple[float, bool]:
        """Probability of the first compound, and whether it is named.

        Parameters
        ----------
        score : float
            Best score of the first compound.
        second : float or None
            Best score of the second one; ``None`` where the library has one compound: then nothing is named, since
            no lead can be told, and the probability is 0.
        """
        if second is None:
            return 0.0, False
        probability = self.curve.probability(score, score - second)
        return probability, probability >= self.least_probability


def fit_curve(scores: Floats, leads: Floats, right: Booleans) -> ProbabilityCurve:
    """Curve of greatest likelihood, with a small penalty on its slopes (logistic regression, Newton's method).

    Parameters
    ----------
    scores, leads : ndarray, shape (n,)
        Score of the first compound and what it is ahead of the second one.
    right : ndarray of bool, shape (n,)
        Whether the first compound was the right one.

    Raises
    ------
    ValueError
        If all answers are right, or none: there is nothing to fit.
    """
    if right.size == 0 or right.all() or not right.any():
        raise ValueError(f"{int(right.sum())} right answers of {right.size}: both kinds are needed")
    x = np.column_stack([np.ones(scores.size), scores, np.log(leads + LEAD_OFFSET)])
    penalty = np.array([0.0, _PENALTY, _PENALTY])
    weights = np.zeros(3)
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -700.0, 700.0)))
        slope = x.T @ (right - chance) - penalty * weights
        curvature = (x * (chance * (1.0 - chance))[:, None]).T @ x + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, slope)
        # Far from the optimum a whole step can overshoot.
        weights += step * min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
        if float(np.abs(step).max()) < _CLOSE:
            break
    return ProbabilityCurve(*weights.tolist())


def naming_limit(absent: Floats, share: float) -> float:
    """Smallest probability that at most a share of the searches without the right compound reach.

    Parameters
    ----------
    absent : ndarray, shape (n,)
        Probabilities of searches whose right compound is not in the library.
    share : float
        Largest share of them that may be named.

    Returns
    -------
    float
        A limit just above the largest probability that must not be named; above 1 if none may.
    """
    if not 0.0 <= share < 1.0 or absent.size == 0:
        raise ValueError(f"a share from 0 to 1 of at least one search, found {share} of {absent.size}")
    allowed = int(share * absent.size)
    return float(np.nextafter(np.sort(absent)[::-1][allowed], 2.0))


def brier_score(probabilities: Floats, right: Booleans) -> float:
    """Mean squared difference of probability and outcome (Brier 1950, Mon. Weather Rev. 78:1)."""
    return math.fsum(((probabilities - right) ** 2).tolist()) / probabilities.size


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Searches whose probability lies from ``low`` to below ``high``: how many, how many of them right."""

    low: float
    high: float
    searches: int
    right: int
    mean_probability: float


def reliability(probabilities: Floats, right: Booleans, bins: int = 10) -> tuple[ReliabilityBin, ...]:
    """Reliability diagram as a table; bins of equal width, those without a search left out."""
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    found = []
    for number in range(bins):
        here = place == number
        if here.any():
            mean = math.fsum(probabilities[here].tolist()) / int(here.sum())
            found.append(
                ReliabilityBin(number / bins, (number + 1) / bins, int(here.sum()), int(right[here].sum()), mean)
            )
    return tuple(found)
