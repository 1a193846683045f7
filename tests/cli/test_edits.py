"""Letters changed by hand through the front door: both answers, the weaker one, and edits that do not fit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import abif
import pytest
import yaml
from barcode_cases import records, reversed_strand
from trace_cases import CASE, EXAMPLES, trace_root

from musk_id.cli import main
from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.errors import RequestError
from musk_id.model.record import CaseRecord
from musk_id.model.reference import ReferenceRelease
from musk_id.records.canonical import canonical_bytes, canonical_json, load_tree, parse_record
from musk_id.render.catalogue import load_catalogue
from musk_id.render.pages.document import Table, cell
from musk_id.render.pages.papers import edits_blocks
from musk_id.vocabulary import Finding, Grade, Language, Locus, Reason

PERSON = "Analyst 2 (demonstration)"
AT = 300


def edit(position: int, before: str, after: str, **changes: Any) -> dict[str, Any]:
    entry = {
        "run_id": "A1-R1",
        "position": str(position),
        "from_letter": before,
        "to_letter": after,
        "reason": "the peak is clear in both traces",
        "person": PERSON,
        "date": "2026-02-26",
    }
    return {key: value for key, value in (entry | changes).items() if value is not None}


def write(root: Path, *edits: dict[str, Any], **more: Any) -> None:
    content = {"schema": "musk-id/edits/1", "case_id": CASE, "base_edits": list(edits)} | more
    (root / "cases" / CASE / "edits.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def record_of(root: Path) -> CaseRecord:
    return examine_case(Casework(root), root / "cases" / CASE)


def answers(record: CaseRecord) -> tuple[Finding, set[str]]:
    answer = next(a for a in record.evidence.answers if a.question_id == "Q1")
    return answer.finding, {str(s.phrase) for s in answer.statements if s.phrase.startswith("edits.")}


@pytest.fixture(scope="module")
def letters(shipped_release) -> str:  # type: ignore[no-untyped-def]
    return str(records(shipped_release, Locus.COI)[0].sequence)


@pytest.fixture
def root(tmp_path: Path, letters: str) -> Path:
    """One run of COI with an N in the middle of both strands."""
    read = letters[:AT] + "N" + letters[AT + 1 :]
    return trace_root(tmp_path, {"A1-R1": (abif.trace(read), abif.trace(reversed_strand(read)))})


def test_an_edit_that_changes_nothing_is_printed_with_both_answers(root: Path, letters: str) -> None:
    write(root, edit(AT + 1, "N", letters[AT]))
    record = record_of(root)
    finding, said = answers(record)
    assert finding is Finding.DETECTED
    assert said == {"edits.made", "edits.without_detected", "edits.with_detected", "edits.answer_same"}
    view = record.barcode.with_edits
    assert view is not None and len(view.sequences) == 1
    (plain,) = record.barcode.sequences
    assert plain.reading is not None and plain.reading.consensus[AT] == "N"
    assert view.sequences[0].reading is not None and view.sequences[0].reading.consensus == letters
    assert not any(Reason.EDITS_CHANGE_ANSWER in p.reasons for p in record.evidence.items[0].grade_parts)
    assert parse_record(CaseRecord, canonical_json(record), "record.json") == record
    assert {str(i.name) for i in record.intake.provenance.inputs} >= {"edits.yaml", "examination.yaml"}


def test_what_is_found_only_with_edits_is_not_found(tmp_path: Path, letters: str) -> None:
    """Letters that differ everywhere a little: too far for a call, until a person changes them."""
    wrong = list(range(0, len(letters), 8))
    other = {"A": "G", "G": "A", "C": "T", "T": "C"}
    read = "".join(other[c] if i in set(wrong) else c for i, c in enumerate(letters))
    root = trace_root(tmp_path, {"A1-R1": (abif.trace(read), abif.trace(reversed_strand(read)))})
    assert answers(record_of(root)) == (Finding.INCONCLUSIVE, set())
    write(root, *(edit(i + 1, read[i], letters[i]) for i in wrong))
    record = record_of(root)
    assert answers(record) == (
        Finding.INCONCLUSIVE,
        {"edits.made", "edits.without_inconclusive", "edits.with_detected", "edits.answer_changes"},
    )
    item = record.evidence.items[0]
    assert item.grade is Grade.C and [p for p in item.grade_parts if Reason.EDITS_CHANGE_ANSWER in p.reasons]
    words = {str(s.phrase) for s in item.statements}
    assert "dna.inconclusive" in words and "dna.moschus_detected" not in words


def test_an_edit_can_take_an_answer_away(root: Path, letters: str) -> None:
    """Fourteen letters to N: more than the method allows."""
    write(root, *(edit(i, letters[i - 1], "N") for i in range(101, 115)))
    record = record_of(root)
    assert answers(record) == (
        Finding.INCONCLUSIVE,
        {"edits.made", "edits.without_detected", "edits.with_inconclusive", "edits.answer_changes"},
    )
    assert record.barcode.items[0].moschus is Finding.DETECTED
    species = next(a for a in record.evidence.answers if a.question_id != "Q1" and a.item_id == "A1")
    assert Reason.EDITS_CHANGE_ANSWER in species.reasons or species.finding is Finding.OUTSIDE_COMPETENCE


def test_people_and_reasons_reach_no_technical_stage(root: Path, letters: str) -> None:
    barcodes = []
    for reason in ("one", "another"):
        write(root, edit(AT + 1, "N", letters[AT], reason=reason))
        record = record_of(root)
        assert PERSON not in canonical_json(record.barcode).decode("utf-8")
        barcodes.append(canonical_json(record.barcode))
    assert barcodes[0] == barcodes[1]


def test_edits_that_do_not_fit_are_told_in_one_go(root: Path, letters: str) -> None:
    write(
        root,
        edit(9000, "A", "C"),
        edit(AT + 1, "A", "C"),
        edit(AT + 2, letters[AT + 1], "N"),
    )
    with pytest.raises(RequestError) as caught:
        record_of(root)
    told = [f"{p.where}: {p.message} ({p.allowed})" for p in caught.value.problems]
    assert told == [
        "edits: run A1-R1: position 301: from_letter is 'A', the consensus has another letter there "
        "(the letter of the consensus that the record prints)",
        f"edits: run A1-R1: position 9000: lies outside of the consensus (1 to {len(letters)})",
    ]
    assert main(["case", "check", str(root / "cases" / CASE)]) == 2


@pytest.mark.parametrize(
    ("entry", "part"),
    [
        (edit(301, "N", "A", run_id="A1-R9"), "names run 'A1-R9'"),
        (edit(301, "N", "A", person="Nobody"), "found 'Nobody'"),
        (edit(301, "N", "N"), "are both N"),
        (edit(0, "N", "A"), "count from 1"),
        (edit(-4, "N", "A"), "position"),
        (edit(301, "n", "A"), "from_letter"),
        (edit(301, "NN", "A"), "from_letter"),
        (edit(301, "N", "-"), "to_letter"),
        (edit(301, "N", "A", reason=None), "reason"),
        (edit(301, "N", "A", date="yesterday"), "date"),
        (edit(301, "N", "A", machine="x"), "unknown key"),
    ],
)
def test_hostile_edits_are_refused(root: Path, entry: dict[str, Any], part: str) -> None:
    write(root, entry)
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert any(part in f"{p.where} {p.message}" for p in caught.value.problems), caught.value.problems


def test_a_position_is_changed_once_and_the_paper_is_of_the_case(root: Path) -> None:
    write(root, edit(301, "N", "A"), edit(301, "N", "C"))
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert [p.message for p in caught.value.problems] == ["is changed 2 times"]
    write(root, edit(301, "N", "A"), case_id="OTHER")
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert any("the folder's name" in p.allowed for p in caught.value.problems)
    path = root / "cases" / CASE / "edits.yaml"
    path.unlink()
    path.symlink_to(root / "laboratory.yaml")
    with pytest.raises(RequestError, match="symbolic link"):
        record_of(root)


def test_an_edit_before_its_run_or_after_the_end_blocks_the_court_grades(root: Path, letters: str) -> None:
    for day in ("2026-02-24", "2026-02-26"):
        write(root, edit(AT + 1, "N", letters[AT], date=day))
        found = {n.reason for n in record_of(root).intake.notes}
        assert (Reason.RECORD_INCOMPLETE in found) is (day == "2026-02-24")
    path = root / "cases" / CASE / "examination.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | {"completed_on": "2026-02-25"}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    record = record_of(root)
    assert {str(n.statement.phrase) for n in record.intake.notes} == {"intake.paper_too_late"}
    assert Reason.RECORD_INCOMPLETE in {r for p in record.evidence.items[0].grade_parts for r in p.reasons}


def test_pages_sealed_inputs_and_reintegrations(root: Path, tmp_path: Path, letters: str) -> None:
    write(root, edit(AT + 1, "N", letters[AT], reason="peak & <shape> of both"))
    out = tmp_path / "out"
    assert main(["examine", str(root / "cases" / CASE), "--out", str(out)]) == 0
    place = out / "cases" / CASE
    sealed, given = place / "input" / "edits.yaml", root / "cases" / CASE / "edits.yaml"
    assert sealed.read_bytes() == given.read_bytes()
    for language in ("en", "ru"):
        html = (place / "record" / f"record.{language}.html").read_text(encoding="utf-8")
        assert "peak &amp; &lt;shape&gt; of both" in html and PERSON in html
    assert main(["verify", str(place)]) == 0


def test_peaks_integrated_again_are_listed_and_said_to_carry_nothing(root: Path, tmp_path: Path) -> None:
    entry = {"peak": "12.31 min", "from_area": "1", "to_area": "2", "reason": "shoulder", "date": "2026-03-20"}
    write(root, reintegrations=[{"run_id": "A1-R1", "person": PERSON, **entry}])
    with pytest.raises(RequestError) as caught:
        record_of(root)
    assert "SANGER_TRACE" in caught.value.problems[0].message
    lab = Path(shutil.copytree(EXAMPLES, tmp_path / "chemistry"))
    case = lab / "cases" / "DEMO-C"
    examination = yaml.safe_load((case / "examination.yaml").read_text(encoding="utf-8"))
    run = examination["items"][0]["sub_samples"][0]["extracts"][0]["products"][0]["runs"][0]
    # A run whose area is not stated.
    del run["peak"]
    examination["persons"] = ["Analyst 9"]
    (case / "examination.yaml").write_text(yaml.safe_dump(examination), encoding="utf-8")
    paper: dict[str, Any] = {"schema": "musk-id/edits/1", "case_id": "DEMO-C"}
    paper |= {"reintegrations": [{"run_id": run["run_id"], "person": "Analyst 9", **entry}]}
    (case / "edits.yaml").write_text(yaml.safe_dump(paper), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["examine", str(case), "--out", str(out)]) == 0
    html = (out / "cases" / "DEMO-C" / "record" / "record.en.html").read_text(encoding="utf-8")
    assert "12.31 min" in html and "shoulder" in html and "integrated again" in html


NEWER = {
    "edits",
    "second_reading",
    "second_readings",
    "with_edits",
    "replicates",
    "laboratory_number",
    "completed_on",
    "persons",
    "run_id",
    "case_id",
    "numt_conserved_share",
    "numt_error_limit",
}


def test_records_made_before_these_papers_are_read(root: Path) -> None:
    record = record_of(root)

    def older(tree: Any, row: bool = False) -> Any:
        """The tree without the keys that came later; ids of cases and runs only in rows of run sheets."""
        if isinstance(tree, list):
            return [older(entry, row) for entry in tree]
        if not isinstance(tree, dict):
            return tree
        drop = NEWER if row and "expected_taxon" in tree else NEWER - {"run_id", "case_id"}
        # A tree counts its replicates in a number of the same name.
        kept = {k: v for k, v in tree.items() if k not in drop or (k == "replicates" and isinstance(v, int))}
        return {key: older(value, key == "rows") for key, value in kept.items()}

    tree = older(load_tree(canonical_json(record), "record.json"))
    read = parse_record(CaseRecord, canonical_bytes(tree), "record.json")
    assert read.intake.edits is None and read.barcode.with_edits is None
    assert read.barcode.items[0].replicates == () and record.barcode.items[0].replicates != ()
    assert read.evidence.answers == record.evidence.answers


@pytest.mark.parametrize("before", [True, False])
def test_letters_are_not_printed_of_a_run_that_is_human_with_or_without_its_edits(
    tmp_path: Path,
    shipped_release: ReferenceRelease,
    before: bool,
) -> None:
    human = str(next(r.sequence for r in shipped_release.barcodes if r.genus == "Homo" and r.locus is Locus.COI))
    other = {"A": "G", "G": "A", "C": "T", "T": "C"}
    wrong = range(0, len(human), 8)
    away = "".join(other[c] if i % 8 == 0 else c for i, c in enumerate(human))
    first, second = (human, away) if before else (away, human)
    root = trace_root(tmp_path, {"A1-R1": (abif.trace(first), abif.trace(reversed_strand(first)))})
    write(root, *(edit(i + 1, first[i], second[i]) for i in wrong))
    record = record_of(root)
    view = record.barcode.with_edits
    assert view is not None
    states = [Reason.HUMAN_DNA in r.reasons for r in (*record.barcode.sequences, *view.sequences)]
    assert states == [before, not before]
    table = next(b for b in edits_blocks(record, load_catalogue(Language.EN)) if isinstance(b, Table))
    assert len(table.rows) == len(wrong)
    assert {row[2:4] for row in table.rows} == {(cell("-"), cell("-"))}
