"""Intake: contradictions are told at once, remarks on files become notes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from barcode_cases import records
from stage_cases import Case, examination, intake

from musk_id.cli.casework import intake_case
from musk_id.model.examination import CustodyEvent, ExaminedItem, MassBalance, OutsideFinding
from musk_id.model.intake import IntakeRecord
from musk_id.model.values import DecimalText, Identifier, IsoDate, Line, RelativePath, Sha256, Text
from musk_id.stages.intake import case_problems, declared_files, freeze_case
from musk_id.stages.missing import missing_facts
from musk_id.vocabulary import Locus, Reason, Selection, Technique


@pytest.fixture(scope="module")
def example(demo) -> IntakeRecord:  # type: ignore[no-untyped-def]
    return intake_case(demo, demo.laboratory_path.parent / "cases" / "DEMO-A")


@pytest.fixture
def frozen(example, shipped_release) -> IntakeRecord:  # type: ignore[no-untyped-def]
    letters = {Locus.RRNA_12S: str(records(shipped_release, Locus.RRNA_12S)[0].sequence)}
    return intake(Case(sub_samples=(letters, letters)), example)


def problems(record: IntakeRecord) -> list[str]:
    return [f"{p.where}: {p.message}" for p in case_problems(record.request, record.examination)]


def test_a_sound_case_has_no_problem(frozen, example) -> None:  # type: ignore[no-untyped-def]
    assert problems(frozen) == []
    assert problems(example) == []
    assert {n.reason for n in example.notes} == {Reason.SIMULATED_DATA}


def test_every_contradiction_is_told_in_one_go(frozen) -> None:  # type: ignore[no-untyped-def]
    request, examined = frozen.request, frozen.examination
    item = examined.items[0]
    sub_sample = replace(
        item.sub_samples[0],
        mass=MassBalance(in_mg=DecimalText("10"), used_mg=DecimalText("8"), left_mg=DecimalText("-1")),
    )
    item = replace(
        item,
        units_total=3,
        units_examined=4,
        sub_samples=(sub_sample, *item.sub_samples[1:]),
    )
    changed = replace(
        frozen,
        request=replace(
            request,
            questions=(replace(request.questions[0], item_ids=(Identifier("I9"),)), request.questions[0]),
        ),
        examination=replace(
            examined,
            items=(item, ExaminedItem(item_id=Identifier("I7"))),
            custody=(CustodyEvent(date=IsoDate("2026-01-01"), item_id=Identifier("I8"), event=Line("x")),),
            outside_findings=(
                OutsideFinding(
                    finding_id=Identifier("F1"),
                    item_id=Identifier("I6"),
                    method=Line("m"),
                    provider=Line("p"),
                    result=Text("r"),
                ),
            ),
        ),
    )
    found = "\n".join(problems(changed))
    for part in (
        "question Q0: names item 'I9'",
        "items: names item 'I7'",
        "custody: names item 'I8'",
        "outside finding F1: names item 'I6'",
        "units_examined: found 4",
        "mass.left_mg: found -1",
    ):
        assert part in found, found


def test_more_used_and_left_than_there_was(frozen) -> None:  # type: ignore[no-untyped-def]
    item = frozen.examination.items[0]
    mass = MassBalance(in_mg=DecimalText("10"), used_mg=DecimalText("8.5"), left_mg=DecimalText("1.6"))
    sub_sample = replace(item.sub_samples[0], mass=mass)
    examined = replace(frozen.examination, items=(replace(item, sub_samples=(sub_sample, *item.sub_samples[1:])),))
    assert any("together are 10.1 mg" in p for p in problems(replace(frozen, examination=examined)))


def test_a_request_without_items_or_questions(frozen) -> None:  # type: ignore[no-untyped-def]
    empty = replace(frozen, request=replace(frozen.request, items=(), questions=()))
    found = problems(empty)
    assert "request: items: no item" in found and "request: questions: no question" in found


def refrozen(frozen: IntakeRecord, *contents: str | None, declared: str | None = None) -> IntakeRecord:
    """The case frozen again with these digests for its files."""
    files = declared_files(frozen.request, frozen.examination)
    found = tuple(
        replace(
            fact,
            sha256=None if content is None else Sha256(content * 64),
            declared_sha256=None if declared is None else Sha256(declared * 64),
        )
        for fact, content in zip(files, contents, strict=False)
    )
    return freeze_case(
        request=frozen.request,
        examination=frozen.examination,
        laboratory=frozen.laboratory,
        files=found,
        inputs=(),
        software_version="0",
    )


def noted(record: IntakeRecord) -> dict[Reason, list[str]]:
    found: dict[Reason, list[str]] = {}
    for note in record.notes:
        found.setdefault(note.reason, []).append(str(note.subject))
    return found


def test_missing_altered_and_doubly_used_files_are_notes(frozen) -> None:  # type: ignore[no-untyped-def]
    files = declared_files(frozen.request, frozen.examination)
    runs = [fact for fact in files if fact.run_id is not None]
    assert len(runs) == 4 and len(files) == 6
    one_each = [f"{i:x}" for i in range(len(files))]
    assert noted(refrozen(frozen, *one_each)) == {}
    gone = noted(refrozen(frozen, None, *one_each[1:]))
    assert gone == {Reason.FILE_MISSING: [str(files[0].path)]}
    altered = noted(refrozen(frozen, *one_each, declared="0"))
    assert len(altered[Reason.FILE_ALTERED]) == len(files) - 1
    rows = [i for i, fact in enumerate(files) if fact.run_id is not None]
    same = [("f" if i in rows[:2] else content) for i, content in enumerate(one_each)]
    twice = refrozen(frozen, *same)
    note = next(n for n in twice.notes if n.reason is Reason.FILE_USED_TWICE)
    assert set(note.run_ids) == {files[i].run_id for i in rows[:2]}


def test_runs_without_files_of_unknown_techniques_and_simulated_ones(frozen) -> None:  # type: ignore[no-untyped-def]
    case = examination(Case(sub_samples=({Locus.RRNA_12S: "ACGT"},), simulated="by\nhand"))
    item = case.items[0]
    sub_sample = item.sub_samples[0]
    extract = sub_sample.extracts[0]
    product = extract.products[0]
    bare = replace(product.runs[0], technique=Technique.RAMAN, files=())
    product = replace(product, runs=(bare,))
    extract = replace(extract, products=(product,))
    case = replace(case, items=(replace(item, sub_samples=(replace(sub_sample, extracts=(extract,)),)),))
    record = refrozen(replace(frozen, examination=case))
    assert set(noted(record)) == {
        Reason.NO_EVIDENCE_FILE,
        Reason.TECHNIQUE_NOT_EVALUATED,
        Reason.SIMULATED_DATA,
    }


def test_steps_in_an_impossible_order_are_noted(frozen) -> None:  # type: ignore[no-untyped-def]
    item = frozen.examination.items[0]
    late = replace(item.sub_samples[0], date=IsoDate("2026-05-01"))
    run_dated = replace(late.extracts[0].products[0].runs[0], date=IsoDate("2026-04-30"))
    product = replace(late.extracts[0].products[0], runs=(run_dated,))
    late = replace(late, extracts=(replace(late.extracts[0], products=(product,)),))
    examined = replace(
        frozen.examination,
        accession_date=IsoDate("2026-04-01"),
        items=(replace(item, sub_samples=(late, *item.sub_samples[1:])),),
    )
    found = noted(refrozen(replace(frozen, examination=examined), *"0123456789"))
    assert found == {Reason.RECORD_INCOMPLETE: [f"run {run_dated.run_id}"]}


def test_what_is_missing_is_said(frozen) -> None:  # type: ignore[no-untyped-def]
    request = replace(frozen.request, legal_ground=None, date_of_act=None)
    item = replace(frozen.examination.items[0], units_total=5, selection=Selection.NOT_RECORDED, found_to_be=None)
    examined = replace(frozen.examination, items=(item,), accession_number=None, custody=())
    said = {s.phrase for s in missing_facts(replace(frozen, request=request, examination=examined))}
    assert {
        "missing.legal_ground",
        "missing.date_of_act",
        "missing.accession",
        "missing.custody",
        "missing.morphology",
        "missing.seal",
        "missing.photographs",
        "missing.selection",
        "missing.mass",
        "missing.run_date",
        "missing.analyst",
        "missing.method_version",
        "missing.instrument",
    } <= said
    assert "missing.not_received" not in said
    nothing = replace(examined, items=())
    assert "missing.not_received" in {
        s.phrase for s in missing_facts(replace(frozen, request=request, examination=nothing))
    }


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("laboratory.yaml",), "evidence is named 'laboratory.yaml'"),
        (("REQUEST.json",), "evidence is named 'REQUEST.json'"),
        (("a.fasta", "A.fasta"), "'A.fasta', 'a.fasta' differ by case only"),
        (("a.fasta", "a.fasta"), "'a.fasta' stands twice"),
    ],
)
def test_evidence_cannot_take_the_place_of_another_file(frozen, names, message) -> None:  # type: ignore[no-untyped-def]
    item = frozen.examination.items[0]
    sub_sample = item.sub_samples[0]
    extract = sub_sample.extracts[0]
    product = extract.products[0]
    run = product.runs[0]
    run = replace(run, files=tuple(replace(run.files[0], path=RelativePath(name)) for name in names))
    product = replace(product, runs=(run, *product.runs[1:]))
    extract = replace(extract, products=(product, *extract.products[1:]))
    sub_sample = replace(sub_sample, extracts=(extract, *sub_sample.extracts[1:]))
    item = replace(item, sub_samples=(sub_sample, *item.sub_samples[1:]))
    examined = replace(frozen.examination, items=(item, *frozen.examination.items[1:]))
    assert any(message in problem for problem in problems(replace(frozen, examination=examined)))


def test_another_seal_and_an_act_after_the_receipt_are_notes(frozen) -> None:  # type: ignore[no-untyped-def]
    def notes(asked: str | None, found: str | None, act: str) -> list[Reason]:
        item = replace(frozen.request.items[0], seal_number=asked and Line(asked))
        request = replace(frozen.request, items=(item,), date_of_act=IsoDate(act))
        examined = replace(
            frozen.examination,
            accession_date=IsoDate("2026-02-18"),
            items=(replace(frozen.examination.items[0], seal_number_found=found and Line(found)),),
        )
        record = freeze_case(
            request=request,
            examination=examined,
            laboratory=frozen.laboratory,
            files=(),
            inputs=(),
            software_version="0",
        )
        return sorted({note.reason for note in record.notes} & {Reason.SEAL_DIFFERS, Reason.RECORD_INCOMPLETE})

    assert (
        notes("010", "010", "2026-02-10") == notes(None, "9", "2026-02-18") == notes("9", None, "2026-02-10") == []
    )
    assert notes("010", "999", "2026-02-10") == [Reason.SEAL_DIFFERS]
    assert notes("010", "010", "2027-02-10") == [Reason.RECORD_INCOMPLETE]
