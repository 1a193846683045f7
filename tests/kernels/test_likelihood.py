"""Likelihood ratios: against values of lir, direct formulas, a dense grid, and properties."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import lir_vectors
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import gaussian_kde

from musk_id.kernels.likelihood import cllr, cllr_cal, cllr_min, log10_ratio, pav
from musk_id.kernels.likelihood_bounds import ece, ece_min, elub, tippett
from musk_id.kernels.likelihood_models import kernel_density, logistic

VECTORS = json.loads((Path(__file__).parent / "lir-1.3.1.json").read_text(encoding="ascii"))
CASES = sorted(VECTORS["cases"])
LIR_STEP = 0.01

finite = st.floats(-6, 6, allow_nan=False).map(lambda x: round(x, 3))
tied = st.integers(-4, 4).map(float)
side = st.lists(finite, min_size=1, max_size=25) | st.lists(tied, min_size=1, max_size=25)


def of(name: str) -> dict[str, Any]:
    return dict(VECTORS["cases"][name])


def same(found: float, expected: float, within: float) -> bool:
    return found == expected or abs(found - expected) <= within * max(1.0, abs(expected))


# --- against lir -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_costs_are_those_of_lir(name: str) -> None:
    case = of(name)
    for measure, key in ((cllr, "cllr"), (cllr_min, "cllr_min"), (cllr_cal, "cllr_cal")):
        assert measure(case["h1"], case["h2"]) == pytest.approx(case[key], abs=1e-12)
    for odds, expected in zip(VECTORS["log10_prior_odds"], case["ece"], strict=True):
        assert ece(case["h1"], case["h2"], odds) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_monotone_calibration_is_that_of_lir(name: str) -> None:
    case = of(name)
    fitted = pav(case["h1"], case["h2"])
    for scores, expected in (([*case["h1"], *case["h2"]], case["pav"]), (case["between"], case["pav_between"])):
        for score, text in zip(scores, expected, strict=True):
            assert same(fitted.at(score), float(text), 1e-12), (score, text)


@pytest.mark.parametrize("name", CASES)
def test_bounds_are_within_a_step_of_those_of_lir(name: str) -> None:
    case = of(name)
    for found, expected in zip(elub(case["h1"], case["h2"]), case["elub"], strict=True):
        assert abs(found - expected) <= LIR_STEP + 1e-9


@pytest.mark.parametrize("name", CASES)
def test_models_are_those_of_lir(name: str) -> None:
    case = of(name)
    line, density = logistic(case["h1"], case["h2"]), kernel_density(case["h1"], case["h2"])
    for score, by_line, by_kernel in zip(
        case["between"], case["logistic_between"], case["kde_between"], strict=True
    ):
        assert line.at(score) == pytest.approx(float(by_line), rel=1e-5, abs=1e-5)
        assert density.at(score) == pytest.approx(float(by_kernel), rel=1e-9, abs=1e-9)


def test_values_are_those_of_the_named_peer() -> None:
    assert VECTORS["peer"]["lir"] == lir_vectors.PEER == "1.3.1"
    made = lir_vectors.cases()
    assert {name: (of(name)["h1"], of(name)["h2"]) for name in CASES} == made and len(CASES) == 9


# --- published and closed forms ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n1", "n2"), [(30, 30), (59, 59), (30, 100), (30, 300), (30, 1000)])
def test_perfect_separation_is_bounded_by_the_numbers_of_items(n1: int, n2: int) -> None:
    """TPR/FPR with one misleading item added: n1 (n2 + 1) / (n1 + 1), and the like below."""
    lower, upper = elub([9.0] * n1, [-9.0] * n2)
    assert 10**upper == pytest.approx(n1 * (n2 + 1) / (n1 + 1), rel=1e-12)
    assert 10**lower == pytest.approx((n2 + 1) / ((n1 + 1) * n2), rel=1e-12)


def test_bounds_of_the_table_on_validation_sets() -> None:
    # On a grid of 0.01: 30 a side give 30, 59 give 59, 100 give 98, 300 give 295; 50 against 5000 [0.02, 4898].
    for n1, n2, upper in ((30, 30, 30), (59, 59, 59), (100, 100, 98), (300, 300, 295), (50, 5000, 4898)):
        assert 10 ** elub([9.0] * n1, [-9.0] * n2)[1] == pytest.approx(upper, rel=0.024)
    assert 10 ** elub([9.0] * 50, [-9.0] * 5000)[0] == pytest.approx(0.02, rel=0.024)


def test_ratios_that_say_nothing_cost_one_bit() -> None:
    assert cllr([0.0] * 7, [0.0] * 3) == 1.0
    assert cllr_min([0.0] * 7, [0.0] * 3) == 1.0
    assert cllr_cal([0.0] * 7, [0.0] * 3) == 0.0
    assert elub([0.0] * 7, [0.0] * 3) == (0.0, 0.0)


def test_ends_of_the_scale() -> None:
    assert cllr([math.inf], [-math.inf]) == 0.0
    assert cllr([-math.inf], [-math.inf]) == math.inf
    assert cllr([400.0, -400.0], [0.0]) == pytest.approx((400 * math.log2(10) / 2 + 1) / 2, rel=1e-12)
    assert log10_ratio(0, 5, 3, 7) == -math.inf and log10_ratio(2, 5, 0, 7) == math.inf
    assert log10_ratio(2, 4, 5, 100) == pytest.approx(1.0, rel=1e-15)
    assert elub([math.inf] * 30, [-math.inf] * 30) == elub([9.0] * 30, [-9.0] * 30)


# --- independent implementations ---------------------------------------------------------------------------------


def direct_cost(h1: list[float], h2: list[float]) -> float:
    """The formula as it is printed."""
    first = sum(math.log2(1.0 + 10.0**-x) for x in h1) / len(h1)
    return (first + sum(math.log2(1.0 + 10.0**x) for x in h2) / len(h2)) / 2.0


def minmax_pav(h1: list[float], h2: list[float]) -> dict[float, Fraction]:
    """Isotonic regression by its min-max formula: the share of the first hypothesis at each score."""
    scores = sorted({*h1, *h2})
    first = [h1.count(x) for x in scores]
    both = [h1.count(x) + h2.count(x) for x in scores]
    shares = {}
    for i, score in enumerate(scores):
        shares[score] = max(
            min(Fraction(sum(first[a : b + 1]), sum(both[a : b + 1])) for b in range(i, len(scores)))
            for a in range(i + 1)
        )
    return shares


def grid_bounds(h1: list[float], h2: list[float], step: float) -> tuple[float, float]:
    """Thresholds next to 1 at which ratios cost more than none, on a grid."""
    grid = np.arange(-3.5, 3.5, step)
    cost = []
    for t in grid:
        misses = (1 + sum(x <= t for x in h1)) / (len(h1) + 1)
        false = (1 + sum(x > t for x in h2)) / (len(h2) + 1)
        cost.append(misses + 10**t * false - min(1.0, 10**t))
    worse = np.array(cost) > 1e-12
    below, above = grid[worse & (grid <= 0)], grid[worse & (grid >= 0)]
    return float(below.max()), float(above.min())


@given(side, side)
def test_cost_is_the_printed_formula(h1: list[float], h2: list[float]) -> None:
    assert cllr(h1, h2) == pytest.approx(direct_cost(h1, h2), rel=1e-12)


@given(side, side)
def test_pooling_is_the_min_max_formula(h1: list[float], h2: list[float]) -> None:
    fitted = pav(h1, h2)
    shares = minmax_pav(h1, h2)
    for score, share in shares.items():
        place = int(np.searchsorted(fitted.highest, score))
        k1, k2 = int(fitted.k1[place]), int(fitted.k2[place])
        assert fitted.lowest[place] <= score <= fitted.highest[place]
        assert Fraction(k1, k1 + k2) == share
    assert int(fitted.k1.sum()) == len(h1) and int(fitted.k2.sum()) == len(h2)


@settings(deadline=None, max_examples=60)
@given(st.lists(finite, min_size=1, max_size=12), st.lists(finite, min_size=1, max_size=12))
def test_bounds_are_those_of_a_dense_grid(h1: list[float], h2: list[float]) -> None:
    step = 0.0025
    lower, upper = elub(h1, h2)
    below, above = grid_bounds(h1, h2, step)
    assert -1e-12 <= lower - below <= step + 1e-9
    assert -1e-12 <= above - upper <= step + 1e-9


@settings(deadline=None, max_examples=40)
@given(side, side)
def test_bounds_are_where_costs_cross(h1: list[float], h2: list[float]) -> None:
    """Beyond a bound, next to it, ratios cost more than none; between the bounds they never do."""

    def more(t: float) -> float:
        misses = (1 + sum(x <= t for x in h1)) / (len(h1) + 1)
        false = (1 + sum(x > t for x in h2)) / (len(h2) + 1)
        return misses + 10**t * false - min(1.0, 10**t)

    lower, upper = elub(h1, h2)
    assert lower <= 0.0 <= upper
    assert more(upper + 1e-7) > 0.0 and more(lower - 1e-7) > 0.0
    for t in np.linspace(lower, upper, 41):
        assert not lower < t < upper or more(float(t)) <= 1e-9


def test_logistic_regression_is_at_the_minimum() -> None:
    case = of("overlapping")
    h1, h2 = np.array(case["h1"]), np.array(case["h2"])
    n = h1.size + h2.size

    def cost(at: Any) -> float:
        first = np.logaddexp(0.0, -(at[0] + at[1] * h1)).sum() * n / (2 * h1.size)
        return float(first + np.logaddexp(0.0, at[0] + at[1] * h2).sum() * n / (2 * h2.size) + at[1] ** 2 / 2)

    found = minimize(cost, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14})
    line = logistic(h1, h2)
    assert (line.intercept, line.slope) == pytest.approx(tuple(found.x), abs=1e-6)


def test_logistic_regression_of_scores_that_do_not_overlap_is_finite() -> None:
    line = logistic([5.0, 6.0], [-5.0, -6.0])
    assert 0.0 < line.slope < 10.0 and line.at(0.0) == pytest.approx(0.0, abs=1e-12)
    assert logistic([5.0], [-5.0], ridge=100.0).slope < line.slope


def test_kernel_density_is_that_of_scipy() -> None:
    case = of("few against many")
    fitted = kernel_density(case["h1"], case["h2"])
    peers = []
    for scores, bandwidth in ((case["h1"], fitted.bandwidth1), (case["h2"], fitted.bandwidth2)):
        assert bandwidth == pytest.approx((4 * np.std(scores) ** 5 / (3 * len(scores))) ** 0.2, rel=1e-12)
        peers.append(gaussian_kde(scores, bw_method=bandwidth / np.std(scores, ddof=1)))
    for score in (-2.0, 0.0, 0.3, 1.7):
        expected = math.log10(peers[0](score)[0] / peers[1](score)[0])
        assert fitted.at(score) == pytest.approx(expected, rel=1e-9)
    assert math.isfinite(fitted.at(80.0))


# --- properties --------------------------------------------------------------------------------------------------


@given(side, side)
def test_pooled_ratios_rise_and_cost_least(h1: list[float], h2: list[float]) -> None:
    ratios = pav(h1, h2).log10_lr()
    assert all(a < b for a, b in pairwise(ratios))
    assert -1e-12 <= cllr_min(h1, h2) <= min(1.0, cllr(h1, h2)) + 1e-12
    assert ece(h1, h2, 0.0) == pytest.approx(cllr(h1, h2), rel=1e-12)
    assert ece_min(h1, h2, 0.0) == pytest.approx(cllr_min(h1, h2), rel=1e-12, abs=1e-15)


@given(side, side, st.randoms(use_true_random=False))
def test_order_of_items_changes_no_bit(h1: list[float], h2: list[float], random: Any) -> None:
    mixed1, mixed2 = random.sample(h1, len(h1)), random.sample(h2, len(h2))
    for measure in (cllr, cllr_min, cllr_cal, elub):
        assert measure(mixed1, mixed2) == measure(h1, h2)
    assert pav(mixed1, mixed2).at(0.37) == pav(h1, h2).at(0.37)
    assert logistic(mixed1, mixed2) == logistic(h1, h2)


@given(side, side)
def test_only_the_order_of_scores_pools_them(h1: list[float], h2: list[float]) -> None:
    assert cllr_min([x**3 + 5 for x in h1], [x**3 + 5 for x in h2]) == cllr_min(h1, h2)


@given(side, side, finite)
def test_interpolated_ratios_rise(h1: list[float], h2: list[float], score: float) -> None:
    fitted = pav(h1, h2)
    assert fitted.at(score) <= fitted.at(score + 0.25) + 1e-12


@given(side, side)
def test_tippett_counts_by_hand(h1: list[float], h2: list[float]) -> None:
    for ratio, k1, k2 in zip(*tippett(h1, h2), strict=True):
        assert (k1, k2) == (sum(x >= ratio for x in h1), sum(x >= ratio for x in h2))


@given(side, side)
def test_swapped_hypotheses_mirror_everything(h1: list[float], h2: list[float]) -> None:
    swapped = [-x for x in h2], [-x for x in h1]
    assert cllr(*swapped) == pytest.approx(cllr(h1, h2), rel=1e-12)
    assert cllr_min(*swapped) == pytest.approx(cllr_min(h1, h2), rel=1e-12, abs=1e-15)


# --- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", [cllr, cllr_min, elub, pav, tippett])
def test_missing_and_impossible_values_are_refused(measure: Any) -> None:
    for h1, h2 in (([], [0.0]), ([0.0], []), ([[0.0]], [0.0])):
        with pytest.raises(ValueError, match="at least one value is needed"):
            measure(h1, h2)
    with pytest.raises(ValueError, match="must be a number"):
        measure([0.0], [math.nan])


def test_models_refuse_what_they_cannot_be_fitted_to() -> None:
    for model in (kernel_density, logistic):
        with pytest.raises(ValueError, match="finite number"):
            model([math.inf, 1.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="h2: scores that are all equal"):
        kernel_density([0.0, 1.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="must lie above 0"):
        logistic([0.0], [1.0], ridge=0.0)
    with pytest.raises(ValueError, match="two empty counts"):
        log10_ratio(0, 1, 0, 1)
    with pytest.raises(ValueError, match="at least one misleading"):
        elub([1.0], [0.0], misleading=0)
    with pytest.raises(ValueError, match="prior odds must be finite"):
        ece([1.0], [0.0], math.inf)
