"""Sequencing reads of two cases of one batch through the workflow: the bytes that one case at a time gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from read_cases import CASE, OTHER, two_cases
from snakemake_runs import content_of, snakemake

from musk_id.cli import main
from musk_id.vocabulary import CurationState, Locus


def test_two_cases_of_reads_give_the_bytes_that_each_gives_alone(tmp_path: Path, shipped_release) -> None:
    inserts = {
        record.genus: record.sequence
        for record in shipped_release.barcodes
        if record.locus is Locus.RRNA_12S and record.state is CurationState.REFERENCE
    }
    own = {inserts["Sus"]: 120, inserts["Moschus"]: 40}
    root = two_cases(tmp_path, own, {inserts["Bos"]: 150}, {inserts["Sus"]: 1})
    for case in (root / "cases").iterdir():
        if case.name not in (CASE, OTHER):
            shutil.rmtree(case)
    done = snakemake(root, tmp_path / "jobs", cores=1, PYTHONHASHSEED="5")
    assert done.returncode == 0, done.stderr
    for case in (CASE, OTHER):
        assert (
            main(["examine", str(root / "cases" / case), "--root", str(root), "--out", str(tmp_path / "one")]) == 0
        )
    content = content_of(tmp_path / "one" / "cases")
    assert content == content_of(tmp_path / "jobs" / "cases")
    found = {case: json.loads(content[f"{case}/record/record.json"])["barcode"] for case in (CASE, OTHER)}
    assert [item["moschus"] for item in found[CASE]["items"]] == ["DETECTED"]
    assert [item["moschus"] for item in found[OTHER]["items"]] == ["INCONCLUSIVE"]
    assert all(run["used"] > 140 for barcode in found.values() for run in barcode["read_runs"])
