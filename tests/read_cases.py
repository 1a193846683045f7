"""A laboratory root with one case whose runs are sequencing reads, written for a test."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from made_reads import sequenced

__all__ = ["BATCH", "CASE", "OTHER", "Runs", "changed", "read_root", "two_cases"]

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CASE = "DEMO-A"
BATCH = "DEMO-DNA-1"
OTHER = "DEMO-OTHER"

Runs = Mapping[tuple[int, int], Mapping[str, int]]
"""Inserts and their reads by number of the extract and of its amplification."""


def _files(folder: Path, name: str, inserts: Mapping[str, int], seed: int) -> list[dict[str, str]]:
    work = folder / f"{name}-made"
    work.mkdir()
    names = []
    for mate, path in enumerate(sequenced(work, dict(inserts), seed=seed), 1):
        target = f"{name}_R{mate}.fastq"
        shutil.move(path, folder / target)
        names.append({"path": target, "role": "READS"})
    work.rmdir()
    return names


def read_root(
    folder: Path,
    runs: Runs,
    *,
    blank: Mapping[str, int] | None = MappingProxyType({}),
    batch: bool = True,
    seed: int = 1,
) -> Path:
    """Copy of the examples in which the item of ``DEMO-A`` has reads of 12S-V5.

    The PCR negative has reads, too: none by default; with ``None`` it was not sequenced.
    """
    root = Path(shutil.copytree(EXAMPLES, folder / "root"))
    case = root / "cases" / CASE
    path = case / "examination.yaml"
    examination = yaml.safe_load(path.read_text(encoding="utf-8"))
    own: dict[str, Any] = {"batch_id": BATCH} if batch else {}
    extracts: dict[int, dict[str, Any]] = {}
    rows = []
    for number, ((extract, amplification), inserts) in enumerate(runs.items(), 1):
        name = f"A1-S1-E{extract}-P{amplification}"
        entry = extracts.setdefault(
            extract, {"extract_id": f"A1-S1-E{extract}", "kind": "DNA", "products": [], **own}
        )
        run = {
            "run_id": f"R{number}",
            "technique": "SEQUENCING_READS",
            "date": "2026-02-25",
            "position": f"A{number}",
            "files": _files(case, f"R{number}", inserts, seed + number),
            **own,
        }
        entry["products"].append({"product_id": name, "locus": "12S-V5", "runs": [run], **own})
        rows.append({"position": f"A{number}", "kind": "EXHIBIT", "sample": f"R{number}", "locus": "12S-V5"})
    examination["items"][0]["sub_samples"][0]["extracts"] = list(extracts.values())
    examination["items"] = examination["items"][:1]
    path.write_text(yaml.safe_dump(examination, allow_unicode=True), encoding="utf-8")
    sheet = root / "batches" / BATCH / "sheet.yaml"
    content = yaml.safe_load(sheet.read_text(encoding="utf-8"))
    controls = [row for row in content["rows"] if row["kind"] != "EXHIBIT"]
    controls = [{**row, "position": f"H{i}"} for i, row in enumerate(controls, 1)]
    if blank is not None:
        row = next(row for row in controls if row["kind"] == "PCR_NEGATIVE" and row.get("locus") == "12S-V5")
        row["files"] = _files(sheet.parent, "blank", blank, seed)
    content["rows"] = controls + rows
    sheet.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return root


def changed(path: Path, change: Any) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def two_cases(folder: Path, own: dict[str, int], other: dict[str, int], blank: dict[str, int]) -> Path:
    """Two amplifications of an item, and one of another case at C1 whose row names it."""
    root = read_root(folder, {(1, 1): own, (2, 1): own}, blank=blank)
    case = root / "cases" / OTHER
    shutil.copytree(root / "cases" / CASE, case)
    made = folder / "made"
    made.mkdir()
    for mate, path in enumerate(sequenced(made, other, seed=9), 1):
        shutil.move(path, case / f"R1_R{mate}.fastq")

    def of_other(content: Any) -> None:
        content["case_id"] = OTHER
        extracts = content["items"][0]["sub_samples"][0]["extracts"]
        del extracts[1:]
        extracts[0]["products"][0]["runs"][0]["position"] = "C1"

    changed(case / "examination.yaml", of_other)
    changed(case / "request.yaml", lambda content: content.update(case_id=OTHER))

    def rows(content: Any) -> None:
        for row in content["rows"]:
            if row["kind"] == "EXHIBIT":
                row.update(case_id=CASE, run_id=row["sample"])
        content["rows"].append(
            {
                "position": "C1",
                "kind": "EXHIBIT",
                "sample": "R1",
                "case_id": OTHER,
                "run_id": "R1",
                "locus": "12S-V5",
            }
        )

    changed(root / "batches" / BATCH / "sheet.yaml", rows)
    return root
