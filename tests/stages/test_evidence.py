"""Grade, findings and answers: each condition taken away alone changes what may be said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from barcode_cases import records
from stage_cases import Case, barcode, controls, evidence_of, examination, intake

from musk_id.cli.casework import intake_case
from musk_id.model.evidence import Answer, EvidenceRecord, Statement
from musk_id.model.intake import IntakeNote
from musk_id.model.methods import EVIDENCE_METHODS
from musk_id.model.values import Identifier, Line, Sha256
from musk_id.render.catalogue import load_catalogue
from musk_id.stages.dna_answers import dna_findings
from musk_id.stages.grade import CaseFacts, grade_parts, weakest
from musk_id.stages.statements import say
from musk_id.vocabulary import (
    RELEASE_MARKERS,
    BatchKind,
    CriterionOutcome,
    Finding,
    Grade,
    Language,
    Locus,
    MaterialClass,
    QuestionKind,
    Reason,
    Selection,
)

MINI = (Locus.RRNA_12S, Locus.RRNA_16S)
FAILED = {"controls_passed": False, "controls_reasons": (Reason.CONTROL_FAILED,)}
LEGAL = (QuestionKind.CITES_LISTING, QuestionKind.VALUE_OR_PENALTY)
CANNOT = (
    QuestionKind.WILD_OR_FARMED,
    QuestionKind.AGE,
    QuestionKind.SEX,
    QuestionKind.COUNTRY_OF_ORIGIN,
    QuestionKind.NUMBER_OF_ANIMALS,
    QuestionKind.OTHER,
)


@pytest.fixture(scope="module")
def example(demo):  # type: ignore[no-untyped-def]
    return intake_case(demo, demo.laboratory_path.parent / "cases" / "DEMO-A")


@pytest.fixture(scope="module")
def judge(barcode_library, shipped_release, example):  # type: ignore[no-untyped-def]
    def run(case: Case, release=None) -> EvidenceRecord:  # type: ignore[no-untyped-def]
        return evidence_of(case, barcode_library, release or shipped_release, example)

    return run


@pytest.fixture(scope="module")
def letters(shipped_release):  # type: ignore[no-untyped-def]
    def of(genus: str, *loci: Locus) -> dict[Locus, str]:
        return {locus: str(records(shipped_release, locus, genus)[0].sequence) for locus in loci or MINI}

    return of


@pytest.fixture(scope="module")
def goat(letters) -> Case:  # type: ignore[no-untyped-def]
    return Case(sub_samples=(letters("Capra"), letters("Capra")))


@pytest.fixture(scope="module")
def musk_deer(letters) -> Case:  # type: ignore[no-untyped-def]
    return Case(sub_samples=(letters("Moschus"), letters("Moschus")))


def answer(record: EvidenceRecord, kind: QuestionKind) -> Answer:
    return next(a for a in record.answers if a.kind is kind)


def phrases(statements: tuple[Statement, ...]) -> set[str]:
    return {str(s.phrase) for s in statements}


def moschus(record: EvidenceRecord) -> Finding:
    return answer(record, QuestionKind.MUSK_DEER_PRESENT).finding


def test_exclusion_when_every_condition_holds(judge, goat) -> None:  # type: ignore[no-untyped-def]
    record = judge(goat)
    assert record.grade is Grade.A
    found = answer(record, QuestionKind.MUSK_DEER_PRESENT)
    assert found.finding is Finding.EXCLUDED and "dna.moschus_excluded" in phrases(found.statements)
    criteria = [c for c in found.trace if c.name.startswith("exclusion.")]
    assert len(criteria) == 6 and all(c.outcome is CriterionOutcome.PASSED for c in criteria)


def test_a_run_of_musk_deer_that_carries_nothing_forbids_the_exclusion(judge, goat, letters) -> None:  # type: ignore[no-untyped-def]
    third = {locus: "N" * 4 + text[4:] for locus, text in letters("Moschus").items()}
    for sub_sample in (third, {Locus.RRNA_12S: letters("Moschus")[Locus.RRNA_12S][:95]}):
        case = replace(goat, sub_samples=(*goat.sub_samples, sub_sample), photographed=(True, True, True))
        record = judge(case)
        found = answer(record, QuestionKind.MUSK_DEER_PRESENT)
        assert found.finding is not Finding.EXCLUDED, sub_sample
        single = [c.outcome for c in found.trace if c.name == "exclusion.single_source"]
        assert single in ([], [CriterionOutcome.FAILED])


def test_a_marker_that_names_no_animal_is_told_beside_the_finding(judge, letters) -> None:  # type: ignore[no-untyped-def]
    far = letters("Moschus") | {Locus.RRNA_16S: thinned(letters("Moschus")[Locus.RRNA_16S])}
    found = answer(judge(Case(sub_samples=(letters("Moschus"), far))), QuestionKind.MUSK_DEER_PRESENT)
    assert found.finding is Finding.DETECTED
    (statement,) = (s for s in found.statements if s.phrase == "dna.runs_unnamed")
    assert "S1-1-R" in load_catalogue(Language.EN).statement(statement)


def thinned(letters: str) -> str:
    """Letters of which the later ones are changed: outside every radius, still of the marker."""
    swap = str.maketrans("ACGT", "GTAC")
    return "".join(c.translate(swap) if n > 50 and n % 4 == 0 else c for n, c in enumerate(letters))


def test_raw_data_that_are_not_read_lift_no_grade(  # type: ignore[no-untyped-def]
    barcode_library, shipped_release, example, goat, musk_deer
) -> None:
    for case in (goat, musk_deer):
        record = evidence_of(case, barcode_library, shipped_release, example, EVIDENCE_METHODS[0])
        assert record.grade is Grade.C and moschus(record) is not Finding.EXCLUDED
        found = answer(record, QuestionKind.MUSK_DEER_PRESENT)
        assert Reason.RAW_DATA_NOT_EVALUATED in found.reasons and Reason.NO_RAW_DATA not in found.reasons


def test_a_mixed_trace_forbids_the_exclusion(goat, barcode_library) -> None:  # type: ignore[no-untyped-def]
    item, record = examination(goat).items[0], barcode(goat, barcode_library)
    photographs = {p.path: Sha256(f"{i}" * 64) for i, s in enumerate(item.sub_samples) for p in s.photographs}
    (call,) = record.items
    mixed = replace(record, items=(replace(call, reasons=(*call.reasons, Reason.MIXED_TRACE)),))
    assert dna_findings(item, record, Grade.A, (), photographs).moschus is Finding.EXCLUDED
    assert dna_findings(item, mixed, Grade.A, (), photographs).moschus is Finding.NOT_DETECTED


def test_gland_wall_may_be_excluded_too(judge, goat) -> None:  # type: ignore[no-untyped-def]
    assert moschus(judge(replace(goat, material=MaterialClass.GLAND_WALL))) is Finding.EXCLUDED


@pytest.mark.parametrize(
    "material", [m for m in MaterialClass if m not in (MaterialClass.TISSUE, MaterialClass.GLAND_WALL)]
)
def test_no_other_material_is_ever_excluded(judge, goat, material) -> None:  # type: ignore[no-untyped-def]
    record = judge(replace(goat, material=material))
    assert moschus(record) is Finding.NOT_DETECTED
    assert not any("excluded" in p for p in phrases(answer(record, QuestionKind.MUSK_DEER_PRESENT).statements))


def _less(name: str, goat: Case, letters) -> Case:  # type: ignore[no-untyped-def]
    note = IntakeNote(
        reason=Reason.FILE_USED_TWICE,
        subject=Line("x"),
        run_ids=(Identifier("S0-0-R"),),
        statement=say("intake.file_used_twice", paths=["x"], runs=["S0-0-R"]),
    )
    return {
        "no_morphology": replace(goat, material=None),
        "no_raw_data": replace(goat, raw=False),
        "no_batch": replace(goat, batch=False),
        "controls_absent": replace(goat, controls_passed=False, controls_reasons=(Reason.CONTROL_ABSENT,)),
        "one_extraction": replace(goat, sub_samples=goat.sub_samples[:1]),
        "one_photograph": replace(goat, photographed=(True, False)),
        "same_photograph": replace(goat, one_photograph=True),
        "photograph_not_handed_in": replace(goat, photographs_missing=("S1",)),
        "marker_by_marker": replace(goat, sub_samples=tuple(letters("Capra", locus) for locus in MINI)),
        "one_marker": replace(goat, sub_samples=(letters("Capra", Locus.RRNA_12S),) * 2),
        "two_animals": replace(goat, sub_samples=(letters("Capra"), letters("Capreolus"))),
        "with_human": replace(goat, sub_samples=(letters("Capra"), letters("Homo"))),
        "simulated": replace(goat, simulated="made by hand"),
        "file_twice": replace(goat, notes=(note,)),
        "run_before_receipt": replace(goat, notes=(replace(note, reason=Reason.RECORD_INCOMPLETE),)),
    }[name]


@pytest.mark.parametrize(
    "missing",
    [
        "no_morphology",
        "no_raw_data",
        "no_batch",
        "controls_absent",
        "one_extraction",
        "one_photograph",
        "same_photograph",
        "photograph_not_handed_in",
        "marker_by_marker",
        "one_marker",
        "two_animals",
        "with_human",
        "simulated",
        "file_twice",
        "run_before_receipt",
    ],
)
def test_each_missing_condition_alone_prevents_the_exclusion(judge, goat, letters, missing) -> None:  # type: ignore[no-untyped-def]
    record = judge(_less(missing, goat, letters))
    assert moschus(record) in (Finding.NOT_DETECTED, Finding.INCONCLUSIVE), missing
    assert Finding.EXCLUDED not in {a.finding for a in record.answers}


def test_a_failed_control_makes_every_dna_answer_inconclusive(judge, goat, musk_deer) -> None:  # type: ignore[no-untyped-def]
    for case in (goat, musk_deer):
        record = judge(replace(case, **FAILED, invalid_loci=RELEASE_MARKERS))
        assert record.grade is Grade.C
        for kind in (
            QuestionKind.MUSK_DEER_PRESENT,
            QuestionKind.ANIMAL_OF_ORIGIN,
            QuestionKind.SPECIES_OF_MUSK_DEER,
        ):
            found = answer(record, kind)
            assert found.finding is Finding.INCONCLUSIVE and Reason.CONTROL_FAILED in found.reasons
            said = phrases(found.statements)
            assert "dna.runs_set_aside" in said and not {"dna.moschus_detected", "dna.other_taxon"} & said
            assert "next.repeat_batch" in phrases(found.next_steps)


def test_a_blank_takes_out_its_marker_and_no_other(judge, musk_deer, goat) -> None:  # type: ignore[no-untyped-def]
    found = answer(judge(replace(musk_deer, **FAILED, invalid_loci=MINI[:1])), QuestionKind.MUSK_DEER_PRESENT)
    assert (found.finding, found.grade) == (Finding.DETECTED, Grade.C)
    assert {Reason.CONTROL_FAILED, Reason.SINGLE_AMPLICON} <= set(found.reasons)
    said = {str(s.phrase): s for s in found.statements}
    assert [v.texts for v in said["dna.moschus_detected"].values] == [(MINI[1],)]
    assert [v.texts for v in said["dna.runs_set_aside"].values] == [("S0-0-R", "S1-0-R")]
    # One marker of a goat names nothing, and an exclusion needs both.
    found = answer(judge(replace(goat, **FAILED, invalid_loci=MINI[:1])), QuestionKind.MUSK_DEER_PRESENT)
    assert found.finding is Finding.INCONCLUSIVE and Reason.SINGLE_AMPLICON in found.reasons
    assert Reason.NO_USABLE_RESULT not in found.reasons


def test_human_dna_at_a_marker_taken_out_is_not_reported(judge, letters) -> None:  # type: ignore[no-untyped-def]
    human = Case(sub_samples=(letters("Homo"),))
    found = answer(judge(replace(human, **FAILED, invalid_loci=MINI)), QuestionKind.ANIMAL_OF_ORIGIN)
    assert found.finding is Finding.INCONCLUSIVE and "dna.human" not in phrases(found.statements)


def test_a_repeated_batch_carries_the_answer_with_its_own_controls(judge, musk_deer) -> None:  # type: ignore[no-untyped-def]
    case = replace(musk_deer, **FAILED, invalid_loci=RELEASE_MARKERS, batch_per_sub_sample=True)
    found = answer(judge(case), QuestionKind.MUSK_DEER_PRESENT)
    assert (found.finding, found.grade) == (Finding.DETECTED, Grade.B)
    said = {str(s.phrase): s for s in found.statements}
    assert [v.texts for v in said["dna.runs_set_aside"].values] == [("S0-0-R", "S0-1-R")]


def test_a_second_extraction_counts_only_with_a_call_of_its_own(judge, musk_deer, letters) -> None:  # type: ignore[no-untyped-def]
    spoilt = {locus: text[:60] for locus, text in letters("Moschus").items()}
    record = judge(replace(musk_deer, sub_samples=(letters("Moschus"), spoilt)))
    found = answer(record, QuestionKind.MUSK_DEER_PRESENT)
    assert (found.finding, record.grade) == (Finding.DETECTED, Grade.B)
    said = {str(s.phrase): s for s in found.statements}
    assert [v.texts for v in said["dna.runs_without_result"].values] == [("S1-0-R", "S1-1-R")]


def _mixed(letters, *genera: str) -> Case:  # type: ignore[no-untyped-def]
    return Case(sub_samples=tuple(letters(genus) for genus in genera), photographed=(True,) * len(genera))


def test_two_animals_in_one_item_are_both_said(judge, letters) -> None:  # type: ignore[no-untyped-def]
    record = judge(_mixed(letters, "Moschus", "Sus"))
    found = answer(record, QuestionKind.MUSK_DEER_PRESENT)
    assert found.finding is Finding.INCONCLUSIVE and Reason.REPLICATES_DISAGREE in found.reasons
    assert Reason.LOCI_DISAGREE not in found.reasons
    said = {str(s.phrase): s for s in found.statements}
    assert [v.texts for v in said["dna.conflict_moschus"].values] == [("S0-0-R", "S0-1-R")]
    assert [v.texts for v in said["dna.conflict_other"].values] == [("S1-0-R", "S1-1-R")]
    assert "dna.inconclusive" not in said and "next.repeat_extraction" in phrases(found.next_steps)


def test_markers_of_one_extract_that_disagree_are_told_from_extracts_that_do(judge, letters) -> None:  # type: ignore[no-untyped-def]
    pair = {**letters("Moschus", MINI[0]), **letters("Sus", MINI[1])}
    found = answer(judge(Case(sub_samples=(pair,))), QuestionKind.MUSK_DEER_PRESENT)
    assert found.finding is Finding.INCONCLUSIVE and Reason.LOCI_DISAGREE in found.reasons
    # A single short marker names no other animal.
    assert "dna.conflict_moschus" in phrases(found.statements)
    assert "dna.other_taxon" not in phrases(found.statements)


def test_pig_reads_as_the_rules_ask(judge, letters) -> None:  # type: ignore[no-untyped-def]
    found = answer(judge(_mixed(letters, "Sus", "Sus")), QuestionKind.MUSK_DEER_PRESENT)
    assert found.finding in (Finding.NOT_DETECTED, Finding.EXCLUDED)
    powder = replace(_mixed(letters, "Sus", "Sus"), material=MaterialClass.POWDER)
    found = answer(judge(powder), QuestionKind.MUSK_DEER_PRESENT)
    words = [load_catalogue(Language.EN).statement(s) for s in found.statements]
    assert found.finding is Finding.NOT_DETECTED
    assert words[0].startswith("DNA of Sus was recovered")
    assert words[1] == (
        "Moschus DNA was not detected. The limit of detection was not determined. This does not exclude musk."
    )


def test_human_dna_alone_names_no_animal_of_origin(judge, letters) -> None:  # type: ignore[no-untyped-def]
    record = judge(Case(sub_samples=(letters("Homo"),)))
    found = answer(record, QuestionKind.ANIMAL_OF_ORIGIN)
    assert found.finding is Finding.INCONCLUSIVE and "dna.human" in phrases(found.statements)
    assert "next.other_sub_sample" in phrases(found.next_steps)
    assert moschus(record) is Finding.NOT_DETECTED
    assert "grade.no_result" not in {str(p.statement.phrase) for p in record.items[0].grade_parts}


def test_musk_deer_at_grade_a(judge, musk_deer) -> None:  # type: ignore[no-untyped-def]
    record = judge(musk_deer)
    assert record.grade is Grade.A
    assert moschus(record) is Finding.DETECTED
    species = answer(record, QuestionKind.SPECIES_OF_MUSK_DEER)
    assert species.finding is Finding.INCONCLUSIVE
    assert Reason.SPECIES_RULE_NOT_MET in species.reasons
    assert "grade.screening_only" not in phrases(answer(record, QuestionKind.MUSK_DEER_PRESENT).statements)


@pytest.mark.parametrize(
    ("change", "grade", "reason"),
    [
        ({"raw": False}, Grade.C, Reason.NO_RAW_DATA),
        ({"batch": False}, Grade.C, Reason.CONTROL_ABSENT),
        ({"extract_batch": False}, Grade.C, Reason.CONTROL_ABSENT),
        ({"negatives": (Locus.RRNA_12S,)}, Grade.C, Reason.CONTROL_ABSENT),
        ({"batch_kind": BatchKind.CHEMISTRY}, Grade.C, Reason.CONTROL_ABSENT),
        ({"simulated": "by hand"}, Grade.C, Reason.SIMULATED_DATA),
        ({"controls_passed": False, "controls_reasons": (Reason.CONTROL_ABSENT,)}, Grade.C, Reason.CONTROL_ABSENT),
    ],
)
def test_the_weakest_part_caps_the_grade(judge, musk_deer, change, grade, reason) -> None:  # type: ignore[no-untyped-def]
    record = judge(replace(musk_deer, **change))
    found = answer(record, QuestionKind.MUSK_DEER_PRESENT)
    assert (record.grade, found.grade, found.finding) == (grade, grade, Finding.DETECTED)
    assert reason in found.reasons and "grade.screening_only" in phrases(found.statements)


def test_one_extraction_is_grade_b_and_one_marker_grade_c(judge, musk_deer, letters) -> None:  # type: ignore[no-untyped-def]
    assert judge(replace(musk_deer, sub_samples=musk_deer.sub_samples[:1])).grade is Grade.B
    single = replace(musk_deer, sub_samples=(letters("Moschus", Locus.RRNA_16S),) * 2)
    record = judge(single)
    assert record.grade is Grade.C
    assert Reason.SINGLE_AMPLICON in answer(record, QuestionKind.MUSK_DEER_PRESENT).reasons


def test_two_extracts_that_share_too_few_markers_are_grade_b(judge, musk_deer, letters) -> None:  # type: ignore[no-untyped-def]
    both, first, second = (letters("Moschus", *MINI), letters("Moschus", MINI[0]), letters("Moschus", MINI[1]))

    def part(*sub_samples):  # type: ignore[no-untyped-def]
        record = judge(replace(musk_deer, sub_samples=sub_samples, photographed=(True,) * len(sub_samples)))
        assert moschus(record) is Finding.DETECTED
        (found,) = [
            p
            for p in record.items[0].grade_parts
            if str(p.statement.phrase).endswith("extractions")
            or str(p.statement.phrase).endswith("single_extraction")
        ]
        assert record.grade is found.grade
        return found

    apart = part(first, second)
    assert (apart.grade, apart.reasons) == (Grade.B, (Reason.SINGLE_EXTRACTION,))
    assert apart.statement.values[0].texts == ("12S-V5 (S0-E)", "16S-mam (S1-E)")
    half = part(both, first)
    assert half.grade is Grade.B and half.statement.values[0].texts == ("12S-V5 (S0-E, S1-E)", "16S-mam (S0-E)")
    assert part(both, both).grade is part(both, first, second).grade is Grade.A
    assert part(both, both).statement.values[0].texts == ("12S-V5 (S0-E, S1-E)", "16S-mam (S0-E, S1-E)")


def test_legal_questions_and_those_that_no_method_answers(judge, musk_deer, goat) -> None:  # type: ignore[no-untyped-def]
    for case in (musk_deer, goat):
        record = judge(case)
        for kind in LEGAL + CANNOT:
            found = answer(record, kind)
            assert found.finding is Finding.OUTSIDE_COMPETENCE
            assert found.reasons == (Reason.LEGAL_QUESTION if kind in LEGAL else Reason.METHOD_CANNOT_ANSWER,)
            assert found.trace == () and found.next_steps == ()


def test_every_kind_of_question_gets_one_answer(judge, musk_deer) -> None:  # type: ignore[no-untyped-def]
    record = judge(musk_deer)
    assert [a.kind for a in record.answers] == list(QuestionKind)


def test_no_dna_and_no_spectrum_is_not_examined_and_never_artificial(judge, musk_deer) -> None:  # type: ignore[no-untyped-def]
    record = judge(replace(musk_deer, sub_samples=()))
    for kind in (QuestionKind.MUSK_DEER_PRESENT, QuestionKind.NATURAL_MUSK_PRESENT):
        assert answer(record, kind).finding is Finding.NOT_EXAMINED
    assert "limit.absence_is_not_artificial" in phrases(record.limitations)
    assert not any("artificial" in p and p != "limit.absence_is_not_artificial" for p in _every_phrase(record))


def _every_phrase(record: EvidenceRecord) -> set[str]:
    said = set(phrases(record.limitations)) | phrases(record.missing)
    for found in record.answers:
        said |= phrases(found.statements) | phrases(found.next_steps)
    return said


def test_natural_musk_is_never_detected_from_dna_alone(judge, musk_deer) -> None:  # type: ignore[no-untyped-def]
    found = answer(judge(musk_deer), QuestionKind.NATURAL_MUSK_PRESENT)
    assert found.finding is Finding.INCONCLUSIVE
    assert "dna.animal_not_substance" in phrases(found.statements)
    assert "chemistry.natural_musk_not_detectable" in phrases(found.statements)
    assert "next.chemical_examination" in phrases(found.next_steps)


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"units_total": 30, "units_examined": 5, "selection": Selection.RANDOM}, "units.random"),
        ({"units_total": 30, "units_examined": 5, "selection": Selection.JUDGEMENT}, "units.examined_only"),
        ({"units_total": 30, "units_examined": 5}, "units.examined_only"),
        ({"units_total": 30}, "units.number_not_recorded"),
        ({"units_total": 30, "units_examined": 5, "selection": Selection.ALL}, "units.examined_only"),
        ({"units_total": 30, "selection": Selection.ALL}, None),
        ({"units_total": 30, "units_examined": 30}, None),
        ({"units_total": 1}, None),
        ({}, None),
    ],
)
def test_findings_reach_no_further_than_the_units_examined(judge, musk_deer, changes, phrase) -> None:  # type: ignore[no-untyped-def]
    record = judge(replace(musk_deer, item_changes=tuple(changes.items())))
    said = phrases(answer(record, QuestionKind.MUSK_DEER_PRESENT).statements)
    assert {p for p in said if p.startswith("units.")} == ({phrase} if phrase else set())


def test_units_are_not_said_beside_what_was_not_examined(judge, musk_deer) -> None:  # type: ignore[no-untyped-def]
    units = (("units_total", 30), ("units_examined", 5))
    record = judge(replace(musk_deer, sub_samples=(), item_changes=units))
    found = answer(record, QuestionKind.MUSK_DEER_PRESENT)
    assert found.finding is Finding.NOT_EXAMINED
    assert not {p for p in phrases(found.statements) if p.startswith("units.")}


def test_animals_are_counted_by_whole_glands_only(judge, musk_deer) -> None:  # type: ignore[no-untyped-def]
    glands = replace(
        musk_deer, material=MaterialClass.WHOLE_GLAND, item_changes=(("units_total", 4), ("units_examined", 4))
    )
    assert "method.whole_glands_counted" in phrases(
        answer(judge(glands), QuestionKind.NUMBER_OF_ANIMALS).statements
    )
    powder = replace(glands, material=MaterialClass.POWDER)
    assert "method.whole_glands_counted" not in phrases(
        answer(judge(powder), QuestionKind.NUMBER_OF_ANIMALS).statements
    )


def test_no_ratio_and_no_species_are_said_in_every_record(judge, musk_deer, goat) -> None:  # type: ignore[no-untyped-def]
    for case in (musk_deer, goat):
        said = phrases(judge(case).limitations)
        assert {
            "limit.no_likelihood_ratio",
            "limit.no_species",
            "limit.chemistry_without_references",
            "limit.presence_is_not_substance",
            "limit.maternal_lineage",
            "limit.human_dna",
        } <= said


def test_limitations_are_counted_from_the_release(judge, musk_deer, shipped_release) -> None:  # type: ignore[no-untyped-def]
    twin = next(r for r in shipped_release.barcodes if r.genus == "Moschus" and r.state.value == "reference")
    second = replace(twin, accession=Line("X1"), individual=Line("another"))
    richer = replace(shipped_release, barcodes=(*shipped_release.barcodes, second))
    assert "limit.no_species" not in phrases(judge(musk_deer, richer).limitations)


def test_weakest_of_nothing_is_c() -> None:
    assert weakest([]) is Grade.C
    assert weakest([Grade.A, Grade.B]) is Grade.B and weakest([Grade.A, Grade.C, Grade.B]) is Grade.C


def test_no_runs_give_no_parts(example, musk_deer) -> None:  # type: ignore[no-untyped-def]
    facts = CaseFacts.of(intake(musk_deer, example), controls(musk_deer))
    assert grade_parts("dna", (), facts, EVIDENCE_METHODS[0]) == ()
    assert len(facts.runs) == 4
