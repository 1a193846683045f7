"""FASTA files of any number of sequences, read strictly and piece by piece: the memory needed stays the same.

The rules are those of :mod:`musk_id.formats.fasta`, but that equal names are not looked for: that would need
all of them in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from musk_id.errors import InputFormatError
from musk_id.formats.chunked import BatchStream, unix
from musk_id.formats.fasta import MAX_LENGTH_BP, looks_like, sequence_letters, sequence_name, whole_sequence
from musk_id.formats.limited import decode_text
from musk_id.model.sequence import NucleotideSequence

__all__ = ["FastaStream"]

MAX_RECORDS = 10_000_000
MAX_LINE_BYTES = 1_000_000
_CHUNK = 1 << 18
_PLAIN = re.compile(rb"[ACGTN]+")


class FastaStream(BatchStream[NucleotideSequence]):
    """Sequences of a file, gzip or not, in file order.

    Parameters
    ----------
    path : Path
        A regular file.
    """

    def _entries(self) -> Iterator[NucleotideSequence]:
        file_name = self._path.name
        name, begun, pieces, length, records = "", 0, list[str](), 0, 0
        for number, line in self._lines():
            where = f"{file_name}, line {number}"
            if line.startswith(b">"):
                if begun:
                    yield whole_sequence(name, begun, pieces, file_name)
                records += 1
                if records > MAX_RECORDS:
                    raise InputFormatError(f"more than {MAX_RECORDS} sequences", where=where)
                name, begun, pieces, length = sequence_name(_text(line, where)[1:].strip(), where), number, [], 0
            elif not begun:
                raise InputFormatError(
                    looks_like(_text(line, where)),
                    where=where,
                    hint="hand in FASTA: a line '>name', then the letters",
                )
            else:
                plain = _PLAIN.fullmatch(line)
                pieces.append(line.decode("ascii") if plain else sequence_letters(_text(line, where), where))
                length += len(pieces[-1])
                if length > MAX_LENGTH_BP:
                    raise InputFormatError(
                        f"sequence {name[:60]!r} is longer than {MAX_LENGTH_BP} letters", where=where
                    )
        if not begun:
            raise InputFormatError("no sequence in the file", where=file_name)
        yield whole_sequence(name, begun, pieces, file_name)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Lines that are not blank, with their numbers; line ends are LF, CR LF or CR."""
        number, rest = 0, b""
        for chunk in self._file.chunks(_CHUNK):
            data = rest + chunk
            # A CR at the end may be half of a line end.
            held = b"\r" if data.endswith(b"\r") else b""
            *lines, rest = unix(data[: len(data) - len(held)]).split(b"\n")
            rest += held
            if len(rest) > MAX_LINE_BYTES:
                raise InputFormatError(
                    f"a line is longer than {MAX_LINE_BYTES} bytes", where=f"{self._path.name}, line {number + 1}"
                )
            for line in lines:
                number += 1
                if stripped := line.strip(b" \t\v\f"):
                    yield number, stripped
        # Files of DOS may end in Ctrl-Z.
        for line in unix(rest.rstrip(b"\x1a\r\n\t ")).split(b"\n"):
            number += 1
            if line.strip():
                yield number, line.strip()


def _text(line: bytes, where: str) -> str:
    """Text of a line; refused if it is none. Control characters are told with the line they stand on."""
    try:
        return decode_text(line, where)
    except InputFormatError as error:
        raise InputFormatError(error.message, where=where, hint=error.hint) from error
