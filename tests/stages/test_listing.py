"""The appendix is a function of taxon and population: never of a name alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.form_vocabulary import ListingState
from musk_id.model.authority_box import Listing
from musk_id.model.reference import LegalRow, Verification
from musk_id.model.values import Country, IsoDate, Line, Text
from musk_id.refdb.release import load_release, locate_release
from musk_id.stages.listing import listing_of

ROWS = load_release(locate_release("2026.1", None)).legal_rows
HIMALAYA = frozenset(("AF", "BT", "IN", "MM", "NP", "PK"))
SPECIES = ("anhuiensis", "berezovskii", "chrysogaster", "cupreus", "fuscus", "leucogaster", "moschiferus")
TAXA = ("Moschus", *(f"Moschus {s}" for s in SPECIES))
DATES = ("1970-01-01", "1976-01-01", "1980-01-01", "1983-07-28", "1983-07-29", "2000-02-29", "2026-02-10")
COUNTRIES = tuple(map(Country, (*sorted(HIMALAYA), "RU", "CN", "MN", "KZ", "VN", "KP")))


def row(taxon: str, listing: str, *populations: str) -> LegalRow:
    return LegalRow(
        row_id=Line(f"{taxon} {listing}"),
        instrument=Line("CITES"),
        taxon=Line(taxon),
        listing=Line(listing),
        populations=tuple(map(Country, populations)),
        text=Text("-"),
        verification=Verification(source_document=Text("-"), valid_from=IsoDate("2000-01-01")),
    )


@given(st.sampled_from(TAXA), st.sampled_from(DATES))
def test_no_listing_follows_from_a_name(taxon: str, date: str) -> None:
    found = listing_of(taxon, None, IsoDate(date), ROWS)
    assert found.listings == ()
    assert found.state in (ListingState.POPULATION_NOT_STATED, ListingState.NO_ROW)


@given(st.sampled_from(TAXA), st.sampled_from(COUNTRIES), st.sampled_from(("1983-07-29", "2026-02-10")))
def test_the_appendix_follows_the_population(taxon: str, country: Country, date: str) -> None:
    found = listing_of(taxon, country, IsoDate(date), ROWS)
    assert found.listings == (("Appendix I" if country in HIMALAYA else "Appendix II"),)


def test_rows_by_possible_population_cover_each_country_once() -> None:
    rows = listing_of("Moschus", None, IsoDate("2026-02-10"), ROWS).rows
    assert {r.listing for r in rows} == {"Appendix I", "Appendix II"}
    for country in COUNTRIES:
        named = [r for r in rows if country in r.populations]
        left = [r for r in rows if r.except_populations and country not in r.except_populations]
        assert len(named) + len(left) == 1


@pytest.mark.parametrize("taxon", ["Sus scrofa", "Ovis", "Moschiola indica"])
def test_other_animals_have_no_row(taxon: str) -> None:
    for population in (None, Country("NP")):
        assert listing_of(taxon, population, IsoDate("2026-02-10"), ROWS).state is ListingState.NO_ROW


@pytest.mark.parametrize("taxon", TAXA)
def test_rows_on_a_part_of_a_taxon_assign_nothing(taxon: str) -> None:
    """Before 1983 rows name a subspecies and 'Himalayan populations': no country follows from that."""
    for date in ("1976-01-01", "1980-01-01"):
        for country in COUNTRIES:
            assert listing_of(taxon, country, IsoDate(date), ROWS).state in (
                ListingState.NOT_ASSIGNABLE,
                ListingState.NO_ROW,
            )


def test_a_row_of_a_species_is_no_row_of_another_and_none_of_the_genus() -> None:
    rows = (row("Moschus cupreus", "Appendix I", "IN"),)
    at = IsoDate("2026-01-01")
    assert listing_of("Moschus cupreus", Country("IN"), at, rows).listings == ("Appendix I",)
    assert listing_of("Moschus fuscus", Country("IN"), at, rows).state is ListingState.NO_ROW
    assert listing_of("Moschus", Country("IN"), at, rows).state is ListingState.NOT_ASSIGNABLE
    assert listing_of("Moschus cupreus", Country("CN"), at, rows).state is ListingState.NO_ROW


def test_two_listings_of_one_population_are_both_named() -> None:
    rows = (row("Moschus spp.", "Appendix I", "IN"), row("Moschus spp.", "Appendix III", "IN"))
    assert listing_of("Moschus", Country("IN"), IsoDate("2026-01-01"), rows).listings == (
        "Appendix I",
        "Appendix III",
    )


def test_a_listing_without_a_population_cannot_be_built() -> None:
    found = listing_of("Moschus", Country("RU"), IsoDate("2026-02-10"), ROWS)
    with pytest.raises(ValueError, match="without a population"):
        replace(found, population=None)
    with pytest.raises(ValueError, match="if, and only if"):
        replace(found, listings=())
    assert isinstance(found, Listing)


@pytest.mark.parametrize("part", ["Moschus moschiferus moschiferus", "Moschus moschiferus (some populations)"])
def test_a_row_on_a_part_assigns_nothing_even_where_it_names_countries(part: str) -> None:
    rows = (row(part, "Appendix I", "IN"),)
    for taxon in ("Moschus", "Moschus moschiferus"):
        found = listing_of(taxon, Country("IN"), IsoDate("2026-01-01"), rows)
        assert found.state is ListingState.NOT_ASSIGNABLE
