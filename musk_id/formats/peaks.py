"""Peak lists to spectra: checks and order that all readers of mass spectra share."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError
from musk_id.model.spectrum import MassSpectrum

__all__ = ["MAX_INTENSITY", "MAX_MZ", "MAX_PEAKS", "number", "spectrum"]

MAX_PEAKS = 20_000
MAX_MZ = 100_000.0
MAX_INTENSITY = 1e30


def number(text: str, where: str) -> float:
    """A finite, non-negative number written with a decimal point.

    Raises
    ------
    InputFormatError
        If the text is no such number.
    """
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        hint = "write numbers with a decimal point" if "," in text else ""
        raise InputFormatError(f"{text[:40]!r} is no number of at least 0", where=where, hint=hint)
    return value


def spectrum(
    name: str,
    mz: Sequence[float] | NDArray[np.float64],
    intensity: Sequence[float] | NDArray[np.float64],
    metadata: tuple[tuple[str, str], ...],
    where: str,
) -> MassSpectrum:
    """A spectrum with peaks in ascending m/z; peaks of intensity 0 are left out, equal m/z are added up.

    Where peaks were added up, the metadata end with ``merged_peaks``: how many peaks went into others.

    Raises
    ------
    InputFormatError
        If the peaks are too many or out of range.
    """
    if len(mz) > MAX_PEAKS:
        raise InputFormatError(f"{len(mz)} peaks, at most {MAX_PEAKS} are read", where=where)
    values = np.array(mz, dtype=np.float64, order="C")
    weights = np.array(intensity, dtype=np.float64, order="C")
    if values.size and not (values.min() > 0 and values.max() <= MAX_MZ):
        raise InputFormatError(f"m/z must lie above 0 and at most at {MAX_MZ:.0f}", where=where)
    if weights.size and not (weights.min() >= 0 and weights.max() <= MAX_INTENSITY):
        raise InputFormatError(f"intensities must lie between 0 and {MAX_INTENSITY:g}", where=where)
    if values.size and weights.min() > 0 and (values[1:] > values[:-1]).all():
        return MassSpectrum(name=name, mz=values, intensity=weights, metadata=metadata)
    kept = weights > 0
    unique, index = np.unique(values[kept], return_inverse=True)
    sums = np.bincount(index, weights=weights[kept], minlength=unique.size).astype(np.float64)
    merged = int(kept.sum()) - unique.size
    if merged:
        metadata = (*metadata, ("merged_peaks", str(merged)))
    return MassSpectrum(name=name, mz=unique, intensity=sums, metadata=metadata)
