"""Probabilities and names for searches whose laboratories had no part in fitting them.

Each search of a library by one of its own spectra is made twice: with the right compound there (only its spectra
by the same authors are taken out), and with all spectra of the compound taken out, so that every name is wrong.
Both count alike: a probability is that of a search whose compound is in the library in one of two cases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.spectral_probability import Identifier, ProbabilityCurve, fit_curve, naming_limit

__all__ = ["HeldOut", "Searches", "fit_identifier", "fold_answers", "held_out"]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Searches with the compound there and with it taken out, and the fold of each, all of shape (n,)."""

    scores: Floats
    leads: Floats
    right: Booleans
    absent_scores: Floats
    absent_leads: Floats
    folds: NDArray[np.int64]

    def part(self, kept: Booleans) -> Searches:
        """Some of the searches."""
        return Searches(
            self.scores[kept],
            self.leads[kept],
            self.right[kept],
            self.absent_scores[kept],
            self.absent_leads[kept],
            self.folds[kept],
        )

    def curve(self) -> ProbabilityCurve:
        """Curve fitted to all of them.

        Raises
        ------
        ValueError
            If no first compound is right.
        """
        return fit_curve(
            np.concatenate([self.scores, self.absent_scores]),
            np.concatenate([self.leads, self.absent_leads]),
            np.concatenate([self.right, np.zeros(self.right.size, np.bool_)]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Probabilities, and whether the first compound is named at each tried share; shapes (n,) and (shares, n)."""

    present: Floats
    absent: Floats
    present_named: Booleans
    absent_named: Booleans


def fit_identifier(searches: Searches, absent_share: float) -> Identifier:
    """Curve and limit from all searches: of those without the compound at most a share is named."""
    curve = searches.curve()
    absent = curve.probabilities(searches.absent_scores, searches.absent_leads)
    return Identifier(curve, naming_limit(absent, absent_share))


def fold_answers(searches: Searches, fold: int, absent_shares: tuple[float, ...]) -> HeldOut:
    """Answers to one fold's searches by a curve and limits from all other folds.

    Parameters
    ----------
    searches : Searches
        All searches.
    fold : int
        The fold that is answered.
    absent_shares : tuple of float
        Shares of searches without the compound that may be named.

    Raises
    ------
    ValueError
        If the other folds have no search, or no right answer.
    """
    here = searches.folds == fold
    learned, asked = searches.part(~here), searches.part(here)
    curve = learned.curve()
    known = curve.probabilities(learned.absent_scores, learned.absent_leads)
    limits = np.array([naming_limit(known, share) for share in absent_shares])[:, None]
    present = curve.probabilities(asked.scores, asked.leads)
    absent = curve.probabilities(asked.absent_scores, asked.absent_leads)
    return HeldOut(present, absent, present >= limits, absent >= limits)


def held_out(searches: Searches, absent_shares: tuple[float, ...]) -> HeldOut:
    """Answers to all searches, each by the folds that it is not of; in the order of the searches."""
    count, shares = searches.folds.size, len(absent_shares)
    found = HeldOut(
        np.zeros(count), np.zeros(count), np.zeros((shares, count), np.bool_), np.zeros((shares, count), np.bool_)
    )
    for fold in np.unique(searches.folds).tolist():
        here = searches.folds == fold
        answers = fold_answers(searches, fold, absent_shares)
        found.present[here], found.absent[here] = answers.present, answers.absent
        found.present_named[:, here], found.absent_named[:, here] = answers.present_named, answers.absent_named
    return found
