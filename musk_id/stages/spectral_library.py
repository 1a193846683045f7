"""The EI part of a release, prepared once per process for comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from musk_id.kernels.formula import atoms_of
from musk_id.kernels.formula_class import may_be_macrocycle_or_steroid
from musk_id.kernels.spectral import UnitMassSpectrum, to_unit_mass
from musk_id.kernels.spectral_many import SpectralTable
from musk_id.model.musk_tables import MuskTables
from musk_id.model.reference import ConfusableGroup, MarkerCompound, ReferenceRelease, SpectrumReference
from musk_id.model.spectral_ranking import RankedReference
from musk_id.model.spectral_table import OwnSpectrum
from musk_id.model.values import Line
from musk_id.stages.spectral_ranking import LibraryRanking
from musk_id.stages.spectrum_checks import has_peaks_above

__all__ = ["LibrarySpectrum", "SpectralLibrary", "compound_key", "is_flat", "is_marker", "same_compound"]

# Marker groups whose isomers only a retention index separates.
_BY_RETENTION_INDEX = frozenset({"macrocyclic_musk", "macrocyclic_ketone", "synthetic_macrocyclic", "steroid"})
_NO_STEREOCHEMISTRY = "UHFFFAOYSA"


def compound_key(inchikey: str) -> str:
    """First block of an InChIKey: the compound without stereochemistry, which EI does not tell apart."""
    return inchikey.split("-")[0]


def is_flat(inchikey: str) -> bool:
    """Whether an InChIKey states no stereochemistry."""
    return inchikey.split("-")[1:2] == [_NO_STEREOCHEMISTRY]


def same_compound(first: str, second: str) -> bool:
    """Whether two InChIKeys may be of one compound: equal, or of one skeleton and one without stereochemistry."""
    if compound_key(first) != compound_key(second):
        return False
    return first == second or is_flat(first) or is_flat(second)


@dataclass(frozen=True, slots=True)
class LibrarySpectrum:
    """A reference and its unit-mass spectrum."""

    reference: SpectrumReference
    unit_mass: UnitMassSpectrum
    nominal_mass: int


@dataclass(frozen=True)
class SpectralLibrary:
    """Reference spectra by accession, marker compounds, and groups of confusable compounds.

    ``ranking`` says how probable the first compound is; it may be that of a part of the spectra, which was
    calibrated.
    """

    release_id: Line
    spectra: tuple[LibrarySpectrum, ...]
    markers: tuple[MarkerCompound, ...]
    confusables: tuple[ConfusableGroup, ...]
    ranking: LibraryRanking | None = None

    @classmethod
    def from_release(
        cls,
        release: ReferenceRelease,
        overlay: tuple[OwnSpectrum, ...] = (),
        tables: MuskTables | None = None,
    ) -> SpectralLibrary:
        """Prepare a release, together with spectra of the laboratory's own.

        Derivatised references are left out: the queries are taken as underivatised. With tables, markers and
        groups are theirs, and a reference with peaks that its formula cannot give is taken as derivatised, too.
        """
        prepared = [_prepared(reference) for reference in release.spectra]
        prepared += [_own(spectrum) for spectrum in overlay]
        spectra = tuple(
            spectrum
            for spectrum in sorted(prepared, key=lambda s: s.reference.accession)
            if spectrum.reference.derivative == "none" and (tables is None or _may_be_underivatised(spectrum))
        )
        return cls(
            release_id=release.release_id,
            spectra=spectra,
            markers=release.markers if tables is None else tuple(_held(m, spectra) for m in tables.markers),
            confusables=release.confusables if tables is None else tables.confusables,
        )

    @cached_property
    def table(self) -> SpectralTable:
        """All spectra prepared for comparison, in the order of ``spectra``."""
        return SpectralTable([spectrum.unit_mass for spectrum in self.spectra])

    def ranked_references(self) -> tuple[RankedReference, ...]:
        """All spectra as references that can be ranked."""
        return tuple(
            RankedReference(
                accession=str(s.reference.accession),
                name=str(s.reference.name),
                compound=compound_key(s.reference.inchikey),
                formula=str(s.reference.formula),
                authors=str(s.reference.authors),
                mz=s.unit_mass.mz,
                intensity=s.unit_mass.intensity,
                inchikey=str(s.reference.inchikey),
            )
            for s in self.spectra
        )

    def names_of(self, marker: MarkerCompound) -> set[Line]:
        """Names of the library spectra of a marker."""
        return {s.reference.name for s in self.spectra if s.reference.accession in marker.accessions}

    def holds(self, inchikey: str) -> bool:
        """Whether a spectrum of a compound is there, in the release or among the laboratory's own."""
        return compound_key(inchikey) in self._compounds

    @cached_property
    def _compounds(self) -> frozenset[str]:
        return frozenset(compound_key(s.reference.inchikey) for s in self.spectra)

    def group_of(self, inchikey: str) -> ConfusableGroup | None:
        """Group of confusable compounds that holds a compound."""
        return self._groups.get(compound_key(inchikey))

    def needs_index(self, inchikey: str, formula: str | None = None) -> bool:
        """Whether the isomers of a compound are told apart by a retention index only.

        So are those of macrocycles and sterols among the markers, of what stands in a group with them, of a
        compound that is no marker and has the formula of one, and of a compound whose formula no marker has and a
        macrocycle or steroid can have: which ones there are is no closed list.
        """
        key = compound_key(inchikey)
        own = [m for m in self.markers if compound_key(m.inchikey) == key]
        if own:
            return any(m.group in _BY_RETENTION_INDEX for m in own)
        group = self.group_of(inchikey)
        members = set() if group is None else {compound_key(member) for member in group.members}
        if any(compound_key(m.inchikey) in members for m in self.by_index):
            return True
        if formula is None:
            return False
        atoms = atoms_of(formula)
        groups = self._marker_groups.get(frozenset(atoms.items()))
        return bool(groups & _BY_RETENTION_INDEX) if groups else may_be_macrocycle_or_steroid(formula)

    def knows_formula(self, formula: str) -> bool:
        """Whether a marker has the atoms of a formula."""
        return frozenset(atoms_of(formula).items()) in self._marker_groups

    @cached_property
    def _marker_groups(self) -> dict[frozenset[tuple[str, int]], set[Line]]:
        """Groups of the markers by the atoms of their formula."""
        found: dict[frozenset[tuple[str, int]], set[Line]] = {}
        for marker in self.markers:
            found.setdefault(frozenset(atoms_of(marker.formula).items()), set()).add(marker.group)
        return found

    def isomers_of(self, inchikey: str, formula: str) -> list[str]:
        """InChIKeys of other compounds with the atoms of a formula, and of other forms of the compound itself.

        Of another compound one key stands for all of its forms; spectra and markers count.
        """
        own = compound_key(inchikey)
        others = self._by_atoms.get(frozenset(atoms_of(formula).items()), {})
        forms = sorted(self._forms.get(own, set()) - {inchikey})
        return [*(first for key, first in others.items() if key != own), *forms]

    @cached_property
    def names_by_key(self) -> dict[str, Line]:
        """Name of each InChIKey: that of its first spectrum, else of its marker."""
        found = {str(m.inchikey): m.name for m in reversed(self.markers)}
        return found | {str(s.reference.inchikey): s.reference.name for s in reversed(self.spectra)}

    @cached_property
    def known_compounds(self) -> list[tuple[str, str]]:
        """InChIKey and formula of every spectrum and marker."""
        held = [(str(s.reference.inchikey), str(s.reference.formula)) for s in self.spectra]
        return held + [(str(m.inchikey), str(m.formula)) for m in self.markers if m.inchikey]

    @cached_property
    def _by_atoms(self) -> dict[frozenset[tuple[str, int]], dict[str, str]]:
        """One InChIKey of each compound (its first block) by the atoms of its formula."""
        found: dict[frozenset[tuple[str, int]], dict[str, str]] = {}
        for key, formula in self.known_compounds:
            found.setdefault(frozenset(atoms_of(formula).items()), {}).setdefault(compound_key(key), key)
        return found

    @cached_property
    def _forms(self) -> dict[str, set[str]]:
        """InChIKeys by their first block; a block alone says nothing of the form."""
        found: dict[str, set[str]] = {}
        for key, _ in self.known_compounds:
            if "-" in key:
                found.setdefault(compound_key(key), set()).add(key)
        return found

    @cached_property
    def by_index(self) -> tuple[MarkerCompound, ...]:
        """Macrocycles and sterols among the markers."""
        return tuple(m for m in self.markers if m.group in _BY_RETENTION_INDEX)

    def stereoisomers(self, inchikey: str) -> frozenset[str]:
        """InChIKeys of the markers with the skeleton of a compound and with stereochemistry."""
        key = compound_key(inchikey)
        return frozenset(
            str(m.inchikey) for m in self.markers if compound_key(m.inchikey) == key and not is_flat(m.inchikey)
        )

    @cached_property
    def _groups(self) -> dict[str, ConfusableGroup]:
        # The first group that names a compound holds it.
        return {compound_key(member): g for g in reversed(self.confusables) for member in g.members}


