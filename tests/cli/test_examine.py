"""Cases through the front door: the examples, their findings, faults in the inputs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from musk_id.cli import main
from musk_id.cli.casework import barcode_case, controls_batch, intake_case, spectra_case
from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.intake import IntakeRecord
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.vocabulary import Finding, Grade, Rank

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"


@pytest.fixture(scope="module")
def records() -> dict[str, CaseRecord]:
    casework = Casework(EXAMPLES)
    return {c: examine_case(casework, EXAMPLES / "cases" / f"DEMO-{c}") for c in "ABCDE"}


def _findings(record: CaseRecord) -> dict[tuple[str, str], Finding]:
    return {(a.question_id, a.item_id): a.finding for a in record.evidence.answers}


def test_findings_of_the_examples(records: dict[str, CaseRecord]) -> None:
    assert _findings(records["A"]) == {
        ("Q1", "A1"): Finding.DETECTED,
        ("Q2", "A1"): Finding.INCONCLUSIVE,
        ("Q3", "A1"): Finding.INCONCLUSIVE,
        ("Q4", "A1"): Finding.OUTSIDE_COMPETENCE,
        ("Q5", "A1"): Finding.OUTSIDE_COMPETENCE,
    }
    assert _findings(records["B"]) == {("Q1", "B1"): Finding.NOT_DETECTED, ("Q2", "B1"): Finding.DETECTED}
    assert [taxon.taxon for taxon in records["B"].barcode.items[0].other_taxa] == ["Bovidae"]
    assert _findings(records["C"])[("Q1", "C1")] is Finding.INCONCLUSIVE
    assert _findings(records["C"])[("Q3", "C1")] is Finding.NOT_EXAMINED
    assert set(_findings(records["D"]).values()) == {Finding.INCONCLUSIVE}
    named = {n.species for call in records["E"].barcode.items for n in call.not_excluded}
    assert {"Moschus berezovskii", "Moschus chrysogaster", "Moschus leucogaster", "Moschus fuscus"} <= named


def test_every_example_is_grade_c_and_no_species_is_named(records: dict[str, CaseRecord]) -> None:
    for record in records.values():
        assert record.evidence.grade is Grade.C
        assert all(call.rank is not Rank.SPECIES for call in record.barcode.items)


def test_open_answers_say_what_helps(records: dict[str, CaseRecord]) -> None:
    for record in records.values():
        for answer in record.evidence.answers:
            if answer.finding in (Finding.INCONCLUSIVE, Finding.NOT_DETECTED):
                assert answer.next_steps, (record.case_id, answer.question_id)


def test_record_survives_its_json(records: dict[str, CaseRecord]) -> None:
    for record in records.values():
        data = canonical_json(record)
        assert parse_record(CaseRecord, data, "record.json") == record


def _copy_root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES, tmp_path / "root"))


def _technical(casework: Casework, intake: IntakeRecord, case: Path) -> list[bytes]:
    controls = {b: controls_batch(casework, casework.root / "batches" / b) for b in intake.batch_ids}
    barcode = barcode_case(casework, intake, controls, case)
    return [canonical_json(record) for record in (barcode, spectra_case(casework, intake, controls, case))]


def test_requesters_words_leave_technical_records_byte_identical(tmp_path: Path) -> None:
    root = _copy_root(tmp_path)
    case = root / "cases" / "DEMO-A"
    before = Casework(root)
    intake = intake_case(before, case)
    technical = _technical(before, intake, case)
    path = case / "request.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in (
        ("country: RU", "country: NP"),
        ("麝香 (she xiang), 1 pc", "no musk in it"),
        ("Demonstration customs service", "Another authority"),
        ("Demonstration traveller", "Somebody else"),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    after = Casework(root)
    changed = intake_case(after, case)
    assert canonical_json(changed) != canonical_json(intake)
    assert _technical(after, changed, case) == technical


TEN_FAULTS = """schema: musk-id/request/9
case_id: DEMO-A
autority: {name: x}
date_of_act: 2026-02-30
questions:
  - question_id: "Q 1"
    kind: IS_IT_FAKE
items:
  - item_id: ../A1
    described_as: ""
    units_total: 010
