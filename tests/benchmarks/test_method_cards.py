"""Method cards of the page of figures: the ends of each measure are those of its rows."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FILES = sorted((PROJECT / "validation").glob("*.json"))


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_validation", PROJECT / "scripts" / "write_validation.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rows() -> list[tuple[str, dict[str, Any]]]:
    return [(path.name, row) for path in FILES for row in json.loads(path.read_bytes())["rows"]]


def test_the_ends_of_each_measure_are_its_lowest_and_highest_share(writer: ModuleType) -> None:
    page = writer.page(FILES)
    cards = page[page.index("## Method cards") : page.index("## barcode-accuracy-split.json")]
    told = 0
    for title, body in re.findall(r"### ([^\n]+)\n(.*?)(?=### |\Z)", cards, re.DOTALL):
        method, _, marker = title.rpartition(", ")
        for line in body.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if len(cells) != 6 or cells[0] in ("characteristic", "---") or line.startswith("|---"):
                continue
            kind, measure, strata, lowest, highest, name = cells
            rows = [
                row
                for file, row in _rows()
                if (file, row["method"], row["locus"] or row["technique"], row["measure"])
                == (name, method, marker, measure)
                and not row["peer"]
                and row["n"]
            ]
            if kind == "sensitivity":
                possible = [r for r in rows if "genus withheld" not in r["stratum"]]
                possible = [r for r in possible if "its genus left out" not in r["stratum"]]
                rows = [r for r in possible if "no congener held" not in r["stratum"]]
                if measure.startswith("species"):
                    rows = [r for r in rows if "species withheld" not in r["stratum"]]
            shares = [row["k"] / row["n"] for row in rows]
            assert int(strata) == len(rows) > 0
            for cell, share in ((lowest, min(shares)), (highest, max(shares))):
                k, n = re.match(r"(\d+)/(\d+)", cell).groups()  # type: ignore[union-attr]
                assert int(k) / int(n) == pytest.approx(share)
            told += 1
    assert told > 30


def test_every_method_and_marker_with_a_rate_has_a_card_and_says_that_no_material_was_measured(
    writer: ModuleType,
) -> None:
    page = writer.page(FILES)
    cards = page[: page.index("## barcode-accuracy-split.json")]
    named = {measure for measures in writer.CHARACTERISTICS.values() for measure in measures}
    wanted = {
        f"### {row['method']}, {row['locus'] or row['technique']}"
        for _, row in _rows()
        if (row["locus"] or row["technique"]) and row["n"] and not row["peer"] and row["measure"] in named
    }
    assert len(wanted) >= 8
    assert wanted == set(re.findall(r"### .+", cards))
    assert "measured on a class of material" in " ".join(cards.split())
