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
from musk_id.stages.intake import _file_notes, _laboratory_numbers
from musk_id.stages.run_sheets import attempt_notes, repeated_positions
from musk_id.stages.swaps import trace_notes
from musk_id.vocabulary import BatchKind, ControlKind, ExtractKind, FileRole, Locus, Reason, Technique

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


def examination(
    position: str | None = "E04", date: str | None = "2026-02-25", ends: str | None = None, **steps: str
) -> Examination:
    """Items A1 and A12 with a run each; ``steps`` are dates of sub-sample, extract and product."""
    days = {step: IsoDate(day) for step, day in steps.items()}

    def item(name: str) -> ExaminedItem:
        run = Run(
            run_id=Identifier(f"{name}-R1"),
            technique=Technique.SANGER_TRACE,
            files=(EvidenceFile(path=RelativePath(f"{name}_F.ab1"), role=FileRole.TRACE_FORWARD),),
            date=None if date is None else IsoDate(date),
            batch_id=Identifier("B1"),
            position=None if position is None else Line(position),
        )
        product = Product(product_id=Identifier(f"{name}-P1"), date=days.get("product"), runs=(run,))
        extract = Extract(
            extract_id=Identifier(f"{name}-E1"),
            kind=ExtractKind.DNA,
            date=days.get("extract"),
            products=(product,),
        )
        sub_sample = SubSample(
            sub_sample_id=Identifier(f"{name}-S1"), date=days.get("sub_sample"), extracts=(extract,)
        )
        return ExaminedItem(item_id=Identifier(name), sub_samples=(sub_sample,))

    return Examination(
        schema=Line(Examination.SCHEMA),
        case_id=Identifier("C"),
        accession_date=IsoDate("2026-02-18"),
        completed_on=None if ends is None else IsoDate(ends),
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
    """The sheet of the batch; with no rows, one that has a row of the run ``A1-R1``."""
    batch = Identifier("B1")
    return {
        batch: RunSheet(
            schema=Line(RunSheet.SCHEMA),
            batch_id=batch,
            kind=BatchKind.DNA,
            date=None if date is None else IsoDate(date),
            rows=rows or (row("A1-E1"),),
        )
    }


def row(
    sample: str | None, position: str = "E4", kind: ControlKind = ControlKind.EXHIBIT, **fields: object
) -> SheetRow:
    name = None if sample is None else Line(sample)
    return SheetRow(position=Line(position), kind=kind, sample=name, **fields)  # type: ignore[arg-type]


def of_run(run: str = "A1-R1", case: str = "C") -> dict[str, Identifier]:
    return {"case_id": Identifier(case), "run_id": Identifier(run)}


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


NAME, SHEET = Reason.SAMPLE_NAME_DIFFERS, Reason.NOT_ON_RUN_SHEET


def test_a_row_that_names_the_run_may_call_its_sample_as_the_laboratory_does() -> None:
    numbered = fact(sample_name=Line("4264268"))
    assert found(numbered, sheet(row("4264268", **of_run()))) == []
    assert found(numbered, sheet(row("4264269", **of_run()))) == [NAME]
    assert found(numbered, sheet(row("4264268", "E5", **of_run()))) == [NAME, SHEET]
    assert found(fact(), sheet(row("A1-E1"))) == found(fact(), sheet(row("4264268", **of_run()))) == []


def test_a_stranger_on_file_and_sheet_is_no_agreement() -> None:
    """The trace of another case's sample, at a position that the sheet gives to that sample."""
    strange = fact(sample_name=Line("B7-R1"))
    assert found(strange, sheet(row("B7-R1"))) == [NAME, NAME]
    assert found(strange, sheet(row("B7-R1", case_id=Identifier("C")))) == [NAME, NAME]
    assert found(strange, sheet(row("B7-R1", **of_run("B7-R1", "OTHER")))) == [NAME, NAME]
    assert found(strange, sheet(row("B7-R1", **of_run("A12-R1")))) == [NAME, NAME]
    # The same with a name of the chain in the file: the position is another's, or nobody's.
    assert found(fact(), sheet(row("B7-R1"))) == found(fact(), sheet(row(None))) == [NAME]
    assert found(fact(), sheet(row("A1-R1", **of_run(case="OTHER")))) == [NAME]
    # A row that links itself to the run and names another part of the case contradicts itself.
    assert found(fact(), sheet(row("A12-E1", **of_run()))) == [NAME]


def test_words_of_another_case_stay_out_of_the_notes() -> None:
    rows = (row("B7-R1"), row("B7-R1", **of_run("R-OF-B7", "OTHER-CASE")))
    notes = list(trace_notes(examination(), (fact(),), sheet(*rows)))
    assert len(notes) == 2
    assert not any(word in repr(notes) for word in ("B7", "OTHER-CASE"))


def test_a_row_names_a_run_only_with_its_case() -> None:
    with pytest.raises(ValueError, match="without case_id"):
        row("x", run_id=Identifier("A1-R1"))
    with pytest.raises(ValueError, match="control"):
        row("x", kind=ControlKind.POSITIVE, **of_run())


def test_a_run_that_is_on_no_row_is_a_note() -> None:
    assert found(fact(), sheet(row("A1-E1", "E5"))) == [SHEET]
    assert found(fact(well=None), sheet(), position=None) == [SHEET]
    # Nor may a run leave its batch out, while its product and extract name theirs.
    case = examination()
    product = case.items[0].sub_samples[0].extracts[0].products[0]
    run = replace(product.runs[0], batch_id=None)
    product = replace(product, batch_id=Identifier("B1"), runs=(run,))
    extract = replace(case.items[0].sub_samples[0].extracts[0], products=(product,))
    item = replace(case.items[0], sub_samples=(replace(case.items[0].sub_samples[0], extracts=(extract,)),))
    notes = trace_notes(replace(case, items=(item,)), (fact(),), sheet())
    assert [note.reason for note in notes] == [SHEET]
    assert found(fact()) == []


def test_a_laboratory_number_is_a_name_of_the_chain() -> None:
    case = examination()
    first, second = case.items
    numbered = replace(case, items=(replace(first, laboratory_number=Line("26/417 a")), second))

    def notes(name: str, sample: str | None = None) -> list[Reason]:
        sheets = sheet(row(sample)) if sample else {}
        return [n.reason for n in trace_notes(numbered, (fact(sample_name=Line(name)),), sheets)]

    assert notes("26/417_A") == notes("26/417-a COI F") == notes("26/417 a", "26/417 a") == []
    assert notes("26/418") == [NAME]
    # The number of one item in the file of another.
    other = fact("A12-R1", sample_name=Line("26/417 A A12-R1"))
    assert [n.reason for n in trace_notes(numbered, (other,), {})] == [NAME]


def test_a_number_of_two_parts_is_refused() -> None:
    case = examination()
    first, second = (replace(item, laboratory_number=Line("417")) for item in case.items)
    assert [p.message for p in _laboratory_numbers(replace(case, items=(first, second)))] == [
        "'417' stands more than once"
    ] * 2
    taken = replace(case.items[0], laboratory_number=Line("a12_R1"))
    (problem,) = _laboratory_numbers(replace(case, items=(taken, case.items[1])))
    assert "is the id of another part" in problem.message
    own = replace(case.items[0], laboratory_number=Line("A1"))
    assert list(_laboratory_numbers(replace(case, items=(own, case.items[1])))) == []


@pytest.mark.parametrize(
    "name",
    [
        "NTC negative control A1",
        "A1_NTC",
        "NTC2-A1",
        "blank A1",
        "A1 neg",
        "A1-NegCtrl",
        "PCRneg.A1",
        "positive control A1",
        "POS A1",
        "A1 K-",
        "К+ A1",
        "A1 контроль",
        "Ａ１ ＮＴＣ",
        "A1 H2O",
    ],
)
def test_a_word_for_a_control_in_the_name_of_an_exhibit_is_a_note(name: str) -> None:
    assert found(fact(sample_name=Line(name))) == [NAME]
    linked = sheet(row(name, **of_run()))
    assert found(fact(sample_name=Line(name)), linked) == [NAME]


@pytest.mark.parametrize("name", ["A1-E1 K-12", "A1 posterior", "A1 negus", "A1 blankenberge", "A1 COI F"])
def test_other_words_are_none_for_a_control(name: str) -> None:
    assert found(fact(sample_name=Line(name))) == []


def test_an_id_may_hold_such_a_word_and_a_laboratory_number_may_not() -> None:
    named = replace(examination().items[0], item_id=Identifier("NC-7"))
    case = replace(examination(), items=(named,))
    assert list(trace_notes(case, (fact(sample_name=Line("NC-7 F")),), {})) == []
    numbered = replace(examination().items[0], laboratory_number=Line("NTC 7"))
    case = replace(examination(), items=(numbered,))
    (note,) = trace_notes(case, (fact(sample_name=Line("NTC 7")),), {})
    assert note.reason is NAME and note.statement.phrase == "intake.sample_name_of_control"


def test_a_position_that_the_sheet_gives_to_another_is_a_note() -> None:
    assert found(fact(), sheet(row("A12-E1"))) == [NAME]
    assert found(fact(), sheet(row(None, kind=ControlKind.POSITIVE))) == [NAME]


def test_one_well_of_one_instrument_run_is_one_run() -> None:
    first = fact(instrument=Line("X1"), started_at=Line("10:00:00"))
    case = examination()

    def reasons(case: Examination = case, **changes: object) -> list[Reason]:
        words = {"sample_name": Line("A12-R1"), "instrument": Line("X1"), "started_at": Line("10:00:00")}
        return [n.reason for n in trace_notes(case, (first, fact("A12-R1", **(words | changes))), {})]

    assert reasons() == [Reason.WELL_USED_TWICE]
    # A second injection has another time; silence of the file is not another time.
    assert reasons(started_at=Line("14:00:00")) == []
    assert reasons(started_at=None) == [Reason.WELL_USED_TWICE]
    # Other words for position and batch do not make one injection two.
    a1, a12 = case.items
    product = a12.sub_samples[0].extracts[0].products[0]
    run = replace(product.runs[0], batch_id=Identifier("B2"))
    extract = replace(a12.sub_samples[0].extracts[0], products=(replace(product, runs=(run,)),))
    moved = replace(
        case, items=(a1, replace(a12, sub_samples=(replace(a12.sub_samples[0], extracts=(extract,)),)))
    )
    assert reasons(moved) == [Reason.WELL_USED_TWICE]
    assert reasons(moved, instrument=Line("X2")) == []
    assert reasons(instrument=Line("X2"), well=None) == [Reason.WELL_USED_TWICE]


def test_runs_of_reads_are_held_against_the_sheet() -> None:
    def reads(item: ExaminedItem, position: str) -> ExaminedItem:
        sub_sample = item.sub_samples[0]
        product = sub_sample.extracts[0].products[0]
        run = replace(product.runs[0], technique=Technique.SEQUENCING_READS, position=Line(position), files=())
        extract = replace(sub_sample.extracts[0], products=(replace(product, runs=(run,)),))
        return replace(item, sub_samples=(replace(sub_sample, extracts=(extract,)),))

    def told(*rows: SheetRow, second: str = "E5") -> list[Reason]:
        case = examination()
        case = replace(case, items=(reads(case.items[0], "E4"), reads(case.items[1], second)))
        return [note.reason for note in trace_notes(case, (), sheet(*rows))]

    other = row("A12-E1", "E5")
    assert told(row("A1-E1"), other) == []
    assert told(other) == [SHEET]
    assert told(row(None, kind=ControlKind.PCR_NEGATIVE), other) == [NAME]
    assert told(row("B7", **of_run("X", "OTHER")), other) == told(row("B7"), other) == [NAME]
    assert told(row("A1-E1"), other, second="e04") == [NAME, Reason.WELL_USED_TWICE]


def attempts(
    *rows: SheetRow, case: Examination | None = None, locus: Locus | None = Locus.COI
) -> list[tuple[str, ...]]:
    notes = list(attempt_notes(case or examination(), sheet(row("A1-E1", locus=locus), *rows)))
    assert {note.reason for note in notes} <= {Reason.ATTEMPT_NOT_DECLARED}
    return [note.run_ids for note in notes]


def test_a_row_of_the_case_without_a_run_is_an_attempt_that_was_not_declared() -> None:
    assert attempts() == []
    assert attempts(row("A1-E1", "E5")) == attempts(row("A1-P2", "E5")) == [("A1-R1",)]
    assert attempts(row("4711", "E5", **of_run("A1-R9"))) == [("A1-R1", "A12-R1")]
    assert attempts(row("4711", "E5", case_id=Identifier("C"))) == [("A1-R1", "A12-R1")]
    # Rows of others, and of others that use the same words for their samples.
    assert attempts(row("4711", "E5")) == attempts(row("B7", "E5"), row(None, "E6")) == []
    assert attempts(row("A1-E1", "E5", case_id=Identifier("OTHER"))) == []


def test_a_row_of_an_extraction_or_of_a_product_that_was_not_run_is_declared() -> None:
    case = examination()
    item = case.items[0]
    extract = item.sub_samples[0].extracts[0]
    failed = Product(product_id=Identifier("A1-P9"), batch_id=Identifier("B1"), locus=Locus.CYTB)
    extract = replace(extract, batch_id=Identifier("B1"), products=(*extract.products, failed))
    item = replace(item, sub_samples=(replace(item.sub_samples[0], extracts=(extract,)),))
    case = replace(case, items=(item, case.items[1]))
    assert attempts(row("A1-S1", "X1"), case=case) == attempts(row("A1-E1", "X2"), case=case) == []
    # Where the rows of the runs have no marker, an extraction cannot be told from an attempt.
    assert attempts(row("A1-E1", "X2"), case=case, locus=None) == [("A1-R1",)]
    assert attempts(row("A1-E1", "E5", locus=Locus.CYTB), case=case) == []
    assert attempts(row("A1-E1", "E5", locus=Locus.COI), case=case) == [("A1-R1",)]
    assert attempts(row("A12-E1", "X2"), case=case) == [("A12-R1",)]


def test_one_product_without_a_run_stands_for_one_row() -> None:
    case = examination()
    item = case.items[0]
    extract = item.sub_samples[0].extracts[0]
    failed = Product(product_id=Identifier("A1-P9"), batch_id=Identifier("B1"), locus=Locus.CYTB)

    def told(*rows: SheetRow, products: int = 1) -> int:
        made = tuple(replace(failed, product_id=Identifier(f"A1-P{9 + n}")) for n in range(products))
        changed = replace(extract, batch_id=Identifier("B1"), products=(*extract.products, *made))
        own = replace(item, sub_samples=(replace(item.sub_samples[0], extracts=(changed,)),))
        return len(attempts(*rows, case=replace(case, items=(own, case.items[1]))))

    rows = [row("A1-E1", f"F{n}", locus=Locus.CYTB) for n in range(1, 7)]
    assert told(rows[0]) == 0 and told(*rows) == 5 and told(*rows, products=6) == 0
    # Nor does one extraction stand for two rows.
    assert told(row("A1-E1", "F1")) == 0 and told(row("A1-E1", "F1"), row("A1-S1", "F2")) == 1
    # A row that may be either product leaves the other row its own, in both orders.
    named = row("A1-P10", "F2", locus=Locus.CYTB)
    assert told(rows[0], named, products=2) == told(named, rows[0], products=2) == 0


def test_a_position_stands_on_a_sheet_once_however_it_is_spelled() -> None:
    def told(*positions: str) -> list[str]:
        (made,) = sheet(*(row("A1-E1", position) for position in positions)).values()
        return [problem.message for problem in repeated_positions(made)]

    assert told("A1", "A2", "A11", "B1", "x 1") == []
    assert told("A1", "B1", "A01", "a001") == ["'A1', 'A01', 'a001' are one place"]
    assert told("Vial 1", "vial-1", "C3", "C3") == ["'Vial 1', 'vial-1' are one place", "'C3', 'C3' are one place"]


def test_wells() -> None:
    assert found(fact(well=Line("e04"))) == []
    assert found(fact(well=Line("F4"))) == [Reason.WELL_DIFFERS]
    # What is no well cannot be compared.
    assert found(fact(well=None)) == found(fact(), position="17") == []
    # Silence of the examination is no agreement.
    assert found(fact(), position=None) == [Reason.WELL_DIFFERS]
    assert found(fact(well=None), position=None) == []


DATE = Reason.RUN_DATE_OUTSIDE


def on(day: str, until: str | None = None) -> FileFact:
    return fact(started_on=IsoDate(day), stopped_on=IsoDate(until or day))


def test_dates() -> None:
    assert found(fact(started_on=IsoDate("2026-02-24"))) == []
    assert found(on("2026-02-17")) == [DATE] * 2
    assert found(on("2026-02-17"), date=None) == [DATE]
    assert found(on("2026-02-22"), sheet(), date="2026-02-22") == [DATE]
    assert found(on("2026-02-22"), date="2026-02-22") == []


def test_a_trace_lies_after_the_steps_that_made_it() -> None:
    assert found(fact(), sub_sample="2026-02-19", extract="2026-02-20", product="2026-02-25") == []
    for step in ("sub_sample", "extract", "product"):
        assert found(fact(), **{step: "2026-02-26"}) == [DATE], step


def test_a_trace_has_an_upper_bound() -> None:
    # After the end of the examination, or after every date that it names.
    assert found(fact(), ends="2026-03-02") == [] and found(fact(), ends="2026-02-24") == [DATE]
    assert found(on("2026-03-01"), date=None) == [DATE] == found(on("2026-03-01"), date=None, ends="2026-02-28")
    assert found(on("2026-03-01"), date=None, ends="2026-03-01") == []
    assert found(on("2026-03-01")) == [DATE] * 2
    # Two slips that agree.
    assert found(on("2099-02-25"), date="2099-02-25") == [DATE]
    assert found(on("9999-12-31"), date="9999-12-31") == [DATE]


def test_a_run_ends_soon_after_it_began() -> None:
    assert found(on("2026-02-24", "2026-02-26")) == []
    # A run of years would hold every date.
    assert found(on("2026-02-20", "2027-02-20")) == [DATE]
    assert found(on("2026-02-25", "2026-02-24")) == [DATE]


def test_dates_that_are_not_there_are_no_agreement() -> None:
    case = replace(examination(), accession_date=None)
    assert [n.reason for n in trace_notes(case, (fact(),), {})] == [DATE]
    assert found(fact(), sheet(date=None)) == [DATE]


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
