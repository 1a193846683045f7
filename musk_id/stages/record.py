"""Record stage: one case record from the records of the stages, with its form and the sentences on listings."""

from __future__ import annotations

from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.error_figures import ReleaseCalibration
from musk_id.model.evidence import EvidenceRecord
from musk_id.model.intake import IntakeRecord
from musk_id.model.method_cards import MethodCards
from musk_id.model.provenance import InputDigest, Provenance
from musk_id.model.record import CaseRecord, MarkerCount, MethodsUsed, OverlaySummary, ReleaseSummary
from musk_id.model.reference import ReferenceRelease
from musk_id.model.spectra import SpectraRecord
from musk_id.model.values import Line
from musk_id.stages.cards_of_case import cards_of_case
from musk_id.stages.error_figures import calibration_summary
from musk_id.stages.form import record_form
from musk_id.stages.listing import listing_statements
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

__all__ = ["assemble"]


def assemble(
    *,
    intake: IntakeRecord,
    controls: tuple[ControlsRecord, ...],
    barcode: BarcodeRecord,
    spectra: SpectraRecord,
    evidence: EvidenceRecord,
    methods: MethodsUsed,
    release: ReferenceRelease,
    overlays: tuple[OverlaySummary, ...],
    stage_digests: tuple[InputDigest, ...],
    provenance: Provenance,
    calibration: ReleaseCalibration | None = None,
    cards: MethodCards | None = None,
) -> CaseRecord:
    """The case record: all stage records, methods with their numbers, release and overlays in short, its form."""
    return CaseRecord(
        schema=Line(CaseRecord.SCHEMA),
        case_id=intake.case_id,
        provenance=provenance,
        intake=intake,
        controls=controls,
        barcode=barcode,
        spectra=spectra,
        evidence=evidence,
        methods=methods,
        release=_summary(release, overlays, methods.barcode.genus),
        stage_digests=stage_digests,
        appendix_statements=listing_statements(intake, barcode, release.legal_rows),
        form=record_form(intake, evidence, provenance, release.legal_rows),
        calibration=calibration_summary(calibration, barcode, release, methods.barcode, methods.animals),
        method_cards=() if cards is None else cards_of_case(cards, barcode, spectra, methods.animals),
    )


def _summary(release: ReferenceRelease, overlays: tuple[OverlaySummary, ...], genus: str) -> ReleaseSummary:
    return ReleaseSummary(
        release_id=release.release_id,
        date=release.date,
        manifest_sha256=release.manifest_sha256,
        barcode_records=len(release.barcodes),
        barcode_individuals=len({record.individual for record in release.barcodes}),
        spectrum_records=len(release.spectra),
        marker_counts=tuple(_marker_count(release, locus, genus) for locus in RELEASE_MARKERS),
        gaps=release.gaps,
        sources=release.sources,
        legal_rows=release.legal_rows,
        overlays=overlays,
    )


def _marker_count(release: ReferenceRelease, locus: Locus, genus: str) -> MarkerCount:
    """Individuals at a marker that take part in comparisons; copies of a record are no second individual."""
    compared = [
        record
        for record in release.barcodes
        if record.locus is locus and record.state not in (CurationState.UNUSABLE, CurationState.DUPLICATE)
    ]
    own = {record.individual for record in compared if record.genus == genus}
    others = {record.individual for record in compared if record.genus != genus}
    return MarkerCount(locus=locus, own_individuals=len(own), other_individuals=len(others))
