"""A large library of EI spectra made from public ones, by a recipe and a seed; and queries to it.

Recipe: two public unit-mass spectra are drawn (uniform, with replacement), and a cut (uniform from m/z 40 to
300). Peaks up to the cut come from the first, those above it from the second. Each intensity is multiplied by
exp(0.3 z), z standard normal; the largest becomes 999, others are rounded half up, zeros dropped; spectra of
fewer than three peaks are drawn again. m/z above 800 are left out. So the m/z that occur, their numbers and their
heights are those of real spectra; the chemistry is not.

A query is a spectrum of the library with its intensities multiplied by exp(0.2 z), a tenth of its peaks left out
and three peaks of intensity 1 to 20 put in at random m/z from 30 to 300.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musk_id.formats.msp import read_msp
from musk_id.kernels.spectral import BASE_PEAK, UnitMassSpectrum, to_unit_mass
from musk_id.kernels.spectral_peaks import PeakTable

__all__ = ["SEED", "made_library", "made_queries", "public_spectra"]

SEED = 20_261_126
PUBLIC = "spectra/massbank/massbank_ei.msp.gz"
MAX_MZ = 800
MIN_PEAKS = 3
_CHUNK = 20_000


def public_spectra(refdata: Path) -> list[UnitMassSpectrum]:
    """Public EI spectra in unit mass, m/z up to 800, with three peaks or more."""
    found = (to_unit_mass(s.mz, s.intensity).between(1, MAX_MZ) for s in read_msp(refdata / PUBLIC))
    return [spectrum for spectrum in found if spectrum.mz.size >= MIN_PEAKS]


def _scaled(owner: NDArray[np.int64], intensity: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    largest = np.zeros(count)
    np.maximum.at(largest, owner, intensity)
    return np.floor(BASE_PEAK * intensity / largest[owner] + 0.5).astype(np.int64)


def made_library(public: list[UnitMassSpectrum], count: int, seed: int = SEED) -> PeakTable:
    """Library of ``count`` spectra by the recipe."""
    rng = np.random.default_rng(seed)
    table = PeakTable.of(public)
    sizes, mz, intensity, made = [], [], [], 0
    while made < count:
        first, second = rng.integers(0, len(table), (2, _CHUNK))
        cut = rng.integers(40, 301, _CHUNK)
        a, b = table.gathered(first), table.gathered(second)
        low, high = a.mz <= cut[a.owner], b.mz > cut[b.owner]
        owner = np.concatenate([a.owner[low], b.owner[high]])
        order = np.argsort(owner, kind="stable")
        owner = owner[order]
        masses = np.concatenate([a.mz[low], b.mz[high]])[order]
        heights = np.concatenate([a.intensity[low], b.intensity[high]])[order].astype(np.float64)
        heights *= np.exp(0.3 * rng.standard_normal(heights.size))
        scaled = _scaled(owner, heights, _CHUNK)
        peaks = np.bincount(owner[scaled > 0], minlength=_CHUNK)
        kept = np.flatnonzero(peaks >= MIN_PEAKS)[: count - made]
        held = (scaled > 0) & np.isin(owner, kept)
        sizes.append(peaks[kept])
        mz.append(masses[held].astype(np.uint16))
        intensity.append(scaled[held].astype(np.uint16))
        made += kept.size
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))])
    return PeakTable(offsets, np.concatenate(mz), np.concatenate(intensity))


def made_queries(table: PeakTable, count: int, seed: int = SEED) -> list[UnitMassSpectrum]:
    """Queries by the recipe, each from another spectrum of the library."""
    rng = np.random.default_rng(seed + 1)
    rows = rng.choice(len(table), count, replace=False)
    found = []
    for row in rows.tolist():
        spectrum = table.spectrum(row)
        heights = spectrum.intensity * np.exp(0.2 * rng.standard_normal(spectrum.mz.size))
        kept = rng.random(spectrum.mz.size) >= 0.1
        kept[np.argmax(heights)] = True
        mz = np.concatenate([spectrum.mz[kept], rng.integers(30, 301, 3)]).astype(np.float64)
        noise = heights.max() * rng.uniform(0.001, 0.02, 3)
        order = np.argsort(mz, kind="stable")
        found.append(to_unit_mass(mz[order], np.concatenate([heights[kept], noise])[order]))
    return found
