"""Files of any number of spectra, in batches: the readers of :mod:`musk_id.formats.spectra_files`, piece by piece.

MSP, MSL, MGF, MassBank text, mzML and mzXML are read as they are needed, so that the memory does not grow with the
file. JCAMP-DX, whose blocks hold others, and tables, in which the rows of a spectrum may stand anywhere, are read
whole, up to the limits of their readers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.chunked import BatchStream, unix
from musk_id.formats.limited import decode_text, split_lines
from musk_id.formats.massbank import iter_massbank
from musk_id.formats.mgf import iter_mgf
from musk_id.formats.msp import read_msp_bytes
from musk_id.formats.mzml import mzml_spectra
from musk_id.formats.mzxml import mzxml_spectra
from musk_id.formats.spectra_files import reader_of
from musk_id.model.spectrum import MassSpectrum

__all__ = ["SpectrumStream"]

MAX_PIECE_BYTES = 50_000_000
_CHUNK = 1 << 19

_WAY_OUT = (
    "this format is read as a whole: split the file, or hand in MSP, MGF, MassBank text, mzML or mzXML, which are "
    "read piece by piece"
)

_BLANK_LINE = re.compile(rb"\n[ \t]*\n")
_LINE = re.compile(r"(.*, line )([0-9]+)", re.DOTALL)


class SpectrumStream(BatchStream[MassSpectrum]):
    """Spectra of a file, gzip or not, in file order.

    Parameters
    ----------
    path : Path
        A regular file whose name tells its format.

    Raises
    ------
    InputFormatError
        If the name tells of no format that is read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._suffix, self._whole = reader_of(path)

    def _entries(self) -> Iterator[MassSpectrum]:
        lines: Callable[..., Iterator[MassSpectrum]] | None
        lines = {".mgf": iter_mgf, ".massbank": iter_massbank}.get(self._suffix)
        scans = {".mzml": mzml_spectra, ".mzxml": mzxml_spectra}.get(self._suffix)
        if self._suffix in (".msp", ".msl"):
            found = self._msp()
        elif lines is not None:
            found = lines(self._lines(), self._path.name)
        elif scans is not None:
            found = scans(self._file.chunks(_CHUNK), self._path.name)
        else:
            try:
                yield from self._whole(self._path)
            except InputFormatError as error:
                raise _with_a_way_out(error) from error
            return
        empty = True
        for spectrum in found:
            empty = False
            yield spectrum
        if empty:
            what = "no mass spectrum in the file" if scans is not None else "no spectrum in the file"
            raise InputFormatError(what, where=self._path.name)

    def _msp(self) -> Iterator[MassSpectrum]:
        """A blank line ends a spectrum, so that the text between two of them can be read by itself."""
        before = 0
        for piece in self._pieces(_after_blank_line, "no blank line between spectra"):
            if piece.strip(b" \t\n\x1a"):
                try:
                    yield from read_msp_bytes(piece, self._path.name)
                except InputFormatError as error:
                    raise _moved(error, before) from error
            before += piece.count(b"\n")

    def _lines(self) -> Iterator[str]:
        before = 0
        for piece in self._pieces(_after_line, "no end of a line"):
            count = piece.count(b"\n")
            try:
                lines = split_lines(decode_text(piece, self._path.name))
            except InputFormatError as error:
                raise _moved(error, before) from error
            yield from lines
            # Blank lines at the end of a piece were cut away with its last line end.
            yield from [""] * (count - len(lines))
            before += count

    def _pieces(self, end: Callable[[bytes], int], lacking: str) -> Iterator[bytes]:
        """Pieces of the file that end where ``end`` says, but for the last one; line ends are LF."""
        rest = b""
        for chunk in self._file.chunks(_CHUNK):
            data = rest + chunk
            # A CR at the end may be half of a line end.
            held = b"\r" if data.endswith(b"\r") else b""
            data = unix(data[: len(data) - len(held)])
            cut = end(data)
            if cut:
                yield data[:cut]
            rest = data[cut:] + held
            if len(rest) > MAX_PIECE_BYTES:
                raise InputFormatError(
                    f"{lacking} within {MAX_PIECE_BYTES} bytes",
                    where=self._path.name,
                    hint="see that the file is of the format that its name says",
                )
        if rest:
            yield unix(rest)


def _with_a_way_out(error: InputFormatError) -> InputFormatError:
    """The error of a file that is too large to be read whole, with what to do."""
    if not error.message.startswith(("larger than", "more than")) or error.hint:
        return error
    return InputFormatError(error.message, where=error.where, hint=_WAY_OUT, problems=error.problems)


def _after_line(data: bytes) -> int:
    """Place after the last line end, 0 without one."""
    return data.rfind(b"\n") + 1


def _after_blank_line(data: bytes) -> int:
    """Place after the last blank line, 0 without one."""
    place = data.rfind(b"\n\n")
    if place >= 0:
        return place + 2
    return max((found.end() for found in _BLANK_LINE.finditer(data)), default=0)


def _moved(error: InputFormatError, lines: int) -> InputFormatError:
    """The error of a piece, with the line counted from the beginning of the file."""
    found = _LINE.fullmatch(error.where)
    where = f"{found[1]}{int(found[2]) + lines}" if found else error.where
    return InputFormatError(error.message, where=where, hint=error.hint, problems=error.problems)
