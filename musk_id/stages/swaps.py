"""Swap search in the trace files' own words (decision rules, section 8): notes of intake.

The name of the sample must hold an id or a laboratory number of the run or its parents and none of another part
of the case. A name that holds none is accepted only if the run sheet's row at the run's position names the run and
has that very name: that a sheet and a file agree on a stranger's name says nothing for the run. Dates are held
against each other; the clock has no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations

from musk_id.model.evidence import Statement
from musk_id.model.examination import Examination, RunContext
from musk_id.model.intake import FileFact, IntakeNote
from musk_id.model.trace_file import TraceFacts
from musk_id.model.values import IsoDate, Line
from musk_id.stages.run_sheets import Sheets, linked_samples, row_notes, same_place, well
from musk_id.stages.sample_names import control_words, is_own, known_names, own_names, plain
from musk_id.stages.statements import say
from musk_id.vocabulary import FileRole, Reason, Technique

__all__ = ["trace_notes"]

# An instrument run takes hours; a plate that waits over a night, two days.
MAX_RUN_DAYS = 2
# Beyond these a date is a slip of the instrument's clock or of the pen, even where nothing else contradicts it.
MAX_YEARS_AFTER_RECEIPT = 10
_Found = Iterator[tuple[Reason, Statement]]
_Trace = tuple[RunContext, FileFact, TraceFacts]


def trace_notes(examination: Examination, files: tuple[FileFact, ...], sheets: Sheets) -> Iterator[IntakeNote]:
    """Notes on every readable trace file and its run, in the order of the runs.

    Reads say nothing of their sample: of their runs only batch and position can be held against the sheet.

    Parameters
    ----------
    sheets : mapping of Identifier to RunSheet
        Run sheets of the batches that the case names, as far as they are on file.
    """
    every: list[_Trace] = []
    for context in examination.runs():
        own = [fact for fact in files if fact.run_id == context.run.run_id and fact.trace is not None]
        traces = [(context, fact, fact.trace) for fact in own if fact.trace is not None]
        every += traces
        for _, fact, trace in traces:
            for reason, statement in _file_notes(context, fact, trace, examination, sheets):
                yield _note(reason, fact.path, context, statement)
        if traces or context.run.technique is Technique.SEQUENCING_READS:
            for reason, statement in row_notes(context, examination, sheets):
                yield _note(reason, context.run.run_id, context, statement)
        names = {fact.role: trace.run_name for _, fact, trace in traces}
        forward, reverse = names.get(FileRole.TRACE_FORWARD), names.get(FileRole.TRACE_REVERSE)
        if forward is not None and reverse is not None and forward != reverse:
            statement = say(
                "intake.strands_of_different_runs", run=context.run.run_id, forward=forward, reverse=reverse
            )
            yield _note(Reason.STRANDS_OF_DIFFERENT_RUNS, context.run.run_id, context, statement)
    yield from _wells_used_twice(every)
    yield from _wells_of_reads(tuple(examination.runs()))


def _note(reason: Reason, subject: str, context: RunContext, statement: Statement) -> IntakeNote:
    return IntakeNote(reason=reason, subject=Line(subject), run_ids=(context.run.run_id,), statement=statement)


def _file_notes(
    context: RunContext, fact: FileFact, trace: TraceFacts, examination: Examination, sheets: Sheets
) -> _Found:
    yield from _name_notes(context, fact, trace, examination, sheets)
    yield from _well_notes(context, fact, trace)
    yield from _date_notes(context, fact, trace, examination, sheets)
    if trace.edited_bases:
        yield Reason.TRACE_EDITED, say("intake.trace_edited", path=fact.path, count=str(trace.edited_bases))


def _name_notes(
    context: RunContext, fact: FileFact, trace: TraceFacts, examination: Examination, sheets: Sheets
) -> _Found:
    run = context.run.run_id
    if trace.sample_name is None:
        yield Reason.SAMPLE_NAME_DIFFERS, say("intake.sample_name_absent", path=fact.path, run=run)
        return
    words = control_words(trace.sample_name, context)
    if words:
        statement = say(
            "intake.sample_name_of_control", path=fact.path, name=trace.sample_name, run=run, words=words
        )
        yield Reason.SAMPLE_NAME_DIFFERS, statement
    name = plain(trace.sample_name)
    linked = linked_samples(context, examination.case_id, sheets)
    if not is_own(name, own_names(context), known_names(examination)) and name not in linked:
        yield (
            Reason.SAMPLE_NAME_DIFFERS,
            say("intake.sample_name_differs", path=fact.path, name=trace.sample_name, run=run),
        )


def _well_notes(context: RunContext, fact: FileFact, trace: TraceFacts) -> _Found:
    """Only wells can be compared: a position that is none, and a file without a well, say nothing.

    A position that is not recorded is a note where the file has a well: silence is not agreement.
    """
    if context.run.position is None and trace.well is not None:
        yield (
            Reason.WELL_DIFFERS,
            say("intake.position_absent", path=fact.path, well=trace.well, run=context.run.run_id),
        )
    declared = None if context.run.position is None else well(context.run.position)
    found = None if trace.well is None else well(trace.well)
    if declared is not None and found is not None and declared != found:
        yield (
            Reason.WELL_DIFFERS,
            say("intake.well_differs", path=fact.path, well=found, run=context.run.run_id, position=declared),
        )


def _wells_used_twice(traces: list[_Trace]) -> Iterator[IntakeNote]:
    """One well of one instrument run claimed by several runs of the case; a second injection has another time."""
    told: set[tuple[str, str]] = set()
    for first, second in combinations(traces, 2):
        runs = (first[0].run.run_id, second[0].run.run_id)
        same = _one_place(first, second) and _one_time(first[2], second[2])
        if runs[0] == runs[1] or runs in told or not same:
            continue
        told.add(runs)
        place = first[0].run.position or first[2].well or "-"
        yield IntakeNote(
            reason=Reason.WELL_USED_TWICE,
            subject=Line(", ".join(runs)),
            run_ids=runs,
            statement=say("intake.well_used_twice", runs=runs, place=place, paths=(first[1].path, second[1].path)),
        )


def _wells_of_reads(contexts: tuple[RunContext, ...]) -> Iterator[IntakeNote]:
    """Runs of reads at one position of one batch; reads have no instrument's time that could tell two apart."""
    reads = [c for c in contexts if c.run.technique is Technique.SEQUENCING_READS]
    for first, second in combinations(reads, 2):
        here, there = first.run.position, second.run.position
        batch = first.run.batch_id is not None and first.run.batch_id == second.run.batch_id
        if not batch or here is None or there is None or not same_place(here, there):
            continue
        runs = (first.run.run_id, second.run.run_id)
        paths = tuple(file.path for context in (first, second) for file in context.run.files)
        yield IntakeNote(
            reason=Reason.WELL_USED_TWICE,
            subject=Line(", ".join(runs)),
            run_ids=runs,
            statement=say("intake.well_used_twice", runs=runs, place=here, paths=paths),
        )


