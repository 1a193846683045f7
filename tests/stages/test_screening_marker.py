"""The marker that screens: other mammals by name, never musk deer, never a person; it counts for nothing else."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import pytest
from barcode_cases import ANIMALS, WITHOUT_TREES, evidence, identity, mutated, records
from made_library import Made
from screening_cases import GENERA, gene, made_genes, matcher_of, stretch

from musk_id.errors import ConfigError
from musk_id.model.barcode import ItemCall, SequenceResult
from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.trace import Criterion
from musk_id.model.values import Identifier
from musk_id.refdb.overlay import overlay_barcodes
from musk_id.stages.barcode import _taken_out
from musk_id.stages.item_call import call_item
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_limits import limits_of, screening_loci
from musk_id.stages.match_library import LibraryMatcher
from musk_id.stages.match_rows import HUMAN, WITHHELD, MatchRow
from musk_id.stages.replicates import enough_markers
from musk_id.stages.sequence_examination import examine_sequence
from musk_id.stages.species_rule import CalledSequence
from musk_id.vocabulary import RELEASE_MARKERS, CriterionOutcome, Locus, Rank, Reason

FOOD = Locus.RRNA_16S_FOOD
METHOD = BARCODE_METHODS[-1]


def asked(matcher: LibraryMatcher, letters: str, name: str = "q") -> MatchRow:
    (row,) = matcher.rows([NucleotideSequence(name, letters)], 1)
    return row


@pytest.fixture
def genes(shipped_release: ReferenceRelease) -> dict[str, Made]:
    return made_genes(shipped_release)


def test_only_the_method_with_limits_knows_the_marker() -> None:
    assert [screening_loci(animals) for animals in ANIMAL_METHODS] == [(), (), (FOOD,), (FOOD,)]
    with pytest.raises(ConfigError, match="general-mammal-2 has no limits at 16S-food"):
        limits_of(FOOD, METHOD, ANIMAL_METHODS[1], 400)
    last, before = ANIMAL_METHODS[2], ANIMAL_METHODS[1]
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


def test_a_persons_gene_under_other_names_beside_a_sound_one(tmp_path, shipped_release, genes) -> None:
    """Two genera are nearer than the human record, which decides as it is held against every query."""
    rng = random.Random(2)
    nearer = mutated(stretch("Homo"), 2, rng)
    for genus, letters in (("Bos", nearer), ("Capra", mutated(nearer, 1, rng))):
        own = genes[genus]
        downstream = own.letters.split("GGTTGGGGTGACCTCGGA")[1][:94]
        genes = genes | {f"wrong {genus}": replace(own, accession=f"{genus}2", letters=gene(letters, downstream))}
    _, matcher = matcher_of(tmp_path, shipped_release, genes)
    assert asked(matcher, nearer).answer == HUMAN


def test_the_marker_does_not_come_into_cases_and_is_no_second_one(tmp_path, shipped_release, genes) -> None:
    library, _ = matcher_of(tmp_path, shipped_release, genes)
    assert FOOD in library.loci
    assert {record.locus for record in overlay_barcodes(library)} == {Locus.RRNA_16S}
    assert not any(enough_markers([locus, FOOD]) for locus in RELEASE_MARKERS)


def called_at(
    library: BarcodeLibrary, release: ReferenceRelease, locus: Locus, genus: str, run: str
) -> tuple[SequenceResult, CalledSequence]:
    """A reference of the release called at its marker."""
    letters = records(release, locus, genus)[0].sequence
    result, called = examine_sequence(
        evidence(letters, run=identity(run)).sequences[0], identity(run), locus, library, WITHOUT_TREES, ANIMALS
    )
    assert called is not None
    return result, called


def item_of(found: list[tuple[SequenceResult, CalledSequence]], library: BarcodeLibrary) -> ItemCall:
    results, called = zip(*found, strict=True)
    return call_item(Identifier("I1"), results, called, library, WITHOUT_TREES, ANIMALS)


def criteria(call: ItemCall, name: str) -> list[Criterion]:
    return [c for c in call.trace if c.name == name]


@pytest.mark.parametrize("screening", [False, True], ids=["16S-mam", "as if 16S-food"])
def test_items_do_not_count_the_marker(shipped_release, barcode_library, screening) -> None:
    """What 16S-mam gives beside another marker, the same calls do not give at the marker that screens."""

    def two(first: Locus, genus: str) -> ItemCall:
        result, called = called_at(barcode_library, shipped_release, Locus.RRNA_16S, genus, "R2")
        if screening:
            result, called = replace(result, locus=FOOD), replace(called, locus=FOOD)
        return item_of(
            [called_at(barcode_library, shipped_release, first, genus, "R1"), (result, called)], barcode_library
        )

    passed = CriterionOutcome.FAILED if screening else CriterionOutcome.PASSED
    (second,) = criteria(two(Locus.RRNA_12S, "Moschus"), "barcode.second_locus")
    assert second.outcome is passed
    (amplicon,) = criteria(two(Locus.CYTB, "Moschus"), "barcode.species_second_amplicon")
    assert amplicon.outcome is passed
    animal = two(Locus.RRNA_12S, "Capra")
    assert [str(taxon.taxon) for taxon in animal.other_taxa] == ([] if screening else ["Capra"])
    beside = two(Locus.CYTB, "Capra")
    (close,) = criteria(beside, "barcode.exclusion_other_close")
    assert (FOOD.value in close.measured, Locus.RRNA_16S.value in close.measured) == (False, not screening)


def test_what_a_failed_control_takes_out() -> None:
    result = SimpleNamespace(run=SimpleNamespace(batch_ids=("B",)), locus=FOOD)
    unplaced = SimpleNamespace(run=result.run, locus=None)
    every, some = {"B": RELEASE_MARKERS}, {"B": RELEASE_MARKERS[:3]}
    assert _taken_out(result, every) and _taken_out(unplaced, every)
    assert not _taken_out(result, some) and not _taken_out(unplaced, some)
