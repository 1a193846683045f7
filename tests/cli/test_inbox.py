"""The inbox: every file answered once, nothing half-copied taken, no case made twice or overwritten."""

from __future__ import annotations

import fcntl
import hashlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nobody import as_nobody

from musk_id.cli import inbox as module
from musk_id.cli import main
from musk_id.cli.run_lock import CASES_LOCK, open_lock, take_lock
from musk_id.cli.shards import plan_shards, waiting_cases
from musk_id.render.glyphs import Medium, drawable

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
REQUEST = (EXAMPLES / "cases" / "DEMO-D" / "request.yaml").read_text(encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    shutil.copy(EXAMPLES / "laboratory.yaml", folder)
    return folder


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "box"
    folder.mkdir()
    return folder


def _run(box: Path, root: Path, settle: str = "0") -> int:
    return main(["inbox", str(box), "--root", str(root), "--settle-seconds", settle])


def _request(case_id: str, note: str = "") -> str:
    return REQUEST.replace("DEMO-D", case_id) + note


def _receipts(box: Path) -> dict[str, dict]:
    found = [json.loads(path.read_bytes()) for path in sorted((box / "receipts").glob("*.json"))]
    return {receipt["file_name"]: receipt for receipt in found}


def _state(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_requests_become_cases_that_wait(box: Path, root: Path, tmp_path: Path, capsys) -> None:
    (box / "a.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    (box / "b c;$(x).yaml").write_text(_request("NEW-2").replace("questions:", "fragen:"), encoding="utf-8")
    (box / "letter.pdf").write_bytes(b"%PDF")
    (box / "half.yaml.part").write_text("schema:", encoding="utf-8")
    (box / ".hidden.yaml").write_text("schema:", encoding="utf-8")
    before = _state(box)
    assert _run(box, root) == 0
    assert "accepted 1, refused 2, answered before 0, left for the next run 0" in capsys.readouterr().out
    receipts = _receipts(box)
    assert {name: receipt["status"] for name, receipt in receipts.items()} == {
        "a.yaml": "ACCEPTED",
        "b c;$(x).yaml": "REFUSED",
        "letter.pdf": "REFUSED",
    }
    case = root / "cases" / "NEW-1"
    assert [p.name for p in case.iterdir()] == ["request.yaml"]
    assert (case / "request.yaml").read_bytes() == (box / "a.yaml").read_bytes()
    reasons = " ".join(receipts["b c;$(x).yaml"]["problems"])
    assert "fragen" in reasons
    assert "questions" in reasons
    # Nothing that was handed in is touched, and a further run answers nothing again.
    assert {name: data for name, data in _state(box).items() if not name.startswith("receipts/")} == before
    after, cases = _state(box), _state(root)
    assert _run(box, root) == 0
    assert "answered before 3" in capsys.readouterr().out
    assert (_state(box), _state(root)) == (after, cases)
    # A case without an examination waits: it is not planned, and nothing of it is examined.
    assert waiting_cases(root) == ["NEW-1"]
    assert plan_shards(root, tmp_path / "out", 10, ()) == []
    (case / "examination.yaml").write_text("schema: x\n", encoding="ascii")
    assert [row.identifier for row in plan_shards(root, tmp_path / "out", 10, ())] == ["NEW-1"]


def test_duplicates_and_second_requests(box: Path, root: Path) -> None:
    (box / "a.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    assert _run(box, root) == 0
    (box / "same.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    (box / "other.yaml").write_text(_request("NEW-1", "# later\n"), encoding="utf-8")
    (box / "case.yaml").write_text(_request("new-1"), encoding="utf-8")
    assert _run(box, root) == 0
    receipts = _receipts(box)
    assert {n: r["status"] for n, r in receipts.items()} == {
        "a.yaml": "ACCEPTED",
        "same.yaml": "ACCEPTED",
        "other.yaml": "REFUSED",
        "case.yaml": "REFUSED",
    }
    assert receipts["same.yaml"]["request_sha256"] == receipts["a.yaml"]["request_sha256"]
    assert "taken in with another request" in receipts["other.yaml"]["problems"][0]
    assert [p.name for p in sorted((root / "cases").iterdir()) if p.is_dir()] == ["NEW-1"]
    # A file that is replaced under its name is another file, and the first receipt stays.
    (box / "a.yaml").write_text(_request("NEW-1", "# changed\n"), encoding="utf-8")
    assert _run(box, root) == 0
    kept = [json.loads(p.read_bytes())["status"] for p in (box / "receipts").glob("a.yaml.*.json")]
    assert sorted(kept) == ["ACCEPTED", "REFUSED"]


def test_two_requests_for_one_case_at_once_are_both_refused_also_after_a_kill(box: Path, root: Path) -> None:
    for name, note in (("a.yaml", ""), ("b.yaml", "# x\n")):
        (box / name).write_text(_request("NEW-1", note), encoding="utf-8")
    assert _run(box, root) == 0
    assert {r["status"] for r in _receipts(box).values()} == {"REFUSED"}
    state = _state(box)
    next((box / "receipts").glob("b.yaml.*.json")).unlink()
    assert _run(box, root) == 0
    assert _state(box) == state
    assert not [p for p in (root / "cases").iterdir() if p.is_dir()]


def test_a_lost_or_cut_off_receipt_is_written_again(box: Path, root: Path) -> None:
    (box / "a.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    assert _run(box, root) == 0
    state = _state(box)
    path = next((box / "receipts").glob("*.json"))
    path.write_bytes(path.read_bytes()[:50])
    assert _run(box, root) == 0
    assert _state(box) == state
    next((box / "receipts").glob("*.html")).unlink()
    assert _run(box, root) == 0
    assert _state(box) == state


def test_a_file_that_is_being_written_is_left(box: Path, root: Path, capsys) -> None:
    text = _request("NEW-1")
    with (box / "a.yaml").open("w", encoding="utf-8") as stream:
        # A stop of the copy in the middle of valid YAML: only that somebody writes tells it.
        stream.write(text[: text.index("items:")])
        stream.flush()
        assert _run(box, root) == 0
        assert "left for the next run 1" in capsys.readouterr().out
        stream.write(text[text.index("items:") :])
    assert _run(box, root) == 0
    assert _receipts(box)["a.yaml"]["status"] == "ACCEPTED"


def test_a_file_that_grows_between_the_looks_is_left(box: Path, root: Path, monkeypatch) -> None:
    (box / "a.yaml").write_text(_request("NEW-1")[:100], encoding="utf-8")
    monkeypatch.setattr(module, "_is_being_written", lambda _: False)

    def grow(seconds: float) -> None:
        with (box / "a.yaml").open("a", encoding="utf-8") as stream:
            stream.write("x")

    monkeypatch.setattr(module.time, "sleep", grow)
    assert _run(box, root) == 0
    assert not list((box / "receipts").iterdir())


def test_links_pipes_and_files_of_holes_are_refused_unread(box: Path, root: Path) -> None:
    (box / "link.yaml").symlink_to("/etc/passwd")
    os.mkfifo(box / "pipe.yaml")
    with (box / "holes.yaml").open("wb") as stream:
        stream.truncate(1 << 40)
    (box / "deep.json").write_text("[" * 100_000, encoding="ascii")
    (box / "bomb.yaml").write_text("a: &a [x,x]\nb: [*a,*a]\n", encoding="ascii")
    assert _run(box, root) == 0
    receipts = _receipts(box)
    assert {r["status"] for r in receipts.values()} == {"REFUSED"}
    assert {n: "request_sha256" in r and r["request_sha256"] is not None for n, r in receipts.items()} == {
        "link.yaml": False,
        "pipe.yaml": False,
        "holes.yaml": False,
        "deep.json": True,
        "bomb.yaml": True,
    }
    assert "root:" not in "".join(p.read_text(encoding="utf-8") for p in (box / "receipts").iterdir())


def test_linked_receipts_and_a_second_command_are_refused(box: Path, root: Path, tmp_path: Path, capsys) -> None:
    (box / "a.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    (box / "receipts").symlink_to(tmp_path)
    assert _run(box, root) == 2
    assert "symbolic link" in capsys.readouterr().err
    (box / "receipts").unlink()
    (root / "cases").mkdir(exist_ok=True)
    handle = open_lock(root / "cases" / CASES_LOCK)
    assert take_lock(handle, fcntl.LOCK_EX)
    assert _run(box, root) == 2
    os.close(handle)
    assert _run(box, root) == 0


def test_a_refused_conflict_stays_refused_and_is_settled_by_handing_in_again(box: Path, root: Path) -> None:
    for name, note in (("a.yaml", ""), ("b.yaml", "# x\n")):
        (box / name).write_text(_request("NEW-1", note), encoding="utf-8")
    assert _run(box, root) == 0
    state = _state(box)
    # The other file is taken away: what was told of this one is not unsaid.
    (box / "b.yaml").unlink()
    assert _run(box, root) == 0
    assert _state(box) == {name: data for name, data in state.items() if name != "b.yaml"}
    assert not [p for p in (root / "cases").iterdir() if p.is_dir()]
    shutil.copy(box / "a.yaml", box / "again.yaml")
    assert _run(box, root) == 0
    assert {n: r["status"] for n, r in _receipts(box).items()} == {
        "a.yaml": "REFUSED",
        "b.yaml": "REFUSED",
        "again.yaml": "ACCEPTED",
    }
    assert (root / "cases" / "NEW-1").is_dir()


def test_an_id_stays_with_its_request_after_the_case_was_taken_away(box: Path, root: Path) -> None:
    (box / "a.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    assert _run(box, root) == 0
    (box / "b.yaml").write_text(_request("new-1", "# x\n"), encoding="utf-8")
    assert _run(box, root) == 0
    shutil.rmtree(root / "cases" / "NEW-1")
    (box / "a.yaml").unlink()
    (box / "c.yaml").write_text(_request("NEW-1", "# x\n"), encoding="utf-8")
    assert _run(box, root) == 0
    receipts = _receipts(box)
    assert [receipts[name]["status"] for name in ("a.yaml", "b.yaml", "c.yaml")] == [
        "ACCEPTED",
        "REFUSED",
        "REFUSED",
    ]
    assert "taken in with another request" in receipts["c.yaml"]["problems"][0]
    # The request of the receipt itself comes back, under any name.
    (box / "d.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    assert _run(box, root) == 0
    assert _receipts(box)["d.yaml"]["status"] == "ACCEPTED"
    # The laboratory gives an id free by moving its receipts away.
    shutil.rmtree(root / "cases" / "NEW-1")
    for name in ("a", "d"):
        next((box / "receipts").glob(f"{name}.yaml.*.json")).rename(root / f"{name}.json")
    for name in ("b", "d"):
        (box / f"{name}.yaml").unlink()
    shutil.copy(box / "c.yaml", box / "e.yaml")
    assert _run(box, root) == 0
    assert _receipts(box)["e.yaml"]["status"] == "ACCEPTED"


def test_pages_say_what_the_receipts_say_and_nothing_of_a_request_acts_in_them(box: Path, root: Path) -> None:
    (box / "a.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    act = "<script>alert(1)</script>"
    (box / "<img src=x onerror=alert(1)>\u202egpj.yaml").write_text(
        _request("NEW-2").replace("questions:", f"'{act}':\n- 1\nquestions:"), encoding="utf-8"
    )
    assert _run(box, root) == 0
    found = sorted((box / "receipts").glob("*.json"))
    assert sorted((box / "receipts").iterdir()) == sorted(
        [*found, *(p.with_name(p.name.replace(".json", ".html")) for p in found)]
    )
    for path in found:
        receipt = json.loads(path.read_bytes())
        page = path.with_name(path.name.replace(".json", ".html")).read_text(encoding="utf-8")
        parts = re.findall(r'<main lang="(\w+)">(.*?)</main>', page, re.DOTALL)
        assert [language for language, _ in parts] == ["en", "ru"]
        told = [receipt["laboratory"], receipt["file_name"], str(receipt["size_bytes"]), receipt["request_sha256"]]
        told += [hashlib.sha256(path.read_bytes()).hexdigest(), path.name, *receipt["problems"]]
        for _, part in parts:
            shown = html.unescape(part)
            assert [text for text in told if drawable(text, Medium.HTML) not in shown] == []
        assert "<script" not in page
        assert "<img" not in page
        assert "\u202e" not in page
        for language, words in (("en", ("accepted", "refused")), ("ru", ("принят", "отклонён"))):
            status = words[receipt["status"] == "REFUSED"]
            assert f"<strong>{status}</strong>" in dict(parts)[language]
    assert act in html.unescape("".join(p.read_text(encoding="utf-8") for p in box.glob("receipts/*.html")))


@pytest.mark.parametrize("moment", ["write_atomic", "mkdtemp"])
def test_killed_at_a_write_the_next_run_answers_the_same(box: Path, root: Path, moment: str) -> None:
    for number in range(3):
        (box / f"{number}.yaml").write_text(_request(f"NEW-{number}"), encoding="utf-8")
    code = (
        "import os, signal, sys, tempfile; from musk_id.cli import inbox, main\n"
        f"holder = inbox if {moment!r} == 'write_atomic' else tempfile\n"
        f"real, left = getattr(holder, {moment!r}), [2]\n"
        "def stop(*a, **k):\n"
        "    left[0] -= 1\n"
        "    if left[0] < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*a, **k)\n"
        f"setattr(holder, {moment!r}, stop)\n"
        f"main(['inbox', {str(box)!r}, '--root', {str(root)!r}, '--settle-seconds', '0'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert _run(box, root) == 0
    assert {name: r["status"] for name, r in _receipts(box).items()} == dict.fromkeys(
        ("0.yaml", "1.yaml", "2.yaml"), "ACCEPTED"
    )
    assert sorted(p.name for p in (root / "cases").iterdir()) == [CASES_LOCK, "NEW-0", "NEW-1", "NEW-2"]


@given(name=st.text(min_size=1, max_size=60), data=st.binary(max_size=300))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_and_bytes_get_one_answer(tmp_path: Path, root: Path, name: str, data: bytes) -> None:
    raw = name.replace("/", "_").replace("\0", "_").encode("utf-8", "surrogatepass")[:200]
    folder = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"box")))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / f"x{os.fsdecode(raw)}.json"
    path.write_bytes(data)
    assert _run(folder, root) == 0
    (receipt,) = _receipts(folder).values()
    assert receipt["status"] == "REFUSED"
    assert receipt["problems"]


def test_a_file_that_may_not_be_read_is_refused_and_stops_no_other(box: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.yaml").write_text(_request("NEW-0"), encoding="utf-8")
    assert _run(tmp_path / "other", root) == 0
    for name, case in (("a.yaml", "NEW-1"), ("b.yaml", "NEW-2"), ("c.yaml", "NEW-3")):
        (box / name).write_text(_request(case), encoding="utf-8")
    (box / "b.yaml").chmod(0)
    assert as_nobody(tmp_path, lambda: _run(box, root)) == 0
    receipts = _receipts(box)
    assert {name: r["status"] for name, r in receipts.items()} == {
        "a.yaml": "ACCEPTED",
        "b.yaml": "REFUSED",
        "c.yaml": "ACCEPTED",
    }
    assert receipts["b.yaml"]["problems"] == ["cannot be read: Permission denied"]
    # Once it may be read, it is another file.
    (box / "b.yaml").chmod(0o644)
    assert as_nobody(tmp_path, lambda: _run(box, root)) == 0
    assert (root / "cases" / "NEW-2").is_dir()


def test_a_file_that_becomes_a_link_between_the_looks_is_not_read(box: Path, root: Path, monkeypatch) -> None:
    secret = root / "secret.yaml"
    secret.write_text("a_secret_word: 42\n", encoding="ascii")
    (box / "a.yaml").write_text("a_public_word: 42\n", encoding="ascii")
    real = module._is_being_written

    def swap(path: Path) -> bool:
        found = real(path)
        path.unlink()
        path.symlink_to(secret)
        return found

    monkeypatch.setattr(module, "_is_being_written", swap)
    assert _run(box, root) == 0
    assert "secret_word" not in "".join(p.read_text(encoding="utf-8") for p in (box / "receipts").iterdir())
    assert _receipts(box)["a.yaml"]["status"] == "REFUSED"


def test_odd_files_stop_no_other_and_are_answered_once(box: Path, root: Path, capsys) -> None:
    (box / " ").write_text("x", encoding="ascii")
    (box / "doubled.json").write_text("{" + ",".join('"a":1' for _ in range(60_000)) + "}", encoding="ascii")
    items = [{"item_id": f"I{number // 2}"} for number in range(1_000)]
    (box / "items.json").write_text(json.dumps({"case_id": "NEW-2", "items": items}), encoding="ascii")
    many = "".join(f"- {{item_id: I{number}, described_as: x}}\n" for number in range(1_001))
    request = _request("NEW-3")
    (box / "many.yaml").write_text(request[: request.index("items:")] + "items:\n" + many, encoding="utf-8")
    (box / "blocked.yaml").write_text("x: 1\n", encoding="ascii")
    (box / "z.yaml").write_text(_request("NEW-1"), encoding="utf-8")
    drop = module._open_drop(box / "blocked.yaml")
    assert drop is not None
    (box / "receipts" / module._receipt_name(drop)).mkdir(parents=True)
    assert _run(box, root) == 0
    told = capsys.readouterr().out
    assert "accepted 1, refused 4, answered before 0, left for the next run 1" in told
    assert "a folder stands in the place of its receipt" in told
    assert max(p.stat().st_size for p in (box / "receipts").iterdir() if p.is_file()) < 200_000
    assert b"1001 items in one case" in next((box / "receipts").glob("many.yaml.*.json")).read_bytes()
    state = _state(box)
    assert _run(box, root) == 0
    assert "accepted 0, refused 0, answered before 5, left for the next run 1" in capsys.readouterr().out
    assert _state(box) == state


def test_a_size_beyond_what_a_record_can_say_stops_no_other(root: Path, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else tmp_path) as place:
        box = Path(place)
        (box / "z.yaml").write_text(_request("NEW-1"), encoding="utf-8")
        with (box / "holes.yaml").open("wb") as stream:
            try:
                stream.truncate((1 << 53) + 4096)
            except OSError as error:
                pytest.skip(f"no file of that size can be made: {error.strerror}")
        assert _run(box, root) == 0
        receipts = _receipts(box)
        assert [receipts[n]["status"] for n in ("holes.yaml", "z.yaml")] == ["REFUSED", "ACCEPTED"]
        assert str((1 << 53) + 4096) in receipts["holes.yaml"]["problems"][0]