def is_marker(marker: MarkerCompound, inchikey: str) -> bool:
    """Whether an InChIKey is that of a marker, or of an isomer sold under its name."""
    return same_compound(marker.inchikey, inchikey) or compound_key(inchikey) in marker.other_blocks


def _held(marker: MarkerCompound, spectra: tuple[LibrarySpectrum, ...]) -> MarkerCompound:
    """A marker with the accessions of its spectra."""
    return replace(
        marker,
        accessions=tuple(s.reference.accession for s in spectra if is_marker(marker, s.reference.inchikey)),
    )


def _may_be_underivatised(spectrum: LibrarySpectrum) -> bool:
    """TMS records stand under the key of the parent compound in public libraries: their mass gives them away."""
    return not has_peaks_above(spectrum.unit_mass, spectrum.reference.formula, spectrum.nominal_mass)


def _own(spectrum: OwnSpectrum) -> LibrarySpectrum:
    return LibrarySpectrum(
        spectrum.reference,
        UnitMassSpectrum(spectrum.mz, spectrum.intensity),
        _nominal_mass(spectrum.reference),
    )


def _nominal_mass(reference: SpectrumReference) -> int:
    """Nominal mass of a compound of light elements: integer nearest to its monoisotopic mass."""
    return round(float(reference.exact_mass))


def _prepared(reference: SpectrumReference) -> LibrarySpectrum:
    mz = np.array([float(peak.mz) for peak in reference.peaks])
    intensity = np.array([float(peak.intensity) for peak in reference.peaks])
    return LibrarySpectrum(reference, to_unit_mass(mz, intensity), _nominal_mass(reference))
