"""Stop codons of the vertebrate mitochondrial code (NCBI translation table 2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import Masks, encode

__all__ = ["STOP_CODONS", "stop_codon_positions"]

STOP_CODONS = ("TAA", "TAG", "AGA", "AGG")

# Of three masks of four bits each.
_IS_STOP = np.zeros(1 << 12, np.bool_)
_IS_STOP[[int(a) << 8 | int(b) << 4 | int(c) for a, b, c in map(encode, STOP_CODONS)]] = True


def stop_codon_positions(masks: Masks, first_codon: int) -> NDArray[np.int64]:
    """Columns at which a stop codon of unambiguous letters begins.

    Parameters
    ----------
    masks : ndarray of uint8, shape (n,)
        Sequence in the frame of its window; 0 where there is no letter.
    first_codon : {0, 1, 2}
        Column at which the first codon begins.
    """
    usable = (masks.size - first_codon) // 3 * 3
    codons = masks[first_codon : first_codon + usable].reshape(-1, 3).astype(np.int16)
    hits = _IS_STOP[codons[:, 0] << 8 | codons[:, 1] << 4 | codons[:, 2]]
    return np.flatnonzero(hits).astype(np.int64) * 3 + first_codon
