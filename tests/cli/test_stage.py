"""Stages between files: what was cut off or changed on the way stops the stage, a case that fails does not."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from musk_id.cli import main, stage, workplace
from musk_id.records.lines import read_jsonl

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHARD = "s00001"


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("staged")
    assert main(["runs", "plan", "--root", str(EXAMPLES), "--out", str(out)]) == 0
    for name in ("controls", "intake", "barcode", "spectra", "evidence", "record"):
        assert _stage(name, out) == 0
    return out


def _stage(name: str, out: Path, root: Path = EXAMPLES) -> int:
    controls = out / "shards" / "b00001"
    shard = controls if name == "controls" else out / "shards" / SHARD
    more: list[str] = []
    if name in ("barcode", "spectra", "evidence", "record"):
        more += ["--controls", str(controls / "controls.jsonl")]
    if name in ("record", "seal"):
        more += ["--cases", str(out / "cases")]
    files = ["--shard", str(shard / "list.tsv"), "--out", str(shard / f"{name}.jsonl")]
    return main(["stage", name, "--root", str(root), *files, *more])


def test_a_batch_taken_away_counts_as_absent_as_when_a_case_is_examined_alone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    root, out = Path(shutil.copytree(EXAMPLES, tmp_path / "root")), tmp_path / "out"
    assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 0
    shutil.rmtree(root / "batches" / "DEMO-DNA-1")
    for name in ("controls", "intake", "barcode", "spectra", "evidence", "record"):
        assert _stage(name, out, root) == 0
    alone = tmp_path / "alone"
    assert main(["examine", str(root / "cases" / "DEMO-A"), "--out", str(alone)]) == 0
    record = Path("cases/DEMO-A/record/record.json")
    assert (out / record).read_bytes() == (alone / record).read_bytes()
    assert b"CONTROL_ABSENT" in (alone / record).read_bytes()


@pytest.mark.parametrize("damage", ["cut at a line", "cut in a line", "doubled", "another stage", "empty"])
@pytest.mark.parametrize(("name", "before"), [("barcode", "intake"), ("evidence", "barcode"), ("seal", "record")])
def test_damaged_records_of_the_stage_before(staged, tmp_path, capsys, damage, name, before) -> None:  # type: ignore[no-untyped-def]
    out = Path(shutil.copytree(staged, tmp_path / "out"))
    path = out / "shards" / SHARD / f"{before}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    other = (out / "shards" / "b00001" / "controls.jsonl").read_bytes()
    damaged = {
        "cut at a line": b"".join(lines[:-1]),
        "cut in a line": b"".join(lines)[:-40],
        "doubled": b"".join([*lines, lines[0]]),
        "another stage": b"".join([*lines[:-1], other]),
        "empty": b"",
    }
    path.write_bytes(damaged[damage])
    assert _stage(name, out) == 4
    assert f"{before}.jsonl" in capsys.readouterr().err


def test_a_record_changed_before_it_is_sealed_is_not_sealed(staged, tmp_path) -> None:  # type: ignore[no-untyped-def]
    out = Path(shutil.copytree(staged, tmp_path / "out"))
    page = out / "cases" / "DEMO-D" / "record" / "record.json"
    page.write_bytes(page.read_bytes().replace(b"INCONCLUSIVE", b"NOT_DETECTED"))
    (out / "cases" / "DEMO-B" / "input" / "B1-R1_12S-V5.fasta").write_bytes(b">x\nA\n")
    shutil.rmtree(out / "cases" / "DEMO-C")
    assert _stage("seal", out) == 0
    entries = {e.case_id: e for e in read_jsonl(out / "shards" / SHARD / "seal.jsonl")}
    failed = {i: e.code for i, e in entries.items() if e.SCHEMA == "musk-id/case-failure/1"}
    assert failed == {"DEMO-B": "INTEGRITY", "DEMO-C": "INTEGRITY", "DEMO-D": "INTEGRITY"}
    assert not any(str(tmp_path) in str(entry) for entry in entries.values())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.ESTALE, errno.ETIMEDOUT])
def test_a_full_disk_or_a_lost_one_fails_the_job_and_not_the_case(
    staged, tmp_path, monkeypatch, capsys, number
) -> None:  # type: ignore[no-untyped-def]
    out = Path(shutil.copytree(staged, tmp_path / "out"))

    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/somewhere/x")

    monkeypatch.setattr(stage, "seal_case", full)
    assert _stage("seal", out) == 2
    assert os.strerror(number) in capsys.readouterr().err
    assert not (out / "shards" / SHARD / "seal.jsonl").exists()


def test_a_forbidden_file_fails_the_case_and_names_no_folder(staged, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    out = Path(shutil.copytree(staged, tmp_path / "out"))

    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/x.txt")

    monkeypatch.setattr(stage, "seal_case", forbidden)
    assert _stage("seal", out) == 0
    text = (out / "shards" / SHARD / "seal.jsonl").read_text(encoding="utf-8")
    assert "x.txt: Permission denied" in text
    assert "somewhere" not in text


def test_what_was_replaced_between_two_stages_makes_no_record(staged, tmp_path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    out = Path(shutil.copytree(staged, tmp_path / "out"))
    shutil.rmtree(out / "cases")
    with monkeypatch.context() as patched:
        patched.setattr(workplace, "__version__", "999.0")
        assert _stage("record", out) == 4
        assert "were replaced since the run was planned: software" in capsys.readouterr().err
        # A list of bare ids says nothing of the plan; the stages' records do.
        listed = out / "shards" / SHARD / "list.tsv"
        kept = listed.read_bytes()
        listed.write_bytes(b"".join(line for line in kept.splitlines(keepends=True) if line[:1] != b"#"))
        assert _stage("record", out) == 0
        listed.write_bytes(kept)
    entries = read_jsonl(out / "shards" / SHARD / "record.jsonl")
    assert {entry.code for entry in entries} == {"INTEGRITY"}
    assert all("the record of stage barcode rests on other inputs, software" in e.message for e in entries)
    assert not list(out.glob("cases/*"))
    # Evidence that was made from another record of spectra than the one that lies there.
    folder = out / "shards" / SHARD
    lines = (folder / "spectra.jsonl").read_bytes().splitlines(keepends=True)
    other = (lines[0].replace(b'"DEMO-A"', b'"DEMO-X"'), lines[0])
    assert other[0] != other[1]
    (folder / "evidence.jsonl").write_bytes(
        (folder / "evidence.jsonl").read_bytes().replace(_digest(lines[0]), _digest(other[0]))
    )
    assert _stage("record", out) == 0
    entries = read_jsonl(folder / "record.jsonl")
    assert [e.message for e in entries if e.SCHEMA == "musk-id/case-failure/1"] == [
        "DEMO-A: the record of stage evidence rests on other inputs, software or libraries than are there now"
    ]


def _digest(line: bytes) -> bytes:
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest().encode("ascii")


@pytest.mark.parametrize("name", ["record", "seal"])
def test_a_job_whose_list_was_planned_anew_writes_nothing(staged, tmp_path, monkeypatch, capsys, name) -> None:  # type: ignore[no-untyped-def]
    out = Path(shutil.copytree(staged, tmp_path / "out"))
    shutil.rmtree(out / "cases")
    folder = out / "shards" / SHARD
    listed = folder / "list.tsv"
    if name == "seal":
        assert _stage("record", out) == 0
    (folder / f"{name}.jsonl").unlink(missing_ok=True)
    function = {"record": "record_case", "seal": "seal_case"}[name]
    holder = stage if name == "seal" else stage.work
    real = getattr(holder, function)

    def planned_meanwhile(*arguments: object) -> object:
        found = real(*arguments)
        listed.write_bytes(listed.read_bytes().replace(b"DEMO-E\t", b"DEMO-E\t0"))
        return found

    monkeypatch.setattr(holder, function, planned_meanwhile)
    assert _stage(name, out) == 4
    assert "the list of the shard was changed while the job was at work" in capsys.readouterr().err
    assert not (folder / f"{name}.jsonl").exists()
    if name == "record":
        assert not list(out.glob("cases/*"))
