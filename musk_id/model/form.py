"""The form of a case record: which document, by which template, what it lacks, the Management Authority's box."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.form_vocabulary import ConclusionForm, DocumentKind, IssueObstacle
from musk_id.model.authority_box import BoxItem
from musk_id.model.clauses import ClauseResult
from musk_id.model.report_templates import ReportTemplate
from musk_id.model.values import Identifier

__all__ = ["Conclusion", "RecordForm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """The form of conclusion that the finding on a question and an item allows; the examiner concludes."""

    question_id: Identifier
    item_id: Identifier
    form: ConclusionForm


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordForm:
    """Form of a record; interim records have no conclusions and no box, and statements of impossibility no box."""

    document: DocumentKind
    template: ReportTemplate
    conclusions: tuple[Conclusion, ...]
    authority_box: tuple[BoxItem, ...]
    clauses: tuple[ClauseResult, ...]
    obstacles: tuple[IssueObstacle, ...]
