"""The marker that screens: other mammals by name, never musk deer, never a person; it counts for nothing else."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from barcode_cases import mutated
from made_library import Made
from screening_cases import GENERA, WIDE, gene, made_genes, matcher_of, stretch

from musk_id.errors import ConfigError
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.model.sequence import NucleotideSequence
from musk_id.refdb.overlay import overlay_barcodes
from musk_id.stages.locus_limits import limits_of, screening_loci
from musk_id.stages.match_library import LibraryMatcher
from musk_id.stages.match_rows import HUMAN, WITHHELD, MatchRow
from musk_id.stages.replicates import enough_markers
from musk_id.vocabulary import RELEASE_MARKERS, Locus, Rank, Reason

FOOD = Locus.RRNA_16S_FOOD
METHOD = BARCODE_METHODS[-1]


def asked(matcher: LibraryMatcher, letters: str, name: str = "q") -> MatchRow:
    (row,) = matcher.rows([NucleotideSequence(name, letters)], 1)
    return row


@pytest.fixture
def genes(shipped_release: ReferenceRelease) -> dict[str, Made]:
    return made_genes(shipped_release)


def test_only_the_method_with_limits_knows_the_marker() -> None:
    assert [screening_loci(animals) for animals in ANIMAL_METHODS] == [(), (), (FOOD,)]
    with pytest.raises(ConfigError, match="general-mammal-2 has no limits at 16S-food"):
        limits_of(FOOD, METHOD, ANIMAL_METHODS[1], 400)
    last, before = ANIMAL_METHODS[-1], ANIMAL_METHODS[-2]
    assert replace(last, version=before.version, wide=last.wide[:-1]) == before
    limits = limits_of(FOOD, METHOD, last, 300)
    assert limits.wide and (limits.other_radius, limits.other_margin, limits.radius) == (0, 3, 3)
    assert limits.exclusion_other < Fraction(0)


def test_names_of_a_wide_library(tmp_path, shipped_release, genes) -> None:
    _, matcher = matcher_of(tmp_path, shipped_release, genes)
    for genus in ("Sus", "Bos", "Capra"):
        row = asked(matcher, stretch(genus))
        assert (row.locus, row.rank, row.answer, row.distance) == (FOOD, Rank.GENUS, genus, "0")
        assert asked(matcher, genes[genus].letters).locus is Locus.RRNA_16S, "the marker of releases goes first"
    one_off = mutated(stretch("Sus"), 1, random.Random(1))
    row = asked(matcher, one_off)
    assert (row.rank, row.answer) == (Rank.NONE, "") and Reason.OUTSIDE_RADIUS in row.reasons


def test_a_library_of_few_genera_names_nothing(tmp_path, shipped_release, genes) -> None:
    library, _ = matcher_of(tmp_path, shipped_release, genes)
    matcher = LibraryMatcher(library, shipped_release, METHOD, ANIMAL_METHODS[-1])
    row = asked(matcher, stretch("Sus"))
    assert (row.rank, row.answer, row.distance) == (Rank.NONE, "", "0")
    assert Reason.CERTIFIED_MARGIN_SMALL in row.reasons


def test_a_method_without_the_marker_does_not_place_it(tmp_path, shipped_release, genes) -> None:
    library, _ = matcher_of(tmp_path, shipped_release, genes)
    row = asked(LibraryMatcher(library, shipped_release, METHOD, ANIMAL_METHODS[1]), stretch("Sus"))
    assert row.locus is None and row.reasons == (Reason.LOCUS_NOT_RECOGNISED,)


def test_musk_deer_are_never_named(tmp_path, shipped_release, genes) -> None:
    _, matcher = matcher_of(tmp_path, shipped_release, genes)
    for letters in (stretch("Moschus"), stretch("Moschus")[1:]):
        row = asked(matcher, letters)
        assert (row.locus, row.rank, row.answer) == (FOOD, Rank.NONE, "")
        assert Reason.SCREENING_MARKER in row.reasons


def test_a_person_is_a_word(tmp_path, shipped_release, genes) -> None:
    _, matcher = matcher_of(tmp_path, shipped_release, genes)
    rng = random.Random(5)
    for changes in range(4):
        row = asked(matcher, mutated(stretch("Homo"), changes, rng), "Ms Example")
        assert (row.name, row.answer, row.nearest, row.distance) == (HUMAN, HUMAN, (), "")
    assert asked(matcher, stretch("Sus"), "Ms Example").name == "Ms Example"


def swapped(genes: dict[str, Made], first: str, second: str) -> dict[str, Made]:
    """The genes with the names of two exchanged."""
    a, b = genes[first], genes[second]
    return genes | {
        first: replace(a, species=b.species, family=b.family, order=b.order),
        second: replace(b, species=a.species, family=a.family, order=a.order),
    }


@pytest.mark.parametrize("fault", ["no person", "name of a pig's gene", "nothing vouches"])
def test_without_a_person_to_compare_with_nothing_is_shown(tmp_path, shipped_release, genes, fault) -> None:
    if fault == "no person":
        genes = {genus: own for genus, own in genes.items() if genus != "Homo"}
    elif fault == "name of a pig's gene":
        genes = swapped(genes, "Homo", "Sus")
    else:
        genes = genes | {"Homo": replace(genes["Homo"], letters=gene(stretch("Homo"), "ACGT"))}
    _, matcher = matcher_of(tmp_path, shipped_release, genes)
    expected = MatchRow(number=1, name=WITHHELD, locus=FOOD, reasons=(Reason.HUMAN_NOT_EXCLUDED,))
    for genus in GENERA:
        row = asked(matcher, stretch(genus), "Ms Example")
        # What the library names a person's is the word all the same.
        assert row == expected or (row.answer == row.name == HUMAN and fault != "no person")
    assert asked(matcher, stretch("Bos")) == expected


def test_a_persons_gene_under_another_name_beside_a_sound_one(tmp_path, shipped_release, genes) -> None:
    nearer = mutated(stretch("Homo"), 2, random.Random(2))
    letters = gene(nearer, genes["Bos"].letters[-115:-21])
    genes = genes | {"wrong": replace(genes["Bos"], accession="BOS2", letters=letters)}
    _, matcher = matcher_of(tmp_path, shipped_release, genes)
    assert asked(matcher, nearer).answer == HUMAN


def test_the_marker_counts_for_nothing_in_a_case(tmp_path, shipped_release, genes) -> None:
    library, _ = matcher_of(tmp_path, shipped_release, genes)
    assert FOOD in library.loci
    assert {record.locus for record in overlay_barcodes(library)} == {Locus.RRNA_16S}
    for locus in RELEASE_MARKERS:
        assert enough_markers([locus, FOOD]) is False
    assert WIDE.wide[-1].locus is FOOD
