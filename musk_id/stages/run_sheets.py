"""Runs held against the run sheets of their batches (decision rules, section 8): notes of intake.

A position of the sheet belongs to a run if its sample is one of the run's chain, or if the row names case and run.
Silence is no agreement: a row that says neither, and a run that is on no row, are notes. So is a row of the case
without a run in the examination, for every attempt is to be declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.evidence import Statement
from musk_id.model.examination import Examination, Extract, RunContext, SubSample
from musk_id.model.intake import IntakeNote
from musk_id.model.values import Identifier, Line
from musk_id.stages.sample_names import holds, is_own, known_names, own_names, plain
from musk_id.stages.statements import say
from musk_id.vocabulary import ControlKind, Reason

__all__ = ["Sheets", "attempt_notes", "linked_samples", "row_notes", "same_place", "well"]

_WELL = re.compile(r"([A-Pa-p])0*([1-9][0-9]?)")
_Found = Iterator[tuple[Reason, Statement]]

Sheets = Mapping[Identifier, RunSheet]


def well(text: str) -> str | None:
    """A well of a plate in one spelling: ``a01`` is ``A1``; ``None`` for what is no well."""
    match = _WELL.fullmatch(text.strip())
    return f"{match[1].upper()}{match[2]}" if match else None


def same_place(first: str, second: str) -> bool:
    """Whether two positions are one."""
    return (well(first) or plain(first)) == (well(second) or plain(second))


def _rows(context: RunContext, sheets: Sheets) -> list[SheetRow]:
    """Rows of the run's own batch at its position."""
    sheet = sheets.get(context.run.batch_id) if context.run.batch_id is not None else None
    position = context.run.position
    if sheet is None or position is None:
        return []
    return [row for row in sheet.rows if same_place(row.position, position)]


def _links(row: SheetRow, context: RunContext, case_id: Identifier) -> bool:
    """Whether a row names this run of this case."""
    return row.case_id == case_id and row.run_id == context.run.run_id


def linked_samples(context: RunContext, case_id: Identifier, sheets: Sheets) -> frozenset[str]:
    """What the rows that name this run call its sample, plain."""
    linked = (row for row in _rows(context, sheets) if _links(row, context, case_id))
    return frozenset(plain(row.sample) for row in linked if row.sample is not None)


def row_notes(context: RunContext, examination: Examination, sheets: Sheets) -> _Found:
    """What the sheet of a run's batch says of its position, if that is not the run."""
    run, batch = context.run, context.run.batch_id
    if batch is None:
        # Without a batch of its own a run would pass every comparison with a sheet.
        yield Reason.NOT_ON_RUN_SHEET, say("intake.run_without_sheet", run=run.run_id)
        return
    if batch not in sheets:
        return
    rows = _rows(context, sheets)
    if not rows:
        position = run.position or "-"
        yield (
            Reason.NOT_ON_RUN_SHEET,
            say("intake.not_on_run_sheet", run=run.run_id, batch=batch, position=position),
        )
    known = known_names(examination)
    for row in rows:
        phrase = _against(row, context, examination.case_id, known)
        if phrase is None:
            continue
        values = {"run": str(run.run_id), "position": str(row.position)}
        # Words of another case stay out of this record.
        values |= {"sample": row.sample or row.kind.value} if phrase == "intake.sheet_sample_differs" else {}
        yield Reason.SAMPLE_NAME_DIFFERS, say(phrase, **values)


def _against(row: SheetRow, context: RunContext, case_id: Identifier, known: frozenset[str]) -> str | None:
    """Phrase for what a row says against a run; ``None`` if it is the run's."""
    if row.kind is not ControlKind.EXHIBIT:
        return "intake.sheet_sample_differs"
    if row.case_id not in (None, case_id) or row.run_id not in (None, context.run.run_id):
        return "intake.sheet_row_of_another"
    name = None if row.sample is None else plain(row.sample)
    own = own_names(context)
    if name is not None and not is_own(name, own, known) and any(holds(name, other) for other in known):
        return "intake.sheet_sample_differs"
    if _links(row, context, case_id) or (name is not None and is_own(name, own, known)):
        return None
    return "intake.sheet_row_unlinked"


def attempt_notes(examination: Examination, sheets: Sheets) -> Iterator[IntakeNote]:
    """Rows of the case on the sheets of its batches that no run of the examination stands for."""
    contexts = tuple(examination.runs())
    for batch, sheet in sorted(sheets.items()):
        for row in sheet.rows:
            about = _about(row, examination, contexts)
            if about is None or _declared(row, sheet, examination, contexts):
                continue
            yield IntakeNote(
                reason=Reason.ATTEMPT_NOT_DECLARED,
                subject=Line(f"batch {batch}, position {row.position}"[:500]),
                run_ids=tuple(context.run.run_id for context in about),
                statement=say(
                    "intake.attempt_not_declared",
                    batch=batch,
                    position=row.position,
                    sample=row.sample or row.run_id or "-",
                ),
            )


def _about(
    row: SheetRow, examination: Examination, contexts: tuple[RunContext, ...]
) -> tuple[RunContext, ...] | None:
    """Runs of the items that a row of the case names, or all of them; ``None`` if the row is not of the case."""
    if row.kind is not ControlKind.EXHIBIT or row.case_id not in (None, examination.case_id):
        return None
    name = "" if row.sample is None else plain(row.sample)
    if row.case_id is None and not any(holds(name, known) for known in known_names(examination)):
        return None
    items = {c.item.item_id for c in contexts if any(holds(name, own) for own in own_names(c))}
    return tuple(c for c in contexts if not items or c.item.item_id in items)


def _declared(row: SheetRow, sheet: RunSheet, examination: Examination, contexts: tuple[RunContext, ...]) -> bool:
    """Whether the examination has what stands in a row: a run there, or what a step before it made.

    On a sheet without runs a row stands for a product or an extract. On one with runs it stands for a product that
    was not run either, or for the extraction, if it has no marker and the rows of the runs have one: where these
    have none, an extraction cannot be told from an attempt.
    """
    places = [c.run.position for c in contexts if c.run.batch_id == sheet.batch_id and c.run.position is not None]
    if _at(row, places):
        return True
    if row.run_id is not None:
        return False
    name = "" if row.sample is None else plain(row.sample)
    parts = [(s, extract) for item in examination.items for s in item.sub_samples for extract in s.extracts]
    of_runs = [other.locus for other in sheet.rows if _at(other, places)]
    if row.locus is None and (not places or (of_runs and None not in of_runs)):
        made = [_names_of(s, extract) for s, extract in parts if extract.batch_id == sheet.batch_id]
        if any(name in names for names in made):
            return True
    products = [
        (product.locus, {*_names_of(sub_sample, extract), plain(product.product_id)})
        for sub_sample, extract in parts
        for product in extract.products
        if product.batch_id == sheet.batch_id and not (places and product.runs)
    ]
    return any(
        (row.locus == locus if places else row.locus in (None, locus)) and any(holds(name, own) for own in names)
        for locus, names in products
    )


def _at(row: SheetRow, places: list[Line]) -> bool:
    return any(same_place(row.position, place) for place in places)


def _names_of(sub_sample: SubSample, extract: Extract) -> set[str]:
    numbers = (sub_sample.laboratory_number, extract.laboratory_number)
    ids = {plain(sub_sample.sub_sample_id), plain(extract.extract_id)}
    return ids | {plain(number) for number in numbers if number is not None}
