"""Product-ion spectra: inclusive tolerances, pairs by brute force, published values of other programs."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata

from musk_id.kernels.spectral_tandem import TandemLibrary, TandemSpectrum, cleaned, fixed_point
from musk_id.kernels.spectral_weights import CosineWeights, EntropyWeights

WEIGHTS = (EntropyWeights(), CosineWeights(0.0, 1.0), CosineWeights(1.0, 0.5))
TOLERANCE = 20_000
GAPS = st.lists(st.integers(2 * TOLERANCE + 1, 3 * TOLERANCE), min_size=1, max_size=12)


@st.composite
def spectra(draw):
    """Peaks that lie just far enough apart, on m/z at which tolerances are met and missed by one unit."""
    mz = np.cumsum([100_000_000 + draw(st.sampled_from([0, 1, TOLERANCE, TOLERANCE + 1])), *draw(GAPS)])
    heights = draw(st.lists(st.integers(1, 1000), min_size=mz.size, max_size=mz.size))
    precursor = draw(st.integers(300_000_000, 300_000_006))
    return TandemSpectrum(precursor, mz.astype(np.int64), np.array(heights, np.float64))


def brute(query: TandemSpectrum, other: TandemSpectrum, weights) -> tuple[float, int]:
    """Score and matched peaks by a loop over all pairs of peaks."""
    a, b = values(query, weights), values(other, weights)
    pairs = [
        (x, y)
        for m, x in zip(query.mz.tolist(), a, strict=True)
        for n, y in zip(other.mz.tolist(), b, strict=True)
        if abs(m - n) <= TOLERANCE
    ]
    if isinstance(weights, EntropyWeights):
        return math.fsum(f(x + y) - f(x) - f(y) for x, y in pairs) / 2, len(pairs)
    return math.fsum(x * y for x, y in pairs), len(pairs)


def f(x: float) -> float:
    return x * math.log2(x)


def values(spectrum: TandemSpectrum, weights) -> list[float]:
    if isinstance(weights, EntropyWeights):
        total = math.fsum(spectrum.intensity)
        shares = [v / total for v in spectrum.intensity.tolist()]
        entropy = -math.fsum(p * math.log(p) for p in shares)
        if entropy < 3:
            shares = [p ** (0.25 + 0.25 * entropy) for p in shares]
        total = math.fsum(shares)
        return [p / total for p in shares]
    peaks = zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True)
    entries = [(m / 1e6) ** weights.mz_power * i**weights.intensity_power for m, i in peaks]
    length = math.sqrt(math.fsum(v * v for v in entries))
    return [v / length for v in entries]


@given(query=spectra(), library=st.lists(spectra(), min_size=1, max_size=10), tolerance=st.integers(0, 4))
@settings(max_examples=60)
def test_identity_search_is_that_of_all_pairs(query, library, tolerance):
    for weights in WEIGHTS:
        hits = TandemLibrary(library, TOLERANCE, weights).identity(query, tolerance)
        near = [n for n, s in enumerate(library) if abs(s.precursor - query.precursor) <= tolerance]
        near.sort(key=lambda n: library[n].precursor)
        assert hits.rows.tolist() == near
        for row, score, matched in zip(near, hits.scores.tolist(), hits.matched.tolist(), strict=True):
            expected, pairs = brute(query, library[row], weights)
            assert score == pytest.approx(expected, abs=1e-12)
            assert matched == pairs


@given(
    query=spectra(), library=st.lists(spectra(), min_size=2, max_size=10), seed=st.randoms(use_true_random=False)
)
@settings(max_examples=60)
def test_company_and_order_change_no_bit(query, library, seed):
    places = list(range(len(library)))
    seed.shuffle(places)
    for weights in WEIGHTS:
        whole = TandemLibrary(library, TOLERANCE, weights).identity(query, 10)
        moved = TandemLibrary([library[p] for p in places], TOLERANCE, weights).identity(query, 10)
        there = dict(zip(moved.rows.tolist(), moved.scores.tolist(), strict=True))
        for row, score in zip(whole.rows.tolist(), whole.scores.tolist(), strict=True):
            alone = TandemLibrary([library[row]], TOLERANCE, weights).identity(query, 10)
            assert score == alone.scores[0] == there[places.index(row)]


@pytest.mark.parametrize(
    ("low", "high"), [(149.0251, 149.0451), (167.0658, 167.0858), (0.1, 0.12), (1999.98, 2000.0)]
)
def test_the_tolerance_itself_agrees_and_one_unit_more_does_not(low, high):
    # The first two are cases in which floating point decides either way.
    weights = EntropyWeights()
    for shift, matched in ((0, 1), (1, 0)):
        for one, other in ((low, high), (high, low)):
            sign = 1 if one == low else -1
            query = TandemSpectrum(1, fixed_point(np.array([one])) - sign * shift, np.ones(1))
            library = TandemLibrary(
                [TandemSpectrum(1, fixed_point(np.array([other])), np.ones(1))], 20_000, weights
            )
            assert library.identity(query, 0).matched.tolist() == [matched]


@given(st.decimals(min_value=0, max_value=4000, places=6))
def test_fixed_point_is_the_published_number(mz: Decimal):
    assert int(fixed_point(float(mz))) == int(mz * 1_000_000)


@given(
    peaks=st.lists(st.tuples(st.integers(1, 400), st.integers(0, 100)), max_size=40),
    tolerance=st.integers(0, 4),
)
def test_cleaned_peaks_lie_apart_and_lose_no_intensity(peaks, tolerance):
    mz = np.array([50 + m / 1e6 for m, _ in peaks])
    heights = np.array([float(i) for _, i in peaks])
    found = cleaned(mz, heights, 100.0, tolerance=tolerance, noise=0.0)
    assert (np.diff(found.mz) > 2 * tolerance).all()
    assert found.intensity.sum() == pytest.approx(heights.sum())


def test_close_peaks_are_refused():
    close = TandemSpectrum(1, np.array([100, 140]), np.ones(2))
    apart = TandemSpectrum(1, np.array([100, 141]), np.ones(2))
    with pytest.raises(ValueError, match="twice the tolerance"):
        TandemLibrary([apart, close], 20, EntropyWeights())
    library = TandemLibrary([apart], 20, EntropyWeights())
    with pytest.raises(ValueError, match="twice the tolerance"):
        library.identity(close, 0)
    nothing = TandemSpectrum(1, np.empty(0, np.int64), np.empty(0))
    assert library.identity(nothing, 0).scores.tolist() == [0.0]
    assert library.identity(TandemSpectrum(9, apart.mz, np.ones(2)), 7).rows.size == 0


def worked() -> list[dict]:
    path = REFDATA / "peers" / "msentropy" / "msentropy_worked_values.json"
    return json.loads(path.read_text())["cases"]


@needs_refdata
def test_worked_values_of_msentropy():
    met = 0
    for case in worked():
        given_ = case["parameters"]
        if case["kind"] == "weighted" and set(given_) == {"ms2_tolerance_in_da"}:
            tolerance = int(fixed_point(given_["ms2_tolerance_in_da"]))
            query, other = (
                cleaned(*np.array(case["input"][name]).T, 2000.0, tolerance=tolerance)
                for name in ("query", "reference")
            )
            hits = TandemLibrary([other], tolerance, EntropyWeights()).identity(query, 0)
            assert hits.scores[0] == pytest.approx(case["expected"], abs=1e-4)
            met += 1
        elif case["function"].endswith("identity_search") and given_["intensity_weight"] == "entropy":
            spectra_ = [tandem(s, 20_000) for s in (*case["input"]["library"], case["input"]["query"])]
            hits = TandemLibrary(spectra_[:-1], 20_000, EntropyWeights()).identity(spectra_[-1], 10_000)
            expected = case["expected"]["similarity"]
            assert hits.scores.tolist() == pytest.approx([expected[row] for row in hits.rows.tolist()], abs=1e-4)
            assert all(value == 0 for row, value in enumerate(expected) if row not in hits.rows.tolist())
            met += 1
        elif case["function"].endswith("open_search") and given_["intensity_weight"] == "entropy":
            spectra_ = [tandem(s, 20_000) for s in (*case["input"]["library"], case["input"]["query"])]
            hits = TandemLibrary(spectra_[:-1], 20_000, EntropyWeights()).identity(spectra_[-1], 10**9)
            assert hits.scores.tolist() == pytest.approx(case["expected"]["similarity"], abs=1e-4)
            assert hits.matched.tolist() == case["expected"]["matched_peaks"]
            met += 1
    assert met == 4


@needs_refdata
def test_worked_cleaning_of_msentropy():
    met = 0
    for case in worked():
        given_ = case["parameters"]
        if (
            case["kind"] != "clean"
            or given_.get("min_ms2_difference_in_da", 0) <= 0
            or given_.get("min_mz", 0) > 0
        ):
            continue
        if "max_peak_num" in given_ or not case["input"]["peaks"]:
            continue
        ceiling = given_.get("max_mz", -1)
        mz, intensity = np.array(case["input"]["peaks"]).T
        tolerance = int(fixed_point(given_["min_ms2_difference_in_da"])) // 2
        found = cleaned(
            mz,
            intensity,
            ceiling if ceiling > 0 else 2000.0,
            tolerance=tolerance,
            noise=given_["noise_threshold"],
            below_precursor=0,
        )
        heights = (
            found.intensity / found.intensity.sum() if given_.get("normalize_intensity", True) else found.intensity
        )
        expected = np.array(case["expected"]).reshape(-1, 2)
        assert (found.mz / 1e6).tolist() == pytest.approx(expected[:, 0].tolist(), abs=1e-4)
        assert heights.tolist() == pytest.approx(expected[:, 1].tolist(), abs=1e-4)
        met += 1
    assert met == 4


def tandem(entry: dict, tolerance: int) -> TandemSpectrum:
    mz, intensity = np.array(entry["peaks"]).T
    return cleaned(mz, intensity, entry["precursor_mz"], tolerance=tolerance)


@needs_refdata
def test_reference_scores_of_matchms():
    path = REFDATA / "peers" / "matchms" / "cosine_linear_reference.json"
    sets = json.loads(path.read_text())["parameter_sets"]
    met = 0
    for given_ in sets:
        tolerance = int(fixed_point(given_["mz_tolerance"]))
        weights = CosineWeights(given_["mz_power"], given_["intensity_power"])
        spectra_ = {
            name: TandemSpectrum(1, fixed_point(np.array(s["mz"])), np.array(s["intensities"]))
            for name, s in given_["merged_spectra"].items()
        }
        for pair in given_["similarities"]:
            library = TandemLibrary([spectra_[pair["right"]]], tolerance, weights)
            hits = library.identity(spectra_[pair["left"]], 0)
            assert hits.scores[0] == pytest.approx(pair["score"], abs=3e-8)
            assert hits.matched[0] == pair["matches"]
            met += 1
    assert met == 84
