"""Numbers of items: against enumeration, scipy, and the table of the decision rules."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from musk_id.kernels.intervals import count_ratio_lower
from musk_id.kernels.planning import (
    individuals_needed,
    largest_ratio,
    positive_units_at_least,
    species_needed,
    units_needed,
)

TABLE = {
    50: (3, 4, 4, 5, 5, 5),
    70: (5, 6, 8, 8, 9, 9),
    90: (8, 12, 19, 23, 27, 28),
}
UNITS = (10, 20, 50, 100, 300, 1000)


@pytest.mark.parametrize("percent", sorted(TABLE))
def test_units_are_those_of_the_decision_rules(percent: int) -> None:
    assert tuple(units_needed(n, Fraction(percent, 100)) for n in UNITS) == TABLE[percent]


def chance(units: int, positives: int, drawn: int, found: int) -> Fraction:
    """By drawing every set of units."""
    draws = list(combinations(range(units), drawn))
    return Fraction(sum(sum(unit < positives for unit in draw) >= found for draw in draws), len(draws))


@given(st.integers(1, 9), st.integers(1, 100), st.integers(0, 2), st.sampled_from((80, 90, 95, 99)))
def test_units_are_those_of_drawing_every_set(units: int, percent: int, negatives: int, level: int) -> None:
    if negatives >= units:
        return
    share, allowed = Fraction(percent, 100), 1 - Fraction(level, 100)
    below = max(k for k in range(units + 1) if Fraction(k, units) < share)
    enough = [n for n in range(negatives + 1, units + 1) if chance(units, below, n, n - negatives) <= allowed]
    assert units_needed(units, share, negatives, Fraction(level, 100)) == (min(enough) if enough else None)


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))), st.data())
def test_lower_limit_of_positive_units_is_that_of_drawing_every_set(case: tuple[int, int], data) -> None:  # type: ignore[no-untyped-def]
    units, examined = case
    positive = data.draw(st.integers(0, examined))
    possible = range(positive, units - (examined - positive) + 1)
    least = min(k for k in possible if chance(units, k, examined, positive) > Fraction(1, 20))
    assert positive_units_at_least(units, examined, positive) == least


@given(st.integers(2, 400), st.integers(1, 99))
def test_planned_units_show_what_was_planned(units: int, percent: int) -> None:
    share = Fraction(percent, 100)
    n = units_needed(units, share)
    assert n is not None
    assert positive_units_at_least(units, n, n) >= share * units
    if n > 1:
        assert positive_units_at_least(units, n - 1, n - 1) < share * units
    below = math.ceil(share * units) - 1
    assert hypergeom.sf(n - 1, units, below, n) <= 0.05 + 1e-9


@given(st.integers(1, 500), st.integers(1, 5000))
def test_largest_ratio_is_that_of_the_limits(n1: int, n2: int) -> None:
    assert largest_ratio(n1, n2) == pytest.approx(count_ratio_lower(n1, n1, 0, n2), rel=1e-9)


@given(st.integers(1, 200), st.integers(1, 3000), st.floats(1.5, 5000))
def test_needed_numbers_are_the_smallest(n1: int, n2: int, bound: float) -> None:
    species = species_needed(n1, bound)
    assert species is not None and largest_ratio(n1, species) >= bound
    assert species == 1 or largest_ratio(n1, species - 1) < bound
    individuals = individuals_needed(n2, bound)
    if individuals is None:
        assert largest_ratio(10_000_000, n2) < bound
    else:
        assert largest_ratio(individuals, n2) >= bound
        assert individuals == 1 or largest_ratio(individuals - 1, n2) < bound


def test_numbers_that_mean_nothing_are_refused() -> None:
    for call, message in (
        (lambda: largest_ratio(0, 5), "at least one item"),
        (lambda: largest_ratio(5, 5, 1.0), "must lie between 0 and 1"),
        (lambda: units_needed(0, Fraction(1, 2)), "at least one unit"),
        (lambda: units_needed(5, Fraction(0)), "share must lie above 0"),
        (lambda: units_needed(5, Fraction(1, 2), 5), "negatives must lie"),
        (lambda: units_needed(5, Fraction(1, 2), 0, Fraction(1)), "must lie between 0 and 1"),
        (lambda: positive_units_at_least(5, 0, 0), "is needed"),
        (lambda: positive_units_at_least(5, 3, 4), "is needed"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
