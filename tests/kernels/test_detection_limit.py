"""Level found in 95 % of replicates, against a search of the whole plane of the two parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from musk_id.kernels.detection_limit import logistic_lod95, profile_log_likelihood

LOGIT = math.log(19.0)
CASES = (
    ((1.0, 10.0, 100.0, 1000.0), (1, 4, 9, 10), (10, 10, 10, 10)),
    ((2.0, 20.0, 200.0), (3, 15, 19), (20, 20, 20)),
    ((0.1, 0.3, 1.0, 3.0, 10.0), (0, 2, 5, 8, 8), (8, 8, 8, 8, 8)),
)


def plane(levels, found, replicates):  # type: ignore[no-untyped-def]
    """Log-likelihood at every place and slope of a fine net, the places and the largest of each."""
    logs = np.log10(np.array(levels))
    places = np.linspace(logs.min() - 2, logs.max() + 3, 1501)
    slopes = np.linspace(0.0, 30.0, 3001)
    best = np.empty(places.size)
    hits, misses = np.array(found), np.array(replicates) - np.array(found)
    for number, place in enumerate(places):
        score = LOGIT + slopes[:, None] * (logs - place)
        with np.errstate(over="ignore"):
            chance = 1.0 / (1.0 + np.exp(-score))
            missed = 1.0 / (1.0 + np.exp(score))
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(hits > 0, hits * np.log(chance), 0.0) + np.where(
                misses > 0, misses * np.log(missed), 0
            )
        best[number] = terms.sum(axis=1).max()
    return places, best


@pytest.mark.parametrize(("levels", "found", "replicates"), CASES)
def test_level_and_limits_are_those_of_the_whole_plane(levels, found, replicates) -> None:
    places, best = plane(levels, found, replicates)
    lod = logistic_lod95(levels, found, replicates)
    inside = places[best >= best.max() - 1.9207294]
    assert lod is not None
    assert math.log10(lod.level) == pytest.approx(places[best.argmax()], abs=0.01)
    assert math.log10(lod.lower) == pytest.approx(inside.min(), abs=0.01)
    assert math.log10(lod.upper) == pytest.approx(inside.max(), abs=0.01)
    assert lod.lower < lod.level < lod.upper
    for place in (inside.min(), inside.max()):
        own = profile_log_likelihood(place, np.log10(np.array(levels)), np.array(found), np.array(replicates))
        assert own == pytest.approx(best[np.argmin(abs(places - place))], abs=1e-3)


@pytest.mark.parametrize(
    ("levels", "found", "replicates"),
    [
        ((1.0, 10.0), (0, 5), (5, 5)),  # a step: anywhere between the two
        ((1.0, 10.0, 100.0), (0, 3, 5), (5, 5, 5)),  # one level in part, and all is as steep as can be
        ((1.0, 10.0), (5, 5), (5, 5)),  # never missed
        ((1.0, 10.0), (0, 0), (5, 5)),  # never found
        ((1.0, 10.0, 100.0), (5, 3, 1), (5, 5, 5)),  # found less often at higher levels
        ((10.0,), (3,), (5,)),
        ((), (), ()),
    ],
)
def test_what_the_replicates_do_not_determine_is_not_given(levels, found, replicates) -> None:
    assert logistic_lod95(levels, found, replicates) is None


def test_the_unit_of_the_levels_moves_everything_alike() -> None:
    levels, found, replicates = CASES[0]
    one = logistic_lod95(levels, found, replicates)
    other = logistic_lod95([level * 1000 for level in levels], found, replicates)
    assert one is not None and other is not None
    assert [b / a for a, b in zip(one, other, strict=True)] == pytest.approx([1000.0] * 3, rel=1e-6)


def test_impossible_numbers_are_refused() -> None:
    for numbers in (((0.0,), (1,), (2,)), ((1.0,), (3,), (2,)), ((1.0, 2.0), (1,), (2,))):
        with pytest.raises(ValueError, match="levels are positive"):
            logistic_lod95(*numbers)
