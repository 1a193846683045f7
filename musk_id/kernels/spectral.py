"""Scores between two unit-mass EI spectra, computed pair by pair so that no other spectrum matters.

A unit-mass spectrum is a pair of arrays: strictly increasing integer m/z and integer intensity. Sums run
in float64 in ascending m/z, so a score has the same bits whatever else is compared in the same run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BASE_PEAK",
    "MatchFactors",
    "UnitMassSpectrum",
    "entropy_similarity",
    "identity_match_factor",
    "match_factors",
    "matched_ions",
    "nominal_masses",
    "peak_weights",
    "power_table",
    "same_content",
    "shared_range",
    "similarity_match_factor",
    "to_unit_mass",
    "weighted_cosine",
]

BASE_PEAK = 999
MAX_INTENSITY = 65_535
# Files scale a spectrum to 100 or 999 and round: the same peaks then differ by this share of the base peak.
_SCALING = 0.0015
_ROUNDING = 0.649


@dataclass(frozen=True, slots=True, eq=False)
class UnitMassSpectrum:
    """Integer m/z (ascending) and integer intensity above 0, each of shape (n,)."""

    mz: NDArray[np.int64]
    intensity: NDArray[np.int64]

    def between(self, low: int, high: int) -> UnitMassSpectrum:
        """The peaks with ``low <= m/z <= high``; intensities stay as they are."""
        kept = (self.mz >= low) & (self.mz <= high)
        return UnitMassSpectrum(self.mz[kept], self.intensity[kept])


@dataclass(frozen=True, slots=True)
class MatchFactors:
    """Scores of a query against one library spectrum; match factors on the scale 0 to 999.5."""

    identity_forward: float
    identity_reverse: float
    similarity_forward: float
    similarity_reverse: float


def nominal_masses(mz: NDArray[np.float64]) -> NDArray[np.int64]:
    """Nominal m/z = ceil(m/z - 0.649), as NIST MS Search rounds."""
    return np.ceil(mz - _ROUNDING).astype(np.int64)


def to_unit_mass(mz: NDArray[np.float64], intensity: NDArray[np.float64]) -> UnitMassSpectrum:
    """Unit-mass spectrum as NIST MS Search makes it.

    Nominal m/z = ceil(m/z - 0.649), intensities of one nominal m/z added, scaled to a largest value of
    999, rounded half up, zeros dropped (Samokhin 2024, J. Am. Soc. Mass Spectrom. 35:3178).
    """
    if mz.size == 0:
        return UnitMassSpectrum(np.empty(0, np.int64), np.empty(0, np.int64))
    nominal = nominal_masses(mz)
    values, index = np.unique(nominal, return_inverse=True)
    sums = np.bincount(index, weights=intensity)
    scaled = np.floor(BASE_PEAK * sums / sums.max() + 0.5).astype(np.int64)
    kept = (scaled > 0) & (values > 0)
    return UnitMassSpectrum(values[kept], scaled[kept])


def shared_range(query: UnitMassSpectrum, library: UnitMassSpectrum) -> tuple[int, int]:
    """First and last m/z that both spectra can be expected to cover: from the later start, to the end.

    Raises
    ------
    ValueError
        If a spectrum is empty.
    """
    if query.mz.size == 0 or library.mz.size == 0:
        raise ValueError("an empty spectrum covers no m/z range")
    low = max(int(query.mz[0]), int(library.mz[0]))
    return low, max(int(query.mz[-1]), int(library.mz[-1]))


@dataclass(slots=True)
class _Walk:
    """Sums over the union of both m/z lists, ascending; each with weight 1 and weighted by m/z.

    ``forward`` is the norm of all ions of the query, ``shared`` of those that the library spectrum has too.
    """

    cross: float = 0.0
    cross_weighted: float = 0.0
    library: float = 0.0
    library_weighted: float = 0.0
    forward: float = 0.0
    forward_weighted: float = 0.0
    shared: float = 0.0
    shared_weighted: float = 0.0
    ratio_sum: float = 0.0
    ratio_weight: float = 0.0
    common: int = 0
    ratios: int = 0

    def factor(self, *, reverse: bool, identity: bool) -> float:
        if self.common == 0:
            return 0.0
        if not identity:
            norm = (self.shared if reverse else self.forward) * self.library
            return 1000.0 * (self.cross * self.cross / norm) - 0.5
        norm = (self.shared_weighted if reverse else self.forward_weighted) * self.library_weighted
        angle = self.cross_weighted * self.cross_weighted / norm
        if self.ratios == 0:
            return 1000.0 * angle - 0.5
        whole = angle * self.common + self.ratio_sum / self.ratio_weight * self.ratios
        return 1000.0 * whole / (self.common + self.ratios) - 0.5


def _walked(u: dict[int, int], v: dict[int, int], start: int, stop: float) -> _Walk:
    """One walk from ``start`` to ``stop``; no ion of the one is compared if the other has none there."""
    walk = _Walk()
    if not any(start <= m for m in u) or not any(start <= m for m in v):
        return walk
    previous: tuple[int, int] | None = None
    for mz in sorted(m for m in u.keys() | v.keys() if start <= m <= stop):
        a, b = u.get(mz), v.get(mz)
        weight = float(mz)
        if a is not None and b is not None:
            if a <= 1 and b <= 1:
                continue
            root = math.sqrt(a * b)
            walk.cross += root
            walk.cross_weighted += weight * root
            walk.library += b
            walk.library_weighted += weight * b
            walk.forward += a
            walk.forward_weighted += weight * a
            walk.shared += a
            walk.shared_weighted += weight * a
            walk.common += a > 0 and b > 0
            if previous is not None and a > 0 and b > 0 and previous[0] > 0 and previous[1] > 0:
                ratio = math.sqrt(a * previous[1]) / math.sqrt(previous[0] * b)
                walk.ratio_sum += mz * min(ratio, 1.0 / ratio)
                walk.ratio_weight += mz
                walk.ratios += 1
            previous = (a, b)
            continue
        value = a if a is not None else b
        if value is None or value <= 1:
            continue
        if a is None:
            walk.library += value
            walk.library_weighted += weight * value
        else:
            walk.forward += value
            walk.forward_weighted += weight * value
        previous = None
    return walk


def _peaks_of(spectrum: UnitMassSpectrum) -> dict[int, int]:
    return dict(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True))


def _factor(
    query: UnitMassSpectrum,
    library: UnitMassSpectrum,
    *,
    reverse: bool,
    identity: bool,
    mz_min: int = -1,
    mz_max: int = -1,
) -> float:
    """Match factor by one walk over the union of both m/z lists."""
    if query.mz.size == 0 or library.mz.size == 0:
        return 0.0
    u, v = _peaks_of(query), _peaks_of(library)
    start = mz_min if mz_min > 0 else max(int(query.mz[0]), int(library.mz[0]))
    stop = mz_max if mz_max > 0 else math.inf
    if reverse:
        v = {mz: value for mz, value in v.items() if value > 0}
    return _walked(u, v, start, stop).factor(reverse=reverse, identity=identity)


def identity_match_factor(
    query: UnitMassSpectrum,
    library: UnitMassSpectrum,
    *,
    reverse: bool,
    mz_min: int = -1,
    mz_max: int = -1,
) -> float:
    """Match factor of NIST "Identity, EI normal" (formula published by Samokhin 2024)."""
    return _factor(query, library, reverse=reverse, identity=True, mz_min=mz_min, mz_max=mz_max)


def similarity_match_factor(
    query: UnitMassSpectrum,
    library: UnitMassSpectrum,
    *,
    reverse: bool,
    mz_min: int = -1,
    mz_max: int = -1,
) -> float:
    """Match factor of NIST "Similarity, EI simple" (formula published by Samokhin 2024)."""
    return _factor(query, library, reverse=reverse, identity=False, mz_min=mz_min, mz_max=mz_max)


def match_factors(query: UnitMassSpectrum, library: UnitMassSpectrum) -> MatchFactors:
    """All four match factors; both begin at the later of the two first m/z, as the algorithm does."""
    if query.mz.size == 0 or library.mz.size == 0:
        return MatchFactors(0.0, 0.0, 0.0, 0.0)
    start = max(int(query.mz[0]), int(library.mz[0]))
    walk = _walked(_peaks_of(query), _peaks_of(library), start, math.inf)
    return MatchFactors(
        identity_forward=walk.factor(reverse=False, identity=True),
        identity_reverse=walk.factor(reverse=True, identity=True),
        similarity_forward=walk.factor(reverse=False, identity=False),
        similarity_reverse=walk.factor(reverse=True, identity=False),
    )


def matched_ions(query: UnitMassSpectrum, library: UnitMassSpectrum) -> int:
    """Number of m/z that both spectra hold."""
    return int(np.intersect1d(query.mz, library.mz, assume_unique=True).size)


def _entropy(p: NDArray[np.float64]) -> float:
    """Entropy of shares above 0, in nats; the sum is rounded once, in whatever order the shares stand."""
    return -math.fsum((p * np.log(p)).tolist())


def _entropy_weighted(intensity: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    """Shares after the re-weighting, and their entropy."""
    p = intensity / intensity.sum()
    entropy = _entropy(p)
    if entropy >= 3.0:
        return p, entropy
    raised = p ** (0.25 + 0.25 * entropy)
    weighted = raised / math.fsum(raised.tolist())
    return weighted, _entropy(weighted)


def entropy_similarity(query: UnitMassSpectrum, library: UnitMassSpectrum) -> float:
    """Weighted spectral entropy similarity on unit-mass bins, 0 to 1 (Li 2021, Nat. Methods 18:1524).

    Spectra of entropy below 3 are re-weighted by the power 0.25 + 0.25 S before the comparison.
    """
    if query.mz.size == 0 or library.mz.size == 0:
        return 0.0
    places, common = _places(query, library)
    a, entropy_a = _entropy_weighted(query.intensity)
    b, entropy_b = _entropy_weighted(library.intensity)
    mean = np.concatenate([a / 2.0, np.delete(b, places[common]) / 2.0])
    mean[: a.size][common] = (a[common] + b[places[common]]) / 2.0
    similarity = 1.0 - (2.0 * _entropy(mean) - entropy_a - entropy_b) / math.log(4.0)
    return min(1.0, max(0.0, similarity))


def _places(query: UnitMassSpectrum, library: UnitMassSpectrum) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each m/z of a query stands in a library spectrum, and whether it does."""
    places = np.minimum(library.mz.searchsorted(query.mz), library.mz.size - 1)
    return places, library.mz[places] == query.mz


