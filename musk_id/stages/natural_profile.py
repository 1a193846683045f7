"""A natural-type profile: only under the laboratory's own calibration (decision rules, section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from musk_id.kernels.intervals import proportion_lower, proportion_upper
from musk_id.model.barcode import RunIdentity
from musk_id.model.evidence import Statement
from musk_id.model.laboratory_chemistry import MIN_SOURCES, ProfileCalibration, RatioWindow
from musk_id.model.spectra import MarkerFinding
from musk_id.model.values import IsoDate, Line, decimal_at_least, decimal_at_most
from musk_id.stages.statements import say
from musk_id.vocabulary import CompoundStatus, Reason

__all__ = ["ProfileBasis", "ProfileFindings", "profile_findings"]


@dataclass(frozen=True, slots=True)
class ProfileFindings:
    """What is said of a natural-type profile, and why no more is said."""

    statements: tuple[Statement, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ProfileBasis:
    """What the findings on the markers of an item rest on.

    Attributes
    ----------
    measured_on : IsoDate or None
        First date of the item's runs and their batches; ``None`` if one is not recorded.
    controlled : bool
        Whether the data are measured ones, without unexplained remarks, and all required controls passed.
    runs : mapping of str to RunIdentity
        The item's runs by id.
    """

    measured_on: IsoDate | None
    controlled: bool
    runs: Mapping[str, RunIdentity]


def profile_findings(
    markers: tuple[MarkerFinding, ...], calibration: ProfileCalibration | None, basis: ProfileBasis
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
    unused = _why_not_used(calibration, basis)
    if unused is not None:
        return ProfileFindings((unused, no_conclusion), (Reason.NOT_CALIBRATED,))
    status = {m.marker_id: m for m in markers}
    lacking = sorted(i for i in calibration.required if not _identified(status.get(i)))
    present = sorted(i for i in calibration.absent if not _absent(status.get(i)))
    outside = [f"{r.numerator}/{r.denominator}" for r in calibration.ratios if not _within(r, status, basis)]
    if lacking or present or outside:
        told = say("chemistry.profile_not_met", markers=[*lacking, *present, *outside])
        return ProfileFindings((told, no_conclusion), ())
    if not _one_extract([status[marker] for marker in calibration.required], basis):
        return ProfileFindings((say("chemistry.profile_of_several_extracts"), no_conclusion), ())
    lower, upper = _limits(calibration)
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


def _limits(calibration: ProfileCalibration) -> tuple[float, float]:
    """One-sided 95 % limits in percent: lower of the natural sources called, upper of the others."""
    return (
        100 * proportion_lower(calibration.natural_called, calibration.natural_sources),
        100 * proportion_upper(calibration.counter_called, calibration.counter_sources),
    )


def _why_not_used(calibration: ProfileCalibration, basis: ProfileBasis) -> Statement | None:
    """A calibration of enough sources is still not used if it came after the data, or tells nothing apart."""
    lower, upper = _limits(calibration)
    if lower <= upper:
        return say(
            "chemistry.profile_rates_overlap", lower=decimal_at_most(lower, 1), upper=decimal_at_least(upper, 1)
        )
    if basis.measured_on is None or calibration.determined_on > basis.measured_on:
        return say("chemistry.profile_fixed_afterwards", date=calibration.determined_on)
    return None if basis.controlled else say("chemistry.profile_without_controls")


def _one_extract(markers: Iterable[MarkerFinding], basis: ProfileBasis) -> bool:
    """Whether one extract holds all of some compounds: those of several make no profile of a material."""
    extracts = [{basis.runs[run].extract_id for run in marker.runs if run in basis.runs} for marker in markers]
    return bool(set.intersection(*extracts))


def _identified(marker: MarkerFinding | None) -> bool:
    return marker is not None and marker.status is CompoundStatus.IDENTIFIED and marker.set_aside_by is None


def _within(window: RatioWindow, status: Mapping[Line, MarkerFinding], basis: ProfileBasis) -> bool:
    """Whether the ratio of two areas lies in its range; without both areas, of one extract and batch, not."""
    above, below = status.get(window.numerator), status.get(window.denominator)
    if above is None or below is None or above.area is None or below.area is None:
        return False
    origins = {
        (run.extract_id, run.batch_ids)
        for marker in (above, below)
        for run in (basis.runs.get(run_id) for run_id in marker.runs)
        if run is not None
    }
    if len(origins) != 1:
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
