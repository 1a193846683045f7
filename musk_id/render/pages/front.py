"""The first page: what this is, for whom, how strong, and the answers."""

from __future__ import annotations

from musk_id.model.evidence import Answer, Statement
from musk_id.model.record import CaseRecord
from musk_id.model.request import Question
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Cell, Front, FrontAnswer, FrontQuestion, Notice, cell, lines
from musk_id.render.pages.facts import finding_words, given, said
from musk_id.render.pages.form import document_word, form_notices
from musk_id.vocabulary import Finding, Reason

__all__ = ["front_page"]

# Remarks that must be seen before the answers (decision rules, section 4).
_REMARKS = frozenset({"dna.certified_margin_small"})

# Limitations that change how an answer is read; all of them stand in their own section.
_KEY_LIMITATIONS = (
    "limit.no_species",
    "limit.presence_is_not_substance",
    "limit.absence_is_not_artificial",
    "limit.maternal_lineage",
    "limit.number_of_individuals",
)


def front_page(record: CaseRecord, catalogue: Catalogue) -> Front:
    """The first page of a record."""
    label = catalogue.label
    answers = record.evidence.answers
    limits = {str(s.phrase): s for s in record.evidence.limitations}
    return Front(
        title=document_word(record, "title", catalogue),
        subtitle=label("front.subtitle"),
        notices=_notices(record, catalogue),
        facts=_case_facts(record, catalogue),
        grade_label=label("front.grade"),
        grade=record.evidence.grade.value,
        grade_meaning=label(f"grade_meaning.{record.evidence.grade}"),
        grade_reasons=_grade_reasons(record, catalogue),
        questions_title=label("front.questions"),
        questions=_questions(record, catalogue),
        grade_word=label("front.grade_short"),
        next_title=label("front.next_steps"),
        next_steps=said(catalogue, [s for answer in answers for s in answer.next_steps]),
        limits_title=label("front.limits"),
        limits=said(catalogue, [limits[p] for p in _KEY_LIMITATIONS if p in limits]),
        read_on=label("front.read_on"),
    )


def _notices(record: CaseRecord, catalogue: Catalogue) -> tuple[Notice, ...]:
    label = catalogue.label
    notices: list[Notice] = [*form_notices(record, catalogue)]
    simulated = [c.run.run_id for c in record.intake.examination.runs() if c.run.simulated is not None]
    if simulated:
        text = label("notice.simulated.text", runs=catalogue.join(simulated))
        notices.append(Notice(label("notice.simulated.title"), (cell(text),)))
    remarks = [s for a in record.evidence.answers for s in a.statements if s.phrase in _REMARKS]
    if remarks:
        notices.append(Notice(label("notice.certified_margin.title"), said(catalogue, remarks)))
    if record.intake.notes:
        text = label("notice.intake.text", count=str(len(record.intake.notes)))
        notices.append(Notice(label("notice.intake.title"), (cell(text),)))
    failed = [c.batch_id for c in record.controls if not c.passed]
    if failed:
        text = label("notice.controls.text", batches=catalogue.join(failed))
        notices.append(Notice(label("notice.controls.title"), (cell(text),)))
    return tuple(notices)


def _case_facts(record: CaseRecord, catalogue: Catalogue) -> tuple[tuple[str, Cell], ...]:
    label = catalogue.label
    request, laboratory = record.intake.request, record.intake.laboratory
    authority: list[str] = [request.authority.name]
    if request.authority.reference is not None:
        authority.append(label("text.reference", reference=request.authority.reference))
    house = [cell(laboratory.name)]
    house += [cell(f"{a.body} {a.number}") for a in laboratory.accreditations]
    return (
        (label("front.authority"), cell("; ".join(authority))),
        (label("front.laboratory"), lines(*house)),
        (label("front.dates"), _dates(record, catalogue)),
        (label("front.items"), lines(*(cell(text) for text in _item_lines(record, catalogue)))),
    )


