"""What is an annex stands in the HTML and is named in the PDF; all else stands in both; a record stays short."""

from __future__ import annotations

import dataclasses
import re
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json
from musk_id.records.files import sha256_bytes
from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
from musk_id.render.glyphs import Medium, drawable
from musk_id.render.html import render_html
from musk_id.render.pages.annexes import ROWS_ON_PAPER, with_annexes
from musk_id.render.pages.build import build_document
from musk_id.render.pages.document import (
    Annex,
    AnnexReference,
    Document,
    Heading,
    Paragraph,
    Section,
    Table,
    cell,
)
from musk_id.render.pdf import render_pdf
from musk_id.vocabulary import Language

PROJECT = Path(__file__).resolve().parents[2]
ONE_ITEM = ("DEMO-A", "DEMO-B", "DEMO-C", "DEMO-D")


def _record(case: str) -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / case)


@pytest.fixture(scope="module", params=ONE_ITEM)
def record(request: pytest.FixtureRequest) -> CaseRecord:
    return _record(request.param)


def _pages(record: CaseRecord, language: Language) -> list[str]:
    reader = PdfReader(BytesIO(render_pdf(record, canonical_json(record), language)))
    return [_bare(page.extract_text()) for page in reader.pages]


def _bare(text: str) -> str:
    """Text without spaces and places to break: the media set them differently."""
    return re.sub(r"[\s\u200b\u00a0-]+", "", text)


def _texts(value: object) -> list[str]:
    """Every text of some blocks but those of pictures."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for part in value for text in _texts(part)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [
            f.name for f in dataclasses.fields(value) if f.name not in ("svg", "view", "alt", "style", "anchor")
        ]
        return [text for name in names for text in _texts(getattr(value, name))]
    return []


def _document(record: CaseRecord, language: Language) -> Document:
    return build_document(record, canonical_json(record), load_catalogue(language))


def test_a_record_of_one_item_has_four_to_eight_pages_and_its_first_page_answers(record: CaseRecord) -> None:
    for language in WHOLE_LANGUAGES:
        pages = _pages(record, language)
        assert 4 <= len(pages) <= 8
        front = _document(record, language).front
        first = pages[0]
        for question in front.questions:
            assert question.answers
            for text in (question.question_id, *_texts(question.asked), *_texts(question.answers)):
                assert _bare(drawable(text, Medium.PDF)) in first, text
        # The block that ends the first page: nothing of it runs over.
        assert _bare(front.read_on) in first and _bare(front.limits_title) in first


def test_pdf_and_html_hold_the_same_text_up_to_the_annexes(record: CaseRecord) -> None:
    for language in WHOLE_LANGUAGES:
        document = _document(record, language)
        paper = "".join(_pages(record, language))
        page = render_html(record, canonical_json(record), language).decode("utf-8")
        body, _, annexes = page.partition('<div id="annex-part">')
        plain = _bare(_unescaped(body))
        # The first page of the PDF also says that pages follow.
        front = dataclasses.replace(document.front, read_on="")
        for text in _texts((front, tuple(s.blocks for s in document.sections))):
            assert _bare(drawable(text, Medium.HTML)) in plain, text
            for word in drawable(text, Medium.PDF).split():
                assert _bare(word) in paper, text
        for section in document.annexes:
            assert f'<section id="{section.anchor}">' in annexes
            assert f'href="#{section.anchor}"' in body
            assert _bare(section.heading) in paper
        assert sha256_bytes(canonical_json(record)) in paper and f"record.{language}.html" in paper
        assert len(page.encode()) < 1_000_000


def _unescaped(page: str) -> str:
    import html

    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def test_annexes_hold_traces_and_numbers_and_are_not_in_the_pdf() -> None:
    record = _record("DEMO-A")
    document = _document(record, Language.EN)
    titles = [section.heading for section in document.annexes]
    assert [title.partition(":")[0] for title in titles] == [f"Annex {n}" for n in range(1, len(titles) + 1)]
    for part in ("rule trace", "Run A1-R1", "Run A1-R2", "Answers in full", "All numbers of the methods"):
        assert any(part in title for title in titles), part
    paper = "".join(_pages(record, Language.EN))
    assert "Resampledalignmentsforatree" not in paper and "nearestreferences(" not in paper
    assert not any(isinstance(block, Annex) for s in (*document.sections, *document.annexes) for block in s.blocks)


def test_annexes_are_taken_out_in_their_order_and_long_tables_with_them() -> None:
    def table(rows: int, caption: str) -> Table:
        return Table(caption, ("a",), (1,), ((cell("x"),),) * rows)

    inner = Annex("inside", (Paragraph(cell("deep")),))
    sections = (
        Section("one", "One", (table(ROWS_ON_PAPER, "short"), table(ROWS_ON_PAPER + 1, "long"))),
        Section("whole", "Whole", (Paragraph(cell("all")),), annex=True),
        Section("two", "Two", (Annex("own", (Paragraph(cell("text")), inner)), table(ROWS_ON_PAPER + 1, ""))),
        Section("end", "End", (Paragraph(cell("signed")),)),
    )
    kept, annexes = with_annexes(sections, "0" * 64, load_catalogue(Language.EN))
    assert [s.anchor for s in kept] == ["one", "two", "annexes", "end"]
    assert [s.heading for s in annexes] == ["Annex 1: long", "Annex 2: Whole", "Annex 3: own", "Annex 4: Two"]
    assert kept[0].blocks == (table(ROWS_ON_PAPER, "short"), AnnexReference("annex-1", "Annex 1: long"))
    assert annexes[2].blocks == (Paragraph(cell("text")), Heading(2, "inside"), Paragraph(cell("deep")))
    assert [b.anchor for b in kept[2].blocks if isinstance(b, AnnexReference)] == [s.anchor for s in annexes]
    plain = (Section("one", "One", ()),)
    assert with_annexes(plain, "0" * 64, load_catalogue(Language.EN)) == (plain, ())
