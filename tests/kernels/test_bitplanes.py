"""Mismatch counts against a count letter by letter, and the two-parameter distance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skbio import DNA
from skbio.sequence.distance import k2p

from musk_id.kernels.bitplanes import k2p_distance, mismatches, pack
from musk_id.kernels.nucleotides import IUPAC, encode

PURINES, PYRIMIDINES = set("AG"), set("CT")


def counted(query: str, reference: str) -> tuple[int, int, int, int, int]:
    """compared, incompatible, possible, transitions, transversions; one letter after the other."""
    compared = incompatible = possible = transitions = transversions = 0
    for a, b in zip(query, reference, strict=True):
        if "-" in (a, b):
            continue
        compared += 1
        incompatible += not set(IUPAC[a]) & set(IUPAC[b])
        possible += not (a == b and len(IUPAC[a]) == 1)
        if a != b and len(IUPAC[a]) == len(IUPAC[b]) == 1:
            within = {a, b} == PURINES or {a, b} == PYRIMIDINES
            transitions += within
            transversions += not within
    return compared, incompatible, possible, transitions, transversions


@st.composite
def placed(draw: st.DrawFn) -> tuple[str, list[str]]:
    width = draw(st.sampled_from([0, 1, 3, 63, 64, 65, 128, 140]))
    row = st.text("ACGTRYSWKMBDHVN-", min_size=width, max_size=width)
    return draw(row), draw(st.lists(row, min_size=1, max_size=5))


@given(placed())
def test_counts_are_those_of_a_count_letter_by_letter(case: tuple[str, list[str]]) -> None:
    query, references = case
    planes = pack(np.stack([encode(reference) for reference in references]))
    found = mismatches(pack(encode(query)[None, :]), planes)
    rows = np.stack(
        [found.compared, found.incompatible, found.possible, found.transitions, found.transversions], axis=1
    )
    assert [tuple(row) for row in rows.tolist()] == [counted(query, reference) for reference in references]


def test_every_pair_of_letters() -> None:
    letters = "-" + "".join(IUPAC)
    for first in letters:
        found = mismatches(pack(encode(first)[None, :]), pack(encode(letters)[:, None]))
        for row, second in enumerate(letters):
            assert (found.compared[row], found.incompatible[row], found.possible[row]) == counted(first, second)[
                :3
            ]


def test_one_query_of_equal_width_is_needed() -> None:
    two = pack(np.stack([encode("ACGT"), encode("ACGA")]))
    with pytest.raises(ValueError, match="one query of width 4 is needed, found 2 of width 4"):
        mismatches(two, two)
    with pytest.raises(ValueError, match="found 1 of width 3"):
        mismatches(pack(encode("ACG")[None, :]), two)


BASES = st.text("ACGT", min_size=30, max_size=30)


@given(BASES, st.lists(st.tuples(st.integers(0, 29), st.sampled_from("ACGT")), max_size=8))
def test_two_parameter_distance_is_that_of_scikit_bio(letters: str, changes: list[tuple[int, str]]) -> None:
    other = list(letters)
    for position, base in changes:
        other[position] = base
    found = mismatches(pack(encode(letters)[None, :]), pack(encode("".join(other))[None, :]))
    distance = k2p_distance(found.transitions, found.transversions, found.compared)[0]
    expected = k2p(DNA(letters), DNA("".join(other)))
    assert (math.isnan(distance) and math.isnan(expected)) or distance == pytest.approx(expected, abs=1e-12)


def test_two_parameter_distance_by_hand_and_where_it_is_not_defined() -> None:
    # P = 0.1, Q = 0.05: -ln(0.75)/2 - ln(0.9)/4
    counts = [np.array(values) for values in ([10, 60, 0, 0], [5, 0, 0, 60], [100, 100, 0, 100])]
    found = k2p_distance(*counts)
    assert found[0] == pytest.approx(0.143841036 + 0.026340129, abs=1e-9)
    assert np.isnan(found[1:]).all()
