"""The benchmark of naming: what is counted, what is withheld, how the public records are prepared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from accuracy_cases import ONE, small_set
from accuracy_figures import KINDS, STRATA, asked, figures, kind_of, stratum_of
from accuracy_own import SCENARIOS, Answer, Answered, OwnRules, withheld_items
from accuracy_sets import DataSet, _without_repeats, half_of
from panel_specificity import RELEASE
from wide_margins import METHOD, PublicRecord

from musk_id.model.methods import ANIMAL_METHODS, require_method
from musk_id.model.reference import ReferenceRelease
from musk_id.model.sequence import NucleotideSequence
from musk_id.refdb.release import load_release
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.match_library import LibraryMatcher
from musk_id.vocabulary import Locus, Rank

SPLIT = Path(__file__).resolve().parents[2] / "validation" / "barcode-accuracy-split.json"


@pytest.fixture(scope="module")
def release() -> ReferenceRelease:
    return load_release(RELEASE)


@pytest.mark.parametrize("version", ["general-mammal-2", "general-mammal-4"])
def test_withheld_records_are_as_if_they_were_not_there(release, version: str) -> None:  # type: ignore[no-untyped-def]
    """Every answer is that of ``barcode match`` with a library built without these records."""
    wide = replace(require_method(ANIMAL_METHODS, version), wide_min_genera=3)
    data = small_set()
    own = OwnRules(data, release, wide)
    assert own.wide and len(own.judged) == len(data.queries)
    ranks = set()
    for number in own.judged[::3]:
        answers = own.answer(number).answers
        for scenario in SCENARIOS:
            gone = withheld_items(data.items, number, scenario)
            left = tuple(item for n, item in enumerate(data.items) if n not in gone)
            less = OwnRules(replace(data, items=left, queries=()), release, wide)
            query = [NucleotideSequence("q", data.items[number].sequence)]
            (row,) = LibraryMatcher(less.library, release, METHOD, wide).rows(query, 1)
            answer = answers[scenario]
            told = " / ".join(answer.species) or (answer.family if answer.rank is Rank.FAMILY else answer.genus)
            assert (row.rank, row.answer or None) == (answer.rank, told), (number, scenario)
            ranks.add(answer.rank)
    assert ranks >= {Rank.SPECIES, Rank.GENUS, Rank.NONE}


def test_processes_do_not_change_answers(release) -> None:  # type: ignore[no-untyped-def]
    own = OwnRules(small_set(species=8), release)
    assert own.answers() == {number: own.answer(number) for number in own.judged}


@pytest.mark.parametrize(
    ("answer", "species", "genus"),
    [
        (Answer(Rank.SPECIES, ("Aa one",), "Aa"), "right", "right"),
        (Answer(Rank.SPECIES, ("Aa two",), "Aa"), "wrong", "right"),
        (Answer(Rank.SPECIES_SET, ("Aa one", "Aa two"), "Aa"), "set with the species", "right"),
        (Answer(Rank.SPECIES_SET, ("Aa three", "Aa two"), "Aa"), "set without the species", "right"),
        (Answer(Rank.GENUS, (), "Ba"), "none", "wrong"),
        (Answer(Rank.FAMILY, family="Aidae"), "none", "none"),
        (Answer(Rank.NONE), "none", "none"),
    ],
)
def test_kinds_of_answers(answer: Answer, species: str, genus: str) -> None:
    assert (kind_of(answer, ONE, "species"), kind_of(answer, ONE, "genus")) == (species, genus)


def test_strata_and_who_is_asked() -> None:
    found = [stratum_of(share) for share in (0.0, 0.0199, 0.02, 0.07, 0.0701, None)]
    assert found == [STRATA[0], STRATA[0], STRATA[1], STRATA[1], STRATA[2], STRATA[3]]
    names = ["Aa one", "Aa one", "Aa two", "Ba one"]
    data = DataSet(
        "x", Locus.COI, tuple(replace(ONE, species=name) for name in names), (0, 1, 2, 3), None, "0" * 64
    )
    assert asked(data, SCENARIOS[0], "species", data.queries) == [0, 1]
    assert asked(data, SCENARIOS[1], "genus", data.queries) == [0, 1, 2]
    assert asked(data, SCENARIOS[1], "species", data.queries) == [0, 1, 2, 3]
    assert withheld_items(data.items, 0, SCENARIOS[1]) == {0, 1}
    answer = Answer(Rank.SPECIES, ("Aa one",), "Aa")
    own = {n: Answered(dict.fromkeys(SCENARIOS, answer), 0.01) for n in data.queries}
    told = figures(data, ("species",), own, {"ours": {n: a.answers for n, a in own.items()}})
    first = told[0]
    assert (first.scenario, first.stratum, first.n, first.right, first.called) == (
        SCENARIOS[0],
        STRATA[0],
        2,
        2,
        2,
    )
    assert len(first.counts) == len(KINDS) and told[-1].count("wrong") == 2


def test_the_split_on_file_is_that_of_the_rule() -> None:
    rows = json.loads(SPLIT.read_text(encoding="ascii"))["rows"]
    assert len(rows) == 5
    for row in rows:
        assert row["k"] == len(row["listed"]) and {half_of(name) for name in row["listed"]} == {"development"}
        assert abs(row["k"] / row["n"] - 0.5) < 0.1


def test_letters_repeated_at_line_ends_are_taken_out_where_that_mends_the_frame(release) -> None:  # type: ignore[no-untyped-def]
    library = BarcodeLibrary.from_release(release, METHOD)
    letters = next(str(r.sequence) for r in release.barcodes if r.locus is Locus.COI and r.genus == "Sus")[:650]
    damaged = "".join(line + line[-1] for line in (letters[n : n + 70] for n in range(0, 630, 70))) + letters[630:]
    assert len(damaged) == 659
    assert _without_repeats(PublicRecord("A", "Sus scrofa", "ok", damaged), library) == letters
    # A sound sequence, and one that is broken otherwise, stay as they are.
    for other in (letters, letters[:200] + letters[201:]):
        assert _without_repeats(PublicRecord("A", "Sus scrofa", "ok", other), library) == other
