"""From scores of spectra to the compounds behind them: the best of each, the first one and what is second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Leading", "best_of_compounds", "leading", "rank_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Leading:
    """The compound with the best score; ``second`` is the best score of any other, ``None`` where there is none.

    ``lead`` is 0 where two compounds share the best score: then the one with the smaller number stands here.
    """

    compound: int
    score: float
    second: float | None

    @property
    def lead(self) -> float:
        """What the first compound is ahead of the second one; infinite where there is no second one."""
        return float("inf") if self.second is None else self.score - self.second


def best_of_compounds(
    scores: Floats, compounds: NDArray[np.int64], count: int, kept: NDArray[np.bool_] | None = None
) -> Floats:
    """Best score of each compound.

    Parameters
    ----------
    scores : ndarray, shape (n,)
        Score of each spectrum.
    compounds : ndarray of int64, shape (n,)
        Compound of each spectrum, from 0 to ``count - 1``.
    count : int
        Number of compounds.
    kept : ndarray of bool, shape (n,), optional
        Spectra that are looked at; all if absent.

    Returns
    -------
    ndarray, shape (count,)
        Minus infinity where no spectrum is looked at.
    """
    best = np.full(count, -np.inf)
    if kept is None:
        np.maximum.at(best, compounds, scores)
    else:
        np.maximum.at(best, compounds[kept], scores[kept])
    return best


def leading(best: Floats) -> Leading:
    """First and second of the best scores of compounds.

    Raises
    ------
    ValueError
        If no compound has a score.
    """
    first = int(np.argmax(best)) if best.size else 0
    if not best.size or best[first] == -np.inf:
        raise ValueError("no compound has a score")
    others = np.delete(best, first)
    second = float(others.max()) if others.size else float("-inf")
    return Leading(first, float(best[first]), None if second == -np.inf else second)


def rank_of(compound: int, best: Floats) -> int:
    """One plus the number of other compounds with a strictly higher best score."""
    return 1 + int((best > best[compound]).sum())
