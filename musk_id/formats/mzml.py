"""mzML: scans of a mass spectrometry run (HUPO-PSI, version 1.1).

Terms are taken by accession of the PSI-MS vocabulary, never by name, so that no vocabulary has to be loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError
from musk_id.formats.peaks import number
from musk_id.formats.scans import (
    Scan,
    ScanHandler,
    decode_array,
    read_scans,
    scan_spectra,
    scan_spectrum,
    scans_of,
)
from musk_id.model.spectrum import MassSpectrum

__all__ = ["iter_mzml", "read_mzml", "mzml_spectra"]

MAX_BYTES = 500_000_000
MAX_SPECTRA = 200_000
MAX_GROUPS = 1_000
MAX_TERMS = 1_000
MAX_EXPANDED = 20_000_000

_MZ_ARRAY, _INTENSITY_ARRAY = "MS:1000514", "MS:1000515"
_ARRAYS = frozenset({_MZ_ARRAY, _INTENSITY_ARRAY})
_DTYPES = {"MS:1000521": "<f4", "MS:1000523": "<f8", "MS:1000519": "<i4", "MS:1000522": "<i8"}
_ZLIB, _UNCOMPRESSED = "MS:1000574", "MS:1000576"
_NUMPRESS = frozenset({"MS:1002312", "MS:1002313", "MS:1002314", "MS:1002746", "MS:1002747", "MS:1002748"})
_MS_LEVEL, _CENTROID, _PROFILE = "MS:1000511", "MS:1000127", "MS:1000128"
_START_TIME, _SELECTED_ION = "MS:1000016", "MS:1000744"
_MINUTES_IN = {"UO:0000031": 1.0, "UO:0000010": 1 / 60, "UO:0000028": 1 / 60_000}
# Older files give the unit by the PSI-MS vocabulary.
_MINUTES_IN |= {"MS:1000038": 1.0, "MS:1000039": 1 / 60}
_IONIZATION = {
    "MS:1000389": "EI",
    "MS:1000071": "CI",
    "MS:1000073": "ESI",
    "MS:1000070": "APCI",
    "MS:1000075": "MALDI",
    "MS:1000074": "FAB",
    "MS:1000258": "FI",
}

_Param = tuple[str, str, str]


@dataclass(slots=True)
class _Array:
    kind: str | None = None
    dtype: str | None = None
    compressed: bool = False
    values: NDArray[np.float64] | None = None


@dataclass(slots=True)
class _Spectrum:
    name: str
    length: int
    ms_level: int | None = None
    centroided: bool | None = None
    time_min: float | None = None
    precursor_mz: float | None = None
    arrays: dict[str, NDArray[np.float64]] = field(default_factory=dict)


class _Handler(ScanHandler):
    text_of = frozenset({"binary"})

    def __init__(self, file_name: str) -> None:
        super().__init__(file_name)
        self._groups: dict[str, list[_Param]] = {}
        self._group: list[_Param] | None = None
        self._expanded = 0
        self._ionization: str | None = None
        self._spectrum: _Spectrum | None = None
        self._array: _Array | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "cvParam":
            param = (
                attributes.get("accession", ""),
                attributes.get("value", ""),
                attributes.get("unitAccession", ""),
            )
            if self._group is not None:
                self._group.append(param)
                if len(self._group) > MAX_TERMS:
                    raise InputFormatError(f"more than {MAX_TERMS} terms in a parameter group", where=self.where)
            else:
                self._take(param)
        elif tag == "referenceableParamGroup":
            if len(self._groups) == MAX_GROUPS:
                raise InputFormatError(f"more than {MAX_GROUPS} parameter groups", where=self.where)
            self._group = self._groups.setdefault(attributes.get("id", ""), [])
        elif tag == "referenceableParamGroupRef":
            group = self._groups.get(attributes.get("ref", ""), [])
            self._expanded += len(group)
            if self._expanded > MAX_EXPANDED:
                raise InputFormatError(f"parameter groups hold more than {MAX_EXPANDED} terms", where=self.where)
            for param in group:
                self._take(param)
        elif tag == "spectrumList":
            self.declare(attributes.get("count"))
        elif tag == "spectrum":
            self.held += 1
            name = attributes.get("id", "") or f"index={attributes.get('index', '')}"
            self._spectrum = _Spectrum(name[:500], self._count(attributes.get("defaultArrayLength", "")))
        elif tag == "binaryDataArray" and self._spectrum is not None:
            self._array = _Array()

    def _count(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise InputFormatError(f"defaultArrayLength {text[:20]!r} is no whole number", where=self.where)
        return int(text)

    def _take(self, param: _Param) -> None:
        accession, value, unit = param
        if self._array is not None:
            self._take_of_array(self._array, accession)
        elif self._spectrum is None:
            self._ionization = _IONIZATION.get(accession, self._ionization)
        else:
            self._take_of_spectrum(self._spectrum, accession, value, unit)

    def _take_of_array(self, array: _Array, accession: str) -> None:
        if accession in _NUMPRESS:
            raise InputFormatError(
                "numbers in MS-Numpress compression, which is not read",
                where=self.where,
                hint="convert the file without it (msconvert without --numpress options)",
            )
        if accession in _ARRAYS:
            array.kind = accession
        array.dtype = _DTYPES.get(accession, array.dtype)
        array.compressed = array.compressed or accession == _ZLIB

    def _take_of_spectrum(self, found: _Spectrum, accession: str, value: str, unit: str) -> None:
        if accession == _MS_LEVEL:
            found.ms_level = self._count(value)
        elif accession in (_CENTROID, _PROFILE):
            found.centroided = accession == _CENTROID
        elif accession == _START_TIME and unit in _MINUTES_IN:
            found.time_min = number(value, self.where) * _MINUTES_IN[unit]
        elif accession == _SELECTED_ION and found.precursor_mz is None:
            found.precursor_mz = number(value, self.where)

    def end(self, tag: str, text: str) -> None:
        if tag == "referenceableParamGroup":
            self._group = None
        elif tag == "binary" and self._array is not None and self._array.kind is not None:
            if self._array.dtype is None:
                raise InputFormatError("the kind of the encoded numbers is not stated", where=self.where)
            self._array.values = decode_array(
                text, self._array.dtype, compressed=self._array.compressed, where=self.where
            )
        elif tag == "binaryDataArray" and self._array is not None:
            if self._spectrum is not None and self._array.kind is not None and self._array.values is not None:
                self._spectrum.arrays[self._array.kind] = self._array.values
            self._array = None
        elif tag == "spectrum" and self._spectrum is not None:
            self._finish(self._spectrum)
            self._spectrum = None

    def _finish(self, found: _Spectrum) -> None:
        """A spectrum without m/z, of a light detector for instance, is left out; an empty one is one."""
        if found.length and _MZ_ARRAY not in found.arrays:
            return
        none = np.zeros(0)
        mz, intensity = found.arrays.get(_MZ_ARRAY, none), found.arrays.get(_INTENSITY_ARRAY, none)
        if not mz.size == intensity.size == found.length:
            raise InputFormatError(
                f"spectrum {found.name[:60]!r} holds {mz.size} m/z and {intensity.size} intensities, "
                f"{found.length} are declared",
                where=self.where,
            )
        self.finished.append(
            Scan(
                name=found.name,
                ms_level=found.ms_level,
                centroided=found.centroided,
                time_min=found.time_min,
                precursor_mz=found.precursor_mz,
                ionization=self._ionization,
                mz=mz,
                intensity=intensity,
            )
        )


def iter_mzml(path: Path, *, max_bytes: int = MAX_BYTES, whole: bool = False) -> Iterator[Scan]:
    """Scans of an mzML file, profile ones too, in file order; ``whole`` refuses a part of a run.

    Raises
    ------
    InputFormatError
        If the file is no mzML, damaged, or not whole where that is asked for.
    """
    return read_scans(path, _Handler, "mzML", max_bytes, whole=whole)


def mzml_spectra(chunks: Iterable[bytes], file_name: str) -> Iterator[MassSpectrum]:
    """Centroided spectra of an mzML file that is read in pieces, each as soon as it is complete.

    Raises
    ------
    InputFormatError
        As for :func:`read_mzml`; that the run was cut is known at its end only.
    """
    scans = scans_of(chunks, file_name, _Handler, "mzML", whole=True)
    return (scan_spectrum(scan, file_name) for scan in scans)


def read_mzml(
    path: Path, *, max_bytes: int = MAX_BYTES, max_spectra: int = MAX_SPECTRA
) -> tuple[MassSpectrum, ...]:
    """Centroided mass spectra of an mzML file, in file order; see :func:`musk_id.formats.scans.scan_spectra`.

    Raises
    ------
    InputFormatError
        If the file is no mzML, damaged, holds no mass spectrum, too many, or a profile scan, or holds another
        number of scans than it declares: a run that was cut is not read as if it were whole.
    """
    return scan_spectra(iter_mzml(path, max_bytes=max_bytes, whole=True), path.name, max_spectra)
