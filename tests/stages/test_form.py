"""What document a record is, the forms of its conclusions, the box of the Management Authority."""

from __future__ import annotations

from dataclasses import replace

import pytest

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.errors import RequestError
from musk_id.form_vocabulary import ConclusionForm, DocumentKind, IssueObstacle, SpecimenPart, Template
from musk_id.model.evidence import Answer
from musk_id.model.examination import Examination, Interim, NetMass
from musk_id.model.form import RecordForm
from musk_id.model.intake import IntakeRecord
from musk_id.model.laboratory import Laboratory
from musk_id.model.ratio import ItemRatio
from musk_id.model.record import CaseRecord
from musk_id.model.report_templates import TEMPLATES
from musk_id.model.scales import SCALES
from musk_id.model.trade_codes import PARTS, TERM_CODES
from musk_id.model.values import DecimalText, Identifier, IsoDate, Line, Text
from musk_id.stages.evidence import evaluate
from musk_id.stages.form import document_kind, record_form
from musk_id.stages.likelihood_ratio import RatioBasis
from musk_id.stages.listing import listing_statements
from musk_id.stages.statements import say
from musk_id.vocabulary import Finding, Grade, Locus, MaterialClass, QuestionKind

OPEN = {
    Finding.INCONCLUSIVE: ConclusionForm.UNDECIDED,
    Finding.NOT_EXAMINED: ConclusionForm.NOT_EXAMINED,
    Finding.OUTSIDE_COMPETENCE: ConclusionForm.OUTSIDE_COMPETENCE,
}


@pytest.fixture(scope="module")
def records(demo) -> dict[str, CaseRecord]:  # type: ignore[no-untyped-def]
    cases = demo.laboratory_path.parent / "cases"
    return {name: examine_case(demo, cases / name) for name in ("DEMO-A", "DEMO-B", "DEMO-C", "DEMO-E")}


def form_of(record: CaseRecord, intake: IntakeRecord | None = None, **changes: object) -> RecordForm:
    evidence = replace(record.evidence, **changes)
    return record_form(intake or record.intake, evidence, record.provenance, record.release.legal_rows)


def by_template(record: CaseRecord, template: Template, **changes: object) -> RecordForm:
    laboratory = replace(record.intake.laboratory, template=template)
    return form_of(record, replace(record.intake, laboratory=laboratory), **changes)


def answers(record: CaseRecord, finding: Finding, grade: Grade, **changes: object) -> tuple[Answer, ...]:
    return tuple(replace(a, finding=finding, grade=grade, **changes) for a in record.evidence.answers)


def test_every_question_is_answered_under_itself_in_its_order(records: dict[str, CaseRecord]) -> None:
    for record in records.values():
        request = record.intake.request
        every = tuple(item.item_id for item in request.items)
        asked = [(q.question_id, q.kind, item) for q in request.questions for item in q.item_ids or every]
        assert [(a.question_id, a.kind, a.item_id) for a in record.evidence.answers] == asked


@pytest.mark.parametrize("finding", list(Finding))
@pytest.mark.parametrize("template", list(Template))
def test_forms_of_conclusion(records: dict[str, CaseRecord], finding: Finding, template: Template) -> None:
    """Grade C concludes nothing; what was not detected is never denied."""
    record = records["DEMO-A"]
    screening = by_template(record, template, answers=answers(record, finding, Grade.C)).conclusions
    assert {c.form for c in screening} <= {OPEN.get(finding, ConclusionForm.SCREENING)}
    changed = answers(record, finding, Grade.A)
    (form,) = {c.form for c in by_template(record, template, answers=changed).conclusions}
    if finding in OPEN:
        assert form is OPEN[finding]
    elif template is Template.INTERNATIONAL:
        assert form is ConclusionForm.TECHNICAL
    else:
        assert (
            form
            is {
                Finding.DETECTED: ConclusionForm.CATEGORICAL_POSITIVE,
                Finding.NOT_DETECTED: ConclusionForm.UNDECIDED,
                Finding.EXCLUDED: ConclusionForm.CATEGORICAL_NEGATIVE,
            }[finding]
        )


def test_a_set_of_animals_is_an_alternative(records: dict[str, CaseRecord]) -> None:
    record = records["DEMO-B"]
    several = (say("dna.other_taxon_set", taxon=["a", "b"], loci=["c"]),)
    changed = answers(record, Finding.DETECTED, Grade.A, statements=several)
    concluded = by_template(record, Template.RUSSIAN_FEDERATION, answers=changed).conclusions
    forms = {a.kind: c.form for a, c in zip(changed, concluded, strict=True)}
    assert forms[QuestionKind.ANIMAL_OF_ORIGIN] is ConclusionForm.ALTERNATIVE
    assert forms[QuestionKind.MUSK_DEER_PRESENT] is ConclusionForm.CATEGORICAL_POSITIVE


