"""Many cases from a table: all or none, what the table says and nothing else."""

from __future__ import annotations

import contextlib
import csv
import io
import shutil
import time
from pathlib import Path

import pytest
import yaml

from musk_id.cli import case_import, main
from musk_id.cli.run_lock import CASES_LOCK, hold_cases
from musk_id.cli.table_cases import TableCase, _part

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RUN = {
    "sub_sample_id": "S1",
    "extract_id": "E1",
    "extract_kind": "DNA",
    "extract_batch": "DEMO-DNA-1",
    "locus": "12S-V5",
    "technique": "SEQUENCE",
    "date": "2026-02-25",
}


def _row(case: str, run: str = "", **cells: str) -> dict[str, str]:
    found = {
        "case_id": case,
        "authority": "Customs",
        "question_1_kind": "MUSK_DEER_PRESENT",
        "question_1_text": 'Is it; "musk", or not?\n(two lines)',
        "item_id": "I1",
        "described_as": "мешочек, 010",
    }
    if run:
        found |= RUN | {"run_id": run, "product_id": f"P-{run}", "file": f"files/{run}.fasta"}
    return {key: value for key, value in (found | cells).items() if value is not None}


def _table(folder: Path, rows: list[dict[str, str]], separator: str = ",") -> Path:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "table.csv"
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    for run in ("R1", "R2"):
        shutil.copy(EXAMPLES / "cases" / "DEMO-A" / "A1-R1_12S-V5.fasta", tmp_path / "files" / f"{run}.fasta")
    root = tmp_path / "root"
    shutil.copytree(EXAMPLES / "batches", root / "batches")
    shutil.copy(EXAMPLES / "laboratory.yaml", root)
    return tmp_path


def _import(place: Path, table: Path) -> int:
    return main(["case", "import", str(table), "--root", str(place / "root")])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_cases_of_a_table_are_examined(place: Path, capsys, separator: str) -> None:
    rows = [
        _row("T1", "R1", units_total="1", seal_number="010", material="WHOLE_GLAND"),
        _row("T1", "R2", question_1_text="", authority="", locus="16S-mam"),
        _row("T2", run_id="", label_text="=1+1"),
    ]
    assert _import(place, _table(place, rows, separator)) == 0
    assert "2 cases written" in capsys.readouterr().out
    first = yaml.safe_load((place / "root" / "cases" / "T1" / "request.yaml").read_text(encoding="utf-8"))
    assert first["questions"] == [
        {"question_id": "Q1", "kind": "MUSK_DEER_PRESENT", "text": rows[0]["question_1_text"]}
    ]
    assert first["items"] == [
        {"item_id": "I1", "described_as": "мешочек, 010", "seal_number": "010", "units_total": "1"}
    ]
    examined = yaml.safe_load((place / "root" / "cases" / "T1" / "examination.yaml").read_text(encoding="utf-8"))
    products = examined["items"][0]["sub_samples"][0]["extracts"][0]["products"]
    assert [(p["product_id"], p["locus"], p["runs"][0]["files"]) for p in products] == [
        ("P-R1", "12S-V5", [{"path": "R1.fasta", "role": "SEQUENCE"}]),
        ("P-R2", "16S-mam", [{"path": "R2.fasta", "role": "SEQUENCE"}]),
    ]
    for case in ("T1", "T2"):
        folder = place / "root" / "cases" / case
        assert main(["case", "check", str(folder)]) == 0
    assert main(["examine", str(place / "root" / "cases" / "T1"), "--out", str(place / "out")]) == 0
    # Again: the same cases are there already. Then one differs, and a new one beside it is not written.
    assert _import(place, _table(place, rows, separator)) == 0
    assert "0 cases written" in capsys.readouterr().out.splitlines()[-1]
    rows[0]["units_total"] = "2"
    rows.append(_row("T3", run_id=""))
    assert _import(place, _table(place, rows, separator)) == 2
    assert "T1: a case of that id" in capsys.readouterr().err
    assert sorted(p.name for p in (place / "root" / "cases").iterdir()) == [CASES_LOCK, "T1", "T2"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"case_id": "../x"}, "case_id '../x'"),
        ({"case_id": "$(touch PWNED)"}, "case_id"),
        ({"file": "../../etc/passwd"}, "is not allowed"),
        ({"file": "link.fasta"}, "symbolic link"),
        ({"file": "files/none.fasta"}, "there is no file"),
        ({"technique": "MAGIC"}, "technique"),
        ({"question_1_kind": "GUESS"}, "kind"),
        ({"date": "25.02.2026"}, "date"),
        ({"units_total": "ten"}, "units_total"),
        ({"extract_id": ""}, "a run without extract_id"),
        ({"reverse_file": "files/R2.fasta"}, "2 files of a SEQUENCE"),
        ({"forward_primer": "ACGTACGTACGT"}, "one primer"),
        ({"item_id": "I2", "run_id": "R1"}, "stands more than once"),
        ({"extract_batch": "OTHER"}, "batch_id of E1 is 'OTHER'"),
        ({"described_as": "another"}, "described_as is 'another'"),
    ],
)
def test_a_faulty_row_stops_the_whole_table(place: Path, capsys, change: dict[str, str], told: str) -> None:
    (place / "link.fasta").symlink_to("/etc/hostname")
    table = _table(place, [_row("T0", "R1"), _row("T1", "R1"), _row("T1", "R2", **change)])
    assert _import(place, table) == 2
    message = capsys.readouterr().err
    assert told in message
    assert "no case was written" in message
    assert not (place / "root" / "cases").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("case_id,authority\n", "no column question_1_kind"),
        ("case_id,case_id\nA,B\n", "there twice"),
        ("case_id,colour\nA,B\n", "'colour' is not known"),
        ('"case_id', "no row of a table"),
    ],
)
def test_what_is_no_table_of_cases_is_refused(place: Path, capsys, text: str, told: str) -> None:
    (place / "table.csv").write_text(text, encoding="utf-8")
    assert _import(place, place / "table.csv") == 3
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("earlier", [False, True])
def test_ids_that_differ_by_case_only_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str], earlier
) -> None:
    rows = [_row("C-1", "R1"), _row("c-1", "R2")]
    if earlier:
        table = _table(place, rows[:1])
        assert main(["case", "import", str(table), "--root", str(place / "root")]) == 0
        rows = rows[1:]
    table = _table(place, rows)
    assert main(["case", "import", str(table), "--root", str(place / "root")]) == 2
    assert "differ by case only" in capsys.readouterr().err
    assert [p.name for p in (place / "root" / "cases").glob("[!.]*")] == (["C-1"] if earlier else [])