seizure: {place: p, country: Kazakhstan}
cites: {permit_kind: nope, specimens: [{species_name: s, specimen_type: t, sex: male}]}
"""


def test_ten_faults_give_ten_messages_and_no_traceback(tmp_path: Path, command) -> None:
    root = _copy_root(tmp_path)
    (root / "cases" / "DEMO-A" / "request.yaml").write_text(TEN_FAULTS, encoding="utf-8")
    done = command("examine", root / "cases" / "DEMO-A", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    messages = [line for line in done.stderr.splitlines() if line.startswith("  - ")]
    assert len(messages) >= 10
    for part in (
        "autority",
        "did you mean 'authority'",
        "line ",
        "units_total",
        "Kazakhstan",
        "IS_IT_FAKE",
        "2026-02-30",
    ):
        assert part in done.stderr, part
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("escape", "../../laboratory.yaml", 2),
        ("absolute", "/etc/hostname", 2),
        ("missing folder", "nothing/there.fasta", 0),
    ],
)
def test_paths_cannot_leave_the_case(tmp_path: Path, name: str, path: str, expected: int, capsys) -> None:
    root = _copy_root(tmp_path)
    file = root / "cases" / "DEMO-A" / "examination.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("A1-R1_12S-V5.fasta", path), encoding="utf-8")
    assert main(["examine", str(root / "cases" / "DEMO-A"), "--out", str(tmp_path / "out")]) == expected, name


def test_a_link_out_of_the_case_is_refused(tmp_path: Path, capsys) -> None:
    root = _copy_root(tmp_path)
    file = root / "cases" / "DEMO-A" / "A1-R1_12S-V5.fasta"
    file.unlink()
    file.symlink_to("/etc/hostname")
    assert main(["examine", str(root / "cases" / "DEMO-A"), "--out", str(tmp_path / "out")]) == 4
    assert "symbolic link" in capsys.readouterr().err


def test_an_altered_file_is_a_finding(tmp_path: Path) -> None:
    root = _copy_root(tmp_path)
    file = root / "cases" / "DEMO-A" / "examination.yaml"
    digest = "0" * 64
    text = file.read_text(encoding="utf-8").replace(
        "- path: A1-R1_12S-V5.fasta\n", f"- path: A1-R1_12S-V5.fasta\n                        sha256: {digest}\n"
    )
    file.write_text(text, encoding="utf-8")
    record = examine_case(Casework(root), root / "cases" / "DEMO-A")
    assert "FILE_ALTERED" in {note.reason for note in record.intake.notes}
    assert next(r for r in record.barcode.sequences if r.run.run_id == "A1-R1").reasons == ("FILE_ALTERED",)


def test_output_inside_the_case_is_refused(tmp_path: Path, capsys) -> None:
    case = _copy_root(tmp_path) / "cases" / "DEMO-A"
    assert main(["examine", str(case), "--out", str(case / "out")]) == 2
    assert "inside the case folder" in capsys.readouterr().err


def test_new_case_templates_are_well_formed(tmp_path: Path, capsys) -> None:
    case = tmp_path / "cases" / "NEW-1"
    assert main(["case", "new", str(case), "--laboratory"]) == 0
    assert main(["case", "check", str(case)]) == 0
    assert "FILE_MISSING" in capsys.readouterr().out
    assert main(["case", "new", str(case)]) == 2


def test_templates_name_every_field() -> None:
    from musk_id.model.batch import RunSheet
    from musk_id.model.examination import Examination
    from musk_id.model.laboratory import Laboratory
    from musk_id.model.laboratory_chemistry import LaboratoryChemistry
    from musk_id.model.request import Request
    from musk_id.records.codec import plan_of

    def names(cls: type) -> set[str]:
        found: set[str] = set()
        for field in plan_of(cls):
            found.add(field.name)
            inner = field.type.item or field.type
            if inner.cls is not None:
                found |= names(inner.cls)
        return found

    folder = PROJECT / "musk_id" / "cli" / "templates"
    for cls, file in (
        (Request, "request.yaml"),
        (Examination, "examination.yaml"),
        (RunSheet, "sheet.yaml"),
        (Laboratory, "laboratory.yaml"),
        (LaboratoryChemistry, "chemistry.yaml"),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        assert [name for name in sorted(names(cls)) if f"{name}:" not in text] == []


def test_summary_row_per_answer_in_csv(records: dict[str, CaseRecord]) -> None:
    from musk_id.render.cells import safe_cell
    from musk_id.render.tables import findings_csv
    from musk_id.vocabulary import Language

    rows = findings_csv(records["A"], Language.EN).decode("utf-8").split("\r\n")
    assert len([row for row in rows if row]) == 1 + len(records["A"].evidence.answers)
    for text in ("=1+1", "+x", "-x", "@x", "＝x", " =x"):
        assert safe_cell(text).startswith("'")
    assert safe_cell("\tx") == "⟨U+0009⟩x"


def test_embedded_json_is_the_record(tmp_path: Path) -> None:
    import pikepdf

    case = EXAMPLES / "cases" / "DEMO-D"
    assert main(["examine", str(case), "--out", str(tmp_path)]) == 0
    pages = tmp_path / "cases" / "DEMO-D" / "record"
    with pikepdf.open(pages / "record.en.pdf") as pdf:
        assert list(pdf.attachments) == ["record.json"]
        assert pdf.attachments["record.json"].get_file().read_bytes() == (pages / "record.json").read_bytes()
        assert "/StructTreeRoot" in pdf.Root
        with pdf.open_metadata() as metadata:
            assert metadata["pdfaid:part"] == "3"
            assert metadata["pdfuaid:part"] == "1"
    assert json.loads((pages / "record.json").read_bytes())["case_id"] == "DEMO-D"
