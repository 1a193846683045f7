"""Mixtures by the likelihood: shares against a net over all of them, choice of haplotypes against all subsets."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from musk_id.kernels.mixtures import explain, fit_shares, log_chances, log_unknown


def likelihood(counts, logs, shares) -> float:  # type: ignore[no-untyped-def]
    """Term by term, no matrices."""
    total = 0.0
    for row, number in enumerate(counts):
        chance = sum(share * math.exp(logs[row][column]) for column, share in enumerate(shares))
        total += number * math.log(chance) if chance > 0 else -math.inf
    return total


@pytest.mark.parametrize("seed", range(6))
def test_shares_are_the_best_of_a_net_over_all(seed) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 60, 5)
    logs = np.log(rng.random((5, 3)))
    shares, height = fit_shares(counts, logs)
    assert shares.sum() == pytest.approx(1.0) and (shares >= 0).all()
    assert height == pytest.approx(likelihood(counts, logs, shares), abs=1e-6)
    net = ((a / 60, b / 60, (60 - a - b) / 60) for a in range(61) for b in range(61 - a))
    best = max(likelihood(counts, logs, point) for point in net)
    assert best <= height + 1e-6 and height - best < 0.5


def test_a_chance_is_that_of_its_letters() -> None:
    edits, lengths = np.array([[0, 3]]), np.array([100])
    logs = log_chances(edits, lengths, 0.01)
    assert np.exp(logs)[0] == pytest.approx([0.99**100, (0.01 / 3) ** 3 * 0.99**97])
    assert np.exp(log_unknown(edits, lengths, 0.1)) == pytest.approx([0.9**100])


@pytest.mark.parametrize("seed", range(8))
def test_the_choice_is_the_best_of_all_subsets(seed) -> None:
    """Haplotypes far from each other: going one by one finds what trying every subset finds."""
    rng = np.random.default_rng(seed)
    edits = rng.integers(8, 25, (5, 5))
    np.fill_diagonal(edits, rng.integers(0, 2, 5))
    counts = np.where(rng.random(5) < 0.6, rng.integers(10, 500, 5), 0)
    counts[0] = 200
    rows = counts > 0
    lengths = np.full(5, 100)
    known, unknown = log_chances(edits, lengths, 0.005)[rows], log_unknown(edits, lengths, 0.1)[rows]
    found = explain(counts[rows], known, unknown, 5)
    total = int(counts.sum())
    criteria = {}
    for size in range(6):
        for chosen in itertools.combinations(range(5), size):
            _, height = fit_shares(counts[rows], np.column_stack([known[:, list(chosen)], unknown]))
            criteria[chosen] = -2 * height + size * math.log(total)
    best = min(criteria, key=lambda chosen: criteria[chosen])
    assert tuple(sorted(found.steps[found.best].chosen)) == best
    assert found.steps[found.best].criterion == pytest.approx(criteria[best], abs=1e-3)
    assert found.reads.sum() == pytest.approx(total)
    assert found.steps[0].chosen == () and found.steps[0].criterion == pytest.approx(criteria[()])


def test_what_no_haplotype_explains_is_unknown() -> None:
    """A variant 12 edits from everything is no error of a haplotype, one at 1 edit is."""
    edits, lengths = np.array([[0, 20], [1, 19], [12, 14]]), np.full(3, 106)
    counts = np.array([500, 5, 300])
    found = explain(counts, log_chances(edits, lengths, 0.005), log_unknown(edits, lengths, 0.1), 4)
    assert found.steps[found.best].chosen == (0,)
    assert found.reads == pytest.approx([505, 300], abs=0.5)


def test_haplotypes_that_the_reads_do_not_tell_apart_stand_together() -> None:
    edits, lengths = np.array([[1, 1, 20], [20, 20, 0]]), np.full(2, 106)
    found = explain(np.array([90, 10]), log_chances(edits, lengths, 0.005), log_unknown(edits, lengths, 0.1), 4)
    assert sorted(found.ties) == [(0, 1), (2,)]


def test_no_reads_are_no_mixture() -> None:
    with pytest.raises(ValueError, match="no reads"):
        explain(np.array([], np.int64), np.empty((0, 2)), np.empty(0), 3)
