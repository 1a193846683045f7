"""Identification against a reference of the same sequence: every criterion, its limit, and its absence."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from barcode_cases import PROVENANCE, identity
from chemistry_cases import (
    BATCH_DATE,
    CYCLOHEXADECANONE,
    KETONE,
    LADDER,
    METHOD,
    MUSCONE,
    PEAK,
    Standard,
    disturbed,
    entry,
    library,
    match,
    peaks_of,
    sequence,
    sheet,
    single,
    spectrum,
)
from chemistry_cases import evidence as made_evidence

from musk_id.model.chromatography import MeasuredPeak, RuleDeparture, RuleFixed, SheetPeak
from musk_id.model.methods import SPECTRA_METHODS
from musk_id.model.spectra import CompoundCall
from musk_id.model.technical import FailedRun
from musk_id.model.values import DecimalText, Identifier, IsoDate, Line, Text
from musk_id.stages.injections import injections_of
from musk_id.stages.spectra import match_spectra
from musk_id.vocabulary import CompoundStatus, ControlKind, ControlResult, CriterionOutcome, Reason

GALAXOLIDE = entry("NL0014")
REFERENCE = Standard(
    "Galaxolide", GALAXOLIDE.reference.inchikey, GALAXOLIDE.reference.formula, peaks_of(GALAXOLIDE)
)
QUERY = disturbed(peaks_of(GALAXOLIDE), 7)


def call(query=QUERY, *sequences, **more) -> CompoundCall:  # type: ignore[no-untyped-def]
    found = single(query, *(sequences or (sequence(REFERENCE),)), **more).call
    assert found is not None
    return found


def outcome(found: CompoundCall, name: str) -> CriterionOutcome:
    return next(c.outcome for c in found.trace if c.name == name)


def test_all_criteria_passed_is_identified_and_each_stands_in_the_trace() -> None:
    found = call()
    assert (found.status, found.name) == (CompoundStatus.IDENTIFIED, "Galaxolide")
    assert (found.inchikey, found.accession, found.reasons) == (REFERENCE.inchikey, "CHEM-1 S1", ())
    assert {c.outcome for c in found.trace} <= {CriterionOutcome.PASSED}
    assert [c.name.removeprefix("spectra.") for c in found.trace] == [
        "forward_match_factor",
        "reverse_match_factor",
        "reference_same_sequence",
        "rule_fixed_beforehand",
        "retention_time",
        "retention_index",
        "ion_ratios",
        "signal_to_noise",
        "process_blank",
        "carry_over_blank",
        "above_molecular_ion",
        "isotopes",
    ]


def blank(kind: ControlKind, *peaks: SheetPeak | None):  # type: ignore[no-untyped-def]
    """The sequence with other peaks in a blank; one ``None``: nobody looked."""
    made = sheet(REFERENCE)
    rows = tuple(
        replace(row, peaks=None if peaks == (None,) else tuple(peaks)) if row.kind is kind else row
        for row in made.rows
    )
    found = injections_of(replace(made, rows=rows), {"s1.msp": disturbed(peaks_of(GALAXOLIDE), 1)})
    assert found is not None
    return found


def at(time: str, area: str | None = None, inchikey: str | None = None) -> SheetPeak:
    more = {} if inchikey is None else {"inchikey": Line(inchikey), "name": Line("x"), "formula": Line("C18H26O")}
    return SheetPeak(
        retention_time_min=DecimalText(time), area=None if area is None else DecimalText(area), **more
    )


def peak(**changes: str | None) -> MeasuredPeak:
    return replace(PEAK, **{k: None if v is None else DecimalText(v) for k, v in changes.items()})


P, F, N = CriterionOutcome.PASSED, CriterionOutcome.FAILED, CriterionOutcome.NOT_TESTED


@pytest.mark.parametrize(
    ("criterion", "changed", "expected"),
    [
        # 0.2 % of 12.340 min is 0.02468 min.
        ("retention_time", {"retention_time_min": "12.36468"}, P),
        ("retention_time", {"retention_time_min": "12.36469"}, F),
        ("retention_time", {"retention_time_min": "12.31532"}, P),
        ("retention_time", {"retention_time_min": "12.31531"}, F),
        ("retention_time", {"retention_time_min": None}, N),
        ("signal_to_noise", {"signal_to_noise_base": "10", "signal_to_noise_weakest": "3"}, P),
        ("signal_to_noise", {"signal_to_noise_base": "9.99"}, F),
        ("signal_to_noise", {"signal_to_noise_weakest": "2.99"}, F),
        ("signal_to_noise", {"signal_to_noise_weakest": None}, N),
    ],
)
def test_limits_of_the_peak(criterion: str, changed: dict[str, str | None], expected: CriterionOutcome) -> None:
    found = call(peak=peak(**changed))
    assert outcome(found, f"spectra.{criterion}") is expected
    identified = found.status is CompoundStatus.IDENTIFIED
    assert identified is (expected is P)
    if expected is F:
        assert Reason.IDENTIFICATION_NOT_MET in found.reasons
    if expected is N:
        assert found.status is CompoundStatus.TENTATIVE and Reason.IDENTIFICATION_NOT_TESTED in found.reasons


@pytest.mark.parametrize(
    ("kind", "peaks", "expected"),
    [
        (ControlKind.PROCESS_BLANK, (at("12.345", "18000"),), P),
        (ControlKind.PROCESS_BLANK, (at("12.345", "18001"),), F),
        (ControlKind.PROCESS_BLANK, (at("12.345"),), N),
        (ControlKind.PROCESS_BLANK, (at("12.9", "90000"),), P),
        (ControlKind.PROCESS_BLANK, (at("12.9", "90000", GALAXOLIDE.reference.inchikey),), F),
        (ControlKind.PROCESS_BLANK, (None,), N),
        (ControlKind.CARRY_OVER_BLANK, (at("12.35", "1"),), F),
        (ControlKind.CARRY_OVER_BLANK, (at("12.9", "1"),), P),
        (ControlKind.CARRY_OVER_BLANK, (None,), N),
    ],
)
def test_limits_of_the_blanks(
    kind: ControlKind, peaks: tuple[SheetPeak | None, ...], expected: CriterionOutcome
) -> None:
    name = "process_blank" if kind is ControlKind.PROCESS_BLANK else "carry_over_blank"
    found = call(QUERY, blank(kind, *peaks))
    assert outcome(found, f"spectra.{name}") is expected
    assert (found.status is CompoundStatus.IDENTIFIED) is (expected is P)


def test_a_sequence_without_a_blank_of_a_kind_identifies_nothing() -> None:
    made = sheet(REFERENCE)
    for kind in (ControlKind.PROCESS_BLANK, ControlKind.CARRY_OVER_BLANK):
        rows = tuple(row for row in made.rows if row.kind is not kind)
        without = injections_of(replace(made, rows=rows), {"s1.msp": disturbed(peaks_of(GALAXOLIDE), 1)})
        assert without is not None and call(QUERY, without).status is CompoundStatus.TENTATIVE


def test_a_reference_of_another_sequence_or_without_a_spectrum_identifies_nothing() -> None:
    none = single(QUERY, peak=PEAK).call
    assert none is not None and none.status is CompoundStatus.TENTATIVE
    assert none.reasons == (Reason.LIBRARY_REFERENCE_ONLY,)
    assert outcome(none, "spectra.reference_same_sequence") is N
    bare = call(QUERY, sequence(replace(REFERENCE, peaks=None)))
    assert bare.status is CompoundStatus.TENTATIVE and bare.reasons == (Reason.LIBRARY_REFERENCE_ONLY,)


def test_retention_indices_come_from_the_ladder_or_are_stated() -> None:
    found = call()
    index = next(c for c in found.trace if c.name == "spectra.retention_index")
    low, high = Fraction(LADDER[20]), Fraction(LADDER[21])
    expected = 100 * (20 + (Fraction("12.340") - low) / (high - low))
    assert index.limit == f"{float(expected):.2f} ± 5"
    unladdered = sheet(replace(REFERENCE, index="1830.0"))
    rows = tuple(row for row in unladdered.rows if row.kind is not ControlKind.LADDER)
    made = injections_of(replace(unladdered, rows=rows), {"s1.msp": disturbed(peaks_of(GALAXOLIDE), 1)})
    assert made is not None
    for stated, expected_outcome in (("1835.0", P), ("1825.0", P), ("1835.1", F), (None, N)):
        one = call(QUERY, made, peak=peak(retention_index=stated))
        assert outcome(one, "spectra.retention_index") is expected_outcome
        assert (one.status is CompoundStatus.IDENTIFIED) is (expected_outcome is P)


def clean(base: int, ions: dict[int, float]) -> dict[int, float]:
    """Enough other peaks for the match factors, far from the ions in question."""
    return {**dict.fromkeys(range(60, 100, 3), 10.0), base: 1000.0, **ions}


def test_ion_ratios_are_held_to_thirty_percent_of_the_ratio() -> None:
    """A made compound of mass 258 whose five ions are all that counts."""
    expected = clean(243, {171: 300.0, 213: 400.0, 185: 100.0, 258: 200.0, 259: 39.0})
    reference = Standard("Made", "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "C18H26O", expected)
    made = sheet(reference)
    injected = injections_of(made, {"s1.msp": spectrum(expected)})
    assert injected is not None
    for ion in (171, 213, 185, 258):
        for share, wanted in ((1.29, P), (0.71, P), (1.32, F), (0.68, F)):
            found = call(spectrum({**expected, ion: expected[ion] * share, 61: 7.0}), injected)
            assert outcome(found, "spectra.ion_ratios") is wanted, (ion, share)
            assert (found.status is CompoundStatus.IDENTIFIED) is (wanted is P)


def test_published_rule_sets_differ_where_their_texts_do() -> None:
    expected = clean(243, {171: 300.0, 213: 600.0, 185: 100.0, 258: 200.0, 259: 39.0})
    reference = Standard("Made", "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "C18H26O", expected)
    bands = {
        "ei-identify-1": {213: (775, 785), 185: (129, 132)},
        "ei-identify-sante-12089-1": {213: (775, 785), 185: (129, 132)},
        "ei-identify-eu-2021-808-1": {213: (839, 842), 185: (139, 142)},
        "ei-identify-wada-idcr-1": {213: (699, 702), 171: (359, 362), 185: (149, 152)},
        "ei-identify-epa-tic-1": {213: (799, 802), 171: (499, 502)},
    }
    assert set(bands) == {m.version for m in SPECTRA_METHODS if m.identification is not None}
    for version, ions in bands.items():
        method = next(m for m in SPECTRA_METHODS if m.version == version)
        rule = RuleFixed(method_version=method.version, fixed_on=IsoDate(BATCH_DATE))
        injected = injections_of(sheet(reference, spectra_rule=rule), {"s1.msp": spectrum(expected)})
        assert injected is not None
        for ion, (inside, outside) in ions.items():
            for value, wanted in ((inside, P), (outside, F)):
                query = spectrum({**expected, ion: float(value), 61: 7.0})
                found = call(query, injected, method=method)
                assert outcome(found, "spectra.ion_ratios") is wanted, (version, ion, value)


def test_a_spectrum_without_its_molecular_ion_is_not_identified() -> None:
    expected = clean(113, {127: 300.0, 141: 400.0, 155: 100.0})
    injected = sequence(Standard("Made", "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "C18H26O", expected))
    found = single(disturbed(expected, 3), injected).call
    assert found is not None and found.status is not CompoundStatus.IDENTIFIED


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, N),
        (RuleFixed(method_version=METHOD.version, fixed_on=IsoDate(BATCH_DATE)), P),
        (RuleFixed(method_version=METHOD.version, fixed_on=IsoDate("2026-03-11")), F),
        (RuleFixed(method_version=Line("ei-identify-epa-tic-1"), fixed_on=IsoDate("2026-03-01")), F),
    ],
)
def test_the_rule_is_fixed_before_the_batch(rule: RuleFixed | None, expected: CriterionOutcome) -> None:
    found = call(QUERY, sequence(REFERENCE, spectra_rule=rule))
    assert outcome(found, "spectra.rule_fixed_beforehand") is expected
    assert (found.status is CompoundStatus.IDENTIFIED) is (expected is P)


def test_a_rule_taken_afterwards_is_told_and_the_stricter_of_both_holds() -> None:
    expected = clean(243, {171: 300.0, 213: 600.0, 185: 100.0, 258: 200.0, 259: 39.0})
    reference = Standard("Made", "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "C18H26O", expected)
    departure = RuleDeparture(
        to_version=METHOD.version, reason=Text("a reason"), person=Line("A"), date=IsoDate("2026-03-12")
    )
    fixed = RuleFixed(
        method_version=Line("ei-identify-wada-idcr-1"), fixed_on=IsoDate("2026-03-01"), departure=departure
    )
    injected = injections_of(sheet(reference, spectra_rule=fixed), {"s1.msp": spectrum(expected)})
    assert injected is not None
    both = call(spectrum({**expected, 213: 650.0, 61: 7.0}), injected)
    assert both.status is CompoundStatus.IDENTIFIED and both.reasons == (Reason.RULE_CHANGED_AFTERWARDS,)
    # 75 of 60: within 30 % relative, beyond ten points of the rule that was fixed.
    one = call(spectrum({**expected, 213: 750.0, 61: 7.0}), injected)
    assert one.status is not CompoundStatus.IDENTIFIED and outcome(one, "spectra.ion_ratios") is F


def test_two_references_that_both_fit_name_neither() -> None:
    other = replace(REFERENCE, name="Other", inchikey="BBBBBBBBBBBBBB-UHFFFAOYSA-N", seed=2)
    found = call(QUERY, sequence(REFERENCE, other))
    assert found.status is CompoundStatus.TENTATIVE and found.accession is None and found.name is None
    assert {"Galaxolide", "Other"} <= set(found.confusables)


@pytest.mark.parametrize(
    ("isomer", "status", "expected"),
    [
        (None, CompoundStatus.TENTATIVE, N),
        # A deviation of 1.5 at one of the two: 4.5 units apart are needed; the query has the index 2036.
        (Standard("C16", CYCLOHEXADECANONE, "C16H30O", None, time="12.401", index_sd="1.5"), None, P),
        (Standard("C16", CYCLOHEXADECANONE, "C16H30O", None, time="12.380", index_sd="1.5"), None, F),
        (Standard("C16", CYCLOHEXADECANONE, "C16H30O", None, time="12.401"), CompoundStatus.TENTATIVE, N),
    ],
)
def test_macrocycles_need_their_isomers_apart(
    isomer: Standard | None, status: CompoundStatus | None, expected: CriterionOutcome
) -> None:
    """Muscone has no open reference: injected, it is still its group's name while its isomer is not told apart."""
    muscone = Standard("muscone", MUSCONE, "C16H30O", KETONE)
    found = call(disturbed(KETONE, 5), sequence(muscone, *(() if isomer is None else (isomer,))))
    assert outcome(found, "spectra.isomers") is expected
    identified = expected is P
    assert found.status is (CompoundStatus.IDENTIFIED if identified else status or CompoundStatus.TENTATIVE)
    if not identified:
        group = library().group_of(MUSCONE)
        assert group is not None and (found.name, found.inchikey) == (group.name, None)


