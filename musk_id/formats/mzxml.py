"""mzXML: scans of a mass spectrometry run (Institute for Systems Biology, versions 2 and 3)."""

from __future__ import annotations

import re
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

__all__ = ["iter_mzxml", "read_mzxml", "mzxml_spectra"]

MAX_BYTES = 500_000_000
MAX_SPECTRA = 200_000
MAX_NESTED = 10_000

_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)S)?")
_YES_NO = {"1": True, "true": True, "0": False, "false": False}


@dataclass(slots=True)
class _Open:
    """A scan whose end has not come; scans may hold the scans that were made of them."""

    attributes: dict[str, str]
    centroided: bool | None
    peaks: dict[str, str] = field(default_factory=dict)
    precursor_mz: float | None = None
    points: NDArray[np.float64] | None = None
    place: int = 0


class _Handler(ScanHandler):
    text_of = frozenset({"peaks", "precursorMz"})

    def __init__(self, file_name: str) -> None:
        super().__init__(file_name)
        self._ionization: str | None = None
        self._centroided: bool | None = None
        self._open: list[_Open] = []
        self._waiting: list[Scan | None] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "msRun":
            self.declare(attributes.get("scanCount"))
        elif tag == "scan":
            self.held += 1
            stated = _YES_NO.get(attributes.get("centroided", ""), self._centroided)
            self._open.append(_Open(attributes, stated, place=len(self._waiting)))
            # A scan stands before those inside it, in the order of the file.
            self._waiting.append(None)
            if len(self._waiting) > MAX_NESTED:
                raise InputFormatError(f"more than {MAX_NESTED} scans inside one scan", where=self.where)
        elif tag == "peaks" and self._open:
            self._open[-1].peaks = attributes
        elif tag == "msIonisation" and not self._open:
            self._ionization = attributes.get("value", "")[:60] or None
        elif tag == "dataProcessing" and not self._open:
            self._centroided = _YES_NO.get(attributes.get("centroided", ""), self._centroided)

    def end(self, tag: str, text: str) -> None:
        if not self._open:
            return
        scan = self._open[-1]
        if tag == "precursorMz" and scan.precursor_mz is None:
            scan.precursor_mz = number(text.strip(), self.where)
        elif tag == "peaks":
            scan.points = self._points(scan.peaks, text)
        elif tag == "scan":
            self._waiting[scan.place] = self._finish(self._open.pop())
            if not self._open:
                self.finished += [found for found in self._waiting if found is not None]
                self._waiting.clear()

    def _points(self, attributes: dict[str, str], text: str) -> NDArray[np.float64]:
        precision = attributes.get("precision", "32")
        order = attributes.get("contentType", attributes.get("pairOrder", "m/z-int"))
        packing = attributes.get("compressionType", "none")
        if precision not in ("32", "64") or order != "m/z-int" or packing not in ("none", "zlib"):
            raise InputFormatError(
                f"peaks as {precision[:10]!r} bits, {order[:20]!r}, {packing[:20]!r} are not read",
                where=self.where,
                hint="32 or 64 bits, 'm/z-int' and 'none' or 'zlib' are",
            )
        dtype = ">f4" if precision == "32" else ">f8"
        return decode_array(text, dtype, compressed=packing == "zlib", where=self.where)

    def _finish(self, scan: _Open) -> Scan:
        declared = scan.attributes.get("peaksCount", "")
        points = np.zeros(0) if scan.points is None else scan.points
        if declared == "0" and points.size == 2 and not points.any():
            # Some programs write one pair of zeros for a scan without peaks.
            points = points[:0]
        if not declared.isascii() or not declared.isdigit() or points.size != 2 * int(declared):
            raise InputFormatError(
                f"scan {scan.attributes.get('num', '')[:20]!r} holds {points.size / 2:g} peaks, "
                f"{declared[:20]!r} are declared",
                where=self.where,
            )
        level = scan.attributes.get("msLevel", "")
        return Scan(
            name=f"scan={scan.attributes.get('num', '')[:40]}",
            ms_level=int(level) if level.isascii() and level.isdigit() and len(level) < 4 else None,
            centroided=scan.centroided,
            time_min=self._minutes(scan.attributes.get("retentionTime")),
            precursor_mz=scan.precursor_mz,
            ionization=self._ionization,
            mz=points[0::2],
            intensity=points[1::2],
        )

    def _minutes(self, text: str | None) -> float | None:
        match = None if text is None or len(text) > 60 else _DURATION.fullmatch(text)
        if match is None:
            return None
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return hours * 60 + minutes + seconds / 60


def iter_mzxml(path: Path, *, max_bytes: int = MAX_BYTES, whole: bool = False) -> Iterator[Scan]:
    """Scans of an mzXML file, profile ones too, in file order; ``whole`` refuses a part of a run.

    Raises
    ------
    InputFormatError
        If the file is no mzXML, damaged, or not whole where that is asked for.
    """
    return read_scans(path, _Handler, "mzXML", max_bytes, whole=whole)


def mzxml_spectra(chunks: Iterable[bytes], file_name: str) -> Iterator[MassSpectrum]:
    """Centroided spectra of an mzXML file that is read in pieces, each as soon as it is complete.

    Raises
    ------
    InputFormatError
        As for :func:`read_mzxml`; that the run was cut is known at its end only.
    """
    scans = scans_of(chunks, file_name, _Handler, "mzXML", whole=True)
    return (scan_spectrum(scan, file_name) for scan in scans)


def read_mzxml(
    path: Path, *, max_bytes: int = MAX_BYTES, max_spectra: int = MAX_SPECTRA
) -> tuple[MassSpectrum, ...]:
    """Centroided mass spectra of an mzXML file, in file order; see :func:`musk_id.formats.scans.scan_spectra`.

    Raises
    ------
    InputFormatError
        If the file is no mzXML, damaged, holds no mass spectrum, too many, or a profile scan, or holds another
        number of scans than it declares: a run that was cut is not read as if it were whole.
    """
    return scan_spectra(iter_mzxml(path, max_bytes=max_bytes, whole=True), path.name, max_spectra)
