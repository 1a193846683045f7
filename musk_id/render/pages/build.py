"""A case record as pages of one language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from musk_id.model.record import CaseRecord
from musk_id.model.values import RelativePath
from musk_id.records.files import sha256_bytes
from musk_id.render.catalogue import Catalogue
from musk_id.render.page_lint import check_pages
from musk_id.render.pages.annexes import with_annexes
from musk_id.render.pages.authority import authority_section
from musk_id.render.pages.closing import (
    limitations_section,
    provenance_section,
    requester_section,
    signatures_section,
)
from musk_id.render.pages.completeness import completeness_section
from musk_id.render.pages.controls import controls_section
from musk_id.render.pages.document import Document
from musk_id.render.pages.findings import answers_section, findings_section
from musk_id.render.pages.form import document_word, page_marks
from musk_id.render.pages.front import front_page
from musk_id.render.pages.items import items_section
from musk_id.render.pages.methods import methods_section
from musk_id.render.photographs import DrawnPhotograph

__all__ = ["build_document", "document_date"]

VIEWER = "viewer."
ATTACHMENT = "record.json"
# An HTML file that holds a larger data file opens slowly and cannot be sent; the PDF holds it in any case.
MAX_HELD_BYTES = 2_000_000
_NONE: Mapping[RelativePath, DrawnPhotograph] = MappingProxyType({})


def build_document(
    record: CaseRecord,
    record_json: bytes,
    catalogue: Catalogue,
    photographs: Mapping[RelativePath, DrawnPhotograph] = _NONE,
) -> Document:
    """The pages of a record.

    Parameters
    ----------
    record : CaseRecord
        The record.
    record_json : bytes
        Its canonical JSON; the digest in the footer is that of these bytes.
    catalogue : Catalogue
        Words of the language.
    photographs : mapping of RelativePath to DrawnPhotograph
        The photographs that the record names, as drawn; those absent are named only.

    Raises
    ------
    IntegrityError
        If the pages would use a word that no page may use.
    """
    label = catalogue.label
    digest = sha256_bytes(record_json)
    every_section = (
        # The box is not broken: behind the first page, which ends where it ends, it leaves no page half empty.
        authority_section(record, catalogue),
        items_section(record, catalogue, photographs),
        findings_section(record, catalogue),
        answers_section(record, catalogue),
        controls_section(record, catalogue),
        methods_section(record, catalogue),
        limitations_section(record, catalogue),
        completeness_section(record, catalogue),
        requester_section(record, catalogue),
        provenance_section(record, digest, catalogue),
        signatures_section(catalogue),
    )
    held = tuple(section for section in every_section if section is not None)
    sections, annexes = with_annexes(held, digest, catalogue)
    document = Document(
        language=catalogue.language.value,
        case_id=record.case_id,
        date=document_date(record),
        banner=label("page.banner"),
        header=document_word(record, "header", catalogue, case=record.case_id),
        draft=page_marks(record, catalogue),
        watermark=label("page.watermark"),
        page_of=catalogue.labels["page.page_of"],
        digest_label=label("page.digest"),
        digest=digest,
        contents_title=label("page.contents"),
        front=front_page(record, catalogue),
        sections=sections,
        end_mark=document_word(record, "end_mark", catalogue, case=record.case_id),
        attachment=ATTACHMENT,
        annexes_title=label("section.annexes"),
        annexes=annexes,
        viewer_words=tuple(
            (key.removeprefix(VIEWER), text)
            for key, text in sorted(catalogue.labels.items())
            if key.startswith(VIEWER)
        ),
        data_elsewhere=_elsewhere(record_json, catalogue),
    )
    check_pages(document, record)
    return document


def _elsewhere(record_json: bytes, catalogue: Catalogue) -> str:
    """Where the data are if the HTML does not hold them."""
    if len(record_json) <= MAX_HELD_BYTES:
        return ""
    return catalogue.label("page.data_elsewhere", name=ATTACHMENT, bytes=str(len(record_json)))


def document_date(record: CaseRecord) -> str:
    """Date of the document's metadata: the latest date that the case's own papers name.

    The clock has no part in it. A case without any date takes that of the reference release.
    """
    request = record.intake.request
    asked = (date for date in (request.date_of_act, request.date_of_request) if date is not None)
    return max((*asked, *record.intake.examination.dates()), default=record.release.date)
