"""Cards of the methods in a record: the figures of the calibration, and a word where there are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
from musk_id.render.pages.document import Annex, Cell, Heading, Table
from musk_id.render.pages.method_cards import card_blocks
from musk_id.vocabulary import Language

PROJECT = Path(__file__).resolve().parents[2]
CALIBRATION = PROJECT / "reference_db" / "calibration" / "2026.1" / "calibration.json"


def _record(case: str) -> CaseRecord:
    return examine_case(Casework(PROJECT / "examples"), PROJECT / "examples" / "cases" / case)


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    return _record("DEMO-A")


def _text(cell: Cell) -> str:
    return " | ".join("".join(span.text for span in line) for line in cell).replace("\u00a0", " ")


def _table(blocks: list[object]) -> Table:
    return next(block for block in blocks if isinstance(block, Table))


def test_the_short_card_holds_the_figures_of_the_calibration(record: CaseRecord) -> None:
    tree = {entry["locus"]: entry["windows"][0] for entry in json.loads(CALIBRATION.read_bytes())["loci"]}
    for language in WHOLE_LANGUAGES:
        catalogue = load_catalogue(language)
        rows = [tuple(map(_text, row)) for row in _table(card_blocks(record, catalogue)).rows]
        assert [row[0].split(" | ")[0] for row in rows] == [
            "moschus-barcode-1",
            "moschus-barcode-1",
            "general-mammal-2",
        ]
        for row, locus, radius, margin in zip(rows, ("12S-V5", "16S-mam"), ("2", "3"), ("2", "3"), strict=False):
            panel = tree[locus]["target"]["panel"]
            assert row[1].startswith(f"{panel['called']}/{panel['records']} (≤ {panel['called_upper']})")
            counts = {
                entry["withheld"]: entry
                for entry in tree[locus]["errors"]
                if (entry["stratum"], entry["radius"], entry["margin"]) == ("BELOW_2_PERCENT", radius, margin)
            }
            for place, withheld in enumerate(("INDIVIDUAL", "SPECIES")):
                found = counts[withheld]
                assert f"{found['wrong']}/{found['n']} (≤ {found['wrong_upper']})" in row[2].split(" | ")[place]
                assert f"{found['right']}/{found['n']} (≥ {found['right_lower']})" in row[3].split(" | ")[place]
                assert row[4].split(" | ")[place].endswith(str(found["none"]))
                assert found["right"] + found["wrong"] + found["none"] == found["n"]
        assert rows[2][1] == catalogue.label("card.no_figures") and rows[2][2:] == ("-", "-", "-")


def test_the_full_card_is_an_annex_with_every_stratum(record: CaseRecord) -> None:
    (annex,) = [b for b in card_blocks(record, load_catalogue(Language.EN)) if isinstance(b, Annex)]
    tables = [block for block in annex.blocks if isinstance(block, Table)]
    assert len(tables) == len([block for block in annex.blocks if isinstance(block, Heading)]) == 2
    assert record.calibration is not None
    for figures, table in zip(record.calibration.comparisons, tables, strict=True):
        assert len(table.rows) == len({entry.stratum for entry in figures.errors}) >= 4


def test_methods_without_figures_are_named_and_materials_are_said_not_to_be_measured() -> None:
    record = _record("DEMO-C")
    catalogue = load_catalogue(Language.EN)
    blocks = card_blocks(record, catalogue)
    assert [_text(row[0]) for row in _table(blocks).rows] == ["ei-identify-1"]
    assert not any(isinstance(block, Annex) for block in blocks)
    assert "(pill)" in str(blocks[1])