def test_stereoisomers_among_the_markers_count_as_isomers() -> None:
    from musk_id.model.injections import InjectedReference
    from musk_id.model.values import Identifier
    from musk_id.stages.isomers import isomers_of

    def of(key: str, formula: str) -> list[str]:
        reference = InjectedReference(
            batch_id=Identifier("B"),
            position=Line("1"),
            name=Line("x"),
            inchikey=Line(key),
            formula=Line(formula),
            retention_time_min=DecimalText("1"),
        )
        return list(isomers_of(reference, library()))

    marker = {m.marker_id: m.inchikey for m in library().markers}
    androsterone = of(marker["androsterone"], "C19H30O2")
    assert {marker["epiandrosterone"], marker["etiocholanolone"]} <= set(androsterone)
    # An enantiomer is the same peak on this column: no index tells it from the racemate.
    assert of(marker["muscone"], "C16H30O") == [CYCLOHEXADECANONE]


def test_an_exhibit_equal_to_its_reference_is_refused() -> None:
    same = disturbed(peaks_of(GALAXOLIDE), 1)
    result = single(same, sequence(REFERENCE))
    assert result.call is None and result.hits == () and Reason.SELF_MATCH in result.reasons


def with_ions(peaks: dict[int, float], ions: dict[int, float]):  # type: ignore[no-untyped-def]
    return spectrum({**peaks, **ions})


