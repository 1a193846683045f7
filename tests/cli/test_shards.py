"""The table of shards only grows, and a change touches the shard of its case alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nobody import as_nobody

from musk_id.cli import main
from musk_id.cli.input_state import ABSENT, STATE_NAME, InputState
from musk_id.cli.named_batches import named_batches
from musk_id.cli.shards import TABLE_NAME, plan_shards, read_list, read_table
from musk_id.errors import IntegrityError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES, tmp_path / "root"))


def _lists(out: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in sorted(out.glob("shards/*/list.tsv"))}


def _changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {shard for shard in before.keys() | after.keys() if before.get(shard) != after.get(shard)}


def test_a_revised_case_touches_its_shard_alone_and_the_table_grows(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan_shards(root, out, 2, ("x",))
    table, lists = (out / TABLE_NAME).read_text(), _lists(out)
    request = root / "cases" / "DEMO-C" / "request.yaml"
    request.write_text(request.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    plan_shards(root, out, 2, ("x",))
    assert _changed(lists, _lists(out)) == {"s00002"}
    grown = (out / TABLE_NAME).read_text()
    assert grown.startswith(table)
    assert [line.split("\t")[:3] for line in grown[len(table) :].splitlines()] == [["case", "s00002", "DEMO-C"]]
    shutil.rmtree(root / "cases" / "DEMO-A")
    rows = plan_shards(root, out, 2, ("x",))
    assert rows[0][:3] == ("case", "s00001", "DEMO-A")
    assert rows[0].input_sha256 == ABSENT


def test_a_copied_or_touched_file_is_the_same_and_one_byte_is_another(
    root: Path, tmp_path: Path, monkeypatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr("musk_id.cli.input_state._SETTLED_NS", 0)
    plan_shards(root, out, 2, ())
    lists = _lists(out)
    for path in root.rglob("*.yaml"):
        os.utime(path, ns=(1, 1))
    plan_shards(root, out, 2, ())
    assert _lists(out) == lists
    sequence = next((root / "cases" / "DEMO-A").glob("*.fasta"))
    state, data = sequence.stat(), sequence.read_bytes()
    # Same size and same time of change: only the content differs.
    sequence.write_bytes(data[:-2] + (b"A\n" if data[-2:] != b"A\n" else b"C\n"))
    os.utime(sequence, ns=(state.st_atime_ns, state.st_mtime_ns))
    plan_shards(root, out, 2, ())
    assert _changed(lists, _lists(out)) == {"s00001"}


def test_a_new_batch_of_a_new_case_leaves_the_other_shards(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan_shards(root, out, 10, ())
    lists = _lists(out)
    shutil.copytree(root / "batches" / "DEMO-DNA-1", root / "batches" / "DEMO-DNA-2")
    case = Path(shutil.copytree(root / "cases" / "DEMO-A", root / "cases" / "NEW"))
    for path in case.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("DEMO-DNA-1", "DEMO-DNA-2").replace("DEMO-A", "NEW"), encoding="utf-8")
    plan_shards(root, out, 10, ())
    assert _changed(lists, _lists(out)) == {"s00002", "b00002"}
    assert [e.batches for e in read_list(out / "shards" / "s00002" / "list.tsv")] == [("DEMO-DNA-2",)]


def test_what_rests_on_changed_inputs_is_removed_and_nothing_else(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # The second shard shall rest on no batch.
    examination = root / "cases" / "DEMO-C" / "examination.yaml"
    lines = examination.read_text(encoding="utf-8").splitlines(keepends=True)
    examination.write_text("".join(line for line in lines if "batch_id:" not in line), encoding="utf-8")
    plan_shards(root, out, 2, ())
    assert [e.batches for e in read_list(out / "shards" / "s00002" / "list.tsv")] == [(), ()]

    def outputs() -> set[str]:
        return {str(p.relative_to(out)) for p in out.rglob("*") if p.name in {"x.jsonl", "summary.csv"}}

    def fill() -> set[str]:
        for path in (*(folder / "x.jsonl" for folder in (out / "shards").iterdir()), out / "summary.csv"):
            path.write_text("", encoding="ascii")
            # Times tell nothing: these lie in the future, as after a clock that went back.
            os.utime(path, (2**33, 2**33))
        return outputs()

    everything = fill()
    plan_shards(root, out, 2, ())
    assert outputs() == everything
    sheet = root / "batches" / "DEMO-DNA-1" / "sheet.yaml"
    sheet.write_text(sheet.read_text(encoding="utf-8") + "# x\n", encoding="utf-8")
    plan_shards(root, out, 2, ())
    assert outputs() == {"shards/s00002/x.jsonl"}
    everything = fill()
    request = root / "cases" / "DEMO-C" / "request.yaml"
    request.write_text(request.read_text(encoding="utf-8") + "# x\n", encoding="utf-8")
    plan_shards(root, out, 2, ())
    assert everything - outputs() == {"shards/s00002/x.jsonl", "summary.csv"}


def test_times_ahead_of_the_clock_come_back_in_their_order(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan_shards(root, out, 2, ())
    lists = sorted(out.glob("shards/*/list.tsv"))
    for number, path in enumerate(lists):
        os.utime(path, (2**33 + number, 2**33 + number))
    before = _lists(out)
    plan_shards(root, out, 2, ())
    times = [path.stat().st_mtime for path in lists]
    assert times == sorted(times)
    assert times[-1] <= time.time()
    assert round(times[1] - times[0], 3) == 1
    assert _lists(out) == before


def test_kept_digests_are_used_for_settled_files_only(root: Path, tmp_path: Path, monkeypatch) -> None:
    read = []
    monkeypatch.setattr("musk_id.cli.input_state._SETTLED_NS", 0)
    real = InputState._file.__globals__["sha256_file"]
    monkeypatch.setattr("musk_id.cli.input_state.sha256_file", lambda path: read.append(path) or real(path))
    table = tmp_path / STATE_NAME
    for expected in (True, False):
        state = InputState(table)
        first = state.folder("cases/DEMO-A", root / "cases" / "DEMO-A")
        state.save()
        assert bool(read) is expected
        read.clear()
    table.write_bytes(b"\xff\tnonsense\n")
    assert InputState(table).folder("cases/DEMO-A", root / "cases" / "DEMO-A") == first
    monkeypatch.setattr("musk_id.cli.input_state._SETTLED_NS", 10**18)
    for _ in range(2):
        read.clear()
        state = InputState(table)
        state.folder("cases/DEMO-A", root / "cases" / "DEMO-A")
        state.save()
        assert read


def test_links_and_devices_in_a_case_are_told_and_not_read(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    empty = InputState(tmp_path / "t").folder("c", case)
    (case / "link").symlink_to("/dev/zero")
    os.mkfifo(case / "pipe")
    with (case / "holes").open("wb") as stream:
        stream.truncate(1 << 40)
    assert InputState(tmp_path / "t").folder("c", case) != empty


_DIGEST = "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "x\n",
        "kind\tshard\tid\tinput_sha256\ncase\ts00001\tA\n",
        "kind\tshard\tid\tinput_sha256\ncase\t../..\tA\t" + _DIGEST + "\n",
        "kind\tshard\tid\tinput_sha256\ncase\ts00001\t$(x)\t" + _DIGEST + "\n",
        "kind\tshard\tid\tinput_sha256\nbatch\ts00001\tA\t" + _DIGEST + "\n",
        "kind\tshard\tid\tinput_sha256\ncase\ts00001\tA\t" + _DIGEST + "\ncase\ts00002\tA\t" + _DIGEST + "\n",
        "kind\tshard\tid\tinput_sha256\ncase\ts00001\tA\t" + _DIGEST,
        "kind\tshard\tid\tinput_sha256\ncase\ts00001\tA\tx\n",
    ],
)
def test_a_table_that_was_changed_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / TABLE_NAME).write_text(text, encoding="ascii")
    with pytest.raises(IntegrityError):
        read_table(tmp_path)


def test_an_output_folder_is_not_used_for_another_root(root: Path, tmp_path: Path, capsys) -> None:
    plan = ["runs", "plan", "--out", str(tmp_path / "out"), "--root"]
    assert main([*plan, str(root)]) == 0
    (tmp_path / "out" / "shards" / "s00001" / "intake.jsonl").write_bytes(b"")
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    other = tmp_path / "other"
    (other / "cases").mkdir(parents=True)
    shutil.copy(root / "laboratory.yaml", other)
    shutil.copytree(root / "cases" / "DEMO-A", other / "cases" / "OTHER-1")
    assert main([*plan, str(other)]) == 2
    assert "none of the 5 cases of this output folder is in the laboratory root" in capsys.readouterr().err
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before
    # One that is still there is enough.
    for case in ("DEMO-B", "DEMO-C", "DEMO-D", "DEMO-E"):
        shutil.rmtree(root / "cases" / case)
    assert main([*plan, str(root)]) == 0


def test_a_table_with_other_bytes_is_told(root: Path, tmp_path: Path, capsys) -> None:
    plan = ["runs", "plan", "--root", str(root), "--out", str(tmp_path / "out")]
    assert main(plan) == 0
    table = tmp_path / "out" / TABLE_NAME
    table.write_bytes(table.read_bytes()[:-5] + b"\xff" + table.read_bytes()[-4:])
    assert main(plan) == 4
    assert "malformed" in capsys.readouterr().err


def test_folders_that_cannot_be_read_or_have_no_end_are_a_matter_of_their_case(root: Path, tmp_path: Path) -> None:
    assert len(plan_shards(root, tmp_path / "out", 10, ())) == 7
    before = {row.identifier: row.input_sha256 for row in read_table(tmp_path / "out")}
    (root / "cases" / "DEMO-B" / "private").mkdir(mode=0)
    (root / "cases" / "DEMO-C").chmod(0)
    deep = os.open(root / "cases" / "DEMO-A", os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d", dir_fd=deep)
        below = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    try:
        # Walking down such a path by name is more than the system does.
        rows = as_nobody(tmp_path / "out", lambda: _digests_as_nobody(root, tmp_path / "out"))
    finally:
        subprocess.run(["rm", "-rf", root / "cases" / "DEMO-A" / "d"], check=True)
        (root / "cases" / "DEMO-C").chmod(0o755)
    changed = {name for name, digest in rows.items() if digest != before[name]}
    assert changed >= {"DEMO-A"}
    assert changed <= {"DEMO-A", "DEMO-B", "DEMO-C"}
    if os.geteuid() == 0:
        assert changed == {"DEMO-A", "DEMO-B", "DEMO-C"}


def _digests_as_nobody(root: Path, out: Path) -> dict[str, str]:
    return {row.identifier: row.input_sha256 for row in plan_shards(root, out, 10, ())}


def test_named_batches_are_those_of_the_decoded_examination() -> None:
    from musk_id.cli.casework import intake_case
    from musk_id.cli.workplace import Casework

    for case in sorted((EXAMPLES / "cases").iterdir()):
        assert set(named_batches(case)) == set(intake_case(Casework(EXAMPLES), case).batch_ids)


_IDS = st.text("AB-_19", min_size=1, max_size=4).map(lambda text: f"B{text}")


@given(
    batches=st.lists(_IDS, max_size=5),
    style=st.sampled_from(["block", "flow", "json", "dumped", "tight", "quoted", "note"]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_named_batches_in_every_style(tmp_path: Path, batches: list[str], style: str) -> None:
    tree = {"items": [{"batch_id": batch, "runs": [{"batch_id": batch, "note": "a"}]} for batch in batches]}
    if style == "note":
        tree["note"] = "the batch_id: X of the day\nbatch_id: Y"
    text = {
        "block": yaml.safe_dump(tree),
        "flow": yaml.safe_dump(tree, default_flow_style=True),
        "json": yaml.safe_dump(tree, default_flow_style=True, default_style='"'),
        "dumped": json.dumps(tree),
        "tight": json.dumps(tree, separators=(",", ":")),
        "quoted": yaml.safe_dump(tree, default_style="'"),
        "note": yaml.safe_dump(tree),
    }[style]
    path = tmp_path / "examination.yaml"
    path.write_text(text, encoding="utf-8")
    # A block of text may name a batch too many, never one too few.
    found = set(named_batches(tmp_path))
    assert set(batches) <= found
    assert found <= set(batches) | ({"Y"} if style == "note" else set())
