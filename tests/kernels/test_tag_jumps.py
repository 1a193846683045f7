"""Limits of reads from other wells, against sums of exact binomial terms."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.tag_jumps import jump_limit, jump_rate_upper


def at_least(reads: int, trials: int, rate: Fraction) -> Fraction:
    """P(X >= reads) in whole numbers."""
    return sum(
        (comb(trials, k) * rate**k * (1 - rate) ** (trials - k) for k in range(reads, trials + 1)), Fraction(0)
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.decimals("0", "1", places=3), st.sampled_from([0.95, 0.99, 0.999]))
def test_the_limit_is_the_smallest_count_that_jumps_do_not_explain(elsewhere, rate, confidence) -> None:
    limit = jump_limit(elsewhere, rate, confidence)
    doubt = 1 - Fraction(str(confidence))
    expected = next(k for k in range(1, elsewhere + 2) if at_least(k, elsewhere, Fraction(rate)) <= doubt)
    # A tail that equals the doubt to the last digit is decided by rounding: no such case among thousandths here.
    assert limit == expected


@pytest.mark.parametrize(("jumped", "elsewhere"), [(0, 5), (0, 300), (1, 40), (7, 90), (40, 40), (50, 40)])
def test_the_rate_is_the_largest_that_the_blank_does_not_speak_against(jumped, elsewhere) -> None:
    upper = Fraction(jump_rate_upper(jumped, elsewhere, 0.999))
    seen = min(jumped, elsewhere)
    if seen == elsewhere:
        assert upper == 1
        return

    def at_most(rate: Fraction) -> Fraction:
        return 1 - at_least(seen + 1, elsewhere, rate)

    # Rounded up: at the limit as few reads are just too rare, a digit less and they are not.
    assert at_most(upper) <= Fraction(1, 1000) < at_most(upper - Fraction(1, 10**8))


def test_a_worked_example() -> None:
    """No read in a blank beside 100,000: 1 - 0.001 ** (1 / 100000) is 6.9075e-5, rounded up."""
    rate = jump_rate_upper(0, 100_000, 0.999)
    assert rate == Decimal("0.00006908")
    # Poisson with a mean of 6.908: P(X >= 17) = 0.00094, P(X >= 16) = 0.0023.
    assert jump_limit(100_000, rate, 0.999) == 17


def test_impossible_numbers_are_refused() -> None:
    for elsewhere, rate, confidence in ((-1, "0.1", 0.9), (1, "1.1", 0.9), (1, "0.1", 1.0)):
        with pytest.raises(ValueError, match="no limit"):
            jump_limit(elsewhere, Decimal(rate), confidence)
    with pytest.raises(ValueError, match="k <= n"):
        jump_rate_upper(0, 0, 0.999)
