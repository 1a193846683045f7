"""Evidence stage: grade, findings and answers of a case.

Inputs: the intake, controls, barcode and spectra records of a case. Output: one
:class:`~musk_id.model.evidence.EvidenceRecord`. Every item whose DNA was examined carries a likelihood ratio or
the reasons why there is none (:mod:`musk_id.stages.likelihood_ratio`); release 2026.1 gives none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from musk_id.model.barcode import BarcodeRecord, ItemCall, RunIdentity
from musk_id.model.controls import ControlsRecord
from musk_id.model.evidence import Answer, EvidenceRecord, GradePart, ItemFindings, Statement
from musk_id.model.examination import ExaminedItem
from musk_id.model.intake import IntakeRecord
from musk_id.model.laboratory_chemistry import ProfileCalibration
from musk_id.model.methods import EvidenceMethod
from musk_id.model.provenance import Provenance
from musk_id.model.ratio import ItemRatio
from musk_id.model.reference import ReferenceRelease
from musk_id.model.second_reading import ReadingComparison
from musk_id.model.spectra import SpectraRecord
from musk_id.model.values import Identifier, IsoDate, Line, RelativePath, Sha256
from musk_id.stages.answers import ItemEvidence, answer_question
from musk_id.stages.chemistry_answers import chemical_findings
from musk_id.stages.detection_answers import beside_not_detected
from musk_id.stages.dna_answers import GENUS, DnaFindings, carrying, dna_findings
from musk_id.stages.edit_effect import View, answer_changes, changed_answer_part, edited_record, hold_weaker
from musk_id.stages.grade import CaseFacts, grade_parts, weakest
from musk_id.stages.likelihood_ratio import RatioBasis, ratio_for
from musk_id.stages.missing import missing_facts
from musk_id.stages.ratio_statements import ratio_statements
from musk_id.stages.replicates import extracts_of_markers
from musk_id.stages.second_readings import compare_readings, differing_part, families_of, reading_statements
from musk_id.stages.statements import say
from musk_id.vocabulary import CurationState, FileRole, Grade, Reason

__all__ = ["evaluate"]

# Marker groups of the release without which natural musk cannot be looked for chemically.
_NATURAL_GROUPS = frozenset({"macrocyclic_musk", "macrocyclic_ketone", "nitrogen_marker"})


def evaluate(
    intake: IntakeRecord,
    controls: tuple[ControlsRecord, ...],
    barcode: BarcodeRecord,
    spectra: SpectraRecord,
    release: ReferenceRelease,
    method: EvidenceMethod,
    provenance: Provenance,
    ratio_basis: RatioBasis | None = None,
    profile: ProfileCalibration | None = None,
) -> EvidenceRecord:
    """Grade every item, answer every question for every item it names.

    An item of the request that the laboratory did not examine is answered as not examined. Without a basis for
    ratios, or before the examination has ended, nothing is said of them item by item.
    ``profile`` is the laboratory's calibration of chemical profiles.
    """
    facts = CaseFacts.of(intake, controls)
    if intake.examination.interim is not None:
        ratio_basis = None  # an interim record tells findings only
    examined = {item.item_id: item for item in intake.examination.items}
    items = [examined.get(i.item_id) or ExaminedItem(item_id=i.item_id) for i in intake.request.items]
    photographs = {
        fact.path: fact.sha256
        for fact in intake.files
        if fact.role is FileRole.PHOTOGRAPH
        and fact.sha256 is not None
        and fact.declared_sha256 in (None, fact.sha256)
    }
    sources = _Sources(
        intake, barcode, spectra, facts, method, photographs, families_of(release), profile, controls
    )
    graded = {item.item_id: _item_evidence(item, sources) for item in items}
    evidence = {item_id: found for item_id, (found, _) in graded.items()}
    findings = tuple(
        _item_findings(
            *graded[i.item_id], _readings(i, sources), _ratio(evidence[i.item_id], barcode, ratio_basis)
        )
        for i in items
    )
    return EvidenceRecord(
        schema=Line(EvidenceRecord.SCHEMA),
        case_id=intake.case_id,
        provenance=provenance,
        grade=weakest(finding.grade for finding in findings),
        items=findings,
        answers=_answers(intake, evidence),
        limitations=_limitations(
            intake, spectra, release, any(f.ratio is not None and f.ratio.lower for f in findings)
        ),
        missing=missing_facts(intake),
    )


_Parts = dict[str, tuple[GradePart, ...]]


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the findings on every item are drawn from."""

    intake: IntakeRecord
    barcode: BarcodeRecord
    spectra: SpectraRecord
    facts: CaseFacts
    method: EvidenceMethod
    photographs: Mapping[RelativePath, Sha256]
    families: Mapping[str, str]
    profile: ProfileCalibration | None
    controls: tuple[ControlsRecord, ...]


