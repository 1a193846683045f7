"""Formulas that a macrocycle or steroid can have, and those that none can."""

from __future__ import annotations

import csv
import gzip

import pytest
from refdata import REFDATA, needs_refdata

from musk_id.formats.msp import read_msp
from musk_id.kernels.formula_class import may_be_macrocycle_or_steroid, rings_and_double_bonds


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("C6H6O", 4), ("C16H30O", 2), ("C27H46O", 5), ("CH4", 0), ("C18H18O2", 10), ("C15H26O4", 3)],
)
def test_rings_and_double_bonds_are_those_of_the_structure(formula: str, expected: int) -> None:
    assert rings_and_double_bonds(formula) == expected


@pytest.mark.parametrize(
    "formula",
    # Sitosterol, stigmasterol, campesterol, oestrone, progesterone, cyclododecanone, hexadecanolide, ambrettolide.
    ["C29H50O", "C29H48O", "C28H48O", "C18H22O2", "C21H30O2", "C12H22O", "C16H30O2", "C16H28O2"],
)
def test_sterols_and_macrocycles_outside_of_the_tables_are_asked_for_an_index(formula: str) -> None:
    assert may_be_macrocycle_or_steroid(formula)


@pytest.mark.parametrize(
    "formula", ["C6H6O", "C16H32O2", "C14H18N2O5", "C16H22O4", "C10H16O", "C27H56", "C18H26OS"]
)
def test_other_compounds_are_not(formula: str) -> None:
    assert not may_be_macrocycle_or_steroid(formula)


@needs_refdata
def test_every_marker_of_the_classes_and_every_public_sterol_by_name_is_one() -> None:
    from chemistry_cases import library

    for marker in library().by_index:
        # Muscol, a saturated ring with a hydroxyl, has the formula of every open-chain ketone; the table knows it.
        if marker.marker_id != "muscol":
            assert may_be_macrocycle_or_steroid(marker.formula), marker.marker_id
    path = REFDATA / "spectra" / "massbank" / "massbank_ei.msp.gz"
    ends = ("STEROL", "STANOL", "STERONE", "CYCLOPENTADECANONE", "PENTADECANOLIDE", "HEXADECANOLIDE")
    found = [s for s in read_msp(path) if s.name.upper().endswith(ends) and "SILYL" not in s.name.upper()]
    named = {s.name: s.field("formula") or "" for s in found}
    assert len(named) >= 30
    assert [name for name, formula in named.items() if not may_be_macrocycle_or_steroid(formula)] == []


@needs_refdata
def test_the_share_of_public_compounds_that_are_asked_is_told() -> None:
    path = REFDATA / "spectra" / "massbank" / "massbank_ei_pools.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        formulas = {
            r["inchikey14"]: r["formula"] for r in csv.DictReader(handle, delimiter="\t") if r["pool_D"] == "1"
        }
    asked = sum(map(may_be_macrocycle_or_steroid, formulas.values()))
    print(f"{asked} of {len(formulas)} compounds of pool D")
    assert 0 < asked < len(formulas) // 4
