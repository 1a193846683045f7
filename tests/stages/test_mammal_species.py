"""Species of other mammals: who is within whose radius, and what added references may change."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from barcode_cases import METHOD, PROVENANCE, evidence, identity
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mammal_cases import (
    ALONE,
    COLUMNS,
    FAR,
    LIBRARIES,
    NONE,
    PAIR,
    REFERENCES,
    WIDE,
    Made,
    admitted,
    block,
    called,
    changed,
    criteria,
    library_of,
    reference,
)

from musk_id.model.methods import ANIMAL_METHODS, SpeciesRadius
from musk_id.model.values import DecimalText, Line
from musk_id.stages.barcode import call_barcodes, examine_sequence
from musk_id.stages.dna_answers import _other_taxon
from musk_id.stages.locus_limits import limits_of
from musk_id.stages.mammal_species import radius_of, within_radius
from musk_id.stages.relatives import SpeciesSpread
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus, Rank


def test_radius_is_a_share_of_the_spread_within_limits() -> None:
    limits = SpeciesRadius(
        min_individuals=2,
        min_compared_bp=450,
        spread_share=DecimalText("0.33"),
        least_p=DecimalText("0.002"),
        most_p=DecimalText("0.02"),
    )
    found = [float(radius_of(SpeciesSpread(2, s, ()), limits)) for s in (0, 0.003, 0.03, 0.2)]  # type: ignore[arg-type]
    assert found == pytest.approx([0.002, 0.002, 0.0099, 0.02])
    assert limits == ANIMAL_METHODS[1].species


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 700), st.integers(0, 60), st.integers(1, 700)), min_size=1
    )
)
# On the limits: 2 of 1,000; 2 of 100; 0.33 of 10 of 330 columns, which is 1 of 100.
@example([(2, 1000, 0, 1), (2, 100, 60, 300), (1, 100, 10, 330), (1, 100, 9, 330), (3, 1000, 0, 1)])
def test_radii_in_whole_numbers_are_the_exact_ones(rows) -> None:
    limits = ANIMAL_METHODS[1].species
    assert limits is not None
    found = within_radius(*(np.array(column, np.int32) for column in zip(*rows, strict=True)), limits)
    radii = [radius_of(SpeciesSpread(2, Fraction(d, c), ()), limits) for _, _, d, c in rows]
    assert found.tolist() == [
        Fraction(differing, compared) <= radius
        for (differing, compared, _, _), radius in zip(rows, radii, strict=True)
    ]


def test_the_species_within_its_own_radius_is_named() -> None:
    # The spread is 24 of 658 columns: a third of it holds 7 columns, not 8.
    inside = called(PAIR, block(100, 7))
    assert (inside.rank, inside.taxon, inside.species) == (Rank.SPECIES, "Aa one", ("Aa one",))
    assert inside.genus == "Aa" and all(criteria(inside).values())
    outside = called(PAIR, block(100, 8))
    assert (outside.rank, outside.taxon, outside.species) == (Rank.GENUS, "Aa", ())
    assert not criteria(outside)["barcode.mammal_species_radius"]


def test_the_spread_and_its_individuals_are_told() -> None:
    call = called(PAIR, block(100, 7))
    (told,) = (c for c in call.trace if c.name == "barcode.mammal_species_spread")
    assert told.measured == "Aa one: 0.0365, individuals: 2" and told.deciding_records == ("R000", "R001")


def test_one_individual_names_no_species() -> None:
    twins = [replace(made, individual="1") for made in PAIR[:2]]
    call = called([*twins, FAR], frozenset())
    assert call.rank is Rank.GENUS and not criteria(call)["barcode.mammal_species_individuals"]
    doubted = [PAIR[0], replace(PAIR[1], state=CurationState.NAME_UNRESOLVED), FAR]
    assert called(doubted, frozenset()).rank is Rank.GENUS


def test_several_species_within_their_radius_are_named_together() -> None:
    other = [Made("Aa two", block(100, 5), "3"), Made("Aa two", block(100, 30), "4")]
    assert called([*PAIR, *other], block(100, 2)).species == ("Aa one", "Aa two")
    call = called([*PAIR, *other], frozenset())
    assert (call.rank, call.taxon, call.species) == (Rank.SPECIES_SET, "Aa", ("Aa one", "Aa two"))
    # Far from the second species' radius the first stands alone.
    assert called([*PAIR, *other], block(200, 4)).species == ("Aa one",)
    # A species with one individual is not passed over either.
    assert called([*PAIR, Made("Aa two", block(100, 1), "3")], frozenset()).species == ("Aa one", "Aa two")


def test_no_other_genus_may_lie_within_the_radius_of_a_wide_library() -> None:
    # 0.06 of 658 columns are 39; the margin of 0.035 is 23 columns.
    near = [*PAIR[:2], Made("Ba near", block(300, 39), "5")]
    call = called(near, frozenset())
    assert call.rank is not Rank.GENUS and not criteria(call)["barcode.other_genus_outside"]
    assert criteria(call)["barcode.margin"] and not criteria(call)["barcode.one_family"]
    assert called([*PAIR[:2], Made("Ba near", block(300, 40), "5")], frozenset()).rank is Rank.SPECIES
    # Both genera of one family: the family.
    family = called([*PAIR[:2], Made("Ab near", block(300, 39), "5"), FAR], frozenset())
    assert (family.rank, family.taxon) == (Rank.FAMILY, "Aidae")


def test_few_genera_keep_the_narrow_limits_and_the_first_version_names_no_species() -> None:
    narrow = replace(WIDE, wide_min_genera=3)
    query = block(100, 12)
    assert called(PAIR, query).genus == "Aa" and "barcode.library_genera" in criteria(called(PAIR, query))
    assert called(PAIR, query, narrow).rank is Rank.NONE
    assert "barcode.library_genera" not in criteria(called(PAIR, query, narrow))
    assert called(PAIR, frozenset(), narrow).rank is Rank.SPECIES
    assert called(PAIR, frozenset(), ANIMAL_METHODS[0]).rank is Rank.GENUS


def test_short_markers_of_a_wide_library_need_no_certified_margin() -> None:
    limits = limits_of(Locus.RRNA_12S, METHOD, ANIMAL_METHODS[1], 300)
    assert (limits.wide, limits.other_radius, limits.other_margin) == (True, 2, 3)
    few = limits_of(Locus.RRNA_12S, METHOD, ANIMAL_METHODS[1], 299)
    assert (few.wide, few.other_radius, few.other_margin) == (False, 2, 2)
    assert (limits.radius, limits.margin) == (few.radius, few.margin) == (2, 2)


@pytest.mark.parametrize("animals", [WIDE, ALONE], ids=["spread", "alone"])
@settings(max_examples=100)
@given(made=LIBRARIES, added=REFERENCES, query=COLUMNS)
# A nearer genus beside one within the radius; a nearer record that leaves another family out of the margin.
@example(
    [Made("Aa one", block(0, 30), "a"), Made("Ba one", block(0, 90), "b")], Made("Ba one", frozenset(), "c"), NONE
)
@example(
    [Made("Aa one", block(0, 30), "a"), Made("Ab one", block(0, 33), "b"), Made("Ba one", block(100, 39), "c")],
    Made("Aa one", block(0, 10), "d"),
    NONE,
)
def test_an_added_reference_takes_out_no_taxon_unless_the_trace_says_so(animals, made, added, query) -> None:
    before, after = called(made, query, animals), called([*made, added], query, animals)
    lost = admitted(before, made) - admitted(after, made)
    same_genus = before.genus is not None and before.genus == after.genus
    passed_now = {
        name
        for name, passed in criteria(after).items()
        if passed and not criteria(before).get(name) and name.startswith("barcode.mammal_species") is same_genus
    }
    assert not lost or passed_now, (before.rank, before.taxon, after.rank, after.taxon)


@pytest.mark.parametrize("animals", [WIDE, ALONE], ids=["spread", "alone"])
@settings(max_examples=60)
@given(made=LIBRARIES, query=COLUMNS, data=st.data())
def test_order_and_duplicates_change_no_answer(animals, made, query, data) -> None:
    names = [f"R{n:03d}" for n in range(len(made))]
    first = called(made, query, animals, names)
    order = data.draw(st.permutations(range(len(made))))
    assert called([made[n] for n in order], query, animals, [names[n] for n in order]) == first
    twin = called([*made, made[order[0]]], query, animals)
    assert (twin.rank, twin.taxon, twin.species) == (first.rank, first.taxon, first.species)


@pytest.mark.parametrize("animals", [WIDE, ALONE], ids=["spread", "alone"])
@settings(max_examples=40)
@given(made=LIBRARIES, query=COLUMNS)
def test_moschus_is_given_no_species_by_this_rule(animals, made, query) -> None:
    musk = [replace(m, species=m.species.replace("Aa", "Moschus")) for m in made]
    call = called([*musk, FAR], query, animals)
    assert call.genus != "Moschus" or (call.rank is Rank.GENUS and call.species == ())


def test_the_shipped_release_gives_the_same_answers_under_both_versions(shipped_release, barcode_library) -> None:
    """It is no wide library and holds one individual for each species: the second version adds nothing to it."""
    for record in shipped_release.barcodes[::3]:
        run = identity()
        results = [
            examine_sequence(
                evidence(record.sequence).sequences[0], run, record.locus, barcode_library, METHOD, animals
            )[0]
            for animals in ANIMAL_METHODS
        ]
        if results[0].call is None or results[1].call is None:
            assert results[0] == results[1]
            continue
        assert (results[0].call.rank, results[0].call.taxon) == (results[1].call.rank, results[1].call.taxon)
        assert results[0].reasons == results[1].reasons and results[1].call.species == ()


def test_a_species_on_a_coding_marker_stands_for_the_item() -> None:
    library = library_of(
        [reference(m, f"R{n}") for n, m in enumerate([*PAIR, Made("Aa two", block(100, 30), "5")])]
    )

    def other(*queries: frozenset[int]):  # type: ignore[no-untyped-def]
        found = [evidence(changed(q), run=identity(f"R{n}")) for n, q in enumerate(queries)]
        record = call_barcodes(Line("CASE"), tuple(found), library, METHOD, WIDE, PROVENANCE, invalid_loci={})  # type: ignore[arg-type]
        return record.items[0].other_taxa

    (named,) = other(block(100, 3))
    assert (named.rank, named.taxon, named.loci) == (Rank.SPECIES, "Aa one", (Locus.COI,))
    (genus,) = other(block(100, 12))
    assert (genus.rank, genus.taxon) == (Rank.GENUS, "Aa")
    # A second sequence that lies nearest to another species: the genus.
    (both,) = other(block(100, 3), block(100, 30) | block(0, 1))
    assert (both.rank, both.taxon) == (Rank.GENUS, "Aa")
    library = library_of(
        [reference(m, f"R{n}") for n, m in enumerate([*PAIR, Made("Aa two", block(100, 1), "5")])]
    )
    (several,) = other(frozenset())
    assert (several.rank, several.taxon) == (Rank.SPECIES_SET, "Aa one / Aa two")
    assert [_other_taxon(taxon).phrase for taxon in (named, several)] == ["dna.other_taxon", "dna.other_taxon_set"]


@pytest.mark.parametrize("locus", list(RELEASE_MARKERS))
def test_the_doubted_chrysogaster_lists_its_set_and_excludes_no_name_of_it(
    shipped_release, barcode_library, locus
):
    record = next(r for r in shipped_release.barcodes_at(locus) if r.accession == "NC_020093.1")
    for animals in ANIMAL_METHODS:
        result, _ = examine_sequence(
            evidence(record.sequence).sequences[0], identity(), locus, barcode_library, METHOD, animals
        )
        assert result.call is not None and result.call.nearest_set == "A"
        names = {str(entry.species) for entry in result.call.not_excluded if entry.views or entry.note}
        assert names >= {"Moschus berezovskii", "Moschus anhuiensis", "Moschus chrysogaster"}


@pytest.mark.parametrize("locus", [Locus.RRNA_12S, Locus.RRNA_16S])
def test_the_second_lineage_lists_berezovskii(shipped_release, barcode_library, locus) -> None:
    record = next(r for r in shipped_release.barcodes_at(locus) if r.accession == "KY792714")
    result, _ = examine_sequence(
        evidence(record.sequence).sequences[0], identity(), locus, barcode_library, METHOD, ANIMAL_METHODS[1]
    )
    assert result.call is not None
    assert "Moschus berezovskii" in {str(e.species) for e in result.call.not_excluded if e.views or e.note}
