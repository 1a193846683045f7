"""What the record of a spectrum states of its precursor: m/z, charge sign, stage of mass spectrometry."""

from __future__ import annotations

import re

from musk_id.model.spectrum import MassSpectrum
from musk_id.stages.stated_conditions import stated_ionisation, stated_level

__all__ = ["Polarity", "stated_polarity", "stated_precursor_mz", "why_no_product_ions"]

Polarity = int
"""1 positive ions, -1 negative ones, 0 not stated."""

MAX_PRECURSOR_MZ = 100_000.0
_PRECURSOR_FIELDS = (
    "precursormz",
    "precursor_mz",
    "precursor m/z",
    "pepmass",
    "ms$focused_ion precursor_m/z",
    "parent_mass_mz",
)
_MODE_FIELDS = (
    "ion_mode",
    "ionmode",
    "ion mode",
    "ionization mode",
    "polarity",
    "ac$mass_spectrometry ion_mode",
    "charge",
    "precursor_type",
    "precursortype",
    "adduct",
    "ms$focused_ion precursor_type",
)
# A whole number up to a blank (an intensity may follow): of "2.4e2" or "239,24" the beginning says something else.
_NUMBER = re.compile(r"\s*((?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)(?=\s|$)")
_POSITIVE = re.compile(r"p(?:os(?:itive)?)?|\+|[0-9]*\+|\+[0-9]+|.*\][0-9]*\+", re.IGNORECASE)
_NEGATIVE = re.compile(r"n(?:eg(?:ative)?)?|-|[0-9]+-|-[0-9]+|.*\][0-9]*-", re.IGNORECASE)
_ELECTRONS = re.compile(r"\bEI\b", re.IGNORECASE)


def stated_precursor_mz(spectrum: MassSpectrum) -> str | None:
    """m/z of the precursor as written, above 0; ``None`` where none is stated, or none that an ion can have."""
    for name in _PRECURSOR_FIELDS:
        match = _NUMBER.match(spectrum.field(name) or "")
        if match is not None and 0 < float(match[1]) <= MAX_PRECURSOR_MZ:
            return match[1]
    return None


def stated_polarity(spectrum: MassSpectrum) -> Polarity:
    """Sign of the ions, by the first field that states one."""
    for name in _MODE_FIELDS:
        value = (spectrum.field(name) or "").strip()
        if _POSITIVE.fullmatch(value):
            return 1
        if _NEGATIVE.fullmatch(value):
            return -1
    return 0


def why_no_product_ions(spectrum: MassSpectrum) -> str | None:
    """What a record states against its being a spectrum of product ions of one precursor (MS2), or ``None``."""
    level, number = stated_level(spectrum)
    if number is not None and number != 2:
        return f"stage {level}"
    ionisation = stated_ionisation(spectrum) or ""
    return f"ionisation {ionisation[:40]}" if number is None and _ELECTRONS.search(ionisation) else None
