"""Cards of the methods in a record: the figures of the calibration, and a word where there are none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from musk_id.card_vocabulary import Characteristic
from musk_id.cli.examine import examine_case
from musk_id.cli.workplace import Casework
from musk_id.model.record import CaseRecord
from musk_id.records.canonical import canonical_bytes, canonical_json, parse_record
from musk_id.refdb.method_cards import CHARACTERISTICS, OF_THE_GENUS
from musk_id.render.catalogue import WHOLE_LANGUAGES, load_catalogue
from musk_id.render.pages.document import Annex, Cell, Heading, Table
from musk_id.render.pages.measured_cards import measure_key
from musk_id.render.pages.method_cards import card_blocks
from musk_id.vocabulary import Language, Locus

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
        assert [row[0].split(" | ")[0] for row in rows] == ["moschus-barcode-1"] * 2
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


def test_figures_of_further_methods_are_those_of_their_files(record: CaseRecord) -> None:
    """Naming other animals: on paper the ends of each measure, in the annex the strata and the file as well."""
    rows = {}
    for path in sorted((PROJECT / "validation").glob("barcode-accuracy*.json")):
        for row in json.loads(path.read_bytes())["rows"]:
            if row["method"] == "general-mammal-2" and not row["peer"] and row["n"]:
                rows.setdefault((row["locus"], row["measure"]), []).append(row)
    assert [(str(card.method), card.locus) for card in record.method_cards] == [
        ("general-mammal-2", Locus.RRNA_12S),
        ("general-mammal-2", Locus.RRNA_16S),
    ]
    for language in WHOLE_LANGUAGES:
        catalogue = load_catalogue(language)
        blocks = card_blocks(record, catalogue)
        _, table = (block for block in blocks if isinstance(block, Table))
        (annex,) = (block for block in blocks if isinstance(block, Annex))
        full = [b for b in annex.blocks if isinstance(b, Table)][-2:]
        told = [entry for card in record.method_cards for entry in card.ranges]
        assert len(table.rows) == len(told) == sum(len(t.rows) for t in full) == 6
        places = [card.locus.value for card in record.method_cards for _ in card.ranges]  # type: ignore[union-attr]
        wrong = catalogue.label("card_measure.genus_wrong")
        assert sum(wrong in _text(row[1]) for row in table.rows) == 2
        long_rows = [row for t in full for row in t.rows]
        for place, entry, row, long_row in zip(places, told, table.rows, long_rows, strict=True):
            if entry.characteristic is Characteristic.SENSITIVITY:
                continue
            shares = [(r["k"] / r["n"], r["k"], r["n"]) for r in rows[place, entry.measure]]
            assert _text(long_row[1]) == str(len(shares))
            for cell_, end in ((row[2], min(shares)), (row[3], max(shares))):
                k, n = re.match(r"(\d+)/(\d+) \(", _text(cell_)).groups()  # type: ignore[union-attr]
                assert int(k) / int(n) == pytest.approx(end[0])
            assert entry.lowest.stratum in _text(long_row[2]) and "barcode-accuracy.json" in _text(long_row[4])


def test_every_measure_has_words_in_both_languages() -> None:
    for measures in CHARACTERISTICS.values():
        for measure in (*measures, *OF_THE_GENUS):
            for language in WHOLE_LANGUAGES:
                assert load_catalogue(language).label(f"card_measure.{measure_key(measure)}")


def test_the_full_card_is_an_annex_with_every_stratum(record: CaseRecord) -> None:
    (annex,) = [b for b in card_blocks(record, load_catalogue(Language.EN)) if isinstance(b, Annex)]
    tables = [block for block in annex.blocks if isinstance(block, Table)][:2]
    assert len([block for block in annex.blocks if isinstance(block, Heading)]) == 4
    assert record.calibration is not None
    for figures, table in zip(record.calibration.comparisons, tables, strict=True):
        assert len(table.rows) == len({entry.stratum for entry in figures.errors}) >= 4


def test_methods_without_figures_are_named_and_materials_are_said_not_to_be_measured() -> None:
    record = _record("DEMO-C")
    catalogue = load_catalogue(Language.EN)
    blocks = card_blocks(record, catalogue)
    assert [_text(row[0]) for row in _table(blocks).rows] == ["ei-identify-1"]
    # A ranking of spectra has figures; no rate stands without the sentence on what it is not.
    assert [str(card.method) for card in record.method_cards] == ["ei-ranking-1"]
    assert catalogue.label("errors.sentence") in str(blocks[1])
    assert "(pill)" in str(blocks[3])


def test_records_made_before_have_no_cards_of_further_methods(record: CaseRecord) -> None:
    tree = json.loads(canonical_json(record))
    assert tree.pop("method_cards")
    older = parse_record(CaseRecord, canonical_bytes(tree), "record.json")
    assert older.method_cards == ()
    (table,) = (b for b in card_blocks(older, load_catalogue(Language.EN)) if isinstance(b, Table))
    assert _text(table.rows[-1][0]) == "general-mammal-2"
    assert _text(table.rows[-1][1]) == load_catalogue(Language.EN).label("card.no_figures")