def _dna_parts(item: ExaminedItem, barcode: BarcodeRecord, sources: _Sources) -> tuple[GradePart, ...]:
    call = next((c for c in barcode.items if c.item_id == item.item_id), None)
    results = tuple(r for r in barcode.sequences if r.run.item_id == item.item_id)
    carried = carrying(results, call)
    return grade_parts(
        "dna",
        _runs(r.run for r in carried),
        sources.facts,
        sources.method,
        trace=call.trace if call else (),
        loci=call.loci if call else (),
        extracts=extracts_of_markers(carried),
        single_strand=_runs(r.run for r in carried if Reason.SINGLE_STRAND in r.reasons),
    )


def _runs(runs: Iterable[RunIdentity]) -> tuple[RunIdentity, ...]:
    return tuple(sorted(set(runs), key=lambda run: run.run_id))


def _item_evidence(item: ExaminedItem, sources: _Sources) -> tuple[ItemEvidence, _Parts]:
    spectra = sources.spectra
    runs = _runs(r.run for r in spectra.spectra if r.run.item_id == item.item_id and r.call)
    chemistry = grade_parts("chemistry", runs, sources.facts, sources.method)
    dna, findings = _dna_evidence(item, sources)
    found = ItemEvidence(
        item=item,
        dna=findings,
        chemistry=chemical_findings(
            item.item_id, spectra, _part_reasons(chemistry), sources.profile, _first_date(runs, sources.facts)
        ),
        dna_grade=weakest(part.grade for part in dna),
        chemistry_grade=weakest(part.grade for part in chemistry),
    )
    return found, {"dna": dna, "chemistry": chemistry}


def _first_date(runs: tuple[RunIdentity, ...], facts: CaseFacts) -> IsoDate | None:
    """First date of some runs and of their batches; ``None`` if one is not recorded."""
    dates = [facts.runs[run.run_id].date for run in runs]
    dates += [facts.controls[b].sheet.date for run in runs for b in run.batch_ids if b in facts.controls]
    known = [date for date in dates if date is not None]
    return min(known) if known and len(known) == len(dates) else None


def _dna_evidence(item: ExaminedItem, sources: _Sources) -> tuple[tuple[GradePart, ...], DnaFindings]:
    """Parts of the grade and findings from DNA; with edits by hand, what holds of both answers."""
    barcode, edits = sources.barcode, sources.intake.edits
    edited = edited_record(barcode, item.item_id)
    records = [barcode] if edited is None or edits is None else [barcode, edited]
    parts = tuple(dict.fromkeys(part for record in records for part in _dna_parts(item, record, sources)))
    if not all(reading.agrees for reading in _readings(item, sources)):
        parts = (*parts, differing_part())

    def view(record: BarcodeRecord) -> DnaFindings:
        grade = weakest(part.grade for part in parts)
        found = dna_findings(item, record, grade, _part_reasons(parts), sources.photographs)
        return beside_not_detected(found, item.item_id, record, sources.controls)

    if edited is None or edits is None:
        return parts, view(barcode)

    without, changed = (View(_call_of(record, item.item_id), view(record)) for record in (barcode, edited))
    runs = frozenset(r.run.run_id for r in barcode.sequences if r.run.item_id == item.item_id)
    if answer_changes(without, changed):
        parts = (*parts, changed_answer_part())
    return parts, hold_weaker(edits, runs, without, changed)


def _call_of(barcode: BarcodeRecord, item_id: Identifier) -> ItemCall:
    return next(call for call in barcode.items if call.item_id == item_id)


def _part_reasons(parts: tuple[GradePart, ...]) -> tuple[Reason, ...]:
    return tuple(sorted({reason for part in parts for reason in part.reasons}))


def _readings(item: ExaminedItem, sources: _Sources) -> tuple[ReadingComparison, ...]:
    intake = sources.intake
    return compare_readings(
        intake.second_reading, item.item_id, intake.examination, sources.barcode, sources.families
    )


