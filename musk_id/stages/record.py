"""Record stage: one case record from the records of the stages, and the sentence on CITES listings.

The listing sentence is the only place where the alleged origin enters. It is printed beside the
findings, marked as stated by the requester and not examined (decision rules, sections 2 and 9), and
never follows from a species name.
"""

from __future__ import annotations

from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.evidence import EvidenceRecord, Statement
from musk_id.model.intake import IntakeRecord
from musk_id.model.provenance import InputDigest, Provenance
from musk_id.model.record import CaseRecord, MethodsUsed, ReleaseSummary
from musk_id.model.reference import LegalRow, ReferenceRelease
from musk_id.model.spectra import SpectraRecord
from musk_id.model.values import Country, IsoDate, Line
from musk_id.stages.statements import say
from musk_id.vocabulary import Finding, QuestionKind

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
    stage_digests: tuple[InputDigest, ...],
    provenance: Provenance,
) -> CaseRecord:
    """The case record: all stage records, the methods with their numbers, the release in short."""
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
        release=_summary(release),
        stage_digests=stage_digests,
        appendix_statements=listing_statements(intake, barcode, release.legal_rows),
    )


def _summary(release: ReferenceRelease) -> ReleaseSummary:
    return ReleaseSummary(
        release_id=release.release_id,
        date=release.date,
        manifest_sha256=release.manifest_sha256,
        barcode_records=len(release.barcodes),
        barcode_individuals=len({record.individual for record in release.barcodes}),
        spectrum_records=len(release.spectra),
        gaps=release.gaps,
        sources=release.sources,
        legal_rows=release.legal_rows,
    )


def listing_statements(
    intake: IntakeRecord, barcode: BarcodeRecord, rows: tuple[LegalRow, ...]
) -> tuple[Statement, ...]:
    """Listings of *Moschus* at the date of the act and of the request, where the case concerns them.

    The case concerns them if *Moschus* was detected in an item or the listing is asked for.
    """
    request = intake.request
    detected = any(call.moschus is Finding.DETECTED for call in barcode.items)
    asked = any(question.kind is QuestionKind.CITES_LISTING for question in request.questions)
    if not (detected or asked):
        return ()
    said = [say("legal.listing_by_population")]
    dates = sorted({date for date in (request.date_of_act, request.date_of_request) if date is not None})
    if not dates:
        said.append(say("legal.no_date"))
    for date in dates:
        for row in _in_force(rows, date):
            said.append(_row_statement(row, date))
    origin = request.alleged_origin
    if origin is None:
        said.append(say("legal.origin_not_stated"))
    else:
        said.append(say("legal.origin_as_stated", country=origin.country))
        for date in dates:
            said.extend(_origin_listing(rows, origin.country, date))
    if any(row.verification.verified_by is None for row in rows):
        said.append(say("legal.rows_not_verified"))
    return tuple(said)


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
    verified = row.verification.verified_by is not None
    phrase = "legal.row_verified" if verified else "legal.row_not_verified"
    return say(phrase, date=date, row=row.row_id, listing=row.listing, text=row.text)


def _origin_listing(rows: tuple[LegalRow, ...], country: Country, date: IsoDate) -> list[Statement]:
    listings = sorted({row.listing for row in _in_force(rows, date) if _covers(row, country)})
    if not listings:
        return []
    return [say("legal.origin_listing", country=country, date=date, listings=listings)]


def _covers(row: LegalRow, country: Country) -> bool:
    if row.populations:
        return country in row.populations
    return country not in row.except_populations