@lru_cache(maxsize=64)
def power_table(limit: int, exponent: float) -> NDArray[np.float64]:
    """Powers of 0, 1, ... ``limit`` - 1, read-only.

    One number at a time, so that a power has the same bits wherever in an array it is used.
    """
    table = np.array([float(base) ** exponent for base in range(limit)])
    table.setflags(write=False)
    return table


def peak_weights(
    mz: NDArray[np.int64], intensity: NDArray[np.int64], mz_power: float, intensity_power: float
) -> NDArray[np.float64]:
    """Weights ``m^a I^b`` of peaks, from tables of powers.

    Raises
    ------
    ValueError
        If an intensity lies above ``MAX_INTENSITY`` or a power is negative.
    """
    if mz_power < 0 or intensity_power < 0:
        raise ValueError(f"powers of at least 0 are needed, found {mz_power} and {intensity_power}")
    if mz.size == 0:
        return np.empty(0)
    highest = int(intensity.max())
    if highest > MAX_INTENSITY:
        raise ValueError(f"an intensity of {highest}, at most {MAX_INTENSITY}")
    of_mz = power_table(_table_size(int(mz.max())), mz_power)
    of_intensity = power_table(_table_size(highest), intensity_power)
    weights: NDArray[np.float64] = of_mz[mz] * of_intensity[intensity]
    return weights


