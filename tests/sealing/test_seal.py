"""Seals: every byte of every file, signatures, keys."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from musk_id.cli import main
from musk_id.errors import IntegrityError, UsageError
from musk_id.sealing.keys import create_key, load_key
from musk_id.sealing.seal import build_manifest, write_seal
from musk_id.sealing.verify import verify_case

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PASSPHRASE = "a test passphrase"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    _, key = create_key(folder / "keys", "seal", PASSPHRASE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSK_ID_PASSPHRASE", PASSPHRASE)
        case = str(EXAMPLES / "cases" / "DEMO-D")
        assert main(["examine", case, "--out", str(folder / "out"), "--key", str(key)]) == 0
    return folder


def _copy(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed / "out" / "cases" / "DEMO-D", tmp_path / "DEMO-D"))


def _files(case: Path) -> list[Path]:
    return sorted(p for p in case.rglob("*") if p.is_file())


def test_a_sealed_case_is_intact_and_its_signature_valid(sealed: Path) -> None:
    check = verify_case(sealed / "out" / "cases" / "DEMO-D")
    assert check.intact
    assert (check.signature, check.trusted) == ("VALID", "NOT_ASKED")


def test_one_flipped_byte_in_any_file_is_found_and_named(sealed: Path, tmp_path: Path) -> None:
    case = _copy(sealed, tmp_path)
    generator = random.Random(20261124)
    files = _files(case)
    assert {p.name for p in files} >= {"record.json", "manifest.json", "manifest.sha256", "signature.json"}
    for path in files:
        original = path.read_bytes()
        positions = {0, len(original) - 1, *(generator.randrange(len(original)) for _ in range(12))}
        for position in sorted(positions):
            changed = bytearray(original)
            changed[position] ^= 1 << generator.randrange(8)
            path.write_bytes(bytes(changed))
            check = verify_case(case)
            assert not check.intact, (path.name, position)
            said = " ".join((*check.changed, *check.added, *check.missing, *check.problems))
            assert path.name in said, (path.name, position, said)
        path.write_bytes(original)
    assert verify_case(case).intact


def test_added_missing_and_linked_files_are_named(sealed: Path, tmp_path: Path, capsys) -> None:
    case = _copy(sealed, tmp_path)
    (case / "record" / "note.txt").write_text("x", encoding="ascii")
    (case / "record" / "record.ru.html").unlink()
    check = verify_case(case)
    assert check.added == ("record/note.txt",)
    assert check.missing == ("record/record.ru.html",)
    assert main(["verify", str(case)]) == 4
    assert "added: record/note.txt" in capsys.readouterr().out
    (case / "record" / "note.txt").unlink()
    (case / "record" / "record.ru.html").symlink_to("record.en.html")
    assert any("no regular file" in problem for problem in verify_case(case).problems)


def test_a_seal_taken_from_another_case_is_refused(sealed: Path, tmp_path: Path) -> None:
    case = _copy(sealed, tmp_path)
    other = case.rename(tmp_path / "OTHER")
    assert any("folder is named OTHER" in problem for problem in verify_case(other).problems)


def test_trust_is_told_apart_from_intact(sealed: Path, tmp_path: Path, capsys) -> None:
    case = sealed / "out" / "cases" / "DEMO-D"
    (public,) = (sealed / "keys").glob("*.pub")
    assert main(["verify", str(case), "--trust", str(public)]) == 0
    assert "trusted: YES" in capsys.readouterr().out
    create_key(tmp_path, "seal", PASSPHRASE)
    (stranger,) = tmp_path.glob("*.pub")
    assert main(["verify", str(case), "--trust", str(stranger)]) == 4
    output = capsys.readouterr()
    assert "bytes: intact" in output.out
    assert "no signature of a trusted key" in output.err


def test_signing_is_deterministic(sealed: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MUSK_ID_PASSPHRASE", PASSPHRASE)
    (key,) = (sealed / "keys").glob("*.pem")
    case = str(EXAMPLES / "cases" / "DEMO-D")
    assert main(["examine", case, "--out", str(tmp_path), "--key", str(key)]) == 0
    first = sealed / "out" / "cases" / "DEMO-D" / "seal" / "signature.json"
    assert (tmp_path / "cases" / "DEMO-D" / "seal" / "signature.json").read_bytes() == first.read_bytes()


def test_keys_that_others_can_read_or_of_a_wrong_passphrase_are_refused(tmp_path: Path) -> None:
    _, path = create_key(tmp_path, "seal", PASSPHRASE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in path.read_bytes()
    with pytest.raises(IntegrityError, match="passphrase is wrong"):
        load_key(path, "another passphrase")
    path.chmod(0o644)
    with pytest.raises(IntegrityError, match="can be read by others"):
        load_key(path, PASSPHRASE)
    with pytest.raises(UsageError, match="at least 8"):
        create_key(tmp_path, "seal", "short")
    with pytest.raises(UsageError, match="is not known"):
        create_key(tmp_path, "judge", PASSPHRASE)


def test_odd_files_in_the_seal_are_no_seal(sealed: Path, tmp_path: Path) -> None:
    for name in ("manifest.json", "manifest.sha256", "signature.json"):
        for make in (os.mkfifo, lambda path: path.symlink_to("nowhere"), lambda path: path.mkdir()):
            case = _copy(sealed, tmp_path)
            (case / "seal" / name).unlink()
            make(case / "seal" / name)
            assert not verify_case(case).intact, name
            shutil.rmtree(case)


def test_empty_folders_and_trailing_bytes_are_named(sealed: Path, tmp_path: Path) -> None:
    case = _copy(sealed, tmp_path)
    (case / "record" / "more").mkdir()
    assert verify_case(case).added == ("record/more/",)
    (case / "record" / "more").rmdir()
    with (case / "record" / "record.en.pdf").open("ab") as stream:
        stream.write(b"\n")
    assert verify_case(case).changed == ("record/record.en.pdf",)


def test_an_unsigned_seal_is_said_to_show_little(sealed: Path, tmp_path: Path, capsys) -> None:
    case = _copy(sealed, tmp_path)
    (case / "seal" / "signature.json").unlink()
    (case / "record" / "findings.en.csv").write_text("forged", encoding="ascii")
    write_seal(case, build_manifest(case, "DEMO-D"), None)
    assert main(["verify", str(case)]) == 0
    assert "not signed" in capsys.readouterr().out
    (public,) = (sealed / "keys").glob("*.pub")
    assert main(["verify", str(case), "--trust", str(public)]) == 4


def test_only_keys_for_seals_seal(sealed: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    _, key = create_key(tmp_path, "label-authority", PASSPHRASE)
    monkeypatch.setenv("MUSK_ID_PASSPHRASE", PASSPHRASE)
    example = str(EXAMPLES / "cases" / "DEMO-D")
    assert main(["examine", example, "--out", str(tmp_path / "out"), "--key", str(key)]) == 2
    case = _copy(sealed, tmp_path)
    write_seal(case, build_manifest(case, "DEMO-D"), load_key(key, PASSPHRASE))
    assert any("cannot sign this" in problem for problem in verify_case(case).problems)


def test_key_files_that_are_none(tmp_path: Path, capsys) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text.pub").write_bytes(b"\xff\xfe")
    case = str(EXAMPLES / "cases" / "DEMO-D")
    for path in (tmp_path / "pipe", tmp_path / "text.pub", tmp_path / "none", tmp_path, Path("/dev/zero")):
        assert main(["verify", case, "--trust", str(path)]) == 2, path
    for path in (tmp_path / "pipe", tmp_path / "none", tmp_path, Path("/dev/zero")):
        with pytest.raises(UsageError):
            load_key(path, PASSPHRASE)
