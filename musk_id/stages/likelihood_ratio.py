"""Likelihood ratio for the genus of an item: the count form with its bounds, or the reasons why there is none.

Inputs are the call of an item and the calibration of the references that it was compared with. The propositions
are H1, the DNA is that of an animal of the genus of interest, and H2, it is that of an animal of a closed list;
the finding is that the rule of radius and margin names the genus. See ``docs/decisions/ratio-from-counts.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from musk_id.kernels.intervals import count_ratio_lower, proportion_lower, proportion_upper
from musk_id.model.alternatives import ALTERNATIVES
from musk_id.model.barcode import ItemCall, SequenceResult
from musk_id.model.calibration import Calibration, LocusCalibration, RatioCounts, WindowCalibration
from musk_id.model.methods import BarcodeMethod, EvidenceMethod
from musk_id.model.ratio import ItemRatio, LocusRatio, RatioBounds
from musk_id.model.reference import ReferenceRelease
from musk_id.model.scales import SCALES
from musk_id.model.values import DecimalText, Line, decimal_at_least, decimal_at_most, decimal_text
from musk_id.stages.library import LEFT_OUT
from musk_id.stages.ratio_annex import model_ratios
from musk_id.stages.ratio_sensitivity import sensitivity
from musk_id.vocabulary import Finding, Grade, Locus, Reason

__all__ = ["RATIO_DIGITS", "RatioBasis", "ratio_for"]

RATIO_DIGITS = 2
RATE_DIGITS = 6

# Share of a whole window that a query must cover to be judged by it, as in the calibration.
COVERED = Fraction(95, 100)

# Findings on the call beside which no ratio is stated: the finding would not be that of the calibration.
_NOT_THE_RULE_ALONE = (
    Reason.CERTIFIED_MARGIN_SMALL,
    Reason.OVERLAY_ONLY,
    Reason.SEVERAL_SEQUENCES,
    Reason.MIXED_TRACE,
    Reason.REPLICATES_DISAGREE,
    Reason.LOCI_DISAGREE,
    Reason.CONTROL_FAILED,
    Reason.SIMULATED_DATA,
)


@dataclass(frozen=True, slots=True)
class RatioBasis:
    """What a ratio rests on: the calibration (if any) and the rule and references that were used in the case."""

    calibration: Calibration | None
    barcode: BarcodeMethod
    evidence: EvidenceMethod
    release: ReferenceRelease
    own_data: bool = False


def ratio_for(
    call: ItemCall, results: tuple[SequenceResult, ...], finding: Finding, grade: Grade, basis: RatioBasis
) -> ItemRatio:
    """The ratio of an item, or why there is none.

    Parameters
    ----------
    call : ItemCall
        All markers of the item reconciled.
    results : tuple of SequenceResult
        Sequences of the item.
    finding : Finding
        Whether the genus of interest was detected.
    grade : Grade
        Evidence grade of the item's DNA.
    basis : RatioBasis
        Calibration, methods and references.

    Notes
    -----
    The markers are one molecule: what one shows is no second piece of evidence beside the other, and their ratios
    are never multiplied. Of those that have a bound the smallest counts, so that a further marker cannot raise it.
    """
    loci = tuple(_locus_ratio(locus, call, results, basis) for locus in call.loci)
    reasons = _item_reasons(call, results, finding, grade)
    bounded = [locus for locus in loci if locus.bounds is not None]
    if not bounded:
        reasons |= {reason for locus in loci for reason in locus.reasons}
    if not (bounded or reasons):
        reasons = {Reason.NOT_CALIBRATED}  # an item without a marker
    named = next((a for a in ALTERNATIVES if a.version == _alternatives(basis.calibration)), None)
    ratio = ItemRatio(
        item_id=call.item_id,
        grade=grade,
        min_individuals_h1=basis.evidence.min_individuals_h1,
        min_species_h2=basis.evidence.min_species_h2,
        alternatives=named.version if named else None,
        alternatives_described=named.described if named else None,
        loci=loci if not reasons else tuple(map(_counts_only, loci)),
        reasons=tuple(sorted(reasons or {Reason.NOT_CALIBRATED})),
    )
    return ratio if reasons else _given(ratio, bounded)


def _given(ratio: ItemRatio, bounded: list[LocusRatio]) -> ItemRatio:
    deciding = min(bounded, key=lambda locus: (_lower(locus), locus.locus))
    lower, scale = _text(deciding), SCALES[-1]
    return replace(
        ratio, reasons=(), deciding_locus=deciding.locus, lower=lower, word=scale.band(lower).word, scale=scale
    )


def _lower(locus: LocusRatio) -> Decimal:
    return Decimal(_text(locus))


def _text(locus: LocusRatio) -> DecimalText:
    if locus.bounds is None:
        raise ValueError(f"{locus.locus} has no bounds")
    return locus.bounds.lower


def _counts_only(locus: LocusRatio) -> LocusRatio:
    """A marker of an item without a ratio: its counts, and no figure that could be read as one."""
    return replace(locus, bounds=None, sensitivity=(), score=None, models=())


def _alternatives(calibration: Calibration | None) -> Line | None:
    if calibration is None:
        return None
    counts = (w.target.ratio for locus in calibration.loci for w in locus.windows)
    return next((ratio.alternatives for ratio in counts if ratio is not None), None)


def _item_reasons(
    call: ItemCall, results: tuple[SequenceResult, ...], finding: Finding, grade: Grade
) -> set[Reason]:
    reasons = {reason for reason in _NOT_THE_RULE_ALONE if reason in call.reasons}
    if any(result.run.simulated for result in results):
        reasons.add(Reason.SIMULATED_DATA)
    if finding is not Finding.DETECTED:
        reasons.add(Reason.GENUS_NOT_DETECTED)
    if grade is not Grade.A:
        reasons.add(Reason.GRADE_BELOW_A)
    return reasons


def _locus_ratio(
    locus: Locus, call: ItemCall, results: tuple[SequenceResult, ...], basis: RatioBasis
) -> LocusRatio:
    """Counts and bounds of a marker, or the reasons why it has no bounds."""
    used = [r for r in results if r.locus is locus and r.call is not None and not _set_aside(r)]
    named = [r for r in used if r.call is not None and r.call.taxon == basis.barcode.genus]
    queries = (named if call.moschus is Finding.DETECTED else used) or used
    figures = _figures(basis.calibration, locus)
    # Of several sequences of a marker the shortest one is judged: less is known of short queries.
    query = min(queries, key=lambda r: (r.compared_bp, r.run.run_id), default=None)
    windows = _windows(figures, query.compared_bp) if figures is not None and query is not None else []
    if figures is None or query is None or not windows:
        return LocusRatio(locus=locus, reasons=(Reason.NOT_CALIBRATED,))
    chosen, ratio = min(windows, key=lambda pair: _strength(pair[1], basis.evidence))
    counts = LocusRatio(
        locus=locus,
        first_column=chosen.first_column,
        length_bp=chosen.length_bp,
        radius=ratio.radius,
        margin=ratio.margin,
        unit=figures.unit,
        k1=ratio.k1,
        n1=ratio.n1,
        k2=ratio.k2,
        n2=ratio.n2,
        reasons=tuple(sorted(_locus_reasons(figures, chosen, ratio, basis))),
    )
    return counts if counts.reasons else _bounded(counts, ratio, query, basis)


def _set_aside(result: SequenceResult) -> bool:
    return Reason.CONTROL_FAILED in result.reasons


def _figures(calibration: Calibration | None, locus: Locus) -> LocusCalibration | None:
    return next((c for c in calibration.loci if c.locus is locus), None) if calibration is not None else None


_Counted = tuple[WindowCalibration, RatioCounts]


def _windows(figures: LocusCalibration, compared_bp: int) -> list[_Counted]:
    """Windows that say something of a query: whole inserts, the whole window, or the longest that it can cover.

    Where the query lies is not asked: of windows of one length the least favourable is taken.
    """
    counted = [(w, w.target.ratio) for w in figures.windows if w.target.ratio is not None]
    covered = [(w, ratio) for w, ratio in counted if w.length_bp is None or _covers(compared_bp, w, figures)]
    longest = max((w.length_bp or 0 for w, _ in covered), default=0)
    return [(w, ratio) for w, ratio in covered if (w.length_bp or 0) == longest]


def _covers(compared_bp: int, window: WindowCalibration, figures: LocusCalibration) -> bool:
    length = window.length_bp or 0
    whole = max(w.length_bp or 0 for w in figures.windows)
    return compared_bp >= (COVERED * length if length == whole else length)


def _strength(ratio: RatioCounts, method: EvidenceMethod) -> tuple[bool, float, int, int]:
    """Order from the least favourable counts: too few, then by the lower bound."""
    enough = ratio.n1 >= method.min_individuals_h1 and ratio.n2 >= method.min_species_h2
    lower = count_ratio_lower(ratio.k1, ratio.n1, ratio.k2, ratio.n2) if enough else 0.0
    return enough, lower, ratio.n1, ratio.n2


def _locus_reasons(
    figures: LocusCalibration, window: WindowCalibration, ratio: RatioCounts, basis: RatioBasis
) -> set[Reason]:
    reasons = set()
    if ratio.n1 < basis.evidence.min_individuals_h1:
        reasons.add(Reason.TOO_FEW_INDIVIDUALS_H1)
    if ratio.n2 < basis.evidence.min_species_h2:
        reasons.add(Reason.TOO_FEW_SPECIES_H2)
    rule = (Fraction(ratio.radius), Fraction(ratio.margin))
    known = any(a.version == ratio.alternatives for a in ALTERNATIVES)
    if rule != _rule(figures.locus, basis.barcode) or not known or window.target.genus != basis.barcode.genus:
        reasons.add(Reason.CALIBRATION_OF_OTHER_RULE)
    return reasons | _reference_reasons(figures, ratio, basis)


def _rule(locus: Locus, method: BarcodeMethod) -> tuple[Fraction, Fraction]:
    for amplicon in method.amplicons:
        if amplicon.locus is locus:
            return Fraction(amplicon.radius_edits), Fraction(amplicon.margin_edits)
    limits = next(limits for limits in method.long_loci if limits.locus is locus)
    return Fraction(limits.radius_p), Fraction(limits.margin_p)


def _reference_reasons(figures: LocusCalibration, ratio: RatioCounts, basis: RatioBasis) -> set[Reason]:
    """Whether the references of the case are those that the counts speak of.

    The counts come from a library that leaves its own records out in turn. A case is compared with a release: it
    must hold at least as many records of the genus as individuals were counted, and must not have named more of
    the wide sets than the library itself did.
    """
    panel = figures.windows[0].target.panel
    own = [
        record
        for record in basis.release.barcodes
        if record.locus is figures.locus and record.genus == basis.barcode.genus and record.state not in LEFT_OUT
    ]
    other = panel is None or panel.release_sha256 != basis.release.manifest_sha256 or basis.own_data
    reasons = {Reason.CALIBRATION_OF_OTHER_REFERENCES} if other or len(own) < ratio.n1 else set()
    if panel is not None and panel.called > ratio.k2:
        reasons.add(Reason.REFERENCES_NAME_ALTERNATIVES)
    return reasons


def _bounded(counts: LocusRatio, ratio: RatioCounts, query: SequenceResult, basis: RatioBasis) -> LocusRatio:
    k1, n1, k2, n2 = ratio.k1, ratio.n1, ratio.k2, ratio.n2
    lower = count_ratio_lower(k1, n1, k2, n2)
    bounds = RatioBounds(
        rate1_lower=decimal_at_most(proportion_lower(k1, n1), RATE_DIGITS),
        rate2_upper=decimal_at_least(proportion_upper(k2, n2), RATE_DIGITS),
        point=decimal_text(Decimal(k1 * n2) / Decimal(n1 * k2), RATIO_DIGITS) if k2 else None,
        lower=decimal_at_most(lower, RATIO_DIGITS),
        largest_possible=decimal_at_most(count_ratio_lower(n1, n1, 0, n2), RATIO_DIGITS),
    )
    score = _score(query, basis.barcode.genus)
    return replace(
        counts,
        bounds=bounds,
        sensitivity=sensitivity(ratio, RATIO_DIGITS),
        score=score,
        models=model_ratios(ratio.items, score, lower, RATIO_DIGITS),
    )


def _score(query: SequenceResult, genus: str) -> DecimalText | None:
    """How much nearer the genus is than any other, under the view of the names that is least favourable."""
    views: Iterable[DecimalText | None] = (
        view.margin for view in (query.call.views if query.call else ()) if view.nearest_genus == (genus,)
    )
    margins = [margin for margin in views if margin is not None]
    return min(margins, key=Decimal, default=None)
