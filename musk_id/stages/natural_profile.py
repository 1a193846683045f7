"""A natural-type profile: only under the laboratory's own calibration (decision rules, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from musk_id.kernels.intervals import proportion_lower, proportion_upper
from musk_id.model.evidence import Statement
from musk_id.model.laboratory_chemistry import MIN_SOURCES, ProfileCalibration, RatioWindow
from musk_id.model.spectra import MarkerFinding
from musk_id.model.values import Line, decimal_at_least, decimal_at_most
from musk_id.stages.statements import say
from musk_id.vocabulary import CompoundStatus, Reason

__all__ = ["ProfileFindings", "profile_findings"]


@dataclass(frozen=True, slots=True)
class ProfileFindings:
    """What is said of a natural-type profile, and why no more is said."""

    statements: tuple[Statement, ...]
    reasons: tuple[Reason, ...]


def profile_findings(
    markers: tuple[MarkerFinding, ...], calibration: ProfileCalibration | None
) -> ProfileFindings:
    """The profile by the laboratory's rule; without a calibration that suffices, the fixed words.

    A profile is described with the rates of the calibration and is no finding on origin: the answer to the
    question on natural musk stays inconclusive.
    """
    no_conclusion = say("chemistry.no_conclusion_on_origin")
    if calibration is None:
        return ProfileFindings(
            (no_conclusion, say("chemistry.natural_musk_not_detectable")),
            (Reason.NOT_CALIBRATED, Reason.NO_REFERENCE_SPECTRUM),
        )
    if not calibration.suffices:
        told = say(
            "chemistry.profile_calibration_small",
            natural=str(calibration.natural_sources),
            counter=str(calibration.counter_sources),
            needed=str(MIN_SOURCES),
        )
        return ProfileFindings((told, no_conclusion), (Reason.NOT_CALIBRATED,))
    status = {m.marker_id: m for m in markers}
    lacking = sorted(i for i in calibration.required if not _identified(status.get(i)))
    present = sorted(i for i in calibration.absent if not _absent(status.get(i)))
    outside = [f"{r.numerator}/{r.denominator}" for r in calibration.ratios if not _within(r, status)]
    if lacking or present or outside:
        told = say("chemistry.profile_not_met", markers=[*lacking, *present, *outside])
        return ProfileFindings((told, no_conclusion), ())
    lower = 100 * proportion_lower(calibration.natural_called, calibration.natural_sources)
    upper = 100 * proportion_upper(calibration.counter_called, calibration.counter_sources)
    return ProfileFindings(
        (
            say(
                "chemistry.profile_natural_type",
                natural=f"{calibration.natural_called}/{calibration.natural_sources}",
                lower=decimal_at_most(lower, 1),
                counter=f"{calibration.counter_called}/{calibration.counter_sources}",
                upper=decimal_at_least(upper, 1),
            ),
        ),
        (),
    )


def _identified(marker: MarkerFinding | None) -> bool:
    return marker is not None and marker.status is CompoundStatus.IDENTIFIED and marker.set_aside_by is None


def _within(window: RatioWindow, status: Mapping[Line, MarkerFinding]) -> bool:
    """Whether the ratio of two areas lies in its range; without both areas it does not."""
    above, below = status.get(window.numerator), status.get(window.denominator)
    if above is None or below is None or above.area is None or below.area is None:
        return False
    return Fraction(window.least) <= Fraction(above.area) / Fraction(below.area) <= Fraction(window.most)


def _absent(marker: MarkerFinding | None) -> bool:
    """Searched for and not seen, with a limit; what was not told apart from a compound named is not absent."""
    return (
        marker is not None
        and marker.status is CompoundStatus.NOT_DETECTED
        and marker.limit is not None
        and Reason.CONFUSABLE_NOT_SEPARATED not in marker.reasons
    )