def _ratio(evidence: ItemEvidence, barcode: BarcodeRecord, basis: RatioBasis | None) -> ItemRatio | None:
    """The ratio of an item; none where letters changed by hand would give another one."""
    if basis is None:
        return None
    edited = edited_record(barcode, evidence.item.item_id)
    found = [_ratio_of(evidence, record, basis) for record in (barcode, edited) if record is not None]
    return found[0] if all(ratio == found[0] for ratio in found) else None


def _ratio_of(evidence: ItemEvidence, barcode: BarcodeRecord, basis: RatioBasis) -> ItemRatio | None:
    call = next((call for call in barcode.items if call.item_id == evidence.item.item_id), None)
    if call is None:
        return None
    results = tuple(r for r in barcode.sequences if r.run.item_id == call.item_id)
    return ratio_for(call, results, evidence.dna.moschus, evidence.dna_grade, basis)


def _item_findings(
    evidence: ItemEvidence,
    parts: _Parts,
    readings: tuple[ReadingComparison, ...],
    ratio: ItemRatio | None,
) -> ItemFindings:
    every = parts["dna"] + parts["chemistry"]
    dna, chemistry = evidence.dna, evidence.chemistry
    return ItemFindings(
        item_id=evidence.item.item_id,
        grade=weakest(part.grade for part in every),
        grade_parts=every or (_no_result(),),
        statements=(
            *dna.statements,
            *dna.species_statements,
            *(ratio_statements(ratio) if ratio is not None else ()),
            *reading_statements(readings),
            *chemistry.statements,
        ),
        ratio=ratio,
        second_readings=readings,
    )


def _no_result() -> GradePart:
    return GradePart(
        subject=Line("result"),
        grade=Grade.C,
        reasons=(Reason.NO_USABLE_RESULT,),
        statement=say("grade.no_result"),
    )


def _answers(intake: IntakeRecord, evidence: dict[Identifier, ItemEvidence]) -> tuple[Answer, ...]:
    answers: list[Answer] = []
    for question in intake.request.questions:
        for item_id in question.item_ids or tuple(evidence):
            answers.append(answer_question(question, evidence[item_id]))
    return tuple(answers)


def _limitations(
    intake: IntakeRecord, spectra: SpectraRecord, release: ReferenceRelease, ratio_given: bool
) -> tuple[Statement, ...]:
    """Standing limitations of every record (decision rules, sections 2, 4, 6, 7 and 10)."""
    examination = intake.examination
    computed = {r.run.run_id for r in spectra.spectra if r.reintegration is not None}
    said = [
        say("limit.maternal_lineage"),
        say("limit.number_of_individuals"),
        say("limit.not_resolvable"),
        *_release_limitations(release, intake.laboratory.overlays),
        say("limit.presence_is_not_substance"),
        say("limit.absence_is_not_artificial"),
        say("limit.human_dna"),
        say(_ratio_limitation(intake, ratio_given)),
        say("limit.as_stated_by_requester"),
        say("limit.items_examined_only"),
    ]
    if examination.outside_findings:
        said.append(say("limit.outside_findings"))
    if intake.edits is not None and any(e.run_id not in computed for e in intake.edits.reintegrations):
        said.append(say("limit.reintegrated"))
    if any(context.run.simulated is not None for context in examination.runs()):
        said.insert(0, say("limit.simulated"))
    return tuple(said)


def _ratio_limitation(intake: IntakeRecord, ratio_given: bool) -> str:
    if intake.examination.interim is not None:
        return "limit.interim"
    return "limit.likelihood_ratio" if ratio_given else "limit.no_likelihood_ratio"


def _release_limitations(release: ReferenceRelease, overlays: tuple[str, ...]) -> list[Statement]:
    """What the release in use cannot answer, counted from the release itself; own data are told apart."""
    individuals: dict[tuple[str, str], set[str]] = {}
    for record in release.barcodes:
        if record.state is CurationState.REFERENCE and record.genus == GENUS:
            key = (record.organism_as_deposited, record.locus)
            individuals.setdefault(key, set()).add(record.individual)
    said: list[Statement] = []
    if max((len(found) for found in individuals.values()), default=0) <= 1:
        phrase = "limit.no_species_release_alone" if overlays else "limit.no_species"
        said.append(say(phrase, release=release.release_id))
    if overlays:
        said.append(say("limit.overlays", overlays=overlays))
    lacking = sorted(m.name for m in release.markers if m.group in _NATURAL_GROUPS and not m.accessions)
    if lacking:
        said.append(say("limit.chemistry_without_references", release=release.release_id, markers=lacking))
    return said
