"""Cases of Sanger traces through the front door: grade, planted swaps, the given pairs, both ways to run."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import abif
import pytest
import yaml
from barcode_cases import records, reversed_strand
from pypdf import PdfReader
from refdata import REFDATA, needs_refdata
from trace_cases import CASE, EXAMPLES, trace_root

from musk_id.cli import main
from musk_id.cli.casework import intake_case
from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_json, parse_record
from musk_id.render.catalogue import WHOLE_LANGUAGES
from musk_id.render.pdf import render_pdf
from musk_id.render.pictures import canvas
from musk_id.vocabulary import RELEASE_MARKERS, Finding, Grade, Locus, Reason

TRACES = REFDATA / "reads" / "sanger_ab1"
TAIL = "GTAAAACGACGGCCAGTACGTTGCAACTTACG"
Pair = tuple[bytes | None, bytes | None]


def record_of(root: Path) -> CaseRecord:
    return examine_case(Casework(root), root / "cases" / CASE)


def noted(record: CaseRecord) -> set[Reason]:
    return {note.reason for note in record.intake.notes}


def moschus(record: CaseRecord) -> Finding:
    return next(a.finding for a in record.evidence.answers if a.question_id == "Q1")


def pair_of(letters: str, **words: object) -> Pair:
    return abif.trace(letters, **words), abif.trace(reversed_strand(letters), **words)


@pytest.fixture(scope="module")
def amplicons(shipped_release) -> dict[str, Pair]:  # type: ignore[no-untyped-def]
    """Both short markers of one musk deer with primers and tails, as the run of each would give them."""
    return reading_of_both_markers(shipped_release, 1)


def reading_of_both_markers(release, first: int) -> dict[str, Pair]:  # type: ignore[no-untyped-def]
    """Runs numbered from ``first``, each with its own sample name, well and signals."""
    runs = {}
    for number, limits in enumerate(BARCODE_METHODS[0].amplicons, first):
        insert = records(release, limits.locus)[0].sequence
        primer = limits.forward_primer.replace("Y", "C").replace("R", "A")
        last = limits.reverse_primer.replace("Y", "C").replace("R", "A")
        whole = TAIL[number:] + primer + insert + reversed_strand(last) + reversed_strand(TAIL)
        runs[f"A1-R{number}"] = pair_of(whole, sample=f"A1-R{number}", well=f"A{number}")
    return runs


def test_traces_with_controls_reach_grade_b(tmp_path: Path, amplicons: dict[str, Pair]) -> None:
    record = record_of(trace_root(tmp_path, amplicons, locus=None))
    assert noted(record) == set()
    assert moschus(record) is Finding.DETECTED
    (item,) = record.evidence.items
    grades = {reason for part in item.grade_parts for reason in part.reasons}
    assert item.grade is Grade.B and grades == {Reason.SINGLE_EXTRACTION}
    assert {s.length_bp - s.compared_bp > 80 for s in record.barcode.sequences} == {True}
    assert parse_record(CaseRecord, canonical_json(record), "record.json") == record


def test_mixed_traces_are_said(tmp_path: Path, amplicons: dict[str, Pair], shipped_release) -> None:  # type: ignore[no-untyped-def]
    letters = str(records(shipped_release, Locus.RRNA_12S)[0].sequence)
    second = {i: ("A" if letters[i] != "A" else "G", 400) for i in (30, 50, 70)}
    pair = abif.trace(letters, second=second), abif.trace(reversed_strand(letters))
    record = record_of(trace_root(tmp_path, {**amplicons, "A1-R1": pair}, locus=None))
    statements = [s for item in record.evidence.items for s in item.statements]
    (said,) = [s for s in statements if s.phrase == "dna.mixed_traces"]
    assert said.values[0].texts == ("A1-R1",) and moschus(record) is Finding.DETECTED


def test_one_strand_is_for_screening(tmp_path: Path, amplicons: dict[str, Pair]) -> None:
    record = record_of(trace_root(tmp_path, {k: (f, None) for k, (f, _) in amplicons.items()}, locus=None))
    assert moschus(record) is Finding.DETECTED and record.evidence.grade is Grade.C
    parts = record.evidence.items[0].grade_parts
    assert [p.reasons for p in parts if p.grade is Grade.C] == [(Reason.SINGLE_STRAND,)]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"SMPL1": abif.text("B7-R1")}, Reason.SAMPLE_NAME_DIFFERS),
        ({"SMPL1": None}, Reason.SAMPLE_NAME_DIFFERS),
        ({"TUBE1": abif.text("C9")}, Reason.WELL_DIFFERS),
        ({"RUND1": abif.date(2026, 1, 9), "RUND2": abif.date(2026, 1, 9)}, Reason.RUN_DATE_OUTSIDE),
        ({"RUND1": abif.date(2099, 1, 9), "RUND2": abif.date(2099, 1, 9)}, Reason.RUN_DATE_OUTSIDE),
        ({"RUND1": abif.date(2026, 2, 22), "RUND2": abif.date(2026, 2, 25)}, Reason.RUN_DATE_OUTSIDE),
        ({"SMPL1": abif.text("NTC A1-R2")}, Reason.SAMPLE_NAME_DIFFERS),
    ],
)
def test_planted_swaps_block_the_court_grades(
    tmp_path: Path, amplicons: dict[str, Pair], words: dict[str, abif.Element | None], reason: Reason
) -> None:
    forward, reverse = amplicons["A1-R2"]
    assert forward is not None
    swapped = {**amplicons, "A1-R2": (abif.reworded(forward, words), reverse)}
    record = record_of(trace_root(tmp_path, swapped, locus=None))
    assert noted(record) == {reason}
    assert moschus(record) is Finding.DETECTED and record.evidence.grade is Grade.C
    capped = [p for p in record.evidence.items[0].grade_parts if p.grade is Grade.C]
    assert [p.reasons for p in capped] == [(reason,)]


def graded(record: CaseRecord) -> tuple[Grade, set[Reason]]:
    parts = record.evidence.items[0].grade_parts
    return record.evidence.grade, {r for p in parts for r in p.reasons} - {Reason.SINGLE_EXTRACTION}


def test_another_case_on_file_and_run_sheet_reaches_no_court_grade(
    tmp_path: Path, amplicons: dict[str, Pair]
) -> None:
    """Every trace is another case's, and the run sheet says so too: the papers agree, and not with the case."""
    strange = {
        run: tuple(
            abif.reworded(data, {"SMPL1": abif.text(f"B7-R{run[-1]}")}) for data in pair if data is not None
        )
        for run, pair in amplicons.items()
    }
    rows = [{"position": f"A{n}", "kind": "EXHIBIT", "sample": f"B7-R{n}"} for n in (1, 2)]
    for number, more in enumerate(({}, {"case_id": "DEMO-B"}, {"case_id": CASE})):
        linked = tuple(row | more for row in rows)
        record = record_of(trace_root(tmp_path / str(number), strange, locus=None, sheet_rows=linked))  # type: ignore[arg-type]
        assert moschus(record) is Finding.DETECTED and graded(record) == (Grade.C, {Reason.SAMPLE_NAME_DIFFERS})