@pytest.mark.parametrize("ions", [{300: 100.0}, {300: 5000.0}, {299: 10.0, 300: 20.0, 301: 30.0}])
def test_a_copy_with_a_few_ions_more_is_refused_and_told(ions: dict[int, float]) -> None:
    from musk_id.stages.chemistry_answers import chemical_findings

    record = match(made_evidence(with_ions(peaks_of(GALAXOLIDE), ions), peak=PEAK))
    result = record.spectra[0]
    assert result.call is None and result.hits == () and result.reasons == (Reason.SELF_MATCH_SUSPECTED,)
    criterion = next(c for c in result.quality if c.name == "spectra.copy")
    assert criterion.deciding_records == (GALAXOLIDE.reference.accession,) and criterion.outcome is F
    said = {str(s.phrase) for s in chemical_findings(Identifier("I1"), record, ()).statements}
    assert "chemistry.self_match_suspected" in said and "chemistry.tentative" not in said


def test_a_copy_without_a_few_ions_or_with_one_changed_is_refused() -> None:
    peaks = peaks_of(GALAXOLIDE)
    for changed in ({mz: v for mz, v in peaks.items() if mz not in (213, 91)}, {**peaks, 243: 300.0}):
        assert match(made_evidence(spectrum(changed), peak=PEAK)).spectra[0].reasons == (
            Reason.SELF_MATCH_SUSPECTED,
        )
    # Another measurement: every intensity a little different.
    for seed in range(20):
        assert single(disturbed(peaks, seed, 0.02)).reasons == ()


