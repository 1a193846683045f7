"""A laboratory's own library as records beside those of a release, always told apart from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import ConfigError
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.nucleotides import decode
from musk_id.kernels.spectral import nominal_masses
from musk_id.kernels.spectral_many import unit_masses
from musk_id.model.library import Library, LocusTable
from musk_id.model.reference import BarcodeReference, SpectrumReference
from musk_id.model.spectral_table import OwnSpectrum, SpectrumTable
from musk_id.model.values import Identifier, Line, Text, decimal_text
from musk_id.records.files import sha256_bytes
from musk_id.refdb.library_store import load_library
from musk_id.vocabulary import CurationState, Locus

__all__ = ["OVERLAYS_FOLDER", "load_overlay", "overlay_barcodes", "overlay_spectra"]

OVERLAYS_FOLDER = "overlays"
MZ_DIGITS = 5
MZ_STEP = 10.0**-MZ_DIGITS
_CODING = frozenset({Locus.COI, Locus.CYTB})


def load_overlay(root: Path, overlay: Identifier) -> Library:
    """The library of an overlay below a laboratory root.

    Raises
    ------
    ConfigError
        If there is no such library, or the folder holds one of another id.
    ReferenceDataError
        If its files differ from its manifest.
    """
    folder = root / OVERLAYS_FOLDER / overlay
    if not folder.is_dir() or folder.is_symlink():
        raise ConfigError(
            f"overlay '{overlay}' is not there",
            where="laboratory.yaml: overlays",
            hint=f"build it with 'musk-id refdb build' into the folder {OVERLAYS_FOLDER}/ of the laboratory root",
        )
    library = load_library(folder)
    if str(library.library_id) != overlay:
        raise ConfigError(f"the folder of overlay '{overlay}' holds library {library.library_id}")
    return library


def overlay_barcodes(library: Library) -> tuple[BarcodeReference, ...]:
    """Barcode records of an overlay; an individual is one of the overlay, never one of the release."""
    return tuple(record for table in library.loci.values() for record in _records(library, table))


def overlay_spectra(library: Library) -> tuple[OwnSpectrum, ...]:
    """EI spectra of an overlay that name their compound by InChIKey and are usable."""
    table = library.spectra
    if table is None:
        return ()
    offsets, mz, intensity = _unit_masses(table)
    found = []
    for number, entry in enumerate(table.entries()):
        if entry.inchikey is None or table.state_of(number) is not CurationState.REFERENCE:
            continue
        reference = SpectrumReference(
            accession=entry.accession,
            name=entry.name,
            inchikey=entry.inchikey,
            formula=entry.formula,
            exact_mass=entry.exact_mass,
            instrument=entry.instrument or Line("not stated"),
            ionisation_energy=Line(entry.electron_energy_ev or "not stated"),
            derivative=entry.derivative or Line("none"),
            licence=entry.licence,
            authors=entry.authors or Line("not stated"),
            peaks=(),
            overlay=library.library_id,
        )
        own = slice(offsets[number], offsets[number + 1])
        found.append(OwnSpectrum(reference, mz[own], intensity[own]))
    return tuple(found)


def _unit_masses(table: SpectrumTable) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Unit masses of all spectra from peaks as a release holds them.

    These have m/z of five decimals and whole intensities, and those below half of one are left out.
    """
    mz = np.array(table.mz)
    height = np.rint(table.intensity).astype(np.float64)
    # The decimals matter only where they may move an m/z to the next nominal mass.
    for place in np.flatnonzero(nominal_masses(mz - MZ_STEP) != nominal_masses(mz + MZ_STEP)).tolist():
        mz[place] = float(decimal_text(float(mz[place]), MZ_DIGITS))
    kept = height > 0
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])
    return unit_masses(before[table.offsets.astype(np.int64)], mz[kept], height[kept])


def _records(library: Library, table: LocusTable) -> list[BarcodeReference]:
    frame = unpack_nibbles(np.asarray(table.packed), table.width)
    found = []
    for number, accession in enumerate(table.accessions):
        letters = decode(frame[table.haplotype[number]])
        sequence = letters.rstrip("-") if table.locus in _CODING else letters.replace("-", "")
        taxon = library.taxa[int(table.taxon[number])]
        found.append(
            BarcodeReference(
                accession=Line(accession),
                organism_as_deposited=taxon.species,
                organism_revised=tuple(library.taxa[n].species for n in table.revised.get(number, ())),
                genus=taxon.genus,
                family=taxon.family,
                order=taxon.order,
                state=table.state_of(number),
                locus=table.locus,
                individual=Line(f"{library.library_id} {int(table.individual[number])}"),
                sequence=Text(sequence),
                sha256=sha256_bytes(sequence.encode("ascii")),
                overlay=library.library_id,
            )
        )
    return found
