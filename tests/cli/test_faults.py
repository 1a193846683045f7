"""Faults of the machine and texts from outside at the front door: told in words, never a traceback."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from musk_id.cli import main
from musk_id.cli.console import harmless
from musk_id.cli.evidence_files import read_unchanged
from musk_id.errors import InputFormatError, IntegrityError
from musk_id.model.intake import FileFact
from musk_id.records.files import sha256_file
from musk_id.vocabulary import FileRole

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"
CASE = str(EXAMPLES / "cases" / "DEMO-D")


@pytest.mark.parametrize("out", ["file", "/proc/nowhere"])
def test_an_output_folder_that_cannot_be_made(tmp_path: Path, capsys, out: str) -> None:
    (tmp_path / "file").write_text("x", encoding="ascii")
    assert main(["examine", CASE, "--out", str(tmp_path / out)]) == 2
    message = capsys.readouterr().err
    assert "bug" not in message
    assert "What to do" in message


def test_no_room_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = subprocess.run(
        [sys.executable, "-B", "-m", "musk_id", "examine", CASE, "--out", tmp_path],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        preexec_fn=limit,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "File too large" in done.stderr
    assert list((tmp_path / "cases").iterdir()) == []


def test_a_terminal_without_cyrillic_shows_codes(tmp_path: Path, command) -> None:
    root = Path(shutil.copytree(EXAMPLES, tmp_path / "root"))
    laboratory = root / "laboratory.yaml"
    text = laboratory.read_text(encoding="utf-8").replace("languages: [en, ru]", "languages: [ru]")
    laboratory.write_text(text, encoding="utf-8")
    plain = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = command("examine", root / "cases" / "DEMO-D", "--out", tmp_path / "out", **plain)
    assert done.returncode == 0, done.stderr
    assert "\\u04" in done.stdout


def test_file_names_cannot_forge_lines_of_verify(tmp_path: Path, capfd) -> None:
    assert main(["examine", CASE, "--out", str(tmp_path)]) == 0
    place = tmp_path / "cases" / "DEMO-D"
    (place / "record" / "x\nbytes: intact\x1b[2J").write_bytes(b"")
    (place / "record" / os.fsdecode(b"\xff.txt")).write_bytes(b"")
    capfd.readouterr()
    assert main(["verify", str(place)]) == 4
    output = capfd.readouterr().out
    assert "bytes: intact" not in output.splitlines()
    assert "\x1b" not in output
    assert "added: record/\\udcff.txt" in output.splitlines()


def test_harmless_keeps_letters_and_shows_the_rest() -> None:
    assert harmless("мускус 麝香 -") == "мускус 麝香 -"
    assert harmless("a\u202eb\udcffc\x1b\n", keep="\n") == "a\\u202eb\\udcffc\\x1b\n"


@pytest.mark.parametrize("place", ["/X", "/etc/passwd/X"])
def test_a_new_case_in_an_odd_place(place: str, capsys) -> None:
    assert main(["case", "new", place, "--laboratory"]) == 2
    assert "bug" not in capsys.readouterr().err
    assert not Path("/X").exists()


def test_a_new_case_does_not_double_an_input_in_json(tmp_path: Path) -> None:
    (tmp_path / "C1").mkdir()
    (tmp_path / "C1" / "request.json").write_text("{}", encoding="ascii")
    assert main(["case", "new", str(tmp_path / "C1")]) == 2
    assert [p.name for p in (tmp_path / "C1").iterdir()] == ["request.json"]


def _root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES, tmp_path / "root"))


@pytest.mark.parametrize("name", ["cases/DEMO-A/A1-R1_12S-V5.fasta", "batches/DEMO-DNA-1/positive_12S-V5.fasta"])
def test_a_file_of_holes_is_refused_at_once(tmp_path: Path, capsys, name: str) -> None:
    root = _root(tmp_path)
    with (root / name).open("wb") as stream:
        stream.truncate(1 << 40)
    assert main(["examine", str(root / "cases" / "DEMO-A"), "--out", str(tmp_path / "out")]) == 3
    assert f"{1 << 40} bytes, at most" in capsys.readouterr().err


def test_a_position_in_two_spellings_on_a_run_sheet_is_refused(tmp_path: Path, capsys) -> None:
    root = _root(tmp_path)
    path = root / "batches" / "DEMO-DNA-1" / "sheet.yaml"
    sheet = yaml.safe_load(path.read_text(encoding="utf-8"))
    sheet["rows"] += [{"position": place, "kind": "EXHIBIT", "sample": "X"} for place in ("P9", "p09")]
    path.write_text(yaml.safe_dump(sheet), encoding="utf-8")
    case = str(root / "cases" / "DEMO-A")
    for command in (["case", "check", case], ["examine", case, "--out", str(tmp_path / "out")]):
        assert main(command) == 2
        assert "'P9', 'p09' are one place" in capsys.readouterr().err


def test_a_bad_run_sheet_is_told_with_its_batch(tmp_path: Path, capsys) -> None:
    root = _root(tmp_path)
    (root / "batches" / "DEMO-DNA-1" / "sheet.yaml").write_text("schema: [", encoding="ascii")
    assert main(["examine", str(root / "cases" / "DEMO-A"), "--out", str(tmp_path / "out")]) == 2
    assert "batch DEMO-DNA-1: sheet.yaml, line" in capsys.readouterr().err


def _evidence(tmp_path: Path) -> tuple[Path, FileFact]:
    path = tmp_path / "a.fasta"
    path.write_bytes(b">a\nACGT\n")
    fact = FileFact(path="a.fasta", role=FileRole.SEQUENCE, owner="run R", sha256=sha256_file(path))
    return path, fact


def test_a_file_that_is_another_between_digest_and_reading_is_not_read_as_the_first(tmp_path: Path) -> None:
    path, fact = _evidence(tmp_path)
    whole, looks = path.read_bytes(), []

    def swapped(paths: list[Path]) -> bytes:
        # In place, of the same length, and with its old time: only the system's own stamp tells.
        state = path.stat()
        path.write_bytes(whole.replace(b"ACGT", b"TTTT"))
        looks.append(paths[0].read_bytes())
        path.write_bytes(whole)
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        return looks[-1]

    with pytest.raises(IntegrityError, match="the file changes while it is read"):
        read_unchanged(tmp_path, [fact], swapped)
    assert looks

    def damaged(paths: list[Path]) -> bytes:
        path.unlink()
        raise InputFormatError("half a file")

    with pytest.raises(IntegrityError, match="the file changed after intake"):
        read_unchanged(tmp_path, [fact], damaged)


def test_a_touch_that_changes_nothing_leads_to_another_look(tmp_path: Path) -> None:
    path, fact = _evidence(tmp_path)
    looks = []

    def linked(paths: list[Path]) -> bytes:
        looks.append(paths[0].read_bytes())
        if len(looks) == 1:
            # A backup that links files.
            os.link(path, tmp_path / "backup")
        return looks[-1]

    assert read_unchanged(tmp_path, [fact], linked) == path.read_bytes()
    assert len(looks) == 2

    def unreadable(_: list[Path]) -> bytes:
        raise InputFormatError("no such format")

    with pytest.raises(InputFormatError, match="no such format"):
        read_unchanged(tmp_path, [fact], unreadable)


def test_a_swapped_sequence_is_no_finding_of_the_file_that_the_record_names(tmp_path: Path, monkeypatch) -> None:
    from musk_id.formats import sequence_files

    root = Path(shutil.copytree(EXAMPLES, tmp_path / "root"))
    victim = next((root / "cases" / "DEMO-A").glob("*12S*.fasta"))
    whole, real = victim.read_bytes(), sequence_files.read_sequences

    def swapped(path: Path):  # type: ignore[no-untyped-def]
        if path != victim:
            return real(path)
        victim.write_bytes(b">x\n" + b"ACGT" * 30 + b"\n")
        found = real(path)
        victim.write_bytes(whole)
        return found

    monkeypatch.setattr(sequence_files, "read_sequences", swapped)
    assert main(["examine", str(root / "cases" / "DEMO-A"), "--out", str(tmp_path / "out")]) == 0
    record = (tmp_path / "out" / "cases" / "DEMO-A" / "record" / "record.json").read_text(encoding="utf-8")
    assert "the file changes while it is read" in record
    assert '"FILE_ALTERED"' in record


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    code = "import sys; from pathlib import Path; from musk_id.records.files import sha256_file; "
    done = subprocess.run(
        [sys.executable, "-c", f"{code} sha256_file(Path(sys.argv[1]))", tmp_path / "pipe"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "not a regular file" in done.stderr
