"""Swap search in the trace files' own words (decision rules, section 8): notes of intake.

A laboratory writes into a trace what it calls the sample. That name is looked for among the ids of the run and
its parents, whole words of it, with ``-``, ``_``, ``.`` and blanks taken as one; a laboratory that uses numbers
of its own names them on the run sheet, in the row of the run's position. A name that is none of these, or an
id of another chain of the case, is a note; so is a file that has no name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.evidence import Statement
from musk_id.model.examination import Examination, RunContext
from musk_id.model.intake import FileFact, IntakeNote
from musk_id.model.trace_file import TraceFacts
from musk_id.model.values import Identifier, Line
from musk_id.stages.statements import say
from musk_id.vocabulary import ControlKind, FileRole, Reason

__all__ = ["trace_notes"]

_SEPARATORS = re.compile(r"[-_.\s]+")
_WELL = re.compile(r"([A-Pa-p])0*([1-9][0-9]?)")
_Found = Iterator[tuple[Reason, Statement]]

Sheets = Mapping[Identifier, RunSheet]


def trace_notes(examination: Examination, files: tuple[FileFact, ...], sheets: Sheets) -> Iterator[IntakeNote]:
    """Notes on every readable trace file, in the order of the runs.

    Parameters
    ----------
    sheets : mapping of Identifier to RunSheet
        Run sheets of the batches that the case names, as far as they are on file.
    """
    known = {_plain(name) for context in examination.runs() for name in _own_ids(context)}
    for context in examination.runs():
        own = [fact for fact in files if fact.run_id == context.run.run_id and fact.trace is not None]
        for fact in own:
            if fact.trace is not None:
                for reason, statement in _file_notes(context, fact, fact.trace, examination, sheets, known):
                    yield _note(reason, fact.path, context, statement)
        names = {fact.role: fact.trace.run_name for fact in own if fact.trace is not None}
        forward, reverse = names.get(FileRole.TRACE_FORWARD), names.get(FileRole.TRACE_REVERSE)
        if forward is not None and reverse is not None and forward != reverse:
            statement = say(
                "intake.strands_of_different_runs", run=context.run.run_id, forward=forward, reverse=reverse
            )
            yield _note(Reason.STRANDS_OF_DIFFERENT_RUNS, context.run.run_id, context, statement)


def _note(reason: Reason, subject: str, context: RunContext, statement: Statement) -> IntakeNote:
    return IntakeNote(reason=reason, subject=Line(subject), run_ids=(context.run.run_id,), statement=statement)


def _file_notes(
    context: RunContext,
    fact: FileFact,
    trace: TraceFacts,
    examination: Examination,
    sheets: Sheets,
    known: set[str],
) -> _Found:
    yield from _name_notes(context, fact, trace, sheets, known)
    yield from _well_notes(context, fact, trace)
    yield from _date_notes(context, fact, trace, examination, sheets)
    if trace.edited_bases:
        yield Reason.TRACE_EDITED, say("intake.trace_edited", path=fact.path, count=str(trace.edited_bases))


def _plain(name: str) -> str:
    return _SEPARATORS.sub("-", name.casefold()).strip("-")


def _own_ids(context: RunContext) -> tuple[str, ...]:
    return (
        context.run.run_id,
        context.product.product_id,
        context.extract.extract_id,
        context.sub_sample.sub_sample_id,
        context.item.item_id,
    )


def _holds(name: str, identifier: str) -> bool:
    """Whether a name holds an id as whole words: ``A1`` is in ``A1-R2``, not in ``A12``.

    An id of one character is in too many names; it counts only where it is the whole name.
    """
    if len(identifier) < 2:
        return name == identifier
    return re.search(rf"(?:^|-){re.escape(identifier)}(?:-|$)", name) is not None


def _is_own(name: str, context: RunContext, known: set[str]) -> bool:
    """Whether a plain name holds an id of the chain and none of another one.

    An id that is a part of one of the chain's own ids found in the name says nothing of its own.
    """
    own = {_plain(identifier) for identifier in _own_ids(context)}
    found = [identifier for identifier in own if _holds(name, identifier)]
    other = [
        identifier
        for identifier in known - own
        if _holds(name, identifier) and not any(_holds(mine, identifier) for mine in found)
    ]
    return bool(found) and not other


def _rows(context: RunContext, sheets: Sheets) -> list[SheetRow]:
    """Rows of the run's own batch at its position."""
    sheet = sheets.get(context.run.batch_id) if context.run.batch_id is not None else None
    position = context.run.position
    if sheet is None or position is None:
        return []
    return [row for row in sheet.rows if _same_place(row.position, position)]


