"""Matrix of completeness: clause of a standard or law, what it asks for, where a case record holds it.

Clauses are told by number; their text is not reproduced. ``AT_ISSUE`` of a need is what only people can add when a
report is issued. ``docs/completeness.tsv`` is this matrix with the test of each row (``make completeness``).
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.form_vocabulary import ClauseSet, ClauseState, Need
from musk_id.model.values import Identifier, Line

__all__ = ["ALWAYS", "AT_ISSUE", "CLAUSES", "FIELDS", "NEVER", "Clause", "ClauseResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause and what it asks for."""

    clauses: ClauseSet
    number: Line
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseResult:
    """Whether a record holds what a clause asks for; ``subjects`` are the parts that lack it, where parts do."""

    clauses: ClauseSet
    number: Line
    need: Need
    state: ClauseState
    subjects: tuple[Identifier, ...] = ()

    def __post_init__(self) -> None:
        if self.subjects and self.state is not ClauseState.MISSING:
            raise ValueError("parts are named only where something is missing")


# Where a case record holds what is needed: keys from its root, [] for every entry of a list.
FIELDS: dict[Need, str] = {
    Need.TITLE: "form.document",
    Need.LABORATORY: "intake.laboratory.address",
    Need.PLACE_OF_WORK: "intake.examination.place_of_work",
    Need.RECORD_ID_AND_END: "case_id",
    Need.CUSTOMER: "intake.request.authority.contact",
    Need.METHODS: "provenance.methods",
    Need.LABORATORY_METHODS: "intake.examination.items[].sub_samples[].extracts[].products[].method_version",
    Need.ITEM_DESCRIPTION: "intake.examination.items[].found_to_be",
    Need.ITEM_CONDITION: "intake.examination.items[].condition",
    Need.DATE_OF_RECEIPT: "intake.examination.accession_date",
    Need.DATES_OF_SUB_SAMPLING: "intake.examination.items[].sub_samples[].date",
    Need.DATES_OF_WORK: "intake.examination.items[].sub_samples[].extracts[].products[].runs[].date",
    Need.DATE_OF_COMPLETION: "intake.examination.completed_on",
    Need.SELECTION_OF_UNITS: "intake.examination.items[].selection",
    Need.SUB_SAMPLING_METHOD: "intake.examination.items[].sub_samples[].method_version",
    Need.ITEMS_ONLY: "evidence.limitations[].phrase",
    Need.RESULTS: "evidence.answers",
    Need.DEPARTURES: "intake.examination.departures",
    Need.OTHER_PROVIDERS: "intake.examination.outside_findings[].provider",
    Need.QUESTIONS: "evidence.answers[].question_id",
    Need.DATE_OF_REQUEST: "intake.request.date_of_request",
    Need.LEGAL_GROUND: "intake.request.legal_ground",
    Need.ACCESSION_NUMBER: "intake.examination.accession_number",
    Need.SEALS: "intake.examination.items[].seal_state",
    Need.CUSTODY: "intake.examination.custody[].item_id",
    Need.NET_QUANTITY: "intake.examination.items[].net_mass.expanded_uncertainty_mg",
    Need.RATIO_OR_REASON: "evidence.items[].ratio",
    Need.NO_ESTIMATED_NUMBERS: "evidence.limitations[].phrase",
    Need.ANALYSTS: "intake.examination.items[].sub_samples[].extracts[].products[].analyst",
    Need.MATERIALS: "intake.request.items",
    Need.PARTICIPANTS: "intake.examination.participants",
    Need.CONCLUSIONS: "form.conclusions",
    Need.ILLUSTRATIONS: "intake.examination.items[].photographs",
}

