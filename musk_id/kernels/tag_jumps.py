"""Reads that carry the index of another well: how often, and how many of them a count may hold.

In a well that holds no template every read of a sequence that other wells hold came from these. The share of
such reads has an exact upper limit (Clopper and Pearson 1934, Biometrika 26:404); what it can bring into one more
well is a binomial count.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from musk_id.kernels.intervals import proportion_upper

__all__ = ["RATE_DIGITS", "jump_limit", "jump_rate_upper"]

RATE_DIGITS = 8


def jump_rate_upper(jumped: int, elsewhere: int, confidence: float) -> Decimal:
    """One-sided upper limit of the share of reads that turn up in one other well, rounded up to 8 digits.

    Parameters
    ----------
    jumped : int
        Reads in a well without template, of sequences that other wells hold.
    elsewhere : int
        Reads of these sequences in the other wells; 1 at least.
    confidence : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If a number is negative, or there are no reads elsewhere.
    """
    upper = Decimal(proportion_upper(min(jumped, elsewhere), elsewhere, confidence))
    return min(upper.quantize(Decimal(1).scaleb(-RATE_DIGITS), rounding=ROUND_CEILING), Decimal(1))


def jump_limit(elsewhere: int, rate: Decimal, confidence: float) -> int:
    """Fewest reads of a sequence in a well that reads from other wells do not explain.

    The smallest k with P(X >= k) <= 1 - confidence, where X is binomial of ``elsewhere`` reads at ``rate``; at
    least 1.

    Raises
    ------
    ValueError
        If ``elsewhere`` is negative, or rate or confidence lie outside 0 to 1.
    """
    from scipy.special import betainc

    if elsewhere < 0 or not 0 <= rate <= 1 or not 0.0 < confidence < 1.0:
        raise ValueError(f"no limit from {elsewhere} reads at a rate of {rate} with confidence {confidence}")

    def may_be_jumps(reads: int) -> bool:
        # P(X >= k) is the regularised incomplete beta function I_rate(k, n - k + 1).
        return reads <= elsewhere and float(betainc(reads, elsewhere - reads + 1, float(rate))) > 1.0 - confidence

    low, high = 1, elsewhere + 1
    while low < high:
        middle = (low + high) // 2
        if may_be_jumps(middle):
            low = middle + 1
        else:
            high = middle
    return low
