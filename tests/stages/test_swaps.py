"""The swap search: what a trace file says of itself against the examination and the run sheet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from musk_id.model.batch import RunSheet, SheetRow
from musk_id.model.examination import (
    EvidenceFile,
    Examination,
    ExaminedItem,
    Extract,
    Product,
    Run,
    SubSample,
)
from musk_id.model.intake import FileFact
from musk_id.model.trace_file import TraceFacts
from musk_id.model.values import Identifier, IsoDate, Line, RelativePath, Sha256
from musk_id.stages.intake import _file_notes
from musk_id.stages.swaps import trace_notes
from musk_id.vocabulary import BatchKind, ControlKind, ExtractKind, FileRole, Reason, Technique

FACTS = TraceFacts(
    signals_sha256=Sha256("c" * 64),
    bases=700,
    edited_bases=0,
    sample_name=Line("A1-R1"),
    well=Line("E4"),
    run_name=Line("Run_7"),
    started_on=IsoDate("2026-02-25"),
    stopped_on=IsoDate("2026-02-25"),
)


def examination(position: str | None = "E04", date: str | None = "2026-02-25") -> Examination:
    def item(name: str) -> ExaminedItem:
        run = Run(
            run_id=Identifier(f"{name}-R1"),
            technique=Technique.SANGER_TRACE,
            files=(EvidenceFile(path=RelativePath(f"{name}_F.ab1"), role=FileRole.TRACE_FORWARD),),
            date=None if date is None else IsoDate(date),
            batch_id=Identifier("B1"),
            position=None if position is None else Line(position),
        )
        product = Product(product_id=Identifier(f"{name}-P1"), runs=(run,))
        extract = Extract(extract_id=Identifier(f"{name}-E1"), kind=ExtractKind.DNA, products=(product,))
        sub_sample = SubSample(sub_sample_id=Identifier(f"{name}-S1"), extracts=(extract,))
        return ExaminedItem(item_id=Identifier(name), sub_samples=(sub_sample,))

    return Examination(
        schema=Line(Examination.SCHEMA),
        case_id=Identifier("C"),
        accession_date=IsoDate("2026-02-18"),
        items=(item("A1"), item("A12")),
    )


def fact(run: str = "A1-R1", role: FileRole = FileRole.TRACE_FORWARD, **changes: object) -> FileFact:
    return FileFact(
        path=RelativePath(f"{run}_{role[6]}.ab1"),
        role=role,
        owner=Line(f"run {run}"),
        run_id=Identifier(run),
        sha256=Sha256("a" * 64),
        trace=replace(FACTS, **changes),  # type: ignore[arg-type]
    )


def sheet(*rows: SheetRow, date: str | None = "2026-02-23") -> dict[Identifier, RunSheet]:
    batch = Identifier("B1")
    return {
        batch: RunSheet(
            schema=Line(RunSheet.SCHEMA),
            batch_id=batch,
            kind=BatchKind.DNA,
            date=None if date is None else IsoDate(date),
            rows=rows,
        )
    }


def row(sample: str | None, position: str = "E4", kind: ControlKind = ControlKind.EXHIBIT) -> SheetRow:
    return SheetRow(position=Line(position), kind=kind, sample=None if sample is None else Line(sample))


def found(one: FileFact, sheets: dict[Identifier, RunSheet] | None = None, **case: str | None) -> list[Reason]:
    return [note.reason for note in trace_notes(examination(**case), (one,), sheets or {})]


@pytest.mark.parametrize("name", ["A1-R1", "a1_r1", "A1 R1", "x.A1-P1.COI", "A1-E1", "A1-S1", "A1", "2026-A1-F"])
def test_a_name_of_the_chain_is_no_note(name: str) -> None:
    assert found(fact(sample_name=Line(name))) == []


@pytest.mark.parametrize("name", ["4264268", "A2", "A12", "A12-R1", "A1-A12", "XA1", "A1R1", "A12-S1-A1"])
def test_another_name_is_a_note(name: str) -> None:
    assert found(fact(sample_name=Line(name))) == [Reason.SAMPLE_NAME_DIFFERS]


def test_an_id_of_one_character_counts_alone_only() -> None:
    one = replace(examination().items[0], item_id=Identifier("7"))
    case = replace(examination(), items=(one,))
    for name, reasons in (("7", []), ("B-7", [Reason.SAMPLE_NAME_DIFFERS])):
        notes = trace_notes(case, (fact(sample_name=Line(name)),), {})
        assert [note.reason for note in notes] == reasons


def test_a_file_without_a_name_or_a_date_is_a_note() -> None:
    assert found(fact(sample_name=None)) == [Reason.SAMPLE_NAME_DIFFERS]
    assert found(fact(started_on=None)) == [Reason.RUN_DATE_OUTSIDE]


def test_the_run_sheet_may_name_the_sample_as_the_laboratory_does() -> None:
    numbered = fact(sample_name=Line("4264268"))
    assert found(numbered, sheet(row("4264268"))) == []
    assert found(numbered, sheet(row("4264269"))) == [Reason.SAMPLE_NAME_DIFFERS]
    assert found(numbered, sheet(row("4264268", "E5"))) == [Reason.SAMPLE_NAME_DIFFERS]
    assert found(fact(), sheet(row("A1-E1"))) == []


def test_a_position_that_the_sheet_gives_to_another_is_a_note() -> None:
    assert found(fact(), sheet(row("A12-E1"))) == [Reason.SAMPLE_NAME_DIFFERS]
    assert found(fact(), sheet(row(None, kind=ControlKind.POSITIVE))) == [Reason.SAMPLE_NAME_DIFFERS]


def test_wells() -> None:
    assert found(fact(well=Line("e04"))) == []
    assert found(fact(well=Line("F4"))) == [Reason.WELL_DIFFERS]
    # What is no well cannot be compared.
    assert found(fact(well=None)) == found(fact(), position="17") == []
    # Silence of the examination is no agreement.
    assert found(fact(), position=None) == [Reason.WELL_DIFFERS]
    assert found(fact(well=None), position=None) == []


def test_dates() -> None:
    assert found(fact(started_on=IsoDate("2026-02-24"))) == []
    early = fact(started_on=IsoDate("2026-02-17"), stopped_on=IsoDate("2026-02-17"))
    assert found(early) == [Reason.RUN_DATE_OUTSIDE] * 2
    assert found(early, date=None) == [Reason.RUN_DATE_OUTSIDE]
    before_batch = fact(started_on=IsoDate("2026-02-22"), stopped_on=IsoDate("2026-02-22"))
    assert found(before_batch, date=None) == []
    assert found(before_batch, sheet(), date=None) == [Reason.RUN_DATE_OUTSIDE]
    late = fact(started_on=IsoDate("2026-03-01"), stopped_on=IsoDate("2026-03-01"))
    assert found(late, sheet(), date=None) == [] and found(late) == [Reason.RUN_DATE_OUTSIDE]


def test_strands_of_different_runs_and_edited_calls_are_remarks() -> None:
    pair = (fact(), fact(role=FileRole.TRACE_REVERSE, run_name=Line("Run_8")))
    notes = list(trace_notes(examination(), pair, {}))
    assert [note.reason for note in notes] == [Reason.STRANDS_OF_DIFFERENT_RUNS]
    assert found(fact(edited_bases=2)) == [Reason.TRACE_EDITED]


def test_the_same_signals_in_another_file_are_found() -> None:
    first, second = fact(), replace(fact("A12-R1"), sha256=Sha256("b" * 64))
    (note,) = _file_notes((first, second))
    assert note.reason is Reason.FILE_USED_TWICE and note.run_ids == ("A1-R1", "A12-R1")
    (note,) = _file_notes((first, replace(second, sha256=first.sha256)))
    assert note.reason is Reason.FILE_USED_TWICE
    other = replace(second, trace=replace(FACTS, signals_sha256=Sha256("d" * 64)))
    assert list(_file_notes((first, other))) == []
