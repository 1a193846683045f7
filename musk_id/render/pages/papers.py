"""Papers of a case beside request and examination: laboratory numbers, edits by hand."""

from __future__ import annotations

from collections.abc import Iterator

from musk_id.model.edits import BaseEdit, Edits, Reintegration
from musk_id.model.examination import Examination
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Heading, Table, cell, mono
from musk_id.vocabulary import Reason

__all__ = ["edits_blocks", "numbers_table"]


def numbers_table(examination: Examination, catalogue: Catalogue) -> list[Block]:
    """What the laboratory calls the parts of the case; nothing where it uses no numbers of its own."""
    rows = tuple((mono(identifier), cell(number)) for identifier, number in _numbered(examination))
    if not rows:
        return []
    heads = (catalogue.label("head.id"), catalogue.label("head.laboratory_number"))
    return [Table(catalogue.label("items.laboratory_numbers"), heads, (6, 8), rows)]


def _numbered(examination: Examination) -> Iterator[tuple[str, str]]:
    for item in examination.items:
        parts = [(str(item.item_id), item.laboratory_number)]
        for sub_sample in item.sub_samples:
            parts.append((str(sub_sample.sub_sample_id), sub_sample.laboratory_number))
            for extract in sub_sample.extracts:
                parts.append((str(extract.extract_id), extract.laboratory_number))
                parts += [(str(product.product_id), product.laboratory_number) for product in extract.products]
        yield from ((identifier, number) for identifier, number in parts if number is not None)


def edits_blocks(record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    """Every edit by hand with its reason, person and date; the letters of human sequences are not shown."""
    edits = record.intake.edits
    if edits is None or not (edits.base_edits or edits.reintegrations):
        return []
    # A run that is human only with the edits, or only without them, shows human letters all the same.
    view = record.barcode.with_edits
    every = (*record.barcode.sequences, *(() if view is None else view.sequences))
    human = {str(r.run.run_id) for r in every if Reason.HUMAN_DNA in r.reasons}
    label = catalogue.label
    names = ("run", "where", "edit_from", "edit_to", "why", "edit_person", "date")
    heads = tuple(label(f"head.{name}") for name in names)
    rows = (*_base_rows(edits, human), *(_peak_row(entry) for entry in edits.reintegrations))
    return [
        Heading(2, label("items.edits")),
        Table(label("items.edits_caption"), heads, (4, 4, 3, 3, 9, 6, 4), rows),
    ]


def _base_rows(edits: Edits, human: set[str]) -> Iterator[tuple[Cell, ...]]:
    for entry in sorted(edits.base_edits, key=lambda edit: (edit.run_id, edit.position)):
        shown = entry.run_id not in human
        letters = (mono(entry.from_letter), mono(entry.to_letter)) if shown else (cell("-"), cell("-"))
        yield (mono(entry.run_id), cell(str(entry.position)), *letters, *_why(entry))


def _peak_row(entry: Reintegration) -> tuple[Cell, ...]:
    return (mono(entry.run_id), cell(entry.peak), cell(entry.from_area), cell(entry.to_area), *_why(entry))


def _why(entry: BaseEdit | Reintegration) -> tuple[Cell, ...]:
    return (cell(entry.reason.strip()), cell(entry.person), cell(entry.date))
