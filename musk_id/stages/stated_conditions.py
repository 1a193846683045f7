"""What the file of a spectrum states of how it was measured: ionisation, electron energy, derivative."""

from __future__ import annotations

import re

from musk_id.model.spectrum import MassSpectrum
from musk_id.model.values import Line

__all__ = [
    "ENERGIES_EV",
    "conditions_against",
    "is_of_product_ions",
    "is_other_ionisation",
    "stated_derivative",
    "stated_energy",
    "stated_energy_ev",
    "stated_ionisation",
    "stated_level",
]

ENERGIES_EV = (65, 80)
"""Electron energies whose spectra resemble those of 70 eV."""

_IONISATION_FIELDS = (
    "ionization",
    "ionisation",
    "ionization_mode",
    "ionizationmode",
    "instrument_type",
    "ms_type",
)
_OTHER_IONISATION = re.compile(r"\b(CI|PCI|NCI|FI|ESI|APCI|MALDI|FAB)\b", re.IGNORECASE)
_LEVEL_FIELDS = (
    "ms_level",
    "mslevel",
    "ms level",
    "spectrum_type",
    "spectrumtype",
    "ms_type",
    "ac$mass_spectrometry ms_type",
)
_LEVEL = re.compile(r"(?:.*-)?(?:MS)?\s*([0-9])|(MS/MS)|(?:full|MS)", re.IGNORECASE)
_ENERGY_FIELDS = ("ionization_energy", "ionisation energy", "ionizationenergy", "ionization energy")
_DERIVATIVE_FIELDS = ("derivatised", "derivative", "derivatization", "derivatization_type")
_NO_DERIVATIVE = ("no", "none", "false", "0")


def _stated(spectrum: MassSpectrum, names: tuple[str, ...]) -> Line | None:
    value = spectrum.field(*names)
    return Line(value[:100]) if value and value.strip() else None


def stated_ionisation(spectrum: MassSpectrum) -> Line | None:
    """Ionisation as stated."""
    return _stated(spectrum, _IONISATION_FIELDS)


def is_other_ionisation(spectrum: MassSpectrum) -> bool:
    """Whether a spectrum is stated to be of another ionisation than EI."""
    stated = stated_ionisation(spectrum)
    return stated is not None and _OTHER_IONISATION.search(stated) is not None


def stated_level(spectrum: MassSpectrum) -> tuple[Line | None, int | None]:
    """Stage of mass spectrometry as stated, and its number (1: full scan); ``None`` where nothing is stated."""
    for name in _LEVEL_FIELDS:
        value = (spectrum.field(name) or "").strip()
        match = _LEVEL.fullmatch(value)
        if match is not None:
            number = int(match[1]) if match[1] else 2 if match[2] else 1
            return Line(value[:40]), number
    return None, None


def is_of_product_ions(spectrum: MassSpectrum) -> bool:
    """Whether a spectrum is stated to be one of product ions."""
    return (stated_level(spectrum)[1] or 1) > 1


def stated_energy(spectrum: MassSpectrum) -> Line | None:
    """Electron energy as stated."""
    return _stated(spectrum, _ENERGY_FIELDS)


def stated_energy_ev(spectrum: MassSpectrum) -> str | None:
    """The number in the electron energy stated, in eV."""
    number = re.search(r"[0-9]+(?:\.[0-9]+)?", stated_energy(spectrum) or "")
    return None if number is None else number[0]


def stated_derivative(spectrum: MassSpectrum) -> tuple[Line | None, bool]:
    """Derivative as stated, and whether the spectrum is one of a derivative."""
    stated = _stated(spectrum, _DERIVATIVE_FIELDS)
    return stated, stated is not None and stated.lower() not in _NO_DERIVATIVE


def conditions_against(spectrum: MassSpectrum) -> list[str]:
    """What keeps a spectrum from being a 70 eV spectrum of the substance itself; empty if nothing stated does."""
    found = [stated_ionisation(spectrum) or "-"] if is_other_ionisation(spectrum) else []
    energy, (low, high) = stated_energy_ev(spectrum), ENERGIES_EV
    if energy is not None and not low <= float(energy) <= high:
        found.append(f"{energy} eV")
    derivative, derivatised = stated_derivative(spectrum)
    return [*found, derivative or "-"] if derivatised else found
