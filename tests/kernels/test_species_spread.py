"""The widest pair of each species, against all pairs counted letter by letter."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from musk_id.kernels import species_spread
from musk_id.kernels.bitplanes import pack
from musk_id.kernels.matching import MatchIndex
from musk_id.kernels.species_spread import widest_pairs, widest_shares

MASKS = st.sampled_from([0, 1, 1, 1, 2, 2, 4, 8, 5, 15])


def brute(masks: np.ndarray, labels: np.ndarray, count: int, min_compared: int) -> list[Fraction | None]:
    """Largest share of each label; none where no pair shares enough columns."""
    found: list[Fraction | None] = [None] * count
    for first in range(len(masks)):
        for second in range(first):
            if labels[first] != labels[second] or labels[first] < 0:
                continue
            pairs = [(int(a), int(b)) for a, b in zip(masks[first], masks[second], strict=True) if a and b]
            if len(pairs) < max(min_compared, 1):
                continue
            share = Fraction(sum(not a & b for a, b in pairs), len(pairs))
            known = found[labels[first]]
            found[labels[first]] = share if known is None else max(known, share)
    return found


@settings(deadline=None, max_examples=120)
@given(data=st.data(), size=st.integers(0, 9), min_compared=st.integers(0, 9))
def test_shares_are_those_of_all_pairs(data, size, min_compared):
    masks = data.draw(arrays(np.uint8, (size, 12), elements=MASKS))
    labels = data.draw(arrays(np.int64, (size,), elements=st.integers(-1, 2)))
    found = widest_pairs(pack(masks), labels, 3, min_compared)
    for label, share in enumerate(brute(masks, labels, 3, min_compared)):
        first, second = int(found.first[label]), int(found.second[label])
        if share is None:
            assert (first, second, int(found.differing[label])) == (-1, -1, 0)
        else:
            assert Fraction(int(found.differing[label]), int(found.compared[label])) == share
            assert labels[first] == labels[second] == label and first < second


def test_a_species_of_more_records_than_a_block():
    masks = np.ones((150, 200), np.uint8)
    masks[149, :30] = 2
    masks[70, 30:40] = 4
    found = widest_pairs(pack(masks), np.zeros(150, np.int64), 1, 100)
    assert (int(found.first[0]), int(found.second[0])) == (70, 149)
    assert (int(found.differing[0]), int(found.compared[0])) == (40, 200)


@settings(deadline=None, max_examples=120)
@given(
    data=st.data(), size=st.integers(0, 9), min_compared=st.integers(0, 9), pairs=st.sampled_from((1, 4, 500_000))
)
def test_shares_of_an_index_are_those_of_all_pairs(data, size, min_compared, pairs):
    masks = data.draw(arrays(np.uint8, (size, 12), elements=MASKS))
    labels = data.draw(arrays(np.int64, (size,), elements=st.integers(0, 2)))
    rows = np.array(data.draw(st.permutations(range(size))), np.int64)
    index = MatchIndex(masks, (labels > 0).astype(np.int32))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(species_spread, "_PAIRS", pairs)
        found = widest_shares(index, rows, labels[rows], min_compared)
    told = {int(label): Fraction(int(d), int(c)) for label, d, c in zip(*found, strict=True)}
    expected = {n: share for n, share in enumerate(brute(masks, labels, 3, min_compared)) if share is not None}
    assert told == expected
