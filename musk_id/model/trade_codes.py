"""Codes of the CITES annual report for what an item is and for its quantity, as rows with their source.

Which code a declaration or a report of a Party carries is for its Management Authority to say; a record names the
codes that fit what a morphologist found.
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.form_vocabulary import SpecimenPart
from musk_id.model.reference import Verification
from musk_id.model.values import Line, Text
from musk_id.vocabulary import MaterialClass

__all__ = ["MASS_UNIT", "NUMBER_UNIT", "PARTS", "TERM_CODES", "CodeRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A code with its meaning as listed; ``code`` is absent where a list writes nothing."""

    code: Line | None
    meaning: Line
    verification: Verification


_LISTS = Verification(
    source_document=Text(
        "Code lists of the CITES Trade Database as its public upload program (UNEP-WCMC SAPI) holds them; "
        "the guidelines for annual reports in force were not read."
    )
)


def _row(code: str | None, meaning: str) -> CodeRow:
    return CodeRow(code=None if code is None else Line(code), meaning=Line(meaning), verification=_LISTS)


_MUSK, _MEDICINE = _row("MUS", "musk"), _row("MED", "medicine")
_DERIVATIVES, _EXTRACT = _row("DER", "derivatives"), _row("EXT", "extract")

# Codes that may describe a material if it is of musk deer; several where the list leaves a choice, none where the
# material was not determined or no code of the list is known to fit.
TERM_CODES: dict[MaterialClass, tuple[CodeRow, ...]] = {
    MaterialClass.WHOLE_GLAND: (_MUSK,),
    MaterialClass.GLAND_WALL: (_DERIVATIVES,),
    MaterialClass.TISSUE: (_row("SPE", "specimen (scientific)"),),
    MaterialClass.HAIR: (_row("HAI", "hair"),),
    MaterialClass.BONE_OR_TUSK: (_row("TEE", "teeth"), _row("BON", "bones")),
    MaterialClass.SECRETION: (_MUSK,),
    MaterialClass.LOOSE_GRAINS: (_MUSK,),
    MaterialClass.POWDER: (_MUSK, _MEDICINE, _DERIVATIVES),
    MaterialClass.PILL: (_MEDICINE,),
    MaterialClass.PLASTER: (_MEDICINE,),
    MaterialClass.PERFUME: (_EXTRACT, _DERIVATIVES),
    MaterialClass.LIQUID: (_EXTRACT, _DERIVATIVES),
    MaterialClass.OTHER: (),
    MaterialClass.NOT_DETERMINED: (),
}

# Grams have one code in the older list and in that of UN/CEFACT Recommendation 20; numbers have none and NAR.
MASS_UNIT = _row("GRM", "grams")
NUMBER_UNIT = _row(None, "number of specimens (no unit; NAR in the list of UN/CEFACT)")

_PART = frozenset(
    {
        MaterialClass.WHOLE_GLAND,
        MaterialClass.GLAND_WALL,
        MaterialClass.TISSUE,
        MaterialClass.HAIR,
        MaterialClass.BONE_OR_TUSK,
    }
)
_UNKNOWN = frozenset({MaterialClass.OTHER, MaterialClass.NOT_DETERMINED})

PARTS: dict[MaterialClass, SpecimenPart] = {
    material: SpecimenPart.WHOLE_OR_PART
    if material in _PART
    else SpecimenPart.NOT_DETERMINED
    if material in _UNKNOWN
    else SpecimenPart.DERIVATIVE
    for material in MaterialClass
}
