"""Listing sentences: by population and date, as stated, never from a species, marked where a row is unverified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from musk_id.cli.casework import intake_case
from musk_id.cli.examine import examine_case
from musk_id.model.evidence import Statement
from musk_id.model.intake import IntakeRecord
from musk_id.model.request import AllegedOrigin
from musk_id.model.values import Country, IsoDate, Line
from musk_id.stages.listing import listing_statements
from musk_id.vocabulary import RELEASE_MARKERS, CurationState

HIMALAYA = ("AF", "BT", "IN", "MM", "NP", "PK")


@pytest.fixture(scope="module")
def example(demo):  # type: ignore[no-untyped-def]
    return intake_case(demo, demo.laboratory_path.parent / "cases" / "DEMO-A")


@pytest.fixture
def listed(example, shipped_release, barcode_library):  # type: ignore[no-untyped-def]
    from barcode_cases import evidence, examine

    nothing = examine(barcode_library, evidence("ACGT"))

    def run(act: str | None, country: str | None, rows=shipped_release.legal_rows, **changes):  # type: ignore[no-untyped-def]
        request = replace(
            example.request,
            date_of_act=None if act is None else IsoDate(act),
            alleged_origin=None if country is None else AllegedOrigin(country=Country(country)),
            **changes,
        )
        return listing_statements(replace(example, request=request), nothing, rows)

    return run


def values(said: tuple[Statement, ...], phrase: str) -> list[dict[str, tuple[str, ...]]]:
    return [{str(v.name): tuple(v.texts) for v in s.values} for s in said if s.phrase == phrase]


def test_listings_are_given_at_the_act_and_at_the_record(listed, example: IntakeRecord) -> None:  # type: ignore[no-untyped-def]
    last = max(example.examination.dates())
    said = listed("1990-05-01", "RU")
    assert values(said, "legal.dates") == [{"act": ("1990-05-01",), "record": (last,)}]
    rows = values(said, "legal.row_not_verified")
    assert {row["date"] for row in rows} == {("1990-05-01",), (last,)}
    assert values(listed(None, "RU"), "legal.date_of_record_only") == [{"record": (last,)}]


@pytest.mark.parametrize("country", [*HIMALAYA, "RU", "CN", "MN", "KZ", "VN"])
def test_the_appendix_follows_the_country_as_stated_and_carries_its_mark(listed, country) -> None:  # type: ignore[no-untyped-def]
    said = listed("2026-01-01", country)
    expected = "Appendix I" if country in HIMALAYA else "Appendix II"
    found = values(said, "legal.origin_listing_not_verified")
    assert found and {v["listings"] for v in found} == {(expected,)}
    assert not values(said, "legal.origin_listing")


def test_verified_rows_lose_the_mark(listed, shipped_release) -> None:  # type: ignore[no-untyped-def]
    rows = tuple(
        replace(
            row,
            verification=replace(
                row.verification, verified_by=Line("A. Person"), verified_on=IsoDate("2026-01-01")
            ),
        )
        for row in shipped_release.legal_rows
    )
    said = listed("2026-01-01", "NP", rows)
    assert values(said, "legal.origin_listing") and values(said, "legal.row_verified")
    assert not any("not_verified" in s.phrase for s in said)


@pytest.mark.parametrize("country", ["RU", "NP"])
@pytest.mark.parametrize("act", ["1976-01-01", "1980-01-01", "1983-07-28"])
def test_rows_that_name_no_countries_give_no_listing_for_a_country(listed, act, country) -> None:  # type: ignore[no-untyped-def]
    """Before 1983 the rows say 'Himalayan populations': which countries these are is not for software to say."""
    said = listed(act, country)
    assert [v["date"] for v in values(said, "legal.origin_not_assignable")] == [(act,)]
    assert act not in {v["date"][0] for v in values(said, "legal.origin_listing_not_verified")}


def test_individuals_behind_each_radius_are_counted_without_copies(demo, shipped_release) -> None:  # type: ignore[no-untyped-def]
    record = examine_case(demo, demo.laboratory_path.parent / "cases" / "DEMO-A")
    counts = {c.locus: (c.own_individuals, c.other_individuals) for c in record.release.marker_counts}
    assert set(counts) == set(RELEASE_MARKERS)
    for locus, (own, others) in counts.items():
        held = shipped_release.barcodes_at(locus)
        assert own <= len([r for r in held if r.genus == "Moschus"])
        assert 0 < own < others <= len([r for r in held if r.genus != "Moschus"])
        assert (
            len({r.individual for r in held if r.genus == "Moschus" and r.state is CurationState.REFERENCE}) <= own
        )


def test_a_case_that_does_not_concern_listings_has_none(listed) -> None:  # type: ignore[no-untyped-def]
    assert listed("2026-01-01", "RU", questions=()) == ()
