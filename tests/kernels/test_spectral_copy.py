"""Copies of a spectrum with a few peaks more, fewer or changed; and second measurements, which are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.spectral import UnitMassSpectrum, same_content, to_unit_mass
from musk_id.kernels.spectral_copy import copied_peaks


def made(seed: int, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """m/z and intensities from 1 to 999, several of them large."""
    draw = np.random.default_rng(seed)
    mz = np.sort(draw.choice(np.arange(40, 300), count, replace=False)).astype(np.float64)
    intensity = np.maximum(1.0, np.round(999 * draw.beta(0.4, 1.2, count)))
    intensity[:6] = [999, 700, 510, 330, 260, 180]
    return mz, intensity


def of(mz: np.ndarray, intensity: np.ndarray) -> UnitMassSpectrum:
    order = np.argsort(mz)
    return to_unit_mass(mz[order], intensity[order])


@given(
    st.integers(0, 10**6),
    st.integers(1, 3),
    st.floats(0.001, 5000.0),
    st.sampled_from([10.0, 300.0, 900.0, 2500.0]),
)
@settings(max_examples=80, deadline=None)
def test_a_copy_with_peaks_added_is_found_at_any_scale(seed, more, scale, height):
    mz, intensity = made(seed)
    reference = of(mz, intensity)
    added = np.append(mz, 301.0 + np.arange(more))
    query = of(added, np.append(intensity, np.full(more, height)) * scale)
    found = copied_peaks(query, reference)
    # Beside a peak that is larger than all others the smallest ones may vanish.
    assert found is not None and found.of_query <= 40 + more and found.of_reference <= 40
    assert found.equal >= 0.9 * found.of_reference and not same_content(query, reference)


@given(st.integers(0, 10**6), st.integers(0, 2), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_copy_with_peaks_taken_away_or_the_base_peak_changed_is_found(seed, fewer, changed):
    mz, intensity = made(seed)
    reference = of(mz, intensity)
    other = intensity.copy()
    if changed:
        other[0] = 450.0
    kept = np.ones(mz.size, bool)
    kept[20 : 20 + fewer] = False
    assert copied_peaks(of(mz[kept], other[kept]), reference) is not None


@given(st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_a_second_measurement_is_no_copy(seed):
    """Every intensity differs by 3 % in the mean, as between injections."""
    mz, intensity = made(seed)
    other = intensity * np.exp(np.random.default_rng(seed + 1).normal(0.0, 0.03, mz.size))
    assert copied_peaks(of(mz, other), of(mz, intensity)) is None


@pytest.mark.parametrize("count", [1, 3, 7])
def test_too_few_peaks_say_nothing(count):
    mz, intensity = made(5)
    few = of(mz[:count], intensity[:count])
    assert copied_peaks(few, of(np.append(mz[:count], 300.0), np.append(intensity[:count], 9.0))) is None


def test_spectra_without_peaks_or_of_other_ions_are_no_copies():
    mz, intensity = made(5)
    nothing = UnitMassSpectrum(np.empty(0, np.int64), np.empty(0, np.int64))
    assert copied_peaks(nothing, of(mz, intensity)) is None and copied_peaks(of(mz, intensity), nothing) is None
    assert copied_peaks(of(mz + 1, intensity), of(mz, intensity)) is None


def test_weak_peaks_alone_are_no_ground():
    """One large peak beside small ones: two measurements agree there whatever they are."""
    mz = np.arange(50.0, 80.0)
    intensity = np.full(30, 4.0)
    intensity[0] = 999.0
    assert copied_peaks(of(np.append(mz, 90.0), np.append(intensity, 3.0)), of(mz, intensity)) is None