def test_a_position_of_two_runs_and_an_attempt_that_is_not_told(
    tmp_path: Path, amplicons: dict[str, Pair]
) -> None:
    first = {"position": "A1", "kind": "EXHIBIT", "sample": "A1-S1-E1"}
    here = {
        run: tuple(abif.reworded(data, {"TUBE1": abif.text("A1")}) for data in pair if data is not None)
        for run, pair in amplicons.items()
    }
    root = trace_root(tmp_path / "well", here, locus=None, changes={"position": "A1"}, sheet_rows=(first,))  # type: ignore[arg-type]
    assert graded(record_of(root)) == (Grade.C, {Reason.WELL_USED_TWICE})
    rows = tuple({**first, "position": f"A{n}"} for n in (1, 2, 3))
    root = trace_root(tmp_path / "attempt", amplicons, locus=None, sheet_rows=rows)
    assert graded(record_of(root)) == (Grade.C, {Reason.ATTEMPT_NOT_DECLARED})
    root = trace_root(tmp_path / "none", amplicons, locus=None, sheet_rows=rows[:1])
    assert graded(record_of(root)) == (Grade.C, {Reason.NOT_ON_RUN_SHEET})


def test_the_same_signals_under_two_runs(tmp_path: Path, amplicons: dict[str, Pair]) -> None:
    forward, _ = amplicons["A1-R1"]
    assert forward is not None
    copy = abif.reworded(forward, {"SMPL1": abif.text("A1-R2")})
    record = record_of(trace_root(tmp_path, {**amplicons, "A1-R2": (copy, None)}, locus=None))
    note = next(n for n in record.intake.notes if n.reason is Reason.FILE_USED_TWICE)
    assert note.run_ids == ("A1-R1", "A1-R2") and record.evidence.grade is Grade.C


