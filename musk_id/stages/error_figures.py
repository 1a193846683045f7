"""What is known of the error of the comparisons of a case, taken from the calibration (decision rules, section 7).

Only figures of markers, windows and rules that sequences of the case were held against are told: the rule for
the genus of interest always, that for other mammals where it was applied with another radius or margin.
"""

from __future__ import annotations

from fractions import Fraction

from musk_id.library_vocabulary import CongenerStratum
from musk_id.model.barcode import BarcodeRecord
from musk_id.model.calibration import DistanceFigures, LocusCalibration, WindowCalibration
from musk_id.model.error_figures import (
    CalibrationSource,
    CalibrationSummary,
    ComparisonErrors,
    ReleaseCalibration,
)
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.radius import QueryWindow, RadiusGround
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import DecimalText, Line
from musk_id.stages.library import LEFT_OUT
from musk_id.stages.radius_ground import RADIUS, query_window
from musk_id.vocabulary import Locus, Reason

__all__ = ["calibration_summary", "comparison_errors", "insert_length", "stratum_of"]

# Limits of the strata of decision rules, section 7, in percent.
NEAR_PERCENT, FAR_PERCENT = Fraction(2), Fraction(7)
MIDDLE_SHARE = "0.50"


def calibration_summary(
    calibration: ReleaseCalibration | None,
    barcode: BarcodeRecord,
    release: ReferenceRelease,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> CalibrationSummary:
    """Figures for the comparisons of a case.

    Parameters
    ----------
    calibration : ReleaseCalibration or None
        Calibration of the release, if there is one.
    barcode : BarcodeRecord
        Its rule traces name the windows and rules that figures are told for.
    release : ReferenceRelease
        The release; the length of its inserts turns edits into shares.
    method, animals : BarcodeMethod, AnimalMethod
        The rules in force.
    """
    if calibration is None:
        return CalibrationSummary(reason=Reason.NOT_CALIBRATED)
    figures = calibration.calibration
    comparisons = []
    grounds = _grounds(barcode)
    for locus in figures.loci:
        letters = insert_length(release, locus.locus, method)
        for window in locus.windows:
            here = [g for g in grounds if g.window == query_window(locus.locus, window)]
            if here:
                others = any(ground.genus is None for ground in here)
                comparisons += comparison_errors(locus, window, letters, method, animals, others=others)
    library = figures.library
    return CalibrationSummary(
        source=CalibrationSource(
            sha256=calibration.sha256,
            methods=figures.methods,
            library_id=library.library_id,
            library_title=library.title,
            library_date=library.date,
            library_sha256=library.manifest_sha256,
        ),
        comparisons=tuple(comparisons),
    )


def _grounds(barcode: BarcodeRecord) -> list[RadiusGround]:
    """Grounds of the radii of all sequences that have a call."""
    return [
        criterion.ground
        for result in barcode.sequences
        if result.call is not None
        for criterion in result.call.trace
        if criterion.name == RADIUS and criterion.ground is not None
    ]


def insert_length(release: ReferenceRelease, locus: Locus, method: BarcodeMethod) -> int:
    """Middle length of the genus' inserts at a marker, the shorter one of two."""
    lengths = sorted(
        len(record.sequence)
        for record in release.barcodes
        if record.locus is locus and record.genus == method.genus and record.state not in LEFT_OUT
    )
    return lengths[(len(lengths) - 1) // 2] if lengths else 0


def _rule(locus: Locus, method: BarcodeMethod) -> tuple[DecimalText, DecimalText]:
    """Radius and margin for the genus of interest at a marker."""
    for amplicon in method.amplicons:
        if amplicon.locus is locus:
            return DecimalText(str(amplicon.radius_edits)), DecimalText(str(amplicon.margin_edits))
    limits = next(limits for limits in method.long_loci if limits.locus is locus)
    return limits.radius_p, limits.margin_p


def comparison_errors(
    locus: LocusCalibration,
    window: WindowCalibration,
    letters: int,
    method: BarcodeMethod,
    animals: AnimalMethod,
    *,
    others: bool,
) -> list[ComparisonErrors]:
    """Figures of the rules of a window: that for the genus of interest and, with ``others``, for other mammals.

    ``letters`` is the length of an insert, see :func:`insert_length`; coding markers do not need it.
    """
    radius, margin = _rule(locus.locus, method)
    found = [_errors(locus, window, letters, method.version, radius, margin, of_interest=True)]
    rule = (animals.long_radius_p, animals.long_margin_p)
    if others and locus.unit == "p" and rule != (radius, margin):
        found.append(_errors(locus, window, letters, animals.version, *rule, of_interest=False))
    return found


def _errors(
    locus: LocusCalibration,
    window: WindowCalibration,
    letters: int,
    version: Line,
    radius: DecimalText,
    margin: DecimalText,
    *,
    of_interest: bool,
) -> ComparisonErrors:
    target, own = window.target, window.target.radius_basis.own
    middle = next((q.value for q in own.quantiles if q.share == MIDDLE_SHARE), None)
    within = next((w for w in target.within_radius if Fraction(w.radius) == Fraction(radius)), None)
    where: QueryWindow = query_window(locus.locus, window)
    # Without an insert to divide by, edits are no share and lie in no stratum.
    known = locus.unit == "p" or letters > 0
    return ComparisonErrors(
        window=where,
        method=version,
        unit=locus.unit,
        radius=radius,
        margin=margin,
        individuals=window.individuals,
        species=window.species,
        genera=window.genera,
        genus=target.genus,
        own_individuals=own.individuals,
        own_smallest=own.smallest,
        own_middle=middle,
        own_largest=own.largest,
        own_stratum=None if middle is None or not known else stratum_of(middle, locus.unit, letters),
        own_strata=_strata(own, locus.unit, letters) if known else (),
        panel=locus.windows[0].target.panel if of_interest else None,
        within_radius=within if of_interest else None,
        errors=tuple(
            e
            for e in window.errors
            if (Fraction(e.radius), Fraction(e.margin)) == (Fraction(radius), Fraction(margin))
        ),
    )


def stratum_of(distance: DecimalText, unit: str, letters: int) -> CongenerStratum:
    """Stratum of a distance to the nearest other species: a share, or edits of an insert of ``letters``."""
    percent = Fraction(distance) * 100 / (letters if unit == "edits" else 1)
    if percent < NEAR_PERCENT:
        return CongenerStratum.BELOW_2_PERCENT
    return CongenerStratum.FROM_2_TO_7_PERCENT if percent <= FAR_PERCENT else CongenerStratum.ABOVE_7_PERCENT


def _strata(own: DistanceFigures, unit: str, letters: int) -> tuple[CongenerStratum, ...]:
    """Strata in which a listed distance of the genus lies, nearest first."""
    values = {own.smallest, own.largest, *(q.value for q in own.quantiles)} - {None}
    held = {stratum_of(value, unit, letters) for value in values if value is not None}
    return tuple(stratum for stratum in CongenerStratum if stratum in held)
