"""Whether a spectrum is a copy of another one to which a few peaks were added, or from which some were taken.

Two measurements of a substance differ in every intensity; a copy differs in none but those that were changed.
Files round, so that intensities count as equal within what rounding does.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from musk_id.kernels.spectral import UnitMassSpectrum, shared_range

__all__ = ["LEAST_SHARE", "CopiedPeaks", "copied_peaks"]

LEAST_EQUAL = 8
"""Equal peaks below which nothing is suspected."""
LEAST_SHARE = Fraction(9, 10)
"""Share of the peaks of either spectrum that must be equal, and of those that tell something."""
CHANCE = 1e-3
"""Chance that a second measurement agrees so, where its intensities differ by up to 5 %, evenly spread."""
_DEVIATION = 0.05
# As for whole copies (``same_content``): files scale to 100 or 999 and round.
_SCALING = 0.0015
_SCALES_TRIED = 3


@dataclass(frozen=True, slots=True)
class CopiedPeaks:
    """Equal peaks of two spectra on the range that both cover, and how many each of them has there.

    Peaks so weak that the other spectrum could not show them are left out.
    """

    equal: int
    of_query: int
    of_reference: int


def copied_peaks(query: UnitMassSpectrum, reference: UnitMassSpectrum) -> CopiedPeaks | None:
    """Counts where a spectrum holds nearly all peaks of another one with their intensities; else ``None``.

    At least eight peaks are equal, nine in ten of either spectrum, and nine in ten of those so strong that two
    measurements differ there by more than rounding does; and the chance that a second measurement agrees so is
    below one in a thousand. Both are brought to one scale by one of the three strongest peaks of the reference
    that the query has too: the one by which most are equal, so that a changed base peak hides nothing.

    Parameters
    ----------
    query, reference : UnitMassSpectrum
        Spectra with intensities up to 999.
    """
    if query.mz.size == 0 or reference.mz.size == 0:
        return None
    low, high = shared_range(query, reference)
    a, b = query.between(low, high), reference.between(low, high)
    _, in_a, in_b = np.intersect1d(a.mz, b.mz, assume_unique=True, return_indices=True)
    if in_a.size < LEAST_EQUAL:
        return None
    ours, theirs = a.intensity[in_a].astype(np.float64), b.intensity[in_b].astype(np.float64)
    alone_a, alone_b = np.delete(a.intensity, in_a), np.delete(b.intensity, in_b)
    largest = float(theirs.max())
    found: CopiedPeaks | None = None
    for place in np.argsort(-theirs, kind="stable")[:_SCALES_TRIED].tolist():
        scale = theirs[place] / ours[place]
        # Half a unit of the query, on the scale of the reference.
        room = _SCALING * largest + 0.5 * scale
        equal = np.abs(ours * scale - theirs) <= room
        telling = _DEVIATION * theirs > room
        telling[place] = False
        chance = float(np.prod(room / (_DEVIATION * theirs[equal & telling])))
        # What the other spectrum is too coarse to show is not missing there.
        counts = CopiedPeaks(
            int(equal.sum()),
            in_a.size + int((alone_a * scale > room).sum()),
            in_a.size + int((alone_b > room).sum()),
        )
        most = max(counts.of_query, counts.of_reference)
        agree = int((equal & telling).sum()) >= LEAST_SHARE * int(telling.sum())
        enough = counts.equal >= LEAST_EQUAL and counts.equal >= LEAST_SHARE * most
        if agree and enough and chance < CHANCE and (found is None or counts.equal > found.equal):
            found = counts
    return found
