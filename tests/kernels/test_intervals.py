"""Exact binomial limits against another implementation and values by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from musk_id.kernels.intervals import clopper_pearson, count_ratio_lower, proportion_lower, proportion_upper


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_limits_are_where_the_binomial_tail_is_five_percent(case: tuple[int, int]) -> None:
    k, n = case
    lower, upper = proportion_lower(k, n), proportion_upper(k, n)
    assert 0.0 <= lower <= k / n <= upper <= 1.0
    if k:
        assert binom.sf(k - 1, n, lower) == pytest.approx(0.05, rel=1e-6)
    if k < n:
        assert binom.cdf(k, n, upper) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (3, 5426), (12, 13)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_limits_are_those_of_scipy(k: int, n: int, confidence: float) -> None:
    greater = binomtest(k, n, alternative="greater").proportion_ci(confidence, method="exact")
    less = binomtest(k, n, alternative="less").proportion_ci(confidence, method="exact")
    assert proportion_lower(k, n, confidence) == pytest.approx(greater.low, rel=1e-9)
    assert proportion_upper(k, n, confidence) == pytest.approx(less.high, rel=1e-9)


def test_no_event_has_the_closed_form_and_its_rule_of_three() -> None:
    for n in (10, 5348, 5426):
        assert proportion_upper(0, n) == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-12)
        assert proportion_upper(0, n) == pytest.approx(3 / n, rel=0.15)
    assert proportion_lower(0, 10) == 0.0 and proportion_upper(10, 10) == 1.0


def test_ratio_is_lower_limit_over_upper_limit() -> None:
    # 15 of 15: lower 0.05**(1/15); 0 of 5426: upper 1 - 0.05**(1/5426).
    expected = 0.05 ** (1 / 15) / (1 - 0.05 ** (1 / 5426))
    assert count_ratio_lower(15, 15, 0, 5426) == pytest.approx(expected, rel=1e-9)


def test_eight_of_eight_against_none_of_199_give_46_and_two_sided_limits_would_give_34() -> None:
    assert count_ratio_lower(8, 8, 0, 199) == pytest.approx(0.05**0.125 / (1 - 0.05 ** (1 / 199)), rel=1e-12)
    assert int(count_ratio_lower(8, 8, 0, 199)) == 46
    two_sided = clopper_pearson(8, 8)[0] / clopper_pearson(0, 199)[1]
    assert int(two_sided) == 34


@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)
def test_the_bound_falls_with_every_error_and_stays_below_the_quotient(
    h1: tuple[int, int], h2: tuple[int, int]
) -> None:
    (k1, n1), (k2, n2) = h1, h2
    bound = count_ratio_lower(k1, n1, k2, n2)
    assert k2 == 0 or bound <= (k1 * n2) / (n1 * k2) + 1e-12
    assert k1 == 0 or count_ratio_lower(k1 - 1, n1, k2, n2) < bound
    assert k2 == n2 or k1 == 0 or count_ratio_lower(k1, n1, k2 + 1, n2) < bound
    assert bound <= count_ratio_lower(n1, n1, 0, n2)


@pytest.mark.parametrize(("k", "n", "confidence"), [(-1, 5, 0.95), (6, 5, 0.95), (0, 0, 0.95), (1, 5, 1.0)])
def test_impossible_counts_are_refused(k: int, n: int, confidence: float) -> None:
    for limit in (proportion_lower, proportion_upper):
        with pytest.raises(ValueError, match=r"are needed|must lie between"):
            limit(k, n, confidence)
