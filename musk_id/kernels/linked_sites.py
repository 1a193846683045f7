"""Haplotypes in a pile of reads, told apart by letters that stand together in the same reads.

A letter that is rarer than another one at its column may be an error; two of them, some columns apart, in the
same reads more often than errors would meet are none. A pile is split by the letter that is linked with most
others, and both parts are made firm by the letters in which they differ. One letter by itself splits a pile only
where it is frequent on both strands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.piles import BASES, NO_LETTER, column_shares, strand_counts

__all__ = ["LinkLimits", "split_once"]

_MAX_CANDIDATES = 600
_ROWS_AT_ONCE = 10_000
_ROUNDS = 6
_LEADS = 4

Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """When a pile is split.

    ``min_reads`` of the smaller part; ``min_apart`` columns between letters that are linked, as errors of one
    place come together; ``error_limit`` is the chance, over all pairs of letters, of so many reads with both by
    errors; ``firm_percent`` of a part's reads have its letters; a single letter needs ``single_percent`` on both
    strands and ``min_single_reads``.
    """

    min_reads: int
    min_apart: int
    error_limit: float
    firm_percent: int
    single_percent: int
    min_single_reads: int
    min_strand_depth: int


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Rarer letters of a pile: their columns and codes, in which rows they stand, and which rows reach them."""

    columns: Ints
    codes: Codes
    has: Flags
    reached: Flags


def split_once(letters: Codes, reverse: Flags, limits: LinkLimits) -> tuple[Flags, Flags] | None:
    """Two parts of a pile, or ``None`` where nothing tells two apart.

    Parameters
    ----------
    letters : ndarray of uint8, shape (n, columns)
        Codes of :mod:`musk_id.kernels.piles`.
    reverse : ndarray of bool, shape (n,)
        Strand of each row.

    Returns
    -------
    (ndarray of bool, ndarray of bool)
        Shape (n,) each; rows in neither reach too little of what tells the parts apart.
    """
    if len(letters) < 2 * limits.min_reads:
        return None
    counts = strand_counts(letters, reverse)
    shares = column_shares(counts, limits.min_strand_depth)
    candidates = _candidates(letters, counts, shares, limits)
    if candidates is None:
        return None
    linked = _linked(candidates, limits)
    degree = linked.sum(axis=1)
    for lead in np.lexsort((np.arange(degree.size), -degree))[:_LEADS].tolist():
        if not degree[lead]:
            break
        together = linked[lead].copy()
        together[lead] = True
        hits = candidates.has[:, together].sum(axis=1)
        reached = candidates.reached[:, together].sum(axis=1)
        found = _made_firm(letters, reverse, (hits * 2 > reached) & (reached >= 2), limits, least_sites=2)
        if found is not None:
            return found
    return _by_one_letter(letters, reverse, counts, candidates, limits)


def _candidates(
    letters: Codes, counts: Ints, shares: NDArray[np.float64], limits: LinkLimits
) -> _Candidates | None:
    rarer = counts[:, :, :BASES].sum(axis=0)
    # The commonest symbol, a gap too, is no candidate.
    commonest = shares.argmax(axis=1)
    held = np.flatnonzero(commonest < BASES)
    rarer[held, commonest[held]] = 0
    columns, codes = np.nonzero(rarer >= limits.min_reads)
    if not columns.size:
        return None
    order = np.lexsort((codes, columns, -rarer[columns, codes]))[:_MAX_CANDIDATES]
    columns = columns[order].astype(np.int64)
    kinds: Codes = codes[order].astype(np.uint8)
    own = letters[:, columns]
    return _Candidates(columns, kinds, own == kinds, own != NO_LETTER)


def _linked(candidates: _Candidates, limits: LinkLimits) -> Flags:
    """Which pairs of letters stand in the same reads more often than by errors; shape (letters, letters)."""
    from scipy.special import pdtrc

    size = candidates.columns.size
    # Whole numbers below 2^24 are exact in these products, whatever order they are summed in.
    both, one, reach = (np.zeros((size, size), np.float64) for _ in range(3))
    for first in range(0, len(candidates.has), _ROWS_AT_ONCE):
        has = candidates.has[first : first + _ROWS_AT_ONCE].astype(np.float32)
        reached = candidates.reached[first : first + _ROWS_AT_ONCE].astype(np.float32)
        both += has.T @ has
        one += has.T @ reached
        reach += reached.T @ reached
    expected = one * one.T / np.maximum(reach, 1)
    # Chance of as many or more: the upper tail of a Poisson distribution.
    chance = pdtrc(np.maximum(both - 1, 0), np.maximum(expected, 1e-3))
    apart = np.abs(candidates.columns[:, None] - candidates.columns[None, :]) >= limits.min_apart
    linked: Flags = apart & (both >= limits.min_reads) & (chance * size * size < limits.error_limit)
    return linked


def _made_firm(
    letters: Codes, reverse: Flags, second: Flags, limits: LinkLimits, *, least_sites: int
) -> tuple[Flags, Flags] | None:
    """Parts by the letters in which their own majorities differ, until no row changes sides."""
    first = ~second
    for _ in range(_ROUNDS):
        if min(np.count_nonzero(first), np.count_nonzero(second)) < limits.min_reads:
            return None
        shares = [
            column_shares(strand_counts(letters[part], reverse[part]), limits.min_strand_depth)
            for part in (first, second)
        ]
        majority = [share.argmax(axis=1) for share in shares]
        known = [share.max(axis=1) * 100 >= limits.firm_percent for share in shares]
        sites = np.flatnonzero(
            (majority[0] != majority[1]) & known[0] & known[1] & (majority[0] < BASES) & (majority[1] < BASES)
        )
        if sites.size < least_sites:
            return None
        own = letters[:, sites]
        to_first = (own == majority[0][sites]).sum(axis=1)
        to_second = (own == majority[1][sites]).sum(axis=1)
        new_first, new_second = to_first > to_second, to_second > to_first
        if np.array_equal(new_first, first) and np.array_equal(new_second, second):
            break
        first, second = new_first, new_second
    if min(np.count_nonzero(first), np.count_nonzero(second)) < limits.min_reads:
        return None
    return first, second


def _by_one_letter(
    letters: Codes, reverse: Flags, counts: Ints, candidates: _Candidates, limits: LinkLimits
) -> tuple[Flags, Flags] | None:
    """Parts by a letter that is frequent on both strands, or on the only one that is deep enough."""
    depth = counts.sum(axis=2)
    for number, (column, code) in enumerate(
        zip(candidates.columns.tolist(), candidates.codes.tolist(), strict=True)
    ):
        deep = [strand for strand in (0, 1) if depth[strand, column] >= limits.min_strand_depth]
        frequent = all(
            counts[strand, column, code] * 100 >= limits.single_percent * depth[strand, column] for strand in deep
        )
        if not deep or not frequent or counts[:, column, code].sum() < limits.min_single_reads:
            continue
        found = _made_firm(letters, reverse, candidates.has[:, number], limits, least_sites=1)
        if found is not None:
            return found
    return None
