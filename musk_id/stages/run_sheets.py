"""Runs held against the run sheets of their batches (decision rules, section 8): notes of intake.

A position of the sheet belongs to a run if its sample is one of the run's chain, or if the row names case and run.
Silence is no agreement: a row that says neither, and a run that is on no row, are notes. So is a row of the case
without a run in the examination, for every attempt is to be declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from musk_id.errors import Problem
from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.evidence import Statement
from musk_id.model.examination import Examination, Extract, RunContext, SubSample
from musk_id.model.intake import IntakeNote
from musk_id.model.values import Identifier, Line
from musk_id.stages.sample_names import holds, is_own, known_names, own_names, plain
from musk_id.stages.statements import say
from musk_id.vocabulary import ControlKind, Locus, Reason

__all__ = ["Sheets", "attempt_notes", "linked_samples", "repeated_positions", "row_notes", "same_place", "well"]

_WELL = re.compile(r"([A-Pa-p])0*([1-9][0-9]?)")
_Found = Iterator[tuple[Reason, Statement]]

Sheets = Mapping[Identifier, RunSheet]


class _Made(NamedTuple):
    """An extract, or a product of it, with the names that a row may call it."""

    product: bool
    locus: Locus | None
    names: frozenset[str]


def well(text: str) -> str | None:
    """A well of a plate in one spelling: ``a01`` is ``A1``; ``None`` for what is no well."""
    match = _WELL.fullmatch(text.strip())
    return f"{match[1].upper()}{match[2]}" if match else None


def same_place(first: str, second: str) -> bool:
    """Whether two positions are one."""
    return (well(first) or plain(first)) == (well(second) or plain(second))


def repeated_positions(sheet: RunSheet) -> Iterator[Problem]:
    """Positions of a sheet that are one place under several rows, in one spelling or in several.

    A run stands at one position: a second row there would be an attempt that nothing has to declare.
    """
    spellings: dict[str, list[Line]] = {}
    for row in sheet.rows:
        spellings.setdefault(well(row.position) or plain(row.position), []).append(row.position)
    for found in spellings.values():
        if len(found) > 1:
            yield Problem("sheet: rows: position", f"{', '.join(map(repr, found))} are one place", "one row each")


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
    """Rows of the case on the sheets of its batches that no run of the examination stands for.

    Rows and what was made are matched one to one: one product without a run cannot stand for several rows.
    """
    contexts = tuple(examination.runs())
    for batch, sheet in sorted(sheets.items()):
        abouts = [_about(row, examination, contexts) for row in sheet.rows]
        own = [row for row, about in zip(sheet.rows, abouts, strict=True) if about is not None]
        declared = _declared(own, sheet, examination, contexts)
        for row, about in zip(sheet.rows, abouts, strict=True):
            if about is None or any(row is other for other in declared):
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


def _declared(
    rows: list[SheetRow], sheet: RunSheet, examination: Examination, contexts: tuple[RunContext, ...]
) -> list[SheetRow]:
    """Rows that the examination has something for: a run there, or what a step before it made.

    On a sheet without runs a row stands for a product or an extract. On one with runs it stands for a product that
    was not run either, or for the extraction, if it has no marker and the rows of the runs have one: where these
    have none, an extraction cannot be told from an attempt. Each extract and product is used up by one row.
    """
    places = [c.run.position for c in contexts if c.run.batch_id == sheet.batch_id and c.run.position is not None]
    of_runs = [other.locus for other in sheet.rows if _at(other, places)]
    extractions = not places or (bool(of_runs) and None not in of_runs)
    made = list(_made(sheet, examination, ran=bool(places)))
    declared = [row for row in rows if _at(row, places)]
    others = [row for row in rows if not _at(row, places) and row.run_id is None]
    fitting = [[n for n, one in enumerate(made) if _fits(row, one, places, extractions)] for row in others]
    return declared + [others[n] for n in _matched(fitting)]


def _made(sheet: RunSheet, examination: Examination, *, ran: bool) -> Iterator[_Made]:
    """Extracts and products of a batch; on a sheet with runs, products that were not run."""
    for item in examination.items:
        for sub_sample in item.sub_samples:
            for extract in sub_sample.extracts:
                names = frozenset(_names_of(sub_sample, extract))
                if extract.batch_id == sheet.batch_id:
                    yield _Made(product=False, locus=None, names=names)
                for product in extract.products:
                    if product.batch_id == sheet.batch_id and not (ran and product.runs):
                        yield _Made(True, product.locus, names | {plain(product.product_id)})


def _fits(row: SheetRow, one: _Made, places: list[Line], extractions: bool) -> bool:
    """Whether a row can stand for an extract or a product."""
    name = "" if row.sample is None else plain(row.sample)
    if not one.product:
        return extractions and row.locus is None and name in one.names
    same_locus = row.locus == one.locus if places else row.locus in (None, one.locus)
    return same_locus and any(holds(name, own) for own in one.names)


def _matched(fitting: list[list[int]]) -> list[int]:
    """Rows of a largest matching, by augmenting paths: the order of a sheet must not decide what is declared."""
    taken: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for one in fitting[row]:
            if one not in seen:
                seen.add(one)
                if one not in taken or place(taken[one], seen):
                    taken[one] = row
                    return True
        return False

    for row in range(len(fitting)):
        place(row, set())
    return sorted(taken.values())


def _at(row: SheetRow, places: list[Line]) -> bool:
    return any(same_place(row.position, place) for place in places)


def _names_of(sub_sample: SubSample, extract: Extract) -> set[str]:
    numbers = (sub_sample.laboratory_number, extract.laboratory_number)
    ids = {plain(sub_sample.sub_sample_id), plain(extract.extract_id)}
    return ids | {plain(number) for number in numbers if number is not None}
