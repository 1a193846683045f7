"""What a library search needs of a score: the exact number of a pair, close numbers of many, and upper bounds.

A score of one's own is another class with these members; the search (:mod:`musk_id.kernels.spectral_search`)
asks for nothing else. What must hold of it:

* ``close`` differs from ``exact`` by at most ``slack``;
* a spectrum whose bound lies below ``bounds(...).least(score)`` has an exact score below ``score``;
* a spectrum that shares no ion with the query has a score that rounds to 0 or less.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral import (
    UnitMassSpectrum,
    entropy_similarity,
    identity_match_factor,
    similarity_match_factor,
    weighted_cosine,
)
from musk_id.kernels.spectral_many import SpectralTable
from musk_id.kernels.spectral_peaks import GatheredPeaks
from musk_id.kernels.spectral_screen import SCALE, ScaledQuery, Screen
from musk_id.kernels.spectral_weights import CLOSE, CosineWeights, EntropyWeights, Weights, single

__all__ = ["Bounds", "CosineScore", "EntropyScore", "FactorScore", "ProductBounds", "Score"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Sums = NDArray[np.unsignedinteger[Any]]

_ROOM = 1e-6


class Bounds(ABC):
    """Upper bounds of a query's scores with every spectrum, as values that rise with the score.

    ``values`` has shape (n,), of any type of numbers of at least 0.
    """

    values: NDArray[Any]

    @abstractmethod
    def least(self, score: float) -> float:
        """The smallest value that a spectrum of at least this score can have."""

    def sharpened(self, rows: Integers, score: float) -> Integers:
        """Those of the rows that may have at least this score, by whatever more is known of them."""
        del score
        return rows


class Score(ABC):
    """A score of spectra, from 0 up; see the module for what its members must keep to."""

    name: str
    digits: int
    slack: float
    weights: Weights

    @abstractmethod
    def exact(self, query: UnitMassSpectrum, library: UnitMassSpectrum) -> float:
        """The score of a pair: the number that is shown."""

    @abstractmethod
    def close(self, query: UnitMassSpectrum, peaks: GatheredPeaks) -> Floats:
        """Scores with many spectra, shape (count,)."""

    def parts(self, query: UnitMassSpectrum, screen: Screen) -> tuple[ScaledQuery, ScaledQuery]:
        """The query on the screen in two parts: what is summed for every spectrum, and what only for a few."""
        whole = screen.scaled(query)
        return whole, whole.part(np.empty(0, np.int64))

    @abstractmethod
    def bounds(
        self, query: UnitMassSpectrum, screen: Screen, parts: tuple[ScaledQuery, ScaledQuery], sums: Sums
    ) -> Bounds:
        """Bounds from the sums of the first part of the query."""


class ProductBounds(Bounds):
    """Bounds of a score that is at most the product of unit vectors.

    The peaks of the query's tail, of length e, are not in the sums. What is summed is h = |q_h| |l_h| cos(...) at
    most, and the tail adds at most e |l_t|, with |q_h|^2 + e^2 = 1 and |l_h|^2 + |l_t|^2 <= 1. With
    |l_h| >= h / |q_h| = cos(phi), the product is at most |q_h| cos(phi) + e sin(phi) = cos(phi - asin(e)). So a
    product of t needs phi <= acos(t) + asin(e), which is h >= |q_h| cos(acos(t) + asin(e)).
    """

    def __init__(self, screen: Screen, tail: ScaledQuery, tail_length: float, sums: Sums) -> None:
        self.values = sums
        self._screen = screen
        self._tail = tail
        self._tail_length = min(1.0, tail_length * (1.0 + _ROOM))

    def least(self, score: float) -> float:
        angle = math.acos(min(1.0, score)) + math.asin(self._tail_length)
        if angle >= math.pi / 2:
            return 0.0
        head = math.sqrt(1.0 - self._tail_length**2)
        return math.floor(SCALE**2 * head * math.cos(angle) * (1.0 - _ROOM))

    def sharpened(self, rows: Integers, score: float) -> Integers:
        if self._tail.rows.size == 0:
            return rows
        whole = self.values[rows] + self._screen.sums_at(self._tail, rows)
        return rows[whole >= math.floor(SCALE**2 * score * (1.0 - _ROOM))]


class _ProductScore(Score):
    """A score that is at most the product of two unit vectors."""

    tail: float

    def parts(self, query: UnitMassSpectrum, screen: Screen) -> tuple[ScaledQuery, ScaledQuery]:
        """Large entries and small ones; the length of the latter is at most ``tail``."""
        whole = screen.scaled(query)
        order = np.argsort(whole.exact, kind="stable")
        small = int(np.searchsorted(np.sqrt(np.cumsum(whole.exact[order] ** 2)), self.tail))
        return whole.part(np.sort(order[small:])), whole.part(np.sort(order[:small]))

    def bounds(
        self, query: UnitMassSpectrum, screen: Screen, parts: tuple[ScaledQuery, ScaledQuery], sums: Sums
    ) -> Bounds:
        del query
        tail = parts[1]
        return ProductBounds(screen, tail, float(np.sqrt((tail.exact**2).sum())), sums)


@dataclass(frozen=True)
class CosineScore(_ProductScore):
    """Cosine of the weights ``m^a I^b``, 0 to 1."""

    mz_power: float
    intensity_power: float
    digits: int = 4
    slack: float = CLOSE
    # Measured on a made library of 300,000: longer tails cost more candidates than they save sums.
    tail: float = 0.2

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"cosine m^{self.mz_power:g} I^{self.intensity_power:g}"

    @property
    def weights(self) -> CosineWeights:  # type: ignore[override]
        return CosineWeights(self.mz_power, self.intensity_power)

    def exact(self, query: UnitMassSpectrum, library: UnitMassSpectrum) -> float:
        return weighted_cosine(query, library, mz_power=self.mz_power, intensity_power=self.intensity_power)

    def close(self, query: UnitMassSpectrum, peaks: GatheredPeaks) -> Floats:
        entries = self.weights.vectors(peaks)
        return peaks.sums(entries * _looked_up(query, self.weights.vectors(single(query)), peaks))


@dataclass(frozen=True)
class EntropyScore(_ProductScore):
    """Spectral entropy similarity with re-weighting, 0 to 1.

    Each of its terms ½ [f(a + b) − f(a) − f(b)], f(x) = x log2 x, is (a + b)/2 times the binary entropy H2 of
    a/(a + b); and H2(p) <= 2 sqrt(p (1 − p)). So a term is at most sqrt(a b), and the score at most the product
    of the square roots, which are unit vectors.
    """

    name: str = "entropy"
    digits: int = 4
    slack: float = CLOSE
    tail: float = 0.1
    weights: EntropyWeights = EntropyWeights()

    def exact(self, query: UnitMassSpectrum, library: UnitMassSpectrum) -> float:
        return entropy_similarity(query, library)

    def close(self, query: UnitMassSpectrum, peaks: GatheredPeaks) -> Floats:
        shares = self.weights.shares(peaks)
        own = _looked_up(query, self.weights.shares(single(query)), peaks)
        terms = np.zeros(shares.size)
        common = own > 0
        a, b = own[common], shares[common]
        terms[common] = (a + b) * np.log2(a + b) - a * np.log2(a) - b * np.log2(b)
        return peaks.sums(terms) / 2.0


def _looked_up(query: UnitMassSpectrum, values: Floats, peaks: GatheredPeaks) -> Floats:
    """Value of the query at the m/z of each peak, 0 where it has none."""
    table = np.zeros(int(max(query.mz[-1], peaks.mz.max(initial=0))) + 1)
    table[query.mz] = values
    found: Floats = table[peaks.mz]
    return found


@dataclass(frozen=True)
class FactorScore(Score):
    """Match factor of NIST "Identity" or "Similarity", forward or reverse, up to 999.5.

    T1, the squared cosine, is bounded from the product of whole unit vectors by the shares of both norms that the
    comparison keeps at least: m/z from the later of both starts on, intensities above 1; reverse, of the query
    only what both hold. T2 is at most 1 and counts at most n1 − 1 ratios, so that the factor is at most
    (T1 n1 + n1 − 1) / (2 n1 − 1), which rises with n1; n1 is at most the smaller number of peaks.
    """

    identity: bool
    reverse: bool
    digits: int = 1
    slack: float = 0.0

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{'identity' if self.identity else 'similarity'} {'reverse' if self.reverse else 'forward'}"

    @property
    def weights(self) -> CosineWeights:  # type: ignore[override]
        return CosineWeights(0.5 if self.identity else 0.0, 0.5)

    def exact(self, query: UnitMassSpectrum, library: UnitMassSpectrum) -> float:
        factor = identity_match_factor if self.identity else similarity_match_factor
        return factor(query, library, reverse=self.reverse)

    def close(self, query: UnitMassSpectrum, peaks: GatheredPeaks) -> Floats:
        table = SpectralTable.of_peaks(peaks.count, peaks.owner, peaks.mz, peaks.intensity)
        factors = table.factors(query)
        if self.identity:
            return factors.identity_reverse if self.reverse else factors.identity_forward
        return factors.similarity_reverse if self.reverse else factors.similarity_forward

    def bounds(
        self, query: UnitMassSpectrum, screen: Screen, parts: tuple[ScaledQuery, ScaledQuery], sums: Sums
    ) -> Bounds:
        del parts
        return _FactorBounds(self, query, screen, sums)


class _FactorBounds(Bounds):
    """Bounds of match factors, as shares of 1000, with room for single precision."""

    _ROOM = 1e-5

    def __init__(self, score: FactorScore, query: UnitMassSpectrum, screen: Screen, sums: Sums) -> None:
        profile = screen.profile
        whole = single(query)
        squares = score.weights.vectors(whole) ** 2 * (query.intensity > 1)
        if score.reverse:
            kept = screen.shares_held(query.mz, squares)
        else:
            kept = _from_each_start(query.mz, squares, profile.first)
        kept *= screen.shares_from(int(query.mz[0]))
        product = (sums / np.float32(SCALE**2)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            angle = np.where(kept > 0, product / kept, 1.0)
        angle = np.minimum(angle, 1.0)
        if score.identity:
            common = np.minimum(profile.peaks, query.mz.size).astype(np.float32)
            # The same as in the proof, without a difference of nearly equal numbers.
            angle = angle + (1.0 - angle) * (common - 1.0) / np.maximum(2.0 * common - 1.0, 1.0)
        self.values = np.where(sums > 0, angle, 0.0).astype(np.float32)

    def least(self, score: float) -> float:
        return (score + 0.5) / 1000.0 * (1.0 - self._ROOM)


def _from_each_start(mz: Integers, squares: Floats, first: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Share of the query's norm from the start of each spectrum on, rounded down."""
    after = np.concatenate([np.cumsum(squares[::-1])[::-1], np.zeros(1)])
    at_mass = after[np.searchsorted(mz, np.arange(int(mz[-1]) + 2))]
    kept: NDArray[np.float32] = (at_mass[np.minimum(first, at_mass.size - 1)] * (1.0 - 1e-6)).astype(np.float32)
    return kept
