"""Spectrum files of casework: the reader by file name, with casework limits."""

from __future__ import annotations

from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.jcamp import read_jcamp
from musk_id.formats.msp import read_msp
from musk_id.model.spectrum import MassSpectrum

__all__ = ["JCAMP_SUFFIXES", "MAX_RUN_SPECTRA", "MSP_SUFFIXES", "read_spectra"]

MAX_RUN_BYTES = 50_000_000
MAX_RUN_SPECTRA = 500
MSP_SUFFIXES = (".msp",)
JCAMP_SUFFIXES = (".jdx", ".dx", ".jcamp", ".jcm")


def read_spectra(path: Path) -> tuple[MassSpectrum, ...]:
    """Mass spectra of a run's file, at most ``MAX_RUN_SPECTRA``, in file order.

    Raises
    ------
    InputFormatError
        If the file's name tells of no format that is read here, or the file cannot be read as that format.
    """
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(MSP_SUFFIXES):
        return read_msp(path, max_bytes=MAX_RUN_BYTES, max_spectra=MAX_RUN_SPECTRA)
    if name.endswith(JCAMP_SUFFIXES):
        return read_jcamp(path, max_bytes=MAX_RUN_BYTES, max_spectra=MAX_RUN_SPECTRA)
    raise InputFormatError(
        "the ending of the file name tells of no mass spectrum format that is read",
        where=path.name,
        hint=f"hand in MSP or JCAMP-DX; endings read: {', '.join(MSP_SUFFIXES + JCAMP_SUFFIXES)} (also with .gz)",
    )
