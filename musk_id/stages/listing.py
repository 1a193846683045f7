"""CITES listings: a function of taxon, population and date, never of a name alone (decision rules, sections 2, 9).

The sentences on the origin as stated are the only place where that origin enters a record. They are printed beside
the findings and marked as stated by the requester and not examined.
"""

from __future__ import annotations

from musk_id.form_vocabulary import ListingState
from musk_id.model.authority_box import Listing, PopulationRow
from musk_id.model.barcode import BarcodeRecord
from musk_id.model.evidence import Statement
from musk_id.model.intake import IntakeRecord
from musk_id.model.reference import LegalRow
from musk_id.model.values import Country, IsoDate, Line
from musk_id.stages.dna_answers import GENUS
from musk_id.stages.statements import say
from musk_id.vocabulary import Finding, QuestionKind

__all__ = ["case_dates", "listing_of", "listing_statements"]


def listing_of(taxon: str, population: Country | None, date: IsoDate, rows: tuple[LegalRow, ...]) -> Listing:
    """The listing of a population of a taxon at a date.

    Parameters
    ----------
    taxon : str
        Genus or species, as found.
    population : Country or None
        Country of the population; without it the rows of every possible population are given and no listing.
    date : IsoDate
        Date at which the rows are read.
    rows : tuple of LegalRow
        Rows of the release.

    Notes
    -----
    A row that names a species is left out for another species. For a genus it may or may not hold, so that it
    allows no listing; the same goes for a row that names no countries.
    """
    concerned = [row for row in _in_force(rows, date) if _may_concern(row, taxon)]
    covering = [row for row in concerned if population is None or _covers(row, population)]
    if not covering:
        state = ListingState.NO_ROW
    elif population is None:
        state = ListingState.POPULATION_NOT_STATED
    elif all(_names_countries(row) and _certainly_concerns(row, taxon) for row in covering):
        state = ListingState.ASSIGNED
    else:
        state = ListingState.NOT_ASSIGNABLE
    return Listing(
        taxon=Line(taxon),
        population=population,
        date=date,
        state=state,
        listings=tuple(sorted({row.listing for row in covering})) if state is ListingState.ASSIGNED else (),
        rows=tuple(_population_row(row) for row in covering),
    )


def _population_row(row: LegalRow) -> PopulationRow:
    return PopulationRow(
        row_id=row.row_id,
        taxon=row.taxon,
        listing=row.listing,
        populations=row.populations,
        except_populations=row.except_populations,
        verified=_is_verified(row),
    )


def _named(row: LegalRow) -> list[str]:
    """Genus of a row, and its species if it names one."""
    words = row.taxon.split("(")[0].split()
    return words[:1] if len(words) < 2 or words[1] in ("spp.", "sp.") else words[:2]


def _may_concern(row: LegalRow, taxon: str) -> bool:
    return all(ours == theirs for ours, theirs in zip(taxon.split(), _named(row), strict=False))


def _certainly_concerns(row: LegalRow, taxon: str) -> bool:
    """A row on a part of a taxon, a subspecies or some populations, concerns no whole taxon for certain."""
    names_part = "(" in row.taxon or len(row.taxon.split()) > 2
    return not names_part and len(_named(row)) <= len(taxon.split())


def _names_countries(row: LegalRow) -> bool:
    return bool(row.populations or row.except_populations)


def listing_statements(
    intake: IntakeRecord, barcode: BarcodeRecord, rows: tuple[LegalRow, ...]
) -> tuple[Statement, ...]:
    """Listings of *Moschus* at the date of the act and of the record, where the case concerns them.

    The case concerns them if *Moschus* was detected in an item or the listing is asked for. The date of the
    record is the latest one that the papers of the case name: the clock has no part in a record.
    """
    request = intake.request
    if intake.examination.interim is not None:
        return ()  # an interim record tells findings only
    detected = any(call.moschus is Finding.DETECTED for call in barcode.items)
    asked = any(question.kind is QuestionKind.CITES_LISTING for question in request.questions)
    if not (detected or asked):
        return ()
    dates = case_dates(intake)
    said = [say("legal.listing_by_population"), _dates_statement(request.date_of_act, dates)]
    said += [_row_statement(row, date) for date in dates for row in _in_force(rows, date)]
    origin = request.alleged_origin
    if origin is None:
        said.append(say("legal.origin_not_stated"))
    else:
        said.append(say("legal.origin_as_stated", country=origin.country))
        said += [s for date in dates for s in _origin_listing(rows, origin.country, date)]
    if any(row.verification.verified_by is None for row in rows):
        said.append(say("legal.rows_not_verified"))
    return tuple(said)


def case_dates(intake: IntakeRecord) -> list[IsoDate]:
    """Date of the act and date of the record, as far as the papers name any, earlier first.

    The date of the record is the latest one that the papers name.
    """
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


def _origin_listing(rows: tuple[LegalRow, ...], country: Country, date: IsoDate) -> list[Statement]:
    """What the rows say of the population of a country, as stated; nothing where no row covers it."""
    found = listing_of(GENUS, country, date, rows)
    if found.state is ListingState.NOT_ASSIGNABLE:
        unassigned = sorted(r.row_id for r in found.rows if not (r.populations or r.except_populations))
        phrase = "legal.origin_not_assignable" if unassigned else "legal.origin_part_of_taxon"
        named = unassigned or sorted(r.row_id for r in found.rows)
        return [say(phrase, country=country, date=date, rows=named)]
    if found.state is not ListingState.ASSIGNED:
        return []
    verified = all(row.verified for row in found.rows)
    phrase = "legal.origin_listing" if verified else "legal.origin_listing_not_verified"
    return [say(phrase, country=country, date=date, listings=found.listings)]


def _covers(row: LegalRow, country: Country) -> bool:
    """Whether a row may hold for a country: one that names no countries may hold for any."""
    if row.populations:
        return country in row.populations
    return country not in row.except_populations
