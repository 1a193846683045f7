"""Where and by whom items were worked on: the laboratory, the place, each step before the runs with its method."""

from __future__ import annotations

from collections.abc import Iterator

from musk_id.model.examination import ExaminedItem, Extract, MassBalance, Product, SubSample
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Facts, Heading, Table, cell, lines, mono
from musk_id.render.pages.facts import given

__all__ = ["place_blocks", "steps_table"]


def place_blocks(record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    """Name and address of the laboratory, place of the work, who was present, who else took part."""
    label = catalogue.label
    laboratory, examination = record.intake.laboratory, record.intake.examination
    house = [cell(laboratory.name)]
    house += [cell(text.strip()) for text in (laboratory.address, laboratory.contact) if text is not None]
    place, present = examination.place_of_work, examination.participants
    rows: list[tuple[str, Cell]] = [
        (label("front.laboratory"), lines(*house)),
        (label("items.place_of_work"), given(catalogue, place and place.strip())),
        (label("items.participants"), given(catalogue, present and present.strip())),
    ]
    if examination.persons:
        rows.append((label("items.persons"), cell("; ".join(examination.persons))))
    return [Heading(2, label("items.examination")), Facts(tuple(rows))]


def steps_table(items: tuple[ExaminedItem, ...], catalogue: Catalogue) -> Table | None:
    """Sub-samples, extracts and products: from what, when, by whom, with which method; none without one."""
    rows = tuple(row for item in items for s in item.sub_samples for row in _rows(s, catalogue))
    if not rows:
        return None
    heads = ("part", "taken_from", "date", "who_how", "mass_in", "mass_used", "mass_left")
    titles = tuple(catalogue.label(f"head.{head}") for head in heads)
    return Table(catalogue.label("items.steps"), titles, (14, 14, 9, 18, 8, 12, 9), rows)


def _rows(sub_sample: SubSample, catalogue: Catalogue) -> Iterator[tuple[Cell, ...]]:
    source = given(catalogue, sub_sample.taken_from and sub_sample.taken_from.strip())
    yield _row(sub_sample.sub_sample_id, source, sub_sample, sub_sample.mass)
    for extract in sub_sample.extracts:
        yield _row(extract.extract_id, cell(catalogue.word(extract.kind)), extract, extract.mass)
        for product in extract.products:
            made = cell(product.locus.value if product.locus is not None else "-")
            yield _row(product.product_id, made, product, None)


def _row(name: str, made: Cell, step: SubSample | Extract | Product, mass: MassBalance | None) -> tuple[Cell, ...]:
    who = [step.analyst, step.method_version, step.instrument if isinstance(step, Product) else None]
    known = [cell(text) for text in who if text is not None]
    masses = (None, None, None) if mass is None else (mass.in_mg, mass.used_mg, mass.left_mg)
    return (
        mono(name),
        made,
        cell(step.date or "-"),
        lines(*known) if known else cell("-"),
        *(cell(value or "-") for value in masses),
    )
