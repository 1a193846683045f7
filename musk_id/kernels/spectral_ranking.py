"""Evidence for ranking library spectra: what two unit-mass EI spectra have in common where both were recorded.

Spectra of different laboratories differ first in what was written down: where the scan began, and how small a
peak could be and still be listed. Only peaks are compared that both records could hold: from the later first m/z
on, and of the peaks of one spectrum alone those that are not below the smallest intensity of the other.

With ``a`` and ``b`` the intensities (largest 999) of query and reference at m/z ``m``, sums over compared peaks
in ascending m/z, ``f`` the larger one of both smallest intensities, and ``M`` the nominal mass of the compound:

========================  ==============================================================================
``weighted``              -ln(1.01 - c), c = cosine of m^1.5 a^0.4 and m^1.5 b^0.4
``plain``                 cosine of the square roots of a and b
``ratios``                -ln(1.01 - t), t = the second term of the NIST identity match factor: mean of
                          min(r, 1/r) weighted with m, r = sqrt(a b' / (a' b)) of an ion that both hold and
                          the one before it (a', b'), where no compared peak lies between that only one holds
``above``                 ln(1 + sum of a above the highest m/z that the compound can give)
``molecular_more``        ln((a + f) / (b + f)) at M where the query has more there, else 0
``molecular_both``        1 where both have a peak at M, else 0
========================  ==============================================================================

The second term is that of Samokhin 2024 (J. Am. Soc. Mass Spectrom. 35:3178); the others are of this software.
The score is their weighted sum. Powers and logarithms come from the C library through ``math``, one number at a
time, so that a score has the same bits alone and beside others (:mod:`musk_id.kernels.spectral_ranking_many`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from musk_id.errors import ReferenceDataError
from musk_id.kernels.formula import atoms_of, monoisotopic_mass
from musk_id.kernels.spectral import BASE_PEAK, UnitMassSpectrum

__all__ = [
    "BEYOND_ONE",
    "EVIDENCE",
    "INTENSITY_POWERS",
    "MZ_POWER",
    "CompoundIons",
    "RankingEvidence",
    "RankingWeights",
    "compound_ions",
    "near_one",
    "ranking_evidence",
    "ranking_score",
]

MZ_POWER = 1.5
_INTENSITY_POWER = 0.4
INTENSITY_POWERS = tuple(math.pow(value, _INTENSITY_POWER) for value in range(BASE_PEAK + 1))
"""Intensity to the power 0.4, by intensity."""

BEYOND_ONE = 1.01
"""What a cosine is taken from before the logarithm: keeps the largest value finite."""


@dataclass(frozen=True, slots=True)
class CompoundIons:
    """Nominal mass of a compound, and the highest m/z that its isotopes reach; 0 and 0 where it is not known."""

    mass: int
    highest_mz: int

    def __post_init__(self) -> None:
        if not 0 <= self.mass <= self.highest_mz or (self.mass == 0) != (self.highest_mz == 0):
            raise ValueError(f"mass {self.mass} and highest m/z {self.highest_mz} do not fit")


_PLAIN = frozenset({"C", "H", "D", "N", "O", "F", "P", "I"})
_TWO_HEAVY = frozenset({"Cl", "Br"})
_TWO_LIGHT = frozenset({"S", "Si"})


def compound_ions(formula: str) -> CompoundIons:
    """Masses of a compound from its molecular formula; 0 and 0 where the formula cannot be read.

    Isotopes reach two above the nominal mass; two further for each of up to three atoms of chlorine and bromine;
    two further with sulfur or silicon; four further with any element that is neither of these nor C, H, N, O, F,
    P, I. Above that, peaks of less than about a percent of the molecular ion remain.
    """
    try:
        mass = round(monoisotopic_mass(formula))
    except ReferenceDataError:
        return CompoundIons(0, 0)
    atoms = atoms_of(formula)
    further = 2 * min(3, sum(atoms.get(element, 0) for element in _TWO_HEAVY))
    further += 2 if _TWO_LIGHT & atoms.keys() else 0
    further += 4 if atoms.keys() - _PLAIN - _TWO_HEAVY - _TWO_LIGHT else 0
    return CompoundIons(mass, mass + 2 + further)


@dataclass(frozen=True, slots=True)
class RankingEvidence:
    """What a reference has in common with a query; the module says what each number is.

    ``compared`` peaks are on either side, ``shared`` on both.
    """

    weighted: float
    plain: float
    ratios: float
    above: float
    molecular_more: float
    molecular_both: float
    compared: int
    shared: int


EVIDENCE = ("weighted", "plain", "ratios", "above", "molecular_more", "molecular_both")
"""Names of the numbers that a score adds up, in their order."""


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """Weight of each number of the evidence."""

    weighted: float
    plain: float
    ratios: float
    above: float
    molecular_more: float
    molecular_both: float


def near_one(value: float) -> float:
    """-ln(1.01 - value): differences near 1, where references compete, count more than those far from it."""
    return -math.log(BEYOND_ONE - min(value, 1.0))


def ranking_score(evidence: RankingEvidence, weights: RankingWeights) -> float:
    """Weighted sum of the evidence, added in the order of :data:`EVIDENCE`."""
    return (
        weights.weighted * evidence.weighted
        + weights.plain * evidence.plain
        + weights.ratios * evidence.ratios
        + weights.above * evidence.above
        + weights.molecular_more * evidence.molecular_more
        + weights.molecular_both * evidence.molecular_both
    )


class _Walk:
    """Sums over ascending m/z."""

    def __init__(self) -> None:
        self.cross = self.query = self.library = 0.0
        self.plain_cross = self.plain_query = self.plain_library = 0.0
        self.ratio_sum = self.ratio_weight = 0.0
        self.compared = self.shared = 0
        self.before: tuple[int, int] | None = None

    def add_both(self, mz: int, a: int, b: int) -> None:
        scale = math.pow(mz, MZ_POWER)
        left, right = scale * INTENSITY_POWERS[a], scale * INTENSITY_POWERS[b]
        self.cross += left * right
        self.query += left * left
        self.library += right * right
        self.plain_cross += math.sqrt(a * b)
        self.plain_query += a
        self.plain_library += b
        self.compared += 1
        self.shared += 1
        if self.before is not None:
            ratio = math.sqrt(a * self.before[1]) / math.sqrt(self.before[0] * b)
            self.ratio_sum += mz * min(ratio, 1.0 / ratio)
            self.ratio_weight += mz
        self.before = (a, b)

    def add_alone(self, mz: int, intensity: int, *, of_query: bool) -> None:
        value = math.pow(mz, MZ_POWER) * INTENSITY_POWERS[intensity]
        if of_query:
            self.query += value * value
            self.plain_query += intensity
        else:
            self.library += value * value
            self.plain_library += intensity
        self.compared += 1
        self.before = None


def ranking_evidence(
    query: UnitMassSpectrum, library: UnitMassSpectrum, compound: CompoundIons
) -> RankingEvidence:
    """Evidence of a reference for a query.

    Parameters
    ----------
    query, library : UnitMassSpectrum
        Spectra with at least one peak each, intensities from 1 to 999.
    compound : CompoundIons
        Masses of the compound of the reference.

    Raises
    ------
    ValueError
        If a spectrum has no peak.
    """
    if query.mz.size == 0 or library.mz.size == 0:
        raise ValueError("a spectrum without peaks has nothing to compare")
    u = dict(zip(query.mz.tolist(), query.intensity.tolist(), strict=True))
    v = dict(zip(library.mz.tolist(), library.intensity.tolist(), strict=True))
    least_u, least_v = min(u.values()), min(v.values())
    start = max(min(u), min(v))
    walk = _Walk()
    above = 0
    for mz in sorted(m for m in u.keys() | v.keys() if m >= start):
        a, b = u.get(mz, 0), v.get(mz, 0)
        if a and b:
            walk.add_both(mz, a, b)
        elif a >= max(least_v, 1):
            walk.add_alone(mz, a, of_query=True)
        elif b >= max(least_u, 1):
            walk.add_alone(mz, b, of_query=False)
        if compound.mass and mz > compound.highest_mz:
            above += a
    more, both = 0.0, 0.0
    if compound.mass >= start:
        a, b = u.get(compound.mass, 0), v.get(compound.mass, 0)
        least = max(least_u, least_v)
        more = math.log((a + least) / (b + least)) if a > b else 0.0
        both = 1.0 if a and b else 0.0
    return _evidence(walk, math.log(1 + above), more, both)


def _evidence(walk: _Walk, above: float, more: float, both: float) -> RankingEvidence:
    weighted = plain = mean = 0.0
    if walk.shared:
        weighted = walk.cross / (math.sqrt(walk.query) * math.sqrt(walk.library))
        plain = walk.plain_cross / (math.sqrt(walk.plain_query) * math.sqrt(walk.plain_library))
    if walk.ratio_weight > 0:
        mean = walk.ratio_sum / walk.ratio_weight
    return RankingEvidence(
        weighted=near_one(weighted),
        plain=plain,
        ratios=near_one(mean),
        above=above,
        molecular_more=more,
        molecular_both=both,
        compared=walk.compared,
        shared=walk.shared,
    )
