"""Library search: bounds never below scores, lists equal to brute force, numbers independent of company."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.spectral import UnitMassSpectrum, weighted_cosine
from musk_id.kernels.spectral_peaks import PeakTable
from musk_id.kernels.spectral_scores import CosineScore, EntropyScore, FactorScore, Score
from musk_id.kernels.spectral_screen import MAX_COMMON, SCALE, SLACK, ScaledQuery, Screen, build_screen
from musk_id.kernels.spectral_search import SpectralSearch, _Heap, level
from musk_id.kernels.spectral_weights import CosineWeights, EntropyWeights, single

SCORES: tuple[Score, ...] = (
    CosineScore(1.3, 0.53),
    CosineScore(0.0, 1.0),
    EntropyScore(),
    FactorScore(identity=True, reverse=False),
    FactorScore(identity=True, reverse=True),
    FactorScore(identity=False, reverse=False),
    FactorScore(identity=False, reverse=True),
)
# Few m/z and many intensities of 1, so that ions meet, starts differ and ties arise.
PEAKS = st.dictionaries(
    st.integers(1, 30), st.one_of(st.integers(1, 3), st.sampled_from([10, 999]), st.integers(1, 999)), min_size=1
)


def spectrum(peaks: dict[int, int]) -> UnitMassSpectrum:
    mz = sorted(peaks)
    return UnitMassSpectrum(np.array(mz, np.int64), np.array([peaks[m] for m in mz], np.int64))


def brute(score: Score, query: UnitMassSpectrum, library: Sequence[UnitMassSpectrum], wanted: int):
    """Row, score and rank of the best, with all ties."""
    scores = [score.exact(query, other) for other in library]
    levels = [level(value, score.digits) for value in scores]
    ranked = sorted((-at, row) for row, at in enumerate(levels) if at > 0)
    found = []
    for negative, row in ranked:
        rank = 1 + sum(at > -negative for at in levels)
        if rank <= wanted:
            found.append((row, scores[row], rank))
    return found


def listed(hits):
    return list(zip(hits.rows.tolist(), hits.scores.tolist(), hits.ranks.tolist(), strict=True))


@pytest.mark.parametrize("score", SCORES, ids=lambda s: s.name)
@given(query=PEAKS, library=st.lists(PEAKS, min_size=1, max_size=25), wanted=st.integers(1, 4))
@settings(max_examples=40)
def test_lists_are_those_of_brute_force(score, query, library, wanted):
    spectra = [spectrum(peaks) for peaks in library]
    wished = spectrum(query)
    (hits,) = SpectralSearch(PeakTable.of(spectra), score).hits([wished], wanted)
    assert hits.certified
    assert listed(hits) == brute(score, wished, spectra, wanted)


@pytest.mark.parametrize("score", SCORES, ids=lambda s: s.name)
@given(query=PEAKS, library=st.lists(PEAKS, min_size=1, max_size=25), budget=st.integers(1, 6))
@settings(max_examples=25)
def test_what_is_certified_is_complete_and_the_rest_says_so(score, query, library, budget):
    spectra = [spectrum(peaks) for peaks in library]
    wished = spectrum(query)
    (hits,) = SpectralSearch(PeakTable.of(spectra), score).hits([wished], 2, budget=budget)
    whole = brute(score, wished, spectra, 2)
    assert hits.scored <= 2 * budget
    if hits.certified:
        assert listed(hits) == whole
    for row, value in zip(hits.rows.tolist(), hits.scores.tolist(), strict=True):
        assert value == score.exact(wished, spectra[row])


@pytest.mark.parametrize("score", SCORES, ids=lambda s: s.name)
@given(query=PEAKS, library=st.lists(PEAKS, min_size=1, max_size=12))
@settings(max_examples=40)
def test_no_bound_is_below_its_score_and_close_is_close(score, query, library):
    spectra = [spectrum(peaks) for peaks in library]
    wished = spectrum(query)
    table = PeakTable.of(spectra)
    screen = build_screen(table, score.weights)
    parts = score.parts(wished, screen)
    bounds = score.bounds(wished, screen, parts, screen.sums(parts[0]))
    close = score.close(wished, table.between(0, len(spectra)))
    everything = np.arange(len(spectra))
    for row, other in enumerate(spectra):
        exact = score.exact(wished, other)
        assert abs(close[row] - exact) <= score.slack
        if exact > 1e-9:
            assert bounds.values[row] >= bounds.least(exact)
            assert row in bounds.sharpened(everything, exact)


@given(query=PEAKS, library=st.lists(PEAKS, min_size=1, max_size=10))
def test_sums_are_at_least_the_product_of_the_vectors(query, library):
    spectra, wished = [spectrum(peaks) for peaks in library], spectrum(query)
    for weights in (CosineWeights(1.3, 0.53), CosineWeights(0.5, 0.5), EntropyWeights()):
        screen = build_screen(PeakTable.of(spectra), weights)
        sums = screen.sums(screen.scaled(wished))
        own = dict(zip(wished.mz.tolist(), weights.vectors(single(wished)).tolist(), strict=True))
        for row, other in enumerate(spectra):
            entries = zip(other.mz.tolist(), weights.vectors(single(other)).tolist(), strict=True)
            product = math.fsum(own.get(mz, 0.0) * value for mz, value in entries)
            assert int(sums[row]) >= SCALE**2 * Fraction(product)


@given(
    queries=st.lists(PEAKS, min_size=9, max_size=14),
    library=st.lists(PEAKS, min_size=3, max_size=15),
    seed=st.randoms(use_true_random=False),
)
@settings(max_examples=15)
def test_company_and_order_change_no_number(queries, library, seed):
    spectra, wished = [spectrum(p) for p in library], [spectrum(p) for p in queries]
    order = list(range(len(spectra)))
    seed.shuffle(order)
    shuffled = PeakTable.of([spectra[row] for row in order])
    for score in SCORES:
        search = SpectralSearch(PeakTable.of(spectra), score)
        together = [listed(h) for h in search.hits(wished, 3, budget=4)]
        alone = [listed(h) for query in wished for h in search.hits([query], 3, budget=4)]
        assert together == alone
        elsewhere = SpectralSearch(shuffled, score).hits(wished, 3, budget=4)
        for hits, found in zip(together, elsewhere, strict=True):
            assert sorted(hits) == sorted((order[r], s, rank) for r, s, rank in listed(found))


@given(queries=st.lists(PEAKS, min_size=1, max_size=12), library=st.lists(PEAKS, min_size=1, max_size=12))
@settings(max_examples=50)
def test_matrix_products_give_the_sums_of_one_after_the_other(queries, library):
    screen = build_screen(PeakTable.of([spectrum(p) for p in library]), CosineWeights(1.3, 0.53))
    scaled = [screen.scaled(spectrum(p)) for p in queries]
    used = np.unique(np.concatenate([q.rows for q in scaled]))
    for query, sums in zip(scaled, screen._products(scaled, used), strict=True):
        assert sums.dtype == screen.sums(query).dtype
        assert sums.tolist() == screen.sums(query).tolist()


def worst_case(count: int) -> tuple[UnitMassSpectrum, Screen]:
    """Two equal spectra of as many equal peaks: their sum is the largest that so many peaks can give."""
    flat = UnitMassSpectrum(np.arange(1, count + 1), np.full(count, 999))
    return flat, build_screen(PeakTable.of([flat]), CosineWeights(0.0, 1.0))


def test_sixteen_bits_hold_what_the_proof_says():
    assert (SCALE * (1 + SLACK) + math.sqrt(MAX_COMMON)) ** 2 < 2**16 <= (SCALE + math.sqrt(MAX_COMMON + 1)) ** 2
    for count in [*range(1, MAX_COMMON + 1, 7), MAX_COMMON, MAX_COMMON + 1, 2_000]:
        flat, screen = worst_case(count)
        query = screen.scaled(flat)
        expected = int(query.entries.astype(np.int64) @ screen.matrix[:, 0].astype(np.int64))
        assert expected <= (SCALE * (1 + SLACK) + math.sqrt(count)) ** 2
        assert screen.sums(query).tolist() == [expected]
        assert screen._products([query] * 2, query.rows)[1].tolist() == [expected]
    flat, screen = worst_case(1)
    assert screen.matrix.max() == math.ceil(SCALE * (1 + SLACK)) == SCALE + 1


def test_many_peaks_are_summed_in_more_bits():
    # Entries of one or a little more: rounding up nearly doubles them.
    query = ScaledQuery(np.arange(3), np.full(3, 236, np.uint16), np.ones(3), MAX_COMMON + 1)
    screen = build_screen(PeakTable.of([spectrum({1: 1, 2: 1, 3: 1})]), CosineWeights(0.0, 1.0))
    screen.matrix[:] = 236
    assert screen.sums(query).tolist() == [3 * 236 * 236]
    assert screen.sums(query).dtype == np.uint32


def test_ties_at_the_last_place_are_all_shown():
    same = {41: 999, 55: 500, 69: 250}
    library = [spectrum(p) for p in ({41: 999, 70: 10}, same, same, {41: 999, 55: 500, 69: 250, 90: 1}, same)]
    (hits,) = SpectralSearch(PeakTable.of(library), CosineScore(0.0, 1.0)).hits([spectrum(same)], 1)
    # The fourth differs in the seventh digit, which is not shown: it is tied as well.
    assert hits.rows.tolist() == [1, 2, 3, 4] and hits.ranks.tolist() == [1, 1, 1, 1]
    assert hits.scores[2] < 1.0


def test_nothing_in_common_and_nothing_at_all():
    search = SpectralSearch(PeakTable.of([spectrum({41: 999, 55: 5})]), CosineScore(1.3, 0.53))
    nothing = UnitMassSpectrum(np.empty(0, np.int64), np.empty(0, np.int64))
    for hits in search.hits([spectrum({42: 999}), nothing], 10):
        assert hits.rows.size == 0 and hits.certified and hits.scored == 0
    (hits,) = SpectralSearch(PeakTable.of([]), EntropyScore()).hits([spectrum({42: 999})], 10)
    assert hits.rows.size == 0 and hits.certified


def test_a_screen_of_another_score_is_refused():
    table = PeakTable.of([spectrum({41: 999})])
    with pytest.raises(ValueError, match="another score"):
        SpectralSearch(table, EntropyScore(), build_screen(table, CosineWeights(0.0, 1.0)))


@given(st.floats(0, 1000), st.integers(0, 4))
def test_levels_are_the_digits_shown(score, digits):
    assert level(score, digits) == int(f"{Decimal(score):.{digits}f}".replace(".", ""))


@pytest.mark.parametrize("score", [0.00005, 0.00015, 0.12345, 0.5, 2.5, 0.25, 950.25, 950.35, 0.99995])
def test_levels_in_the_middle(score):
    for digits in range(5):
        assert level(score, digits) == int(f"{Decimal(score):.{digits}f}".replace(".", ""))


@given(st.lists(st.integers(0, 6), max_size=300), st.integers(1, 40), st.integers(1, 7))
def test_the_largest_numbers_by_parts(values, count, least):
    for kind in (np.uint16, np.float32):
        numbers = np.array(values, kind)
        heap = _Heap(numbers)
        assert heap.at_least(least).tolist() == np.flatnonzero(numbers >= least).tolist()
        last = max(1, sorted([*values, *([0] * count)], reverse=True)[count - 1])
        assert heap.best(count).tolist() == np.flatnonzero(numbers >= last).tolist()


@given(query=PEAKS, other=PEAKS, mz_power=st.sampled_from([0, 1, 1.3]), power=st.sampled_from([0.5, 0.53, 1]))
def test_weighted_cosine_by_its_formula(query, other, mz_power, power):
    a = {m: m**mz_power * i**power for m, i in query.items()}
    b = {m: m**mz_power * i**power for m, i in other.items()}
    cross = sum(a[m] * b[m] for m in a.keys() & b.keys())
    expected = cross / math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
    found = weighted_cosine(spectrum(query), spectrum(other), mz_power=mz_power, intensity_power=power)
    assert found == pytest.approx(expected, abs=1e-12)
    assert found == weighted_cosine(spectrum(other), spectrum(query), mz_power=mz_power, intensity_power=power)
