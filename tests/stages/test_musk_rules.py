"""Marker findings, the rules on what they mean, and profiles under a laboratory's own calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from barcode_cases import identity
from chemistry_cases import (
    KETONE,
    METHOD,
    MUSCONE,
    PEAK,
    Standard,
    disturbed,
    entry,
    evidence,
    library,
    match,
    peaks_of,
    sequence,
    spectrum,
    tables,
)

from musk_id.kernels.spectral import to_unit_mass
from musk_id.model.barcode import RunIdentity
from musk_id.model.laboratory_chemistry import MIN_SOURCES, ProfileCalibration, RatioWindow, StatedLimit
from musk_id.model.spectra import MarkerFinding, RuleOutcome, SpectraRecord
from musk_id.model.spectral_table import OwnSpectrum
from musk_id.model.values import DecimalText, Identifier, IsoDate, Line, Text
from musk_id.stages.chemistry_answers import chemical_findings
from musk_id.stages.marker_findings import ions_are_compatible
from musk_id.stages.musk_rules import rules_that_apply, set_aside
from musk_id.stages.natural_profile import ProfileBasis, profile_findings
from musk_id.stages.spectral_library import SpectralLibrary
from musk_id.vocabulary import CompoundStatus, Finding, MaterialClass, Reason

ID, T, D, R = (
    CompoundStatus.IDENTIFIED,
    CompoundStatus.TENTATIVE,
    CompoundStatus.NOT_DETECTED,
    CompoundStatus.NO_REFERENCE,
)


def markers(**found: CompoundStatus) -> tuple[MarkerFinding, ...]:
    """Every marker of the tables, not detected but for those named (``_`` for ``-``)."""
    status = {name.replace("_", "-"): value for name, value in found.items()}
    made = tuple(
        MarkerFinding(
            item_id=Identifier("I1"),
            marker_id=m.marker_id,
            name=m.name,
            group=m.group,
            status=status.get(m.marker_id, D),
            runs=(Identifier("R1"),) if status.pop(m.marker_id, D) is ID else (),
            reasons=(),
            inchikey=m.inchikey,
        )
        for m in tables().markers
    )
    assert not status
    return made


def applied(
    found: tuple[MarkerFinding, ...], material: MaterialClass | None = MaterialClass.SECRETION
) -> dict[str, RuleOutcome]:
    outcomes = rules_that_apply(Identifier("I1"), found, tables().rules, material)
    return {str(o.rule_id): o for o in outcomes}


def phrases(record: SpectraRecord, profile: ProfileCalibration | None = None) -> set[str]:
    found = chemical_findings(Identifier("I1"), record, (), profile, IsoDate("2026-03-10"))
    return {str(s.phrase) for s in (*found.statements, *found.natural_statements, *found.synthetic_statements)}


def test_muscone_is_never_a_test_of_origin_whether_found_or_not() -> None:
    for status in (ID, T):
        assert set(applied(markers(muscone=status))) == {"muscone-found"}
    assert set(applied(markers())) == {"muscone-not-found"}
    assert set(applied(markers(muscone=R))) == {"muscone-not-found"}


def test_civetone_takes_muscopyridine_and_normuscone_out() -> None:
    found = markers(civetone=ID, muscopyridine=ID, normuscone=T, muscone=ID, cholesterol=ID)
    outcomes = tuple(applied(found).values())
    assert {"civetone-sets-aside", "muscopyridine-in-civet"} <= {o.rule_id for o in outcomes}
    left = {m.marker_id: m for m in set_aside(found, outcomes, tables().rules)}
    for marker_id in ("muscopyridine", "normuscone"):
        assert left[marker_id].set_aside_by == "civetone-sets-aside"
        assert Reason.SET_ASIDE_BY_RULE in left[marker_id].reasons
        assert left[marker_id].status is not D
    assert left["muscone"].set_aside_by is None
    without = markers(muscopyridine=ID, muscone=ID)
    assert all(
        m.set_aside_by is None for m in set_aside(without, tuple(applied(without).values()), tables().rules)
    )


def test_a_compound_that_may_be_civetone_counts_for_a_rule_that_limits() -> None:
    found = tuple(
        replace(m, reasons=(Reason.CONFUSABLE_NOT_SEPARATED,)) if m.marker_id == "civetone" else m
        for m in markers(muscopyridine=ID)
    )
    assert "civetone-sets-aside" in applied(found)


def test_steroids_are_used_as_a_calibrated_ratio_only() -> None:
    for marker in ("dhea", "androsterone"):
        found = markers(**{marker: ID})
        outcomes = tuple(applied(found).values())
        assert "steroids-as-ratio" in {o.rule_id for o in outcomes}
        taken = next(m for m in set_aside(found, outcomes, tables().rules) if m.marker_id == marker)
        assert taken.set_aside_by == "steroids-as-ratio"


@pytest.mark.parametrize(
    ("marker", "in_product", "in_perfume"),
    [
        ("musk_ketone", "nitro-in-product", "nitro-in-perfume"),
        ("galaxolide", "polycyclic-in-product", "polycyclic-in-perfume"),
    ],
)
def test_synthetic_musks_mean_other_things_by_material(marker: str, in_product: str, in_perfume: str) -> None:
    found = markers(**{marker: T})
    for material in (MaterialClass.WHOLE_GLAND, MaterialClass.PILL, MaterialClass.PLASTER):
        assert in_product in applied(found, material) and in_perfume not in applied(found, material)
    for material in (MaterialClass.PERFUME, MaterialClass.LIQUID):
        assert in_perfume in applied(found, material) and in_product not in applied(found, material)
    for material in (None, MaterialClass.NOT_DETERMINED):
        both = applied(found, material)
        assert both[in_product].either_reading and both[in_perfume].either_reading
    neither = applied(found, MaterialClass.HAIR)
    assert in_product not in neither and in_perfume not in neither


def test_ketones_without_muscone_need_both_and_no_muscone() -> None:
    assert "ketones-without-muscone" in applied(markers(normuscone=T, cycloheptadecanone=T))
    for found in (
        markers(normuscone=T),
        markers(cycloheptadecanone=T),
        markers(normuscone=T, cycloheptadecanone=T, muscone=T),
    ):
        assert "ketones-without-muscone" not in applied(found)


def test_a_synthetic_musk_is_tentative_with_both_factors_and_never_natural_nor_a_veto() -> None:
    source = entry("NL0014")
    record = match(evidence(disturbed(peaks_of(source), 3)), materials={"I1": MaterialClass.PILL})
    call = record.spectra[0].call
    assert call is not None and call.status is T and call.reasons
    found = chemical_findings(Identifier("I1"), record, ())
    assert found.synthetic is Finding.INCONCLUSIVE and found.natural is Finding.INCONCLUSIVE
    said = phrases(record)
    assert {"chemistry.synthetic_does_not_exclude", "chemistry.no_conclusion_on_origin"} <= said
    assert "rule.polycyclic_in_product" in said and "chemistry.profile_natural_type" not in said
    gap = next(c for c in call.trace if c.name == "spectra.gap_to_other_compound")
    assert gap.deciding_records and call.confusables
    statement = next(s for s in found.statements if s.phrase == "chemistry.tentative")
    assert {v.name for v in statement.values} == {"run", "compound", "forward", "reverse"}


def test_an_identified_synthetic_musk_is_detected_and_still_no_veto() -> None:
    source = entry("NL0014")
    standard = Standard("Galaxolide", source.reference.inchikey, "C18H26O", peaks_of(source))
    record = match(evidence(disturbed(peaks_of(source), 3), sequences=(sequence(standard),)))
    found = chemical_findings(Identifier("I1"), record, ())
    assert found.synthetic is Finding.DETECTED and found.natural is Finding.INCONCLUSIVE
    assert {"chemistry.identified", "chemistry.synthetic_does_not_exclude"} <= phrases(record)
    marker = next(m for m in record.markers if m.marker_id == "galaxolide")
    assert (marker.status, marker.runs, marker.area) == (ID, ("R1",), "180000")
    # The other stereo- and constitution isomers of the group are not called with it.
    assert [m.marker_id for m in record.markers if m.status in (ID, T)] == ["galaxolide"]


def test_ions_without_a_reference_are_compatible_and_no_more() -> None:
    muscone = next(m for m in library().markers if m.marker_id == "muscone")
    assert muscone.accessions == ()
    record = match(evidence(disturbed(KETONE, 4)))
    call = record.spectra[0].call
    assert call is not None and call.status is D
    found = {m.marker_id: m for m in record.markers}
    assert (found["muscone"].status, found["muscone"].ions_compatible) == (R, ("R1",))
    assert "chemistry.ions_compatible" in phrases(record)
    assert "muscone-not-found" in {o.rule_id for o in record.rules}
    for missing in (238, 85):
        short = {mz: v for mz, v in KETONE.items() if mz != missing}
        assert not ions_are_compatible(_unit(short), muscone)
    assert not ions_are_compatible(_unit({**KETONE, 310: 200.0}), muscone)


def _unit(peaks):  # type: ignore[no-untyped-def]
    made = spectrum(peaks)
    return to_unit_mass(made.mz, made.intensity)


def limit(text: str, determined_on: str = "2026-03-10") -> StatedLimit:
    return StatedLimit(Line(text), IsoDate(determined_on))


def test_a_marker_searched_for_in_vain_is_not_detected_at_the_laboratory_s_limit() -> None:
    source = entry("NL0014")
    tonalide = entry("NL0015").reference.inchikey
    dehp = next(m.inchikey for m in library().markers if m.marker_id == "dehp")
    before = IsoDate("2026-03-10")
    limits = {dehp: limit("0.05 ug/mL"), tonalide: limit("0.1 ug/mL")}
    query = disturbed(peaks_of(source), 3)
    record = match(evidence(query, searched_for=(Line(dehp),), measured_on=before), limits=limits)
    found = {m.marker_id: m for m in record.markers}
    assert (found["dehp"].status, found["dehp"].limit, found["dehp"].reasons) == (D, "0.05 ug/mL", ())
    # Not searched for, and one that the named compound may be: no limit.
    assert found["tonalide"].limit is None and Reason.LIMIT_NOT_DETERMINED in found["tonalide"].reasons
    assert found["celestolide"].limit is None
    assert "chemistry.not_detected_at_limit" in phrases(record)


@pytest.mark.parametrize(
    ("determined", "measured", "quoted"),
    [
        ("2026-03-10", "2026-03-10", True),
        ("2026-03-11", "2026-03-10", False),
        ("2026-03-09", None, False),
    ],
)
def test_a_limit_determined_after_the_run_is_not_quoted(
    determined: str, measured: str | None, quoted: bool
) -> None:
    dehp = next(m.inchikey for m in library().markers if m.marker_id == "dehp")
    run = evidence(
        disturbed(peaks_of(entry("NL0014")), 3),
        searched_for=(Line(dehp),),
        measured_on=None if measured is None else IsoDate(measured),
    )
    record = match(run, limits={dehp: limit("0.05 ug/mL", determined)})
    found = next(m for m in record.markers if m.marker_id == "dehp")
    assert (found.limit == "0.05 ug/mL") is quoted
    assert (Reason.LIMIT_FIXED_AFTERWARDS in found.reasons) is not quoted
    assert ("chemistry.limit_fixed_afterwards" in phrases(record)) is not quoted


def test_a_spectrum_like_that_of_a_marker_is_no_search_in_vain() -> None:
    """DEHP without its molecular ion is not named; beside its spectrum it is not "not detected at the limit"."""
    dehp = entry("NL0047")
    background = dict.fromkeys(range(60, 110, 5), 6.0)
    record = match(
        evidence(disturbed({**background, **peaks_of(dehp)}, 3), searched_for=(dehp.reference.inchikey,)),
        limits={str(dehp.reference.inchikey): limit("0.05 ug/mL")},
    )
    call = record.spectra[0].call
    assert call is not None and call.status is D
    found = next(m for m in record.markers if m.marker_id == "dehp")
    assert (found.status, found.limit, found.runs) == (D, None, ("R1",))
    assert Reason.NO_LIBRARY_MATCH in found.reasons and "chemistry.not_detected_at_limit" not in phrases(record)


CALIBRATION = ProfileCalibration(
    required=(Line("muscone"), Line("muscopyridine")),
    absent=(Line("civetone"),),
    natural_sources=60,
    natural_called=57,
    counter_sources=59,
    counter_called=0,
    holds_moschiferus=True,
    document=Text("a protocol"),
    determined_on=IsoDate("2026-01-01"),
)


@pytest.mark.parametrize(
    "contradiction",
    [
        {"absent": (Line("civetone"), Line("muscone"))},
        {
            "ratios": (
                RatioWindow(
                    numerator=Line("dhea"),
                    denominator=Line("civetone"),
                    least=DecimalText("1"),
                    most=DecimalText("2"),
                ),
            )
        },
    ],
)
def test_a_marker_that_must_be_there_and_absent_is_refused(contradiction) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"(muscone|civetone) must be absent and stands in required or ratios"):
        replace(CALIBRATION, **contradiction)


BASIS = ProfileBasis(IsoDate("2026-03-10"), controlled=True, runs={"R1": identity()})


def with_limit(found: tuple[MarkerFinding, ...], *ids: str) -> tuple[MarkerFinding, ...]:
    return tuple(replace(m, limit=Line("1 ng")) if m.marker_id in ids else m for m in found)


def test_a_profile_is_described_only_under_a_calibration_that_suffices() -> None:
    found = with_limit(markers(muscone=ID, muscopyridine=ID), "civetone")

    def said(calibration: ProfileCalibration | None, given: tuple[MarkerFinding, ...] = found) -> set[str]:
        return {str(s.phrase) for s in profile_findings(given, calibration, BASIS).statements}

    assert said(CALIBRATION) == {"chemistry.profile_natural_type"}
    values = {v.name: v.texts[0] for v in profile_findings(found, CALIBRATION, BASIS).statements[0].values}
    # One-sided Clopper-Pearson limits, 95 %: 57 of 60, and 0 of 59 (1 - 0.05 ** (1 / 59) = 0.0495).
    assert (values["natural"], values["counter"], values["upper"]) == ("57/60", "0/59", "5.0")
    assert values["lower"] == "87.5"
    small = {"chemistry.profile_calibration_small", "chemistry.no_conclusion_on_origin"}
    assert said(replace(CALIBRATION, natural_sources=MIN_SOURCES - 1)) == small
    assert said(replace(CALIBRATION, counter_sources=MIN_SOURCES - 1)) == small
    assert said(replace(CALIBRATION, holds_moschiferus=False)) == small
    fixed = {"chemistry.no_conclusion_on_origin", "chemistry.natural_musk_not_detectable"}
    assert said(None) == fixed
    unmet = {"chemistry.profile_not_met", "chemistry.no_conclusion_on_origin"}
    for other in (
        markers(muscone=ID, muscopyridine=ID),
        with_limit(markers(muscone=T, muscopyridine=ID), "civetone"),
        with_limit(markers(muscone=ID), "civetone"),
        with_limit(markers(muscone=ID, muscopyridine=ID, civetone=T), "civetone"),
    ):
        assert said(CALIBRATION, other) == unmet
    aside = tuple(
        replace(m, set_aside_by=Line("civetone-sets-aside")) if m.marker_id == "muscopyridine" else m
        for m in found
    )
    assert said(CALIBRATION, aside) == unmet


def test_ratios_of_a_calibration_need_both_areas_inside_their_range() -> None:
    window = RatioWindow(
        numerator=Line("androsterone"),
        denominator=Line("cholesterol"),
        least=DecimalText("0.2"),
        most=DecimalText("0.5"),
    )
    calibration = replace(CALIBRATION, ratios=(window,))
    base = with_limit(markers(muscone=ID, muscopyridine=ID, androsterone=ID, cholesterol=ID), "civetone")

    def said(androsterone: str | None, cholesterol: str | None) -> str:
        areas = {"androsterone": androsterone, "cholesterol": cholesterol}
        given = tuple(
            replace(m, area=DecimalText(area)) if (area := areas.get(m.marker_id)) is not None else m for m in base
        )
        return str(profile_findings(given, calibration, BASIS).statements[0].phrase)

    inside, outside = "chemistry.profile_natural_type", "chemistry.profile_not_met"
    assert [said("20", "100"), said("50", "100"), said("51", "100"), said("19", "100")] == [
        inside,
        inside,
        outside,
        outside,
    ]
    assert said(None, "100") == said("30", None) == outside


def test_a_profile_under_calibration_leaves_the_answer_on_natural_musk_open() -> None:
    source = entry("NL0014")
    record = match(evidence(disturbed(peaks_of(source), 3)))
    found = chemical_findings(Identifier("I1"), record, (), CALIBRATION)
    assert found.natural is Finding.INCONCLUSIVE and "chemistry.profile_not_met" in phrases(record, CALIBRATION)


def test_two_items_of_a_case_have_their_own_markers_and_rules() -> None:
    source = entry("NL0014")
    muscone = Standard("muscone", MUSCONE, "C16H30O", KETONE)
    c16 = Standard("C16", "LXJDKGYSHYYKFJ-UHFFFAOYSA-N", "C16H30O", None, time="13.9", index_sd="1.0")
    first = evidence(disturbed(KETONE, 5), sequences=(sequence(muscone, c16),), run=identity("R1", "I1"))
    second = evidence(disturbed(peaks_of(source), 3), peak=PEAK, run=identity("R2", "I2"))
    record = match(first, second, method=METHOD)
    found = {(m.item_id, m.marker_id): m.status for m in record.markers}
    assert found[Identifier("I1"), Line("muscone")] is ID and found[Identifier("I2"), Line("muscone")] is R
    assert found[Identifier("I2"), Line("galaxolide")] is T
    rules = {(o.item_id, o.rule_id) for o in record.rules}
    assert ("I1", "muscone-found") in rules and ("I2", "muscone-not-found") in rules


def test_a_spectrum_of_the_laboratory_s_own_gives_a_marker_its_reference(shipped_release) -> None:  # type: ignore[no-untyped-def]
    """Musk xylene has no open spectrum: without one "no reference", with a made one of an overlay tentative."""
    xylene = next(m for m in library().markers if m.marker_id == "musk-xylene")
    ions = {57: 60, 77: 90, 91: 110, 115: 130, 128: 180, 145: 70, 160: 60, 187: 50, 236: 45, 282: 999, 283: 130}
    ions |= {297: 110, 298: 16}
    known = replace(
        entry("NL0014").reference,
        accession=Line("OWN-1"),
        name=Line("musk xylene"),
        inchikey=xylene.inchikey,
        formula=xylene.formula,
        exact_mass=DecimalText("297.09608"),
        peaks=(),
        overlay=Line("own-1"),
    )
    own = OwnSpectrum(known, np.array(sorted(ions)), np.array([ions[mz] for mz in sorted(ions)]))
    query = evidence(disturbed({mz: float(v) for mz, v in ions.items()}, 9))
    for overlay, status in (((), R), ((own,), T)):
        using = SpectralLibrary.from_release(shipped_release, overlay, tables())
        found = {m.marker_id: m for m in match(query, using=using).markers}
        assert found["musk-xylene"].status is status
        assert found["musk-ketone"].status is R


def test_a_calibration_is_not_used_after_the_data_without_controls_or_where_it_tells_nothing_apart() -> None:
    found = with_limit(markers(muscone=ID, muscopyridine=ID), "civetone")

    def said(basis: ProfileBasis = BASIS, calibration: ProfileCalibration = CALIBRATION) -> str:
        return str(profile_findings(found, calibration, basis).statements[0].phrase)

    used, late = "chemistry.profile_natural_type", "chemistry.profile_fixed_afterwards"
    assert said() == used
    assert said(replace(BASIS, measured_on=IsoDate("2026-01-01"))) == used
    assert said(replace(BASIS, measured_on=IsoDate("2025-12-31"))) == late
    assert said(replace(BASIS, measured_on=None)) == late
    assert said(replace(BASIS, controlled=False)) == "chemistry.profile_without_controls"
    assert said(calibration=replace(CALIBRATION, counter_called=59)) == "chemistry.profile_rates_overlap"
    assert said(calibration=replace(CALIBRATION, natural_called=0)) == "chemistry.profile_rates_overlap"
    record = match(evidence(disturbed(peaks_of(entry("NL0014")), 3)))
    obstacles = {Reason.CONTROL_FAILED: True, Reason.SIMULATED_DATA: True, Reason.NO_RAW_DATA: False}
    for reason, obstacle in obstacles.items():
        chemical = chemical_findings(Identifier("I1"), record, (reason,), CALIBRATION, IsoDate("2026-03-10"))
        told = {s.phrase for s in chemical.natural_statements}
        assert ("chemistry.profile_without_controls" in told) is obstacle


def test_compounds_of_several_extracts_make_no_profile_and_no_ratio() -> None:
    window = RatioWindow(
        numerator=Line("muscone"),
        denominator=Line("muscopyridine"),
        least=DecimalText("1"),
        most=DecimalText("50"),
    )
    found = tuple(
        replace(m, runs=(Identifier("R2"),)) if m.marker_id == "muscopyridine" else m
        for m in with_limit(markers(muscone=ID, muscopyridine=ID), "civetone")
    )
    found = tuple(replace(m, area=DecimalText("10")) if m.runs else m for m in found)

    def said(second: RunIdentity, calibration: ProfileCalibration = CALIBRATION) -> str:
        basis = replace(BASIS, runs={"R1": identity(), "R2": second})
        return str(profile_findings(found, calibration, basis).statements[0].phrase)

    same, other = identity("R2"), replace(identity("R2"), extract_id=Identifier("E9"))
    assert said(same) == "chemistry.profile_natural_type"
    assert said(other) == "chemistry.profile_of_several_extracts"
    with_ratio = replace(CALIBRATION, ratios=(window,))
    assert said(same, with_ratio) == "chemistry.profile_natural_type"
    assert said(replace(same, batch_ids=(Identifier("B9"),)), with_ratio) == "chemistry.profile_not_met"


def test_a_compound_of_a_batch_whose_controls_failed_is_not_detected_as_such() -> None:
    source = entry("NL0014")
    injected = sequence(Standard("Galaxolide", str(source.reference.inchikey), "C18H26O", peaks_of(source)))
    record = match(evidence(disturbed(peaks_of(source), 7), sequences=(injected,)))
    clean = chemical_findings(Identifier("I1"), record, ())
    assert (clean.substances, clean.synthetic) == (Finding.DETECTED, Finding.DETECTED)
    failed = chemical_findings(Identifier("I1"), record, (Reason.CONTROL_FAILED,))
    assert (failed.substances, failed.synthetic) == (Finding.INCONCLUSIVE, Finding.INCONCLUSIVE)


def test_only_a_run_that_could_be_compared_searches_in_vain() -> None:
    dehp = next(m.inchikey for m in library().markers if m.marker_id == "dehp")
    good = disturbed(peaks_of(entry("NL0014")), 3)
    unusable = spectrum({50: 1.0, 60: 2.0})
    for searching, expected in ((good, "0.05 ug/mL"), (unusable, None)):
        record = match(
            evidence(good, run=identity("R1")),
            evidence(searching, run=identity("R2"), searched_for=(dehp,), measured_on=IsoDate("2026-03-10")),
            limits={str(dehp): limit("0.05 ug/mL")},
        )
        found = next(m for m in record.markers if m.marker_id == "dehp")
        assert (found.status, found.limit) == (D, expected)