# What people add when a report is issued.
AT_ISSUE = frozenset(
    {
        Need.DATE_OF_ISSUE,
        Need.AUTHORISED_BY,
        Need.TECHNICAL_REVIEW,
        Need.ISSUE_AND_CONTROL,
        Need.EXPERT_QUALIFICATION,
        Need.LIABILITY_WARNING,
        Need.SIGNATURE_AND_SEAL,
    }
)
# What the type of a record asks for: there is none without it.
ALWAYS = frozenset({Need.TITLE, Need.LABORATORY, Need.RECORD_ID_AND_END})
# What no record of this software holds.
NEVER = frozenset({Need.NO_PROBABILITIES, Need.TESTIMONY})


def _set(clauses: ClauseSet, rows: dict[str, tuple[Need, ...]]) -> tuple[Clause, ...]:
    return tuple(Clause(clauses=clauses, number=Line(number), needs=needs) for number, needs in rows.items())


_EXPERT_OPINION: dict[str, tuple[Need, ...]] = {
    "1": (Need.DATES_OF_WORK, Need.DATE_OF_COMPLETION, Need.PLACE_OF_WORK),
    "2": (Need.LEGAL_GROUND,),
    "3": (Need.CUSTOMER,),
    "4": (Need.LABORATORY, Need.ANALYSTS, Need.EXPERT_QUALIFICATION),
    "5": (Need.LIABILITY_WARNING,),
    "6": (Need.QUESTIONS,),
    "7": (Need.MATERIALS, Need.ITEM_DESCRIPTION),
    "8": (Need.PARTICIPANTS,),
    "9": (Need.RESULTS, Need.METHODS, Need.LABORATORY_METHODS),
    "10": (Need.CONCLUSIONS,),
    "11": (Need.ILLUSTRATIONS,),
    "12": (Need.SIGNATURE_AND_SEAL,),
}

CLAUSES: tuple[Clause, ...] = (
    *_set(
        ClauseSet.ISO_IEC_17025,
        {
            "a": (Need.TITLE,),
            "b": (Need.LABORATORY,),
            "c": (Need.PLACE_OF_WORK,),
            "d": (Need.RECORD_ID_AND_END,),
            "e": (Need.CUSTOMER,),
            "f": (Need.METHODS, Need.LABORATORY_METHODS),
            "g": (Need.ITEM_DESCRIPTION, Need.ITEM_CONDITION),
            "h": (Need.DATE_OF_RECEIPT, Need.DATES_OF_SUB_SAMPLING),
            "i": (Need.DATES_OF_WORK, Need.DATE_OF_COMPLETION),
            "j": (Need.DATE_OF_ISSUE,),
            "k": (Need.SELECTION_OF_UNITS, Need.SUB_SAMPLING_METHOD),
            "l": (Need.ITEMS_ONLY,),
            "m": (Need.RESULTS,),
            "n": (Need.DEPARTURES,),
            "o": (Need.AUTHORISED_BY,),
            "p": (Need.OTHER_PROVIDERS,),
        },
    ),
    *_set(
        ClauseSet.ISO_21043_5,
        {
            "5.1": (Need.TITLE, Need.QUESTIONS),
            "5.2": (Need.CUSTOMER, Need.DATE_OF_REQUEST, Need.ACCESSION_NUMBER),
            "5.3": (Need.SEALS, Need.CUSTODY, Need.ITEM_CONDITION),
            "5.4": (Need.NET_QUANTITY,),
            "5.5.1": (Need.CONCLUSIONS,),
            "5.5.2": (Need.NO_PROBABILITIES,),
            "5.5.3": (Need.RATIO_OR_REASON,),
            "5.5.4": (Need.NO_ESTIMATED_NUMBERS,),
            "6 (case-file review)": (Need.TECHNICAL_REVIEW,),
            "6 (issue and control)": (Need.ISSUE_AND_CONTROL,),
            "6 (testimony)": (Need.TESTIMONY,),
        },
    ),
    *_set(ClauseSet.RU_73_FZ_25, _EXPERT_OPINION),
    *_set(ClauseSet.KZ_CPC, _EXPERT_OPINION),
)
