"""The chemical tables that ship: their sources, their manifest, and what their rows hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from musk_id.errors import ReferenceDataError
from musk_id.kernels.formula import monoisotopic_mass
from musk_id.model.reference import ReferenceRelease
from musk_id.refdb.musk_tables import find_musk_tables, load_musk_tables, musk_table_files

DATABASE = Path(__file__).resolve().parents[2] / "reference_db"
SHIPPED, SOURCES = DATABASE / "chemistry" / "2026.1", DATABASE / "sources" / "chemistry-2026.1"


def test_the_shipped_tables_are_those_of_their_sources() -> None:
    files = musk_table_files(SOURCES)
    assert {path.name: path.read_bytes() for path in SHIPPED.iterdir()} == files
    assert find_musk_tables(DATABASE / "releases" / "2026.1") == SHIPPED


def test_a_changed_row_is_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "2026.1"))
    text = (copy / "rules.tsv").read_text(encoding="utf-8")
    (copy / "rules.tsv").write_text(text.replace("muscopyridine;normuscone", "normuscone"), encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=r"rules\.tsv differs"):
        load_musk_tables(copy)


@pytest.mark.parametrize(
    ("name", "before", "after", "told"),
    [
        ("markers.tsv", "541-91-3", "541-91-4", "check digit"),
        ("markers.tsv", "55;69;85;97;125;209;223;238", "55;69;85;97;125;209;223;239", "nominal mass 238"),
        ("markers.tsv", "55;69;85", "55;6x;85", "no whole number"),
        ("rules.tsv", "muscopyridine;normuscone", "muscopyridin", "no marker"),
        ("rules.tsv", "PERFUME;LIQUID", "PARFUM", "MaterialClass"),
        ("markers.tsv", "\ttestosterone\t", "\ttestosterone\t", ""),
    ],
)
def test_sources_that_contradict_themselves_are_refused(
    tmp_path: Path, name: str, before: str, after: str, told: str
) -> None:
    copy = Path(shutil.copytree(SOURCES, tmp_path / "sources"))
    text = (copy / name).read_text(encoding="utf-8")
    assert before in text
    (copy / name).write_text(text.replace(before, after), encoding="utf-8")
    if not told:
        assert musk_table_files(copy)
        return
    with pytest.raises(ReferenceDataError):
        musk_table_files(copy)


def test_markers_are_told_by_key_and_number_and_not_by_an_ambiguous_name(
    shipped_release: ReferenceRelease,
) -> None:
    markers = {m.marker_id: m for m in load_musk_tables(SHIPPED).markers}
    assert len(markers) == 48
    muscone, ketone = markers["muscone"], markers["musk-ketone"]
    assert (muscone.formula, muscone.cas, muscone.inchikey[:14]) == ("C16H30O", "541-91-3", "ALHUZKCOMYUFRB")
    assert (ketone.formula, ketone.cas) == ("C14H18N2O5", "81-14-1")
    assert round(monoisotopic_mass(muscone.formula)) == 238
    # The release states the same keys and formulas, drawn up apart from these tables.
    for known in shipped_release.markers:
        same = markers[known.marker_id]
        assert (same.inchikey, same.formula) == (known.inchikey, known.formula), known.marker_id
    # In the ambergris row a key is not known: it is told by its CAS number alone.
    assert [m.marker_id for m in markers.values() if m.inchikey == "-"] == ["ambrein"]


def test_every_rule_states_its_source_and_sets_nothing_aside_without_one() -> None:
    for rule in load_musk_tables(SHIPPED).rules:
        assert rule.source and (rule.found_any or rule.found_all or rule.not_found)
