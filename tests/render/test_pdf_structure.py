"""The PDF is an archive file with tags, holds the record, and says on each page what it belongs to."""

from __future__ import annotations

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
