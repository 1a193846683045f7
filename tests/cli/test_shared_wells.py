"""Wells of a batch with reads of two cases: the limit in the record of each, the pages, the command, the plan."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from read_cases import BATCH, CASE, OTHER, changed, two_cases

from musk_id.cli import main
from musk_id.stages.read_runs import sequence_digest
from musk_id.vocabulary import CurationState, Locus


@pytest.fixture(scope="module")
def inserts(shipped_release) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in shipped_release.barcodes:
        if record.locus is Locus.RRNA_12S and record.state is CurationState.REFERENCE:
            found.setdefault(record.genus, record.sequence)
    return found


def examined(root: Path, out: Path, case: str = CASE) -> dict[str, Any]:
    assert main(["examine", str(root / "cases" / case), "--root", str(root), "--out", str(out)]) == 0
    return json.loads((out / "cases" / case / "record" / "record.json").read_bytes())


def item(record: dict[str, Any]) -> dict[str, Any]:
    (found,) = [i for i in record["barcode"]["items"] if i["item_id"] == "A1"]
    return found


def test_reads_that_another_case_may_have_sent_are_a_trace(tmp_path, inserts) -> None:
    few = {inserts["Sus"]: 400, inserts["Moschus"]: 14}
    root = two_cases(tmp_path, few, {inserts["Moschus"]: 1500}, {inserts["Moschus"]: 1})
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == "INCONCLUSIVE"
    assert "TAG_JUMP_NOT_EXCLUDED" in item(record)["reasons"]
    deer = [s for s in record["barcode"]["sequences"] if s["call"] and s["call"]["taxon"] == "Moschus"]
    for variant in deer:
        # Nothing else speaks against them: they are ten times the blank, and enough of the marker.
        assert set(variant["reasons"]) & {"READS_BELOW_LIMIT", "CONTROL_ABSENT"} == set()
        assert variant["reads"]["reads_exact"] < variant["reads"]["jump_limit"]
    (controls,) = [c for c in record["controls"] if c["batch_id"] == BATCH]
    reads = controls["batch_reads"]
    (marker,) = reads["jumps"]
    assert (marker["state"], marker["in_blank"], reads["cases"]) == ("LIMITED", 1, 2)
    (shared,) = [s for s in reads["shared"] if s["sequence_sha256"] == sequence_digest(inserts["Moschus"])]
    assert shared["sharing"] == ["BETWEEN_CASES", "WITH_BLANK"]
    # The other case stands in nothing of this record, nor do letters of its animals.
    folder = tmp_path / "out" / "cases" / CASE
    pages = ""
    for path in (folder / "record").iterdir():
        data = path.read_bytes()
        assert OTHER.encode() not in data, path.name
        pages += data.decode("utf-8") if path.suffix == ".html" else ""
    assert "Sequences in several wells" in pages and marker["rate_upper"] in pages
    assert "C1: case 2, item 1" in pages


def test_many_reads_stay_detected_and_the_bytes_do_not_depend_on_the_case(tmp_path, inserts) -> None:
    many = {inserts["Sus"]: 200, inserts["Moschus"]: 300}
    root = two_cases(tmp_path, many, {inserts["Moschus"]: 600}, {inserts["Sus"]: 1})
    record = examined(root, tmp_path / "out")
    assert item(record)["moschus"] == "DETECTED"
    deer = [s["reads"] for s in record["barcode"]["sequences"] if s["call"] and s["call"]["taxon"] == "Moschus"]
    assert all(entry["jump_limit"] <= entry["reads_exact"] for entry in deer)
    other = examined(root, tmp_path / "out", OTHER)
    assert other["controls"] == record["controls"]


def test_one_case_only_is_said(tmp_path, inserts) -> None:
    root = two_cases(tmp_path, {inserts["Moschus"]: 60}, {inserts["Sus"]: 60}, {})
    shutil.rmtree(root / "cases" / OTHER)
    record = examined(root, tmp_path / "out")
    (controls,) = [c for c in record["controls"] if c["batch_id"] == BATCH]
    reads = controls["batch_reads"]
    assert (reads["items"], reads["not_read"], reads["jumps"][0]["state"]) == (1, 1, "ONE_ITEM")
    assert {s["reads"]["jump_limit"] for s in record["barcode"]["sequences"]} == {None}
    pages = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "out").rglob("*.html"))
    assert "not testable: reads of one item only" in pages


def test_a_person_in_two_wells_is_not_listed(tmp_path, inserts) -> None:
    both = {inserts["Homo"]: 80, inserts["Sus"]: 80}
    root = two_cases(tmp_path, both, both, {inserts["Homo"]: 3})
    record = examined(root, tmp_path / "out")
    (controls,) = [c for c in record["controls"] if c["batch_id"] == BATCH]
    listed = {s["sequence_sha256"] for s in controls["batch_reads"]["shared"]}
    assert sequence_digest(inserts["Homo"]) not in listed and sequence_digest(inserts["Sus"]) in listed


def test_the_command_names_cases_and_runs(tmp_path, inserts, capsys) -> None:
    root = two_cases(tmp_path, {inserts["Sus"]: 60}, {inserts["Sus"]: 90}, {})
    assert main(["runs", "shared", BATCH, "--root", str(root)]) == 0
    printed = capsys.readouterr()
    rows = [line.split("\t") for line in printed.out.splitlines()]
    assert rows[0][0] == "sequence_sha256"
    assert {(row[3], row[5], row[6]) for row in rows[1:]} == {
        ("A1", CASE, "R1"),
        ("A2", CASE, "R2"),
        ("C1", OTHER, "R1"),
    }
    assert "share at most 0." in printed.err
    assert main(["runs", "shared", "NONE", "--root", str(root)]) == 2
    changed(root / "batches" / BATCH / "sheet.yaml", lambda c: [row.pop("files", None) for row in c["rows"]])
    assert main(["runs", "shared", BATCH, "--root", str(root)]) == 2


def test_a_batch_is_planned_anew_when_another_case_of_it_changes(tmp_path, inserts) -> None:
    root = two_cases(tmp_path, {inserts["Sus"]: 30}, {inserts["Sus"]: 30}, {})
    out = tmp_path / "planned"

    def lists() -> str:
        assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 0
        return next(p for p in sorted(out.glob("shards/b*/list.tsv"))).read_text()

    first = lists()
    (line,) = [line for line in first.splitlines() if line.startswith(BATCH)]
    assert line.split("\t")[2] == f"{CASE} {OTHER}"
    assert lists() == first
    path = root / "cases" / OTHER / "R1_R1.fastq"
    path.write_text(path.read_text().replace("@r1 ", "@changed "))
    assert lists() != first
