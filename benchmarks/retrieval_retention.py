"""Rank with and without retention index, on derivatised spectra: in pool D no compound has an index twice.

Pool F, queries whose record carries an index and whose compound has one by other authors. Nothing is fitted here:
weights are those learned on pool D, whose laboratories are others; the deviation is the usual difference between
laboratories on phases of one kind. A record names the parent of the derivative, so that nothing is known of the
molecular ion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from retrieval_pool import Record

from musk_id.kernels.compound_hits import best_of_compounds, rank_of
from musk_id.kernels.spectral_ranking import CompoundIons
from musk_id.kernels.spectral_ranking_many import RankingTable

__all__ = ["DEVIATION", "retention_evidence", "retention_ranks"]

DEVIATION = 15.0


def retention_evidence(difference: float | None, deviation: float) -> float:
    """What a difference of retention indices adds to a score: the logarithm of a normal density, cut off.

    Parameters
    ----------
    difference : float or None
        Index of the query less that of the reference, on phases that may be compared; ``None`` where either has
        none: then 0 is added, as for equal indices.
    deviation : float
        Standard deviation of indices between laboratories.

    Returns
    -------
    float
        -(d/s)^2 / 2, no less than -4.5: beyond three deviations an index may be a wrong entry, and says no more.
    """
    if difference is None:
        return 0.0
    return -0.5 * min(9.0, (difference / deviation) ** 2)


def retention_ranks(
    records: Sequence[Record], weights: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ranks of the true compound without and with retention index."""
    held = [record for record in records if record.row["pool_F"] == "1"]
    names = sorted({record.compound for record in held})
    compounds = np.array([names.index(record.compound) for record in held], np.int64)
    authors = np.array([record.row["authors"] for record in held])
    table = RankingTable([record.spectrum for record in held], [CompoundIons(0, 0)] * len(held))
    has_index = np.array([record.retention_index is not None for record in held])
    without, with_index = [], []
    for query, record in enumerate(held):
        if record.retention_index is None:
            continue
        same = compounds == compounds[query]
        kept = ~(same & (authors == authors[query]))
        if not (same & kept & has_index).any():
            continue
        scores = table.evidence(record.spectrum).matrix() @ weights
        differences = [
            None if r.retention_index is None else record.retention_index - r.retention_index for r in held
        ]
        added = np.array([retention_evidence(d, DEVIATION) for d in differences])
        for found, values in ((without, scores), (with_index, scores + added)):
            best = best_of_compounds(values, compounds, len(names), kept)
            found.append(rank_of(int(compounds[query]), best))
    return np.array(without, np.int64), np.array(with_index, np.int64)