def _one_place(first: _Trace, second: _Trace) -> bool:
    """Same batch and position, or same instrument and well; a word that is absent is not another one."""
    (one, _, a), (two, _, b) = first, second
    here, there = one.run.position, two.run.position
    batch = one.run.batch_id is not None and one.run.batch_id == two.run.batch_id
    if batch and here is not None and there is not None and same_place(here, there):
        return True
    wells = a.well is not None and b.well is not None and same_place(a.well, b.well)
    return wells and (a.instrument == b.instrument or a.instrument is None or b.instrument is None)


def _one_time(first: TraceFacts, second: TraceFacts) -> bool:
    days = first.started_on is None or second.started_on is None or first.started_on == second.started_on
    return days and (
        first.started_at is None or second.started_at is None or first.started_at == second.started_at
    )


def _date_notes(
    context: RunContext, fact: FileFact, trace: TraceFacts, examination: Examination, sheets: Sheets
) -> _Found:
    """ISO dates compare as text; a run over midnight has two."""
    run, began = context.run, trace.started_on
    if began is None:
        yield Reason.RUN_DATE_OUTSIDE, say("intake.run_date_absent", path=fact.path, run=run.run_id)
        return
    ended = trace.stopped_on or began
    if not began <= ended <= _later(began, days=MAX_RUN_DAYS):
        statement = say("intake.run_span", path=fact.path, found=began, ended=ended, days=str(MAX_RUN_DAYS))
        yield Reason.RUN_DATE_OUTSIDE, statement
    for what, earlier in _steps_before(context, examination, sheets):
        if earlier is None:
            yield Reason.RUN_DATE_OUTSIDE, say("intake.run_date_untested", path=fact.path, what=what)
        elif began < earlier:
            statement = say("intake.run_date_before", path=fact.path, found=began, earlier=f"{what}, {earlier}")
            yield Reason.RUN_DATE_OUTSIDE, statement
    last = examination.completed_on or max(examination.dates(), default=None)
    if last is not None and began > last:
        yield Reason.RUN_DATE_OUTSIDE, say("intake.run_date_after", path=fact.path, found=began, last=last)
    received = examination.accession_date
    if received is not None and began > _later(received, years=MAX_YEARS_AFTER_RECEIPT):
        years = str(MAX_YEARS_AFTER_RECEIPT)
        statement = say("intake.run_date_far", path=fact.path, found=began, received=received, years=years)
        yield Reason.RUN_DATE_OUTSIDE, statement
    if run.date is not None and not began <= run.date <= max(began, ended):
        yield (
            Reason.RUN_DATE_OUTSIDE,
            say("intake.run_date_differs", path=fact.path, found=began, run=run.run_id, date=run.date),
        )


def _steps_before(
    context: RunContext, examination: Examination, sheets: Sheets
) -> Iterator[tuple[str, IsoDate | None]]:
    """Steps that come before an instrument run; the dates of receipt and batch must be there to be compared."""
    yield "accession", examination.accession_date
    steps = (
        (f"sub-sample {context.sub_sample.sub_sample_id}", context.sub_sample.date),
        (f"extract {context.extract.extract_id}", context.extract.date),
        (f"product {context.product.product_id}", context.product.date),
    )
    yield from ((what, day) for what, day in steps if day is not None)
    for batch in context.batch_ids:
        if batch in sheets:
            yield f"batch {batch}", sheets[batch].date


def _later(day: IsoDate, *, days: int = 0, years: int = 0) -> str:
    """A date so much later, as text; the last day that can be written if there is none."""
    start = date.fromisoformat(day)
    try:
        # A year counts 366 days: the limit is a coarse one, and a day less would depend on leap years.
        return (start + timedelta(days=days + 366 * years)).isoformat()
    except OverflowError:
        return date.max.isoformat()