def test_unreadable_missing_and_doubled_traces_are_told(tmp_path: Path, amplicons: dict[str, Pair]) -> None:
    forward, reverse = amplicons["A1-R1"]
    assert forward is not None
    root = trace_root(tmp_path, {"A1-R1": (forward[:3000], reverse), "A1-R2": (forward, reverse)}, locus=None)
    case = root / "cases" / CASE
    text = (case / "examination.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    runs = [p["runs"][0] for p in content["items"][0]["sub_samples"][0]["extracts"][0]["products"]]
    runs[1]["files"][1]["role"] = "TRACE_FORWARD"
    (case / "examination.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    record = record_of(root)
    reasons = {r.run.run_id: r.reasons for r in record.barcode.sequences}
    assert reasons == {"A1-R1": (Reason.FILE_UNREADABLE,), "A1-R2": (Reason.SEVERAL_SEQUENCES,)}
    (case / "A1-R1_F.ab1").unlink()
    (case / "examination.yaml").write_text(text, encoding="utf-8")
    reasons = {r.run.run_id: r.reasons for r in record_of(root).barcode.sequences}
    assert reasons["A1-R1"] == (Reason.FILE_MISSING,) and reasons["A1-R2"] == ()


def test_stages_and_examine_give_the_same_bytes(tmp_path: Path, amplicons: dict[str, Pair]) -> None:
    """A run sheet with numbers for samples, so that both ways must have read it."""
    numbered = {
        run: tuple(abif.reworded(data, {"SMPL1": abif.text("4711")}) for data in pair if data is not None)
        for run, pair in amplicons.items()
    }
    rows = tuple(
        {"position": f"A{run[-1]}", "kind": "EXHIBIT", "sample": "4711", "case_id": CASE, "run_id": run}
        for run in numbered
    )
    root = trace_root(tmp_path, numbered, locus=None, sheet_rows=rows)  # type: ignore[arg-type]
    out = tmp_path / "staged"
    assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 0
    controls = out / "shards" / "b00001"
    for name in ("controls", "intake", "barcode", "spectra", "evidence", "record"):
        shard = controls if name == "controls" else out / "shards" / "s00001"
        more = ["--cases", str(out / "cases")] if name == "record" else []
        if name in ("barcode", "spectra", "evidence", "record"):
            more += ["--controls", str(controls / "controls.jsonl")]
        files = ["--shard", str(shard / "list.tsv"), "--out", str(shard / f"{name}.jsonl")]
        assert main(["stage", name, "--root", str(root), *files, *more]) == 0
    alone = tmp_path / "alone"
    assert main(["examine", str(root / "cases" / CASE), "--out", str(alone)]) == 0
    for name in ("record.json", "record.en.html", "record.en.pdf"):
        path = Path("cases") / CASE / "record" / name
        assert (out / path).read_bytes() == (alone / path).read_bytes()
    record = parse_record(CaseRecord, (alone / "cases" / CASE / "record" / "record.json").read_bytes(), "record")
    assert noted(record) == set() and record.evidence.grade is Grade.B


def test_pages_show_signals_in_ink_and_words(tmp_path: Path, shipped_release) -> None:  # type: ignore[no-untyped-def]
    letters = str(records(shipped_release, Locus.COI)[0].sequence)
    other = letters[:300] + ("A" if letters[300] != "A" else "G") + letters[301:]
    pair = abif.trace(letters, [60] * len(letters)), abif.trace(reversed_strand(other))
    root = trace_root(tmp_path, {"A1-R1": pair})
    out = tmp_path / "out"
    assert main(["examine", str(root / "cases" / CASE), "--out", str(out)]) == 0
    folder = out / "cases" / CASE / "record"
    for language in ("en", "ru"):
        html = (folder / f"record.{language}.html").read_text(encoding="utf-8")
        # Each base has a line of its own; the broken line of a custody has none.
        drawn = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
        pictures = [p for p in drawn if p.count("<polyline") >= 4]
        assert 1 <= len(pictures) <= 4 and sum(map(len, pictures)) < 400_000
        for picture in pictures:
            assert len(set(re.findall(r'stroke-dasharray="([^"]+)"', picture))) == 3
            assert re.search(r'aria-label="[^"]+"', picture)
            assert set(re.findall(r'(?:stroke|fill)="(#[0-9a-f]+)"', picture)) <= {canvas.INK, canvas.QUIET}
        assert letters[:60] in html
    assert b"301" in (folder / "record.en.html").read_bytes()


def test_human_traces_leave_no_letter_in_any_file(tmp_path: Path, shipped_release) -> None:  # type: ignore[no-untyped-def]
    human = str(records(shipped_release, Locus.COI, "Homo")[0].sequence)
    root = trace_root(tmp_path, {"A1-R1": pair_of(human)})
    assert main(["examine", str(root / "cases" / CASE), "--out", str(tmp_path / "out")]) == 0
    for path in (tmp_path / "out" / "cases" / CASE / "record").iterdir():
        data = path.read_bytes()
        assert not any(human[i : i + 20].encode() in data for i in range(0, len(human) - 20, 10)), path.name


def test_a_sequence_of_the_positive_control_is_a_remark(tmp_path: Path, amplicons: dict[str, Pair]) -> None:
    control = EXAMPLES / "batches" / "DEMO-DNA-1" / "positive_12S-V5.fasta"
    goat = "".join(control.read_text(encoding="ascii").split("\n")[1:])
    runs = {"A1-R1": pair_of(goat, sample="A1-R1"), "A1-R2": amplicons["A1-R2"]}
    record = record_of(trace_root(tmp_path, runs, locus=None))
    equal = [s.run.run_id for s in record.barcode.sequences if Reason.HAPLOTYPE_OF_CONTROL in s.reasons]
    assert equal == ["A1-R1"]
    said = {s.phrase for item in record.evidence.items for s in item.statements}
    assert "dna.haplotype_of_control" in said


def with_positive(root: Path, positive: Pair, **changes: str) -> CaseRecord:
    """The case with the traces of a positive control of 12S in place of its sequence."""
    folder = root / "batches" / "DEMO-DNA-1"
    sheet = yaml.safe_load((folder / "sheet.yaml").read_text(encoding="utf-8"))
    files = []
    for role, data in zip(("TRACE_FORWARD", "TRACE_REVERSE"), positive, strict=True):
        if data is not None:
            (folder / f"positive_{role[6]}.ab1").write_bytes(data)
            files.append({"path": f"positive_{role[6]}.ab1", "role": role})
    for row in sheet["rows"]:
        if row["kind"] == "POSITIVE" and row["locus"] == "12S-V5":
            row |= {"files": files, **changes}
    (folder / "sheet.yaml").write_text(yaml.safe_dump(sheet), encoding="utf-8")
    return record_of(root)


def test_traces_of_a_positive_are_read(tmp_path: Path, amplicons: dict[str, Pair], shipped_release) -> None:  # type: ignore[no-untyped-def]
    def letters(genus: str) -> str:
        return str(records(shipped_release, Locus.RRNA_12S, genus)[0].sequence)

    def outcome(folder: str, positive: Pair, **changes: str) -> tuple[bool, tuple[str, ...], int, Grade]:
        record = with_positive(trace_root(tmp_path / folder, amplicons, locus=None), positive, **changes)
        (controls,) = record.controls
        control = next(c for c in controls.controls if c.kind == "POSITIVE" and c.locus is Locus.RRNA_12S)
        return controls.passed, control.taxa, len(controls.invalid_loci), record.evidence.grade

    every, goat = len(RELEASE_MARKERS), letters("Capra")
    forward, reverse = pair_of(goat)
    passed, taxa, invalid, grade = outcome("goat", (forward, reverse))
    assert (passed, invalid, grade) == (True, 0, Grade.B) and "Capra" in taxa
    # A poor strand takes nothing away; two show nothing.
    poor = abif.trace(goat, [4] * len(goat))
    assert outcome("poor", (poor, reverse))[::3] == (True, Grade.B)
    assert outcome("short", (abif.trace(goat[:40]), reverse))[::3] == (True, Grade.B)
    assert outcome("nothing", (poor, poor))[::2] == (False, every)
    # Musk deer, and another animal than the sheet names, also on one strand only.
    musk, pig = pair_of(letters("Moschus")), pair_of(letters("Sus"))
    assert outcome("musk", musk)[::2] == outcome("one strand", (forward, musk[1]))[::2] == (False, every)
    assert outcome("pig", pig)[::2] == outcome("pig strand", (forward, pig[1]))[::2] == (False, every)
    assert outcome("named", pig, expected_taxon="Sus scrofa")[::2] == (True, 0)
    assert outcome("cut", (forward[:3000] if forward else None, reverse))[::2] == (False, every)


def test_a_sequence_equal_to_the_traces_of_the_positive_is_a_remark(
    tmp_path: Path, amplicons: dict[str, Pair], shipped_release
) -> None:  # type: ignore[no-untyped-def]
    goat = str(records(shipped_release, Locus.RRNA_12S, "Capra")[0].sequence)
    runs = {"A1-R1": pair_of(goat, sample="A1-R1"), "A1-R2": amplicons["A1-R2"]}
    record = with_positive(trace_root(tmp_path, runs, locus=None), pair_of(goat))
    equal = [s.run.run_id for s in record.barcode.sequences if Reason.HAPLOTYPE_OF_CONTROL in s.reasons]
    assert equal == ["A1-R1"]


@needs_refdata
def test_swaps_planted_in_a_given_pair_are_found(tmp_path: Path) -> None:
    pair = [(TRACES / f"Achl_RBNII384-13_{end}.ab1").read_bytes() for end in ("1_F", "2_R")]
    own = {"SMPL1": abif.text("A1-R1"), "TUBE1": abif.text("A6")}
    dated = {**own, **{key: abif.date(2026, 2, 25) for key in ("RUND1", "RUND2")}}

    def reasons(folder: str, words: dict[str, abif.Element]) -> set[Reason]:
        forward, reverse = (abif.reworded(data, words) for data in pair)
        root = trace_root(tmp_path / folder, {"A1-R1": (forward, reverse)}, changes={"position": "A06"})
        record = record_of(root)
        assert moschus(record) is Finding.INCONCLUSIVE and record.barcode.sequences[0].call is None
        return noted(record)

    remark = Reason.STRANDS_OF_DIFFERENT_RUNS
    assert reasons("sound", dated) == {remark}
    assert reasons("name", {**dated, "SMPL1": abif.text("18198735")}) == {remark, Reason.SAMPLE_NAME_DIFFERS}
    assert reasons("well", {**dated, "TUBE1": abif.text("B6")}) == {remark, Reason.WELL_DIFFERS}
    assert reasons("date", own) == {remark, Reason.RUN_DATE_OUTSIDE}


PAIRS = ("ACHLO006-09", "ACHLO040-09", "RBNII384-13", "RBNII396-13", "BBDCN941-10")


def given_pair(name: str) -> tuple[bytes, bytes]:
    forward, reverse = (next(TRACES.glob(f"*_{name}_{end}.ab1")).read_bytes() for end in ("1_F", "2_R"))
    return forward, reverse


@needs_refdata
@pytest.mark.parametrize("name", PAIRS)
def test_every_swap_planted_in_the_words_of_a_given_pair_is_found(tmp_path: Path, name: str) -> None:
    sound = {"SMPL1": abif.text("A1-R1"), "TUBE1": abif.text("A1")}
    sound |= {key: abif.date(2026, 2, 25) for key in ("RUND1", "RUND2")}
    own = [{"position": "A1", "kind": "EXHIBIT", "sample": "A1-S1-E1"}]

    def notes(words: dict[str, abif.Element], rows: list[dict[str, str]] = own) -> set[Reason]:
        forward, reverse = (abif.reworded(data, sound | words) for data in given_pair(name))
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        root = trace_root(folder, {"A1-R1": (forward, reverse)}, sheet_rows=tuple(rows))
        intake = intake_case(Casework(root), root / "cases" / CASE)
        return {note.reason for note in intake.notes} - {
            Reason.STRANDS_OF_DIFFERENT_RUNS,
            Reason.TRACE_EDITED,
        }

    name_differs, row = {Reason.SAMPLE_NAME_DIFFERS}, own[0]
    assert notes({}) == set()
    own_name = {key: value for key, value in abif.read(given_pair(name)[0]).items() if key == "SMPL1"}
    assert notes(own_name) == name_differs
    assert notes({"SMPL1": abif.text("A1-R1 blank")}) == name_differs
    assert notes({}, [row | {"sample": "B7-S1-E1"}]) == name_differs
    assert notes({}, [row | {"case_id": "DEMO-B"}]) == name_differs
    assert notes({"SMPL1": abif.text("B7")}, [row | {"sample": "B7"}]) == name_differs
    assert notes({"SMPL1": abif.text("B7")}, [row | {"sample": "B7", "case_id": CASE, "run_id": "A1-R1"}]) == set()
    assert notes({"TUBE1": abif.text("B1")}) == {Reason.WELL_DIFFERS}
    assert notes({}, [row | {"position": "A2"}]) == {Reason.NOT_ON_RUN_SHEET, Reason.ATTEMPT_NOT_DECLARED}
    for day in ((2026, 1, 9), (2026, 2, 22), (2031, 2, 25), (2099, 1, 1)):
        dates = {key: abif.date(*day) for key in ("RUND1", "RUND2")}
        assert notes(dates) == {Reason.RUN_DATE_OUTSIDE}, day


@needs_refdata
def test_given_traces_under_another_run_are_found(tmp_path: Path) -> None:
    """One pair for two runs, and two pairs that claim one well at one time."""
    first, second = given_pair(PAIRS[0]), given_pair(PAIRS[1])

    def named(pair: tuple[bytes, bytes], run: str, well: str) -> Pair:
        words = {"SMPL1": abif.text(run), "TUBE1": abif.text(well)}
        words |= {key: abif.date(2026, 2, 25) for key in ("RUND1", "RUND2")}
        words |= {"RUNT1": abif.time(10, 0, 0)}
        forward, reverse = (abif.reworded(data, words) for data in pair)
        return forward, reverse

    def notes(folder: str, runs: dict[str, Pair]) -> set[Reason]:
        root = trace_root(tmp_path / folder, runs)
        found = {note.reason for note in intake_case(Casework(root), root / "cases" / CASE).notes}
        return found & {Reason.FILE_USED_TWICE, Reason.WELL_USED_TWICE}

    a1 = named(first, "A1-R1", "A1")
    assert notes("sound", {"A1-R1": a1, "A1-R2": named(second, "A1-R2", "A2")}) == set()
    assert notes("copy", {"A1-R1": a1, "A1-R2": named(first, "A1-R2", "A2")}) == {Reason.FILE_USED_TWICE}
    assert notes("well", {"A1-R1": a1, "A1-R2": named(second, "A1-R2", "A1")}) == {Reason.WELL_USED_TWICE}


def test_a_record_of_two_markers_read_twice_has_at_most_eight_pages(tmp_path: Path, shipped_release) -> None:
    """Eight traces of one item: the traces, their numbers and their trees are annexes."""
    runs = reading_of_both_markers(shipped_release, 1) | reading_of_both_markers(shipped_release, 3)
    record = record_of(trace_root(tmp_path, runs, locus=None))
    assert not record.intake.notes  # an ordinary case: nothing to be remarked
    for language in WHOLE_LANGUAGES:
        paper = render_pdf(record, canonical_json(record), language)
        assert 4 <= len(PdfReader(BytesIO(paper)).pages) <= 8
