"""What of the clauses of a template a record holds, and what it lacks, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from musk_id.form_vocabulary import ClauseSet, ClauseState, DocumentKind, Need
from musk_id.model.clauses import ALWAYS, AT_ISSUE, CLAUSES, NEVER, ClauseResult
from musk_id.model.evidence import EvidenceRecord
from musk_id.model.examination import ExaminedItem, RunContext
from musk_id.model.form import Conclusion
from musk_id.model.intake import IntakeRecord
from musk_id.model.provenance import Provenance
from musk_id.model.values import Identifier, Line
from musk_id.vocabulary import SealState, Selection

__all__ = ["clause_results"]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a record is looked through for."""

    intake: IntakeRecord
    evidence: EvidenceRecord
    provenance: Provenance
    conclusions: tuple[Conclusion, ...]
    document: DocumentKind

    @property
    def items(self) -> tuple[ExaminedItem, ...]:
        """Items as examined; one that did not arrive lacks everything."""
        known = {item.item_id: item for item in self.intake.examination.items}
        asked = self.intake.request.items
        return tuple(known.get(item.item_id) or ExaminedItem(item_id=item.item_id) for item in asked)

    @property
    def runs(self) -> tuple[RunContext, ...]:
        return tuple(self.intake.examination.runs())


# None: does not apply; else whether it is there, or the parts that lack it.
_Found = bool | list[Identifier] | None


def clause_results(
    sets: tuple[ClauseSet, ...],
    document: DocumentKind,
    intake: IntakeRecord,
    evidence: EvidenceRecord,
    provenance: Provenance,
    conclusions: tuple[Conclusion, ...],
) -> tuple[ClauseResult, ...]:
    """The state of every need of every clause of some sets, in the order of the matrix."""
    parts = _Parts(intake, evidence, provenance, conclusions, document)
    return tuple(
        _result(clause.clauses, clause.number, need, parts)
        for clause in CLAUSES
        if clause.clauses in sets
        for need in clause.needs
    )


def _result(clauses: ClauseSet, number: Line, need: Need, parts: _Parts) -> ClauseResult:
    state = ClauseState.PRESENT
    subjects: tuple[Identifier, ...] = ()
    if need in AT_ISSUE:
        state = ClauseState.AT_ISSUE
    elif need in NEVER:
        state = ClauseState.NOT_APPLICABLE
    elif need not in ALWAYS:
        found = _CHECKS[need](parts)
        if found is None:
            state = ClauseState.NOT_APPLICABLE
        elif isinstance(found, bool):
            state = ClauseState.PRESENT if found else ClauseState.MISSING
        elif found:
            state, subjects = ClauseState.MISSING, tuple(sorted(set(found)))
    return ClauseResult(clauses=clauses, number=number, need=need, state=state, subjects=subjects)


def _lacking(items: Iterable[ExaminedItem], lacks: Callable[[ExaminedItem], bool]) -> list[Identifier]:
    return [item.item_id for item in items if lacks(item)]


def _of_runs(parts: _Parts, lacks: Callable[[RunContext], bool]) -> _Found:
    return [c.run.run_id for c in parts.runs if lacks(c)] if parts.runs else None


def _of_sub_samples(parts: _Parts, name: str) -> _Found:
    sub_samples = [s for item in parts.items for s in item.sub_samples]
    return [s.sub_sample_id for s in sub_samples if getattr(s, name) is None] if sub_samples else None


def _says(parts: _Parts, phrase: str) -> bool:
    return any(statement.phrase == phrase for statement in parts.evidence.limitations)


def _customer(parts: _Parts) -> bool:
    authority = parts.intake.request.authority
    return authority.contact is not None or authority.address is not None


def _questions(parts: _Parts) -> _Found:
    """Questions that lack an answer for an item that they concern."""
    answered = {(a.question_id, a.item_id) for a in parts.evidence.answers}
    every = tuple(item.item_id for item in parts.intake.request.items)
    return [
        q.question_id
        for q in parts.intake.request.questions
        if any((q.question_id, item) not in answered for item in q.item_ids or every)
    ]


