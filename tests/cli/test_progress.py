"""The bar of a run: what the jobs tell, what is counted, and that nothing is drawn where no terminal is."""

from __future__ import annotations

import io
import os
import pty
import time
from pathlib import Path

import pytest

from musk_id.cli.progress import STAGE_WEIGHTS, RunProgress, cases_told, told_line, work_done


def test_each_case_counts_as_it_happens_and_a_killed_job_begins_anew(tmp_path: Path) -> None:
    folder = tmp_path / "shards" / "s00001"
    folder.mkdir(parents=True)
    shards = {"s00001": 4}
    for stage in ("intake", "barcode", "spectra", "evidence"):
        (folder / f"{stage}.jsonl").write_bytes(b"")
    before = 4 * sum(STAGE_WEIGHTS[s] for s in ("intake", "barcode", "spectra", "evidence")) / 100
    assert work_done(tmp_path, shards) == (before, 0)
    with cases_told(folder, "record") as tell:
        for number in range(1, 4):
            tell()
            assert work_done(tmp_path, shards)[0] == pytest.approx(before + number * STAGE_WEIGHTS["record"] / 100)
        # A job that was killed left its bytes; the next begins at none.
        with cases_told(folder, "record"):
            assert work_done(tmp_path, shards)[0] == before
    assert list(folder.glob(".*")) == []
    for stage in ("record", "seal"):
        (folder / f"{stage}.jsonl").write_bytes(b"")
    assert work_done(tmp_path, shards) == (4.0, 4)


def test_the_line_tells_rate_and_time_left_of_this_run_alone() -> None:
    # 100 cases were done before; this run did 50 in 100 s, and 850 are left: 0.5 cases/s, 1,700 s.
    line = told_line(150.0, 120, 1000, 100.0, 100.0)
    assert line == "[###---------------------] 15 %, finished 120 of 1000 cases, 0.50 cases/s, 28 min 20 s left"
    assert told_line(100.0, 100, 1000, 100.0, 5.0).endswith("finished 100 of 1000 cases")
    assert "3.00 cases/min, 5 h 20 min left" in told_line(40.0, 0, 1000, 0.0, 800.0)
    assert told_line(0.0, 0, 0, 0.0, 1.0).startswith("[########################] 100 %")


def test_nothing_is_drawn_on_anything_but_a_terminal(tmp_path: Path) -> None:
    stream = io.StringIO()
    bar = RunProgress(tmp_path, {"s00001": 1}, stream)
    bar.start()
    bar.stop()
    assert stream.getvalue() == ""


def test_a_terminal_shows_the_bar(tmp_path: Path) -> None:
    folder = tmp_path / "shards" / "s00001"
    folder.mkdir(parents=True)
    upper, lower = pty.openpty()
    with os.fdopen(lower, "w", encoding="utf-8") as stream:
        bar = RunProgress(tmp_path, {"s00001": 2}, stream)
        bar.start()
        time.sleep(0.2)
        for stage in STAGE_WEIGHTS:
            (folder / f"{stage}.jsonl").write_bytes(b"")
        bar.stop()
        text = os.read(upper, 4096).decode("utf-8")
    os.close(upper)
    assert "100 %, finished 2 of 2 cases" in text
    assert " cases/s" in text


def test_a_pipe_or_a_link_in_the_place_of_the_bytes_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("precious", encoding="ascii")
    os.mkfifo(tmp_path / ".intake.progress")
    os.link(tmp_path / "other", tmp_path / ".barcode.progress")
    (tmp_path / ".spectra.progress").symlink_to(tmp_path / "other")
    for stage in ("intake", "barcode", "spectra"):
        with cases_told(tmp_path, stage) as tell:
            tell()
            assert (tmp_path / f".{stage}.progress").read_bytes() == b"."
    assert (tmp_path / "other").read_text(encoding="ascii") == "precious"
