"""Section: the box for a CITES Management Authority, one an item, each in one piece on one page."""

from __future__ import annotations

from musk_id.model.authority_box import BoxItem, Listing, PopulationRow
from musk_id.model.evidence import Statement
from musk_id.model.record import CaseRecord
from musk_id.model.trade_codes import CodeRow
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Cell, Notice, Paragraph, Section, cell, lines
from musk_id.render.pages.facts import given, said

__all__ = ["authority_section"]


def authority_section(record: CaseRecord, catalogue: Catalogue) -> Section | None:
    """The box of each item; nothing where the record has none."""
    if record.form is None or not record.form.authority_box:
        return None
    label = catalogue.label
    intro = Paragraph(cell(label("box.intro")), quiet=True)
    boxes = tuple(_box(item, catalogue) for item in record.form.authority_box)
    return Section("authority", label("section.authority"), (intro, *boxes))


def _box(item: BoxItem, catalogue: Catalogue) -> Notice:
    label = catalogue.label
    grade = cell(f"{item.grade}: {label(f'grade_meaning.{item.grade}')}")
    facts = (
        (label("front.grade"), lines(grade, *said(catalogue, item.remarks))),
        (label("box.found"), _sentences(item.found, catalogue)),
        (label("box.candidates"), _sentences(item.candidates, catalogue)),
        (label("box.part"), _part(item, catalogue)),
        (label("box.terms"), _codes(item.terms, catalogue) if item.terms else cell(label("box.no_code"))),
        (label("box.net_mass"), _net_mass(item, catalogue)),
        (label("box.units"), _units(item, catalogue)),
        (label("box.listing"), _listing(item, catalogue)),
        (label("box.not_tested"), _sentences(item.not_tested, catalogue)),
    )
    return Notice(label("box.title", item=item.item_id), (), facts, whole=True)


def _sentences(statements: tuple[Statement, ...], catalogue: Catalogue) -> Cell:
    sentences = said(catalogue, statements)
    return lines(*sentences) if sentences else cell(catalogue.label("text.none"))


def _part(item: BoxItem, catalogue: Catalogue) -> Cell:
    word = catalogue.word(item.part)
    return cell(word if item.material is None else f"{word} ({catalogue.word(item.material)})")


def _codes(rows: tuple[CodeRow, ...], catalogue: Catalogue) -> Cell:
    return lines(*(cell(_code(row, catalogue)) for row in rows))


def _code(row: CodeRow, catalogue: Catalogue) -> str:
    meaning = catalogue.label(f"trade_code.{row.code or 'NUMBER'}")
    code = meaning if row.code is None else f"{row.code} ({meaning})"
    return _marked(code, row.verification.verified_by is not None, catalogue)


def _marked(text: str, verified: bool, catalogue: Catalogue) -> str:
    return text if verified else f"{text} {catalogue.label('box.not_verified')}"


def _net_mass(item: BoxItem, catalogue: Catalogue) -> Cell:
    label = catalogue.label
    mass, grams = item.net_mass, item.net_mass_g
    if mass is None or grams is None:
        return given(catalogue, None)
    if item.net_uncertainty_g is None or mass.coverage_factor is None:
        amount = label("box.mass_without_uncertainty", grams=grams)
    else:
        amount = label("box.mass", grams=grams, uncertainty=item.net_uncertainty_g, factor=mass.coverage_factor)
    return lines(cell(amount), cell(label("box.unit", code=_code(item.mass_unit, catalogue))))


def _units(item: BoxItem, catalogue: Catalogue) -> Cell:
    if item.units_total is None:
        return given(catalogue, None)
    examined = catalogue.label("text.not_recorded") if item.units_examined is None else str(item.units_examined)
    text = catalogue.label("box.units_text", total=str(item.units_total), examined=examined)
    return lines(cell(text), cell(catalogue.label("box.unit", code=_code(item.number_unit, catalogue))))


def _listing(item: BoxItem, catalogue: Catalogue) -> Cell:
    label = catalogue.label
    found = item.listing
    if found is None:
        return cell(label("box.no_listing"))
    key = "box.at_date_of_act" if item.at_date_of_act else "box.at_date_of_record"
    parts = [cell(label(key, taxon=found.taxon, date=found.date))]
    parts += [cell(text) for text in _population_lines(found, catalogue)]
    parts.append(cell(label("box.population_not_examined")))
    return lines(*parts)


def _population_lines(found: Listing, catalogue: Catalogue) -> list[str]:
    if not found.rows:
        return [catalogue.label("box.no_row")]
    return [_marked(_population(row, catalogue), row.verified, catalogue) for row in found.rows]


def _population(row: PopulationRow, catalogue: Catalogue) -> str:
    label = catalogue.label
    if row.populations:
        return label("box.row_named", listing=row.listing, countries=", ".join(row.populations))
    if row.except_populations:
        return label("box.row_except", listing=row.listing, countries=", ".join(row.except_populations))
    return label("box.row_no_countries", listing=row.listing, taxon=row.taxon)
