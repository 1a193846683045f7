"""Method cards of the page of figures: the ends of each measure are those of its rows."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from musk_id.refdb.method_cards import CHARACTERISTICS, SHIPPED_CARDS, method_cards, shipped_cards

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
    cards = page[page.index("## Method cards") : page.index(f"## {min(path.name for path in FILES)}\n")]
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
            if measure.startswith("called Moschus"):
                # A call is right for the genus' own records and wrong for all others.
                own = [r for r in rows if re.search(r"\bMoschus records|individuals of Moschus", r["stratum"])]
                rows = own if kind == "sensitivity" else [r for r in rows if r not in own]
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
    cards = page[: page.index(f"## {min(path.name for path in FILES)}\n")]
    named = {measure for measures in CHARACTERISTICS.values() for measure in measures}
    wanted = {
        f"### {row['method']}, {row['locus'] or row['technique']}"
        for _, row in _rows()
        if (row["locus"] or row["technique"]) and row["n"] and not row["peer"] and row["measure"] in named
    }
    assert len(wanted) >= 8
    assert wanted == set(re.findall(r"### .+", cards))
    assert "measured on a class of material" in " ".join(cards.split())


def test_the_cards_of_records_are_those_of_the_files() -> None:
    shipped = shipped_cards()
    assert shipped == method_cards(FILES), "run make validation"
    assert SHIPPED_CARDS.stat().st_size < 100_000
    # Each end of each measure is a row of the file that it names, limits and all.
    rows = {
        (name, r["method"], r["locus"] or r["technique"], r["measure"], r["stratum"], r["k"], r["n"])
        for name, r in _rows()
    }
    for card in shipped.cards:
        where = (card.locus or card.technique).value  # type: ignore[union-attr]
        for entry in card.ranges:
            for end in (entry.lowest, entry.highest):
                key = (entry.file, card.method, where, entry.measure, end.stratum, end.k, end.n)
                assert key in rows and (end.lower is not None or end.upper is not None)
            assert entry.lowest.k * entry.highest.n <= entry.highest.k * entry.lowest.n


def test_a_call_of_the_genus_is_right_for_its_own_records_and_wrong_for_others() -> None:
    told = [
        (entry.characteristic.value, entry.highest)
        for card in shipped_cards().cards
        for entry in card.ranges
        if entry.measure.startswith("called Moschus")
    ]
    assert {kind for kind, _ in told} == {"SENSITIVITY", "SPECIFICITY"}
    for kind, end in told:
        assert ("Moschus records" in end.stratum or "individuals of Moschus" in end.stratum) is (
            kind == "SENSITIVITY"
        )
        assert kind == "SENSITIVITY" or end.k == 0