def test_a_standard_copied_from_the_library_with_one_ion_more_identifies_nothing() -> None:
    made = sheet(REFERENCE)
    for peaks, wanted in (
        (with_ions(peaks_of(GALAXOLIDE), {300: 90.0}), F),
        (disturbed(peaks_of(GALAXOLIDE), 1), P),
    ):
        injected = injections_of(made, {"s1.msp": peaks})
        assert injected is not None
        found = call(QUERY, injected)
        assert outcome(found, "spectra.reference_same_sequence") is wanted
        assert (found.status is CompoundStatus.IDENTIFIED) is (wanted is P)


@pytest.mark.parametrize("fields", [{"comment": "in-silico, CFM-ID 4.0"}, {"instrument_type": "in-silico QTOF"}])
def test_a_predicted_reference_identifies_nothing(fields: dict[str, str]) -> None:
    predicted = disturbed(peaks_of(GALAXOLIDE), 1, **fields)
    injected = injections_of(sheet(REFERENCE), {"s1.msp": predicted})
    assert injected is not None
    found = call(QUERY, injected)
    assert found.status is CompoundStatus.TENTATIVE and outcome(found, "spectra.reference_same_sequence") is F
    criterion = next(c for c in found.trace if c.name == "spectra.reference_same_sequence")
    assert "in-silico" in criterion.measured
    # Of an exhibit that is declared as simulated, as those of the demonstration are, it says nothing new.
    declared = match(made_evidence(QUERY, sequences=(injected,), run=replace(identity(), simulated=True)))
    assert declared.spectra[0].call is not None
    assert declared.spectra[0].call.status is CompoundStatus.IDENTIFIED


