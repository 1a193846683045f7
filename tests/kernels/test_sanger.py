"""Trimming, statistics, second peaks and strand joining against plain implementations of their definitions."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.nucleotides import decode, encode, reverse_complement_text
from musk_id.kernels.sanger import mean_quality, mott_trim, peak_heights, share_at_least
from musk_id.kernels.strands import Read, join_strands, overlap_columns, single_strand

QUALITIES = st.lists(st.integers(0, 62), min_size=1, max_size=60)
ANY = settings(deadline=None, max_examples=200)


def score(qualities: list[int], limit: float) -> float:
    return sum(limit - 10 ** (-q / 10) for q in qualities)


@ANY
@given(QUALITIES, st.sampled_from([0.05, 0.01, 0.001]))
def test_trimming_keeps_the_segment_with_the_highest_sum(qualities: list[int], limit: float) -> None:
    first, last = mott_trim(np.array(qualities), limit, 1)
    spans = itertools.combinations(range(len(qualities) + 1), 2)
    best = max(score(qualities[a:b], limit) for a, b in spans)
    if best <= 0:
        assert (first, last) == (0, 0)
    else:
        assert score(qualities[first:last], limit) == pytest.approx(best, abs=1e-6)


@ANY
@given(st.lists(st.integers(0, 62), min_size=21, max_size=120))
def test_trimming_agrees_with_biopython_where_its_shortcuts_do_not_matter(tail: list[int]) -> None:
    """Biopython's abi-trim never counts the first base, leaves the last one of the segment out, and begins
    where the sum is first above nothing, even if a later segment is the best one."""
    from Bio.Seq import Seq
    from Bio.SeqIO.AbiIO import _abi_trim
    from Bio.SeqRecord import SeqRecord

    qualities = [0, *tail]
    record = SeqRecord(Seq("A" * len(qualities)), letter_annotations={"phred_quality": qualities})
    record.letter_annotations["place"] = list(range(len(qualities)))
    kept = _abi_trim(record).letter_annotations["place"]
    first, last = mott_trim(np.array(qualities), 0.05, 1)
    if not kept:
        assert last - first <= 1 or last == 0
        return
    assert kept[-1] + 1 == last - 1
    assert kept[0] <= first


def test_trimming_equals_biopython_on_a_usual_trace() -> None:
    from Bio.Seq import Seq
    from Bio.SeqIO.AbiIO import _abi_trim
    from Bio.SeqRecord import SeqRecord

    qualities = [2, 4, 5, 3, 9, 30, 12, *([50] * 300), 20, 8, 5, 4, 3, 2]
    record = SeqRecord(Seq("A" * len(qualities)), letter_annotations={"phred_quality": qualities})
    record.letter_annotations["place"] = list(range(len(qualities)))
    kept = _abi_trim(record).letter_annotations["place"]
    first, last = mott_trim(np.array(qualities), 0.05, 20)
    assert (kept[0], kept[-1] + 1) == (first, last - 1)


def test_a_segment_below_the_least_length_is_not_kept() -> None:
    qualities = np.array([3] * 20 + [50] * 19 + [3] * 20)
    assert mott_trim(qualities, 0.01, 19) == (20, 39)
    assert mott_trim(qualities, 0.01, 20) == (0, 0)
    assert mott_trim(np.array([], dtype=np.int64), 0.01, 1) == (0, 0)


@ANY
@given(QUALITIES)
def test_statistics(qualities: list[int]) -> None:
    values = np.array(qualities)
    assert mean_quality(values) == Fraction(sum(qualities), len(qualities))
    assert share_at_least(values, 20) == Fraction(sum(q >= 20 for q in qualities), len(qualities))
    assert mean_quality(values[:0]) == share_at_least(values[:0], 20) == 0


def plain_second_peak(rows: list[list[int]], peaks: list[int], called: list[int], base: int) -> int:
    """Highest local maximum of another channel between the middles to the neighbours; plateaus count once."""
    low = (peaks[base - 1] + peaks[base] + 1) // 2 if base else None
    high = (peaks[base] + peaks[base + 1] + 1) // 2 if base + 1 < len(peaks) else None
    low = low if low is not None else max(0, 2 * peaks[0] - (peaks[0] + peaks[1] + 1) // 2)
    high = high if high is not None else min(len(rows[0]), 2 * peaks[-1] - (peaks[-2] + peaks[-1] + 1) // 2 + 1)
    best = 0
    for channel, row in enumerate(rows):
        if channel == called[base]:
            continue
        k = 1
        while k < len(row) - 1:
            end = k
            while end + 1 < len(row) and row[end + 1] == row[k]:
                end += 1
            if row[k - 1] < row[k] and end + 1 < len(row) and row[end + 1] < row[k]:
                middle = (k + end) // 2
                if low <= middle < high:
                    best = max(best, row[middle])
            k = end + 1
    return best


@ANY
@given(st.integers(0, 2**32))
def test_second_peaks_by_their_definition(seed: int) -> None:
    rng = random.Random(seed)
    bases = rng.randint(2, 8)
    peaks = sorted(rng.sample(range(3, 10 * bases), bases))
    rows = [[rng.randint(0, 9) for _ in range(10 * bases + 5)] for _ in range(4)]
    called = [rng.randrange(4) for _ in range(bases)]
    found = peak_heights(np.array(rows), np.array(peaks), np.array(called))
    assert found.primary.tolist() == [rows[c][p] for c, p in zip(called, peaks, strict=True)]
    assert found.secondary.tolist() == [plain_second_peak(rows, peaks, called, i) for i in range(bases)]


def test_a_slope_of_a_neighbour_is_no_second_peak_and_a_double_peak_is_one() -> None:
    slope = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 0]
    single = [0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    low = [0, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    quiet = [0] * 12
    peaks, called = np.array([2, 10]), np.array([1, 0])
    assert peak_heights(np.array([slope, single, quiet, quiet]), peaks, called).secondary.tolist() == [0, 0]
    heights = peak_heights(np.array([slope, single, low, quiet]), peaks, called)
    assert heights.secondary.tolist() == [3, 0]
    assert heights.at_least(20).tolist() == [True, False] and not heights.at_least(34).any()


def plain_overlap(first: str, second: str) -> int:
    """Best score of an alignment with free ends on both sides, cell by cell."""

    def pair(a: str, b: str) -> int:
        if a not in "ACGT" or b not in "ACGT":
            return 0
        return 1 if a == b else -2

    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, a in enumerate(first, 1):
        for j, b in enumerate(second, 1):
            table[i][j] = max(table[i - 1][j - 1] + pair(a, b), table[i - 1][j] - 3, table[i][j - 1] - 3)
    return max([*table[-1], *(row[-1] for row in table)])


@ANY
@given(st.text("ACGTN", min_size=1, max_size=25), st.text("ACGTN", min_size=1, max_size=25))
def test_overlap_is_optimal_and_complete(first: str, second: str) -> None:
    columns, best = overlap_columns(encode(first), encode(second))
    assert best == plain_overlap(first, second)
    assert [i for i in columns[:, 0].tolist() if i >= 0] == list(range(len(first)))
    assert [j for j in columns[:, 1].tolist() if j >= 0] == list(range(len(second)))
    both = [k for k, (i, j) in enumerate(columns.tolist()) if i >= 0 and j >= 0]
    inside = columns[both[0] : both[-1] + 1].tolist() if both else []
    total = sum(
        -3
        if i < 0 or j < 0
        else plain_overlap(first[i], second[j])
        if first[i] == second[j]
        else (0 if "N" in (first[i], second[j]) else -2)
        for i, j in inside
    )
    assert total == best


def read(letters: str, quality: int = 40) -> Read:
    return Read(encode(letters), np.full(len(letters), quality))


def letters_of(count: int, seed: int) -> str:
    rng = random.Random(seed)
    return "".join(rng.choice("ACGT") for _ in range(count))


def test_two_reads_of_one_product_give_it_back() -> None:
    product = letters_of(300, 1)
    joined = join_strands(read(product[:250]), read(product[40:]), min_quality=20, min_lead=10)
    assert decode(joined.masks) == product and joined.differences == () and joined.overlap_bp == 210
    assert joined.columns[0].tolist() == [0, -1] and joined.columns[-1].tolist() == [-1, 259]
    assert joined.columns[100].tolist() == [100, 60]
    alone = single_strand(read(product), forward=False)
    assert decode(alone.masks) == product and (alone.columns[:, 0] == -1).all()


@pytest.mark.parametrize(
    ("forward", "reverse", "chosen"),
    [
        (("A", 50), ("C", 30), "A"),
        (("A", 30), ("C", 50), "C"),
        (("A", 50), ("C", 45), "N"),
        (("A", 19), ("C", 5), "N"),
        (("N", 5), ("C", 30), "C"),
        (("N", 5), ("C", 15), "N"),
        (("R", 30), ("G", 30), "G"),
    ],
)
def test_differences_are_listed_and_decided_by_quality(
    forward: tuple[str, int], reverse: tuple[str, int], chosen: str
) -> None:
    product = letters_of(120, 2)
    reads = []
    for letter, quality in (forward, reverse):
        one = read(product[:60] + letter + product[61:])
        one.qualities[60] = quality
        reads.append(one)
    joined = join_strands(*reads, min_quality=20, min_lead=10)
    (found,) = joined.differences
    assert (found.position, found.forward, found.reverse, found.chosen) == (60, forward[0], reverse[0], chosen)
    assert (found.forward_quality, found.reverse_quality) == (forward[1], reverse[1])
    assert found.conflict is ({forward[0], reverse[0]} == {"A", "C"})
    assert decode(joined.masks) == product[:60] + chosen + product[61:]


@pytest.mark.parametrize(("extra", "around", "chosen"), [(50, 30, "T"), (10, 50, "-"), (30, 35, "N")])
def test_a_letter_that_one_read_lacks_is_a_conflict(extra: int, around: int, chosen: str) -> None:
    left, right = "GATCAAGCAC" * 4, "CAGGACCATG" * 4
    longer, shorter = read(left + "T" + right, 50), read(left + right, 50)
    longer.qualities[40] = extra
    shorter.qualities[39:41] = around
    joined = join_strands(longer, shorter, min_quality=20, min_lead=10)
    (found,) = joined.differences
    assert (found.forward, found.reverse, found.chosen, found.conflict) == ("T", "-", chosen, True)
    assert (found.forward_quality, found.reverse_quality, found.position) == (extra, around, 40)
    assert decode(joined.masks) == left + {"T": "T", "-": "", "N": "N"}[chosen] + right


def test_which_read_is_called_forward_changes_no_letter() -> None:
    rng = random.Random(5)
    product = letters_of(200, 3)
    first, second = read(product[:170]), read(product[20:])
    for one in (first, second):
        one.qualities[:] = [rng.randint(5, 60) for _ in range(one.masks.size)]
    for place in (30, 77, 120):
        first.masks[place] = encode(rng.choice("ACGT"))[0]
    one = join_strands(first, second, min_quality=20, min_lead=10)
    other = join_strands(second, first, min_quality=20, min_lead=10)
    turned = join_strands(
        *(Read(encode(reverse_complement_text(decode(r.masks))), r.qualities[::-1]) for r in (first, second)),
        min_quality=20,
        min_lead=10,
    )
    assert decode(one.masks) == decode(other.masks) == reverse_complement_text(decode(turned.masks))
