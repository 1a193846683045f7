"""Spectral scores against published cases and other implementations."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata
from scipy.stats import entropy

from musk_id.kernels.spectral import (
    UnitMassSpectrum,
    entropy_similarity,
    identity_match_factor,
    match_factors,
    matched_ions,
    shared_range,
    similarity_match_factor,
    to_unit_mass,
)


def unit(peaks: dict[int, int]) -> UnitMassSpectrum:
    mz = np.array(sorted(peaks), dtype=np.int64)
    return UnitMassSpectrum(mz, np.array([peaks[m] for m in mz.tolist()], dtype=np.int64))


SPECTRA = st.dictionaries(st.integers(20, 120), st.integers(1, 999), min_size=1, max_size=25).map(unit)
FACTORS = {"identity_normal": identity_match_factor, "similarity_simple": similarity_match_factor}


@needs_refdata
def test_published_match_factors_are_met() -> None:
    cases = json.loads((REFDATA / "peers" / "nist_identity_cases.json").read_text())
    assert len(cases) == 400
    for case in cases:
        query, library = (
            UnitMassSpectrum(np.array(case[key][0], dtype=np.int64), np.array(case[key][1], dtype=np.int64))
            for key in ("u", "l")
        )
        found = FACTORS[case["algorithm"]](
            query,
            library,
            reverse=case["search"] == "reverse",
            mz_min=case["mz_min"],
            mz_max=case["mz_max"],
        )
        assert found == pytest.approx(case["expected"], abs=1e-6)


def test_simple_match_factor_by_hand() -> None:
    # Both begin at m/z 50; ions of either side alone count in its own norm only.
    query, library = unit({40: 500, 50: 999, 60: 400}), unit({50: 900, 60: 100, 70: 25})
    cross = math.sqrt(999 * 900) + math.sqrt(400 * 100)
    forward = 1000 * cross**2 / ((999 + 400) * (900 + 100 + 25)) - 0.5
    assert similarity_match_factor(query, library, reverse=False) == pytest.approx(forward, abs=1e-9)
    more = unit({50: 999, 55: 300, 60: 400})
    with_extra = 1000 * cross**2 / ((999 + 300 + 400) * (900 + 100 + 25)) - 0.5
    assert similarity_match_factor(more, library, reverse=False) == pytest.approx(with_extra, abs=1e-9)
    assert similarity_match_factor(more, library, reverse=True) == pytest.approx(forward, abs=1e-9)


@given(SPECTRA, SPECTRA)
def test_factors_keep_their_scale_and_foreign_ions_do_not_lower_the_reverse_score(
    query: UnitMassSpectrum, library: UnitMassSpectrum
) -> None:
    found = match_factors(query, library)
    for value in (found.identity_forward, found.identity_reverse, found.similarity_forward):
        assert -0.5 <= value <= 999.5 + 1e-9
    assert found.similarity_reverse >= found.similarity_forward - 1e-9
    assert matched_ions(query, library) == len(set(query.mz.tolist()) & set(library.mz.tolist()))


@given(SPECTRA)
def test_a_spectrum_against_itself(spectrum: UnitMassSpectrum) -> None:
    found = match_factors(spectrum, spectrum)
    if (spectrum.intensity > 1).any():
        assert found.identity_forward == pytest.approx(999.5)
        assert found.similarity_reverse == pytest.approx(999.5)
    assert entropy_similarity(spectrum, spectrum) == pytest.approx(1.0)


def test_spectra_without_a_common_ion_score_nothing() -> None:
    found = match_factors(unit({40: 999}), unit({41: 999}))
    assert found.identity_forward == found.similarity_reverse == 0.0
    empty = UnitMassSpectrum(np.empty(0, np.int64), np.empty(0, np.int64))
    assert match_factors(empty, unit({41: 999})).identity_forward == 0.0
    assert entropy_similarity(empty, unit({41: 999})) == 0.0
    assert entropy_similarity(unit({40: 999}), unit({41: 999})) == pytest.approx(0.0, abs=1e-12)


def entropy_of_scipy(query: UnitMassSpectrum, library: UnitMassSpectrum) -> float:
    masses = np.arange(0, 200)
    rows = []
    for spectrum in (query, library):
        p = np.zeros(masses.size)
        p[spectrum.mz] = spectrum.intensity
        p /= p.sum()
        s = entropy(p)
        if s < 3:
            p = np.where(p > 0, p ** (0.25 + 0.25 * s), 0.0)
        rows.append(p / p.sum())
    a, b = rows
    return float(1 - (2 * entropy((a + b) / 2) - entropy(a) - entropy(b)) / math.log(4))


@given(SPECTRA, SPECTRA)
def test_entropy_similarity_is_that_of_another_implementation(
    query: UnitMassSpectrum, library: UnitMassSpectrum
) -> None:
    assert entropy_similarity(query, library) == pytest.approx(entropy_of_scipy(query, library), abs=1e-9)
    assert entropy_similarity(query, library) == pytest.approx(entropy_similarity(library, query), abs=1e-12)


def test_entropy_similarity_of_the_published_pair() -> None:
    """Worked pair of MSEntropy's own tests (0.8984 with peaks within 0.1 merged, as unit masses are)."""
    query = to_unit_mass(np.array([69.071, 86.066, 86.0969]), np.array([7.917962, 1.021589, 100.0]))
    library = to_unit_mass(np.array([41.04, 69.07, 86.1]), np.array([37.16, 66.83, 999.0]))
    assert entropy_similarity(query, library) == pytest.approx(0.8984, abs=2e-3)


@pytest.mark.parametrize(
    ("mz", "nominal"), [(60.0, 60), (59.65, 60), (59.649, 59), (60.648, 60), (60.65, 61), (0.3, 0)]
)
def test_nominal_mass_is_rounded_as_published(mz: float, nominal: int) -> None:
    found = to_unit_mass(np.array([mz, 200.0]), np.array([999.0, 999.0])).mz.tolist()
    assert found == ([nominal, 200] if nominal else [200])


@given(
    st.lists(st.tuples(st.floats(1.0, 200.0), st.floats(0.001, 1e6)), min_size=1, max_size=30),
)
def test_unit_mass_spectrum_by_a_dictionary(peaks: list[tuple[float, float]]) -> None:
    sums: dict[int, float] = {}
    for mz, intensity in peaks:
        nominal = math.ceil(mz - 0.649)
        sums[nominal] = sums.get(nominal, 0.0) + intensity
    largest = max(sums.values())
    expected = {m: math.floor(999 * s / largest + 0.5) for m, s in sums.items()}
    found = to_unit_mass(np.array([m for m, _ in peaks]), np.array([i for _, i in peaks]))
    assert dict(zip(found.mz.tolist(), found.intensity.tolist(), strict=True)) == {
        m: i for m, i in expected.items() if i > 0 and m > 0
    }
    assert found.intensity.max() == 999 and (np.diff(found.mz) > 0).all()


def test_range_and_cut() -> None:
    query, library = unit({40: 10, 80: 999}), unit({45: 999, 60: 20, 90: 5})
    assert shared_range(query, library) == (45, 90)
    assert library.between(45, 60).mz.tolist() == [45, 60]
    empty = UnitMassSpectrum(np.empty(0, np.int64), np.empty(0, np.int64))
    with pytest.raises(ValueError, match="an empty spectrum"):
        shared_range(query, empty)
    assert to_unit_mass(np.empty(0), np.empty(0)).mz.size == 0
