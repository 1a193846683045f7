"""Spectra of a library or release that are ranked, and the calibration that speaks of exactly these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from musk_id.errors import ConfigError, IntegrityError
from musk_id.kernels.spectral import to_unit_mass
from musk_id.model.ranking_methods import RANKING_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.model.spectral_calibration import SpectralCalibration
from musk_id.model.spectral_ranking import RankedReference
from musk_id.model.spectral_table import SpectrumTable
from musk_id.model.values import Sha256
from musk_id.records.canonical import parse_record
from musk_id.records.files import read_limited, sha256_bytes
from musk_id.refdb.spectra_reference import NOT_DERIVATISED
from musk_id.vocabulary import CurationState

__all__ = [
    "find_spectral_calibration",
    "known_compounds",
    "read_spectral_calibration",
    "load_spectral_calibration",
    "ranked_references",
    "released_references",
]

_MAX_CALIBRATION_BYTES = 5_000_000


def ranked_references(table: SpectrumTable | None) -> tuple[RankedReference, ...]:
    """Underivatised references of a library whose authors are known, in the order of the library."""
    chosen = []
    for record, entry in enumerate(() if table is None else table.entries()):
        if table is None or table.state_of(record) is not CurationState.REFERENCE:
            continue
        if entry.derivative not in (None, NOT_DERIVATISED) or entry.authors is None:
            continue
        mz, intensity = table.unit_peaks(record)
        chosen.append(
            RankedReference(
                accession=str(entry.accession),
                name=str(entry.name),
                compound=entry.compound,
                formula=str(entry.formula),
                authors=str(entry.authors),
                mz=mz.astype(np.int64),
                intensity=intensity.astype(np.int64),
                inchikey=entry.inchikey or "",
            )
        )
    return tuple(chosen)


def known_compounds(table: SpectrumTable | None) -> Iterator[tuple[str, str]]:
    """InChIKey (or what stands for it) and formula of every spectrum of a library, also of those not ranked."""
    for entry in () if table is None else table.entries():
        yield entry.inchikey or entry.compound, str(entry.formula)


def released_references(release: ReferenceRelease) -> tuple[RankedReference, ...]:
    """Underivatised spectra of a release, in its order."""
    chosen = []
    for reference in release.spectra:
        if reference.derivative != NOT_DERIVATISED:
            continue
        mz, intensity = zip(*((float(p.mz), float(p.intensity)) for p in reference.peaks), strict=True)
        spectrum = to_unit_mass(np.array(mz), np.array(intensity))
        chosen.append(
            RankedReference(
                accession=str(reference.accession),
                name=str(reference.name),
                compound=reference.inchikey.split("-")[0],
                formula=str(reference.formula),
                authors=str(reference.authors),
                mz=spectrum.mz,
                intensity=spectrum.intensity,
                inchikey=str(reference.inchikey),
            )
        )
    return tuple(chosen)


def read_spectral_calibration(path: Path) -> tuple[SpectralCalibration, Sha256]:
    """Read a calibration, with the digest of its file.

    Raises
    ------
    InputFormatError
        If the file cannot be read.
    IntegrityError
        If it is not the canonical form of a calibration.
    """
    data = read_limited(path, _MAX_CALIBRATION_BYTES)
    return parse_record(SpectralCalibration, data, path.name), sha256_bytes(data)


def find_spectral_calibration(folder: Path) -> Path | None:
    """File of the calibration of a library's or release's spectra, or ``None``.

    A library's files are those of its manifest, so it stands beside its folder: ``<id>.spectra.json``.
    """
    path = folder.resolve()
    path = path.with_name(f"{path.name}.spectra.json")
    return path if path.is_file() else None


def load_spectral_calibration(
    path: Path, manifest_sha256: Sha256, references: Sequence[RankedReference]
) -> tuple[SpectralCalibration, Sha256]:
    """The calibration of exactly these spectra, and the digest of its file.

    Parameters
    ----------
    path : Path
        File that ``musk-id refdb calibrate --spectra`` wrote.
    manifest_sha256 : Sha256
        Digest of the manifest of the library or release.
    references : sequence of RankedReference
        Its spectra that are ranked.

    Raises
    ------
    InputFormatError
        If the file cannot be read.
    IntegrityError
        If it is not the canonical form of a calibration, or is that of another library.
    ConfigError
        If it was made with a ranking method that this software does not have.
    """
    calibration, sha256 = read_spectral_calibration(path)
    if calibration.library.manifest_sha256 != manifest_sha256 or calibration.spectra != len(references):
        raise IntegrityError(
            f"the calibration is one of library {calibration.library.library_id} with manifest "
            f"{calibration.library.manifest_sha256} and {calibration.spectra} spectra that are ranked; "
            f"this one has manifest {manifest_sha256} and {len(references)}",
            where=path.name,
            hint="calibrate this library with 'musk-id refdb calibrate LIBRARY --spectra FILE'",
        )
    if calibration.method not in {method.version for method in RANKING_METHODS}:
        raise ConfigError(
            f"calibrated with the ranking method '{calibration.method}', which is not known",
            where=path.name,
            hint=f"calibrate again; known are {', '.join(method.version for method in RANKING_METHODS)}",
        )
    return calibration, sha256