def _conclusions(parts: _Parts) -> _Found:
    if parts.document is DocumentKind.INTERIM_RECORD:
        return None
    concluded = {(c.question_id, c.item_id) for c in parts.conclusions}
    return [a.question_id for a in parts.evidence.answers if (a.question_id, a.item_id) not in concluded]


def _ratios(parts: _Parts) -> _Found:
    """Items whose DNA was examined without a ratio or the reason for none."""
    if parts.document is DocumentKind.INTERIM_RECORD:
        return None
    dna = [i for i in parts.evidence.items if not any(s.phrase == "dna.not_examined" for s in i.statements)]
    return [item.item_id for item in dna if item.ratio is None] if dna else None


def _without_uncertainty(item: ExaminedItem) -> bool:
    return item.net_mass is None or item.net_mass.expanded_uncertainty_mg is None


def _several_units(parts: _Parts) -> _Found:
    several = [item for item in parts.items if (item.units_total or 0) > 1]
    return _lacking(several, lambda item: item.selection is Selection.NOT_RECORDED) if several else None


def _custody(parts: _Parts) -> _Found:
    named = {event.item_id for event in parts.intake.examination.custody}
    return _lacking(parts.items, lambda item: item.item_id not in named)


def _no_laboratory_method(context: RunContext) -> bool:
    return context.run.method_version is None and context.product.method_version is None


def _no_analyst(context: RunContext) -> bool:
    return context.run.analyst is None and context.product.analyst is None


_CHECKS: dict[Need, Callable[[_Parts], _Found]] = {
    Need.PLACE_OF_WORK: lambda p: p.intake.examination.place_of_work is not None,
    Need.CUSTOMER: _customer,
    Need.METHODS: lambda p: bool(p.provenance.methods),
    Need.LABORATORY_METHODS: lambda p: _of_runs(p, _no_laboratory_method),
    Need.ITEM_DESCRIPTION: lambda p: _lacking(p.items, lambda item: item.found_to_be is None),
    Need.ITEM_CONDITION: lambda p: _lacking(p.items, lambda item: item.condition is None),
    Need.DATE_OF_RECEIPT: lambda p: p.intake.examination.accession_date is not None,
    Need.DATES_OF_SUB_SAMPLING: lambda p: _of_sub_samples(p, "date"),
    Need.DATES_OF_WORK: lambda p: _of_runs(p, lambda c: c.run.date is None),
    Need.DATE_OF_COMPLETION: lambda p: (
        None if p.document is DocumentKind.INTERIM_RECORD else p.intake.examination.completed_on is not None
    ),
    Need.SELECTION_OF_UNITS: _several_units,
    Need.SUB_SAMPLING_METHOD: lambda p: _of_sub_samples(p, "method_version"),
    Need.ITEMS_ONLY: lambda p: _says(p, "limit.items_examined_only"),
    Need.RESULTS: lambda p: bool(p.evidence.answers),
    Need.DEPARTURES: lambda p: p.intake.examination.departures is not None,
    # A provider must be named where a finding of another laboratory is taken in: the type asks for it.
    Need.OTHER_PROVIDERS: lambda p: True if p.intake.examination.outside_findings else None,
    Need.QUESTIONS: _questions,
    Need.DATE_OF_REQUEST: lambda p: p.intake.request.date_of_request is not None,
    Need.LEGAL_GROUND: lambda p: p.intake.request.legal_ground is not None,
    Need.ACCESSION_NUMBER: lambda p: p.intake.examination.accession_number is not None,
    Need.SEALS: lambda p: _lacking(p.items, lambda item: item.seal_state is SealState.NOT_RECORDED),
    Need.CUSTODY: _custody,
    Need.NET_QUANTITY: lambda p: _lacking(p.items, _without_uncertainty),
    Need.RATIO_OR_REASON: _ratios,
    Need.NO_ESTIMATED_NUMBERS: lambda p: _says(p, "limit.number_of_individuals"),
    Need.ANALYSTS: lambda p: _of_runs(p, _no_analyst),
    Need.MATERIALS: lambda p: bool(p.intake.request.items),
    Need.PARTICIPANTS: lambda p: p.intake.examination.participants is not None,
    Need.CONCLUSIONS: _conclusions,
    Need.ILLUSTRATIONS: lambda p: _lacking(p.items, lambda item: not item.photographs),
}
