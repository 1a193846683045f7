"""A laboratory root with one case whose runs are Sanger traces, written for a test."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CASE = "DEMO-A"


def trace_root(
    folder: Path,
    runs: Mapping[str, tuple[bytes | None, bytes | None]],
    *,
    locus: str | None = "COI-658",
    changes: Mapping[str, Any] | None = None,
    sheet_rows: tuple[Mapping[str, Any], ...] = (),
) -> Path:
    """Copy of the examples in which ``DEMO-A`` has these runs, each of a forward and a reverse trace.

    ``changes`` are fields of every run; the first run is of extract ``A1-S1-E1``, later ones too.
    """
    root = Path(shutil.copytree(EXAMPLES, folder / "root"))
    case = root / "cases" / CASE
    path = case / "examination.yaml"
    examination = yaml.safe_load(path.read_text(encoding="utf-8"))
    products = []
    for number, (run_id, traces) in enumerate(runs.items(), 1):
        files = []
        for role, data in zip(("TRACE_FORWARD", "TRACE_REVERSE"), traces, strict=True):
            if data is not None:
                name = f"{run_id}_{role[6]}.ab1"
                (case / name).write_bytes(data)
                files.append({"path": name, "role": role})
        run = {
            "run_id": run_id,
            "technique": "SANGER_TRACE",
            "date": "2026-02-25",
            "batch_id": "DEMO-DNA-1",
            "position": "A1",
            "files": files,
            **(changes or {}),
        }
        product = {"product_id": f"A1-S1-E1-P{number}", "batch_id": "DEMO-DNA-1", "runs": [run]}
        products.append(product | ({"locus": locus} if locus else {}))
    extract = examination["items"][0]["sub_samples"][0]["extracts"][0]
    extract["products"] = products
    path.write_text(yaml.safe_dump(examination, allow_unicode=True), encoding="utf-8")
    sheet = root / "batches" / "DEMO-DNA-1" / "sheet.yaml"
    content = yaml.safe_load(sheet.read_text(encoding="utf-8"))
    # The demonstration's blank stands at A1, where these runs are.
    content["rows"] = [{**row, "position": f"H{i}"} for i, row in enumerate(content["rows"], 1)]
    content["rows"] += [dict(row) for row in sheet_rows]
    sheet.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return root
