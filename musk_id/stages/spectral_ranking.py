"""Compounds of a library in the order of their evidence for a spectrum, and whether the first one is named.

The evidence has no bound that an index could prove: every reference is compared, and answers say how many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.compound_hits import best_of_compounds, leading
from musk_id.kernels.formula_class import may_be_macrocycle_or_steroid
from musk_id.kernels.isomer_count import IsomerCount
from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_probability import Identifier, ProbabilityCurve
from musk_id.kernels.spectral_ranking import RankingEvidence, RankingWeights, compound_ions
from musk_id.kernels.spectral_ranking_many import RankingTable
from musk_id.library_vocabulary import NameOutcome
from musk_id.model.ranking_methods import RankingMethod
from musk_id.model.spectral_calibration import CALIBRATION_DIGITS, SpectralCalibration
from musk_id.model.spectral_ranking import RankedName, RankedReference, SpectralRanking
from musk_id.model.values import Line, Sha256, decimal_at_most, decimal_text

__all__ = ["COMPOUNDS_LISTED", "CompoundRanking", "LibraryRanking", "RankedAnswer", "RankedCompound"]

SCORE_DIGITS = 4
COMPOUNDS_LISTED = 5
# What is computed can round to one; a probability of one is not said.
MOST_PROBABLE = 0.9999


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
    Any name that rests on this alone is tentative. ``ranks`` are those of the compounds asked for.
    """

    compounds: tuple[RankedCompound, ...]
    outcome: NameOutcome
    probability: float | None
    ranks: Mapping[str, int] = field(default_factory=dict)


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
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._compounds = np.array([self._numbers[name] for name in compounds], np.int64)
        self._weights = RankingWeights(*method.weights)
        fitted = None if calibration is None else calibration.probability
        self._identifier = (
            None
            if fitted is None
            else Identifier(ProbabilityCurve(*fitted.curve), float(fitted.least_probability))
        )

    def answer(
        self,
        query: UnitMassSpectrum,
        count: int,
        kept: NDArray[np.bool_] | None = None,
        asked: Collection[str] = (),
    ) -> RankedAnswer:
        """The first compounds for a spectrum.

        Parameters
        ----------
        query : UnitMassSpectrum
            Spectrum with at least one peak.
        count : int
            Compounds that are listed; those that tie with the last one are listed too.
        kept : ndarray of bool, shape (n,), optional
            References that are looked at, such as all but the query itself; all if absent.
        asked : collection of str
            Compounds whose rank is told, listed or not; those without a reference that is looked at have none.

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
        ranks = {
            name: 1 + int((best > best[self._numbers[name]]).sum())
            for name in asked
            if name in self._numbers and best[self._numbers[name]] > -np.inf
        }
        if self._identifier is None:
            return RankedAnswer(tuple(listed), NameOutcome.NOT_CALIBRATED, None, ranks)
        probability, is_named = self._identifier.decide(first.score, first.second)
        outcome = NameOutcome.NAMED if is_named else NameOutcome.NO_NAME
        return RankedAnswer(tuple(listed), outcome, probability, ranks)


class LibraryRanking:
    """A library's references, ranked and told with what its calibration says of the first place.

    Parameters
    ----------
    library : str
        Id of the library or release.
    references : sequence of RankedReference
        Its spectra that are ranked, at least one.
    method : RankingMethod
        Weights of the evidence.
    calibration, sha256 : SpectralCalibration and Sha256, optional
        Calibration of exactly these references, and the digest of its file.
    known : iterable of (str, str)
        InChIKeys and formulas of compounds that are known beside the references: they count as isomers.

    Raises
    ------
    ValueError
        As for :class:`CompoundRanking`.
    """

    def __init__(
        self,
        library: Line,
        references: Sequence[RankedReference],
        method: RankingMethod,
        calibration: SpectralCalibration | None = None,
        sha256: Sha256 | None = None,
        known: Iterable[tuple[str, str]] = (),
    ) -> None:
        held = [(reference.inchikey or reference.compound, reference.formula) for reference in references]
        self._isomers = IsomerCount([*held, *known])
        self._compounds = frozenset(reference.compound for reference in references)
        self._ranking = CompoundRanking(
            [UnitMassSpectrum(reference.mz, reference.intensity) for reference in references],
            [reference.formula for reference in references],
            [reference.compound for reference in references],
            method,
            calibration,
        )
        self.library = library
        self._references = references
        self._method = method
        self._calibration = calibration
        self._sha256 = sha256

    @property
    def is_calibrated(self) -> bool:
        """Whether there are probabilities."""
        return self._calibration is not None and self._calibration.probability is not None

    def holds(self, compound: str) -> bool:
        """Whether a compound (first block of its InChIKey) is among those that are ranked."""
        return compound in self._compounds

    def ranked(
        self, query: UnitMassSpectrum, asked: Collection[str] = ()
    ) -> tuple[SpectralRanking, Mapping[str, int]]:
        """The answer for a spectrum with at least one peak, and the ranks of the compounds asked for."""
        answer = self._ranking.answer(query, COMPOUNDS_LISTED, asked=asked)
        calibration = self._calibration
        first = [compound for compound in answer.compounds if compound.rank == 1]
        isomers = max(map(self._known_isomers, first))
        is_open = isomers > 0 or any(map(self._is_of_open_class, first))
        told = SpectralRanking(
            method=self._method.version,
            library=self.library,
            references=len(self._references),
            outcome=NameOutcome.NOT_CALIBRATED,
            compounds=tuple(self._name(compound) for compound in answer.compounds),
            calibration_sha256=self._sha256,
            refused=None if calibration is None else calibration.refused,
            isomers=isomers,
        )
        if answer.probability is None or calibration is None or calibration.probability is None:
            return told, answer.ranks
        shown = decimal_at_most(min(answer.probability, MOST_PROBABLE), CALIBRATION_DIGITS)
        least = calibration.probability.least_probability
        is_named = answer.outcome is NameOutcome.NAMED and Decimal(shown) >= Decimal(least)
        told = replace(
            told,
            outcome=NameOutcome.NO_NAME if not is_named else NameOutcome.ONE_OF if is_open else NameOutcome.NAMED,
            probability=shown,
            least_probability=least,
            naming=next((n for n in calibration.naming if n.absent_share == self._method.absent_share), None),
            reliability=next(
                (r for r in calibration.reliability if Decimal(r.low) <= Decimal(shown) < Decimal(r.high)), None
            ),
        )
        return told, answer.ranks

    def _known_isomers(self, ranked: RankedCompound) -> int:
        reference = self._references[ranked.spectrum]
        return self._isomers.of(ranked.compound, reference.formula)

    def _is_of_open_class(self, ranked: RankedCompound) -> bool:
        """Macrocycles and steroids have isomers, known here or not."""
        return may_be_macrocycle_or_steroid(self._references[ranked.spectrum].formula)

    def _name(self, ranked: RankedCompound) -> RankedName:
        reference = self._references[ranked.spectrum]
        return RankedName(
            rank=ranked.rank,
            compound=Line(ranked.compound),
            name=Line(reference.name),
            accession=Line(reference.accession),
            score=decimal_text(ranked.score, SCORE_DIGITS),
        )
