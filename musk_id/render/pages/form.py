"""The form of a record on its pages: its title, the marks on every page, the form of a conclusion."""

from __future__ import annotations

from musk_id.form_vocabulary import DocumentKind
from musk_id.model.evidence import Answer
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Cell, Notice, cell

__all__ = ["conclusion_rows", "document_of", "document_word", "form_notices", "page_marks"]


def document_of(record: CaseRecord) -> DocumentKind:
    """What document a record is; those made before the form was told are examination records."""
    return DocumentKind.EXAMINATION_RECORD if record.form is None else record.form.document


def document_word(record: CaseRecord, part: str, catalogue: Catalogue, **values: str) -> str:
    """Title, subtitle, header or end mark of the document that a record is."""
    return catalogue.label(f"{part}.{document_of(record)}", **values)


def page_marks(record: CaseRecord, catalogue: Catalogue) -> str:
    """Marks that stand on every page: an interim record, a template whose text nobody read, a draft language."""
    label = catalogue.label
    marks = []
    if document_of(record) is DocumentKind.INTERIM_RECORD:
        marks.append(label("mark.interim"))
    if record.form is not None and not record.form.template.text_read:
        marks.append(label("mark.template_unverified"))
    if catalogue.is_draft:
        marks.append(label("page.draft"))
    return " · ".join(marks)


def form_notices(record: CaseRecord, catalogue: Catalogue) -> tuple[Notice, ...]:
    """What has to be seen before the answers: gaps of a translation, that they may change, that there are none."""
    label = catalogue.label
    kind = document_of(record)
    before: tuple[Notice, ...] = ()
    if catalogue.untranslated:
        text = label("language_note.untranslated", count=str(len(catalogue.untranslated)))
        before = (Notice(label("page.draft"), (cell(text),)),)
    if kind is DocumentKind.STATEMENT_OF_IMPOSSIBILITY:
        return (*before, Notice(label("notice.impossible.title"), (cell(label("notice.impossible.text")),)))
    interim = record.intake.examination.interim
    if kind is not DocumentKind.INTERIM_RECORD or interim is None:
        return before
    told: list[Cell] = [cell(label("notice.interim.text"))]
    told += [
        cell(label("notice.interim.told", date=entry.date, by=entry.by, to=entry.to, what=entry.what.strip()))
        for entry in interim.told
    ]
    facts = ((label("notice.interim.why"), cell(interim.reason.strip())),)
    return (*before, Notice(label("notice.interim.title"), tuple(told), facts))


def conclusion_rows(record: CaseRecord, answer: Answer, catalogue: Catalogue) -> list[tuple[str, Cell]]:
    """The form of conclusion that an answer allows, for the examiner to take or leave."""
    if record.form is None:
        return []
    return [
        (catalogue.label("answers.conclusion"), cell(catalogue.word(conclusion.form)))
        for conclusion in record.form.conclusions
        if (conclusion.question_id, conclusion.item_id) == (answer.question_id, answer.item_id)
    ]
