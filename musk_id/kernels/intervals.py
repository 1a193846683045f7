"""Exact binomial limits and what follows from them."""

from __future__ import annotations

__all__ = ["clopper_pearson", "count_ratio_lower", "proportion_lower", "proportion_upper"]


def _check(successes: int, trials: int, confidence: float) -> None:
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"0 <= k <= n and n >= 1 are needed, found k = {successes}, n = {trials}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, found {confidence}")


def proportion_lower(successes: int, trials: int, confidence: float = 0.95) -> float:
    """One-sided Clopper-Pearson lower limit of a proportion (Clopper & Pearson 1934, Biometrika 26:404)."""
    from scipy.stats import beta

    _check(successes, trials, confidence)
    if successes == 0:
        return 0.0
    return float(beta.ppf(1.0 - confidence, successes, trials - successes + 1))


def proportion_upper(successes: int, trials: int, confidence: float = 0.95) -> float:
    """One-sided Clopper-Pearson upper limit of a proportion (Clopper & Pearson 1934, Biometrika 26:404)."""
    from scipy.stats import beta

    _check(successes, trials, confidence)
    if successes == trials:
        return 1.0
    return float(beta.ppf(confidence, successes + 1, trials - successes))


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Two-sided Clopper-Pearson interval of a proportion (Clopper & Pearson 1934, Biometrika 26:404)."""
    one_sided = 0.5 + confidence / 2.0
    lower = proportion_lower(successes, trials, one_sided)
    return lower, proportion_upper(successes, trials, one_sided)


def count_ratio_lower(k1: int, n1: int, k2: int, n2: int) -> float:
    """Lower bound of a ratio of proportions in the count form.

    The one-sided 95 % lower limit of k1/n1 divided by the one-sided 95 % upper limit of k2/n2.
    """
    return proportion_lower(k1, n1) / proportion_upper(k2, n2)