def _table_size(largest: int) -> int:
    return int(1 << max(10, largest.bit_length()))


def weighted_cosine(
    query: UnitMassSpectrum, library: UnitMassSpectrum, *, mz_power: float, intensity_power: float
) -> float:
    """Cosine of the weights ``m^a I^b``, 0 to 1 (Stein and Scott 1994, J. Am. Soc. Mass Spectrom. 5:859).

    Sums are rounded once (``math.fsum``), so that their order does not matter.
    """
    if query.mz.size == 0 or library.mz.size == 0:
        return 0.0
    a = peak_weights(query.mz, query.intensity, mz_power, intensity_power)
    b = peak_weights(library.mz, library.intensity, mz_power, intensity_power)
    places, common = _places(query, library)
    cross = math.fsum((a[common] * b[places[common]]).tolist())
    norms = math.fsum((a * a).tolist()) * math.fsum((b * b).tolist())
    return min(1.0, cross / math.sqrt(norms))


def same_content(query: UnitMassSpectrum, library: UnitMassSpectrum) -> bool:
    """Whether both hold the same peaks on the range that they share, at least three, but for rounding."""
    if query.mz.size == 0 or library.mz.size == 0:
        return False
    low, high = shared_range(query, library)
    a, b = query.between(low, high), library.between(low, high)
    if a.mz.size < 3 or not np.array_equal(a.mz, b.mz):
        return False
    difference = a.intensity / a.intensity.max() - b.intensity / b.intensity.max()
    return bool((np.abs(difference) <= _SCALING).all())
