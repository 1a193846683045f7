"""Primers at both ends of many sequences, against a search letter by letter."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.nucleotides import encode, reverse_complement_text
from musk_id.kernels.primer_ends import find_inserts

PAIRS = [("ACGTR", "TTGYA"), ("ACGTA", "GGCCA")]


def missed(text: str, primer: str) -> int:
    if len(text) < len(primer):
        return len(primer) + 99
    return sum(not a & b for a, b in zip(encode(text).tolist(), encode(primer).tolist(), strict=False))


def slow(text: str, most: int, offset: int) -> tuple[int, int, int, int, bool]:
    found = []
    for number, (forward, reverse) in enumerate(PAIRS):
        for strand, (first, last) in ((1, (forward, reverse)), (-1, (reverse, forward))):
            ends = []
            for side, primer in ((text, first), (reverse_complement_text(text), last)):
                every = [(missed(side[o:], primer), o) for o in range(offset + 1)]
                ends.append(min(every))
            (wrong, before), (wrong_last, after) = ends
            start, stop = before + len(first), len(text) - after - len(last)
            if wrong <= most and wrong_last <= most and start < stop:
                found.append(((wrong + wrong_last, before + after), number, strand, start, stop))
    found.sort()
    if not found:
        return -1, 0, 0, 0, False
    # Two pairs that leave the same insert do not contradict each other.
    if len({place[2:] for place in found if place[0] == found[0][0]}) > 1:
        return -1, 0, 0, 0, True
    return *found[0][1:], False


@st.composite
def texts(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        return draw(st.text("ACGTN", min_size=1, max_size=30))
    forward, reverse = (p.replace("R", "A").replace("Y", "C") for p in draw(st.sampled_from(PAIRS)))
    spacer = st.text("ACGT", max_size=2)
    insert = draw(st.text("ACGT", max_size=12))
    text = draw(spacer) + forward + insert + reverse_complement_text(reverse) + draw(spacer)
    letters = list(text)
    for place in draw(st.lists(st.integers(0, len(letters) - 1), max_size=2)):
        letters[place] = draw(st.sampled_from("ACGTN"))
    text = "".join(letters)
    return reverse_complement_text(text) if draw(st.booleans()) else text


@given(st.lists(texts(), max_size=6), st.integers(0, 2), st.integers(0, 2))
def test_inserts_are_those_of_a_search_letter_by_letter(sequences: list[str], most: int, offset: int) -> None:
    found = find_inserts([s.encode() for s in sequences], PAIRS, max_mismatches=most, max_offset_bp=offset)
    columns = (found.pair, found.strand, found.start, found.stop, found.ambiguous)
    rows = list(zip(*(np.asarray(c).tolist() for c in columns), strict=True))
    assert rows == [slow(s, most, offset) for s in sequences]


def test_pairs_that_leave_one_insert_do_not_contradict_each_other_and_others_do() -> None:
    both = [("ACGTA", "GGCCA"), ("ACGTA", "GGCCA")]
    found = find_inserts([b"ACGTACCCCTGGCC"], both, max_mismatches=0, max_offset_bp=0)
    assert (found.pair.tolist(), found.start.tolist(), found.stop.tolist()) == ([0], [5], [9])
    shorter = [("ACGTA", "GGCCA"), ("ACGTN", "GGCC")]
    found = find_inserts([b"ACGTACCCCTGGCC"], shorter, max_mismatches=0, max_offset_bp=0)
    assert found.ambiguous.tolist() == [True]
