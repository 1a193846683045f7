"""Mismatch counts between sequences placed in one frame, from one bit plane per base.

A column is compared where both sequences hold a letter. A letter is *incompatible* with another if they
share no base, and *possibly different* unless both are one and the same unambiguous base. Counting
incompatible columns gives the smallest number of differences that the letters allow, counting possibly
different columns the largest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import Masks

__all__ = ["Mismatches", "Planes", "k2p_distance", "mismatches", "pack"]

_BASES = 4
_WORD_BITS = 64

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Planes:
    """Bit planes of ``n`` sequences of equal width: ``words`` has shape (4, n, width / 64), dtype uint64."""

    words: NDArray[np.uint64]
    width: int


@dataclass(frozen=True, slots=True)
class Mismatches:
    """Counts of one query against ``n`` references, each of shape (n,).

    ``transitions`` and ``transversions`` count pairs of different unambiguous bases.
    """

    compared: Counts
    incompatible: Counts
    possible: Counts
    transitions: Counts
    transversions: Counts


def pack(masks: Masks) -> Planes:
    """Planes of masks of shape (n, width); 0 marks a column without a letter."""
    count, width = masks.shape
    padded = np.zeros((count, -(-width // _WORD_BITS) * _WORD_BITS), dtype=np.uint8)
    padded[:, :width] = masks
    planes = np.stack([(padded >> base) & 1 for base in range(_BASES)])
    packed = np.packbits(planes, axis=2, bitorder="little")
    return Planes(packed.view(np.uint64), width)


def _count(words: NDArray[np.uint64]) -> Counts:
    counts: Counts = np.bitwise_count(words).sum(axis=-1, dtype=np.int64)
    return counts


def mismatches(query: Planes, references: Planes) -> Mismatches:
    """Exact counts of one query (planes of one sequence) against every reference.

    Raises
    ------
    ValueError
        If the widths differ or the query holds more than one sequence.
    """
    if query.width != references.width or query.words.shape[1] != 1:
        raise ValueError(
            f"one query of width {references.width} is needed, found {query.words.shape[1]} of width {query.width}"
        )
    q, r = query.words, references.words
    q_any, r_any = q[0] | q[1] | q[2] | q[3], r[0] | r[1] | r[2] | r[3]
    compared = q_any & r_any
    shared = (q[0] & r[0]) | (q[1] & r[1]) | (q[2] & r[2]) | (q[3] & r[3])
    single = compared & ~_several(q) & ~_several(r)
    different = single & ~shared
    # A (plane 0) and G (2), C (1) and T (3) differ by a transition.
    purines = (q[0] | q[2]) & (r[0] | r[2])
    pyrimidines = (q[1] | q[3]) & (r[1] | r[3])
    transitions = different & (purines | pyrimidines)
    return Mismatches(
        compared=_count(compared),
        incompatible=_count(compared & ~shared),
        possible=_count(compared & ~(single & shared)),
        transitions=_count(transitions),
        transversions=_count(different & ~transitions),
    )


def _several(planes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Columns where a sequence holds an ambiguity letter."""
    a, c, g, t = planes
    result: NDArray[np.uint64] = (a & c) | (a & g) | (a & t) | (c & g) | (c & t) | (g & t)
    return result


def k2p_distance(transitions: Counts, transversions: Counts, compared: Counts) -> NDArray[np.float64]:
    """Kimura's two-parameter distance (Kimura 1980, J. Mol. Evol. 16:111); NaN where it is not defined."""
    sites = np.where(compared > 0, compared, 1).astype(np.float64)
    p, q = transitions / sites, transversions / sites
    first, second = 1.0 - 2.0 * p - q, 1.0 - 2.0 * q
    defined = (compared > 0) & (first > 0) & (second > 0)
    first, second = np.where(defined, first, 1.0), np.where(defined, second, 1.0)
    return np.where(defined, -0.5 * np.log(first) - 0.25 * np.log(second), np.nan)
