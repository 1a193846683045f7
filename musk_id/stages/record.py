"""Record stage: one case record from the records of the stages, and the sentence on CITES listings.

The listing sentence is the only place where the alleged origin enters. It is printed beside the
findings, marked as stated by the requester and not examined (decision rules, sections 2 and 9), and
never follows from a species name.
"""

from __future__ import annotations

from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.error_figures import ReleaseCalibration
from musk_id.model.evidence import EvidenceRecord, Statement
from musk_id.model.intake import IntakeRecord
from musk_id.model.provenance import InputDigest, Provenance
from musk_id.model.record import CaseRecord, MarkerCount, MethodsUsed, OverlaySummary, ReleaseSummary
from musk_id.model.reference import LegalRow, ReferenceRelease
from musk_id.model.spectra import SpectraRecord
from musk_id.model.values import Country, IsoDate, Line
from musk_id.stages.error_figures import calibration_summary
from musk_id.stages.statements import say
from musk_id.vocabulary import CurationState, Finding, Locus, QuestionKind

__all__ = ["assemble", "listing_statements"]

_DNA_QUESTIONS = frozenset(
    {QuestionKind.MUSK_DEER_PRESENT, QuestionKind.ANIMAL_OF_ORIGIN, QuestionKind.SPECIES_OF_MUSK_DEER}
)


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
) -> CaseRecord:
    """The case record: all stage records, the methods with their numbers, release and overlays in short."""
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
        calibration=calibration_summary(calibration, barcode, release, methods.barcode, methods.animals),
    )


def _summary(release: ReferenceRelease, overlays: tuple[OverlaySummary, ...], genus: str) -> ReleaseSummary:
    return ReleaseSummary(
        release_id=release.release_id,
        date=release.date,
        manifest_sha256=release.manifest_sha256,
        barcode_records=len(release.barcodes),
        barcode_individuals=len({record.individual for record in release.barcodes}),
        spectrum_records=len(release.spectra),
        marker_counts=tuple(_marker_count(release, locus, genus) for locus in Locus),
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


def listing_statements(
    intake: IntakeRecord, barcode: BarcodeRecord, rows: tuple[LegalRow, ...]
) -> tuple[Statement, ...]:
    """Listings of *Moschus* at the date of the act and of the record, where the case concerns them.

    The case concerns them if *Moschus* was detected in an item or the listing is asked for. The date of the
    record is the latest one that the papers of the case name: the clock has no part in a record.
    """
    request = intake.request
    detected = any(call.moschus is Finding.DETECTED for call in barcode.items)
    asked = any(question.kind is QuestionKind.CITES_LISTING for question in request.questions)
    if not (detected or asked):
        return ()
    dates = _dates(intake)
    said = [say("legal.listing_by_population"), _dates_statement(request.date_of_act, dates)]
    said += [_row_statement(row, date) for date in dates for row in _in_force(rows, date)]
    origin = request.alleged_origin
    if origin is None:
        said.append(say("legal.origin_not_stated"))
    else:
        said.append(say("legal.origin_as_stated", country=origin.country))
        said += [s for date in dates for s in _origin_listing(_in_force(rows, date), origin.country, date)]
    if any(row.verification.verified_by is None for row in rows):
        said.append(say("legal.rows_not_verified"))
    return tuple(said)


def _dates(intake: IntakeRecord) -> list[IsoDate]:
    """Date of the act and date of the record, as far as the papers name any, earlier first."""
    request = intake.request
    named = [date for date in (request.date_of_act, request.date_of_request) if date is not None]
    named += intake.examination.dates()
    if not named:
        return []
    return sorted({date for date in (request.date_of_act, max(named)) if date is not None})


def _dates_statement(date_of_act: IsoDate | None, dates: list[IsoDate]) -> Statement:
    if not dates:
        return say("legal.no_date")
    if date_of_act is None:
        return say("legal.date_of_record_only", record=dates[-1])
    return say("legal.dates", act=date_of_act, record=dates[-1])


def _in_force(rows: tuple[LegalRow, ...], date: IsoDate) -> list[LegalRow]:
    """Rows whose validity covers a date; ISO dates compare as text. A row without a start never applies."""
    kept = [
        row
        for row in rows
        if row.verification.valid_from is not None
        and row.verification.valid_from <= date
        and (row.verification.valid_to is None or date <= row.verification.valid_to)
    ]
    return sorted(kept, key=lambda row: row.row_id)


def _row_statement(row: LegalRow, date: IsoDate) -> Statement:
    phrase = "legal.row_verified" if _is_verified(row) else "legal.row_not_verified"
    return say(phrase, date=date, row=row.row_id, listing=row.listing, text=row.text)


def _is_verified(row: LegalRow) -> bool:
    return row.verification.verified_by is not None


def _origin_listing(in_force: list[LegalRow], country: Country, date: IsoDate) -> list[Statement]:
    """What the rows say of the population of a country, as stated; nothing where a row names no countries."""
    unassigned = [row.row_id for row in in_force if not (row.populations or row.except_populations)]
    if unassigned:
        return [say("legal.origin_not_assignable", country=country, date=date, rows=unassigned)]
    covering = [row for row in in_force if _covers(row, country)]
    if not covering:
        return []
    verified = all(_is_verified(row) for row in covering)
    phrase = "legal.origin_listing" if verified else "legal.origin_listing_not_verified"
    return [say(phrase, country=country, date=date, listings=sorted({row.listing for row in covering}))]


def _covers(row: LegalRow, country: Country) -> bool:
    if row.populations:
        return country in row.populations
    return country not in row.except_populations
