"""The laboratory's own chemistry (``chemistry.yaml`` in its root): detection limits, calibration of profiles."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from musk_id.model.chromatography import require_inchikey
from musk_id.model.values import DecimalText, IsoDate, Line, Text

__all__ = ["DetectionLimit", "LaboratoryChemistry", "ProfileCalibration", "RatioWindow", "StatedLimit"]

MIN_SOURCES = 59
"""Sources without an error for a rate below 5 % with 95 % confidence (decision rules, section 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionLimit:
    """The detection limit of a compound as the laboratory determined it.

    Raises
    ------
    ValueError
        If its InChIKey is none, or the limit is not above 0.
    """

    inchikey: Line
    limit: DecimalText
    unit: Line
    matrix: Line | None = None
    determined_on: IsoDate
    method_version: Line

    def __post_init__(self) -> None:
        require_inchikey(self.inchikey)
        if Decimal(self.limit) <= 0:
            raise ValueError(f"limit is {self.limit}, it must be above 0")


@dataclass(frozen=True, slots=True)
class StatedLimit:
    """A detection limit as records print it, and when it was determined."""

    text: Line
    determined_on: IsoDate


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioWindow:
    """A ratio of the peak areas of two markers, with the range that the laboratory's natural sources span.

    Raises
    ------
    ValueError
        If the range is empty or not above 0.
    """

    numerator: Line
    denominator: Line
    least: DecimalText
    most: DecimalText

    def __post_init__(self) -> None:
        if not 0 < Decimal(self.least) <= Decimal(self.most):
            raise ValueError(f"the range from {self.least} to {self.most} is empty or not above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCalibration:
    """How often the laboratory's rule on a natural-type profile held for sources of known origin.

    Attributes
    ----------
    required, absent : tuple of Line
        Ids of markers that must be identified, and of those that must be absent at their limit.
    ratios : tuple of RatioWindow
        Ratios that must lie in their range: the only use of DHEA and androsterone.
    natural_sources, natural_called : int
        Independent sources of natural musk examined, and those that the rule called.
    counter_sources, counter_called : int
        The same for substitutes, artificial and synthetic musk and other animals' secretions.
    holds_moschiferus : bool
        Whether *Moschus moschiferus* is among the natural sources.
    document, determined_on : Text, IsoDate
        Where it is described, and when it was fixed.

    Raises
    ------
    ValueError
        If more sources were called than examined, no marker is required, or one that must be absent is required or
        stands in a ratio: the rule could never hold.
    """

    required: tuple[Line, ...]
    absent: tuple[Line, ...] = ()
    ratios: tuple[RatioWindow, ...] = ()
    natural_sources: int
    natural_called: int
    counter_sources: int
    counter_called: int
    holds_moschiferus: bool
    document: Text
    determined_on: IsoDate

    def __post_init__(self) -> None:
        for called, sources in (
            (self.natural_called, self.natural_sources),
            (self.counter_called, self.counter_sources),
        ):
            if not 0 <= called <= sources:
                raise ValueError(f"{called} of {sources} sources were called")
        if not self.required:
            raise ValueError("required names no marker")
        present = {*self.required, *(m for ratio in self.ratios for m in (ratio.numerator, ratio.denominator))}
        both = sorted(present & {*self.absent})
        if both:
            raise ValueError(
                f"{', '.join(both)} must be absent and stands in required or ratios too: the rule can never hold; "
                "leave it in one of them"
            )

    @property
    def suffices(self) -> bool:
        """Whether it holds enough sources, *M. moschiferus* among them, to be put in force."""
        enough = min(self.natural_sources, self.counter_sources) >= MIN_SOURCES
        return enough and self.holds_moschiferus


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryChemistry:
    """Detection limits and calibration of a laboratory.

    Raises
    ------
    ValueError
        If a compound has two limits: a record could quote either.
    """

    SCHEMA: ClassVar[str] = "musk-id/laboratory-chemistry/1"

    schema: Line
    detection_limits: tuple[DetectionLimit, ...] = ()
    profile: ProfileCalibration | None = None

    def __post_init__(self) -> None:
        keys = [limit.inchikey for limit in self.detection_limits]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"detection_limits: more than one limit of {', '.join(twice)}")
