"""Templates for the form of a record, as data: the clauses to be met, the forms of conclusion that they know."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.form_vocabulary import ClauseSet, ConclusionForm, Template
from musk_id.model.reference import Verification
from musk_id.model.values import Text
from musk_id.vocabulary import Finding, Language

__all__ = ["TEMPLATES", "ConclusionRule", "ReportTemplate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConclusionRule:
    """The form of conclusion that a finding of grade A or B allows."""

    finding: Finding
    form: ConclusionForm


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTemplate:
    """A template.

    ``language`` must be the first of the laboratory's languages; without one any may be. ``text_read`` is false
    where nobody read the text in force: every page then says so, and nothing can be issued by the template.
    """

    template: Template
    language: Language | None
    clauses: tuple[ClauseSet, ...]
    conclusions: tuple[ConclusionRule, ...]
    text_read: bool
    verification: Verification

    def form(self, finding: Finding) -> ConclusionForm:
        """Form of the conclusion that a finding of grade A or B allows."""
        return next(rule.form for rule in self.conclusions if rule.finding is finding)


def _rules(**forms: ConclusionForm) -> tuple[ConclusionRule, ...]:
    return tuple(ConclusionRule(finding=finding, form=forms[finding.value]) for finding in Finding)


_OPEN = {
    "INCONCLUSIVE": ConclusionForm.UNDECIDED,
    "NOT_EXAMINED": ConclusionForm.NOT_EXAMINED,
    "OUTSIDE_COMPETENCE": ConclusionForm.OUTSIDE_COMPETENCE,
}
# "Not detected" never becomes a negative conclusion: only an exclusion does.
_CATEGORICAL = _rules(
    DETECTED=ConclusionForm.CATEGORICAL_POSITIVE,
    NOT_DETECTED=ConclusionForm.UNDECIDED,
    EXCLUDED=ConclusionForm.CATEGORICAL_NEGATIVE,
    **_OPEN,
)
_INTERNATIONAL = (ClauseSet.ISO_IEC_17025, ClauseSet.ISO_21043_5)

TEMPLATES: dict[Template, ReportTemplate] = {
    template.template: template
    for template in (
        ReportTemplate(
            template=Template.INTERNATIONAL,
            language=None,
            clauses=_INTERNATIONAL,
            conclusions=_rules(
                DETECTED=ConclusionForm.TECHNICAL,
                NOT_DETECTED=ConclusionForm.TECHNICAL,
                EXCLUDED=ConclusionForm.TECHNICAL,
                **_OPEN,
            ),
            text_read=True,
            verification=Verification(
                source_document=Text(
                    "ISO/IEC 17025:2017, 7.8.2.1, from a public copy of the text; ISO 21043-5:2025, headings of "
                    "its published table of contents only"
                )
            ),
        ),
        ReportTemplate(
            template=Template.RUSSIAN_FEDERATION,
            language=Language.RU,
            clauses=(*_INTERNATIONAL, ClauseSet.RU_73_FZ_25),
            conclusions=_CATEGORICAL,
            text_read=True,
            verification=Verification(
                source_document=Text(
                    "Federal Law of the Russian Federation 73-FZ on state forensic expert activity, article 25, "
                    "from a public copy of the text"
                )
            ),
        ),
        ReportTemplate(
            template=Template.KAZAKHSTAN,
            language=None,
            clauses=(*_INTERNATIONAL, ClauseSet.KZ_CPC),
            conclusions=_CATEGORICAL,
            text_read=False,
            verification=Verification(
                source_document=Text(
                    "Code of Criminal Procedure of the Republic of Kazakhstan: the text in force (2014, article "
                    "283) was not read; contents are those of article 251 of 1997"
                )
            ),
        ),
    )
}