def test_a_predicted_exhibit_is_not_compared_and_told() -> None:
    from musk_id.stages.chemistry_answers import chemical_findings

    query = disturbed(peaks_of(GALAXOLIDE), 7, comments='"predicted by QCEIMS"')
    record = match(made_evidence(query))
    assert record.spectra[0].call is None and record.spectra[0].reasons == (Reason.SIMULATED_DATA,)
    said = {str(s.phrase) for s in chemical_findings(Identifier("I1"), record, ()).statements}
    assert "chemistry.predicted" in said


@pytest.mark.parametrize("carbons", [0, -1, 121])
def test_a_ladder_holds_alkanes_only(carbons: int) -> None:
    with pytest.raises(ValueError, match=f"carbons is {carbons}, an n-alkane of a ladder has from 1 to 120"):
        SheetPeak(retention_time_min=DecimalText("1.5"), carbons=carbons)
    assert SheetPeak(retention_time_min=DecimalText("1.5"), carbons=1).carbons == 1


SITOSTEROL = "KZJWDPNRJALLNS-VJSFXXLFSA-N"


@pytest.mark.parametrize(
    ("isomer", "expected"),
    [
        (None, N),
        (Standard("24-epimer", "KZJWDPNRJALLNS-FBZNIEFRSA-N", "C29H50O", None, time="12.401", index_sd="1.5"), P),
        (Standard("24-epimer", "KZJWDPNRJALLNS-FBZNIEFRSA-N", "C29H50O", None, time="12.350", index_sd="1.5"), F),
    ],
)
def test_a_sterol_whose_formula_is_in_no_table_needs_an_isomer_apart(
    isomer: Standard | None, expected: CriterionOutcome
) -> None:
    """Sitosterol C29H50O, mass 414: no marker has its formula, and its epimer gives the same spectrum."""
    made = clean(414, {399: 300.0, 396: 400.0, 329: 350.0, 303: 320.0, 213: 410.0, 415: 320.0})
    standard = Standard("sitosterol", SITOSTEROL, "C29H50O", made)
    assert "C29H50O" not in {m.formula for m in library().markers}
    query = disturbed(made, 5)
    found = call(query, sequence(standard, *(() if isomer is None else (isomer,))))
    assert outcome(found, "spectra.isomers") is expected
    assert (found.status is CompoundStatus.IDENTIFIED) is (expected is P)
    if expected is not P:
        assert found.name is None and found.accession is None


