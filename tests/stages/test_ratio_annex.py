"""Annex of a likelihood ratio: how often models mislead, what they cost, and that a warning is no value."""

from __future__ import annotations

import math
import warnings
from decimal import Decimal

import numpy as np
import pytest
from ratio_cases import items

from musk_id.kernels.likelihood_models import logistic
from musk_id.library_vocabulary import RatioModel
from musk_id.model.values import DecimalText
from musk_id.stages import ratio_annex
from musk_id.stages.ratio_annex import PRIOR_ODDS_LOG10, model_ratios
from musk_id.vocabulary import Reason

COUNTS = [(10, 10, 0, 199), (10, 12, 3, 80), (20, 20, 40, 80), (2, 12, 60, 80)]


def scores(counts: tuple[int, int, int, int]) -> tuple[list[float], list[float]]:
    held = items(counts)
    return [float(i.score) for i in held if i.is_h1], [float(i.score) for i in held if not i.is_h1]


def told(counts: tuple[int, int, int, int]):  # type: ignore[no-untyped-def]
    return model_ratios(items(counts), DecimalText("9"), 1e9, 2)


def entropy(first: np.ndarray, second: np.ndarray, odds: float) -> float:
    """The definition, with natural logarithms turned into bits."""
    prior = 10.0**odds / (1 + 10.0**odds)
    one = np.mean(np.log2(1 + 1 / (10.0**first * 10.0**odds)))
    two = np.mean(np.log2(1 + 10.0**second * 10.0**odds))
    return float(prior * one + (1 - prior) * two)


@pytest.mark.parametrize("counts", COUNTS)
def test_costs_and_misleading_items_are_those_of_the_definition(counts: tuple[int, int, int, int]) -> None:
    """Logistic regression, whose ratios a test can bound by itself."""
    model = next(m for m in told(counts) if m.model is RatioModel.LOGISTIC)
    if model.reason is not None:
        pytest.skip("the regression has no end for scores that are apart")
    h1, h2 = scores(counts)
    at = logistic(h1, h2).at
    low, high = float(model.elub_lower_log10), float(model.elub_upper_log10)
    first = np.clip([at(x) for x in h1], low, high)
    second = np.clip([at(x) for x in h2], low, high)
    assert (model.misleading_h1, model.items_h1) == (int((first < 0).sum()), counts[1])
    assert (model.misleading_h2, model.items_h2) == (int((second > 0).sum()), counts[3])
    assert [int(c.log10_prior_odds) for c in model.costs] == list(PRIOR_ODDS_LOG10)
    for cost in model.costs:
        odds = float(cost.log10_prior_odds)
        assert float(cost.ece) == pytest.approx(entropy(first, second, odds), abs=2e-4)
        assert float(cost.neutral) == pytest.approx(entropy(np.zeros(1), np.zeros(1), odds), abs=6e-5)


@pytest.mark.parametrize("counts", COUNTS)
def test_the_best_calibration_never_costs_more(counts: tuple[int, int, int, int]) -> None:
    fitted = [m for m in told(counts) if m.reason is None]
    assert fitted
    for model in fitted:
        for cost in model.costs:
            assert Decimal(cost.ece_min) <= Decimal(cost.ece) + Decimal("0.0001")
            assert Decimal(cost.ece_min) <= Decimal(cost.neutral) + Decimal("0.0001")
        even = next(c for c in model.costs if c.log10_prior_odds == "0")
        assert even.neutral == "1.0000"


@pytest.mark.parametrize(
    ("first", "second", "wrong"),
    [
        ([1.0, 2.0], [-1.0, -2.0], (0, 0)),
        ([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], (1, 1)),
        ([-2.0, -1.0], [1.0, 2.0], (2, 2)),
        ([0.0], [0.0], (0, 0)),
        ([-1.0], [-1.0], (1, 0)),
    ],
)
def test_a_ratio_of_one_misleads_nobody(first: list[float], second: list[float], wrong: tuple[int, int]) -> None:
    assert ratio_annex._misleading(first, second) == wrong


@pytest.mark.parametrize("category", [RuntimeWarning, UserWarning])
def test_a_warning_is_no_value(category: type[Warning], monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(h1: list[float], h2: list[float]):  # type: ignore[no-untyped-def]
        def at(score: float) -> float:
            warnings.warn("divide by zero", category, stacklevel=1)
            return math.inf

        return at

    monkeypatch.setitem(ratio_annex._MODELS, RatioModel.PAV, fit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_model = {m.model: m for m in told(COUNTS[0])}
    spoilt = by_model[RatioModel.PAV]
    assert (spoilt.reason, spoilt.printed, spoilt.costs) == (Reason.MODEL_NOT_FITTED, None, ())
    assert by_model[RatioModel.KERNEL_DENSITY].reason is None
