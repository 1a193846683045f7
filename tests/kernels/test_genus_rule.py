"""Neighbours and the rule of radius and margin, on distances small enough to be read."""

from __future__ import annotations

import numpy as np
import pytest

from musk_id.kernels.genus_rule import NONE, RIGHT, WRONG, Labels, Neighbours, neighbours, verdicts

# Genus 0: species 0 (two individuals), 1; genus 1: species 2; genus 2: species 3.
LABELS = Labels(np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1, 2, 3]))
UPPER = np.array(
    [[0, 1, 3, 6, 9], [1, 0, 4, 5, 9], [3, 4, 0, 2, 8], [6, 5, 2, 0, 7], [9, 9, 8, 7, 0]], dtype=np.float64
)


def found() -> Neighbours:
    return neighbours(UPPER, UPPER, np.arange(5), LABELS)


def test_nearest_of_own_genus_of_congeners_and_of_others() -> None:
    near = found()
    assert near.own_upper.tolist() == [1, 1, 3, np.inf, np.inf]
    assert near.congener_upper.tolist() == [3, 4, 3, np.inf, np.inf]
    assert near.other_upper.tolist() == [6, 5, 2, 2, 7]
    assert near.other_genus.tolist() == [1, 1, 1, 0, 1]
    assert near.further_lower.tolist() == [9, 9, 8, 7, 8]


def test_rule_names_the_own_genus_another_one_or_none() -> None:
    near = found()
    assert verdicts(near, near.own_upper, near.own_lower, 2, 2).tolist() == [RIGHT, RIGHT, NONE, WRONG, NONE]
    # The margin of the third is 3 - 2 = 1 towards its own genus, named for another one.
    assert verdicts(near, near.own_upper, near.own_lower, 2, 1)[2] == WRONG
    assert verdicts(near, near.congener_upper, near.congener_lower, 4, 1).tolist() == [
        RIGHT, RIGHT, WRONG, WRONG, NONE,
    ]  # fmt: skip


def test_ties_name_nothing() -> None:
    upper = np.array([[0, 2, 2], [2, 0, 5], [2, 5, 0]], dtype=np.float64)
    near = neighbours(upper, upper, np.arange(3), Labels(np.array([0, 1, 2]), np.array([0, 1, 2])))
    nothing = np.full(3, np.inf)
    assert near.others_at.tolist() == [2, 1, 1]
    assert verdicts(near, nothing, nothing, 5, 0).tolist() == [NONE, WRONG, WRONG]


def test_margin_of_fractions_is_exact_at_its_limit() -> None:
    upper = np.array([[0, 1 / 50, 5 / 100], [1 / 50, 0, 1], [5 / 100, 1, 0]])
    near = neighbours(upper, upper, np.arange(3), Labels(np.array([0, 0, 1]), np.array([0, 1, 2])))
    assert verdicts(near, near.own_upper, near.own_lower, 0.02, 0.03)[0] == RIGHT
    assert verdicts(near, near.own_upper, near.own_lower, 0.02, 0.0301)[0] == NONE


def test_columns_have_to_be_sorted() -> None:
    with pytest.raises(ValueError, match="sorted by genus"):
        Labels(np.array([1, 0]), np.array([0, 1]))
