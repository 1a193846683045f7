"""Reads of several variants explained as a mixture of known haplotypes and something unknown.

A read of a variant at d edits from the haplotype it came from has the chance (e/3)^d (1 - e)^(L - d), where e
is the chance of an error a letter and L the letters of the variant. What is unknown is an animal whose
haplotype lies at a share u of its letters from the nearest known one: (u/3)^m (1 - u)^(L - m), where m is the
distance to the nearest. Shares of the components are those of largest likelihood, by expectation and
maximisation (Dempster, Laird and Rubin 1977, J. R. Stat. Soc. B 39:1); the log-likelihood is concave in them.
Haplotypes are added one by one, each time that which raises the likelihood most, as long as the Bayesian
information criterion -2 ln L + k ln n (Schwarz 1978, Ann. Stat. 6:461) gets smaller, with k haplotypes and n
reads.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Explained", "Step", "explain", "fit_shares", "log_chances", "log_unknown"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 5_000
_SETTLED = 1e-10
# Gains that differ by less are of haplotypes that the reads do not tell apart.
_TIE = 1e-6


class Step(NamedTuple):
    """The best mixture of so many haplotypes: these, log-likelihood and criterion."""

    chosen: tuple[int, ...]
    log_likelihood: float
    criterion: float


class Explained(NamedTuple):
    """The mixture of the smallest criterion.

    Attributes
    ----------
    steps : tuple of Step
        From no haplotype on; the last is the first that did not make the criterion smaller, if there was one.
    best : int
        Place of the chosen step.
    ties : tuple of tuple of int
        For each haplotype of it those that would have done as well when it was added, itself included.
    reads : ndarray of float64, shape (haplotypes + 1,)
        Expected reads of each haplotype of it; the last of what is unknown.
    """

    steps: tuple[Step, ...]
    best: int
    ties: tuple[tuple[int, ...], ...]
    reads: Floats


def log_chances(edits: Ints, lengths: Ints, error: float) -> Floats:
    """Log-chance of each variant from each haplotype.

    Parameters
    ----------
    edits : ndarray of int64, shape (variants, haplotypes)
        Edits between them.
    lengths : ndarray of int64, shape (variants,)
        Letters of each variant.
    error : float
        Chance of an error a letter, between 0 and 1.
    """
    right = np.maximum(lengths[:, None] - edits, 0)
    return np.asarray(edits * math.log(error / 3.0) + right * math.log1p(-error), np.float64)


def log_unknown(edits: Ints, lengths: Ints, apart: float) -> Floats:
    """Log-chance of each variant from an animal that is not among the haplotypes; shape (variants,)."""
    return log_chances(edits.min(axis=1, keepdims=True), lengths, apart)[:, 0]


def fit_shares(counts: Ints, logs: Floats) -> tuple[Floats, float]:
    """Shares of components of largest likelihood, and the log-likelihood.

    Parameters
    ----------
    counts : ndarray of int64, shape (variants,)
        Reads of each variant.
    logs : ndarray of float64, shape (variants, components)
        Log-chance of a variant from a component.
    """
    top = logs.max(axis=1, keepdims=True)
    chances = np.exp(logs - top)
    shares = np.full(logs.shape[1], 1.0 / logs.shape[1])
    total = float(counts.sum())
    before = -math.inf
    for _ in range(_ROUNDS):
        mixed = chances @ shares
        now = float(counts @ (np.log(mixed) + top[:, 0]))
        if now - before <= _SETTLED * max(1.0, abs(now)):
            break
        before = now
        shares = shares * (chances.T @ (counts / mixed)) / total
    return shares, now


def explain(counts: Ints, known: Floats, unknown: Floats, most: int) -> Explained:
    """The mixture of known haplotypes and an unknown that the reads speak for.

    Parameters
    ----------
    counts : ndarray of int64, shape (variants,)
        Reads of each variant, at least one.
    known : ndarray of float64, shape (variants, haplotypes)
        Log-chance of a variant from a haplotype.
    unknown : ndarray of float64, shape (variants,)
        The same from what is unknown, which is part of every mixture.
    most : int
        Haplotypes at most.

    Raises
    ------
    ValueError
        If there are no reads.
    """
    if counts.size == 0 or counts.sum() <= 0:
        raise ValueError("no reads, no mixture")
    total = int(counts.sum())

    def fitted(chosen: tuple[int, ...]) -> tuple[Floats, float]:
        return fit_shares(counts, np.column_stack([known[:, list(chosen)], unknown]))

    steps = [Step((), *(_criterion(fitted(())[1], 0, total)))]
    ties: list[tuple[int, ...]] = []
    while len(steps[-1].chosen) < min(most, known.shape[1]):
        chosen = steps[-1].chosen
        gains = {other: fitted((*chosen, other))[1] for other in range(known.shape[1]) if other not in chosen}
        height = max(gains.values())
        alike = tuple(other for other, gain in gains.items() if height - gain <= _TIE)
        step = Step((*chosen, alike[0]), *_criterion(height, len(chosen) + 1, total))
        steps.append(step)
        if step.criterion >= steps[-2].criterion:
            break
        ties.append(alike)
    best = min(range(len(steps)), key=lambda number: steps[number].criterion)
    logs = np.column_stack([known[:, list(steps[best].chosen)], unknown])
    shares, _ = fit_shares(counts, logs)
    chances = np.exp(logs - logs.max(axis=1, keepdims=True)) * shares
    reads = counts @ (chances / chances.sum(axis=1, keepdims=True))
    return Explained(tuple(steps), best, tuple(ties[:best]), reads)


def _criterion(height: float, haplotypes: int, total: int) -> tuple[float, float]:
    return height, -2.0 * height + haplotypes * math.log(total)
