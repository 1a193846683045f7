"""Near-duplicates among the spectra of one compound, decided in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["NearDuplicate", "near_duplicates"]

# Pairs compared at a time: bounds memory where one compound has very many spectra.
_BLOCK_CELLS = 4_000_000
# The quick test in floating point lets this much more through than the exact one.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A spectrum, the first kept one that it repeats (indices), and their cosine."""

    spectrum: int
    repeats: int
    cosine: float


def near_duplicates(
    mz: Sequence[NDArray[np.uint32]], intensity: Sequence[NDArray[np.uint16]], limit: Decimal
) -> list[NearDuplicate]:
    """Spectra whose cosine with an earlier, kept one exceeds the limit.

    Spectra are taken in the order given; one that repeats an earlier one is not kept, so later spectra are not
    compared with it. Whether a pair exceeds the limit is decided in integers: with u·v, u·u and v·v whole,
    ``(u·v)² > limit² (u·u)(v·v)``.

    Parameters
    ----------
    mz, intensity : sequence of ndarray
        Unit-mass m/z (ascending) and intensities of each spectrum, intensities at most 999.
    limit : Decimal
        Cosine above which a spectrum repeats another, between 0 and 1.
    """
    count = len(mz)
    if count < 2:
        return []
    sizes = [part.size for part in mz]
    rows = sparse.csr_array(
        (
            np.concatenate(intensity).astype(np.int64),
            np.concatenate(mz).astype(np.int64),
            np.concatenate(([0], np.cumsum(sizes))),
        ),
        shape=(count, 1 + max(int(part[-1]) for part in mz if part.size)),
    )
    norms = np.array([int(np.dot(part.astype(np.int64), part.astype(np.int64))) for part in intensity])
    lengths = np.sqrt(norms.astype(np.float64))
    kept = np.ones(count, dtype=bool)
    found: list[NearDuplicate] = []
    step = max(1, _BLOCK_CELLS // count)
    for start in range(0, count, step):
        products = (rows[start : start + step] @ rows.T).toarray()
        for place, dots in enumerate(products):
            own = start + place
            quick = dots[:own] / (lengths[:own] * lengths[own]) > float(limit) - _SLACK
            for other in np.flatnonzero(quick & kept[:own]).tolist():
                if exceeds(int(dots[other]), int(norms[own]), int(norms[other]), limit):
                    kept[own] = False
                    cosine = float(dots[other] / (lengths[own] * lengths[other]))
                    found.append(NearDuplicate(own, other, min(cosine, 1.0)))
                    break
    return found


def exceeds(dot: int, norm_a: int, norm_b: int, limit: Decimal) -> bool:
    """Whether the cosine of two integer vectors exceeds a limit, decided exactly."""
    numerator, denominator = limit.as_integer_ratio()
    return dot * dot * denominator * denominator > numerator * numerator * norm_a * norm_b
