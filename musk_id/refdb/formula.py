"""Monoisotopic mass of a molecular formula."""

from __future__ import annotations

import re
from decimal import Decimal

from musk_id.errors import ReferenceDataError

__all__ = ["ISOTOPE_MASSES", "monoisotopic_mass"]

# Masses of the most abundant isotopes, unified atomic mass units:
# Wang et al. 2021, Chinese Physics C 45:030003 (AME2020), rounded to eight digits.
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
}

_GROUP = re.compile(r"([A-Z][a-z]?)([1-9][0-9]{0,3})?")


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
