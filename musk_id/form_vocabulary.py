"""Closed lists of words on the form of a record: what document it is, by which template, what it lacks.

Members are never renamed or reused once released; ``docs/vocabulary.md`` explains each.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "ClauseSet",
    "ClauseState",
    "ConclusionForm",
    "DocumentKind",
    "IssueObstacle",
    "ListingState",
    "Need",
    "SpecimenPart",
    "Template",
]


class DocumentKind(StrEnum):
    """What a record is."""

    EXAMINATION_RECORD = "EXAMINATION_RECORD"
    INTERIM_RECORD = "INTERIM_RECORD"
    STATEMENT_OF_IMPOSSIBILITY = "STATEMENT_OF_IMPOSSIBILITY"


class Template(StrEnum):
    """Templates for the form of a record, by the rules that it is to meet."""

    INTERNATIONAL = "INTERNATIONAL"
    RUSSIAN_FEDERATION = "RUSSIAN_FEDERATION"
    KAZAKHSTAN = "KAZAKHSTAN"


class ConclusionForm(StrEnum):
    """Form of the conclusion that a finding allows; the conclusion itself is the examiner's."""

    TECHNICAL = "TECHNICAL"
    EVALUATIVE = "EVALUATIVE"
    CATEGORICAL_POSITIVE = "CATEGORICAL_POSITIVE"
    CATEGORICAL_NEGATIVE = "CATEGORICAL_NEGATIVE"
    ALTERNATIVE = "ALTERNATIVE"
    UNDECIDED = "UNDECIDED"
    SCREENING = "SCREENING"
    NOT_EXAMINED = "NOT_EXAMINED"
    OUTSIDE_COMPETENCE = "OUTSIDE_COMPETENCE"


class SpecimenPart(StrEnum):
    """Whether what a morphologist found is a part of an animal or a product made of one."""

    WHOLE_OR_PART = "WHOLE_OR_PART"
    DERIVATIVE = "DERIVATIVE"
    NOT_DETERMINED = "NOT_DETERMINED"


class ListingState(StrEnum):
    """What the listing of a taxon and a population at a date comes to."""

    ASSIGNED = "ASSIGNED"
    POPULATION_NOT_STATED = "POPULATION_NOT_STATED"
    NOT_ASSIGNABLE = "NOT_ASSIGNABLE"
    NO_ROW = "NO_ROW"


class ClauseSet(StrEnum):
    """Texts that say what a report holds."""

    ISO_IEC_17025 = "ISO_IEC_17025"
    ISO_21043_5 = "ISO_21043_5"
    RU_73_FZ_25 = "RU_73_FZ_25"
    KZ_CPC = "KZ_CPC"


class ClauseState(StrEnum):
    """Whether a record holds what a clause asks for; ``AT_ISSUE`` is what only the issue of a report can add."""

    PRESENT = "PRESENT"
    MISSING = "MISSING"
    AT_ISSUE = "AT_ISSUE"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class Need(StrEnum):
    """Single facts and sentences that clauses ask for."""

    TITLE = "TITLE"
    LABORATORY = "LABORATORY"
    PLACE_OF_WORK = "PLACE_OF_WORK"
    RECORD_ID_AND_END = "RECORD_ID_AND_END"
    CUSTOMER = "CUSTOMER"
    METHODS = "METHODS"
    LABORATORY_METHODS = "LABORATORY_METHODS"
    ITEM_DESCRIPTION = "ITEM_DESCRIPTION"
    ITEM_CONDITION = "ITEM_CONDITION"
    DATE_OF_RECEIPT = "DATE_OF_RECEIPT"
    DATES_OF_SUB_SAMPLING = "DATES_OF_SUB_SAMPLING"
    DATES_OF_WORK = "DATES_OF_WORK"
    DATE_OF_COMPLETION = "DATE_OF_COMPLETION"
    DATE_OF_ISSUE = "DATE_OF_ISSUE"
    SELECTION_OF_UNITS = "SELECTION_OF_UNITS"
    SUB_SAMPLING_METHOD = "SUB_SAMPLING_METHOD"
    ITEMS_ONLY = "ITEMS_ONLY"
    RESULTS = "RESULTS"
    DEPARTURES = "DEPARTURES"
    AUTHORISED_BY = "AUTHORISED_BY"
    OTHER_PROVIDERS = "OTHER_PROVIDERS"
    QUESTIONS = "QUESTIONS"
    DATE_OF_REQUEST = "DATE_OF_REQUEST"
    LEGAL_GROUND = "LEGAL_GROUND"
    ACCESSION_NUMBER = "ACCESSION_NUMBER"
    SEALS = "SEALS"
    CUSTODY = "CUSTODY"
    NET_QUANTITY = "NET_QUANTITY"
    NO_PROBABILITIES = "NO_PROBABILITIES"
    RATIO_OR_REASON = "RATIO_OR_REASON"
    NO_ESTIMATED_NUMBERS = "NO_ESTIMATED_NUMBERS"
    TECHNICAL_REVIEW = "TECHNICAL_REVIEW"
    ISSUE_AND_CONTROL = "ISSUE_AND_CONTROL"
    TESTIMONY = "TESTIMONY"
    ANALYSTS = "ANALYSTS"
    EXPERT_QUALIFICATION = "EXPERT_QUALIFICATION"
    LIABILITY_WARNING = "LIABILITY_WARNING"
    MATERIALS = "MATERIALS"
    PARTICIPANTS = "PARTICIPANTS"
    CONCLUSIONS = "CONCLUSIONS"
    ILLUSTRATIONS = "ILLUSTRATIONS"
    SIGNATURE_AND_SEAL = "SIGNATURE_AND_SEAL"


class IssueObstacle(StrEnum):
    """Why no report can be issued from a record as it stands."""

    INTERIM = "INTERIM"
    TEMPLATE_UNVERIFIED = "TEMPLATE_UNVERIFIED"
    LANGUAGE_DRAFT = "LANGUAGE_DRAFT"
    INCOMPLETE = "INCOMPLETE"
    ROWS_UNVERIFIED = "ROWS_UNVERIFIED"
    SIMULATED_DATA = "SIMULATED_DATA"
