"""Species of other mammals: who is within whose radius, and what added references may change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest
from barcode_cases import METHOD, PROVENANCE, evidence, identity
from hypothesis import example, given, settings
from hypothesis import strategies as st

from musk_id.kernels.anchoring import KmerIndex
from musk_id.kernels.nucleotides import encode
from musk_id.model.barcode import LocusCall
from musk_id.model.methods import ANIMAL_METHODS, SpeciesRadius
from musk_id.model.reference import BarcodeReference
from musk_id.model.values import DecimalText, Line, Sha256, Text
from musk_id.stages.barcode import call_barcodes, examine_sequence
from musk_id.stages.comparison import compare
from musk_id.stages.dna_answers import _other_taxon
from musk_id.stages.library import BarcodeLibrary, LocusLibrary
from musk_id.stages.locus_call import call_locus
from musk_id.stages.locus_limits import limits_of
from musk_id.stages.mammal_species import radius_of, within_radius
from musk_id.stages.relatives import Relatives, SpeciesSpread, coding_planes
from musk_id.vocabulary import RELEASE_MARKERS, CriterionOutcome, CurationState, Locus, Rank

WIDTH = 658
# Two genera make a wide library here; all other numbers are those of the method.
WIDE = replace(ANIMAL_METHODS[1], wide_min_genera=2)
# No codon ends with A or G, so that no change of a letter makes a stop codon.
CODONS = ("GCC", "ACC", "CTC", "GTC", "CCC", "TTC", "GAC", "AAC")
BASE = "".join(CODONS[hashlib.sha256(f"{n}".encode()).digest()[0] % 8] for n in range(220))[:WIDTH]
OTHER = {"A": "G", "G": "A", "C": "T", "T": "C"}
FAMILIES = {"Aa": "Aidae", "Ab": "Aidae", "Ba": "Bidae", "Moschus": "Moschidae"}


@dataclass(frozen=True)
class Made:
    """A reference: its name, its individual, and the columns in which it differs from the base sequence."""

    species: str
    columns: frozenset[int]
    individual: str
    state: CurationState = CurationState.REFERENCE


def changed(columns: frozenset[int]) -> str:
    return "".join(OTHER[letter] if n in columns else letter for n, letter in enumerate(BASE))


def reference(made: Made, accession: str) -> BarcodeReference:
    genus, letters = made.species.split(" ")[0], changed(made.columns)
    return BarcodeReference(
        accession=Line(accession),
        organism_as_deposited=Line(made.species),
        organism_revised=(),
        genus=Line(genus),
        family=Line(FAMILIES[genus]),
        order=Line("Artiodactyla"),
        state=made.state,
        locus=Locus.COI,
        individual=Line(made.individual),
        sequence=Text(letters),
        sha256=Sha256(hashlib.sha256(letters.encode()).hexdigest()),
    )


def library_of(records: list[BarcodeReference]) -> BarcodeLibrary:
    """A library without the parts that place sequences."""
    held = tuple(records)
    windows = {Locus.COI: WIDTH}
    genera = len({record.genus for record in held})
    locus = LocusLibrary(Locus.COI, held, coding_planes(held, WIDTH), WIDTH, genera)
    return BarcodeLibrary(
        release_id=Line("made"),
        loci={Locus.COI: locus},
        index=KmerIndex({"COI-658": [(0, encode(BASE))]}, slack={"COI-658": 0}),
        wide_edits={},
        sets=(),
        genus_species=(),
        has_overlay=False,
        relatives=Relatives(lambda _, genus: [r for r in held if r.genus == genus], windows),
    )


def called(made: list[Made], query: frozenset[int], animals=WIDE, names: list[str] | None = None) -> LocusCall:
    labels = names or [f"R{n:03d}" for n in range(len(made))]
    library = library_of([reference(m, label) for m, label in zip(made, labels, strict=True)])
    limits = limits_of(Locus.COI, METHOD, animals, library.loci[Locus.COI].genera)
    compared = compare(encode(changed(query)), library.loci[Locus.COI])
    return call_locus(compared, limits, library, METHOD, animals)


def block(start: int, count: int) -> frozenset[int]:
    return frozenset(range(start, start + count))


FAR = Made("Ba far", block(500, 70), "far")
PAIR = [Made("Aa one", frozenset(), "1"), Made("Aa one", block(0, 24), "2"), FAR]


def criteria(call: LocusCall) -> dict[str, bool]:
    return {str(c.name): c.outcome is CriterionOutcome.PASSED for c in call.trace}


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


NONE: frozenset[int] = frozenset()
COLUMNS = st.builds(
    lambda genus, species, own: block(0, genus) | block(200, species) | block(300, own),
    st.sampled_from([0, 0, 30, 30, 60, 90]),
    st.sampled_from([0, 0, 2, 6, 15, 30]),
    st.sampled_from([0, 0, 1, 2, 5, 12]),
)
NAMES = ["Aa one", "Aa two", "Aa two", "Ab one", "Ba one"]
REFERENCES = st.builds(
    Made,
    st.sampled_from(NAMES),
    COLUMNS,
    st.sampled_from("abcdef"),
    st.sampled_from([CurationState.REFERENCE] * 4 + [CurationState.NAME_UNRESOLVED]),
)
LIBRARIES = st.lists(REFERENCES, min_size=1, max_size=9)


def admitted(call: LocusCall, made: list[Made]) -> set[str]:
    """Species of a library that an answer leaves possible."""
    every = {m.species for m in made}
    if call.rank in (Rank.SPECIES, Rank.SPECIES_SET):
        return set(map(str, call.species))
    if call.rank is Rank.GENUS:
        return {s for s in every if s.split(" ")[0] == call.taxon}
    if call.rank is Rank.FAMILY:
        return {s for s in every if FAMILIES[s.split(" ")[0]] == call.taxon}
    return every


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
def test_an_added_reference_takes_out_no_taxon_unless_the_trace_says_so(made, added, query) -> None:
    before, after = called(made, query), called([*made, added], query)
    lost = admitted(before, made) - admitted(after, made)
    same_genus = before.genus is not None and before.genus == after.genus
    passed_now = {
        name
        for name, passed in criteria(after).items()
        if passed and not criteria(before).get(name) and name.startswith("barcode.mammal_species") is same_genus
    }
    assert not lost or passed_now, (before.rank, before.taxon, after.rank, after.taxon)


@settings(max_examples=60)
@given(made=LIBRARIES, query=COLUMNS, data=st.data())
def test_order_and_duplicates_change_no_answer(made, query, data) -> None:
    names = [f"R{n:03d}" for n in range(len(made))]
    first = called(made, query, names=names)
    order = data.draw(st.permutations(range(len(made))))
    assert called([made[n] for n in order], query, names=[names[n] for n in order]) == first
    twin = called([*made, made[order[0]]], query)
    assert (twin.rank, twin.taxon, twin.species) == (first.rank, first.taxon, first.species)


@settings(max_examples=40)
@given(made=LIBRARIES, query=COLUMNS)
def test_moschus_is_given_no_species_by_this_rule(made, query) -> None:
    musk = [replace(m, species=m.species.replace("Aa", "Moschus")) for m in made]
    call = called([*musk, FAR], query)
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
