"""Stretches between primers: as a search of every place finds them, on either strand, never without primers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata
from screening_cases import FORWARD, LOCI, REVERSE, gene, made_genes, stretch

from musk_id.kernels.nucleotides import decode, reverse_complement_text
from musk_id.library_vocabulary import SetAside
from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.primers import PRIMER_PAIRS
from musk_id.model.reference import ReferenceRelease
from musk_id.model.screening_markers import SCREENING_MARKERS, screening_marker
from musk_id.refdb.found_windows import RawRecord, Refusal, Window
from musk_id.refdb.library_windows import WindowFinder
from musk_id.refdb.screening_windows import stretches_of
from musk_id.vocabulary import RELEASE_MARKERS, Locus

MARKER = SCREENING_MARKERS[0]
IUPAC = {"A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "N": "ACGT", "W": "AT"}
IUPAC |= {"K": "GT", "M": "AC", "S": "CG", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG"}


PAIRS = {(a, b) for a in IUPAC for b in IUPAC if set(IUPAC[a]) & set(IUPAC[b])}


def misses(letters: str, primer: str) -> int:
    return sum(pair not in PAIRS for pair in zip(letters, primer, strict=True))


def places(letters: str, primer: str) -> list[int]:
    """Places with the fewest mismatches, at most three, one after the other."""
    found = {at: misses(letters[at : at + len(primer)], primer) for at in range(len(letters) - len(primer) + 1)}
    least = min(found.values(), default=4)
    return [at for at, missed in found.items() if missed == least <= 3]


def by_brute_force(letters: str) -> list[tuple[str, int]]:
    found = []
    for strand, text in ((1, letters), (-1, reverse_complement_text(letters))):
        ends = places(text, reverse_complement_text(REVERSE))
        starts = [at + len(FORWARD) for at in places(text, FORWARD)]
        between = [
            text[a:b] for a in starts for b in ends if MARKER.min_length_bp <= b - a <= MARKER.max_length_bp
        ]
        if between:
            found.append((min(between, key=len), strand))
    return found


def found_in(letters: str) -> list[tuple[str, int]]:
    return [(decode(masks), strand) for masks, strand in stretches_of([letters], MARKER)[0]]


def test_the_marker_is_none_of_releases_and_its_primers_are_cut_from_reads() -> None:
    assert set(RELEASE_MARKERS) | {m.locus for m in SCREENING_MARKERS} == set(Locus)
    assert not set(RELEASE_MARKERS) & {m.locus for m in SCREENING_MARKERS}
    assert [screening_marker(locus) for locus in RELEASE_MARKERS] == [None] * 4
    pairs = {(pair.forward, pair.reverse): pair.locus for pair in PRIMER_PAIRS}
    assert pairs[MARKER.forward_primer, MARKER.reverse_primer] is MARKER.locus
    method = BARCODE_METHODS[-1]
    assert {m.locus for m in (*method.amplicons, *method.long_loci)} == set(RELEASE_MARKERS)


@needs_refdata
@pytest.mark.parametrize(("name", "every", "least"), [("mammal_16S", 18, 60), ("mammal_mitogenomes", 300, 4)])
def test_windows_of_public_records_as_by_brute_force(name: str, every: int, least: int) -> None:
    from wide_margins import read_public

    records = read_public(REFDATA / "sequences" / "mldsp" / f"{name}.fasta.gz")[::every]
    sequences = [
        reverse_complement_text(record.sequence) if number % 2 else record.sequence
        for number, record in enumerate(records)
    ]
    found = [[(decode(m), strand) for m, strand in own] for own in stretches_of(sequences, MARKER)]
    assert found == [by_brute_force(letters) for letters in sequences]
    assert sum(len(own) == 1 for own in found) >= least
    assert {strand for own in found for _, strand in own} == {1, -1}


@given(
    st.text("ACGT", min_size=60, max_size=95),
    st.text("ACGT", max_size=200),
    st.text("ACGT", max_size=200),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_planted_stretches(insert: str, before: str, after: str, changed: int, rng: random.Random) -> None:
    end = reverse_complement_text(REVERSE).replace("Y", "C")
    primer = list(FORWARD)
    for at in rng.sample(range(len(primer)), changed):
        primer[at] = {"A": "C", "C": "G", "G": "T", "T": "A"}[primer[at]]
    whole = before + "".join(primer) + insert + end + after
    expected = by_brute_force(whole)
    assert found_in(whole) == expected
    turned = [(letters, -strand) for letters, strand in expected][::-1]
    assert sorted(found_in(reverse_complement_text(whole))) == sorted(turned)
    if changed <= 3:
        assert expected


@given(st.text("ACGT", max_size=400))
def test_without_both_primers_nothing_is_kept(letters: str) -> None:
    assert found_in(letters) == by_brute_force(letters)
    assert found_in(FORWARD + letters[:90] + "A" * 20) == by_brute_force(FORWARD + letters[:90] + "A" * 20)


def finder(release: ReferenceRelease) -> WindowFinder:
    return WindowFinder(release.barcodes, BARCODE_METHODS[-1])


def test_both_markers_of_a_gene_on_either_strand(shipped_release: ReferenceRelease) -> None:
    letters = made_genes(shipped_release, ["Sus"])["Sus"].letters
    turned = reverse_complement_text(letters)
    found = finder(shipped_release).find([RawRecord(0, letters, LOCI), RawRecord(1, turned, LOCI)])
    for number, strand in ((0, 1), (1, -1)):
        told = {part.locus: part for part in found[number] if isinstance(part, Window)}
        assert set(told) == set(LOCI)
        assert told[Locus.RRNA_16S_FOOD].letters == stretch("Sus")
        assert {part.strand for part in told.values()} == {strand}


def test_a_marker_that_is_not_wanted_is_not_looked_for(shipped_release: ReferenceRelease) -> None:
    letters = made_genes(shipped_release, ["Sus"])["Sus"].letters
    (found,) = finder(shipped_release).find([RawRecord(0, letters, RELEASE_MARKERS)])[0]
    assert isinstance(found, Window) and found.locus is Locus.RRNA_16S


def test_refusals(shipped_release: ReferenceRelease) -> None:
    rng = random.Random(3)
    noise = "".join(rng.choice("ACGT") for _ in range(12_000))
    food = gene(stretch("Sus"), "ACGT")
    both = food + "A" * 40 + reverse_complement_text(food)
    unclear = gene(stretch("Sus")[:40] + "NNNNNN" + stretch("Sus")[46:], "ACGT")
    only = (Locus.RRNA_16S_FOOD,)
    records = [
        RawRecord(0, noise, LOCI),
        RawRecord(1, noise[:300], only),
        RawRecord(2, both, only),
        RawRecord(3, unclear, only),
        RawRecord(4, food, LOCI),
        RawRecord(5, gene("ACGT" * 30, "ACGT"), only),
    ]
    found = finder(shipped_release).find(records)

    def told(number: int) -> list[tuple[Locus | None, SetAside | None]]:
        return [(part.locus, part.reason if isinstance(part, Refusal) else None) for part in found[number]]

    food_only = Locus.RRNA_16S_FOOD
    assert (food_only, SetAside.LOCUS_NOT_RECOGNISED) in told(0) and (
        Locus.RRNA_16S,
        SetAside.LOCUS_NOT_RECOGNISED,
    ) in told(0)
    assert told(1) == [(food_only, SetAside.LOCUS_NOT_RECOGNISED)]
    assert told(2) == [(food_only, SetAside.LOCUS_AMBIGUOUS)]
    assert told(3) == [(food_only, SetAside.TOO_AMBIGUOUS)]
    # The other marker is not there, which is said only of what holds nothing.
    assert told(4) == [(food_only, None)]
    assert told(5) == [(food_only, SetAside.LOCUS_NOT_RECOGNISED)]