def test_an_integration_by_hand_never_makes_an_answer_stronger() -> None:
    """Eighteen thousand in the blank: 180,000 is ten times that, 100,000 is not; both ways round."""
    injected = blank(ControlKind.PROCESS_BLANK, at("12.345", "18000"))
    for before, after in (("180000", "100000"), ("100000", "180000")):
        query = made_evidence(
            QUERY,
            sequences=(injected,),
            peak=peak(area=before),
            reintegrated_area=DecimalText(after),
        )
        result = match(query).spectra[0]
        effect = result.reintegration
        assert effect is not None and result.call is not None
        assert {effect.status_without, effect.status_with} == {
            CompoundStatus.IDENTIFIED,
            CompoundStatus.TENTATIVE,
        }
        assert result.call.status is CompoundStatus.TENTATIVE
        assert Reason.REINTEGRATION_CHANGES_ANSWER in result.call.reasons
    same = made_evidence(QUERY, sequences=(injected,), reintegrated_area=DecimalText("190000"))
    kept = match(same).spectra[0]
    assert kept.call is not None and kept.call.status is CompoundStatus.IDENTIFIED and kept.call.reasons == ()


def test_peaks_above_the_molecular_ion_belong_to_something_else() -> None:
    base = {float(mz): float(v) for mz, v in zip(QUERY.mz.tolist(), QUERY.intensity.tolist(), strict=True)}
    strong = 0.05 * max(base.values())

    def with_peak(mz: int) -> CompoundCall:
        return call(spectrum({int(m): v for m, v in base.items()} | {mz: strong}))

    # Mass 258: a trimethylsilyl group more is 330; isotopes reach 264; 281 is the column.
    tms = with_peak(330)
    assert outcome(tms, "spectra.above_molecular_ion") is F
    assert (tms.status, tms.name) == (CompoundStatus.NOT_DETECTED, None)
    for mz in (264, 281):
        assert with_peak(mz).status is CompoundStatus.IDENTIFIED


def test_a_reference_heavier_than_its_formula_is_left_out_as_a_derivative(shipped_release) -> None:  # type: ignore[no-untyped-def]
    from chemistry_cases import tables

    from musk_id.model.reference import ReferencePeak
    from musk_id.stages.spectral_library import SpectralLibrary

    first = next(r for r in shipped_release.spectra if r.accession == GALAXOLIDE.reference.accession)
    heavier = replace(first, peaks=(*first.peaks, ReferencePeak(mz=DecimalText("330.2"), intensity=200)))
    release = replace(shipped_release, spectra=(heavier,))
    assert SpectralLibrary.from_release(release, tables=tables()).spectra == ()
    assert len(SpectralLibrary.from_release(replace(release, spectra=(first,)), tables=tables()).spectra) == 1