def test_a_ratio_makes_the_form_evaluative_for_the_genus_only(records: dict[str, CaseRecord]) -> None:
    record = records["DEMO-A"]
    items = tuple(replace(i, ratio=given_ratio(i.item_id)) for i in record.evidence.items)
    changed = answers(record, Finding.DETECTED, Grade.A)
    concluded = form_of(record, answers=changed, items=items).conclusions
    forms = {a.kind: c.form for a, c in zip(changed, concluded, strict=True)}
    assert forms.pop(QuestionKind.MUSK_DEER_PRESENT) is ConclusionForm.EVALUATIVE
    assert set(forms.values()) == {ConclusionForm.TECHNICAL}


def given_ratio(item_id: Identifier) -> ItemRatio:
    return ItemRatio(
        item_id=item_id,
        grade=Grade.A,
        min_individuals_h1=10,
        min_species_h2=59,
        alternatives=None,
        alternatives_described=None,
        loci=(),
        reasons=(),
        deciding_locus=Locus.CYTB,
        lower=DecimalText("49.60"),
        word=Line("moderate"),
        scale=SCALES[-1],
    )


@pytest.mark.parametrize("finding", list(Finding))
def test_impossible_is_a_case_without_any_answer(records: dict[str, CaseRecord], finding: Finding) -> None:
    record = records["DEMO-A"]
    none = finding in (Finding.NOT_EXAMINED, Finding.OUTSIDE_COMPETENCE)
    changed = replace(record.evidence, answers=answers(record, finding, Grade.C))
    expected = DocumentKind.STATEMENT_OF_IMPOSSIBILITY if none else DocumentKind.EXAMINATION_RECORD
    assert document_kind(record.intake, changed) is expected
    form = form_of(record, answers=changed.answers)
    assert bool(form.authority_box) is not none
    # One answer among many without one makes it a record.
    first, *rest = answers(record, Finding.NOT_EXAMINED, Grade.C)
    mixed = replace(record.evidence, answers=(replace(first, finding=Finding.INCONCLUSIVE), *rest))
    assert document_kind(record.intake, mixed) is DocumentKind.EXAMINATION_RECORD


def interim_of(intake: IntakeRecord) -> IntakeRecord:
    examination = replace(
        intake.examination, completed_on=None, interim=Interim(reason=Text("The authority asked for it."))
    )
    return replace(intake, examination=examination)


def test_an_interim_record_tells_findings_only(demo: Casework, records: dict[str, CaseRecord]) -> None:
    record = records["DEMO-A"]
    intake = interim_of(record.intake)
    basis = RatioBasis(
        calibration=None if demo.calibration is None else demo.calibration.calibration,
        barcode=demo.methods.barcode,
        evidence=demo.methods.evidence,
        release=demo.release,
    )
    parts = (
        record.controls,
        record.barcode,
        record.spectra,
        demo.release,
        demo.methods.evidence,
        record.provenance,
    )
    evidence = evaluate(intake, *parts, basis)
    assert all(item.ratio is None for item in evidence.items)
    assert any(item.ratio is not None for item in evaluate(record.intake, *parts, basis).items)
    phrases = {s.phrase for s in evidence.limitations}
    assert "limit.interim" in phrases and not phrases & {"limit.no_likelihood_ratio", "limit.likelihood_ratio"}
    assert not any(s.phrase.startswith("ratio.") for item in evidence.items for s in item.statements)
    assert [(a.finding, a.statements) for a in evidence.answers] == [
        (a.finding, a.statements) for a in record.evidence.answers
    ]
    assert listing_statements(intake, record.barcode, record.release.legal_rows) == ()
    form = record_form(intake, evidence, record.provenance, record.release.legal_rows)
    assert form.document is DocumentKind.INTERIM_RECORD
    assert (form.conclusions, form.authority_box) == ((), ())
    assert IssueObstacle.INTERIM in form.obstacles


def test_an_examination_that_goes_on_has_no_last_day(records: dict[str, CaseRecord]) -> None:
    examination: Examination = interim_of(records["DEMO-A"].intake).examination
    with pytest.raises(ValueError, match="completed_on"):
        replace(examination, completed_on=IsoDate("2026-02-26"))


def test_the_box_says_what_was_found_and_what_was_not(records: dict[str, CaseRecord]) -> None:
    form = records["DEMO-A"].form
    assert form is not None
    (box,) = form.authority_box
    assert [s.phrase for s in box.found] == ["dna.moschus_detected", "dna.genus_is_deepest"]
    assert {s.phrase for s in box.candidates} >= {"dna.nearest_names", "dna.no_reference"}
    assert [term.code for term in box.terms] == ["MUS"]
    assert (box.net_mass_g, box.net_uncertainty_g) == ("17.150", "0.020")
    assert box.listing is not None and box.listing.listings == () and len(box.listing.rows) == 2
    assert (box.listing.date, box.at_date_of_act) == ("2026-02-10", True)
    assert {s.phrase for s in box.not_tested} >= {"chemistry.not_examined", "method.wild_or_farmed"}
    assert [s.phrase for s in box.remarks] == ["limit.simulated"]


