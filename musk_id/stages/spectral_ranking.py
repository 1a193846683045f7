"""Compounds of a library in the order of their evidence for a spectrum, and whether the first one is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.compound_hits import best_of_compounds, leading
from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_probability import Identifier, ProbabilityCurve
from musk_id.kernels.spectral_ranking import RankingEvidence, RankingWeights, compound_ions
from musk_id.kernels.spectral_ranking_many import RankingTable
from musk_id.library_vocabulary import NameOutcome
from musk_id.model.ranking_methods import RankingMethod
from musk_id.model.spectral_calibration import SpectralCalibration

__all__ = ["CompoundRanking", "RankedAnswer", "RankedCompound"]


@dataclass(frozen=True, slots=True)
class RankedCompound:
    """A compound, its rank (compounds with one score share it), its best spectrum, and what that rests on."""

    compound: str
    rank: int
    spectrum: int
    score: float
    evidence: RankingEvidence


@dataclass(frozen=True, slots=True)
class RankedAnswer:
    """Compounds in order, and what may be said of the first one.

    ``probability`` that the first compound is the right one is ``None`` where the library is not calibrated.
    Any name that rests on this alone is tentative.
    """

    compounds: tuple[RankedCompound, ...]
    outcome: NameOutcome
    probability: float | None


class CompoundRanking:
    """References prepared for ranking.

    Parameters
    ----------
    spectra : sequence of UnitMassSpectrum
        References with at least one peak each.
    formulas : sequence of str
        Molecular formula of each; one that cannot be read says nothing on the molecular ion.
    compounds : sequence of str
        Compound of each, such as the first block of its InChIKey.
    method : RankingMethod
        Weights of the evidence.
    calibration : SpectralCalibration, optional
        Calibration of this very library; without one, or with one that was refused, there is no probability.

    Raises
    ------
    ValueError
        If the sequences differ in length, or the calibration was made with another method.
    """

    def __init__(
        self,
        spectra: Sequence[UnitMassSpectrum],
        formulas: Sequence[str],
        compounds: Sequence[str],
        method: RankingMethod,
        calibration: SpectralCalibration | None = None,
    ) -> None:
        if len(compounds) != len(spectra):
            raise ValueError(f"{len(spectra)} spectra, {len(compounds)} compounds")
        if calibration is not None and calibration.method != method.version:
            raise ValueError(f"calibrated with {calibration.method}, asked with {method.version}")
        self._table = RankingTable(spectra, [compound_ions(formula) for formula in formulas])
        self._names = sorted(set(compounds))
        numbers = {name: number for number, name in enumerate(self._names)}
        self._compounds = np.array([numbers[name] for name in compounds], np.int64)
        self._weights = RankingWeights(*method.weights)
        fitted = None if calibration is None else calibration.probability
        self._identifier = (
            None
            if fitted is None
            else Identifier(ProbabilityCurve(*fitted.curve), float(fitted.least_probability))
        )

    def answer(self, query: UnitMassSpectrum, count: int, kept: NDArray[np.bool_] | None = None) -> RankedAnswer:
        """The first compounds for a spectrum.

        Parameters
        ----------
        query : UnitMassSpectrum
            Spectrum with at least one peak.
        count : int
            Compounds that are listed; those that tie with the last one are listed too.
        kept : ndarray of bool, shape (n,), optional
            References that are looked at, such as all but the query itself; all if absent.

        Raises
        ------
        ValueError
            If the query has no peak, or no reference is looked at.
        """
        wide = self._table.evidence(query)
        scores = wide.scores(self._weights)
        best = best_of_compounds(scores, self._compounds, len(self._names), kept)
        first = leading(best)
        looked_at = np.flatnonzero(best > -np.inf)
        last = np.sort(best[looked_at])[::-1][min(count, looked_at.size) - 1]
        # Equal scores stand in the order of the names, and share a rank.
        chosen = sorted(looked_at[best[looked_at] >= last].tolist(), key=lambda number: (-best[number], number))
        listed = []
        for number in chosen:
            here = (self._compounds == number) & (scores == best[number])
            place = int(np.flatnonzero(here if kept is None else here & kept)[0])
            rank = 1 + int((best > best[number]).sum())
            listed.append(RankedCompound(self._names[number], rank, place, float(best[number]), wide.of(place)))
        if self._identifier is None:
            return RankedAnswer(tuple(listed), NameOutcome.NOT_CALIBRATED, None)
        probability, is_named = self._identifier.decide(first.score, first.second)
        outcome = NameOutcome.NAMED if is_named else NameOutcome.NO_NAME
        return RankedAnswer(tuple(listed), outcome, probability)
