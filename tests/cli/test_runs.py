"""Status and overview of a run: counted without decoding every record, failures named."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import shutil
from pathlib import Path

import pytest

from musk_id.cli import main
from musk_id.render.overview import OverviewRow, index_html
from musk_id.vocabulary import Language

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def _stage(root: Path, out: Path, name: str, shard: str, *options: str) -> int:
    folder = out / "shards" / shard
    more = ["--controls", str(out / "shards" / "b00001" / "controls.jsonl")] if name != "controls" else []
    return main(
        [
            "stage",
            name,
            "--root",
            str(root),
            "--shard",
            str(folder / "list.tsv"),
            *more,
            "--out",
            str(folder / f"{name}.jsonl"),
            "--cases",
            str(out / "cases"),
            *options,
        ]
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(EXAMPLES, tmp_path / "root"))
    for case in ("DEMO-A", "DEMO-B", "DEMO-C", "DEMO-E"):
        shutil.rmtree(folder / "cases" / case)
    shutil.copytree(folder / "cases" / "DEMO-D", folder / "cases" / "BAD")
    (folder / "cases" / "BAD" / "request.yaml").write_text("=cmd: [", encoding="ascii")
    return folder


def test_status_follows_a_run_and_names_what_failed(root: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["runs", "plan", "--root", str(root), "--out", str(out), "--cases-per-shard", "10"]) == 0

    def status() -> tuple[int, str]:
        capsys.readouterr()
        code = main(["runs", "status", "--out", str(out)])
        return code, capsys.readouterr().out

    assert status() == (
        0,
        "finished 0, failed 0, not yet processed 2\n"
        "shards done of 1: intake 0, barcode 0, spectra 0, evidence 0, record 0, seal 0\n",
    )
    assert _stage(root, out, "controls", "b00001") == 0
    assert _stage(root, out, "intake", "s00001") == 0
    code, text = status()
    assert code == 3
    assert "finished 0, failed 1, not yet processed 1" in text
    assert "intake 1, barcode 0" in text
    for stage in ("barcode", "spectra", "evidence", "record", "seal"):
        assert _stage(root, out, stage, "s00001") == 0
    code, text = status()
    assert code == 3
    assert text.startswith("finished 1, failed 1, not yet processed 0\nfailed: BAD at intake: ")
    assert main(["runs", "overview", "--out", str(out)]) == 0
    rows = list(csv.reader(io.StringIO((out / "summary.csv").read_text(encoding="utf-8"), newline="")))
    assert [row[0] for row in rows[1:]] == ["BAD", "DEMO-D"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_rows_of_the_jobs_say_what_the_records_say_and_a_failed_seal_holds(
    root: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    out = tmp_path / "out"
    folder = out / "shards" / "s00001"
    assert main(["runs", "plan", "--root", str(root), "--out", str(out), "--cases-per-shard", "10"]) == 0
    assert _stage(root, out, "controls", "b00001") == 0
    for stage in ("intake", "barcode", "spectra", "evidence"):
        assert _stage(root, out, stage, "s00001") == 0
    assert _stage(root, out, "record", "s00001", "--rows", str(folder / "rows.jsonl")) == 0

    def overview() -> tuple[str, bytes, bytes]:
        capsys.readouterr()
        assert main(["runs", "overview", "--out", str(out)]) == 0
        return capsys.readouterr().out, *((out / n).read_bytes() for n in ("summary.csv", "index.html"))

    kept = (folder / "rows.jsonl").read_bytes()
    (folder / "rows.jsonl").unlink()
    from_records = overview()
    (folder / "rows.jsonl").write_bytes(kept)
    with monkeypatch.context() as patched:
        patched.setattr("musk_id.cli.overview_rows.read_jsonl", lambda *_: pytest.fail("a record was decoded"))
        assert overview() == from_records
    # Sealing finds the record changed: the row is that of the failure.
    (out / "cases" / "DEMO-D" / "record" / "record.json").write_bytes(b"{}")
    assert _stage(root, out, "seal", "s00001") == 0
    assert "DEMO-D  FAILED at seal: DEMO-D: record/record.json is not what the record says" in overview()[0]
    (folder / "rows.jsonl").write_bytes(kept.splitlines(keepends=True)[0])
    assert main(["runs", "overview", "--out", str(out)]) == 4
    for was, now in (
        (b'"grade"', b'"grape"'),
        (b'"failed":false', b'"failed":0'),
        (b'"cases/DEMO-D/', b'"javascript:/'),
        (b'"cases/DEMO-D/', b'"cases/DEMO-D/../../'),
        (b'"cases/DEMO-D/', b'"cases/DEMO-D/%2e%2e/%2e%2e/'),
    ):
        (folder / "rows.jsonl").write_bytes(kept.replace(was, now))
        assert main(["runs", "overview", "--out", str(out)]) == 4


def test_controls_that_were_not_planned_fail_the_case(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(EXAMPLES / "cases" / "DEMO-A", root / "cases" / "DEMO-A")
    shutil.move(root / "batches" / "DEMO-DNA-1", tmp_path / "kept")
    assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 0
    shutil.move(tmp_path / "kept", root / "batches" / "DEMO-DNA-1")
    folder = out / "shards" / "s00001"
    for stage in ("intake", "barcode"):
        assert (
            main(
                [
                    "stage",
                    stage,
                    "--root",
                    str(root),
                    "--shard",
                    str(folder / "list.tsv"),
                    "--out",
                    str(folder / f"{stage}.jsonl"),
                ]
            )
            == 0
        )
    text = (folder / "barcode.jsonl").read_text(encoding="utf-8")
    assert "batch DEMO-DNA-1 was not planned with this case" in text


def test_a_case_that_only_its_place_stood_against_is_tried_again(root: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    plan = ["runs", "plan", "--root", str(root), "--out", str(out), "--cases-per-shard", "10"]
    folder = out / "shards" / "s00001"
    (out / "cases" / "DEMO-D").mkdir(parents=True)
    (out / "cases" / "DEMO-D" / "mine.txt").write_text("x", encoding="ascii")
    assert main(plan) == 0
    assert _stage(root, out, "controls", "b00001") == 0
    for stage in ("intake", "barcode", "spectra", "evidence", "record", "seal"):
        assert _stage(root, out, stage, "s00001") == 0
    capsys.readouterr()
    assert main(["runs", "status", "--out", str(out)]) == 3
    told = capsys.readouterr().out
    assert "finished 0, failed 2" in told
    assert "failed: DEMO-D at record: cases/DEMO-D: the folder holds 'mine.txt'" in told
    # The hint is followed; the files of the case are what they were.
    shutil.move(out / "cases" / "DEMO-D", tmp_path / "moved")
    (out / "summary.csv").write_text("old", encoding="ascii")
    assert main(plan) == 0
    assert sorted(p.name for p in folder.glob("*.jsonl")) == [
        "barcode.jsonl",
        "evidence.jsonl",
        "intake.jsonl",
        "spectra.jsonl",
    ]
    assert not (out / "summary.csv").exists()
    for stage in ("record", "seal"):
        assert _stage(root, out, stage, "s00001") == 0
    capsys.readouterr()
    assert main(["runs", "status", "--out", str(out)]) == 3
    assert "finished 1, failed 1" in capsys.readouterr().out
    # The other fails for its own files: nothing is done again for it.
    assert main(plan) == 0
    assert len(list(folder.glob("*.jsonl"))) == 6


def test_an_earlier_record_of_a_case_that_fails_now_is_told(root: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    shutil.rmtree(root / "cases" / "BAD")
    plan = ["runs", "plan", "--root", str(root), "--out", str(out)]
    stages = ("intake", "barcode", "spectra", "evidence", "record", "seal")
    earlier = "what lies in cases/DEMO-D is no result of this run"
    for is_bad in (False, True):
        if is_bad:
            (root / "cases" / "DEMO-D" / "request.yaml").write_text("=cmd: [", encoding="ascii")
        assert main(plan) == 0
        assert _stage(root, out, "controls", "b00001") == 0
        assert [_stage(root, out, stage, "s00001") for stage in stages] == [0] * 6
        assert main(["runs", "overview", "--out", str(out)]) == 0
        capsys.readouterr()
        assert main(["runs", "status", "--out", str(out)]) == (3 if is_bad else 0)
        told = [capsys.readouterr().out]
        told += [(out / name).read_text(encoding="utf-8") for name in ("summary.csv", "index.html")]
        assert [earlier in text for text in told] == [is_bad] * 3
    assert (out / "cases" / "DEMO-D" / "seal" / "manifest.json").is_file()


@pytest.mark.parametrize("name", ["record.en.html", "findings.en.csv", "opinion.txt"])
def test_pages_that_were_changed_before_they_are_sealed_are_not_sealed(
    root: Path, tmp_path: Path, capsys, name: str
) -> None:
    out = tmp_path / "out"
    folder = out / "shards" / "s00001"
    assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 0
    assert _stage(root, out, "controls", "b00001") == 0
    for stage in ("intake", "barcode", "spectra", "evidence"):
        assert _stage(root, out, stage, "s00001") == 0
    assert _stage(root, out, "record", "s00001", "--rows", str(folder / "rows.jsonl")) == 0
    page = out / "cases" / "DEMO-D" / "record" / name
    with page.open("a", encoding="utf-8") as stream:
        stream.write("musk deer material EXCLUDED")
    assert _stage(root, out, "seal", "s00001") == 0
    capsys.readouterr()
    assert main(["runs", "status", "--out", str(out)]) == 3
    assert "DEMO-D at seal: DEMO-D: its pages are not what was written" in capsys.readouterr().out
    assert not (out / "cases" / "DEMO-D" / "seal").exists()
    # The next run makes them again.
    assert main(["runs", "plan", "--root", str(root), "--out", str(out)]) == 0
    assert _stage(root, out, "record", "s00001", "--rows", str(folder / "rows.jsonl")) == 0
    assert _stage(root, out, "seal", "s00001") == 0
    assert (out / "cases" / "DEMO-D" / "seal" / "manifest.json").is_file()
    assert not page.is_file() or "EXCLUDED" not in page.read_text(encoding="utf-8")


def test_the_overview_loads_and_runs_nothing_and_its_style_is_the_one_allowed() -> None:
    row = OverviewRow(
        "K1", "C", "<script>x</script><style>y</style>", (("HTML en", "cases/K1/x.html"),), False, "K1"
    )
    page = index_html([row], Language.EN).decode("utf-8")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert f'content="{policy}"' in page
    assert "&lt;script&gt;x" in page
    assert "url(" not in style and "@import" not in style
