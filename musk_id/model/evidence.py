"""Parts that findings are made of: criteria of a rule trace, statements, answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.provenance import Provenance
from musk_id.model.ratio import ItemRatio
from musk_id.model.second_reading import ReadingComparison
from musk_id.model.trace import Criterion
from musk_id.model.values import Identifier, Line
from musk_id.vocabulary import Finding, Grade, QuestionKind, Reason

__all__ = ["Answer", "EvidenceRecord", "GradePart", "ItemFindings", "Statement", "StatementValue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementValue:
    """A value that a phrase names; ``texts`` has several parts where the phrase lists them."""

    name: Line
    texts: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A phrase of the closed catalogue with its values; the words are chosen when it is rendered."""

    phrase: Line
    values: tuple[StatementValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GradePart:
    """One part of the evidence grade: what was looked at, the grade that it allows, and why."""

    subject: Line
    grade: Grade
    reasons: tuple[Reason, ...] = ()
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFindings:
    """What may be said of one item, apart from the questions.

    ``ratio`` is there where DNA was examined; records made before ratios were told have none.
    """

    item_id: Identifier
    grade: Grade
    grade_parts: tuple[GradePart, ...]
    statements: tuple[Statement, ...]
    ratio: ItemRatio | None = None
    second_readings: tuple[ReadingComparison, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question for one item."""

    question_id: Identifier
    kind: QuestionKind
    item_id: Identifier
    finding: Finding
    reasons: tuple[Reason, ...]
    grade: Grade
    statements: tuple[Statement, ...]
    next_steps: tuple[Statement, ...]
    trace: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class EvidenceRecord:
    """Grade, findings, answers and standing limitations of a case."""

    SCHEMA: ClassVar[str] = "musk-id/evidence/1"

    schema: Line
    case_id: Identifier
    provenance: Provenance
    grade: Grade
    items: tuple[ItemFindings, ...]
    answers: tuple[Answer, ...]
    limitations: tuple[Statement, ...]
    missing: tuple[Statement, ...]
