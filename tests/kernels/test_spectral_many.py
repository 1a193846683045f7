"""Many spectra at once get the scores of one after the other, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.spectral import UnitMassSpectrum, match_factors, shared_range, to_unit_mass
from musk_id.kernels.spectral_many import SpectralTable, unit_masses

# Few m/z and many intensities of 1, so that ions meet, and the rules on them are met.
PEAKS = st.dictionaries(st.integers(1, 40), st.one_of(st.integers(1, 3), st.integers(1, 999)), min_size=1)


def spectrum(peaks: dict[int, int]) -> UnitMassSpectrum:
    mz = sorted(peaks)
    return UnitMassSpectrum(np.array(mz, np.int64), np.array([peaks[m] for m in mz], np.int64))


@given(PEAKS, st.lists(PEAKS, max_size=12))
def test_factors_of_each_are_those_of_one(query: dict[int, int], others: list[dict[int, int]]) -> None:
    wanted, spectra = spectrum(query), [spectrum(peaks) for peaks in others]
    found = SpectralTable(spectra).factors(wanted)
    assert found.of_each() == [match_factors(wanted, other) for other in spectra]
    for other, same in zip(spectra, found.same_ions.tolist(), strict=True):
        low, high = shared_range(wanted, other)
        a, b = wanted.between(low, high), other.between(low, high)
        assert same == (a.mz.tolist() == b.mz.tolist() and a.mz.size >= 3)


@given(PEAKS, PEAKS)
def test_factors_of_a_query_with_itself(peaks: dict[int, int], other: dict[int, int]) -> None:
    wanted = spectrum(peaks)
    found = SpectralTable([spectrum(other), wanted]).factors(wanted)
    assert found.of_each()[1] == match_factors(wanted, wanted)
    assert bool(found.same_ions[1]) == (len(peaks) >= 3)


def test_a_spectrum_without_peaks_has_no_factor() -> None:
    nothing = UnitMassSpectrum(np.empty(0, np.int64), np.empty(0, np.int64))
    found = SpectralTable([nothing, spectrum({41: 999, 55: 500, 69: 20})]).factors(spectrum({41: 999, 55: 400}))
    assert found.identity_forward[0] == 0.0 and not found.same_ions[0]
    assert found.identity_forward[1] > 0
    assert SpectralTable([]).factors(spectrum({41: 999})).of_each() == []


@given(
    st.lists(
        st.dictionaries(st.floats(0.2, 12), st.one_of(st.just(1.0), st.floats(0.001, 1e6)), min_size=1), max_size=6
    )
)
def test_unit_masses_are_those_of_one(given_: list[dict[float, float]]) -> None:
    lists = [(np.array(sorted(p)), np.array([p[m] for m in sorted(p)])) for p in given_]
    offsets = np.cumsum([0, *(mz.size for mz, _ in lists)])
    none = np.empty(0)
    bounds, mz, intensity = unit_masses(
        offsets, np.concatenate([none, *(m for m, _ in lists)]), np.concatenate([none, *(i for _, i in lists)])
    )
    for number, (own_mz, own_intensity) in enumerate(lists):
        expected = to_unit_mass(own_mz, own_intensity)
        here = slice(bounds[number], bounds[number + 1])
        assert (mz[here].tolist(), intensity[here].tolist()) == (expected.mz.tolist(), expected.intensity.tolist())