def test_no_import_while_another_command_makes_cases(place: Path, capsys) -> None:
    table = _table(place, [_row("T1", "R1")])
    with hold_cases(place / "root" / "cases"):
        assert _import(place, table) == 2
        assert "another command (inbox or case import)" in capsys.readouterr().err
    assert _import(place, table) == 0


def test_a_case_that_was_filed_meanwhile_is_not_written_over(place: Path, monkeypatch, capsys) -> None:
    cases = place / "root" / "cases"

    @contextlib.contextmanager
    def late(folder: Path):
        # Another command came between the look at the ids and the lock.
        (folder / "t1").mkdir(parents=True)
        with hold_cases(folder):
            yield

    monkeypatch.setattr(case_import, "hold_cases", late)
    (cases / ".import.left").mkdir(parents=True)
    assert _import(place, _table(place, [_row("T1", "R1")])) == 2
    assert "differs by case only" in capsys.readouterr().err
    monkeypatch.undo()
    (cases / "t1").rmdir()
    assert _import(place, _table(place, [_row("T1", "R1")])) == 0
    assert sorted(p.name for p in cases.iterdir()) == [CASES_LOCK, "T1"]


def test_the_parts_of_a_large_case_are_found_at_once() -> None:
    case, parts = TableCase("K1", {}, {}), []
    begin = time.process_time()
    for number in range(20_000):
        _part(case, parts, {"sub_sample_id": f"S{number}"}, "line 2")
    # Looking through all of them each time took ten seconds, and hours for a table of the size that is read.
    assert time.process_time() - begin < 3
    assert len(parts) == 20_000
    assert _part(case, parts, {"sub_sample_id": "S7", "x": "1"}, "line 2") is parts[7]
    assert _part(case, parts, {"sub_sample_id": "S7", "x": "2"}, "line 3") is parts[7]
    assert [str(problem) for problem in case.problems] == ["line 3: x of S7 is '2' (allowed: '1', as before)"]


def test_a_case_too_large_to_be_read_again_is_not_written(place: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("musk_id.records.tree.MAX_BYTES", 250_000)
    rows = [_row("K1", f"R{number}", file="files/R1.fasta", analyst="x" * 400) for number in range(600)]
    table = _table(place, [_row("K0", "R1"), *rows])
    assert main(["case", "import", str(table), "--root", str(place / "root")]) == 2
    assert "larger than 250000 bytes" in capsys.readouterr().err
    assert not list((place / "root" / "cases").glob("K*"))
