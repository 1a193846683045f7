"""What a record lacks is named: every need of every clause is taken away once."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from musk_id.cli.examine import examine_case
from musk_id.form_vocabulary import ClauseSet, ClauseState, DocumentKind, Need
from musk_id.model.clauses import ALWAYS, AT_ISSUE, CLAUSES, FIELDS, NEVER, ClauseResult
from musk_id.model.evidence import EvidenceRecord
from musk_id.model.examination import OutsideFinding
from musk_id.model.form import Conclusion
from musk_id.model.intake import IntakeRecord
from musk_id.model.provenance import Provenance
from musk_id.model.record import CaseRecord
from musk_id.model.request import Photograph
from musk_id.model.values import Identifier, IsoDate, Line, RelativePath, Text
from musk_id.records.codec import plan_of
from musk_id.stages.completeness import clause_results
from musk_id.vocabulary import SealState, Selection

PROJECT = Path(__file__).resolve().parents[2]
OF_A_CASE = [need for need in Need if need not in AT_ISSUE | NEVER | ALWAYS]


@dataclass(frozen=True)
class Parts:
    """What completeness is judged from."""

    intake: IntakeRecord
    evidence: EvidenceRecord
    provenance: Provenance
    conclusions: tuple[Conclusion, ...]

    def examination(self, **changes: object) -> Parts:
        return replace(self, intake=replace(self.intake, examination=replace(self.intake.examination, **changes)))

    def request(self, **changes: object) -> Parts:
        return replace(self, intake=replace(self.intake, request=replace(self.intake.request, **changes)))

    def item(self, **changes: object) -> Parts:
        return self.examination(items=tuple(replace(i, **changes) for i in self.intake.examination.items))

    def sub_samples(self, **changes: object) -> Parts:
        (item,) = self.intake.examination.items
        return self.item(sub_samples=tuple(replace(s, **changes) for s in item.sub_samples))

    def runs(self, **changes: object) -> Parts:
        """Products and runs without something that either of them may hold."""
        (item,) = self.intake.examination.items
        return self.item(
            sub_samples=tuple(
                replace(s, extracts=tuple(replace(e, products=_without(e.products, changes)) for e in s.extracts))
                for s in item.sub_samples
            )
        )

    def limitation(self, phrase: str) -> Parts:
        kept = tuple(s for s in self.evidence.limitations if s.phrase != phrase)
        return replace(self, evidence=replace(self.evidence, limitations=kept))

    def results(self, document: DocumentKind = DocumentKind.EXAMINATION_RECORD) -> tuple[ClauseResult, ...]:
        return clause_results(
            tuple(ClauseSet), document, self.intake, self.evidence, self.provenance, self.conclusions
        )


def _without(products: tuple, changes: dict[str, object]) -> tuple:  # type: ignore[type-arg]
    of_product = {k: v for k, v in changes.items() if k != "date"}
    return tuple(
        replace(p, **of_product, runs=tuple(replace(r, **changes) for r in p.runs))  # type: ignore[type-var]
        for p in products
    )


@pytest.fixture(scope="module")
def whole(demo) -> Parts:  # type: ignore[no-untyped-def]
    """A case that lacks nothing: the shipped one, several units, a photograph, another provider."""
    record: CaseRecord = examine_case(demo, demo.laboratory_path.parent / "cases" / "DEMO-A")
    assert record.form is not None
    parts = Parts(record.intake, record.evidence, record.provenance, record.form.conclusions)
    outside = OutsideFinding(
        finding_id=Identifier("O"),
        item_id=Identifier("A1"),
        method=Line("m"),
        provider=Line("p"),
        result=Text("r"),
    )
    photograph = Photograph(path=RelativePath("a.jpg"))
    ended = IsoDate("2026-03-01")
    return parts.examination(participants=Text("Nobody."), outside_findings=(outside,), completed_on=ended).item(
        photographs=(photograph,), units_total=3, selection=Selection.ALL
    )


TAKEN: dict[Need, Callable[[Parts], Parts]] = {
    Need.PLACE_OF_WORK: lambda p: p.examination(place_of_work=None),
    Need.CUSTOMER: lambda p: p.request(authority=replace(p.intake.request.authority, contact=None, address=None)),
    Need.METHODS: lambda p: replace(p, provenance=replace(p.provenance, methods=())),
    Need.LABORATORY_METHODS: lambda p: p.runs(method_version=None),
    Need.ITEM_DESCRIPTION: lambda p: p.item(found_to_be=None),
    Need.ITEM_CONDITION: lambda p: p.item(condition=None),
    Need.DATE_OF_RECEIPT: lambda p: p.examination(accession_date=None),
    Need.DATES_OF_SUB_SAMPLING: lambda p: p.sub_samples(date=None),
    Need.DATES_OF_WORK: lambda p: p.runs(date=None),
    Need.DATE_OF_COMPLETION: lambda p: p.examination(completed_on=None),
    Need.SELECTION_OF_UNITS: lambda p: p.item(selection=Selection.NOT_RECORDED),
    Need.SUB_SAMPLING_METHOD: lambda p: p.sub_samples(method_version=None),
    Need.ITEMS_ONLY: lambda p: p.limitation("limit.items_examined_only"),
    Need.RESULTS: lambda p: replace(p, evidence=replace(p.evidence, answers=())),
    Need.DEPARTURES: lambda p: p.examination(departures=None),
    Need.QUESTIONS: lambda p: replace(p, evidence=replace(p.evidence, answers=p.evidence.answers[1:])),
    Need.DATE_OF_REQUEST: lambda p: p.request(date_of_request=None),
    Need.LEGAL_GROUND: lambda p: p.request(legal_ground=None),
    Need.ACCESSION_NUMBER: lambda p: p.examination(accession_number=None),
    Need.SEALS: lambda p: p.item(seal_state=SealState.NOT_RECORDED),
    Need.CUSTODY: lambda p: p.examination(custody=()),
    Need.NET_QUANTITY: lambda p: p.item(
        net_mass=replace(
            p.intake.examination.items[0].net_mass, expanded_uncertainty_mg=None, coverage_factor=None
        )
    ),
    Need.RATIO_OR_REASON: lambda p: replace(
        p, evidence=replace(p.evidence, items=tuple(replace(i, ratio=None) for i in p.evidence.items))
    ),
    Need.NO_ESTIMATED_NUMBERS: lambda p: p.limitation("limit.number_of_individuals"),
    Need.ANALYSTS: lambda p: p.runs(analyst=None),
    Need.MATERIALS: lambda p: p.request(items=()),
    Need.PARTICIPANTS: lambda p: p.examination(participants=None),
    Need.CONCLUSIONS: lambda p: replace(p, conclusions=p.conclusions[1:]),
    Need.ILLUSTRATIONS: lambda p: p.item(photographs=()),
}

# Parts that the message must name; other needs are of the case as a whole.
NAMED = {
    Need.LABORATORY_METHODS: ("A1-R1", "A1-R2"),
    Need.DATES_OF_WORK: ("A1-R1", "A1-R2"),
    Need.ANALYSTS: ("A1-R1", "A1-R2"),
    Need.DATES_OF_SUB_SAMPLING: ("A1-S1",),
    Need.SUB_SAMPLING_METHOD: ("A1-S1",),
    Need.QUESTIONS: ("Q1",),
    Need.CONCLUSIONS: ("Q1",),
    **dict.fromkeys((Need.ITEM_DESCRIPTION, Need.ITEM_CONDITION, Need.SELECTION_OF_UNITS, Need.SEALS), ("A1",)),
    **dict.fromkeys((Need.CUSTODY, Need.NET_QUANTITY, Need.RATIO_OR_REASON, Need.ILLUSTRATIONS), ("A1",)),
}


def of(results: tuple[ClauseResult, ...], need: Need) -> set[tuple[ClauseState, tuple[str, ...]]]:
    return {(r.state, tuple(map(str, r.subjects))) for r in results if r.need is need}


def test_a_whole_case_lacks_nothing(whole: Parts) -> None:
    results = whole.results()
    assert {r.state for r in results} == {ClauseState.PRESENT, ClauseState.AT_ISSUE, ClauseState.NOT_APPLICABLE}
    assert [(r.clauses, r.number, r.need) for r in results] == [
        (c.clauses, c.number, need) for c in CLAUSES for need in c.needs
    ]


# What another provider found cannot lack its provider: the type asks for it.
@pytest.mark.parametrize("need", [n for n in OF_A_CASE if n is not Need.OTHER_PROVIDERS], ids=str)
def test_what_is_taken_away_is_named(whole: Parts, need: Need) -> None:
    assert of(whole.results(), need) == {(ClauseState.PRESENT, ())}
    assert of(TAKEN[need](whole).results(), need) == {(ClauseState.MISSING, NAMED.get(need, ()))}


@pytest.mark.parametrize("need", [Need.OTHER_PROVIDERS], ids=str)
def test_what_does_not_apply_is_not_missing(whole: Parts, need: Need) -> None:
    assert of(whole.results(), need) == {(ClauseState.PRESENT, ())}
    assert of(whole.examination(outside_findings=()).results(), need) == {(ClauseState.NOT_APPLICABLE, ())}


@pytest.mark.parametrize("need", sorted(AT_ISSUE | NEVER | ALWAYS), ids=str)
def test_what_no_paper_of_a_case_can_give(whole: Parts, need: Need) -> None:
    states = {state for state, _ in of(whole.results(), need)}
    expected = ClauseState.AT_ISSUE if need in AT_ISSUE else ClauseState.NOT_APPLICABLE
    assert states == {ClauseState.PRESENT if need in ALWAYS else expected}


def test_an_item_that_did_not_arrive_lacks_everything(whole: Parts) -> None:
    gone = whole.examination(items=(), custody=())
    for need in (Need.ITEM_CONDITION, Need.SEALS, Need.CUSTODY, Need.NET_QUANTITY, Need.ITEM_DESCRIPTION):
        assert of(gone.results(), need) == {(ClauseState.MISSING, ("A1",))}


def test_an_interim_record_needs_no_end(whole: Parts) -> None:
    results = whole.examination(completed_on=None).results(DocumentKind.INTERIM_RECORD)
    for need in (Need.DATE_OF_COMPLETION, Need.CONCLUSIONS, Need.RATIO_OR_REASON):
        assert of(results, need) == {(ClauseState.NOT_APPLICABLE, ())}


def test_the_matrix_is_whole() -> None:
    numbers = [c.number for c in CLAUSES if c.clauses is ClauseSet.ISO_IEC_17025]
    assert numbers == list("abcdefghijklmnop")
    asked = {need for clause in CLAUSES for need in clause.needs}
    assert asked == set(Need)
    assert set(FIELDS) == set(OF_A_CASE) | ALWAYS
    assert set(TAKEN) == set(OF_A_CASE) - {Need.OTHER_PROVIDERS}


@pytest.mark.parametrize("need", sorted(FIELDS), ids=str)
def test_fields_of_the_matrix_exist(need: Need) -> None:
    cls: object = CaseRecord
    steps = FIELDS[need].split(".")
    for step in steps:
        plan = {field.name: field.type for field in plan_of(cls)}[step.removesuffix("[]")]
        assert step.endswith("[]") <= (plan.kind == "list"), step
        inner = plan.item if plan.kind == "list" else plan
        assert inner is not None
        cls = inner.cls


def test_the_written_matrix_is_the_one_in_use(request: pytest.FixtureRequest) -> None:
    spec = importlib.util.spec_from_file_location("written", PROJECT / "scripts" / "write_completeness.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (PROJECT / "docs" / "completeness.tsv").read_text(encoding="utf-8")
    assert text == module.completeness_table(), "run make completeness"
    here = {
        f"tests/stages/test_completeness.py::{item.name}"
        for item in request.session.items
        if item.path == Path(__file__)
    }
    named = {line.split("\t")[5] for line in text.splitlines()[1:]}
    if len(here) > 60:  # all of this file was collected
        assert named <= here
