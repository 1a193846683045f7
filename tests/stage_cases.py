"""An examined item built in memory, complete enough for grade A, for tests that take one part away at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from barcode_cases import ANIMALS, METHOD, PROVENANCE

from musk_id.model.barcode import BarcodeRecord
from musk_id.model.batch import RunSheet
from musk_id.model.controls import ControlFinding, ControlsRecord
from musk_id.model.evidence import EvidenceRecord
from musk_id.model.examination import (
    EvidenceFile,
    Examination,
    ExaminedItem,
    Extract,
    FoundToBe,
    Product,
    Run,
    SubSample,
)
from musk_id.model.intake import FileFact, IntakeNote, IntakeRecord
from musk_id.model.methods import EVIDENCE_METHODS, EvidenceMethod
from musk_id.model.reference import ReferenceRelease
from musk_id.model.request import Photograph, Question, Request, RequestItem
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.spectra import SpectraRecord
from musk_id.model.technical import SequenceEvidence
from musk_id.model.values import Identifier, Line, RelativePath, Sha256, Text
from musk_id.stages.barcode import call_barcodes
from musk_id.stages.evidence import evaluate
from musk_id.stages.intake import run_identity
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.likelihood_ratio import RatioBasis
from musk_id.vocabulary import (
    RELEASE_MARKERS,
    BatchKind,
    ControlKind,
    ControlOutcome,
    ExtractKind,
    FileRole,
    Locus,
    MaterialClass,
    QuestionKind,
    Reason,
    Technique,
)

Letters = Mapping[Locus, str]


@dataclass(frozen=True)
class Case:
    """A case with one item ``I1``: the letters of each sub-sample by marker, and what surrounds them.

    ``controls_passed``, ``controls_reasons`` and ``invalid_loci`` are those of batch ``B0``, through which all
    sub-samples went, or only the first one; the second one then went through ``B1``, which passed.
    """

    sub_samples: tuple[Letters, ...]
    material: MaterialClass | None = MaterialClass.TISSUE
    photographed: tuple[bool, ...] = (True, True)
    one_photograph: bool = False
    photographs_missing: tuple[str, ...] = ()
    raw: bool = True
    batch: bool = True
    extract_batch: bool = True
    negatives: tuple[Locus, ...] = RELEASE_MARKERS
    batch_kind: BatchKind = BatchKind.DNA
    controls_passed: bool = True
    controls_reasons: tuple[Reason, ...] = ()
    invalid_loci: tuple[Locus, ...] = ()
    batch_per_sub_sample: bool = False
    simulated: str | None = None
    notes: tuple[IntakeNote, ...] = ()
    item_changes: tuple[tuple[str, object], ...] = ()
    kinds: tuple[QuestionKind, ...] = tuple(QuestionKind)


def photograph(name: str) -> Photograph:
    return Photograph(path=RelativePath(f"{name}.jpg"))


# A later version that reads raw data: what the rules allow then is tested now.
METHOD_WITH_RAW_DATA = replace(
    EVIDENCE_METHODS[0], evaluates_raw_of=(*EVIDENCE_METHODS[0].evaluates_raw_of, Technique.SEQUENCE)
)


def _photograph_facts(case: Case) -> tuple[FileFact, ...]:
    taken = [(i, name) for i, name in enumerate(_photographs(case)) if name is not None]
    names = dict.fromkeys(name for _, name in taken if name not in case.photographs_missing)
    return tuple(
        FileFact(
            path=photograph(name).path,
            role=FileRole.PHOTOGRAPH,
            owner=Identifier("I1"),
            size_bytes=1,
            sha256=Sha256(hashlib.sha256(name.encode("ascii")).hexdigest()),
        )
        for name in names
    )


def _photographs(case: Case) -> list[str | None]:
    """Name of the photograph of each sub-sample."""
    named = ["S0" if case.one_photograph else f"S{i}" for i in range(len(case.sub_samples))]
    return [name if case.photographed[i] else None for i, name in enumerate(named)]


def _batch(case: Case, number: int) -> Identifier:
    return Identifier(f"B{number if case.batch_per_sub_sample else 0}")


def _run(case: Case, number: int, name: str) -> Run:
    files = [EvidenceFile(path=RelativePath(f"{name}.fasta"), role=FileRole.SEQUENCE)]
    if case.raw:
        files.append(EvidenceFile(path=RelativePath(f"{name}.ab1"), role=FileRole.TRACE_FORWARD))
    return Run(
        run_id=Identifier(f"{name}-R"),
        technique=Technique.SEQUENCE,
        files=tuple(files),
        batch_id=_batch(case, number) if case.batch else None,
        simulated=None if case.simulated is None else Text(case.simulated),
    )


def _sub_sample(case: Case, number: int, letters: Letters) -> SubSample:
    name, taken = f"S{number}", _photographs(case)[number]
    products = tuple(
        Product(
            product_id=Identifier(f"{name}-{i}"),
            locus=locus,
            runs=(_run(case, number, f"{name}-{i}"),),
        )
        for i, locus in enumerate(letters)
    )
    extract = Extract(
        extract_id=Identifier(f"{name}-E"),
        kind=ExtractKind.DNA,
        batch_id=_batch(case, number) if case.batch and case.extract_batch else None,
        products=products,
    )
    return SubSample(
        sub_sample_id=Identifier(name),
        photographs=(photograph(taken),) if taken is not None else (),
        extracts=(extract,),
    )


def examination(case: Case) -> Examination:
    found = None
    if case.material is not None:
        found = FoundToBe(material=case.material, description=Text("as seen"))
    item = ExaminedItem(
        item_id=Identifier("I1"),
        found_to_be=found,
        sub_samples=tuple(_sub_sample(case, i, letters) for i, letters in enumerate(case.sub_samples)),
    )
    item = replace(item, **dict(case.item_changes))  # type: ignore[arg-type]
    return Examination(schema=Line(Examination.SCHEMA), case_id=Identifier("CASE"), items=(item,))


def intake(case: Case, example: IntakeRecord) -> IntakeRecord:
    """Intake of a case; laboratory and authority are those of an example."""
    item = RequestItem(item_id=Identifier("I1"), described_as=Text("a pod"))
    questions = tuple(
        Question(question_id=Identifier(f"Q{i}"), text=Text("?"), kind=kind) for i, kind in enumerate(case.kinds)
    )
    request = replace(example.request, case_id=Identifier("CASE"), items=(item,), questions=questions)
    assert isinstance(request, Request)
    examined = examination(case)
    return IntakeRecord(
        schema=Line(IntakeRecord.SCHEMA),
        case_id=Identifier("CASE"),
        provenance=PROVENANCE,
        laboratory=example.laboratory,
        request=request,
        examination=examined,
        files=_photograph_facts(case),
        batch_ids=tuple(sorted({b for context in examined.runs() for b in context.batch_ids})),
        notes=case.notes,
    )


def controls(case: Case) -> tuple[ControlsRecord, ...]:
    first = _controls_of(Identifier("B0"), case)
    own = replace(
        first,
        passed=case.controls_passed,
        reasons=case.controls_reasons,
        invalid_loci=case.invalid_loci,
    )
    if not case.batch:
        return ()
    return (own, _controls_of(Identifier("B1"), case)) if case.batch_per_sub_sample else (own,)


def _controls_of(batch: Identifier, case: Case) -> ControlsRecord:
    return ControlsRecord(
        schema=Line(ControlsRecord.SCHEMA),
        batch_id=batch,
        provenance=PROVENANCE,
        sheet=RunSheet(schema=Line(RunSheet.SCHEMA), batch_id=batch, kind=case.batch_kind),
        exhibit_rows=1,
        files=(),
        controls=tuple(_negative(locus) for locus in case.negatives),
        required=(),
        passed=True,
    )


def _negative(locus: Locus) -> ControlFinding:
    return ControlFinding(
        position=Line("A1"), kind=ControlKind.PCR_NEGATIVE, locus=locus, outcome=ControlOutcome.PASSED
    )


def barcode(case: Case, library: BarcodeLibrary) -> BarcodeRecord:
    evidence = []
    for context in examination(case).runs():
        number = int(str(context.sub_sample.sub_sample_id)[1:])
        locus = context.product.locus
        assert locus is not None
        evidence.append(
            SequenceEvidence(
                run=run_identity(context),
                declared_locus=locus,
                file_sha256=Sha256("0" * 64),
                sequences=(NucleotideSequence("s", case.sub_samples[number][locus]),),
            )
        )
    return call_barcodes(
        Identifier("CASE"),
        tuple(evidence),
        library,
        METHOD,
        ANIMALS,
        PROVENANCE,
        invalid_loci={record.batch_id: record.invalid_loci for record in controls(case)},
    )


def evidence_of(
    case: Case,
    library: BarcodeLibrary,
    release: ReferenceRelease,
    example: IntakeRecord,
    method: EvidenceMethod = METHOD_WITH_RAW_DATA,
    ratio: RatioBasis | None = None,
) -> EvidenceRecord:
    spectra = SpectraRecord(
        schema=Line(SpectraRecord.SCHEMA),
        case_id=Identifier("CASE"),
        provenance=PROVENANCE,
        spectra=(),
        markers=(),
    )
    return evaluate(
        intake(case, example),
        controls(case),
        barcode(case, library),
        spectra,
        release,
        method,
        PROVENANCE,
        ratio,
    )
