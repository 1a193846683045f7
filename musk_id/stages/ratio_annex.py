"""Model values beside a likelihood ratio from counts: for the annex, bounded, never larger than the count form."""

from __future__ import annotations

import math
from collections.abc import Callable

from musk_id.kernels.likelihood import cllr, cllr_min, pav
from musk_id.kernels.likelihood_bounds import elub
from musk_id.kernels.likelihood_models import kernel_density, logistic
from musk_id.library_vocabulary import RatioModel
from musk_id.model.calibration import RatioItem
from musk_id.model.ratio import ModelRatio
from musk_id.model.values import DecimalText, decimal_at_most, decimal_text
from musk_id.vocabulary import Reason

__all__ = ["model_ratios"]

LOG_DIGITS = 4

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
    try:
        at = _MODELS[model](h1, h2)
    except ValueError:
        return ModelRatio(model=model, reason=Reason.MODEL_NOT_FITTED)
    ratios1, ratios2 = [at(x) for x in h1], [at(x) for x in h2]
    lowest, highest = elub(ratios1, ratios2)
    value = at(score)
    bounded = min(max(value, lowest), highest)
    printed = min(10.0**bounded, count_lower)
    return ModelRatio(
        model=model,
        model_log10=decimal_text(value, LOG_DIGITS) if math.isfinite(value) else None,
        elub_lower_log10=decimal_text(lowest, LOG_DIGITS),
        elub_upper_log10=decimal_text(highest, LOG_DIGITS),
        cllr=decimal_text(cllr(ratios1, ratios2), LOG_DIGITS),
        cllr_min=decimal_text(cllr_min(ratios1, ratios2), LOG_DIGITS),
        printed=decimal_at_most(printed, digits),
    )
