"""What the record of each stage rests on, and that a case record rests on one thing throughout.

Jobs run one after the other, and a release, a library or the software may be replaced between two of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from musk_id.cli.evidence_files import run_inputs
from musk_id.errors import IntegrityError
from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.evidence import EvidenceRecord
from musk_id.model.intake import IntakeRecord
from musk_id.model.provenance import InputDigest, Provenance
from musk_id.model.spectra import SpectraRecord
from musk_id.model.values import Line
from musk_id.records.canonical import digest
from musk_id.vocabulary import Technique

if TYPE_CHECKING:
    from musk_id.cli.workplace import Casework

__all__ = [
    "CHEMICAL_TECHNIQUES",
    "barcode_basis",
    "evidence_basis",
    "own_controls",
    "require_one_basis",
    "spectra_basis",
    "stage_digests",
]

DNA_TECHNIQUES = frozenset({Technique.SEQUENCE, Technique.SANGER_TRACE, Technique.SEQUENCING_READS})
CHEMICAL_TECHNIQUES = frozenset(Technique) - DNA_TECHNIQUES


def require_one_basis(
    casework: Casework,
    intake: IntakeRecord,
    own: tuple[ControlsRecord, ...],
    barcode: BarcodeRecord,
    spectra: SpectraRecord,
    evidence: EvidenceRecord,
) -> None:
    """Hold what the stages' records say that they rest on against what the case record would name.

    Raises
    ------
    IntegrityError
        If one of them was made from something else.
    """
    for stage, found, wanted in (
        ("barcode", barcode.provenance, barcode_basis(casework, intake, own)),
        ("spectra", spectra.provenance, spectra_basis(casework, intake, own)),
        ("evidence", evidence.provenance, evidence_basis(casework, intake, own, barcode, spectra)),
    ):
        if found != wanted:
            raise IntegrityError(
                f"the record of stage {stage} rests on other inputs, software or libraries than are there now",
                where=intake.case_id,
                hint="run the workflow again: what was replaced during the run redoes all that rests on it",
            )


def own_controls(intake: IntakeRecord, controls: Mapping[str, ControlsRecord]) -> tuple[ControlsRecord, ...]:
    return tuple(controls[batch] for batch in intake.batch_ids if batch in controls)


def barcode_basis(casework: Casework, intake: IntakeRecord, own: tuple[ControlsRecord, ...]) -> Provenance:
    """What a barcode record rests on."""
    methods = casework.methods
    has_reads = any(c.run.technique is Technique.SEQUENCING_READS for c in intake.examination.runs())
    return casework.provenance(
        (
            methods.barcode.version,
            methods.animals.version,
            methods.sanger.version,
            *((casework.reads_method.version,) if has_reads else ()),
        ),
        (
            *run_inputs(intake, DNA_TECHNIQUES),
            *_controls_digests(own),
            *_calibration_digest(casework),
            *_overlay_digests(casework),
        ),
    )


def spectra_basis(casework: Casework, intake: IntakeRecord, own: tuple[ControlsRecord, ...]) -> Provenance:
    """What a spectra record rests on."""
    return casework.provenance(
        (casework.methods.spectra.version,),
        (
            *run_inputs(intake, CHEMICAL_TECHNIQUES),
            *_overlay_digests(casework),
            *(_controls_digests(own) if casework.musk_tables is not None else ()),
            *_chemistry_digests(casework),
            *casework.ranking_calibrations,
        ),
    )


def evidence_basis(
    casework: Casework,
    intake: IntakeRecord,
    own: tuple[ControlsRecord, ...],
    barcode: BarcodeRecord,
    spectra: SpectraRecord,
) -> Provenance:
    """What an evidence record rests on."""
    return casework.provenance(
        (casework.methods.evidence.version,),
        (
            *stage_digests(intake, own, barcode, spectra),
            *_calibration_digest(casework),
            *_own_chemistry_digest(casework),
        ),
    )


def stage_digests(
    intake: IntakeRecord,
    controls: tuple[ControlsRecord, ...],
    barcode: BarcodeRecord,
    spectra: SpectraRecord,
) -> tuple[InputDigest, ...]:
    named = [("barcode", digest(barcode)), ("spectra", digest(spectra))]
    return (
        InputDigest(name=Line("intake"), sha256=digest(intake)),
        *_controls_digests(controls),
        *(InputDigest(name=Line(name), sha256=value) for name, value in named),
    )


def _controls_digests(controls: tuple[ControlsRecord, ...]) -> tuple[InputDigest, ...]:
    return tuple(InputDigest(name=Line(f"controls {c.batch_id}"), sha256=digest(c)) for c in controls)


def _calibration_digest(casework: Casework) -> tuple[InputDigest, ...]:
    found = casework.calibration
    if found is None:
        return ()
    return (InputDigest(name=Line(f"calibration {casework.release.release_id}"), sha256=found.sha256),)


def _overlay_digests(casework: Casework) -> tuple[InputDigest, ...]:
    return tuple(
        InputDigest(name=Line(f"overlay {library.library_id}"), sha256=library.manifest_sha256)
        for library in casework.overlays
    )


def _chemistry_digests(casework: Casework) -> tuple[InputDigest, ...]:
    tables = casework.musk_tables
    if tables is None:
        return ()
    return (
        InputDigest(name=Line(f"chemistry {tables.version}"), sha256=tables.sha256),
        *_own_chemistry_digest(casework),
    )


def _own_chemistry_digest(casework: Casework) -> tuple[InputDigest, ...]:
    own = casework.laboratory_chemistry
    return () if own is None else (InputDigest(name=Line("laboratory chemistry"), sha256=own[1]),)
