"""Spectrum files of casework: the reader by file name, with casework limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.jcamp import read_jcamp
from musk_id.formats.massbank import read_massbank
from musk_id.formats.mgf import read_mgf
from musk_id.formats.msp import read_msp
from musk_id.formats.mzml import read_mzml
from musk_id.formats.mzxml import read_mzxml
from musk_id.formats.spectrum_csv import read_spectrum_csv
from musk_id.model.spectrum import MassSpectrum

__all__ = ["MAX_RUN_SPECTRA", "SPECTRUM_SUFFIXES", "read_spectra", "reader_of"]

MAX_RUN_BYTES = 50_000_000
MAX_RUN_SPECTRA = 500

_READERS: dict[str, Callable[..., tuple[MassSpectrum, ...]]] = {
    ".msp": read_msp,
    # AMDIS writes its libraries as MSP with each peak in brackets.
    ".msl": read_msp,
    ".mgf": read_mgf,
    ".massbank": read_massbank,
    ".jdx": read_jcamp,
    ".dx": read_jcamp,
    ".jcamp": read_jcamp,
    ".jcm": read_jcamp,
    ".mzml": read_mzml,
    ".mzxml": read_mzxml,
    ".csv": read_spectrum_csv,
    ".tsv": read_spectrum_csv,
}
SPECTRUM_SUFFIXES = tuple(_READERS)


def read_spectra(path: Path) -> tuple[MassSpectrum, ...]:
    """Mass spectra of a run's file, at most ``MAX_RUN_SPECTRA``, in file order.

    Raises
    ------
    InputFormatError
        If the file's name tells of no format that is read here, or the file cannot be read as that format.
    """
    spectra = reader_of(path)[1](path, max_bytes=MAX_RUN_BYTES, max_spectra=MAX_RUN_SPECTRA)
    _require_single_stage(spectra, path.name)
    return spectra


def reader_of(path: Path) -> tuple[str, Callable[..., tuple[MassSpectrum, ...]]]:
    """Ending of a file's name that tells its format, and the reader of that format.

    Raises
    ------
    InputFormatError
        If the name tells of no format that is read.
    """
    name = path.name.lower().removesuffix(".gz")
    for suffix, reader in _READERS.items():
        if name.endswith(suffix):
            return suffix, reader
    raise InputFormatError(
        "the ending of the file name tells of no mass spectrum format that is read",
        where=path.name,
        hint=f"endings read: {', '.join(SPECTRUM_SUFFIXES)} (also with .gz)",
    )


def _require_single_stage(spectra: tuple[MassSpectrum, ...], file_name: str) -> None:
    """Refuse product ions: they must not be compared with a library of whole EI spectra."""
    for spectrum in spectra:
        level = spectrum.field("ms_level")
        if level is not None and level != "1":
            raise InputFormatError(
                f"spectrum {spectrum.name[:60]!r} is of MS level {level[:10]!r}; only level 1 is compared",
                where=file_name,
                hint="export the full scans alone",
            )
