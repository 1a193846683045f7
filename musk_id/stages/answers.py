"""One answer per question and item, by the kind of the question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from musk_id.model.evidence import Answer, Statement
from musk_id.model.examination import ExaminedItem
from musk_id.model.request import Question
from musk_id.model.trace import Criterion
from musk_id.stages.chemistry_answers import ChemicalFindings
from musk_id.stages.dna_answers import DnaFindings
from musk_id.stages.statements import say
from musk_id.vocabulary import Finding, Grade, MaterialClass, QuestionKind, Reason, Selection

__all__ = ["ItemEvidence", "answer_question"]


@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """Everything that an answer about an item may rest on; a grade is ``None`` without a usable result."""

    item: ExaminedItem
    dna: DnaFindings
    chemistry: ChemicalFindings
    dna_grade: Grade
    chemistry_grade: Grade


@dataclass(frozen=True, slots=True)
class _Said:
    finding: Finding
    grade: Grade
    reasons: tuple[Reason, ...] = ()
    statements: tuple[Statement, ...] = ()
    next_steps: tuple[Statement, ...] = ()
    trace: tuple[Criterion, ...] = ()


def answer_question(question: Question, evidence: ItemEvidence) -> Answer:
    """The answer to a question for one item.

    Parameters
    ----------
    question : Question
        Question of the request; only its id and kind are used.
    evidence : ItemEvidence
        Findings and grades of the item.
    """
    said = _BY_KIND.get(question.kind, _outside)(evidence, question.kind)
    statements = said.statements
    if said.finding not in (Finding.OUTSIDE_COMPETENCE, Finding.NOT_EXAMINED):
        statements += _units(evidence.item)
        if said.finding is Finding.DETECTED and said.grade is Grade.C:
            statements += (say("grade.screening_only"),)
    return Answer(
        question_id=question.question_id,
        kind=question.kind,
        item_id=evidence.item.item_id,
        finding=said.finding,
        reasons=tuple(sorted(set(said.reasons))),
        grade=said.grade,
        statements=statements,
        next_steps=said.next_steps if said.finding is not Finding.OUTSIDE_COMPETENCE else (),
        trace=said.trace,
    )


def _musk_deer(evidence: ItemEvidence, kind: QuestionKind) -> _Said:
    dna = evidence.dna
    finding = dna.animal if kind is QuestionKind.ANIMAL_OF_ORIGIN else dna.moschus
    return _Said(
        finding=finding,
        grade=evidence.dna_grade,
        reasons=dna.reasons,
        statements=dna.statements + dna.species_statements,
        next_steps=dna.next_steps,
        trace=dna.trace,
    )


def _species(evidence: ItemEvidence, kind: QuestionKind) -> _Said:
    dna = evidence.dna
    return _Said(
        finding=dna.species,
        grade=evidence.dna_grade,
        reasons=dna.species_reasons,
        statements=dna.statements + dna.species_statements,
        next_steps=dna.next_steps,
        trace=dna.trace,
    )


def _substances(evidence: ItemEvidence, kind: QuestionKind) -> _Said:
    chemistry = evidence.chemistry
    synthetic = kind is QuestionKind.SYNTHETIC_MUSK_PRESENT
    return _Said(
        finding=chemistry.synthetic if synthetic else chemistry.substances,
        grade=evidence.chemistry_grade,
        reasons=chemistry.reasons,
        statements=chemistry.statements + chemistry.synthetic_statements,
        next_steps=chemistry.next_steps,
        trace=chemistry.trace,
    )


def _natural_musk(evidence: ItemEvidence, kind: QuestionKind) -> _Said:
    chemistry, dna = evidence.chemistry, evidence.dna
    statements = chemistry.statements + chemistry.natural_statements
    if dna.moschus is not Finding.NOT_EXAMINED:
        statements += dna.statements
        if chemistry.natural is not Finding.NOT_EXAMINED:
            statements += (say("joint.no_common_source"),)
    examined = chemistry.natural is not Finding.NOT_EXAMINED or dna.moschus is not Finding.NOT_EXAMINED
    if examined and chemistry.natural is Finding.NOT_EXAMINED:
        statements += (say("chemistry.natural_musk_not_detectable"),)
    return _Said(
        finding=Finding.INCONCLUSIVE if examined else Finding.NOT_EXAMINED,
        grade=evidence.chemistry_grade,
        reasons=chemistry.natural_reasons,
        statements=statements,
        next_steps=chemistry.next_steps,
        trace=chemistry.trace,
    )


def _listing(evidence: ItemEvidence, kind: QuestionKind) -> _Said:
    return _Said(
        finding=Finding.OUTSIDE_COMPETENCE,
        grade=Grade.C,
        reasons=(Reason.LEGAL_QUESTION,),
        statements=(say("legal.question"), say("legal.listing_by_population")),
    )


def _legal(evidence: ItemEvidence, kind: QuestionKind) -> _Said:
    return _Said(
        finding=Finding.OUTSIDE_COMPETENCE,
        grade=Grade.C,
        reasons=(Reason.LEGAL_QUESTION,),
        statements=(say("legal.question"),),
    )


def _number(evidence: ItemEvidence, kind: QuestionKind) -> _Said:
    statements = [say("method.number_of_animals")]
    found, units = evidence.item.found_to_be, evidence.item.units_examined
    if found is not None and found.material is MaterialClass.WHOLE_GLAND and units is not None:
        statements.append(say("method.whole_glands_counted", count=str(units)))
    return _cannot(*statements)


def _outside(evidence: ItemEvidence, kind: QuestionKind) -> _Said:
    return _cannot(say(_CANNOT[kind]))


def _cannot(*statements: Statement) -> _Said:
    return _Said(
        finding=Finding.OUTSIDE_COMPETENCE,
        grade=Grade.C,
        reasons=(Reason.METHOD_CANNOT_ANSWER,),
        statements=statements,
    )


def _units(item: ExaminedItem) -> tuple[Statement, ...]:
    """How far a finding reaches in a seizure of several units (decision rules, section 7).

    A share of the units can be stated only from a result for each unit, which this version does not hold.
    """
    total, examined = item.units_total, item.units_examined
    if total is None or total == 1 or examined == total:
        return ()
    if examined is None:
        return () if item.selection is Selection.ALL else (say("units.number_not_recorded", total=str(total)),)
    phrase = "units.random" if item.selection is Selection.RANDOM else "units.examined_only"
    return (say(phrase, total=str(total), examined=str(examined)),)


_CANNOT: dict[QuestionKind, str] = {
    QuestionKind.WILD_OR_FARMED: "method.wild_or_farmed",
    QuestionKind.AGE: "method.age",
    QuestionKind.SEX: "method.sex",
    QuestionKind.COUNTRY_OF_ORIGIN: "method.country_of_origin",
    QuestionKind.OTHER: "method.other_question",
}

_BY_KIND: dict[QuestionKind, Callable[[ItemEvidence, QuestionKind], _Said]] = {
    QuestionKind.ANIMAL_OF_ORIGIN: _musk_deer,
    QuestionKind.MUSK_DEER_PRESENT: _musk_deer,
    QuestionKind.SPECIES_OF_MUSK_DEER: _species,
    QuestionKind.NATURAL_MUSK_PRESENT: _natural_musk,
    QuestionKind.SYNTHETIC_MUSK_PRESENT: _substances,
    QuestionKind.SUBSTANCES_PRESENT: _substances,
    QuestionKind.CITES_LISTING: _listing,
    QuestionKind.VALUE_OR_PENALTY: _legal,
    QuestionKind.NUMBER_OF_ANIMALS: _number,
}
