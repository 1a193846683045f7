"""One function per stage, for one case: inputs and files in, a record out.

``musk-id examine`` calls them one after the other in one process, ``musk-id stage`` one at a time over the
cases of a shard; because both call the same functions, their records have the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from musk_id import __version__
from musk_id.cli.batches import controls_batch
from musk_id.cli.evidence_files import (
    digest_of,
    failed_run,
    failure_reason,
    measured,
    read_steadily,
    read_unchanged,
    run_files,
)
from musk_id.cli.injections import chemical_sequences
from musk_id.cli.papers import check_edits, read_papers, read_part
from musk_id.cli.read_evidence import reads_evidence
from musk_id.cli.stage_basis import (
    CHEMICAL_TECHNIQUES,
    barcode_basis,
    evidence_basis,
    own_controls,
    require_one_basis,
    spectra_basis,
    stage_digests,
)
from musk_id.cli.traces import TRACE_ROLES, case_sheets, trace_evidence, trace_facts
from musk_id.cli.workplace import Casework
from musk_id.errors import InputFormatError, IntegrityError, Problem, RequestError
from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.evidence import EvidenceRecord
from musk_id.model.examination import Examination
from musk_id.model.intake import FileFact, IntakeRecord
from musk_id.model.provenance import InputDigest
from musk_id.model.record import CaseRecord, OverlaySummary
from musk_id.model.request import Request
from musk_id.model.spectra import SpectraRecord
from musk_id.model.technical import FailedRun, ReadsEvidence, SequenceEvidence, SpectrumEvidence, TraceEvidence
from musk_id.model.values import Line
from musk_id.records.canonical import digest
from musk_id.records.files import resolve_inside, sha256_file
from musk_id.records.inputs import find_input
from musk_id.stages.intake import case_problems, declared_files, freeze_case, run_identity
from musk_id.stages.papers import paper_problems, reintegrated_areas
from musk_id.vocabulary import FileRole, Reason, Technique

__all__ = [
    "barcode_case",
    "controls_batch",
    "evidence_case",
    "intake_case",
    "record_case",
    "spectra_case",
]


def intake_case(casework: Casework, case_dir: Path) -> IntakeRecord:
    """Read, check and freeze a case.

    Raises
    ------
    RequestError
        With every problem of the inputs at once.
    """
    if not case_dir.is_dir():
        raise RequestError("there is no such case folder", where=case_dir.name)
    laboratory = casework.laboratory
    paths = [find_input(case_dir, "request"), find_input(case_dir, "examination")]
    problems: list[Problem] = []
    request = read_part(Request, paths[0], problems)
    examination = read_part(Examination, paths[1], problems)
    papers = read_papers(case_dir, problems)
    if request is not None and examination is not None:
        problems += case_problems(request, examination)
        problems += paper_problems(papers.edits, papers.second_reading, examination)
    if problems or request is None or examination is None:
        raise RequestError(
            f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in the inputs of the case",
            where=case_dir.name,
            problems=tuple(problems),
            hint=f"correct them and run 'musk-id case check' on the folder {case_dir.name} again",
        )
    files = tuple(_found(case_dir, fact) for fact in declared_files(request, examination))
    own = () if casework.chemistry_path is None else (casework.chemistry_path,)
    named = [*paths, *papers.paths, casework.laboratory_path, *own]
    intake = freeze_case(
        request=request,
        examination=examination,
        laboratory=laboratory,
        files=files,
        inputs=tuple(InputDigest(name=Line(p.name), sha256=sha256_file(p)) for p in named),
        software_version=__version__,
        sheets=case_sheets(casework.root, examination),
        edits=papers.edits,
        second_reading=papers.second_reading,
    )
    check_edits(intake, case_dir, casework.methods.sanger)
    return intake


def _found(case_dir: Path, fact: FileFact) -> FileFact:
    path = resolve_inside(case_dir, fact.path)
    if not path.is_file():
        return fact
    size, sha256 = measured(path, fact.path)
    trace = None
    if fact.role in TRACE_ROLES:
        trace = read_steadily([path], [sha256], lambda: trace_facts(path, fact.role))
    return replace(fact, size_bytes=size, sha256=sha256, trace=trace)


def barcode_case(
    casework: Casework, intake: IntakeRecord, controls: Mapping[str, ControlsRecord], case_dir: Path
) -> BarcodeRecord:
    """Barcode record of a case: runs by id and their sequences, nothing of the request.

    Of the controls only the markers that they took out of each batch are used.
    """
    from musk_id.formats.sequence_files import read_sequences
    from musk_id.stages.barcode import call_barcodes
    from musk_id.stages.control_reads import largest_in_blanks
    from musk_id.stages.jump_limits import jump_limits

    evidence: list[SequenceEvidence | TraceEvidence | ReadsEvidence | FailedRun] = []
    evidence += trace_evidence(intake, case_dir)
    read = reads_evidence(casework, intake, case_dir)
    evidence += read
    for context, fact in run_files(intake, frozenset({Technique.SEQUENCE}), FileRole.SEQUENCE):
        identity, locus = run_identity(context), context.product.locus
        if isinstance(fact, Reason):
            evidence.append(failed_run(context, fact, fact.value))
            continue
        try:
            sequences = read_unchanged(case_dir, [fact], lambda paths: read_sequences(paths[0]))
        except (InputFormatError, IntegrityError) as error:
            evidence.append(failed_run(context, failure_reason(error), str(error)))
        else:
            evidence.append(
                SequenceEvidence(
                    run=identity, declared_locus=locus, file_sha256=digest_of(fact), sequences=sequences
                )
            )
    methods = casework.methods
    own = own_controls(intake, controls)
    return call_barcodes(
        intake.case_id,
        tuple(evidence),
        casework.barcode_library,
        methods.barcode,
        methods.animals,
        barcode_basis(casework, intake, own),
        invalid_loci={record.batch_id: record.invalid_loci for record in own},
        sanger=methods.sanger,
        control_haplotypes={
            record.batch_id: tuple(h for control in record.controls for h in control.haplotypes) for record in own
        },
        reads=casework.reads_method,
        reads_in_blanks={
            record.batch_id: found for record in own if (found := largest_in_blanks(record)) is not None
        },
        jumps=jump_limits(own, intake.examination.runs()),
    )


def _overlay_summaries(casework: Casework) -> tuple[OverlaySummary, ...]:
    return tuple(
        OverlaySummary(
            library_id=library.library_id,
            date=library.date,
            manifest_sha256=library.manifest_sha256,
            barcode_records=sum(table.records for table in library.loci.values()),
            spectrum_records=0 if library.spectra is None else len(library.spectra),
        )
        for library in casework.overlays
    )


def spectra_case(
    casework: Casework, intake: IntakeRecord, controls: Mapping[str, ControlsRecord], case_dir: Path
) -> SpectraRecord:
    """Spectra record of a case: runs by id, their spectra and peaks, and the injections of their batches.

    Of the request nothing is used, of the examination what was found of each item's material.
    """
    from musk_id.formats.spectra_files import read_spectra
    from musk_id.stages.injections import begun_by
    from musk_id.stages.spectra import match_spectra

    own = own_controls(intake, controls)
    sequences = chemical_sequences(casework.root, own)
    areas = reintegrated_areas(intake.edits)
    evidence: list[SpectrumEvidence | FailedRun] = []
    for context, fact in run_files(intake, CHEMICAL_TECHNIQUES, FileRole.SPECTRUM):
        if isinstance(fact, Reason):
            evidence.append(failed_run(context, fact, fact.value))
            continue
        try:
            spectra = read_unchanged(case_dir, [fact], lambda paths: read_spectra(paths[0]))
        except (InputFormatError, IntegrityError) as error:
            evidence.append(failed_run(context, failure_reason(error), str(error)))
        else:
            injected = tuple(
                begun_by(sequences[b], context.run.date) for b in context.sequence_ids if b in sequences
            )
            dates = [date for date in (context.run.date, *(s.date for s in injected)) if date is not None]
            evidence.append(
                SpectrumEvidence(
                    run=run_identity(context),
                    file_sha256=digest_of(fact),
                    spectra=spectra,
                    peak=context.run.peak,
                    reintegrated_area=areas.get(context.run.run_id),
                    searched_for=context.run.searched_for,
                    sequences=injected,
                    measured_on=min(dates, default=None),
                )
            )
    methods = casework.methods
    # Own spectra may be many: they are prepared only for a case that has one to compare.
    is_compared = any(isinstance(entry, SpectrumEvidence) for entry in evidence)
    return match_spectra(
        intake.case_id,
        tuple(evidence),
        casework.spectral_library if is_compared else casework.released_spectra,
        methods.spectra,
        spectra_basis(casework, intake, own),
        rules=() if casework.musk_tables is None else casework.musk_tables.rules,
        limits=casework.detection_limits,
        materials={
            item.item_id: item.found_to_be.material
            for item in intake.examination.items
            if item.found_to_be is not None
        },
    )


def evidence_case(
    casework: Casework,
    intake: IntakeRecord,
    controls: Mapping[str, ControlsRecord],
    barcode: BarcodeRecord,
    spectra: SpectraRecord,
) -> EvidenceRecord:
    """Evidence record of a case."""
    from musk_id.stages.evidence import evaluate
    from musk_id.stages.likelihood_ratio import RatioBasis

    own = own_controls(intake, controls)
    methods, found = casework.methods, casework.calibration
    chemistry = casework.laboratory_chemistry
    return evaluate(
        intake,
        own,
        barcode,
        spectra,
        casework.release,
        methods.evidence,
        evidence_basis(casework, intake, own, barcode, spectra),
        RatioBasis(
            calibration=None if found is None else found.calibration,
            barcode=methods.barcode,
            evidence=methods.evidence,
            release=casework.release,
            own_data=bool(casework.overlays),
        ),
        None if chemistry is None else chemistry[0].profile,
    )


def record_case(
    casework: Casework,
    intake: IntakeRecord,
    controls: Mapping[str, ControlsRecord],
    barcode: BarcodeRecord,
    spectra: SpectraRecord,
    evidence: EvidenceRecord,
) -> CaseRecord:
    """Case record from the records of the stages.

    Raises
    ------
    IntegrityError
        If a stage's record was made from something else than what the case record would name.
    """
    from musk_id.stages.record import assemble

    own = own_controls(intake, controls)
    methods = casework.methods
    require_one_basis(casework, intake, own, barcode, spectra, evidence)
    versions = (
        methods.controls.version,
        methods.barcode.version,
        methods.animals.version,
        methods.sanger.version,
        methods.spectra.version,
        methods.evidence.version,
    )
    return assemble(
        intake=intake,
        controls=own,
        barcode=barcode,
        spectra=spectra,
        evidence=evidence,
        methods=methods,
        release=casework.release,
        overlays=_overlay_summaries(casework),
        calibration=casework.calibration,
        cards=casework.method_cards,
        stage_digests=(
            *stage_digests(intake, own, barcode, spectra),
            InputDigest(name=Line("evidence"), sha256=digest(evidence)),
        ),
        provenance=casework.provenance(versions, intake.provenance.inputs),
    )