def _same_place(first: str, second: str) -> bool:
    return (_well(first) or _plain(first)) == (_well(second) or _plain(second))


def _name_notes(context: RunContext, fact: FileFact, trace: TraceFacts, sheets: Sheets, known: set[str]) -> _Found:
    rows = _rows(context, sheets)
    run = context.run.run_id
    for row in rows:
        control = row.kind is not ControlKind.EXHIBIT
        # The sheet's word on this position: another sample of the case, or a control.
        if control or (row.sample is not None and _names_another(row.sample, context, known)):
            sample = row.sample or row.kind.value
            yield (
                Reason.SAMPLE_NAME_DIFFERS,
                say("intake.sheet_sample_differs", run=run, position=row.position, sample=sample),
            )
    if trace.sample_name is None:
        yield Reason.SAMPLE_NAME_DIFFERS, say("intake.sample_name_absent", path=fact.path, run=run)
        return
    name = _plain(trace.sample_name)
    samples = {_plain(row.sample) for row in rows if row.sample is not None}
    if not _is_own(name, context, known) and name not in samples:
        yield (
            Reason.SAMPLE_NAME_DIFFERS,
            say("intake.sample_name_differs", path=fact.path, name=trace.sample_name, run=run),
        )


def _names_another(sample: str, context: RunContext, known: set[str]) -> bool:
    name = _plain(sample)
    return any(_holds(name, identifier) for identifier in known) and not _is_own(name, context, known)


def _well(text: str) -> str | None:
    """A well of a plate in one spelling: ``a01`` is ``A1``."""
    match = _WELL.fullmatch(text.strip())
    return f"{match[1].upper()}{match[2]}" if match else None


def _well_notes(context: RunContext, fact: FileFact, trace: TraceFacts) -> _Found:
    """Only wells can be compared: a position that is none, and a file without a well, say nothing.

    A position that is not recorded is a note where the file has a well: silence is not agreement.
    """
    if context.run.position is None and trace.well is not None:
        yield (
            Reason.WELL_DIFFERS,
            say("intake.position_absent", path=fact.path, well=trace.well, run=context.run.run_id),
        )
    declared = None if context.run.position is None else _well(context.run.position)
    found = None if trace.well is None else _well(trace.well)
    if declared is not None and found is not None and declared != found:
        yield (
            Reason.WELL_DIFFERS,
            say("intake.well_differs", path=fact.path, well=found, run=context.run.run_id, position=declared),
        )


def _date_notes(
    context: RunContext, fact: FileFact, trace: TraceFacts, examination: Examination, sheets: Sheets
) -> _Found:
    """ISO dates compare as text; a run over midnight has two."""
    run = context.run
    if trace.started_on is None:
        yield Reason.RUN_DATE_OUTSIDE, say("intake.run_date_absent", path=fact.path, run=run.run_id)
        return
    last = max(trace.stopped_on or trace.started_on, trace.started_on)
    earliest = [("accession", examination.accession_date)]
    earliest += [
        (f"batch {batch}", sheet.date) for batch in context.batch_ids if (sheet := sheets.get(batch)) is not None
    ]
    for what, date in earliest:
        if date is not None and trace.started_on < date:
            statement = say(
                "intake.run_date_before", path=fact.path, found=trace.started_on, earlier=f"{what}, {date}"
            )
            yield Reason.RUN_DATE_OUTSIDE, statement
    if run.date is not None and not trace.started_on <= run.date <= last:
        yield (
            Reason.RUN_DATE_OUTSIDE,
            say("intake.run_date_differs", path=fact.path, found=trace.started_on, run=run.run_id, date=run.date),
        )
