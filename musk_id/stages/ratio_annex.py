"""Model values beside a likelihood ratio from counts: for the annex, bounded, never larger than the count form."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np

from musk_id.kernels.likelihood import cllr, cllr_min, pav
from musk_id.kernels.likelihood_bounds import ece, ece_min, elub, tippett
from musk_id.kernels.likelihood_models import kernel_density, logistic
from musk_id.library_vocabulary import RatioModel
from musk_id.model.calibration import RatioItem
from musk_id.model.ratio import ModelRatio, PriorCost
from musk_id.model.values import DecimalText, decimal_at_most, decimal_text
from musk_id.vocabulary import Reason

__all__ = ["model_ratios"]

LOG_DIGITS = 4

# Prior odds at which the cost of a model is told, as decimal logarithms: 1 to 100, even, 100 to 1.
PRIOR_ODDS_LOG10 = (-2, -1, 0, 1, 2)

_Scores = list[float]
_Fitted = Callable[[float], float]

_MODELS: dict[RatioModel, Callable[[_Scores, _Scores], _Fitted]] = {
    RatioModel.PAV: lambda h1, h2: pav(h1, h2).at,
    RatioModel.LOGISTIC: lambda h1, h2: logistic(h1, h2).at,
    RatioModel.KERNEL_DENSITY: lambda h1, h2: kernel_density(h1, h2).at,
}


def model_ratios(
    items: tuple[RatioItem, ...], score: DecimalText | None, count_lower: float, digits: int
) -> tuple[ModelRatio, ...]:
    """What each model says at the score of a case; nothing without a score or without scores of the items.

    Parameters
    ----------
    items : tuple of RatioItem
        Items of the calibration; those without a score are not fitted.
    score : DecimalText or None
        Score of the case.
    count_lower : float
        Lower bound of the count form, which no printed value exceeds.
    digits : int
        Digits of a printed value, which is rounded down.

    Notes
    -----
    Bounds and costs are those of the items that the model was fitted to: they flatter it, and the count form is
    the limit of what is printed.
    """
    h1 = [float(item.score) for item in items if item.is_h1 and item.score is not None]
    h2 = [float(item.score) for item in items if not item.is_h1 and item.score is not None]
    if score is None or not h1 or not h2:
        return ()
    return tuple(_of(model, h1, h2, float(score), count_lower, digits) for model in RatioModel)


def _of(model: RatioModel, h1: _Scores, h2: _Scores, score: float, count_lower: float, digits: int) -> ModelRatio:
    # A warning of an arithmetic that went wrong is no value with a remark: there is no value.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            at = _MODELS[model](h1, h2)
            ratios1, ratios2, value = [at(x) for x in h1], [at(x) for x in h2], at(score)
        except (ValueError, Warning):
            return ModelRatio(model=model, reason=Reason.MODEL_NOT_FITTED)
    lowest, highest = elub(ratios1, ratios2)

    def within(ratio: float) -> float:
        return min(max(ratio, lowest), highest)

    bounded1, bounded2 = [within(x) for x in ratios1], [within(x) for x in ratios2]
    wrong1, wrong2 = _misleading(bounded1, bounded2)
    printed = min(10.0 ** within(value), count_lower)
    return ModelRatio(
        model=model,
        model_log10=decimal_text(value, LOG_DIGITS) if math.isfinite(value) else None,
        elub_lower_log10=decimal_text(lowest, LOG_DIGITS),
        elub_upper_log10=decimal_text(highest, LOG_DIGITS),
        cllr=decimal_text(cllr(ratios1, ratios2), LOG_DIGITS),
        cllr_min=decimal_text(cllr_min(ratios1, ratios2), LOG_DIGITS),
        printed=decimal_at_most(printed, digits),
        misleading_h1=wrong1,
        items_h1=len(h1),
        misleading_h2=wrong2,
        items_h2=len(h2),
        costs=tuple(_cost(bounded1, bounded2, odds) for odds in PRIOR_ODDS_LOG10),
    )


def _misleading(first: _Scores, second: _Scores) -> tuple[int, int]:
    """Items of H1 with a ratio below 1 and of H2 with one above 1, read off the Tippett curves."""
    ratios, at_least1, at_least2 = tippett(first, second)
    from_one = int(np.searchsorted(ratios, 0.0, side="left"))
    above_one = int(np.searchsorted(ratios, 0.0, side="right"))
    reach1 = int(at_least1[from_one]) if from_one < ratios.size else 0
    reach2 = int(at_least2[above_one]) if above_one < ratios.size else 0
    return len(first) - reach1, reach2


def _cost(first: _Scores, second: _Scores, odds: int) -> PriorCost:
    return PriorCost(
        log10_prior_odds=decimal_text(odds, 0),
        ece=decimal_text(ece(first, second, odds), LOG_DIGITS),
        ece_min=decimal_text(ece_min(first, second, odds), LOG_DIGITS),
        neutral=decimal_text(ece([0.0], [0.0], odds), LOG_DIGITS),
    )
