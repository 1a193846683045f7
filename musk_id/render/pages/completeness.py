"""Section: the template in use, what the record lacks, by name, and what keeps a report from being issued."""

from __future__ import annotations

from musk_id.form_vocabulary import ClauseState, IssueObstacle
from musk_id.model.clauses import ClauseResult
from musk_id.model.form import RecordForm
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Annex, Block, Cell, Facts, Heading, Items, Section, Table, cell
from musk_id.render.pages.facts import listed

__all__ = ["completeness_section"]


def completeness_section(record: CaseRecord, catalogue: Catalogue) -> Section | None:
    """What the record lacks; nothing for records made before that was told."""
    form = record.form
    if form is None:
        return None
    label = catalogue.label
    blocks: list[Block] = [
        Facts(
            (
                (label("completeness.template"), cell(catalogue.word(form.template.template))),
                (label("completeness.source"), _source(form, catalogue)),
            )
        ),
        Heading(2, label("completeness.missing")),
        *_missing(form, catalogue),
        Heading(2, label("completeness.obstacles")),
        Items(_obstacles(form, catalogue)),
        Annex(label("completeness.matrix"), (_matrix(form, catalogue),)),
    ]
    return Section("completeness", label("section.completeness"), tuple(blocks))


def _source(form: RecordForm, catalogue: Catalogue) -> Cell:
    verification = form.template.verification
    if verification.verified_by is None:
        return cell(f"{verification.source_document.strip()} {catalogue.label('box.not_verified')}")
    return cell(f"{verification.source_document.strip()} ({verification.verified_by}, {verification.verified_on})")


def _missing(form: RecordForm, catalogue: Catalogue) -> list[Block]:
    """Each fact that is missing once, with the parts that lack it and every clause that asks for it."""
    missing: dict[tuple[str, str], list[str]] = {}
    for result in form.clauses:
        if result.state is ClauseState.MISSING:
            key = (catalogue.word(result.need), listed(catalogue, result.subjects) or "-")
            missing.setdefault(key, []).append(_clause(result, catalogue))
    if not missing:
        return [Items((cell(catalogue.label("completeness.nothing")),))]
    rows = tuple((cell(need), cell(parts), cell("; ".join(by))) for (need, parts), by in missing.items())
    heads = tuple(catalogue.label(f"head.{head}") for head in ("what", "lacking_parts", "asked_by"))
    return [Table("", heads, (8, 5, 8), rows)]


def _clause(result: ClauseResult, catalogue: Catalogue) -> str:
    return f"{catalogue.word(result.clauses)} {result.number}"


def _obstacles(form: RecordForm, catalogue: Catalogue) -> tuple[Cell, ...]:
    """Obstacles that the record names, and that of a language whose words nobody reviewed."""
    obstacles = [*form.obstacles, *((IssueObstacle.LANGUAGE_DRAFT,) if catalogue.is_draft else ())]
    told = [cell(catalogue.word(obstacle)) for obstacle in obstacles]
    return tuple(told) or (cell(catalogue.label("completeness.no_obstacle")),)


def _matrix(form: RecordForm, catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows = tuple(
        (
            cell(_clause(result, catalogue)),
            cell(catalogue.word(result.need)),
            cell(catalogue.word(result.state)),
            cell(listed(catalogue, result.subjects) or "-"),
        )
        for result in form.clauses
    )
    heads = tuple(label(f"head.{head}") for head in ("clause", "what", "state", "lacking_parts"))
    return Table("", heads, (6, 9, 5, 5), rows)
