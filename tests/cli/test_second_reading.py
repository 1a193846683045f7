"""A second person's call beside the software's: agreement, difference, and papers that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import abif
import pytest
import yaml
from barcode_cases import records, reversed_strand
from trace_cases import CASE, trace_root

from musk_id.cli import main
from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.errors import RequestError
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.stages.persons import same_person
from musk_id.stages.second_readings import _agree
from musk_id.vocabulary import Grade, Locus, Reason

READER = "Reader 2"


@pytest.fixture
def root(tmp_path: Path, shipped_release) -> Path:  # type: ignore[no-untyped-def]
    runs = {}
    for number, locus in enumerate((Locus.RRNA_12S, Locus.RRNA_16S), 1):
        letters = str(records(shipped_release, locus)[0].sequence)
        words = {"sample": f"A1-R{number}", "well": f"A{number}"}
        runs[f"A1-R{number}"] = (abif.trace(letters, **words), abif.trace(reversed_strand(letters), **words))
    root = trace_root(tmp_path, runs, locus=None, changes={"analyst": "Reader 1"})
    path = root / "cases" / CASE / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | {"persons": [READER]}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return root


def write(root: Path, *readings: dict[str, Any]) -> None:
    default = {"person": READER, "date": "2026-02-27", "blind": "true"}
    entries = [{key: v for key, v in (default | reading).items() if v is not None} for reading in readings]
    content = {"schema": "musk-id/second-reading/1", "case_id": CASE, "readings": entries}
    (root / "cases" / CASE / "second_reading.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def record_of(root: Path) -> CaseRecord:
    return examine_case(Casework(root), root / "cases" / CASE)


def outcome(root: Path, *readings: dict[str, Any]) -> tuple[Grade, list[bool], set[str]]:
    write(root, *readings)
    record = record_of(root)
    (item,) = record.evidence.items
    said = {str(s.phrase) for s in item.statements if s.phrase.startswith("reading.")}
    differs = Reason.SECOND_READING_DIFFERS in {r for part in item.grade_parts for r in part.reasons}
    agree = [reading.agrees for reading in item.second_readings]
    assert differs is (not all(agree))
    return record.evidence.grade, agree, said


def test_readings_that_agree_and_differ(root: Path) -> None:
    same = {"item_id": "A1", "called": "Moschus"}
    assert outcome(root, same) == (Grade.B, [True], {"reading.agrees"})
    species = {"run_id": "A1-R1", "called": "Moschus moschiferus"}
    family = {"run_id": "A1-R2", "called": "Moschidae"}
    # A species beside the software's genus is no agreement in words: the method does not go that far.
    assert outcome(root, species) == (Grade.B, [True], {"reading.further"})
    assert outcome(root, same, species, family)[:2] == (Grade.B, [True] * 3)
    assert outcome(root, {"item_id": "A1", "called": "Capra hircus"}) == (Grade.C, [False], {"reading.differs"})
    # Who names nothing where the software does, differs; one reading that differs is enough.
    assert outcome(root, same, {"run_id": "A1-R2"})[:2] == (Grade.C, [True, False])


def test_a_reading_that_was_not_blind_is_said_and_its_difference_counts(root: Path) -> None:
    seen = {"item_id": "A1", "called": "Moschus", "blind": "false"}
    assert outcome(root, seen) == (Grade.B, [True], {"reading.agrees", "reading.not_blind"})
    assert outcome(root, seen | {"called": "Sus"})[0] is Grade.C


def rewrite(root: Path, **analysts: str) -> None:
    """Analysts of the steps of item A1; steps that are not named get none."""
    path = root / "cases" / CASE / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))

    def set_on(step: str, part: dict[str, Any]) -> None:
        part.pop("analyst", None)
        part.update({"analyst": analysts[step]} if step in analysts else {})

    for sub_sample in content["items"][0]["sub_samples"]:
        set_on("sub_sample", sub_sample)
        for extract in sub_sample["extracts"]:
            set_on("extract", extract)
            for product in extract["products"]:
                set_on("product", product)
                for run in product["runs"]:
                    set_on("run", run)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.mark.parametrize("step", ["run", "product", "extract", "sub_sample"])
def test_who_did_a_step_is_no_second_person(root: Path, step: str) -> None:
    rewrite(root, **{"run": "Reader 1", step: "Prof. READER 2"})
    write(root, {"item_id": "A1", "called": "Moschus"})
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert any("is an analyst of what was read" in p.message for p in caught.value.problems)


def test_without_a_first_person_a_reading_counts_as_no_second_one(root: Path) -> None:
    rewrite(root)
    same = {"item_id": "A1", "called": "Moschus"}
    assert outcome(root, same) == (Grade.B, [True], {"reading.agrees", "reading.no_first_person"})
    run = {"run_id": "A1-R1", "called": "Sus"}
    assert outcome(root, run) == (Grade.C, [False], {"reading.differs", "reading.no_first_person"})


def test_names_of_one_person() -> None:
    assert same_person("Dr. Ann B. Reader") == same_person("reader, ANN B") != same_person("Ann C. Reader")
    assert same_person("Dr.") != same_person("Prof.")
    assert same_person("к.б.н. Иванов И.") == same_person("Д-р И. Иванов") != same_person("К. Иванов")
    assert same_person("Ann Reader, Ph.D.") == same_person("Ann Reader, PhD")


def test_the_technical_record_does_not_change(root: Path, tmp_path: Path) -> None:
    before = record_of(root)
    write(root, {"item_id": "A1", "called": "Sus"})
    after = record_of(root)
    assert canonical_json(after.barcode) == canonical_json(before.barcode)
    assert parse_record(CaseRecord, canonical_json(after), "record.json") == after
    assert main(["examine", str(root / "cases" / CASE), "--out", str(tmp_path / "out")]) == 0
    place = tmp_path / "out" / "cases" / CASE
    assert (place / "input" / "second_reading.yaml").is_file() and main(["verify", str(place)]) == 0
    assert READER in (place / "record" / "record.ru.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("reading", "part"),
    [
        ({"item_id": "A9", "called": "Sus"}, "names item 'A9'"),
        ({"run_id": "A1-R9", "called": "Sus"}, "names run 'A1-R9'"),
        ({"called": "Sus"}, "either item_id or run_id"),
        ({"item_id": "A1", "run_id": "A1-R1"}, "either item_id or run_id"),
        ({"item_id": "A1", "person": "Nobody"}, "found 'Nobody'"),
        ({"item_id": "A1", "person": "reader  1"}, "is an analyst of what was read"),
        ({"item_id": "A1", "person": "Dr. Reader-1"}, "is an analyst of what was read"),
        ({"item_id": "A1", "called": "Moschus berezovskii, 100 % confirmed"}, "found"),
        ({"item_id": "A1", "called": "Moschus not musk deer"}, "found"),
        ({"run_id": "A1-R1", "person": "Reader 1"}, "is an analyst of what was read"),
        ({"item_id": "A1", "blind": None}, "is missing"),
        ({"item_id": "A1", "blind": "perhaps"}, "blind"),
        ({"item_id": "A1", "opinion": "x"}, "unknown key"),
    ],
)
def test_readings_that_do_not_fit_are_refused(root: Path, reading: dict[str, Any], part: str) -> None:
    write(root, reading)
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert any(part in f"{p.where} {p.message}" for p in caught.value.problems), caught.value.problems


def test_a_reading_before_its_run_blocks_the_court_grades(root: Path) -> None:
    write(root, {"item_id": "A1", "called": "Moschus", "date": "2026-02-24"})
    record = record_of(root)
    assert {n.reason for n in record.intake.notes} == {Reason.RECORD_INCOMPLETE}
    assert record.evidence.grade is Grade.C


def test_names_agree_if_one_lies_in_the_other() -> None:
    families = {"Moschus": "Moschidae", "Capra": "Bovidae", "Ovis": "Bovidae"}
    assert _agree("capra hircus", "bovidae", families) and _agree("bovidae", "capra", families)
    assert not _agree("capra hircus", "capra falconeri", families) and not _agree("ovis", "capra", families)
    assert not _agree("bovidae", "moschus", families) and _agree("unknown x", "unknown", families)
