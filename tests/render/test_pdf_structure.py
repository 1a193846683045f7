"""The PDF is an archive file with tags, holds the record, and says on each page what it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json
from musk_id.records.files import sha256_bytes
from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
from musk_id.render.pdf import render_pdf
from musk_id.vocabulary import Language
from tests.pdf_structure import structure_faults

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", params=["DEMO-A", "DEMO-C"])
def record(request: pytest.FixtureRequest) -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / request.param)


@pytest.fixture(scope="module")
def papers(record: CaseRecord) -> dict[Language, bytes]:
    return {language: render_pdf(record, canonical_json(record), language) for language in WHOLE_LANGUAGES}


def test_the_structure_is_that_of_a_tagged_archive_file(papers: dict[Language, bytes]) -> None:
    for language, paper in papers.items():
        with pikepdf.open(BytesIO(paper)) as pdf:
            assert structure_faults(pdf) == []
            assert str(pdf.Root.Lang) == language.value


def _without(name: str) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        del pdf.Root[name]

    return change


def _script(pdf: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("1"))
    pdf.Root.OpenAction = pdf.make_indirect(action)


def _of_kind(pdf: pikepdf.Pdf, kind: str) -> pikepdf.Dictionary:
    return next(o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == kind)


def _no_alternative(pdf: pikepdf.Pdf) -> None:
    del _of_kind(pdf, "/Figure").Alt


def _no_scope(pdf: pikepdf.Pdf) -> None:
    del _of_kind(pdf, "/TH").A


def _skipped_level(pdf: pikepdf.Pdf) -> None:
    _of_kind(pdf, "/H2").S = pikepdf.Name.H5


def _unmarked(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0]
    page.contents_add(b"q 0 0 10 10 re f Q")


def _no_font(pdf: pikepdf.Pdf) -> None:
    font = next(o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and "/FontFile3" in o)
    del font.FontFile3


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_without("/Lang"), "no language"),
        (_without("/OutputIntents"), "no output intent"),
        (_without("/AF"), "embedded files"),
        (_without("/StructTreeRoot"), "no tags"),
        (_script, "/OpenAction"),
        (_script, "action /JavaScript"),
        (_no_alternative, "without alternative"),
        (_no_scope, "without scope"),
        (_skipped_level, "heading of level 5"),
        (_unmarked, "outside of marked content"),
        (_no_font, "not embedded"),
    ],
)
def test_each_fault_of_the_structure_would_be_found(
    papers: dict[Language, bytes], change: Callable[[pikepdf.Pdf], None], fault: str
) -> None:
    with pikepdf.open(BytesIO(papers[Language.EN])) as pdf:
        change(pdf)
        assert any(fault in found for found in structure_faults(pdf))


def test_every_page_names_its_case_its_number_and_the_digest(
    record: CaseRecord, papers: dict[Language, bytes]
) -> None:
    data = canonical_json(record)
    for language, paper in papers.items():
        label = load_catalogue(language).label
        reader = PdfReader(BytesIO(paper))
        pages = [page.extract_text().replace("\xa0", " ") for page in reader.pages]
        for number, page in enumerate(pages, 1):
            assert label("page.page_of", page=str(number), pages=str(len(pages))) in page
            assert sha256_bytes(data) in page
            assert label("header.EXAMINATION_RECORD", case=record.case_id) in page
        end = label("end_mark.EXAMINATION_RECORD", case=record.case_id)
        assert [end in page for page in pages] == [False] * (len(pages) - 1) + [True]
        for key in ("examiner", "reviewer", "stamp", "sign", "stamp_field"):
            assert label(f"signature.{key}") in pages[-1]
        assert reader.attachments["record.json"] == [data]
