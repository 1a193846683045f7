"""A spectrum of a library in the form in which a release holds spectra and the spectral stage compares them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from musk_id.model.reference import ReferencePeak, SpectrumReference
from musk_id.model.spectral_table import SpectrumTable
from musk_id.model.values import DecimalText, Line

__all__ = ["NOT_DERIVATISED", "described_spectrum", "reference_spectrum"]

NOT_DERIVATISED = Line("none")
_NOT_STATED = Line("not stated")


def reference_spectrum(
    table: SpectrumTable, record: int, *, overlay: Line | None = None
) -> SpectrumReference | None:
    """A spectrum of a library as a reference; ``None`` where no InChIKey names its compound.

    m/z stand as published; intensities are rounded to whole numbers of 999, those below half of one left out.
    """
    found = described_spectrum(table, record, overlay=overlay)
    return None if found is None else replace(found, peaks=_peaks(*table.peaks(record)))


def described_spectrum(
    table: SpectrumTable, record: int, *, overlay: Line | None = None
) -> SpectrumReference | None:
    """As :func:`reference_spectrum`, without the peaks."""
    entry = table.entry(record)
    if entry.inchikey is None:
        return None
    return SpectrumReference(
        accession=entry.accession,
        name=entry.name,
        other_names=entry.other_names if overlay is None else None,
        inchikey=entry.inchikey,
        formula=entry.formula,
        exact_mass=entry.exact_mass,
        instrument=entry.instrument or _NOT_STATED,
        ionisation_energy=Line(entry.electron_energy_ev or _NOT_STATED),
        derivative=entry.derivative or NOT_DERIVATISED,
        licence=entry.licence,
        authors=entry.authors or _NOT_STATED,
        peaks=(),
        overlay=overlay,
    )


def _peaks(mz: NDArray[np.float64], intensity: NDArray[np.float32]) -> tuple[ReferencePeak, ...]:
    return tuple(
        ReferencePeak(mz=_as_published(value), intensity=round(height))
        for value, height in zip(mz.tolist(), intensity.tolist(), strict=True)
        if round(height) > 0
    )


def _as_published(mz: float) -> DecimalText:
    """The shortest decimal number that gives the same float: the published one, without zeros at its end."""
    text = format(Decimal(repr(mz)), "f")
    return DecimalText(text.rstrip("0").rstrip(".") if "." in text else text)
