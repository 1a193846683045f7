"""Section: findings on each item, from the grade to the rule traces."""

from __future__ import annotations

from musk_id.model.evidence import ItemFindings
from musk_id.model.record import CaseRecord
from musk_id.model.trace import Criterion
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.chemistry import chemistry_blocks
from musk_id.render.pages.dna import dna_blocks
from musk_id.render.pages.document import Annex, Block, Facts, Heading, Items, Section, Table, bold, cell, lines
from musk_id.render.pages.facts import criteria_table, finding_words, reason_words, said
from musk_id.render.pages.form import conclusion_rows
from musk_id.render.pages.ratio import ratio_blocks

__all__ = ["answers_section", "findings_section"]


def findings_section(record: CaseRecord, catalogue: Catalogue) -> Section:
    """Per item: grade, findings, DNA, chemistry, what other providers found."""
    blocks: list[Block] = []
    for findings in record.evidence.items:
        blocks.append(Heading(2, catalogue.label("items.item", item=findings.item_id)))
        blocks.append(_grade_table(findings, catalogue))
        blocks.append(Items(said(catalogue, findings.statements)))
        blocks.extend(_item_trace(findings, record, catalogue))
        blocks.extend(ratio_blocks(findings.ratio, record.methods.barcode.genus, catalogue))
        blocks.extend(dna_blocks(findings.item_id, record.barcode, catalogue))
        blocks.extend(chemistry_blocks(findings.item_id, record.spectra, catalogue))
        blocks.extend(_outside(findings, record, catalogue))
    return Section("findings", catalogue.label("section.findings"), tuple(blocks))


def _grade_table(findings: ItemFindings, catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows = tuple(
        (
            cell(label(f"subject.{part.subject}")),
            bold(part.grade.value),
            cell(catalogue.statement(part.statement)),
            cell(", ".join(part.reasons) or "-"),
        )
        for part in findings.grade_parts
    )
    heads = tuple(label(f"head.{h}") for h in ("looked_at", "allows", "why", "codes"))
    caption = label("findings.grade", item=findings.item_id, grade=findings.grade.value)
    return Table(caption, heads, (3, 2, 9, 6), rows)


def _item_trace(findings: ItemFindings, record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    """The criteria of all answers on the item, each once; they hold those of exclusion too.

    Criteria of single spectra stand with their spectra.
    """
    of_spectra = {
        criterion
        for result in record.spectra.spectra
        if result.call is not None
        for criterion in result.call.trace
    }
    criteria: dict[Criterion, None] = {}
    for answer in record.evidence.answers:
        if answer.item_id == findings.item_id:
            criteria.update((c, None) for c in answer.trace if c not in of_spectra)
    if not criteria:
        return []
    caption = catalogue.label("findings.trace_item", item=findings.item_id)
    return [Annex(caption, (criteria_table(catalogue, "", criteria),))]


def _outside(findings: ItemFindings, record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    outside = [f for f in record.intake.examination.outside_findings if f.item_id == findings.item_id]
    if not outside:
        return []
    rows = tuple(
        (cell(f.finding_id), cell(f.method), cell(f.provider), cell(f.date or "-"), cell(f.result.strip()))
        for f in outside
    )
    heads = tuple(label(f"head.{h}") for h in ("id", "method", "provider", "date", "result"))
    return [
        Heading(3, label("findings.outside")),
        Table(label("findings.outside_caption"), heads, (3, 4, 5, 3, 8), rows),
    ]


def answers_section(record: CaseRecord, catalogue: Catalogue) -> Section:
    """Every question as asked, with its whole answer for every item."""
    label = catalogue.label
    blocks: list[Block] = []
    for question in record.intake.request.questions:
        blocks.append(Heading(2, f"{question.question_id} · {catalogue.word(question.kind)}"))
        blocks.append(Facts(((label("answers.asked"), cell(question.text.strip())),)))
        for answer in record.evidence.answers:
            if answer.question_id != question.question_id:
                continue
            rows = [
                (
                    label("answers.finding", item=answer.item_id),
                    bold(finding_words(catalogue, answer.finding)),
                ),
                (label("answers.statements"), lines(*said(catalogue, answer.statements))),
                (label("answers.reasons"), reason_words(catalogue, answer.reasons)),
                *conclusion_rows(record, answer, catalogue),
            ]
            if answer.next_steps:
                rows.append((label("answers.next_steps"), lines(*said(catalogue, answer.next_steps))))
            blocks.append(Facts(tuple(rows)))
    return Section("answers", label("section.answers"), tuple(blocks), annex=True)
