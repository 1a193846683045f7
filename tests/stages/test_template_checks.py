"""Nuclear copies and chimeras: planted ones are found, sound sequences are not taken for either."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import permutations

import pytest
from barcode_cases import OTHER_BASES, TRANSITION, records, single
from hypothesis import given
from hypothesis import strategies as st
from refdata import needs_refdata, read_records
from scipy.stats import binom

from musk_id.kernels.nucleotides import encode
from musk_id.kernels.translation import stop_codon_positions
from musk_id.model.barcode import SequenceResult
from musk_id.model.trace import Criterion
from musk_id.stages.template_checks import binomial_tail, codon_position_differences, largest_allowed
from musk_id.vocabulary import CriterionOutcome, Finding, Locus, Reason

LONG = (Locus.COI, Locus.CYTB)
SHARE, ERROR = Fraction("0.35"), Fraction("0.01")
FAULTS = {Reason.NUCLEAR_COPY_SUSPECTED, Reason.PARTS_DISAGREE}


def criterion_of(result: SequenceResult, name: str) -> Criterion:
    return next(c for c in result.quality if c.name == f"barcode.{name}")


def changed(letters: str, count: int, positions: tuple[int, ...], seed: int = 1) -> str:
    """Letters with so many changes at codon positions, none of which makes a stop codon."""
    found, generator = list(letters), random.Random(seed)
    places = [i for i in range(30, len(letters) - 30) if i % 3 in positions and letters[i] in TRANSITION]
    generator.shuffle(places)
    done = 0
    for place in places:
        if done == count:
            break
        before = found[place]
        found[place] = generator.choice(OTHER_BASES[before])
        if stop_codon_positions(encode("".join(found)), 0).size > stop_codon_positions(encode(letters), 0).size:
            found[place] = before
            continue
        done += 1
    assert done == count
    return "".join(found)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_tail_is_that_of_the_binomial_distribution(trials: int, successes: int) -> None:
    expected = binom.sf(successes - 1, trials, 0.35)
    assert float(binomial_tail(successes, trials, SHARE)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.integers(0, 120))
def test_the_limit_is_the_last_count_that_chance_gives(trials: int) -> None:
    allowed = largest_allowed(trials, SHARE, ERROR)
    assert allowed == 0 or binomial_tail(allowed, trials, SHARE) >= ERROR
    assert allowed == trials or binomial_tail(allowed + 1, trials, SHARE) < ERROR
    assert (allowed == trials) is (trials <= 4)


@given(st.lists(st.tuples(st.sampled_from("ACGTN-"), st.sampled_from("ACGTR-")), min_size=3, max_size=60))
def test_differences_by_codon_position_as_counted_by_hand(columns: list[tuple[str, str]]) -> None:
    query, reference = ("".join(side) for side in zip(*columns, strict=True))
    counts = [0, 0, 0]
    for i, (a, b) in enumerate(columns):
        counts[i % 3] += a in "ACGT" and b in "ACGT" and a != b
    masks = encode(query.replace("-", "N"))
    masks[[i for i, letter in enumerate(query) if letter == "-"]] = 0
    assert codon_position_differences(masks, reference) == tuple(counts)


@pytest.mark.parametrize("locus", LONG)
def test_changes_without_selection_are_a_suspected_nuclear_copy(barcode_library, shipped_release, locus) -> None:  # type: ignore[no-untyped-def]
    letters = str(records(shipped_release, locus)[0].sequence)
    # Two of three at 1st and 2nd positions, as chance has them.
    copy = single(barcode_library, changed(changed(letters, 8, (2,)), 16, (0, 1), 2))
    # A sixth of the differences at 1st and 2nd positions, as genes have them.
    gene = single(barcode_library, changed(changed(letters, 20, (2,)), 4, (0, 1), 2))
    assert criterion_of(copy, "codon_positions").measured == "16 / 24"
    assert criterion_of(copy, "codon_positions").outcome is CriterionOutcome.FAILED
    assert Reason.NUCLEAR_COPY_SUSPECTED in copy.reasons
    assert copy.call is None and copy.finding is Finding.INCONCLUSIVE
    assert criterion_of(gene, "codon_positions").outcome is CriterionOutcome.PASSED
    assert criterion_of(gene, "codon_positions").measured == "4 / 24" and gene.finding is Finding.DETECTED


def test_few_differences_and_far_references_tell_nothing(barcode_library, shipped_release) -> None:  # type: ignore[no-untyped-def]
    letters = str(records(shipped_release, Locus.COI)[0].sequence)
    few = criterion_of(single(barcode_library, changed(letters, 4, (0, 1))), "codon_positions")
    far = criterion_of(single(barcode_library, changed(letters, 90, (0, 1, 2))), "codon_positions")
    assert few.outcome is far.outcome is CriterionOutcome.NOT_TESTED
    assert (few.measured, few.limit, far.limit) == ("4 / 4", "more differences", "a reference within the radius")


@pytest.mark.parametrize("locus", LONG)
@pytest.mark.parametrize("percent", [25, 50, 75])
def test_two_genera_in_one_sequence_are_a_suspected_chimera(
    barcode_library, shipped_release, locus, percent: int
) -> None:  # type: ignore[no-untyped-def]
    found = {}
    for genus in ("Moschus", "Capra", "Sus", "Bos"):
        found[genus] = str(records(shipped_release, locus, genus)[0].sequence)
    for first, second in permutations(found, 2):
        cut = len(found[first]) * percent // 100
        result = single(barcode_library, found[first][:cut] + found[second][cut:])
        measured = criterion_of(result, "chimera")
        assert measured.outcome is CriterionOutcome.FAILED, (first, second)
        assert Reason.PARTS_DISAGREE in result.reasons and result.call is None
        assert measured.measured.startswith(f"{first} / {second}, ")


@pytest.mark.parametrize("locus", [Locus.RRNA_12S, Locus.RRNA_16S])
def test_short_markers_say_that_they_cannot_be_tested(barcode_library, shipped_release, locus) -> None:  # type: ignore[no-untyped-def]
    result = single(barcode_library, str(records(shipped_release, locus)[0].sequence))
    for name in ("codon_positions", "chimera"):
        found = criterion_of(result, name)
        assert (found.outcome, found.limit) == (CriterionOutcome.NOT_TESTED, "a coding marker")
    assert result.finding is Finding.DETECTED


@needs_refdata
@pytest.mark.parametrize("name", ["mldsp/mammal_COX1", "mldsp/mammal_CYTB", "kruger/kruger_mammal_COI"])
def test_public_genes_are_taken_for_neither(barcode_library, name: str) -> None:  # type: ignore[no-untyped-def]
    """Every eighth record that is of a sound frame; of all 2,735 none was flagged."""
    tested = 0
    for record in read_records(f"{name}.fasta.gz")[::8]:
        result = single(barcode_library, record.sequence)
        assert not FAULTS & set(result.reasons), record.accession
        tested += any(c.name == "barcode.chimera" for c in result.quality)
    assert tested > 90
