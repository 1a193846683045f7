"""What must hold for a reference spectrum and a compound: formula, mass, peaks."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from musk_id.errors import Problem, ReferenceDataError
from musk_id.kernels.formula import monoisotopic_mass
from musk_id.model.reference import SpectrumReference

__all__ = ["compound_problems", "spectrum_problems"]

MASS_TOLERANCE_DA = Decimal("0.0005")
"""Masses of public records carry five decimals; isotope tables differ by less than this."""

BASE_PEAK = 999
MAX_PEAKS = 5000
MIN_MZ = Decimal(1)

# Isotope peaks lie above the molecular ion; more than this above it belongs to another compound.
ABOVE_MOLECULAR_ION_DA = Decimal(6)


def compound_problems(formula: str, where: str) -> Iterator[Problem]:
    """Problems of a molecular formula."""
    try:
        monoisotopic_mass(formula)
    except ReferenceDataError as error:
        yield Problem(where, error.message)


def spectrum_problems(spectrum: SpectrumReference, where: str) -> Iterator[Problem]:
    """Problems of one spectrum."""
    stated = Decimal(spectrum.exact_mass)
    try:
        mass = monoisotopic_mass(spectrum.formula)
    except ReferenceDataError as error:
        yield Problem(where, error.message)
        return
    if abs(mass - stated) > MASS_TOLERANCE_DA:
        yield Problem(where, f"exact mass {stated}, the formula gives {mass}", f"within {MASS_TOLERANCE_DA}")
    if len(spectrum.peaks) > MAX_PEAKS:
        yield Problem(where, f"{len(spectrum.peaks)} peaks", f"at most {MAX_PEAKS}")
    values = [Decimal(peak.mz) for peak in spectrum.peaks]
    if any(first >= second for first, second in pairwise(values)):
        yield Problem(where, "m/z values do not rise from peak to peak")
    if min(values) < MIN_MZ:
        yield Problem(where, f"m/z {min(values)}", f"at least {MIN_MZ}")
    yield from _foreign_peaks(spectrum, where, mass + ABOVE_MOLECULAR_ION_DA)
    intensities = [peak.intensity for peak in spectrum.peaks]
    if max(intensities) != BASE_PEAK or min(intensities) < 1:
        yield Problem(
            where,
            f"intensities from {min(intensities)} to {max(intensities)}",
            f"1 to {BASE_PEAK}, the base peak {BASE_PEAK}",
        )


def _foreign_peaks(spectrum: SpectrumReference, where: str, limit: Decimal) -> Iterator[Problem]:
    """Peaks that cannot come from the compound stay as published, but the note must name them."""
    for peak in spectrum.peaks:
        if Decimal(peak.mz) > limit and peak.mz not in (spectrum.note or ""):
            yield Problem(
                where,
                f"m/z {peak.mz} lies above the molecular ion and is not named in the note",
                f"up to {limit}, or named in the note",
            )
