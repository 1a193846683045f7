"""A likelihood ratio for the genus of an item, in the count form, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.library_vocabulary import RatioChange, RatioModel
from musk_id.model.scales import VerbalScale
from musk_id.model.values import DecimalText, Identifier, Line
from musk_id.vocabulary import Grade, Locus, Reason

__all__ = ["ItemRatio", "LocusRatio", "ModelRatio", "PriorCost", "RatioBounds", "RatioSensitivity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioBounds:
    """The count form: ``lower`` is ``rate1_lower`` over ``rate2_upper``, limits that hold one-sided at 95 %.

    ``point`` is k1/n1 over k2/n2; there is none where k2 is nought. ``largest_possible`` is what the same numbers
    of items would give at best (k1 = n1, k2 = 0). ``lower`` and ``rate1_lower`` are rounded down, ``rate2_upper``
    up.
    """

    rate1_lower: DecimalText
    rate2_upper: DecimalText
    point: DecimalText | None
    lower: DecimalText
    largest_possible: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioSensitivity:
    """The lower bound with other counts, and the word of its band: what the bound and the word hang on.

    ``moves_most`` marks the changes that leave the smallest bound. Records made before that was told have no word.
    """

    change: RatioChange
    subject: Line | None
    k1: int
    n1: int
    k2: int
    n2: int
    lower: DecimalText
    word: Line | None = None
    moves_most: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorCost:
    """Empirical cross-entropy of a model's bounded ratios at prior odds, in bits.

    ``neutral`` is that of no ratio at all, ``ece_min`` what the best monotone calibration would leave.
    """

    log10_prior_odds: DecimalText
    ece: DecimalText
    ece_min: DecimalText
    neutral: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRatio:
    """Value of a model at the score of the item, for the annex.

    ``model_value`` is what the model gives and ``bounded`` that within the empirical bounds ``elub_lower`` and
    ``elub_upper`` of its own ratios; ``printed`` is never larger than the lower bound of the count form.
    ``misleading_h1`` and ``misleading_h2`` are items of either proposition whose bounded ratio speaks for the
    other one, of ``items_h1`` and ``items_h2``. ``reason`` says why there is no value.
    """

    model: RatioModel
    model_log10: DecimalText | None = None
    elub_lower_log10: DecimalText | None = None
    elub_upper_log10: DecimalText | None = None
    cllr: DecimalText | None = None
    cllr_min: DecimalText | None = None
    printed: DecimalText | None = None
    reason: Reason | None = None
    misleading_h1: int | None = None
    items_h1: int | None = None
    misleading_h2: int | None = None
    items_h2: int | None = None
    costs: tuple[PriorCost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusRatio:
    """One marker on which the call of an item rests: the counts of its calibration, and bounds if there are any.

    The window is that of the calibration; ``length_bp`` is absent for whole inserts. Without a calibration of the
    marker there are no counts.
    """

    locus: Locus
    first_column: int | None = None
    length_bp: int | None = None
    radius: DecimalText | None = None
    margin: DecimalText | None = None
    unit: Line | None = None
    k1: int | None = None
    n1: int | None = None
    k2: int | None = None
    n2: int | None = None
    bounds: RatioBounds | None = None
    sensitivity: tuple[RatioSensitivity, ...] = ()
    score: DecimalText | None = None
    models: tuple[ModelRatio, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRatio:
    """The ratio of an item: the smallest lower bound of its markers, never a product; or the reasons for none.

    ``word`` is that of the band of ``scale`` in which ``lower`` lies; both are there only with a ratio.
    """

    item_id: Identifier
    grade: Grade
    min_individuals_h1: int
    min_species_h2: int
    alternatives: Line | None
    alternatives_described: Line | None
    loci: tuple[LocusRatio, ...]
    reasons: tuple[Reason, ...]
    deciding_locus: Locus | None = None
    lower: DecimalText | None = None
    word: Line | None = None
    scale: VerbalScale | None = None

    def __post_init__(self) -> None:
        given = self.lower is not None
        parts = (self.deciding_locus, self.word, self.scale)
        if any((part is not None) is not given for part in parts) or given is bool(self.reasons):
            raise ValueError("an item has either a ratio with its word and scale, or reasons for none")
