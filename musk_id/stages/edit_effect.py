"""Findings with and without letters changed by hand (decision rules, section 8).

Where they differ the weaker one holds: an edit never makes an answer stronger.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from musk_id.model.barcode import BarcodeRecord, ItemCall
from musk_id.model.edits import BaseEdit, Edits
from musk_id.model.evidence import GradePart, Statement
from musk_id.model.values import Identifier, Line
from musk_id.stages.dna_answers import DnaFindings, next_steps
from musk_id.stages.statements import say
from musk_id.vocabulary import Finding, Grade, Reason

__all__ = ["View", "answer_changes", "changed_answer_part", "edited_record", "hold_weaker"]

_LEADS = {Finding.INCONCLUSIVE: "dna.inconclusive", Finding.NOT_DETECTED: "dna.moschus_not_detected"}
_ANSWERS = {
    Finding.DETECTED: ("edits.without_detected", "edits.with_detected"),
    Finding.NOT_DETECTED: ("edits.without_not_detected", "edits.with_not_detected"),
    Finding.EXCLUDED: ("edits.without_excluded", "edits.with_excluded"),
    Finding.INCONCLUSIVE: ("edits.without_inconclusive", "edits.with_inconclusive"),
}
_OF_ONE_FINDING = frozenset({"dna.moschus_excluded", *_LEADS.values()})


@dataclass(frozen=True, slots=True)
class View:
    """Call and findings of an item, with the edits or without."""

    call: ItemCall
    findings: DnaFindings


def edited_record(barcode: BarcodeRecord, item_id: Identifier) -> BarcodeRecord | None:
    """The barcode record as it would be with the edits; ``None`` if the item has none."""
    view = barcode.with_edits
    if view is None or all(call.item_id != item_id for call in view.items):
        return None
    edited = {result.run.run_id: result for result in view.sequences}
    calls = {call.item_id: call for call in view.items}
    return replace(
        barcode,
        sequences=tuple(edited.get(result.run.run_id, result) for result in barcode.sequences),
        items=tuple(calls.get(call.item_id, call) for call in barcode.items),
        with_edits=None,
    )


def _taxa(view: View) -> tuple[str, ...]:
    """What an answer names: the taxon of the call and other animals; a word for human DNA."""
    call = view.call
    own = () if call.taxon is None else (str(call.taxon),)
    human = ("Homo",) if call.human else ()
    return (*own, *(str(taxon.taxon) for taxon in call.other_taxa), *human)


def _answer(view: View) -> tuple[object, ...]:
    found = view.findings
    return (found.moschus, found.animal, found.species, view.call.rank, _taxa(view))


def answer_changes(without: View, edited: View) -> bool:
    """Whether the two answers differ in a finding or in a taxon that they name."""
    return _answer(without) != _answer(edited)


def changed_answer_part() -> GradePart:
    """The part of the grade: an answer that hangs on a letter changed by hand is for screening."""
    return GradePart(
        subject=Line("dna"),
        grade=Grade.C,
        reasons=(Reason.EDITS_CHANGE_ANSWER,),
        statement=say("grade.edits_change_answer"),
    )


def hold_weaker(edits: Edits, runs: frozenset[Identifier], without: View, edited: View) -> DnaFindings:
    """The findings that hold, of those without the edits and those with them.

    Parameters
    ----------
    runs : frozenset of Identifier
        Runs of the item.
    without, edited : View
        Call and findings without the edits and with them.
    """
    own = tuple(edit for edit in edits.base_edits if edit.run_id in runs)
    changes = answer_changes(without, edited)
    told = (*_told(own, without, edited), say("edits.answer_changes" if changes else "edits.answer_same"))
    plain, other = without.findings, edited.findings
    names = (
        *plain.species_statements,
        *(s for s in other.species_statements if s not in plain.species_statements),
    )
    if not changes:
        return replace(plain, statements=(*plain.statements, *told), species_statements=names)
    moschus = _weaker_genus(without, edited)
    animal = _same(plain.animal, other.animal, _taxa(without) == _taxa(edited))
    species = _same(plain.species, other.species, without.call.taxon == edited.call.taxon)
    reasons = tuple(sorted({*plain.reasons, *other.reasons, Reason.EDITS_CHANGE_ANSWER}))
    species_reasons = tuple(sorted({*plain.species_reasons, *other.species_reasons, Reason.EDITS_CHANGE_ANSWER}))
    genus = moschus is Finding.DETECTED
    return DnaFindings(
        moschus=moschus,
        animal=animal,
        species=species if genus else moschus,
        reasons=reasons,
        species_reasons=species_reasons,
        statements=(*(plain.statements if genus else _shared(moschus, plain, other)), *told),
        species_statements=tuple(s for s in names if s.phrase != "dna.species_detected") if genus else (),
        trace=plain.trace,
        next_steps=next_steps(tuple({*reasons, *species_reasons})),
    )


def _same(first: Finding, second: Finding, named_alike: bool) -> Finding:
    return first if first is second and named_alike else Finding.INCONCLUSIVE


def _weaker_genus(without: View, edited: View) -> Finding:
    """The weaker of two findings on the genus; an exclusion is the strong form of "not detected"."""
    first, second = without.findings.moschus, edited.findings.moschus
    if {first, second} <= {Finding.EXCLUDED, Finding.NOT_DETECTED}:
        alike = first is second and _taxa(without) == _taxa(edited)
        return first if alike else Finding.NOT_DETECTED
    return first if first is second else Finding.INCONCLUSIVE


def _told(own: tuple[BaseEdit, ...], without: View, edited: View) -> tuple[Statement, ...]:
    """What was changed, and both answers."""
    named = sorted({edit.run_id for edit in own})
    first, second = _ANSWERS[without.findings.moschus][0], _ANSWERS[edited.findings.moschus][1]
    return (
        say("edits.made", runs=named, count=str(len(own))),
        say(first, taxa=_taxa(without) or ("-",)),
        say(second, taxa=_taxa(edited) or ("-",)),
    )


def _shared(moschus: Finding, first: DnaFindings, second: DnaFindings) -> tuple[Statement, ...]:
    """Statements that both views make, led by that of the finding that holds."""
    both = [s for s in first.statements if s in second.statements and s.phrase not in _OF_ONE_FINDING]
    return (say(_LEADS[moschus]), *both)
