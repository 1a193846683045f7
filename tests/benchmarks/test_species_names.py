"""The benchmark of species names over seeds: halves, seeds on file, queries from outside, limits between seeds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from accuracy_cases import ONE, small_set
from accuracy_figures import asked
from accuracy_own import SCENARIOS, OwnRules
from mammal_cases import AMONG_FEW
from panel_specificity import RELEASE
from simulated_radiations import PROTOCOL_SEEDS, SEEDS
from species_names import check_seed, seeded, sets_of
from species_names_rows import mean_and_limits, species_names_validation

from musk_id.refdb.release import load_release
from musk_id.vocabulary import Locus, Rank

ON_FILE = Path(__file__).resolve().parents[2] / "validation" / "radiation-seeds.json"


def test_limits_between_groups_by_hand() -> None:
    # Deviation 0.1 of three, t with two degrees of freedom 4.302653: 4.302653 * 0.1 / sqrt(3) = 0.248414.
    assert mean_and_limits([0.1, 0.2, 0.3]) == pytest.approx((0.2, -0.048414, 0.448414), abs=1e-6)
    with pytest.raises(ValueError, match="two groups"):
        mean_and_limits([0.5])


def test_seeds_of_the_halves_are_apart_and_on_file() -> None:
    choosing, judging = (
        {seed for seeds in PROTOCOL_SEEDS[half].values() for seed in seeds}
        for half in ("development", "validation")
    )
    assert not (choosing | {*SEEDS.values()}) & judging and not choosing & {*SEEDS.values()}
    rows = json.loads(ON_FILE.read_text(encoding="ascii"))["rows"]
    expected = [f"{half}; {name}" for half in PROTOCOL_SEEDS for name in seeded(half)]
    assert [row["stratum"] for row in rows] == expected and len(expected) == 18
    assert "mitogenomes against COI of southern Africa" not in sets_of("development")


def test_other_sequences_than_those_on_file_are_refused() -> None:
    name = "simulated deep congeners, seed 20301"
    (held,) = [
        row
        for row in json.loads(ON_FILE.read_text(encoding="ascii"))["rows"]
        if row["stratum"] == f"development; {name}"
    ]
    check_seed(replace(small_set(), sha256=held["data"][0]), "development", name)
    for half, digest in (("development", "0" * 64), ("validation", held["data"][0])):
        with pytest.raises(SystemExit, match="nothing was measured"):
            check_seed(replace(small_set(), sha256=digest), half, name)


def test_queries_from_outside_are_no_references() -> None:
    data = small_set(species=12)
    first = data.items[0]
    mine = [n for n, item in enumerate(data.items) if item.species == first.species]
    # One record of a species with one record left, one of a species with none.
    outside = replace(data, queries=(mine[0],), outside=frozenset(mine[:-1]))
    own = OwnRules(outside, load_release(RELEASE), scenarios=SCENARIOS[:2])
    assert own.rows == [n for n in range(len(data.items)) if n not in mine[:-1]]
    assert asked(outside, SCENARIOS[0], "species", (mine[0],)) == [mine[0]]
    assert asked(replace(outside, outside=frozenset(mine)), SCENARIOS[0], "species", (mine[0],)) == []
    answer = own.answer(mine[0])
    assert set(answer.answers) == set(SCENARIOS[:2])
    # One individual is left: its species is not named.
    assert first.species not in answer.answers[SCENARIOS[0]].species or (
        answer.answers[SCENARIOS[0]].rank is Rank.SPECIES_SET
    )
    count = len(data.items)
    same = replace(data, items=(*data.items, first), queries=(count,), outside=frozenset({count}))
    whole = OwnRules(same, load_release(RELEASE))
    assert whole.same_as_own_species(count, 450) and not whole.same_as_own_species(count, 659)
    other = replace(same, items=(*data.items, replace(ONE, species="Ga other", sequence=first.sequence)))
    assert not OwnRules(other, load_release(RELEASE)).same_as_own_species(count, 450)


@pytest.mark.parametrize(("columns", "rank"), [(33, Rank.SPECIES), (32, Rank.GENUS)])
def test_records_that_keep_a_species_from_standing_alone_take_part(columns: int, rank: Rank) -> None:
    """In a library of few genera they lie beyond radius and margin of the genus: 0.05 of 658 columns are 32.9."""
    letters = small_set(species=4).items[0].sequence
    # C and T in exchange at third positions make no stop codon.
    third = [n for n in range(2, len(letters), 3) if letters[n] in "CT"]

    def changed(first: int, count: int) -> str:
        chosen = set(third[first : first + count])
        return "".join({"C": "T", "T": "C"}[c] if n in chosen else c for n, c in enumerate(letters))

    made = {
        "A": ("Ga one", changed(0, 4)),
        "B": ("Ga one", changed(0, 4)),
        "C": ("Ga two", changed(10, columns)),
        "D": ("Ha far", changed(0, 95)),
        "Q": ("Ga one", letters),
    }
    items = tuple(replace(ONE, accession=name, species=kind, sequence=own) for name, (kind, own) in made.items())
    data = replace(small_set(species=4), items=items, queries=(4,), outside=frozenset({4}))
    own = OwnRules(data, load_release(RELEASE), AMONG_FEW)
    assert not own.wide and own.answer(4).answers[SCENARIOS[0]].rank is rank


def test_rates_over_seeds_are_those_of_the_counts() -> None:
    sets = {f"R, seed {n}": {"path": None, "sha256": f"{n}" * 64, "records": 10} for n in (1, 2)}
    figures = [
        {
            "data": f"R, seed {n}",
            "scenario": SCENARIOS[0],
            "rank": "species",
            "stratum": "all",
            "rule": "general-mammal-4",
            "n": 10,
            "counts": (right, 1, 0, 0, 9 - right),
            "wrong": (),
        }
        for n, right in ((1, 6), (2, 8))
    ]
    found = species_names_validation([{"half": "validation", "sets": sets, "figures": figures}], "protocol")
    values = {str(row.measure): str(row.value) for row in found.rows if row.value is not None}
    assert values["species right, rate over 2 seeds, mean"] == "0.7000"
    assert values["species wrong, rate over 2 seeds, mean"] == "0.1000"
    assert {row.locus for row in found.rows} == {Locus.COI}
    (count,) = [
        row for row in found.rows if row.measure == "species right" and row.stratum.startswith("R, seed 1")
    ]
    assert (count.k, count.n) == (6, 10)
