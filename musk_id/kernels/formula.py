"""Monoisotopic mass of a molecular formula."""

from __future__ import annotations

import re
from decimal import Decimal

from musk_id.errors import ReferenceDataError

__all__ = ["ISOTOPE_MASSES", "atoms_of", "monoisotopic_mass"]

# Masses of the most abundant isotopes, unified atomic mass units:
# Wang et al. 2021, Chinese Physics C 45:030003 (AME2020), rounded to eight digits (below: to five).
ISOTOPE_MASSES = {
    "H": Decimal("1.00782503"),
    "C": Decimal(12),
    "N": Decimal("14.00307400"),
    "O": Decimal("15.99491462"),
    "F": Decimal("18.99840316"),
    "Si": Decimal("27.97692654"),
    "P": Decimal("30.97376200"),
    "S": Decimal("31.97207117"),
    "Cl": Decimal("34.96885270"),
    "Br": Decimal("78.91833760"),
    # Elements that only libraries of others hold, to the five digits that such records state.
    "D": Decimal("2.01410"),
    "Li": Decimal("7.01600"),
    "Be": Decimal("9.01218"),
    "B": Decimal("11.00931"),
    "Na": Decimal("22.98977"),
    "Mg": Decimal("23.98504"),
    "Al": Decimal("26.98154"),
    "K": Decimal("38.96371"),
    "Ca": Decimal("39.96259"),
    "Ti": Decimal("47.94794"),
    "V": Decimal("50.94396"),
    "Cr": Decimal("51.94050"),
    "Mn": Decimal("54.93804"),
    "Fe": Decimal("55.93494"),
    "Co": Decimal("58.93319"),
    "Ni": Decimal("57.93534"),
    "Cu": Decimal("62.92960"),
    "Zn": Decimal("63.92914"),
    "Ga": Decimal("68.92557"),
    "Ge": Decimal("73.92118"),
    "As": Decimal("74.92159"),
    "Se": Decimal("79.91652"),
    "Mo": Decimal("97.90540"),
    "Ru": Decimal("101.90434"),
    "Rh": Decimal("102.90549"),
    "Pd": Decimal("105.90348"),
    "Ag": Decimal("106.90509"),
    "Cd": Decimal("113.90337"),
    "Sn": Decimal("119.90220"),
    "Sb": Decimal("120.90381"),
    "Te": Decimal("129.90622"),
    "I": Decimal("126.90447"),
    "W": Decimal("183.95093"),
    "Pt": Decimal("194.96479"),
    "Au": Decimal("196.96657"),
    "Hg": Decimal("201.97064"),
    "Tl": Decimal("204.97443"),
    "Pb": Decimal("207.97665"),
    "Bi": Decimal("208.98040"),
}

_GROUP = re.compile(r"([A-Z][a-z]?)([1-9][0-9]{0,3})?")


def atoms_of(formula: str) -> dict[str, int]:
    """Number of atoms of each element that a formula names."""
    return {element: int(count or "1") for element, count in _GROUP.findall(formula)}


def monoisotopic_mass(formula: str) -> Decimal:
    """Mass of a formula such as ``C18H26O``, each element once.

    Raises
    ------
    ReferenceDataError
        If the formula has another form or an element that the table lacks.
    """
    groups = _GROUP.findall(formula)
    elements = [element for element, _ in groups]
    if not groups or "".join(element + count for element, count in groups) != formula:
        raise ReferenceDataError(f"'{formula[:60]}' is no molecular formula such as C18H26O")
    if len(set(elements)) != len(elements):
        raise ReferenceDataError(f"an element stands twice in the formula '{formula[:60]}'")
    unknown = sorted(set(elements) - set(ISOTOPE_MASSES))
    if unknown:
        raise ReferenceDataError(
            f"no mass is known here for {', '.join(unknown)} in '{formula[:60]}'",
            hint=f"elements with a mass: {', '.join(ISOTOPE_MASSES)}",
        )
    return sum((ISOTOPE_MASSES[element] * int(count or "1") for element, count in groups), Decimal(0))
