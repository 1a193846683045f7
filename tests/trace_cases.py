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
    sheet_rows: tuple[Mapping[str, Any], ...] | None = None,
) -> Path:
    """Copy of the examples in which ``DEMO-A`` has these runs, each of a forward and a reverse trace.

    All runs are of extract ``A1-S1-E1``, the n-th one at position ``A<n>``; ``changes`` are fields of every run.
    The run sheet has a row for each run, or ``sheet_rows``.
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
            "position": f"A{number}",
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
    controls = [row for row in content["rows"] if row["kind"] != "EXHIBIT"]
    content["rows"] = [{**row, "position": f"H{i}"} for i, row in enumerate(controls, 1)]
    own = [product["runs"][0] for product in products]
    default = [{"position": run["position"], "kind": "EXHIBIT", "sample": run["run_id"]} for run in own]
    content["rows"] += [dict(row) for row in (default if sheet_rows is None else sheet_rows)]
    sheet.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return root
