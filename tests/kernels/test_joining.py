"""Neighbour joining in whole numbers, held against scikit-bio, a worked example and additive trees."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.joining import (
    MAX_TIPS,
    SCALE,
    JoinedTrees,
    join_neighbours,
    share_distances,
    split_counts,
)


def branches(trees: JoinedTrees, row: int = 0) -> dict[int, Fraction]:
    """Length of each branch by its split, in units of the distances."""
    return {
        int(split): Fraction(int(length), int(denominator))
        for split, length, denominator in zip(
            trees.splits[row], trees.lengths[row], trees.denominators, strict=True
        )
    }


def oracle(distances: np.ndarray) -> dict[int, float]:
    from skbio import DistanceMatrix
    from skbio.tree import nj

    count = distances.shape[0]
    names = [str(number) for number in range(count)]
    tree = nj(DistanceMatrix(distances.astype(float), names), neg_as_zero=False)
    found: dict[int, float] = {}
    for node in tree.postorder(include_self=False):
        tips = [node] if node.is_tip() else list(node.tips())
        side = sum(1 << int(tip.name) for tip in tips)
        side = ((1 << count) - 1) ^ side if side & 1 else side
        found[side] = found.get(side, 0.0) + node.length
    return found


def symmetric(rng: np.random.Generator, count: int, low: int = 1) -> np.ndarray:
    upper = np.triu(rng.integers(low, SCALE + 1, (count, count)), 1)
    return (upper + upper.T).astype(np.int64)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(4, MAX_TIPS))
def test_trees_are_those_of_scikit_bio(seed: int, count: int) -> None:
    distances = symmetric(np.random.default_rng(seed), count)
    mine, theirs = branches(join_neighbours(distances[None])), oracle(distances)
    assert set(mine) == set(theirs)
    assert all(float(mine[split]) == pytest.approx(theirs[split], abs=1e-3) for split in mine)


def test_branch_lengths_are_those_of_the_worked_example() -> None:
    # The five-taxon example of the article on neighbour joining in Wikipedia.
    matrix = [[0, 5, 9, 9, 8], [5, 0, 10, 10, 9], [9, 10, 0, 8, 7], [9, 10, 8, 0, 3], [8, 9, 7, 3, 0]]
    found = branches(join_neighbours(np.array([matrix], dtype=np.int64)))
    expected = {0b11110: 2, 0b00010: 3, 0b11100: 3, 0b00100: 4, 0b11000: 2, 0b01000: 2, 0b10000: 1}
    assert found == expected


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(4, MAX_TIPS))
def test_the_tree_of_additive_distances_is_found_exactly(seed: int, count: int) -> None:
    rng = random.Random(seed)
    # A random binary tree: sides of its branches as sets of tips, grown by splitting a branch for each new tip.
    groups: list[frozenset[int]] = [frozenset({tip}) for tip in range(count)]
    sides: dict[frozenset[int], int] = {}
    while len(groups) > 3:
        a, b = rng.sample(range(len(groups)), 2)
        joined = groups[a] | groups[b]
        for part in (groups[a], groups[b]):
            sides[part] = 2 * rng.randint(1, 1000)
        groups = [g for i, g in enumerate(groups) if i not in (a, b)] + [joined]
    sides |= {part: 2 * rng.randint(1, 1000) for part in groups}
    distances = np.zeros((1, count, count), dtype=np.int64)
    for i, j in combinations(range(count), 2):
        distances[0, i, j] = distances[0, j, i] = sum(n for s, n in sides.items() if (i in s) != (j in s))
    everything = frozenset(range(count))
    expected = {sum(1 << t for t in (everything - s if 0 in s else s)): n for s, n in sides.items()}
    assert branches(join_neighbours(distances)) == expected


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(4, 12), st.integers(1, 5))
def test_replicates_joined_together_are_those_joined_alone(seed: int, count: int, replicates: int) -> None:
    rng = np.random.default_rng(seed)
    # Few different values, so that many criteria tie.
    stack = np.stack([symmetric(rng, count) // (SCALE // 4) for _ in range(replicates)])
    together = join_neighbours(stack)
    for row in range(replicates):
        assert branches(together, row) == branches(join_neighbours(stack[row : row + 1]))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(4, 12))
def test_without_ties_the_order_of_the_rows_does_not_matter(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    distances = symmetric(rng, count)
    order = rng.permutation(count)
    shuffled = distances[np.ix_(order, order)]
    assert branches(join_neighbours(shuffled[None], order[None])) == branches(join_neighbours(distances[None]))


def test_of_equal_criteria_the_first_pair_is_joined_and_no_tie_is_lost_to_rounding() -> None:
    distances = np.full((1, 6, 6), SCALE // 3, dtype=np.int64)
    distances[0, np.arange(6), np.arange(6)] = 0
    trees = join_neighbours(distances)
    assert int(trees.splits[0, 0]) == 0b111110 and int(trees.splits[0, 1]) == 0b000010
    inner = {split: length for split, length in branches(trees).items() if 2 <= split.bit_count() <= 4}
    assert set(inner.values()) == {0}
    # A star has no inner branch of any length, whatever pairs are joined.
    assert {s for s in split_counts(trees) if 2 <= s.bit_count() <= 4} == set()


def test_the_largest_distances_stay_within_64_bits() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        distances = (symmetric(rng, MAX_TIPS) > SCALE // 2).astype(np.int64) * SCALE
        mine, theirs = (
            branches(join_neighbours(distances[None])),
            branches(join_neighbours(distances[None] // SCALE)),
        )
        assert {split: length / SCALE for split, length in mine.items()} == theirs


@pytest.mark.parametrize("count", [3, MAX_TIPS + 1])
def test_too_few_and_too_many_tips_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"found {count}"):
        join_neighbours(np.zeros((1, count, count), dtype=np.int64))


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 30))
def test_shares_are_those_counted_column_by_column(seed: int, count: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    states = rng.choice(np.array([0, 1, 2, 4, 8, 15, 16], dtype=np.uint8), (count, width))
    weights = rng.integers(0, 4, (3, width))
    found = share_distances(states, weights)
    for row, i, j in ((r, i, j) for r in range(3) for i, j in combinations(range(count), 2)):
        both = [c for c in range(width) if states[i, c] and states[j, c]]
        compared = sum(int(weights[row, c]) for c in both)
        differing = sum(int(weights[row, c]) for c in both if not states[i, c] & states[j, c])
        expected = Fraction(differing, compared) * SCALE if compared else Fraction(SCALE)
        assert found[row, i, j] == found[row, j, i] == int(expected + Fraction(1, 2))
    assert not found[:, np.arange(count), np.arange(count)].any()