def _dates(record: CaseRecord, catalogue: Catalogue) -> Cell:
    label = catalogue.label
    request, examination = record.intake.request, record.intake.examination
    dates = (
        ("front.date_of_act", request.date_of_act),
        ("front.date_of_request", request.date_of_request),
        ("front.date_of_receipt", examination.accession_date),
        ("front.date_of_completion", examination.completed_on),
    )
    known = [label(key, date=date) for key, date in dates if date is not None]
    if examination.accession_number is not None:
        known.append(label("front.accession", number=examination.accession_number))
    return cell("; ".join(known)) if known else given(catalogue, None)


def _item_lines(record: CaseRecord, catalogue: Catalogue) -> list[str]:
    examined = {item.item_id: item for item in record.intake.examination.items}
    found: list[str] = []
    for asked in record.intake.request.items:
        item = examined.get(asked.item_id)
        if item is None:
            words = catalogue.label("front.item_not_received")
        elif item.found_to_be is None:
            words = catalogue.label("front.item_no_morphology")
        else:
            words = catalogue.label("front.item_found", material=catalogue.word(item.found_to_be.material))
        found.append(f"{asked.item_id}: {words}")
    return found


def _grade_reasons(record: CaseRecord, catalogue: Catalogue) -> tuple[Cell, ...]:
    """Why the grade is not better: the sentences of the parts that hold the record's own grade."""
    grade = record.evidence.grade
    weak: list[Statement] = [
        part.statement
        for item in record.evidence.items
        for part in item.grade_parts
        if part.grade is grade and part.reasons
    ]
    return said(catalogue, weak)


def _questions(record: CaseRecord, catalogue: Catalogue) -> tuple[FrontQuestion, ...]:
    shown: dict[str, dict[str, str]] = {}
    return tuple(
        FrontQuestion(
            question.question_id,
            cell(question.text.strip()),
            tuple(
                _front_answer(answer, record, catalogue, shown.setdefault(answer.item_id, {}))
                for answer in _answers(record, question)
            ),
        )
        for question in record.intake.request.questions
    )


def _answers(record: CaseRecord, question: Question) -> list[Answer]:
    return [a for a in record.evidence.answers if a.question_id == question.question_id]


def _front_answer(answer: Answer, record: CaseRecord, catalogue: Catalogue, shown: dict[str, str]) -> FrontAnswer:
    """An answer; a sentence that an earlier question already drew for the item is pointed to, not repeated.

    ``shown`` holds, for the item, the question under which each sentence was first printed. The first
    sentence of an answer is always printed.
    """
    sentences = [catalogue.statement(s) for s in answer.statements if s.phrase not in _REMARKS]
    kept: list[str] = []
    pointed: list[str] = []
    for index, sentence in enumerate(dict.fromkeys(sentences)):
        if index == 0 or sentence not in shown:
            kept.append(sentence)
        elif shown[sentence] not in pointed:
            pointed.append(shown[sentence])
        shown.setdefault(sentence, answer.question_id)
    kept += _reason_lines(answer, record, catalogue, shown)
    if pointed:
        kept.append(catalogue.label("front.also", questions=catalogue.join(pointed)))
    return FrontAnswer(
        item=answer.item_id,
        finding=finding_words(catalogue, answer.finding),
        grade="" if answer.finding in _UNGRADED else answer.grade.value,
        statements=tuple(cell(sentence) for sentence in kept),
    )


_UNGRADED = frozenset({Finding.OUTSIDE_COMPETENCE, Finding.NOT_EXAMINED})


def _reason_lines(answer: Answer, record: CaseRecord, catalogue: Catalogue, shown: dict[str, str]) -> list[str]:
    """Reasons of an answer that is open, unless the grade or an earlier question has said them."""
    if answer.finding is not Finding.INCONCLUSIVE:
        return []
    of_grade: set[Reason] = {
        reason
        for item in record.evidence.items
        for part in item.grade_parts
        if item.item_id == answer.item_id
        for reason in part.reasons
    }
    words = [catalogue.word(reason) for reason in answer.reasons if reason not in of_grade]
    fresh = [word for word in words if word not in shown]
    shown.update((word, answer.question_id) for word in fresh)
    return [catalogue.label("front.because", reasons=" ".join(fresh))] if fresh else []
