"""Monoisotopic masses against published values."""

from __future__ import annotations

from decimal import Decimal

import pytest

from musk_id.errors import ReferenceDataError
from musk_id.kernels.formula import atoms_of, monoisotopic_mass


# Published monoisotopic masses: PubChem CID 702 (ethanol), 5997 (cholesterol), 2519 (caffeine).
@pytest.mark.parametrize(
    ("formula", "published"),
    [("C2H6O", "46.041864811"), ("C27H46O", "386.354866087"), ("C8H10N4O2", "194.08037557")],
)
def test_masses_agree_with_published_ones(formula: str, published: str) -> None:
    assert abs(monoisotopic_mass(formula) - Decimal(published)) < Decimal("0.000001")


# Exact masses as MassBank records print such compounds: iodomethane, tetraethyltin, phenylboronic acid.
@pytest.mark.parametrize(
    ("formula", "published"), [("CH3I", "141.92795"), ("C8H20Sn", "236.05870"), ("C6H7BO2", "122.05391")]
)
def test_masses_of_elements_that_only_libraries_hold(formula: str, published: str) -> None:
    assert abs(monoisotopic_mass(formula) - Decimal(published)) < Decimal("0.0001")


def test_atoms_are_counted() -> None:
    assert atoms_of("C12H7Br3O") == {"C": 12, "H": 7, "Br": 3, "O": 1}
    assert atoms_of("") == {}


@pytest.mark.parametrize("formula", ["", "c2h6o", "C2H6O ", "C02H6", "C2(H3)2", "C2H6O+", "2C", "C99999"])
def test_text_that_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(ReferenceDataError, match="no molecular formula"):
        monoisotopic_mass(formula)


def test_repeated_element_is_refused() -> None:
    with pytest.raises(ReferenceDataError, match="stands twice"):
        monoisotopic_mass("CH3CH2OH")


def test_element_without_mass_is_named() -> None:
    with pytest.raises(ReferenceDataError, match="Xx"):
        monoisotopic_mass("C2Xx")