def test_no_listing_stands_in_the_box_of_an_item_without_the_genus(records: dict[str, CaseRecord]) -> None:
    for name in ("DEMO-B", "DEMO-C"):
        form = records[name].form
        assert form is not None
        assert [box.listing for box in form.authority_box] == [None]
    form = records["DEMO-E"].form
    assert form is not None
    assert [box.item_id for box in form.authority_box] == ["E1", "E2"]


def test_without_a_date_of_the_act_the_box_says_which_date_it_took(records: dict[str, CaseRecord]) -> None:
    record = records["DEMO-A"]
    request = replace(record.intake.request, date_of_act=None)
    (box,) = form_of(record, replace(record.intake, request=request)).authority_box
    assert box.listing is not None
    assert (box.listing.date, box.at_date_of_act) == (max(record.intake.examination.dates()), False)


def test_the_requesters_words_never_enter_the_box(records: dict[str, CaseRecord]) -> None:
    """Alleged origin, descriptions, labels and quantities as stated change nothing in it."""
    record = records["DEMO-A"]
    request = record.intake.request
    items = tuple(
        replace(i, described_as=Text("other"), label_text=Text("other"), quantity=None) for i in request.items
    )
    other = replace(request, alleged_origin=None, items=items, cites=None, case_facts=Text("x"))
    assert form_of(record, replace(record.intake, request=other)).authority_box == form_of(record).authority_box


def test_an_item_without_morphology_has_no_code(records: dict[str, CaseRecord]) -> None:
    record = records["DEMO-A"]
    items = tuple(replace(i, found_to_be=None) for i in record.intake.examination.items)
    examination = replace(record.intake.examination, items=items)
    (box,) = form_of(record, replace(record.intake, examination=examination)).authority_box
    assert (box.terms, box.part) == ((), SpecimenPart.NOT_DETERMINED)
    assert "box.morphology_not_examined" in {s.phrase for s in box.not_tested}


def test_every_material_is_told_as_part_or_derivative() -> None:
    assert set(PARTS) == set(TERM_CODES) == set(MaterialClass)
    for material, terms in TERM_CODES.items():
        known = PARTS[material] is not SpecimenPart.NOT_DETERMINED
        assert bool(terms) is known
        assert all(term.verification.verified_by is None for term in terms)


IMPOSSIBLE = [("-1", None, None), ("1", "-1", "2"), ("1", "1", "0"), ("1", "1", None), ("1", None, "2")]


@pytest.mark.parametrize(("value", "uncertainty", "factor"), IMPOSSIBLE)
def test_a_mass_that_cannot_be_is_refused(value: str, uncertainty: str | None, factor: str | None) -> None:
    with pytest.raises(ValueError, match=r"nought|needs its"):
        NetMass(
            value_mg=DecimalText(value),
            expanded_uncertainty_mg=None if uncertainty is None else DecimalText(uncertainty),
            coverage_factor=None if factor is None else DecimalText(factor),
        )


def test_obstacles_are_named(records: dict[str, CaseRecord]) -> None:
    record = records["DEMO-A"]
    held = {IssueObstacle.ROWS_UNVERIFIED, IssueObstacle.SIMULATED_DATA}
    ended = replace(record.intake.examination, completed_on=IsoDate("2026-02-26"))
    assert set(form_of(record, replace(record.intake, examination=ended)).obstacles) == held
    assert set(form_of(record).obstacles) == held | {IssueObstacle.INCOMPLETE}
    kazakhstan = by_template(record, Template.KAZAKHSTAN)
    assert IssueObstacle.TEMPLATE_UNVERIFIED in kazakhstan.obstacles
    assert not TEMPLATES[Template.KAZAKHSTAN].text_read


def test_a_template_names_the_first_language(tmp_path, demo: Casework) -> None:  # type: ignore[no-untyped-def]
    text = demo.laboratory_path.read_text(encoding="utf-8")
    path = tmp_path / "laboratory.yaml"
    path.write_text(text + "template: RUSSIAN_FEDERATION\n", encoding="utf-8")
    with pytest.raises(RequestError, match="needs 'ru' as the first"):
        _ = Casework(tmp_path).laboratory
    path.write_text(text.replace("[en, ru]", "[ru, en]") + "template: RUSSIAN_FEDERATION\n", encoding="utf-8")
    laboratory: Laboratory = Casework(tmp_path).laboratory
    assert laboratory.template is Template.RUSSIAN_FEDERATION