@pytest.mark.parametrize(
    ("heavier", "expected"),
    # C18H26O: 18 x 0.0108 = 0.1944 of the molecular ion; from half of it to twice.
    [(38.0, F), (40.0, P), (155.0, P), (157.0, F)],
)
def test_isotope_peaks_are_those_of_the_formula(heavier: float, expected: CriterionOutcome) -> None:
    made = clean(243, {171: 300.0, 213: 400.0, 185: 100.0, 258: 400.0, 259: 78.0})
    reference = Standard("Made", "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "C18H26O", made)
    injected = injections_of(sheet(reference), {"s1.msp": spectrum(made)})
    assert injected is not None
    # Other intensities, too, or it would be a copy of the reference with one peak changed.
    other = {mz: value * (1.03 if mz % 2 else 0.98) for mz, value in made.items()}
    found = call(spectrum({**other, 258: 400.0, 259: heavier, 61: 7.0}), injected)
    assert outcome(found, "spectra.isotopes") is expected
    assert (found.status is CompoundStatus.IDENTIFIED) is (expected is P)


def test_a_peak_belongs_to_one_spectrum_or_to_none() -> None:
    """Two spectra in a file, or in two files of a run, and one retention time: neither is identified."""
    other = disturbed(peaks_of(GALAXOLIDE), 8)
    injected = (sequence(REFERENCE),)
    for found in (
        match(made_evidence(QUERY, other, sequences=injected)),
        match(made_evidence(QUERY, sequences=injected), made_evidence(other, sequences=injected)),
    ):
        calls = [r.call for r in found.spectra]
        assert len(calls) == 2
        for one in calls:
            assert one is not None and one.status is CompoundStatus.TENTATIVE
            assert outcome(one, "spectra.retention_time") is N


R_MUSCONE = "ALHUZKCOMYUFRB-OAHLLOKOSA-N"
C16 = Standard("C16", CYCLOHEXADECANONE, "C16H30O", None, time="12.401", index_sd="1.5")


@pytest.mark.parametrize("formula", ["C16H30O1", "OC16H30", "C16H32O"])
def test_the_way_a_formula_is_written_takes_no_isomer_away(formula: str) -> None:
    found = call(disturbed(KETONE, 5), sequence(Standard("muscone", MUSCONE, formula, KETONE)))
    assert found.status is not CompoundStatus.IDENTIFIED
    other = formula == "C16H32O"
    assert outcome(found, "spectra.reference_same_sequence") is (F if other else P)


@pytest.mark.parametrize(
    ("key", "formula", "mass"),
    [
        ("QGXBDMJGAMFCBF-UHFFFAOYSA-N", "C19H30O2", 290),  # androsterone or one of its stereoisomers
        ("NVKAWKQGWWIWPM-ABEVXSGRSA-N", "C19H30O2", 290),  # dihydrotestosterone, no marker but in their group
        ("IZVFFXVYBHFIHY-SKCNUYALSA-N", "C27H46O", 386),  # lathosterol, an isomer of cholesterol
        ("AAAAAAAAAAAAAA-UHFFFAOYSA-N", "C16H30O", 238),  # a ring that no table names
    ],
)
def test_isomers_of_macrocycles_and_sterols_are_asked_for_beyond_the_marker_table(
    key: str, formula: str, mass: int
) -> None:
    ions = {41: 300.0, 55: 400.0, 67: 350.0, 79: 380.0, 107: 500.0, 147: 250.0, 215: 300.0, mass - 15: 350.0}
    ions |= {mass: 999.0, mass + 1: 12.0 * int(formula[1:3])}
    found = call(disturbed(ions, 5), sequence(Standard("a name", key, formula, ions)))
    assert outcome(found, "spectra.isomers") is N and found.status is CompoundStatus.TENTATIVE


def test_an_enantiomer_injected_identifies_the_compound_and_not_the_enantiomer() -> None:
    for key, name in ((R_MUSCONE, "(R)-muscone"), (MUSCONE, "muscone")):
        record = match(
            made_evidence(disturbed(KETONE, 5), sequences=(sequence(Standard(name, key, "C16H30O", KETONE), C16),))
        )
        found = record.spectra[0].call
        assert found is not None and found.status is CompoundStatus.IDENTIFIED
        assert (found.name, found.inchikey) == ("muscone", MUSCONE)
        status = {m.marker_id: (m.status, m.reasons) for m in record.markers}
        assert status[Line("muscone")] == (CompoundStatus.IDENTIFIED, ())
        assert status[Line("muscone-r")] == (CompoundStatus.TENTATIVE, (Reason.CONFUSABLE_NOT_SEPARATED,))
        # One finding: the enantiomer is not told beside it.
        assert [o.markers for o in record.rules if o.rule_id == "muscone-found"] == [("muscone",)]


def test_a_compound_is_named_by_its_inchikey_and_not_by_the_run_sheet() -> None:
    wrong = Standard("secretion of musk deer", MUSCONE, "C16H30O", KETONE)
    found = call(disturbed(KETONE, 5), sequence(wrong, C16))
    assert (found.status, found.name) == (CompoundStatus.IDENTIFIED, "muscone")


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"ionization": "CI"}, "CI"), ({"ionization_energy": "20 eV"}, "20 eV"), ({"derivative": "TMS"}, "TMS")],
)
def test_a_reference_measured_otherwise_identifies_nothing(fields: dict[str, str], told: str) -> None:
    injected = injections_of(sheet(REFERENCE), {"s1.msp": disturbed(peaks_of(GALAXOLIDE), 1, **fields)})
    assert injected is not None
    found = call(QUERY, injected)
    assert found.status is CompoundStatus.TENTATIVE and outcome(found, "spectra.reference_same_sequence") is F
    assert told in next(c.measured for c in found.trace if c.name == "spectra.reference_same_sequence")


