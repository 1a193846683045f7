"""How many items are needed: exact, in whole numbers where that is possible, with the standard library alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

__all__ = [
    "individuals_needed",
    "largest_ratio",
    "positive_units_at_least",
    "species_needed",
    "units_needed",
]

# Beyond it a number of items is no plan.
MAX_ITEMS = 10_000_000


def largest_ratio(n1: int, n2: int, confidence: float = 0.95) -> float:
    """Largest lower bound that a ratio of counts can have: all of n1 named, none of n2.

    Raises
    ------
    ValueError
        If a number of items is below one, or the confidence not between 0 and 1.

    Notes
    -----
    Clopper-Pearson limits of n of n and of 0 of n in closed form: a**(1/n1) / (1 - a**(1/n2)), a = 1 - confidence.
    """
    if n1 < 1 or n2 < 1:
        raise ValueError(f"at least one item of either hypothesis is needed, found {n1} and {n2}")
    return _lower(n1, confidence) / _upper(n2, confidence)


def _lower(n1: float, confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, found {confidence}")
    return math.exp(math.log1p(-confidence) / n1)


def _upper(n2: float, confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, found {confidence}")
    return -math.expm1(math.log1p(-confidence) / n2)


def species_needed(n1: int, bound: float, confidence: float = 0.95) -> int | None:
    """Smallest n2 with which n1 individuals can give a bound of at least ``bound``; ``None`` beyond 10**7."""
    return _smallest(lambda n2: largest_ratio(n1, n2, confidence) >= bound)


def individuals_needed(n2: int, bound: float, confidence: float = 0.95) -> int | None:
    """Smallest n1 with which n2 species can give a bound of at least ``bound``; ``None`` if no number does.

    However many individuals there are, the bound stays below 1 / (1 - a**(1/n2)), a = 1 - confidence.
    """
    return _smallest(lambda n1: largest_ratio(n1, n2, confidence) >= bound)


def _smallest(reached: Callable[[int], bool], most: int = MAX_ITEMS) -> int | None:
    """Smallest number from 1 on at which a condition holds that goes on holding."""
    if not reached(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def units_needed(
    units: int, share: Fraction, negatives: int = 0, confidence: Fraction = Fraction(95, 100)
) -> int | None:
    """Units to examine so that at least a share of all is positive with the confidence, if few are negative.

    Parameters
    ----------
    units : int
        Units in all, N.
    share : Fraction
        Share of them to be shown positive, above 0 and at most 1.
    negatives : int
        Units among those examined that may be found negative.
    confidence : Fraction
        Level, between 0 and 1.

    Returns
    -------
    int or None
        Smallest n; ``None`` if even all units do not suffice with so many negatives.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Notes
    -----
    Hypergeometric and exact: with the largest number K of positive units below the share, n - r or more positives
    among n have a probability of at most 1 - confidence. Units are drawn at random and not put back.
    """
    _check(units, confidence)
    if not 0 < share <= 1:
        raise ValueError(f"the share must lie above 0 and be at most 1, found {share}")
    if not 0 <= negatives < units:
        raise ValueError(f"negatives must lie between 0 and the units less one, found {negatives}")
    below = math.ceil(share * units) - 1
    if below + negatives >= units:
        return None
    low, high = negatives, units
    while high - low > 1:
        middle = (low + high) // 2
        if _at_least(units, below, middle, middle - negatives) <= 1 - confidence:
            high = middle
        else:
            low = middle
    return high


def positive_units_at_least(
    units: int, examined: int, positive: int, confidence: Fraction = Fraction(95, 100)
) -> int:
    """Lower limit of the positive units among all, from units drawn at random without putting back.

    Parameters
    ----------
    units, examined, positive : int
        Units in all, those examined, and those of them found positive.
    confidence : Fraction
        One-sided level, between 0 and 1.

    Raises
    ------
    ValueError
        If the numbers do not fit together.

    Notes
    -----
    The smallest K for which ``positive`` or more have a probability above 1 - confidence; never below what was
    found.
    """
    _check(units, confidence)
    if not 0 <= positive <= examined <= units or examined < 1:
        raise ValueError(f"0 <= positive <= examined <= units is needed, found {positive}, {examined} and {units}")
    low, high = positive - 1, units - (examined - positive)
    while high - low > 1:
        middle = (low + high) // 2
        if _at_least(units, middle, examined, positive) > 1 - confidence:
            high = middle
        else:
            low = middle
    return high


def _check(units: int, confidence: Fraction) -> None:
    if units < 1:
        raise ValueError(f"at least one unit is needed, found {units}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, found {confidence}")


def _at_least(units: int, positives: int, drawn: int, found: int) -> Fraction:
    """Probability of ``found`` or more positives among ``drawn`` units."""
    negatives = units - positives
    ways = sum(
        math.comb(positives, x) * math.comb(negatives, drawn - x)
        for x in range(max(found, drawn - negatives), min(drawn, positives) + 1)
    )
    return Fraction(ways, math.comb(units, drawn))
