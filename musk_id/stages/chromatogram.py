"""The total ion current of runs whose files hold scans with their times."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from musk_id.model.chromatogram import ChromatogramPoint, RunChromatogram
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.technical import FailedRun, SpectrumEvidence
from musk_id.model.values import decimal_text

__all__ = ["MIN_SCANS", "run_chromatograms"]

# Fewer scans are spectra of single peaks, not a run.
MIN_SCANS = 5
TIME_DIGITS, PERCENT_DIGITS = 4, 2


def run_chromatograms(evidence: Iterable[SpectrumEvidence | FailedRun]) -> tuple[RunChromatogram, ...]:
    """Chromatograms of the runs that have one, in the order given.

    A run has one where its file holds at least five spectra, each with a time in minutes that is later than
    the one before.
    """
    found: list[RunChromatogram] = []
    for entry in evidence:
        points = () if isinstance(entry, FailedRun) else _points(entry.spectra)
        if points and not isinstance(entry, FailedRun):
            found.append(RunChromatogram(run_id=entry.run.run_id, item_id=entry.run.item_id, points=points))
    return tuple(found)


def _points(spectra: tuple[MassSpectrum, ...]) -> tuple[ChromatogramPoint, ...]:
    times = [_time(spectrum) for spectrum in spectra]
    known = [time for time in times if time is not None]
    if len(spectra) < MIN_SCANS or len(known) < len(spectra):
        return ()
    if any(later <= earlier for earlier, later in pairwise(known)):
        return ()
    # An exact sum does not hang on the order of its terms or on the processor.
    sums = [math.fsum(map(float, spectrum.intensity)) for spectrum in spectra]
    largest = max(sums)
    if largest <= 0:
        return ()
    return tuple(
        ChromatogramPoint(
            time_min=decimal_text(time, TIME_DIGITS),
            relative_percent=decimal_text(100 * total / largest, PERCENT_DIGITS),
        )
        for time, total in zip(known, sums, strict=True)
    )


def _time(spectrum: MassSpectrum) -> float | None:
    text = spectrum.field("retention_time_min")
    try:
        time = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return time if math.isfinite(time) and time >= 0 else None
