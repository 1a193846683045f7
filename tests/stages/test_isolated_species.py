"""A nearest species that stands alone has another radius: examples, and the whole rule in plain words."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from mammal_cases import ALONE, COLUMNS, FAR, LIBRARIES, NONE, REFERENCES, WIDE, Made, block, called, criteria

from musk_id.model.methods import ANIMAL_METHODS
from musk_id.vocabulary import CriterionOutcome, CurationState, Rank

WIDTH = 658
# Two records that are alike: their spread is none.
TWINS = [Made("Aa one", NONE, "1"), Made("Aa one", NONE, "2"), FAR]
ISOLATED = "barcode.mammal_species_isolated"


def test_numbers_of_the_method() -> None:
    before, last = ANIMAL_METHODS[-2:]
    assert (before.version, last.version) == ("general-mammal-3", "general-mammal-4")
    assert before.wide == last.wide and before.species is not None and last.species is not None
    assert (before.species.least_p, before.species.isolated) == ("0.002", None)
    assert (last.species.least_p, last.species.spread_share, last.species.most_p) == ("0", "0.33", "0.02")
    isolated = last.species.isolated
    assert isolated is not None
    assert (isolated.radius_p, isolated.other_p, isolated.times, isolated.min_genera) == ("0.015", "0.05", 5, 50)


@pytest.mark.parametrize(("least", "named"), [(2, True), (3, False)])
def test_nothing_stands_alone_among_few_genera(least: int, named: bool) -> None:
    # TWINS hold two genera.
    assert ALONE.species is not None and ALONE.species.isolated is not None
    isolated = replace(ALONE.species.isolated, min_genera=least)
    animals = replace(ALONE, species=replace(ALONE.species, isolated=isolated))
    call = called(TWINS, block(100, 9), animals)
    assert (call.rank is Rank.SPECIES) is named and (ISOLATED in criteria(call)) is named


def test_alone_the_nearest_species_is_named_within_its_other_radius() -> None:
    # 0.015 of 658 columns are 9.87.
    inside, outside = called(TWINS, block(100, 9), ALONE), called(TWINS, block(100, 10), ALONE)
    assert (inside.rank, inside.species) == (Rank.SPECIES, ("Aa one",)) and all(criteria(inside).values())
    assert outside.rank is Rank.GENUS and ISOLATED not in criteria(outside)
    assert called(TWINS, block(100, 2), WIDE).rank is Rank.GENUS
    # Where the spread holds the sequence, nobody else is asked about.
    assert ISOLATED not in criteria(called(TWINS, NONE, ALONE))


@pytest.mark.parametrize(("columns", "named"), [(35, True), (34, False)])
def test_another_species_may_not_be_nearer_than_the_limit(columns: int, named: bool) -> None:
    # The query lies 2 columns from its species on the way to the other: 33 or 32 of 658 remain, 0.05 are 32.9.
    call = called([*TWINS, Made("Aa two", block(100, columns), "3")], block(100, 2), ALONE)
    assert (call.rank is Rank.SPECIES) is named and criteria(call)[ISOLATED] is named
    (told,) = (c for c in call.trace if c.name == ISOLATED)
    assert told.measured == f"{(columns - 2) / WIDTH:.4f}" and told.limit == ">= 0.0500"
    assert told.deciding_records == ("R003",)


@pytest.mark.parametrize(("columns", "named"), [(36, True), (35, False)])
def test_another_species_must_be_several_times_further(columns: int, named: bool) -> None:
    # 9 columns from its own species: the other has to be 45 away; 9 + 36.
    call = called([*TWINS, Made("Aa two", block(200, columns), "3")], block(100, 9), ALONE)
    assert (call.rank is Rank.SPECIES) is named
    (told,) = (c for c in call.trace if c.name == ISOLATED)
    assert told.outcome is (CriterionOutcome.PASSED if named else CriterionOutcome.FAILED)
    assert told.limit == f">= {45 / WIDTH:.4f}"


def test_one_individual_or_a_doubted_name_does_not_stand_alone() -> None:
    single = [TWINS[0], FAR]
    call = called(single, block(100, 3), ALONE)
    assert call.rank is Rank.GENUS and not criteria(call)["barcode.mammal_species_individuals"]
    # The same distance to two species: neither.
    two = [*TWINS, Made("Aa two", block(100, 6), "3"), Made("Aa two", block(100, 6), "4")]
    assert called(two, block(100, 3), ALONE).rank is Rank.GENUS


def test_without_a_smallest_radius_a_neighbour_by_one_letter_is_no_longer_in_the_set() -> None:
    other = [Made("Aa two", block(100, 1), "3"), Made("Aa two", block(100, 1), "4")]
    assert called([*TWINS, *other], NONE, WIDE).species == ("Aa one", "Aa two")
    assert called([*TWINS, *other], NONE, ALONE).species == ("Aa one",)
    assert called([*TWINS, *other], block(200, 1), ALONE).rank is Rank.GENUS


def plain(made: list[Made], query: frozenset[int], genus: str) -> tuple[Rank, tuple[str, ...]]:
    """The rule by sets of columns: no arrays, no records, no code of the stage."""

    def apart(one: frozenset[int], other: frozenset[int]) -> Fraction:
        return Fraction(len(one ^ other), WIDTH)

    species = sorted({m.species for m in made if m.species.split(" ")[0] == genus})
    counted = [m for m in made if m.state is CurationState.REFERENCE]
    distance = {s: min(apart(query, m.columns) for m in made if m.species == s) for s in species}
    radius = {}
    for s in species:
        own = [m.columns for m in counted if m.species == s]
        spread = max((apart(a, b) for a in own for b in own), default=Fraction(0))
        radius[s] = min(Fraction(2, 100), Fraction(33, 100) * spread)
    least = min(distance.values())
    nearest = [s for s in species if distance[s] == least]
    within = [s for s in species if distance[s] <= radius[s]]
    others = [apart(query, m.columns) for m in made if [m.species] != nearest]
    far = all(other >= Fraction(5, 100) and other >= 5 * least for other in others)
    if len(nearest) == 1 and nearest[0] not in within and least <= Fraction(15, 1000) and far:
        within = nearest
    if any(s not in within for s in nearest):
        return Rank.GENUS, ()
    if len(within) > 1:
        return Rank.SPECIES_SET, tuple(within)
    individuals = {m.individual for m in counted if m.species == within[0]}
    return (Rank.SPECIES, tuple(within)) if len(individuals) > 1 else (Rank.GENUS, ())


@settings(max_examples=200)
@given(made=LIBRARIES, query=COLUMNS)
@example(TWINS, block(100, 9))
@example([*TWINS, Made("Aa two", block(100, 35), "3")], block(100, 2))
@example([*TWINS, Made("Aa two", block(200, 35), "3")], block(100, 9))
def test_answers_are_those_of_the_rule_in_plain_words(made: list[Made], query: frozenset[int]) -> None:
    call = called(made, query, ALONE)
    if call.genus is not None:
        assert (call.rank, tuple(map(str, call.species))) == plain(made, query, call.genus)


@settings(max_examples=150)
@given(made=LIBRARIES, added=REFERENCES, query=COLUMNS)
@example(TWINS, Made("Aa two", block(100, 9), "3"), block(100, 8))
@example([*TWINS, Made("Aa two", block(300, 40), "3")], Made("Aa two", block(100, 9), "4"), block(100, 9))
def test_a_species_is_taken_out_only_by_one_whose_radius_holds_the_sequence_now(
    made: list[Made], added: Made, query: frozenset[int]
) -> None:
    before, after = called(made, query, ALONE), called([*made, added], query, ALONE)
    if before.species and after.species and not set(before.species) <= set(after.species):
        # Then the species before stood alone, and the trace says that another one's radius holds the sequence.
        assert criteria(before)[ISOLATED] and ISOLATED not in criteria(after)
        assert criteria(after)["barcode.mammal_species_radius"] and added.species in after.species
