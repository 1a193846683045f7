"""Likelihood ratio of an item: given only where every condition holds, and then as a judge computes it again."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from barcode_cases import records
from ratio_cases import basis, made, shipped
from scipy.optimize import brentq
from scipy.stats import binom
from stage_cases import Case, barcode, evidence_of

from musk_id.cli.casework import intake_case
from musk_id.library_vocabulary import RatioChange, RatioModel
from musk_id.model.calibration import Calibration
from musk_id.model.ratio import ItemRatio
from musk_id.model.scales import SCALES, VerbalScale
from musk_id.model.values import DecimalText, Line, Sha256
from musk_id.records.canonical import canonical_bytes, canonical_json, parse_record
from musk_id.stages.likelihood_ratio import RatioBasis, ratio_for
from musk_id.stages.ratio_statements import ratio_statements
from musk_id.vocabulary import Finding, Grade, Locus, Reason

SHORT = (Locus.RRNA_12S, Locus.RRNA_16S)
GOOD = {Locus.RRNA_12S: (10, 10, 0, 199), Locus.RRNA_16S: (11, 12, 1, 300)}


@pytest.fixture(scope="module")
def musk_deer(shipped_release) -> Case:  # type: ignore[no-untyped-def]
    letters = {locus: str(records(shipped_release, locus, "Moschus")[0].sequence) for locus in SHORT}
    return Case(sub_samples=(letters, letters))


@pytest.fixture(scope="module")
def found(musk_deer, barcode_library):  # type: ignore[no-untyped-def]
    return barcode(musk_deer, barcode_library)


@pytest.fixture(scope="module")
def calibration(shipped_release) -> Calibration:  # type: ignore[no-untyped-def]
    return shipped(shipped_release)


@pytest.fixture(scope="module")
def judge(found, shipped_release):  # type: ignore[no-untyped-def]
    def run(
        calibration: Calibration | None,
        *,
        grade: Grade = Grade.A,
        finding: Finding = Finding.DETECTED,
        call: dict[str, object] | None = None,
        **changes: object,
    ) -> ItemRatio:
        used = replace(basis(calibration, shipped_release), **changes)  # type: ignore[arg-type]
        item = replace(found.items[0], **(call or {}))
        return ratio_for(item, found.sequences, finding, grade, used)

    return run


def by_tail(k1: int, n1: int, k2: int, n2: int) -> float:
    """Both limits from the binomial tails, as the pages describe them."""
    lower = brentq(lambda p: binom.sf(k1 - 1, n1, p) - 0.05, 1e-9, 1 - 1e-9) if k1 else 0.0
    upper = brentq(lambda p: binom.cdf(k2, n2, p) - 0.05, 1e-9, 1 - 1e-9) if k2 < n2 else 1.0
    return float(lower / upper)


def test_release_2026_1_gives_none_and_says_what_it_lacks(judge, calibration) -> None:  # type: ignore[no-untyped-def]
    ratio = judge(calibration)
    assert ratio.lower is None and ratio.scale is None and ratio.word is None
    assert ratio.reasons == (Reason.TOO_FEW_INDIVIDUALS_H1,)
    assert [(x.locus, x.n1, x.n2, x.bounds) for x in ratio.loci] == [
        (Locus.RRNA_12S, 8, 245, None), (Locus.RRNA_16S, 9, 244, None),
    ]  # fmt: skip
    (said,) = ratio_statements(ratio)
    assert said.phrase == "ratio.none_too_few"
    assert {v.name: v.texts for v in said.values} == {
        "counts": ("12S-V5: 8 / 245", "16S-mam: 9 / 244"),
        "needed": ("10 / 59",),
    }


def test_bounds_are_those_of_the_binomial_tails(judge, calibration) -> None:  # type: ignore[no-untyped-def]
    ratio = judge(made(calibration, GOOD))
    assert ratio.reasons == ()
    for locus in ratio.loci:
        assert locus.bounds is not None
        counts = (locus.k1, locus.n1, locus.k2, locus.n2)
        assert counts == GOOD[locus.locus]
        exact = by_tail(*counts)
        assert exact - 0.0101 <= float(locus.bounds.lower) <= exact + 1e-9
        quotient = Decimal(locus.bounds.rate1_lower) / Decimal(locus.bounds.rate2_upper)
        assert float(quotient) == pytest.approx(exact, rel=1e-3) and float(quotient) <= exact
        assert float(locus.bounds.largest_possible) >= float(locus.bounds.lower)
    first, second = ratio.loci
    assert first.bounds.point is None and second.bounds.point == "275.00"
    # 10/10 and 0/199: 0.05**(1/10) / (1 - 0.05**(1/199)) = 0.74113 / 0.014941.
    assert first.bounds.lower == "49.60" == first.bounds.largest_possible


def test_the_smallest_bound_counts_and_markers_are_never_multiplied(judge, calibration) -> None:  # type: ignore[no-untyped-def]
    ratio = judge(made(calibration, GOOD))
    lowers = {x.locus: Decimal(x.bounds.lower) for x in ratio.loci}
    assert Decimal(ratio.lower) == min(lowers.values())
    assert lowers[ratio.deciding_locus] == min(lowers.values())
    one = {**GOOD, Locus.RRNA_16S: (9, 9, 0, 244)}
    alone = judge(made(calibration, one))
    # A marker without enough items neither adds nor takes away.
    assert alone.deciding_locus is Locus.RRNA_12S and alone.lower == "49.60"
    assert alone.loci[1].reasons == (Reason.TOO_FEW_INDIVIDUALS_H1,) and alone.loci[1].bounds is None


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ((9, 9, 0, 300), Reason.TOO_FEW_INDIVIDUALS_H1),
        ((10, 10, 0, 58), Reason.TOO_FEW_SPECIES_H2),
    ],
)
def test_one_item_fewer_than_the_smallest_numbers_is_refused(judge, calibration, counts, reason) -> None:  # type: ignore[no-untyped-def]
    few = made(calibration, dict.fromkeys(SHORT, counts))
    assert judge(few).reasons == (reason,)
    k1, n1, k2, n2 = counts
    enough = (max(k1, 10), max(n1, 10), k2, max(n2, 59))
    assert judge(made(calibration, dict.fromkeys(SHORT, enough))).reasons == ()


@pytest.mark.parametrize("grade", [Grade.B, Grade.C])
def test_a_grade_below_a_is_refused(judge, calibration, grade) -> None:  # type: ignore[no-untyped-def]
    ratio = judge(made(calibration, GOOD), grade=grade)
    assert ratio.reasons == (Reason.GRADE_BELOW_A,)
    # Nothing is left in the record that could be read as a ratio.
    assert all(not x.models and not x.sensitivity and x.bounds is None for x in ratio.loci)


@pytest.mark.parametrize("finding", [f for f in Finding if f is not Finding.DETECTED])
def test_only_a_detected_genus_has_one(judge, calibration, finding) -> None:  # type: ignore[no-untyped-def]
    assert judge(made(calibration, GOOD), finding=finding).reasons == (Reason.GENUS_NOT_DETECTED,)


@pytest.mark.parametrize(
    "reason",
    [
        Reason.CERTIFIED_MARGIN_SMALL, Reason.OVERLAY_ONLY, Reason.SEVERAL_SEQUENCES, Reason.MIXED_TRACE,
        Reason.REPLICATES_DISAGREE, Reason.LOCI_DISAGREE, Reason.CONTROL_FAILED,
    ],
)  # fmt: skip
def test_a_call_that_is_more_than_the_rule_is_refused(judge, calibration, reason) -> None:  # type: ignore[no-untyped-def]
    assert judge(made(calibration, GOOD), call={"reasons": (reason,)}).reasons == (reason,)


def test_simulated_data_are_refused(found, calibration, shipped_release) -> None:  # type: ignore[no-untyped-def]
    run = replace(found.sequences[0].run, simulated=True)
    results = (replace(found.sequences[0], run=run), *found.sequences[1:])
    used = basis(made(calibration, GOOD), shipped_release)
    assert ratio_for(found.items[0], results, Finding.DETECTED, Grade.A, used).reasons == (Reason.SIMULATED_DATA,)


def test_without_a_calibration_nothing_is_counted(judge) -> None:  # type: ignore[no-untyped-def]
    ratio = judge(None)
    assert ratio.reasons == (Reason.NOT_CALIBRATED,) and ratio.alternatives is None
    assert [(x.k1, x.reasons) for x in ratio.loci] == [(None, (Reason.NOT_CALIBRATED,))] * 2
    assert ratio_statements(ratio)[0].phrase == "ratio.none"
    assert judge(None, call={"loci": ()}).reasons == (Reason.NOT_CALIBRATED,)


def panel_changed(calibration: Calibration, **changes: object) -> Calibration:
    def locus(entry):  # type: ignore[no-untyped-def]
        first = entry.windows[0]
        panel = None if changes.get("panel", 1) is None else replace(first.target.panel, **changes)
        target = replace(first.target, panel=panel)
        return replace(entry, windows=(replace(first, target=target), *entry.windows[1:]))

    return replace(calibration, loci=tuple(map(locus, calibration.loci)))


def test_references_other_than_those_calibrated_are_refused(judge, calibration, shipped_release) -> None:  # type: ignore[no-untyped-def]
    good = made(calibration, GOOD)
    other = (Reason.CALIBRATION_OF_OTHER_REFERENCES,)
    assert judge(panel_changed(good, panel=None)).reasons == other
    assert judge(panel_changed(good, release_sha256=Sha256("0" * 64))).reasons == other
    assert judge(good, own_data=True).reasons == other
    # The release holds 10 records of the genus at 12S and 12 at 16S: eleven individuals were not compared with it.
    held = {Locus.RRNA_12S: (11, 11, 0, 199), Locus.RRNA_16S: (13, 13, 0, 300)}
    assert judge(made(calibration, held)).reasons == other
    fewer = replace(shipped_release, barcodes=tuple(r for r in shipped_release.barcodes if r.genus != "Moschus"))
    assert judge(good, release=fewer).reasons == other


def test_references_that_name_other_animals_are_refused(judge, calibration) -> None:  # type: ignore[no-untyped-def]
    good = made(calibration, dict.fromkeys(SHORT, (10, 10, 1, 199)))
    assert judge(panel_changed(good, called=1)).reasons == ()
    assert judge(panel_changed(good, called=2)).reasons == (Reason.REFERENCES_NAME_ALTERNATIVES,)


def test_counts_of_another_rule_or_list_are_refused(judge, calibration) -> None:  # type: ignore[no-untyped-def]
    good = made(calibration, GOOD)

    def changed(**changes: object) -> Calibration:
        loci = []
        for locus in good.loci:
            first = locus.windows[0]
            target = replace(first.target, ratio=replace(first.target.ratio, **changes))
            loci.append(replace(locus, windows=(replace(first, target=target), *locus.windows[1:])))
        return replace(good, loci=tuple(loci))

    for changes in ({"radius": "9"}, {"margin": "0"}, {"alternatives": "all-animals-1"}):
        assert judge(changed(**changes)).reasons == (Reason.CALIBRATION_OF_OTHER_RULE,)
    assert judge(changed(radius=DecimalText("2.0"))).loci[0].bounds is not None


def test_a_short_query_of_a_coding_marker_takes_the_least_favourable_window(
    found, calibration, shipped_release
) -> None:  # type: ignore[no-untyped-def]
    counts = {0: (10, 10, 0, 199), 104: (10, 10, 2, 199), 208: (10, 10, 1, 199)}

    def locus(entry):  # type: ignore[no-untyped-def]
        if entry.locus is not Locus.COI:
            return entry
        windows = []
        for w in entry.windows:
            k1, n1, k2, n2 = (
                counts.get(w.first_column, (10, 10, 0, 199)) if w.length_bp == 450 else (10, 10, 0, 500)
            )
            ratio = replace(w.target.ratio, k1=k1, n1=n1, k2=k2, n2=n2)
            windows.append(replace(w, target=replace(w.target, ratio=ratio)))
        return replace(entry, windows=tuple(windows))

    wide = replace(calibration, loci=tuple(map(locus, calibration.loci)))
    call = replace(found.items[0], loci=(Locus.COI,))
    more = tuple(replace(r, locus=Locus.COI) for r in shipped_release.barcodes if r.locus is Locus.RRNA_16S)
    richer = replace(shipped_release, barcodes=(*shipped_release.barcodes, *more))

    def at(compared_bp: int) -> ItemRatio:
        results = tuple(replace(r, locus=Locus.COI, compared_bp=compared_bp) for r in found.sequences)
        return ratio_for(call, results, Finding.DETECTED, Grade.A, basis(wide, richer))

    assert [(at(n).loci[0].length_bp, at(n).loci[0].k2) for n in (658, 626, 625, 450)] == [
        (658, 0), (658, 0), (450, 2), (450, 2),
    ]  # fmt: skip
    assert at(150).reasons == (Reason.NOT_CALIBRATED,)


def test_what_the_bound_hangs_on_is_told(judge, calibration) -> None:  # type: ignore[no-untyped-def]
    ratio = judge(made(calibration, {Locus.RRNA_12S: (10, 10, 2, 199)}))
    rows = ratio.loci[0].sensitivity
    assert [r.change for r in rows] == [
        RatioChange.ONE_H1_FEWER_NAMED,
        RatioChange.ONE_H2_MORE_NAMED,
        RatioChange.MOST_INFLUENTIAL_ITEM_LEFT_OUT,
        *[RatioChange.H2_FAMILY_LEFT_OUT] * 3,
        *[RatioChange.H1_SPECIES_LEFT_OUT] * 3,
    ]
    assert [(r.k1, r.n1, r.k2, r.n2) for r in rows[:2]] == [(9, 10, 2, 199), (10, 10, 3, 199)]
    for row in rows:
        assert by_tail(row.k1, row.n1, row.k2, row.n2) - 0.0101 <= float(row.lower)
        assert float(row.lower) <= by_tail(row.k1, row.n1, row.k2, row.n2) + 1e-9
    # Leaving out an individual that was named costs most: 9/9 against 2/199.
    assert (rows[2].k1, rows[2].n1, rows[2].k2, rows[2].n2) == (9, 9, 2, 199)
    # Families hold 67, 66 and 66 species, the first two one that was named each.
    assert [(r.subject, r.k2, r.n2) for r in rows[3:6]] == [
        ("Bovidae", 1, 132), ("Cervidae", 1, 133), ("Suidae", 2, 133),
    ]  # fmt: skip
    assert [(r.k1, r.n1) for r in rows[6:]] == [(6, 6), (7, 7), (7, 7)]
    # The change that leaves the smallest bound is marked, and each has the word of its own bound.
    least = min(Decimal(row.lower) for row in rows)
    assert [row.moves_most for row in rows] == [Decimal(row.lower) == least for row in rows]
    assert 1 <= sum(row.moves_most for row in rows) < len(rows)
    assert [row.word for row in rows] == [SCALES[-1].band(row.lower).word for row in rows]
    without = judge(made(calibration, {Locus.RRNA_12S: (10, 10, 2, 199)}, with_items=False))
    assert [r.change for r in without.loci[0].sensitivity] == [r.change for r in rows[:2]]
    assert without.loci[0].models == ()


@pytest.mark.parametrize("counts", [(10, 10, 0, 199), (10, 10, 3, 199), (7, 10, 30, 80), (1, 10, 60, 80)])
def test_annex_values_never_exceed_the_count_form(judge, calibration, counts) -> None:  # type: ignore[no-untyped-def]
    ratio = judge(made(calibration, {Locus.RRNA_12S: counts}))
    locus = ratio.loci[0]
    assert [m.model for m in locus.models] == list(RatioModel) and locus.score is not None
    for model in locus.models:
        assert model.reason is None
        assert Decimal(model.printed) <= Decimal(locus.bounds.lower)
        assert Decimal(model.elub_lower_log10) <= 0 <= Decimal(model.elub_upper_log10)
        assert 0 <= Decimal(model.cllr_min) <= Decimal(model.cllr) + Decimal("0.0001")


def test_a_model_that_cannot_be_fitted_says_so(judge, calibration) -> None:  # type: ignore[no-untyped-def]
    good = made(calibration, {Locus.RRNA_12S: (10, 10, 0, 199)})

    def flat(entry):  # type: ignore[no-untyped-def]
        if entry.locus is not Locus.RRNA_12S:
            return entry
        (window,) = entry.windows
        held = tuple(replace(i, score=DecimalText("5") if i.is_h1 else i.score) for i in window.target.ratio.items)
        target = replace(window.target, ratio=replace(window.target.ratio, items=held))
        return replace(entry, windows=(replace(window, target=target),))

    ratio = judge(replace(good, loci=tuple(map(flat, good.loci))))
    reasons = {m.model: m.reason for m in ratio.loci[0].models}
    assert reasons[RatioModel.KERNEL_DENSITY] is Reason.MODEL_NOT_FITTED
    assert reasons[RatioModel.PAV] is reasons[RatioModel.LOGISTIC] is None


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        ("0.00", "none"), ("0.99", "none"), ("1.00", "none"), ("2.00", "none"),
        ("2.01", "weak"), ("10.00", "weak"), ("10.01", "moderate"), ("100.00", "moderate"),
        ("100.01", "moderately_strong"), ("1000.00", "moderately_strong"), ("1000.01", "strong"),
        ("10000.00", "strong"), ("10000.01", "very_strong"), ("1000000.00", "very_strong"),
        ("1000000.01", "extremely_strong"),
    ],
)  # fmt: skip
def test_an_edge_of_the_scale_belongs_to_the_weaker_band(ratio: str, word: str) -> None:
    assert SCALES[-1].version == "enfsi-2015"
    assert SCALES[-1].band(DecimalText(ratio)).word == word


def test_a_scale_with_a_gap_is_refused() -> None:
    first, second, *rest = SCALES[-1].bands
    for bands in ((first, *rest), (), (first, second)):
        with pytest.raises(ValueError, match="leave a gap or overlap"):
            VerbalScale(version=Line("x"), verification=SCALES[-1].verification, bands=bands)


def test_a_ratio_stands_with_its_word_or_not_at_all(judge, calibration) -> None:  # type: ignore[no-untyped-def]
    given, refused = judge(made(calibration, GOOD)), judge(calibration)
    assert given.word == "moderate"
    for ratio, change in (
        (given, {"word": None}), (given, {"scale": None}), (given, {"reasons": (Reason.NOT_CALIBRATED,)}),
        (refused, {"word": Line("weak")}), (refused, {"reasons": ()}),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="either a ratio with its word and scale"):
            replace(ratio, **change)


def test_records_carry_it_and_older_ones_are_read_without(
    musk_deer, barcode_library, shipped_release, calibration, demo
) -> None:  # type: ignore[no-untyped-def]
    example = intake_case(demo, demo.laboratory_path.parent / "cases" / "DEMO-A")

    def evidence(used: RatioBasis | None):  # type: ignore[no-untyped-def]
        return evidence_of(musk_deer, barcode_library, shipped_release, example, ratio=used)

    given = evidence(basis(made(calibration, GOOD), shipped_release))
    assert given.items[0].ratio.lower == given.items[0].ratio.loci[1].bounds.lower
    assert "ratio.given_moderate" in [s.phrase for s in given.items[0].statements]
    said = [s.phrase for s in given.limitations]
    assert "limit.likelihood_ratio" in said and "limit.no_likelihood_ratio" not in said
    data = canonical_json(given)
    assert parse_record(type(given), data, "evidence") == given
    none = evidence(basis(calibration, shipped_release))
    assert "ratio.none_too_few" in [s.phrase for s in none.items[0].statements]
    assert "limit.no_likelihood_ratio" in [s.phrase for s in none.limitations]
    assert evidence(None).items[0].ratio is None
    older = json.loads(data)
    for item in older["items"]:
        del item["ratio"]
    assert parse_record(type(given), canonical_bytes(older), "evidence").items[0].ratio is None
