"""The EI part of a release, prepared once per process for comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musk_id.kernels.spectral import UnitMassSpectrum, to_unit_mass
from musk_id.model.reference import ConfusableGroup, MarkerCompound, ReferenceRelease, SpectrumReference
from musk_id.model.values import Line

__all__ = ["LibrarySpectrum", "SpectralLibrary", "compound_key"]


def compound_key(inchikey: str) -> str:
    """First block of an InChIKey: the compound without stereochemistry, which EI does not tell apart."""
    return inchikey.split("-")[0]


@dataclass(frozen=True, slots=True)
class LibrarySpectrum:
    """A reference and its unit-mass spectrum."""

    reference: SpectrumReference
    unit_mass: UnitMassSpectrum
    nominal_mass: int


@dataclass(frozen=True, slots=True)
class SpectralLibrary:
    """Reference spectra by accession, marker compounds, and groups of confusable compounds."""

    release_id: Line
    spectra: tuple[LibrarySpectrum, ...]
    markers: tuple[MarkerCompound, ...]
    confusables: tuple[ConfusableGroup, ...]

    @classmethod
    def from_release(
        cls, release: ReferenceRelease, overlay: tuple[SpectrumReference, ...] = ()
    ) -> SpectralLibrary:
        """Prepare a release, together with spectra of the laboratory's own.

        Derivatised references are left out: the queries are taken as underivatised.
        """
        return cls(
            release_id=release.release_id,
            spectra=tuple(
                _prepared(reference)
                for reference in sorted((*release.spectra, *overlay), key=lambda r: r.accession)
                if reference.derivative == "none"
            ),
            markers=release.markers,
            confusables=release.confusables,
        )

    def names_of(self, marker: MarkerCompound) -> set[Line]:
        """Names of the library spectra of a marker."""
        return {s.reference.name for s in self.spectra if s.reference.accession in marker.accessions}

    def holds(self, inchikey: str) -> bool:
        """Whether a spectrum of a compound is there, in the release or among the laboratory's own."""
        key = compound_key(inchikey)
        return any(compound_key(s.reference.inchikey) == key for s in self.spectra)

    def group_of(self, inchikey: str) -> ConfusableGroup | None:
        """Group of confusable compounds that holds a compound."""
        key = compound_key(inchikey)
        return next((g for g in self.confusables if key in map(compound_key, g.members)), None)


def _prepared(reference: SpectrumReference) -> LibrarySpectrum:
    mz = np.array([float(peak.mz) for peak in reference.peaks])
    intensity = np.array([float(peak.intensity) for peak in reference.peaks])
    # Nominal mass of a compound of light elements: integer nearest to its monoisotopic mass.
    return LibrarySpectrum(reference, to_unit_mass(mz, intensity), round(float(reference.exact_mass)))
