"""What the matrix of completeness calls present stands on the paper and not in the JSON alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.form_vocabulary import Need
from musk_id.model.clauses import FIELDS
from musk_id.model.examination import ExaminedItem, OutsideFinding, SubSample
from musk_id.model.record import CaseRecord
from musk_id.model.request import Photograph
from musk_id.model.values import DecimalText, Identifier, IsoDate, Line, RelativePath, Text
from musk_id.records.canonical import canonical_json
from musk_id.render.catalogue import WHOLE_LANGUAGES, Catalogue, load_catalogue
from musk_id.render.html import render_html
from musk_id.render.pdf import render_pdf
from musk_id.vocabulary import Language, SealState, Selection

PROJECT = Path(__file__).resolve().parents[2]


def _marked(item: ExaminedItem) -> ExaminedItem:
    """An item with a text of its own in every part."""
    found, mass = item.found_to_be, item.net_mass
    assert found is not None and mass is not None
    return replace(
        item,
        condition=Text("Mark-condition"),
        seal_state=SealState.BROKEN,
        selection=Selection.JUDGEMENT,
        units_total=7,
        photographs=(Photograph(path=RelativePath("mark.jpg"), caption=Line("Mark-picture")),),
        found_to_be=replace(found, description=Text("Mark-description")),
        net_mass=replace(mass, expanded_uncertainty_mg=DecimalText("83.5")),
        sub_samples=tuple(_steps(s) for s in item.sub_samples),
    )


def _steps(sub_sample: SubSample) -> SubSample:
    def run(run):  # type: ignore[no-untyped-def]
        return replace(
            run, date=IsoDate("2026-02-13"), analyst=Line("Mark-reader"), method_version=Line("mark-run-9")
        )

    def product(product):  # type: ignore[no-untyped-def]
        who = {"analyst": Line("Mark-copier"), "method_version": Line("mark-pcr-9")}
        return replace(product, **who, runs=tuple(map(run, product.runs)))

    extracts = tuple(replace(e, products=tuple(map(product, e.products))) for e in sub_sample.extracts)
    return replace(
        sub_sample, date=IsoDate("2026-02-11"), method_version=Line("mark-sampling-9"), extracts=extracts
    )


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """DEMO-A with a text of its own in every field that the matrix names."""
    made = examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / "DEMO-A")
    intake = made.intake
    outside = OutsideFinding(
        finding_id=Identifier("O1"),
        item_id=Identifier("A1"),
        method=Line("Mark-method"),
        provider=Line("Mark-provider"),
        result=Text("Mark-result"),
    )
    examination = replace(
        intake.examination,
        place_of_work=Text("Mark-place"),
        participants=Text("Mark-participants"),
        persons=(Line("Mark-person"),),
        departures=Text("Mark-departures"),
        accession_number=Line("Mark-accession"),
        accession_date=IsoDate("2026-02-12"),
        completed_on=IsoDate("2026-02-14"),
        outside_findings=(outside,),
        items=tuple(map(_marked, intake.examination.items)),
        custody=tuple(replace(e, from_holder=Line("Mark-holder")) for e in intake.examination.custody),
    )
    authority = replace(intake.request.authority, contact=Line("Mark-contact"), address=Text("Mark-street"))
    request = replace(
        intake.request,
        authority=authority,
        legal_ground=Text("Mark-ground"),
        date_of_request=IsoDate("2026-02-10"),
        items=tuple(replace(i, described_as=Text("Mark-material")) for i in intake.request.items),
        questions=tuple(replace(q, text=Text(f"Mark-asked-{q.question_id}")) for q in intake.request.questions),
    )
    laboratory = replace(intake.laboratory, name=Line("Mark-laboratory"), address=Text("Mark-address"))
    intake = replace(intake, examination=examination, request=request, laboratory=laboratory)
    return replace(made, intake=intake)


Shown = Callable[[CaseRecord, Catalogue], Iterator[str]]


def _texts(*texts: str) -> Shown:
    return lambda _record, _words: iter(texts)


def _limit(phrase: str) -> Shown:
    return lambda _record, words: iter((words.phrase(phrase, {}),))


def _title(record: CaseRecord, words: Catalogue) -> Iterator[str]:
    assert record.form is not None
    yield words.word(record.form.document)


def _end(record: CaseRecord, words: Catalogue) -> Iterator[str]:
    yield words.label("end_mark.EXAMINATION_RECORD", case=record.case_id)


def _findings(record: CaseRecord, words: Catalogue) -> Iterator[str]:
    for answer in record.evidence.answers:
        yield words.word(answer.finding)
        yield words.statement(answer.statements[0])


def _forms(record: CaseRecord, words: Catalogue) -> Iterator[str]:
    assert record.form is not None
    for conclusion in record.form.conclusions:
        yield words.word(conclusion.form)


def _reasons(record: CaseRecord, words: Catalogue) -> Iterator[str]:
    for item in record.evidence.items:
        assert item.ratio is not None
        for reason in item.ratio.reasons:
            yield words.word(reason)


# What stands on the paper for each need that a record can hold.
SHOWN: dict[Need, Shown] = {
    Need.TITLE: _title,
    Need.LABORATORY: _texts("Mark-laboratory", "Mark-address"),
    Need.PLACE_OF_WORK: _texts("Mark-place"),
    Need.RECORD_ID_AND_END: _end,
    Need.CUSTOMER: _texts("Mark-contact", "Mark-street"),
    Need.METHODS: lambda record, _: iter(record.provenance.methods),
    Need.LABORATORY_METHODS: _texts("mark-pcr-9", "mark-run-9"),
    Need.ITEM_DESCRIPTION: _texts("Mark-description"),
    Need.ITEM_CONDITION: _texts("Mark-condition"),
    Need.DATE_OF_RECEIPT: _texts("2026-02-12"),
    Need.DATES_OF_SUB_SAMPLING: _texts("2026-02-11"),
    Need.DATES_OF_WORK: _texts("2026-02-13"),
    Need.DATE_OF_COMPLETION: _texts("2026-02-14"),
    Need.SELECTION_OF_UNITS: lambda _, words: iter((words.word(Selection.JUDGEMENT),)),
    Need.SUB_SAMPLING_METHOD: _texts("mark-sampling-9"),
    Need.ITEMS_ONLY: _limit("limit.items_examined_only"),
    Need.RESULTS: _findings,
    Need.DEPARTURES: _texts("Mark-departures"),
    Need.OTHER_PROVIDERS: _texts("Mark-provider", "Mark-result"),
    Need.QUESTIONS: lambda record, _: (f"Mark-asked-{q.question_id}" for q in record.intake.request.questions),
    Need.DATE_OF_REQUEST: _texts("2026-02-10"),
    Need.LEGAL_GROUND: _texts("Mark-ground"),
    Need.ACCESSION_NUMBER: _texts("Mark-accession"),
    Need.SEALS: lambda _, words: iter((words.word(SealState.BROKEN),)),
    Need.CUSTODY: _texts("Mark-holder"),
    Need.NET_QUANTITY: _texts("83.5"),
    Need.RATIO_OR_REASON: _reasons,
    Need.NO_ESTIMATED_NUMBERS: _limit("limit.number_of_individuals"),
    Need.ANALYSTS: _texts("Mark-reader", "Mark-copier", "Mark-person"),
    Need.MATERIALS: _texts("Mark-material"),
    Need.PARTICIPANTS: _texts("Mark-participants"),
    Need.CONCLUSIONS: _forms,
    Need.ILLUSTRATIONS: _texts("mark.jpg", "Mark-picture"),
}
# Answers stand in full in an annex of the HTML; so does the form of their conclusions.
IN_HTML = frozenset({Need.CONCLUSIONS})


def _bare(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad\u00a0-]+", "", text)


@pytest.fixture(scope="module")
def media(record: CaseRecord) -> dict[tuple[Language, str], str]:
    """Letters of the paper and of the HTML in both languages."""
    data = canonical_json(record)
    found = {}
    for language in WHOLE_LANGUAGES:
        reader = PdfReader(BytesIO(render_pdf(record, data, language)))
        found[language, "pdf"] = _bare("".join(page.extract_text() for page in reader.pages))
        page = render_html(record, data, language).decode("utf-8")
        page = re.sub(r'href="data:[^"]*"|<style>.*?</style>|<script>.*?</script>', " ", page, flags=re.DOTALL)
        found[language, "html"] = _bare(re.sub(r"<[^>]+>", " ", page))
    return found


@pytest.mark.parametrize("need", sorted(FIELDS), ids=str)
def test_what_is_called_present_stands_on_the_page(
    record: CaseRecord, media: dict[tuple[Language, str], str], need: Need
) -> None:
    for (language, medium), letters in media.items():
        texts = list(SHOWN[need](record, load_catalogue(language)))
        assert texts
        if medium == "pdf" and need in IN_HTML:
            continue
        assert [text for text in texts if _bare(text) not in letters] == [], (language, medium)


def test_every_need_that_a_record_can_hold_is_looked_for() -> None:
    assert set(SHOWN) == set(FIELDS)


def test_the_written_matrix_names_these_tests(request: pytest.FixtureRequest) -> None:
    lines = (PROJECT / "docs" / "completeness.tsv").read_text(encoding="utf-8").splitlines()[1:]
    named = {line.split("\t")[6] for line in lines} - {""}
    here = {
        f"tests/render/test_clauses_on_pages.py::{item.name}"
        for item in request.session.items
        if item.path == Path(__file__)
    }
    assert len(named) == len(FIELDS)
    if len(here) > len(FIELDS):  # all of this file was collected
        assert named <= here
