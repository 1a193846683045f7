"""Probability of a first name: fit, calibration and limit against counting by hand and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from musk_id.kernels.compound_hits import best_of_compounds, leading, rank_of
from musk_id.kernels.spectral_held_out import Searches, fit_identifier, fold_answers, held_out
from musk_id.kernels.spectral_probability import (
    Identifier,
    ProbabilityCurve,
    brier_score,
    fit_curve,
    naming_limit,
    reliability,
)

TRUTH = ProbabilityCurve(-3.0, 0.15, 0.9)


def drawn(count: int, seed: int, folds: int = 4) -> Searches:
    """Searches whose right answers follow the curve TRUTH; without the compound leads are small."""
    draw = np.random.default_rng(seed)
    scores, leads = draw.uniform(5, 30, count), draw.exponential(2.0, count)
    right = draw.random(count) < TRUTH.probabilities(scores, leads)
    absent = draw.uniform(5, 25, count), draw.exponential(0.5, count)
    return Searches(scores, leads, right, *absent, draw.integers(0, folds, count))


def test_fit_finds_the_optimum_that_a_general_minimiser_finds() -> None:
    searches = drawn(500, 1)
    found = fit_curve(searches.scores, searches.leads, searches.right)
    x = np.column_stack([np.ones(500), searches.scores, np.log(searches.leads + 0.05)])

    def loss(w: np.ndarray) -> float:
        logit = x @ w
        return float(np.logaddexp(0, logit).sum() - logit[searches.right].sum() + 0.5e-3 * (w[1:] ** 2).sum())

    other = minimize(
        loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 9999}
    )
    assert (found.intercept, found.per_score, found.per_log_lead) == pytest.approx(tuple(other.x), abs=1e-4)


def test_fit_finds_the_curve_that_drew_the_answers() -> None:
    searches = drawn(60_000, 2)
    found = fit_curve(searches.scores, searches.leads, searches.right)
    assert (found.intercept, found.per_score, found.per_log_lead) == pytest.approx((-3.0, 0.15, 0.9), abs=0.05)
    said = found.probabilities(searches.scores, searches.leads)
    for entry in reliability(said, searches.right):
        assert entry.right / entry.searches == pytest.approx(entry.mean_probability, abs=0.03)


@pytest.mark.parametrize("right", [[], [True, True], [False, False]])
def test_one_kind_of_answers_is_nothing_to_fit(right: list[bool]) -> None:
    values = np.ones(len(right))
    with pytest.raises(ValueError, match="both kinds"):
        fit_curve(values, values, np.array(right, np.bool_))


def test_separable_answers_give_a_finite_curve() -> None:
    scores = np.arange(20.0)
    found = fit_curve(scores, np.ones(20), scores >= 10)
    assert all(map(math.isfinite, (found.intercept, found.per_score, found.per_log_lead)))
    assert found.probability(19, 1) > 0.99 > 0.01 > found.probability(0, 1)


def test_a_probability_by_hand() -> None:
    assert TRUTH.probability(20.0, 0.95) == pytest.approx(0.5)
    assert TRUTH.probability(20.0, 0.0) == pytest.approx(1 / (1 + 0.05**-0.9))
    assert ProbabilityCurve(-5000.0, 0, 0).probability(0, 0) < 1e-300
    for lead in (-0.1, math.nan):
        with pytest.raises(ValueError, match="behind"):
            TRUTH.probability(20.0, lead)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0, 0.99))
def test_the_limit_names_at_most_the_share_and_no_smaller_one_does(absent: list[float], share: float) -> None:
    values = np.array(absent)
    limit = naming_limit(values, share)
    assert (values >= limit).sum() <= share * values.size
    below = float(np.nextafter(limit, -1.0))
    assert (values >= below).sum() > int(share * values.size)


def test_a_limit_needs_searches_and_a_share() -> None:
    with pytest.raises(ValueError, match="share"):
        naming_limit(np.empty(0), 0.05)
    with pytest.raises(ValueError, match="share"):
        naming_limit(np.ones(3), 1.0)


def test_scores_of_probabilities_by_hand() -> None:
    said, right = np.array([0.0, 0.25, 0.25, 1.0]), np.array([False, True, False, True])
    assert brier_score(said, right) == pytest.approx((0 + 0.5625 + 0.0625 + 0) / 4)
    rows = reliability(said, right)
    assert [(r.low, r.high, r.searches, r.right) for r in rows] == [
        (0, 0.1, 1, 0),
        (0.2, 0.3, 2, 1),
        (0.9, 1, 1, 1),
    ]


def test_a_fold_is_answered_by_the_others_alone() -> None:
    """Turning round every answer of a fold changes nothing of what is said of that fold."""
    searches = drawn(400, 3)
    here = searches.folds == 2
    turned = Searches(
        searches.scores,
        searches.leads,
        np.where(here, ~searches.right, searches.right),
        np.where(here, 99.0, searches.absent_scores),
        searches.absent_leads,
        searches.folds,
    )
    one, two = (fold_answers(s, 2, (0.05, 0.2)) for s in (searches, turned))
    assert one.present.tolist() == two.present.tolist()
    assert one.present_named.tolist() == two.present_named.tolist()
    assert fold_answers(turned, 1, (0.05,)).present.tolist() != fold_answers(searches, 1, (0.05,)).present.tolist()
    whole = held_out(searches, (0.05, 0.2))
    assert whole.present[here].tolist() == one.present.tolist()
    assert whole.absent_named[:, here].tolist() == one.absent_named.tolist()


def test_of_absent_compounds_about_the_share_is_named_in_folds_that_were_held_out() -> None:
    searches = drawn(8000, 4)
    found = held_out(searches, (0.05, 0.2))
    shares = found.absent_named.mean(axis=1)
    assert shares.tolist() == pytest.approx([0.05, 0.2], abs=0.01)
    assert (found.present_named[0] <= found.present_named[1]).all()
    identifier = fit_identifier(searches, 0.05)
    absent = identifier.curve.probabilities(searches.absent_scores, searches.absent_leads)
    assert int((absent >= identifier.least_probability).sum()) == 400


def test_a_decision_needs_a_second_compound() -> None:
    identifier = Identifier(TRUTH, 0.6)
    assert identifier.decide(40.0, None) == (0.0, False)
    probability, named = identifier.decide(30.0, 20.0)
    assert named and probability == TRUTH.probability(30.0, 10.0)
    assert identifier.decide(30.0, 30.0)[1] is False


def test_compounds_behind_spectra() -> None:
    scores, compounds = np.array([3.0, 5.0, 4.0, 5.0, 1.0]), np.array([0, 1, 1, 2, 3])
    best = best_of_compounds(scores, compounds, 5)
    assert best.tolist() == [3.0, 5.0, 5.0, 1.0, -math.inf]
    first = leading(best)
    assert (first.compound, first.score, first.second, first.lead) == (1, 5.0, 5.0, 0.0)
    assert [rank_of(c, best) for c in range(4)] == [3, 1, 1, 4]
    kept = best_of_compounds(scores, compounds, 5, compounds == 0)
    assert leading(kept).second is None and leading(kept).lead == math.inf
    with pytest.raises(ValueError, match="no compound"):
        leading(np.full(3, -math.inf))
    with pytest.raises(ValueError, match="no compound"):
        leading(np.empty(0))
