"""Scans of mass spectrometry runs: what the XML formats share."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError
from musk_id.formats.limited import read_bytes
from musk_id.formats.peaks import spectrum
from musk_id.model.spectrum import MassSpectrum

__all__ = [
    "MAX_SCAN_POINTS",
    "Scan",
    "ScanHandler",
    "decode_array",
    "read_scans",
    "scan_spectra",
    "scan_spectrum",
    "scans_of",
]

MAX_SCAN_POINTS = 2_000_000
MAX_DEPTH = 100
MAX_TEXT = 40_000_000
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as it stands in the file.

    ``mz`` and ``intensity`` are float64 of one shape, in file order; ``centroided`` is ``None`` where the file
    does not say.
    """

    name: str
    ms_level: int | None
    centroided: bool | None
    time_min: float | None
    precursor_mz: float | None
    ionization: str | None
    mz: NDArray[np.float64]
    intensity: NDArray[np.float64]


class ScanHandler(ABC):
    """Takes the elements of a file; finished scans are put into ``finished``.

    A subclass says in ``text_of`` of which elements it wants the text. ``declared`` is the number of scans
    that the file says it holds (``None``: it does not say), ``held`` the number of those that stand in it.
    """

    text_of: frozenset[str] = frozenset()

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.finished: list[Scan] = []
        self.declared: int | None = None
        self.held = 0
        self.line = 0

    @property
    def where(self) -> str:
        return f"{self.file_name}, line {self.line}"

    def declare(self, count: str | None) -> None:
        """Take a number of scans that the file says it holds; several parts of a file are added up."""
        if count is not None and count.isascii() and count.isdigit() and len(count) < 10:
            self.declared = (self.declared or 0) + int(count)

    def require_whole(self) -> None:
        """Refuse a file that was cut after it was written.

        Raises
        ------
        InputFormatError
            If it declares another number of scans than it holds.
        """
        if self.declared is not None and self.declared != self.held:
            raise InputFormatError(
                f"declares {self.declared} spectra and holds {self.held}",
                where=self.file_name,
                hint="scans are missing or were added after the file was written: hand in the whole run",
            )

    @abstractmethod
    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of an element."""

    @abstractmethod
    def end(self, tag: str, text: str) -> None:
        """Take the end of an element, with its text where that was wanted."""


def read_scans(
    path: Path, make: Callable[[str], ScanHandler], root: str, max_bytes: int, *, whole: bool
) -> Iterator[Scan]:
    """Scans of an XML file, one after the other; see :func:`scans_of`.

    Raises
    ------
    InputFormatError
        As for :func:`scans_of`, or if the file is too large.
    """
    stream = io.BytesIO(read_bytes(path, max_bytes))
    return scans_of(iter(lambda: stream.read(_CHUNK), b""), path.name, make, root, whole=whole)


def scans_of(
    chunks: Iterable[bytes], file_name: str, make: Callable[[str], ScanHandler], root: str, *, whole: bool
) -> Iterator[Scan]:
    """Scans of an XML file that is read in pieces, each as soon as it is complete.

    Document type declarations are refused, and with them all entities: nothing outside the file is read and
    nothing in it grows.

    Raises
    ------
    InputFormatError
        If the file is no well-formed XML with the root element, its scans cannot be read, or, where ``whole`` is
        asked for, it holds another number of scans than it declares: that is known at its end only.
    """
    handler = make(file_name)
    feeder = _Feeder(handler, root)
    for chunk in chunks:
        feeder.feed(chunk, final=False)
        yield from handler.finished
        handler.finished.clear()
    feeder.feed(b"", final=True)
    if whole:
        handler.require_whole()
    yield from handler.finished


class _Feeder:
    """The parser, with its limits, between a file and a handler."""

    def __init__(self, handler: ScanHandler, root: str) -> None:
        self._handler = handler
        self._root = root
        self._depth = 0
        self._size = 0
        self._text: list[str] | None = None
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            raise InputFormatError(
                f"no well-formed XML: {expat.errors.messages[error.code]}",
                where=f"{self._handler.file_name}, line {error.lineno}",
                hint="the file may be cut off; export it again",
            ) from error
        except (LookupError, ValueError) as error:
            raise InputFormatError(f"no XML that can be read: {error}", where=self._handler.file_name) from error

    def _doctype(self, *_: object) -> None:
        raise InputFormatError(
            "a document type declaration, which is not accepted",
            where=f"{self._handler.file_name}, line {self._parser.CurrentLineNumber}",
            hint="mzML and mzXML need none",
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._handler.line = self._parser.CurrentLineNumber
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise InputFormatError(f"elements nested more than {MAX_DEPTH} deep", where=self._handler.where)
        name = tag.rpartition(":")[2]
        if self._depth == 1 and name not in (self._root, f"indexed{self._root}"):
            raise InputFormatError(
                f"the root element is {name[:40]!r}, not {self._root!r}", where=self._handler.where
            )
        self._text, self._size = ([], 0) if name in self._handler.text_of else (None, 0)
        self._handler.start(name, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._handler.line = self._parser.CurrentLineNumber
        text, self._text = self._text, None
        self._handler.end(tag.rpartition(":")[2], "".join(text) if text else "")

    def _characters(self, text: str) -> None:
        if self._text is None:
            return
        self._size += len(text)
        if self._size > MAX_TEXT:
            raise InputFormatError(f"more than {MAX_TEXT} letters in one element", where=self._handler.where)
        self._text.append(text)


def decode_array(text: str, dtype: str, *, compressed: bool, where: str) -> NDArray[np.float64]:
    """Numbers of a base64 text, decompressed by zlib within ``MAX_SCAN_POINTS``; always float64.

    Raises
    ------
    InputFormatError
        If the text is no base64, the compression is damaged, or the numbers are too many or not finite.
    """
    kind = np.dtype(dtype)
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
        if compressed:
            inflater = zlib.decompressobj()
            data = inflater.decompress(data, MAX_SCAN_POINTS * 2 * kind.itemsize + 1)
            if not inflater.eof and not inflater.unconsumed_tail:
                raise InputFormatError("the compressed numbers are cut off", where=where)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise InputFormatError(f"the encoded numbers are damaged: {error}", where=where) from error
    if len(data) > MAX_SCAN_POINTS * 2 * kind.itemsize:
        raise InputFormatError(f"more than {MAX_SCAN_POINTS} points in one scan", where=where)
    if len(data) % kind.itemsize:
        raise InputFormatError(f"{len(data)} bytes are no whole {kind.itemsize}-byte numbers", where=where)
    values = np.frombuffer(data, dtype=kind).astype(np.float64)
    if not np.isfinite(values).all():
        raise InputFormatError("a number is not finite", where=where)
    return values


def _place(scan: Scan, file_name: str) -> str:
    return f"{file_name}, scan {scan.name[:60]!r}"


def scan_spectrum(scan: Scan, file_name: str) -> MassSpectrum:
    """A centroided scan as a spectrum.

    Metadata: ``ms_level``, ``retention_time_min``, ``precursor_mz``, ``ionization``, as far as the file says.

    Raises
    ------
    InputFormatError
        If it is not centroided, or its peaks cannot be those of a spectrum.
    """
    where = _place(scan, file_name)
    if scan.centroided is False:
        raise InputFormatError(
            "a profile scan; peaks are needed", where=where, hint="export the run with centroided scans"
        )
    stated = (
        ("ms_level", scan.ms_level),
        ("retention_time_min", scan.time_min),
        ("precursor_mz", scan.precursor_mz),
        ("ionization", scan.ionization),
    )
    metadata = tuple((key, str(value)) for key, value in stated if value is not None)
    return spectrum(scan.name, scan.mz, scan.intensity, metadata, where)


def scan_spectra(scans: Iterator[Scan], file_name: str, max_spectra: int) -> tuple[MassSpectrum, ...]:
    """Centroided scans as spectra, at most ``max_spectra``; see :func:`scan_spectrum`.

    Raises
    ------
    InputFormatError
        If there is none, one is not centroided, or they are too many.
    """
    found: list[MassSpectrum] = []
    for scan in scans:
        one = scan_spectrum(scan, file_name)
        if len(found) == max_spectra:
            raise InputFormatError(
                f"more than {max_spectra} scans",
                where=_place(scan, file_name),
                hint="export the averaged spectrum of the peak",
            )
        found.append(one)
    if not found:
        raise InputFormatError("no mass spectrum in the file", where=file_name)
    return tuple(found)
