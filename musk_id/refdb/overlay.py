"""A laboratory's own library as records beside those of a release, always told apart from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import ConfigError
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.nucleotides import decode
from musk_id.kernels.spectral_many import unit_masses
from musk_id.model.library import Library, LocusTable
from musk_id.model.reference import BarcodeReference, SpectrumReference
from musk_id.model.spectral_table import OwnSpectrum, SpectrumTable
from musk_id.model.values import Identifier, Line, Text
from musk_id.records.files import sha256_bytes
from musk_id.refdb.library_store import load_library
from musk_id.refdb.spectra_reference import described_spectrum, reference_spectrum
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

__all__ = ["OVERLAYS_FOLDER", "load_overlay", "overlay_barcodes", "overlay_references", "overlay_spectra"]

OVERLAYS_FOLDER = "overlays"
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


def overlay_barcodes(library: Library, genus: str | None = None) -> tuple[BarcodeReference, ...]:
    """Barcode records of an overlay at the markers of releases, if wanted those of a genus alone.

    An individual is one of the overlay, never one of the release.
    """
    tables = [table for locus, table in library.loci.items() if locus in RELEASE_MARKERS]
    return tuple(record for table in tables for record in _records(library, table, genus))


def overlay_spectra(library: Library) -> tuple[OwnSpectrum, ...]:
    """EI spectra of an overlay that name their compound by InChIKey and are usable."""
    table = library.spectra
    if table is None:
        return ()
    offsets, mz, intensity = _unit_masses(table)
    found = []
    for number in range(len(table)):
        if table.state_of(number) is not CurationState.REFERENCE:
            continue
        reference = described_spectrum(table, number, overlay=library.library_id)
        if reference is not None:
            own = slice(offsets[number], offsets[number + 1])
            found.append(OwnSpectrum(reference, mz[own], intensity[own]))
    return tuple(found)


def overlay_references(library: Library) -> tuple[SpectrumReference, ...]:
    """The spectra of :func:`overlay_spectra` with their peaks as a release would hold them."""
    table = library.spectra
    if table is None:
        return ()
    usable = (n for n in range(len(table)) if table.state_of(n) is CurationState.REFERENCE)
    found = (reference_spectrum(table, number, overlay=library.library_id) for number in usable)
    return tuple(reference for reference in found if reference is not None)


def _unit_masses(table: SpectrumTable) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Unit masses of all spectra from peaks as a release holds them: whole intensities, none below half of one."""
    height = np.rint(table.intensity).astype(np.float64)
    kept = height > 0
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])
    return unit_masses(before[table.offsets.astype(np.int64)], np.asarray(table.mz)[kept], height[kept])


def _records(library: Library, table: LocusTable, genus: str | None) -> list[BarcodeReference]:
    frame = unpack_nibbles(np.asarray(table.packed), table.width)
    found = []
    for number, accession in enumerate(table.accessions):
        taxon = library.taxa[int(table.taxon[number])]
        if genus is not None and taxon.genus != genus:
            continue
        letters = decode(frame[table.haplotype[number]])
        sequence = letters.rstrip("-") if table.locus in _CODING else letters.replace("-", "")
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
