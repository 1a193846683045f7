"""The box for a CITES Management Authority: what was found in each item, and what was not tested.

Taxon and candidates are sentences of the findings; codes, part and quantity follow from what the laboratory found,
never from the requester's words; the listing is given by possible population, never for the taxon alone.
"""

from __future__ import annotations

from decimal import Decimal

from musk_id.form_vocabulary import SpecimenPart
from musk_id.model.authority_box import BoxItem
from musk_id.model.evidence import EvidenceRecord, ItemFindings, Statement
from musk_id.model.examination import Examination, ExaminedItem
from musk_id.model.intake import IntakeRecord
from musk_id.model.reference import LegalRow
from musk_id.model.trade_codes import MASS_UNIT, NUMBER_UNIT, PARTS, TERM_CODES
from musk_id.model.values import DecimalText
from musk_id.stages.dna_answers import GENUS
from musk_id.stages.listing import case_dates, listing_of
from musk_id.stages.statements import say

__all__ = ["authority_box"]

# Sentences of the findings that say which animal, and which names remain.
_FOUND = frozenset(
    {
        "dna.moschus_detected",
        "dna.moschus_not_detected",
        "dna.moschus_excluded",
        "dna.other_taxon",
        "dna.other_taxon_set",
        "dna.human",
        "dna.animal_not_named",
        "dna.inconclusive",
        "dna.conflict",
        "dna.not_examined",
        "dna.species_detected",
        "dna.genus_is_deepest",
    }
)
_CANDIDATES = frozenset({"dna.nearest_names", "dna.no_reference", "dna.names_unresolved"})
_NOT_EXAMINED = frozenset({"dna.not_examined", "chemistry.not_examined"})
_NEVER_TESTED = ("method.wild_or_farmed", "method.country_of_origin", "method.sex", "method.age")


def authority_box(
    intake: IntakeRecord, evidence: EvidenceRecord, rows: tuple[LegalRow, ...]
) -> tuple[BoxItem, ...]:
    """The box, one part an item of the request, in its order."""
    examined = {item.item_id: item for item in intake.examination.items}
    return tuple(_item(findings, examined.get(findings.item_id), intake, rows) for findings in evidence.items)


def _item(
    findings: ItemFindings, item: ExaminedItem | None, intake: IntakeRecord, rows: tuple[LegalRow, ...]
) -> BoxItem:
    material = None if item is None or item.found_to_be is None else item.found_to_be.material
    mass = None if item is None else item.net_mass
    act = intake.request.date_of_act
    dates = case_dates(intake)
    date = act if act is not None else (dates[-1] if dates else None)
    detected = any(s.phrase == "dna.moschus_detected" for s in findings.statements)
    return BoxItem(
        item_id=findings.item_id,
        grade=findings.grade,
        remarks=_remarks(item),
        found=_of(findings, _FOUND),
        candidates=_of(findings, _CANDIDATES),
        material=material,
        part=SpecimenPart.NOT_DETERMINED if material is None else PARTS[material],
        terms=() if material is None else TERM_CODES[material],
        units_examined=None if item is None else item.units_examined,
        units_total=None if item is None else item.units_total,
        net_mass=mass,
        net_mass_g=None if mass is None else _grams(mass.value_mg),
        net_uncertainty_g=None
        if mass is None or mass.expanded_uncertainty_mg is None
        else _grams(mass.expanded_uncertainty_mg),
        mass_unit=MASS_UNIT,
        number_unit=NUMBER_UNIT,
        listing=listing_of(GENUS, None, date, rows) if detected and date is not None else None,
        at_date_of_act=act is not None,
        not_tested=_not_tested(findings, item),
    )


def _remarks(item: ExaminedItem | None) -> tuple[Statement, ...]:
    """What has to be read with the finding: that data were not measured."""
    runs = () if item is None else Examination.runs_of(item)
    simulated = any(context.run.simulated is not None for context in runs)
    return (say("limit.simulated"),) if simulated else ()


def _of(findings: ItemFindings, phrases: frozenset[str]) -> tuple[Statement, ...]:
    return tuple(dict.fromkeys(s for s in findings.statements if s.phrase in phrases))


def _grams(milligrams: DecimalText) -> DecimalText:
    """The same number in grams, no digit more or less."""
    return DecimalText(f"{Decimal(milligrams).scaleb(-3):f}")


def _not_tested(findings: ItemFindings, item: ExaminedItem | None) -> tuple[Statement, ...]:
    said = list(_of(findings, _NOT_EXAMINED))
    if item is None or item.found_to_be is None:
        said.append(say("box.morphology_not_examined"))
    return (*said, *(say(phrase) for phrase in _NEVER_TESTED), say("method.number_of_animals"))
