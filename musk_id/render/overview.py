"""Many cases at a glance: a line for each, a table, and a page of links."""

from __future__ import annotations

from dataclasses import dataclass, replace

from musk_id.model.record import CaseFailure, CaseRecord
from musk_id.render.catalogue import load_catalogue
from musk_id.render.glyphs import Medium, drawable
from musk_id.render.html import environment, policy_digest
from musk_id.render.tables import csv_text
from musk_id.vocabulary import Finding, Language

__all__ = ["OverviewRow", "beside_earlier", "headline", "index_html", "overview_row", "summary_csv"]


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """A case: its grade and findings in words, or why it was not processed; links relative to the page.

    ``headline`` is the line of the case on a terminal.
    """

    case_id: str
    grade: str
    findings: str
    links: tuple[tuple[str, str], ...]
    failed: bool
    headline: str


def _findings(record: CaseRecord, language: Language) -> str:
    """Findings by item: the kinds of question with their finding, equal ones said once."""
    catalogue = load_catalogue(language)
    taxa = {call.item_id: (call.taxon, *(o.taxon for o in call.other_taxa)) for call in record.barcode.items}
    parts: list[str] = []
    for item in record.evidence.items:
        said = []
        for answer in record.evidence.answers:
            if answer.item_id != item.item_id or answer.finding is Finding.OUTSIDE_COMPETENCE:
                continue
            said.append(f"{catalogue.word(answer.kind)} {catalogue.word(answer.finding)}")
        named = [taxon for taxon in taxa.get(item.item_id, ()) if taxon is not None]
        words = "; ".join(dict.fromkeys(said)) or "-"
        parts.append(f"{item.item_id}: {words}" + (f" [{', '.join(named)}]" if named else ""))
    return " | ".join(parts)


def headline(record: CaseRecord, language: Language) -> str:
    """One line: case, grade, findings by item."""
    grade = load_catalogue(language).label("front.grade_short")
    return f"{record.case_id}  {grade} {record.evidence.grade.value}  {_findings(record, language)}"


def overview_row(entry: CaseRecord | CaseFailure, language: Language) -> OverviewRow:
    """Row of a case or of a failure."""
    if isinstance(entry, CaseFailure):
        message = f"{entry.stage}: {entry.message}"
        failed = load_catalogue(language).label("overview.failed", message=message)
        told = f"{entry.case_id}  FAILED at {entry.stage}: {entry.message}"
        return OverviewRow(entry.case_id, "", failed, (), True, told)
    links = tuple(
        (f"{kind.upper()} {lang}", f"cases/{entry.case_id}/record/record.{lang}.{kind}")
        for lang in entry.intake.laboratory.languages
        for kind in ("pdf", "html")
    )
    findings, grade = _findings(entry, language), entry.evidence.grade.value
    return OverviewRow(entry.case_id, grade, findings, links, False, headline(entry, language))


def beside_earlier(row: OverviewRow, place: str, language: Language) -> OverviewRow:
    """Row of a failed case in whose place something lies all the same: nobody may take it for this run's."""
    told = load_catalogue(language).label("overview.earlier", place=place)
    return replace(row, findings=f"{row.findings}; {told}", headline=f"{row.headline}; {told}")


def summary_csv(rows: list[OverviewRow], language: Language) -> bytes:
    """Table of all cases."""
    label = load_catalogue(language).label
    heads = [label("overview.case"), label("overview.grade"), label("overview.findings")]
    return csv_text([heads, *([row.case_id, row.grade, row.findings] for row in rows)])


def index_html(rows: list[OverviewRow], language: Language) -> bytes:
    """Page that links to the pages of all cases."""
    catalogue = load_catalogue(language)
    keys = ("title", "banner", "case", "grade", "findings", "pages")
    templates = environment()
    style = templates.get_template("overview.css").render()
    text: str = templates.get_template("index.html.j2").render(
        language=language.value,
        words={key: catalogue.label(f"overview.{key}") for key in keys},
        rows=rows,
        style_hash=policy_digest(style),
        draw=lambda value: drawable(value, Medium.HTML),
    )
    return text.encode("utf-8")
