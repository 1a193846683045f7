"""Spiked process controls from the run sheet to the answer that *Moschus* was not detected."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_reads import sequenced
from read_cases import BATCH, CASE, read_root

from musk_id.cli import main
from musk_id.model.spikes import Spike
from musk_id.model.values import DecimalText, Line
from musk_id.spike_vocabulary import SpikeUnit
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus


@pytest.fixture(scope="module")
def inserts(shipped_release) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in shipped_release.barcodes:
        if record.locus is Locus.RRNA_12S and record.state is CurationState.REFERENCE:
            found.setdefault(record.genus, record.sequence)
    return found


def spiked_root(folder: Path, inserts: dict[str, str], wells: list[tuple[str, int]], **changes: Any) -> Path:
    """An item with reads, and controls with so many reads of the spike at a level each; -1 is a missing file."""
    taxon = changes.get("taxon", "Ovis aries")
    # Of one short marker no other animal is named, a person is.
    own = {inserts["Sus"]: 60, inserts["Homo"]: 60}
    runs = {(extract, pcr): own for extract in (1, 2) for pcr in (1, 2)}
    root = read_root(folder, runs, **changes.get("root", {}))
    sheet = root / "batches" / BATCH / "sheet.yaml"
    content = yaml.safe_load(sheet.read_text(encoding="utf-8"))
    for number, (level, reads) in enumerate(wells, 1):
        names = [f"spike{number}_R{mate}.fastq" for mate in (1, 2)]
        if reads >= 0:
            made = folder / f"spike{number}"
            made.mkdir()
            mixture = {inserts["Sus"]: 60} | ({inserts[taxon.split(" ")[0]]: reads} if reads else {})
            for name, path in zip(names, sequenced(made, mixture, seed=40 + number), strict=True):
                shutil.move(path, sheet.parent / name)
        content["rows"].append(
            {
                "position": f"G{number}",
                "kind": "SPIKED_CONTROL",
                "locus": "12S-V5",
                "spike": {"taxon": taxon, "level": level, "unit": "COPIES"},
                "files": [{"path": name, "role": "READS"} for name in names],
            }
        )
    sheet.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return root


def examined(root: Path, out: Path) -> tuple[dict[str, Any], str]:
    assert main(["examine", str(root / "cases" / CASE), "--root", str(root), "--out", str(out)]) == 0
    folder = out / "cases" / CASE / "record"
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html")))
    return json.loads((folder / "record.json").read_bytes()), pages


def detection(record: dict[str, Any]) -> list[dict[str, Any]]:
    (controls,) = [c for c in record["controls"] if c["batch_id"] == BATCH]
    found: list[dict[str, Any]] = controls["detection"]
    return found


def said(record: dict[str, Any]) -> set[str]:
    answer = next(a for a in record["evidence"]["answers"] if a["kind"] == "MUSK_DEER_PRESENT")
    text = json.dumps(answer)
    return set(re.findall(r"dna\.[a-z_]+", text))


def test_levels_stand_beside_the_answer(tmp_path, inserts) -> None:
    wells = [("1000", 90)] * 3 + [("100", 40)] * 3 + [("10.0", 40), ("10", 2), ("10", 0), ("10", -1)]
    record, pages = examined(spiked_root(tmp_path, inserts, wells), tmp_path / "out")
    (found,) = detection(record)
    assert [(one["level"], one["detected"], one["replicates"]) for one in found["levels"]] == [
        ("10", 1, 3),
        ("100", 3, 3),
        ("1000", 3, 3),
    ]
    # Exact limits of 3 of 3: 0.025 ** (1/3) is 0.2924.
    assert (found["levels"][1]["lower_percent"], found["levels"][1]["upper_percent"]) == ("29.2", "100.0")
    assert (found["lowest_all"], found["lod95"], found["not_read"]) == ("100", None, 1)
    assert "Ovis aries: lowest level found, like every higher one, in all replicates: 100 copies." in pages
    assert "found in all 3 replicates at 100 copies" in pages and "for Moschus it was not determined" in pages
    assert {"dna.moschus_not_detected", "dna.spiked_copies"} <= said(record)


def test_a_higher_level_that_was_missed_speaks_against_lower_ones(tmp_path, inserts) -> None:
    wells = [("1000", 40), ("1000", 40), ("1000", 0), ("100", 40), ("100", 40), ("100", 40), ("10", 40), ("10", 0)]
    record, pages = examined(spiked_root(tmp_path, inserts, wells), tmp_path / "out")
    (found,) = detection(record)
    assert found["lowest_all"] is None and "dna.spiked_without_limit" in said(record)
    assert "no level with enough replicates" in pages


def test_the_blanks_count_against_the_spike_too(tmp_path, inserts) -> None:
    """Five reads of the spike in a blank: 40 are not ten times as many."""
    root = spiked_root(tmp_path, inserts, [("100", 40)] * 3, root={"blank": {inserts["Ovis"]: 5}})
    record, _ = examined(root, tmp_path / "out")
    (found,) = detection(record)
    assert [(one["detected"], one["replicates"]) for one in found["levels"]] == [(0, 3)]


def test_without_spiked_controls_it_is_said(tmp_path, inserts) -> None:
    record, pages = examined(spiked_root(tmp_path, inserts, []), tmp_path / "out")
    assert detection(record) == [] and "dna.moschus_not_detected" in said(record)
    assert "No process control with a spike was sequenced" in pages


def test_a_control_spiked_with_moschus_takes_out_every_marker(tmp_path, inserts) -> None:
    root = spiked_root(tmp_path, inserts, [("100", 40)], taxon="Moschus moschiferus")
    record, _ = examined(root, tmp_path / "out")
    (controls,) = [c for c in record["controls"] if c["batch_id"] == BATCH]
    assert controls["detection"] == [] and set(controls["invalid_loci"]) == set(RELEASE_MARKERS)
    assert "CONTROL_FAILED" in controls["reasons"]


@pytest.mark.parametrize(("level", "unit"), [("0", "COPIES"), ("-1", "COPIES"), ("101", "PERCENT")])
def test_impossible_levels_are_refused(level, unit) -> None:
    with pytest.raises(ValueError, match="a level of"):
        Spike(taxon=Line("Ovis aries"), level=DecimalText(level), unit=SpikeUnit(unit))