def test_a_spectrum_of_the_library_is_no_reference_of_the_sequence() -> None:
    injected = injections_of(sheet(REFERENCE), {"s1.msp": spectrum(peaks_of(GALAXOLIDE))})
    assert injected is not None
    found = call(QUERY, injected)
    assert found.status is CompoundStatus.TENTATIVE and outcome(found, "spectra.reference_same_sequence") is F


def test_a_departure_leads_to_the_rule_in_force_and_from_one_that_is_known() -> None:
    def of(fixed: str, to_version: str) -> CriterionOutcome:
        departure = RuleDeparture(
            to_version=Line(to_version), reason=Text("a reason"), person=Line("A"), date=IsoDate("2026-03-12")
        )
        rule = RuleFixed(method_version=Line(fixed), fixed_on=IsoDate("2026-03-01"), departure=departure)
        return outcome(call(QUERY, sequence(REFERENCE, spectra_rule=rule)), "spectra.rule_fixed_beforehand")

    assert of("ei-identify-sante-12089-1", METHOD.version) is P
    assert of("another-rule-1", METHOD.version) is F
    assert of(METHOD.version, "ei-identify-wada-idcr-1") is F


def test_an_empty_list_of_peaks_beside_a_blank_with_a_product_says_nothing() -> None:
    for result, expected in ((ControlResult.NO_PRODUCT, P), (ControlResult.PRODUCT, N)):
        made = sheet(REFERENCE)
        rows = tuple(
            replace(row, result=result) if row.kind is ControlKind.PROCESS_BLANK else row for row in made.rows
        )
        found = call(QUERY, sequence(REFERENCE, rows=rows))
        assert outcome(found, "spectra.process_blank") is expected


def test_a_peak_of_a_run_with_an_unreadable_file_belongs_to_neither() -> None:
    failed = FailedRun(
        run=identity(), declared_locus=None, reason=Reason.FILE_UNREADABLE, note=Line("the second file of the run")
    )
    good = made_evidence(QUERY, sequences=(sequence(REFERENCE),))
    for found, expected in (((good,), CompoundStatus.IDENTIFIED), ((good, failed), CompoundStatus.TENTATIVE)):
        record = match_spectra(Identifier("CASE"), found, library(), METHOD, PROVENANCE)
        assert [r.call.status for r in record.spectra if r.call is not None] == [expected]
