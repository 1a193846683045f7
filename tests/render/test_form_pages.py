"""Pages of each kind of document: marks on every page, the box in one piece, what an interim record leaves out."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.form_vocabulary import ClauseState, DocumentKind
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json
from musk_id.render.catalogue import load_catalogue
from musk_id.render.html import render_html
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import Heading, Section, Table
from musk_id.render.pdf import render_pdf
from musk_id.vocabulary import Language

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
INTERIM = """
interim:
  reason: The authority asked what is known so far.
  told: [{date: "2026-02-25", to: Demonstration customs service, by: Registrar 1, what: That the runs are done.}]
"""
READ = (Language.EN, Language.RU)


def examined(root: Path, case: str, **changes: tuple[str, str]) -> CaseRecord:
    """A shipped case with another text in its files: name of the file, what to replace, by what."""
    shutil.copytree(EXAMPLES / "batches", root / "batches")
    shutil.copytree(EXAMPLES / "cases" / case, root / "cases" / case)
    shutil.copy(EXAMPLES / "laboratory.yaml", root)
    for name, (old, new) in changes.items():
        path = root / "laboratory.yaml" if name == "laboratory" else root / "cases" / case / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new) if old else text + new, encoding="utf-8")
    return examine_case(Casework(root), root / "cases" / case)


@pytest.fixture(scope="module")
def whole() -> CaseRecord:
    return examine_case(Casework(EXAMPLES), EXAMPLES / "cases" / "DEMO-A")


@pytest.fixture(scope="module")
def interim(tmp_path_factory) -> CaseRecord:  # type: ignore[no-untyped-def]
    changes = {"examination": ("", INTERIM)}
    return examined(tmp_path_factory.mktemp("interim"), "DEMO-A", **changes)


@pytest.fixture(scope="module")
def impossible(tmp_path_factory) -> CaseRecord:  # type: ignore[no-untyped-def]
    changes = {"request": ("kind: SPECIES_OF_MUSK_DEER", "kind: AGE")}
    return examined(tmp_path_factory.mktemp("impossible"), "DEMO-E", **changes)


@pytest.fixture(scope="module")
def kazakhstan(tmp_path_factory) -> CaseRecord:  # type: ignore[no-untyped-def]
    changes = {"laboratory": ("", "template: KAZAKHSTAN\n")}
    return examined(tmp_path_factory.mktemp("kazakhstan"), "DEMO-A", **changes)


def pages(record: CaseRecord, language: Language) -> list[str]:
    """Text of each page, runs of white space as one space."""
    reader = PdfReader(BytesIO(render_pdf(record, canonical_json(record), language)))
    texts = (page.extract_text().replace("\u200b", "").replace("\u00ad", "") for page in reader.pages)
    return [re.sub(r"\s+", " ", text) for text in texts]


def html(record: CaseRecord, language: Language) -> str:
    text = render_html(record, canonical_json(record), language).decode("utf-8")
    return re.sub(r"\s+", " ", re.sub(r'href="data:[^"]*"|<[^>]+>', " ", text))


def anchors(record: CaseRecord) -> list[str]:
    return [s.anchor for s in build_document(record, b"", load_catalogue(Language.EN)).sections]


@pytest.mark.parametrize("language", READ)
def test_the_box_stands_on_one_page(whole: CaseRecord, language: Language) -> None:
    catalogue = load_catalogue(language)
    title = catalogue.label("box.title", item="A1")
    (page,) = [text for text in pages(whole, language) if title in text]
    last = catalogue.phrase("method.number_of_animals", {})
    for words in (catalogue.label("box.population_not_examined"), "17.150", "Appendix II", "MUS", last):
        assert words in page[page.index(title) :]


def test_a_box_that_starts_low_on_a_page_moves_as_a_whole(whole: CaseRecord) -> None:
    """With more text before it, at any height of the page."""
    label = load_catalogue(Language.EN).label
    for extra in (3, 9, 15):
        questions = whole.intake.request.questions
        more = tuple(replace(questions[0], text=f"{questions[0].text}{' more' * 40 * extra}") for _ in range(1))
        request = replace(whole.intake.request, questions=(*more, *questions[1:]))
        changed = replace(whole, intake=replace(whole.intake, request=request))
        (page,) = [text for text in pages(changed, Language.EN) if label("box.title", item="A1") in text]
        assert label("box.population_not_examined") in page


@pytest.mark.parametrize("language", READ)
def test_an_interim_record_says_so_on_every_page(interim: CaseRecord, language: Language) -> None:
    label = load_catalogue(language).label
    texts = pages(interim, language)
    assert all(label("mark.interim") in text for text in texts)
    assert label("title.INTERIM_RECORD") in texts[0]
    assert label("notice.interim.title") in texts[0] and "That the runs are done." in texts[0]
    assert label("end_mark.INTERIM_RECORD", case="DEMO-A") in texts[-1]
    whole_text = " ".join(texts) + html(interim, language)
    for key in ("box.intro", "answers.conclusion", "ratio.why_none", "box.population_not_examined"):
        assert label(key) not in whole_text
    assert "Appendix I" not in whole_text


def test_an_interim_record_answers_every_question(interim: CaseRecord, whole: CaseRecord) -> None:
    found = [(a.question_id, a.finding) for a in interim.evidence.answers]
    assert found == [(a.question_id, a.finding) for a in whole.evidence.answers]
    assert interim.appendix_statements == () != whole.appendix_statements


@pytest.mark.parametrize("language", READ)
def test_a_statement_of_impossibility_is_a_document_of_its_own(impossible: CaseRecord, language: Language) -> None:
    label = load_catalogue(language).label
    assert impossible.form is not None
    assert impossible.form.document is DocumentKind.STATEMENT_OF_IMPOSSIBILITY
    texts = pages(impossible, language)
    assert label("title.STATEMENT_OF_IMPOSSIBILITY") in texts[0]
    assert label("notice.impossible.title") in texts[0]
    assert all(label("header.STATEMENT_OF_IMPOSSIBILITY", case="DEMO-E") in text for text in texts)
    assert label("end_mark.STATEMENT_OF_IMPOSSIBILITY", case="DEMO-E") in texts[-1]
    for question in impossible.intake.request.questions:
        assert question.text.strip() in texts[0]
    assert "authority" not in anchors(impossible)


@pytest.mark.parametrize("language", READ)
def test_a_template_that_nobody_read_says_so_on_every_page(kazakhstan: CaseRecord, language: Language) -> None:
    label = load_catalogue(language).label
    assert all(label("mark.template_unverified") in text for text in pages(kazakhstan, language))
    assert label("mark.template_unverified") in html(kazakhstan, language)
    assert label("issue_obstacle.TEMPLATE_UNVERIFIED") in html(kazakhstan, language)


def test_templates_that_were_read_carry_no_such_mark(whole: CaseRecord) -> None:
    for language in READ:
        assert load_catalogue(language).label("mark.template_unverified") not in html(whole, language)


def section(record: CaseRecord, anchor: str, language: Language) -> Section:
    document = build_document(record, b"", load_catalogue(language))
    return next(s for s in document.sections if s.anchor == anchor)


def words(cells) -> list[str]:  # type: ignore[no-untyped-def]
    return ["".join(span.text for line in cell for span in line) for cell in cells]


@pytest.mark.parametrize("language", READ)
def test_what_is_missing_is_listed_by_name(kazakhstan: CaseRecord, language: Language) -> None:
    """Each fact once, with the parts that lack it; nothing that is there."""
    catalogue = load_catalogue(language)
    assert kazakhstan.form is not None
    missing = [r for r in kazakhstan.form.clauses if r.state is ClauseState.MISSING]
    assert missing
    blocks = section(kazakhstan, "completeness", language).blocks
    place = blocks.index(Heading(2, catalogue.label("completeness.missing")))
    table = blocks[place + 1]
    assert isinstance(table, Table)
    rows = [words(row) for row in table.rows]
    assert [row[0] for row in rows] == list(dict.fromkeys(catalogue.word(r.need) for r in missing))
    parts = {part for row in rows for part in row[1].split(", ")}
    assert parts == {s for r in missing for s in r.subjects} | {"-"}
    for need, _, asked_by in rows:
        clauses = [f"{catalogue.word(r.clauses)} {r.number}" for r in missing if catalogue.word(r.need) == need]
        assert asked_by == "; ".join(clauses)


def test_the_whole_matrix_stands_in_the_html(whole: CaseRecord) -> None:
    text = html(whole, Language.EN)
    assert whole.form is not None
    for result in whole.form.clauses:
        label = load_catalogue(Language.EN)
        assert f"{label.word(result.clauses)} {result.number}" in text and label.word(result.need) in text


def test_records_made_before_the_form_was_told_are_still_rendered(whole: CaseRecord) -> None:
    older = replace(whole, form=None)
    assert not {"authority", "completeness"} & set(anchors(older))
    assert "Examination Record · case DEMO-A" in html(older, Language.EN)
