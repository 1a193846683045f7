"""Retention indices: the published formula, exact on the alkanes, nothing beyond the ladder."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.retention import linear_retention_index


@st.composite
def ladders(draw: st.DrawFn) -> list[tuple[int, Fraction]]:
    carbons = sorted(draw(st.sets(st.integers(6, 40), min_size=2, max_size=12)))
    steps = draw(st.lists(st.integers(1, 5000), min_size=len(carbons), max_size=len(carbons)))
    time, ladder = Fraction(0), []
    for n, step in zip(carbons, steps, strict=True):
        time += Fraction(step, 1000)
        ladder.append((n, time))
    return ladder


def by_hand(time: Fraction, ladder: list[tuple[int, Fraction]]) -> Fraction:
    """The formula with the nearest alkanes before and after, found by looking at all pairs."""
    n, before = max((p for p in ladder if p[1] <= time), key=lambda p: p[1])
    following, after = min((p for p in ladder if p[1] >= time), key=lambda p: p[1])
    if n == following:
        return Fraction(100 * n)
    return 100 * n + 100 * (following - n) * (time - before) / (after - before)


@given(ladders(), st.fractions(0, 1), st.randoms())
def test_the_index_is_that_of_the_formula_in_any_order(ladder, share, rng) -> None:  # type: ignore[no-untyped-def]
    low, high = ladder[0][1], ladder[-1][1]
    time = low + share * (high - low)
    mixed = list(ladder)
    rng.shuffle(mixed)
    assert linear_retention_index(time, mixed) == by_hand(time, ladder)


@given(ladders())
def test_alkanes_have_a_hundred_times_their_carbons_and_nothing_is_extrapolated(ladder) -> None:  # type: ignore[no-untyped-def]
    for n, time in ladder:
        assert linear_retention_index(time, ladder) == 100 * n
    assert linear_retention_index(ladder[0][1] - Fraction(1, 10**6), ladder) is None
    assert linear_retention_index(ladder[-1][1] + Fraction(1, 10**6), ladder) is None


def test_a_worked_example_and_ladders_that_are_none() -> None:
    # Between C18 at 11.902 and C19 at 12.811 min: 12.340 min is 100 (18 + 0.438 / 0.909) = 1848.18.
    ladder = [(18, Fraction("11.902")), (19, Fraction("12.811"))]
    found = linear_retention_index(Fraction("12.340"), ladder)
    assert found is not None and f"{float(found):.2f}" == "1848.18"
    assert linear_retention_index(Fraction(1), []) is None
    for wrong in ([(18, Fraction(1)), (18, Fraction(2))], [(18, Fraction(2)), (19, Fraction(2))]):
        with pytest.raises(ValueError, match=r"twice|no later"):
            linear_retention_index(Fraction(1), wrong)
