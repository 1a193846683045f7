"""Papers of a case beside request and examination: edits by hand and second readings, held against the runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from musk_id.errors import Problem
from musk_id.model.edits import BaseEdit, Edits, LetterChange, Reintegration
from musk_id.model.examination import Examination, RunContext
from musk_id.model.intake import FileFact, IntakeNote
from musk_id.model.second_reading import SecondReading, SecondReadings
from musk_id.model.values import RULES, DecimalText, Identifier, IsoDate, Line
from musk_id.stages.persons import first_persons, same_person
from musk_id.stages.statements import say
from musk_id.vocabulary import Reason, Technique

__all__ = ["letter_changes", "paper_notes", "paper_problems", "reintegrated_areas"]

_DNA = frozenset({Technique.SEQUENCE, Technique.SANGER_TRACE, Technique.SEQUENCING_READS})
_PERSON = "an analyst of the examination, or one of its persons"


def paper_problems(
    edits: Edits | None, readings: SecondReadings | None, examination: Examination
) -> Iterator[Problem]:
    """Contradictions between these papers and the examination; all of them."""
    runs = {context.run.run_id: context for context in examination.runs()}
    people = {same_person(person) for person in examination.people()}
    if edits is not None:
        yield from _base_edits(edits.base_edits, runs)
        for number, entry in enumerate(edits.reintegrations):
            yield from _run_of(f"edits: reintegrations[{number}]", entry.run_id, runs, dna=False)
        yield from _areas(edits.reintegrations, runs)
        yield from _unknown_people("edits", (*edits.base_edits, *edits.reintegrations), people)
    if readings is not None:
        yield from _unknown_people("second_reading", readings.readings, people)
        for number, reading in enumerate(readings.readings):
            yield from _second_person(f"second_reading: readings[{number}]", reading, examination, runs)


def _base_edits(edits: tuple[BaseEdit, ...], runs: dict[Identifier, RunContext]) -> Iterator[Problem]:
    counted = Counter((edit.run_id, edit.position) for edit in edits)
    for number, edit in enumerate(edits):
        yield from _run_of(f"edits: base_edits[{number}]", edit.run_id, runs, dna=True)
    for (run, position), count in sorted(counted.items()):
        if count > 1:
            yield Problem(f"edits: run {run}: position {position}", f"is changed {count} times", "once")


def _run_of(where: str, run_id: Identifier, runs: dict[Identifier, RunContext], *, dna: bool) -> Iterator[Problem]:
    context = runs.get(run_id)
    if context is None:
        yield Problem(where, f"names run {run_id!r}", "a run of the examination")
    elif dna and context.run.technique is not Technique.SANGER_TRACE:
        yield Problem(
            where, f"run {run_id!r} is of technique {context.run.technique}", Technique.SANGER_TRACE.value
        )
    elif not dna and context.run.technique in _DNA:
        yield Problem(where, f"run {run_id!r} is of technique {context.run.technique}", "a chemical technique")


def _unknown_people(
    stem: str, entries: Iterable[BaseEdit | Reintegration | SecondReading], people: set[str]
) -> Iterator[Problem]:
    for person in sorted({entry.person for entry in entries if same_person(entry.person) not in people}):
        yield Problem(f"{stem}: person", f"found {person!r}", _PERSON)


def _second_person(
    where: str, reading: SecondReading, examination: Examination, runs: dict[Identifier, RunContext]
) -> Iterator[Problem]:
    if reading.run_id is not None and reading.run_id not in runs:
        yield Problem(where, f"names run {reading.run_id!r}", "a run of the examination")
    if reading.item_id is not None and reading.item_id not in {item.item_id for item in examination.items}:
        yield Problem(where, f"names item {reading.item_id!r}", "an item of the examination")
    read = [c for c in runs.values() if reading.run_id == c.run.run_id or reading.item_id == c.item.item_id]
    first = {same_person(name) for context in read for name in first_persons(context)}
    if same_person(reading.person) in first:
        yield Problem(where, f"{reading.person!r} is an analyst of what was read", "a second person")


def letter_changes(edits: Edits | None) -> dict[Identifier, tuple[LetterChange, ...]]:
    """Changed letters by run, in the order of the positions, without people and reasons."""
    found: dict[Identifier, list[LetterChange]] = {}
    for edit in () if edits is None else edits.base_edits:
        found.setdefault(edit.run_id, []).append(LetterChange(edit.position, edit.from_letter, edit.to_letter))
    return {run: tuple(sorted(found[run], key=lambda change: change.position)) for run in sorted(found)}


def reintegrated_areas(edits: Edits | None) -> dict[Identifier, DecimalText]:
    """Areas after the last integration by hand, by run, as far as they are numbers; no people, no reasons."""
    found: dict[Identifier, DecimalText] = {}
    for entry in () if edits is None else edits.reintegrations:
        if _is_area(entry.to_area):
            found[entry.run_id] = DecimalText(entry.to_area)
    return found


def _is_area(text: str) -> bool:
    return RULES[DecimalText].accepts(text) and Decimal(text) > 0


def _areas(entries: tuple[Reintegration, ...], runs: dict[Identifier, RunContext]) -> Iterator[Problem]:
    """Integrations of a peak whose area the examination states follow one another from that area on."""
    held: dict[Identifier, str] = {}
    for number, entry in enumerate(entries):
        context = runs.get(entry.run_id)
        stated = None if context is None or context.run.peak is None else context.run.peak.area
        if stated is None:
            continue
        where = f"edits: reintegrations[{number}]"
        before = held.get(entry.run_id, stated)
        if entry.from_area != before:
            yield Problem(f"{where}.from_area", f"found {entry.from_area!r}", f"{before}, the area before it")
        if not _is_area(entry.to_area):
            yield Problem(f"{where}.to_area", f"found {entry.to_area!r}", "a number above 0")
        held[entry.run_id] = entry.to_area


def paper_notes(
    edits: Edits | None, readings: SecondReadings | None, examination: Examination, files: tuple[FileFact, ...]
) -> Iterator[IntakeNote]:
    """Edits and readings dated before the run that they are of, or after the end of the examination."""
    contexts = tuple(examination.runs())
    entries: list[tuple[str, IsoDate, Identifier | None, Identifier | None]] = []
    if edits is not None:
        entries += [("edits", e.date, e.run_id, None) for e in edits.base_edits]
        entries += [("edits", e.date, e.run_id, None) for e in edits.reintegrations]
    if readings is not None:
        entries += [("second_reading", r.date, r.run_id, r.item_id) for r in readings.readings]
    for paper, day, run_id, item_id in dict.fromkeys(entries):
        about = [c for c in contexts if run_id == c.run.run_id or item_id == c.item.item_id]
        recorded = {c.run.date for c in about} | {
            fact.trace.started_on for fact in files if fact.trace is not None and fact.run_id in _ids(about)
        }
        early = [date for date in recorded if date is not None and day < date]
        late = examination.completed_on is not None and day > examination.completed_on
        if early or late:
            other = max(early) if early else examination.completed_on
            yield IntakeNote(
                reason=Reason.RECORD_INCOMPLETE,
                subject=Line(f"{paper} {run_id or item_id}"),
                run_ids=tuple(_ids(about)),
                statement=say(
                    "intake.paper_too_early" if early else "intake.paper_too_late",
                    paper=paper,
                    subject=run_id or item_id or "-",
                    found=day,
                    other=other or "-",
                ),
            )


def _ids(contexts: Iterable[RunContext]) -> list[Identifier]:
    return [context.run.run_id for context in contexts]
