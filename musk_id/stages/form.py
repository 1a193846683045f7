"""The form of a record: what document it is, the conclusions that its findings allow, what it lacks, the box."""

from __future__ import annotations

from musk_id.form_vocabulary import ClauseState, ConclusionForm, DocumentKind, IssueObstacle
from musk_id.model.clauses import ClauseResult
from musk_id.model.evidence import Answer, EvidenceRecord
from musk_id.model.form import Conclusion, RecordForm
from musk_id.model.intake import IntakeRecord
from musk_id.model.provenance import Provenance
from musk_id.model.reference import LegalRow
from musk_id.model.report_templates import TEMPLATES, ReportTemplate
from musk_id.stages.authority_box import authority_box
from musk_id.stages.completeness import clause_results
from musk_id.vocabulary import Finding, Grade, QuestionKind

__all__ = ["document_kind", "record_form"]

_NO_ANSWER = frozenset({Finding.NOT_EXAMINED, Finding.OUTSIDE_COMPETENCE})

# Questions that a likelihood ratio on the genus speaks to.
_ON_THE_GENUS = frozenset({QuestionKind.MUSK_DEER_PRESENT, QuestionKind.ANIMAL_OF_ORIGIN})


def record_form(
    intake: IntakeRecord, evidence: EvidenceRecord, provenance: Provenance, rows: tuple[LegalRow, ...]
) -> RecordForm:
    """The form of the record of a case.

    Parameters
    ----------
    intake, evidence : IntakeRecord, EvidenceRecord
        Records of the stages.
    provenance : Provenance
        That of the record itself, with the methods in force.
    rows : tuple of LegalRow
        Listings of the release.
    """
    document = document_kind(intake, evidence)
    template = TEMPLATES[intake.laboratory.template]
    conclusions = () if document is DocumentKind.INTERIM_RECORD else _conclusions(evidence, template)
    box = authority_box(intake, evidence, rows) if document is DocumentKind.EXAMINATION_RECORD else ()
    clauses = clause_results(template.clauses, document, intake, evidence, provenance, conclusions)
    return RecordForm(
        document=document,
        template=template,
        conclusions=conclusions,
        authority_box=box,
        clauses=clauses,
        obstacles=_obstacles(document, template, clauses, intake, rows),
    )


def document_kind(intake: IntakeRecord, evidence: EvidenceRecord) -> DocumentKind:
    """What document a record is: it states an impossibility if no question is answered for any item.

    A question that was examined and stays open is answered: the answer is that it is open, and why.
    """
    if intake.examination.interim is not None:
        return DocumentKind.INTERIM_RECORD
    if all(answer.finding in _NO_ANSWER for answer in evidence.answers):
        return DocumentKind.STATEMENT_OF_IMPOSSIBILITY
    return DocumentKind.EXAMINATION_RECORD


def _conclusions(evidence: EvidenceRecord, template: ReportTemplate) -> tuple[Conclusion, ...]:
    worded = {item.item_id for item in evidence.items if item.ratio is not None and item.ratio.lower is not None}
    return tuple(
        Conclusion(
            question_id=answer.question_id,
            item_id=answer.item_id,
            form=_form(answer, template, has_ratio=answer.item_id in worded),
        )
        for answer in evidence.answers
    )


def _form(answer: Answer, template: ReportTemplate, *, has_ratio: bool) -> ConclusionForm:
    """Form of a conclusion: an open question stays open, grade C concludes nothing for court."""
    if answer.finding in _NO_ANSWER or answer.finding is Finding.INCONCLUSIVE:
        return template.form(answer.finding)
    if answer.grade is Grade.C:
        return ConclusionForm.SCREENING
    if has_ratio and answer.kind in _ON_THE_GENUS and answer.finding is Finding.DETECTED:
        return ConclusionForm.EVALUATIVE
    several = any(s.phrase == "dna.other_taxon_set" for s in answer.statements)
    if several and answer.kind is QuestionKind.ANIMAL_OF_ORIGIN:
        return ConclusionForm.ALTERNATIVE
    return template.form(answer.finding)


def _obstacles(
    document: DocumentKind,
    template: ReportTemplate,
    clauses: tuple[ClauseResult, ...],
    intake: IntakeRecord,
    rows: tuple[LegalRow, ...],
) -> tuple[IssueObstacle, ...]:
    """Why nothing can be issued from the record as it stands; pages in a draft language add that."""
    held = {
        IssueObstacle.INTERIM: document is DocumentKind.INTERIM_RECORD,
        IssueObstacle.TEMPLATE_UNVERIFIED: not template.text_read,
        IssueObstacle.INCOMPLETE: any(result.state is ClauseState.MISSING for result in clauses),
        IssueObstacle.ROWS_UNVERIFIED: any(row.verification.verified_by is None for row in rows),
        IssueObstacle.SIMULATED_DATA: any(c.run.simulated is not None for c in intake.examination.runs()),
    }
    return tuple(obstacle for obstacle, holds in held.items() if holds)
