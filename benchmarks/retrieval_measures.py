"""Ranks, intervals and answers for pool D, each search by weights that its laboratory had no part in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from retrieval_fit import Candidates, candidates, fit_weights
from retrieval_folds import FOLDS
from retrieval_pool import Pool, searched

from musk_id.kernels.compound_hits import best_of_compounds, leading, rank_of
from musk_id.kernels.spectral_held_out import HeldOut, Searches, fold_answers

__all__ = [
    "ABSENT_SHARES",
    "Evidence",
    "Nested",
    "bootstrap",
    "cosine_ranks",
    "evidence_of",
    "nested",
    "searches_with",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

ABSENT_SHARES = (0.01, 0.05, 0.1, 0.2)
REPLICATES = 4000
BINS = 1000
BLOCK = 256


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence of the pool for each query, shape (queries, n, 6), and what weights are learned from."""

    values: Floats
    candidates: Sequence[Candidates]


def evidence_of(pool: Pool, kept: Path | None = None) -> Evidence:
    """Everything that scores are made of, computed once (about a gigabyte), or taken from where it was kept."""
    shape = (pool.queries.size, len(pool), 6)
    if kept is not None and kept.is_file():
        values = np.load(kept, allow_pickle=False)
        if values.shape != shape:
            raise SystemExit(f"{kept}: evidence of other queries, shape {values.shape}; delete it")
    else:
        values = np.empty(shape)
        for place, (_, wide) in enumerate(searched(pool)):
            values[place] = wide.matrix()
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, values, allow_pickle=False)
    chosen = [candidates(pool, query, values[place]) for place, query in enumerate(pool.queries.tolist())]
    return Evidence(values, chosen)


@dataclass(frozen=True, eq=False)
class Nested:
    """Held-out results of every query: rank, rank without the query's whole laboratory (0: no other has the
    compound), first compound of both searches, answers; and the weights of each fold and of all."""

    ranks: Integers
    foreign_ranks: Integers
    right: Booleans
    first: Integers
    absent_first: Integers
    answers: HeldOut
    fold_weights: Floats
    weights: Floats


def nested(pool: Pool, evidence: Evidence) -> Nested:
    """Answer each fold's queries by weights, curve and limits that no spectrum of the fold had a part in."""
    count = pool.queries.size
    ranks, foreign = np.zeros(count, np.int64), np.zeros(count, np.int64)
    right = np.zeros(count, np.bool_)
    first, absent_first = np.zeros(count, np.int64), np.zeros(count, np.int64)
    shape = (len(ABSENT_SHARES), count)
    answers = HeldOut(np.zeros(count), np.zeros(count), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_))
    fold_weights = np.zeros((FOLDS, 6))
    for fold in range(FOLDS):
        weights = fold_weights[fold] = fit_weights(pool, evidence.candidates, {fold})
        here = pool.folds[pool.queries] == fold
        searches, present, absent = searches_with(pool, evidence, weights)
        found = fold_answers(searches, fold, ABSENT_SHARES)
        answers.present[here], answers.absent[here] = found.present, found.absent
        answers.present_named[:, here], answers.absent_named[:, here] = found.present_named, found.absent_named
        right[here], first[here], absent_first[here] = searches.right[here], present[here], absent[here]
        for place in np.flatnonzero(here).tolist():
            ranks[place], foreign[place] = _ranks(pool, place, evidence.values[place] @ weights)
    return Nested(
        ranks,
        foreign,
        right,
        first,
        absent_first,
        answers,
        fold_weights,
        fit_weights(pool, evidence.candidates, ()),
    )


def _ranks(pool: Pool, place: int, scores: Floats) -> tuple[int, int]:
    query = int(pool.queries[place])
    compound, count = int(pool.compounds[query]), pool.count
    best = best_of_compounds(scores, pool.compounds, count, ~pool.withheld(query))
    others = pool.laboratories != pool.laboratories[query]
    foreign = best_of_compounds(scores, pool.compounds, count, others)
    return rank_of(compound, best), rank_of(compound, foreign) if foreign[compound] > -np.inf else 0


def searches_with(pool: Pool, evidence: Evidence, weights: Floats) -> tuple[Searches, Integers, Integers]:
    """Every query's search with its compound there and taken out; and the first compounds of both."""
    rows = []
    for place, query in enumerate(pool.queries.tolist()):
        scores = evidence.values[place] @ weights
        compound = int(pool.compounds[query])
        best = best_of_compounds(scores, pool.compounds, pool.count, ~pool.withheld(query))
        first = leading(best)
        best[compound] = -np.inf
        absent = leading(best)
        rows.append((first.score, first.lead, first.compound, absent.score, absent.lead, absent.compound))
    scores, leads, firsts, absent_scores, absent_leads, absent_firsts = (
        np.array(c) for c in zip(*rows, strict=True)
    )
    right = firsts == pool.compounds[pool.queries]
    folds = pool.folds[pool.queries]
    return Searches(scores, leads, right, absent_scores, absent_leads, folds), firsts, absent_firsts


def cosine_ranks(pool: Pool, mz_power: float, intensity_power: float) -> Integers:
    """Ranks by the cosine over the whole range of m/z, as the published figures have it."""
    dense = np.zeros((len(pool), BINS), np.float32)
    for place, record in enumerate(pool.records):
        kept = record.spectrum.mz < BINS
        mz, intensity = record.spectrum.mz[kept], record.spectrum.intensity[kept]
        dense[place, mz] = mz.astype(float) ** mz_power * intensity.astype(float) ** intensity_power
    dense /= np.sqrt((dense**2).sum(axis=1, keepdims=True))
    ranks = []
    for start in range(0, pool.queries.size, BLOCK):
        block = pool.queries[start : start + BLOCK].tolist()
        for query, scores in zip(block, dense[block] @ dense.T, strict=True):
            kept = ~pool.withheld(query)
            best = best_of_compounds(scores.astype(np.float64), pool.compounds, pool.count, kept)
            ranks.append(rank_of(int(pool.compounds[query]), best))
    return np.array(ranks, np.int64)


def bootstrap(pool: Pool, values: Floats) -> tuple[float, float]:
    """95 % interval of a mean over queries, drawn by compound (its queries come together or not at all).

    ``values`` of two methods subtracted from each other give the interval of the paired difference.
    """
    compounds = np.unique(pool.compounds[pool.queries], return_inverse=True)[1]
    sums = np.bincount(compounds, weights=values)
    sizes = np.bincount(compounds)
    draws = np.random.default_rng(20260101).integers(0, sums.size, (REPLICATES, sums.size))
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975)).tolist()
    return low, high
