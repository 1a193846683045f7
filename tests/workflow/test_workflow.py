"""The workflow on the examples: same bytes as `examine`, anywhere, and nothing done twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ranked_libraries import records
from snakemake_runs import content_of, snakemake
from spectra_libraries import build

from musk_id.cli import main
from musk_id.cli.run_lock import RUN_LOCK

PROJECT = Path(__file__).resolve().parents[2]
CASES = ("DEMO-A", "DEMO-B", "DEMO-C", "DEMO-D", "DEMO-E")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("with a space") / "out"
    done = snakemake(PROJECT / "examples", out)
    assert done.returncode == 0, done.stderr
    return out


def test_examine_gives_the_same_bytes_elsewhere_in_another_time_zone(run: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(PROJECT / "examples", tmp_path / "another place" / "laboratory"))
    for case in CASES:
        done = subprocess.run(
            [sys.executable, "-m", "musk_id", "examine", root / "cases" / case, "--out", tmp_path / "out"],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "TZ": "Asia/Almaty", "PYTHONHASHSEED": "7", "LC_ALL": "C", "OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stderr
    assert content_of(tmp_path / "out" / "cases") == content_of(run / "cases")


def test_chemistry_with_a_sequence_and_a_calibrated_library_gives_the_same_bytes(tmp_path: Path) -> None:
    """Injected reference, blanks and ladder of a batch, and the ranking of an overlay, through the jobs' files."""
    root = Path(shutil.copytree(PROJECT / "examples", tmp_path / "laboratory"))
    for case in CASES:
        if case != "DEMO-C":
            shutil.rmtree(root / "cases" / case)
    library = build(tmp_path / "sources", records(authors=17))
    shutil.copytree(library, root / "overlays" / "spectra-1")
    file = root / "overlays" / "spectra-1.spectra.json"
    assert main(["refdb", "calibrate", str(root / "overlays" / "spectra-1"), "--spectra", str(file)]) == 0
    laboratory = root / "laboratory.yaml"
    laboratory.write_text(laboratory.read_text("utf-8") + "overlays: [spectra-1]\n", "utf-8")
    done = snakemake(root, tmp_path / "jobs")
    assert done.returncode == 0, done.stderr
    assert main(["examine", str(root / "cases" / "DEMO-C"), "--out", str(tmp_path / "one")]) == 0
    content = content_of(tmp_path / "one" / "cases")
    assert content == content_of(tmp_path / "jobs" / "cases")
    record = json.loads(content["DEMO-C/record/record.json"])["spectra"]["spectra"]
    assert [result["call"]["status"] for result in record] == ["IDENTIFIED", "NOT_DETECTED"]
    assert [result["ranking"]["outcome"] for result in record] == ["NO_NAME", "NO_NAME"]
    assert {result["ranking"]["library"] for result in record} == {"spectra-1"}


def test_one_core_and_another_hash_seed_give_the_same_bytes(run: Path, tmp_path: Path) -> None:
    done = snakemake(
        PROJECT / "examples", tmp_path / "out", cores=1, TZ="America/Lima", PYTHONHASHSEED="11", LC_ALL="C"
    )
    assert done.returncode == 0, done.stderr
    assert content_of(tmp_path / "out" / "cases") == content_of(run / "cases")


def test_a_second_run_does_nothing(run: Path) -> None:
    def times() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in run.rglob("*") if p.is_file() and p.name != RUN_LOCK}

    before = times()
    done = snakemake(PROJECT / "examples", run)
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stderr
    assert times() == before


def test_a_bad_case_fails_alone_and_is_named(tmp_path: Path) -> None:
    root = Path(shutil.copytree(PROJECT / "examples", tmp_path / "root"))
    (root / "cases" / "DEMO-B" / "request.yaml").write_text("schema: [", encoding="utf-8")
    done = snakemake(root, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    status = subprocess.run(
        [sys.executable, "-m", "musk_id", "runs", "status", "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    assert status.returncode == 3
    assert "finished 4, failed 1, not yet processed 0" in status.stdout
    assert "failed: DEMO-B at intake" in status.stdout
    assert "DEMO-B" in (tmp_path / "out" / "summary.csv").read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "cases" / "DEMO-B").exists()


@pytest.mark.parametrize("name", ["x; touch PWNED #", "$(touch PWNED)", "-rf", "a b", "CON"])
def test_hostile_case_names_stop_the_plan(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    (root / "cases" / name).mkdir(parents=True)
    shutil.copy(PROJECT / "examples" / "laboratory.yaml", root)
    done = snakemake(root, tmp_path / "out")
    assert done.returncode != 0
    assert "cannot be a case or batch id" in done.stderr
    assert not list(tmp_path.rglob("PWNED"))
    assert not (PROJECT / "PWNED").exists()


@pytest.mark.parametrize("name", ["a{shard}b", "-rf"])
def test_output_folders_that_the_workflow_would_misread_are_refused(name: str) -> None:
    done = snakemake(PROJECT / "examples", Path(name))
    assert done.returncode != 0
    assert "does not match" in done.stderr
    assert not (PROJECT / name).exists()


def test_new_cases_go_to_new_shards(tmp_path: Path) -> None:
    from musk_id.cli.shards import plan_shards

    root = Path(shutil.copytree(PROJECT / "examples", tmp_path / "root"))
    before = plan_shards(root, tmp_path / "out", 2, ())
    shutil.copytree(root / "cases" / "DEMO-A", root / "cases" / "AAA")
    after = plan_shards(root, tmp_path / "out", 2, ())
    assert [row for row in after if row in before] == before
    assert [row[:3] for row in after if row not in before] == [("case", "s00004", "AAA")]


def test_what_every_case_rests_on_redoes_every_shard(tmp_path: Path) -> None:
    from musk_id.cli.shards import plan_shards, read_ids
    from musk_id.cli.workplace import Casework

    root, out = Path(shutil.copytree(PROJECT / "examples", tmp_path / "root")), tmp_path / "out"
    first = Casework(root).grounds()
    plan_shards(root, out, 2, first)
    lists = sorted(out.glob("shards/*/list.tsv"))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in lists}
    plan_shards(root, out, 2, Casework(root).grounds())
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in lists} == before
    laboratory = root / "laboratory.yaml"
    laboratory.write_text(laboratory.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    changed = Casework(root).grounds()
    # Software, laboratory, release, calibration of the release, figures of methods, tables of markers and rules.
    assert [ground.split()[0] for ground in first] == [
        "software",
        "laboratory",
        "release",
        "calibration",
        "method",
        "chemistry",
    ]
    assert [a == b for a, b in zip(first, changed, strict=True)] == [True, False, True, True, True, True]
    plan_shards(root, out, 2, changed)
    assert all(path.read_bytes() != before[path][0] for path in lists)
    assert sorted(i for path in lists for i in read_ids(path)) == sorted(
        ["DEMO-A", "DEMO-B", "DEMO-C", "DEMO-D", "DEMO-E", "DEMO-CHEM-1", "DEMO-DNA-1"]
    )
