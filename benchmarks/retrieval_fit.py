"""Weights of the ranking evidence, learned so that the true compound stands first: a conditional logit.

For a query and its candidates with evidence x the chance of the true compound is the sum of exp(w x) over its
spectra by the same over all candidates; the mean logarithm of that is made largest, with a small penalty on the
weights in units of the evidence's standard deviation (McFadden 1974, Frontiers in Econometrics, chapter 4).

Spectra of the query's own laboratory are no candidates here. In the public pool the true one is always of another
laboratory, so that weights could learn to prefer what looks *unlike* the query's own laboratory; in casework that
would mean nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from retrieval_pool import Pool
from scipy.optimize import minimize

__all__ = ["CANDIDATES", "Candidates", "candidates", "fit_weights"]

CANDIDATES = 60
PENALTY = 1e-3

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates of a query: their places in the pool and their evidence, shape (n, 6)."""

    query: int
    places: NDArray[np.int64]
    evidence: Floats


def candidates(pool: Pool, query: int, evidence: Floats) -> Candidates:
    """What a query's weights are learned from: the nearest spectra of other laboratories, and the true ones.

    Nearest by the first two columns (both cosines), so that no fitted weight has a say.
    """
    foreign = pool.laboratories != pool.laboratories[query]
    true = foreign & (pool.compounds == pool.compounds[query])
    chosen = true.copy()
    for column in (0, 1):
        nearest = np.argsort(np.where(foreign, -evidence[:, column], np.inf), kind="stable")[:CANDIDATES]
        chosen[nearest] = True
    chosen &= foreign
    places = np.flatnonzero(chosen)
    return Candidates(query, places, evidence[places].copy())


def fit_weights(pool: Pool, learned_from: Sequence[Candidates], without: Collection[int]) -> Floats:
    """Weights of the evidence, shape (6,).

    Parameters
    ----------
    pool : Pool
        The pool.
    learned_from : sequence of Candidates
        Candidates of each query.
    without : collection of int
        Folds that have no part: neither their queries nor their spectra as candidates.
    """
    left_out = np.isin(pool.folds, list(without))
    rows, sizes, right = [], [], []
    for entry in learned_from:
        if left_out[entry.query]:
            continue
        kept = ~left_out[entry.places]
        true = pool.compounds[entry.places[kept]] == pool.compounds[entry.query]
        if true.any():
            rows.append(entry.evidence[kept])
            sizes.append(int(kept.sum()))
            right.append(true)
    x = np.concatenate(rows)
    # A number that never differs gets no weight, whatever its scale.
    scale = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    return _fit((x - x.mean(axis=0)) / scale, np.array(sizes), np.concatenate(right)) / scale


def _fit(x: Floats, sizes: NDArray[np.int64], right: NDArray[np.bool_]) -> Floats:
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(sizes.size), sizes)

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = x @ weights
        powers = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        whole = np.add.reduceat(powers, starts)
        true = np.maximum(np.add.reduceat(powers * right, starts), 1e-300)
        gradient = x.T @ (powers * right / true[owner] - powers / whole[owner])
        value = -float((np.log(true) - np.log(whole)).mean()) + PENALTY * float(weights @ weights)
        return value, -gradient / sizes.size + 2 * PENALTY * weights

    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return np.asarray(found.x, np.float64)
