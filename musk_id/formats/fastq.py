"""FASTQ files of any number of reads, gzip or not, read in batches with vectorised checks.

A read is four lines; qualities are Phred values with offset 33. Reads broken over several lines, the older offset
64, and files cut off in the middle of a read are refused.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError
from musk_id.formats.read_ahead import read_ahead
from musk_id.formats.read_names import OriginCounts, names_digests
from musk_id.model.reads import ReadBatch, ReadOrigin

__all__ = ["MAX_READ_BP", "FastqFile", "paired_batches"]

MAX_READ_BP = 1_000_000
MAX_NAME_BYTES = 10_000
MAX_READS = 1_000_000_000
# Reads compress five- to tenfold. What grows far beyond is no run of an instrument.
MAX_GROWTH = 300
GROWTH_FREE_BYTES = 100_000_000
BATCH_READS = 10_000

_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_NEWLINE, _RETURN, _AT, _PLUS = 10, 13, 64, 43
_PLAIN = tuple(b"ACGTN")
_OFFSET = 33
_MAX_QUALITY = 93
# With the old offset 64 the lowest quality is written as '@' or '~' minus 62; with 33 a run of a thousand letters
# has some below.
_OLD_OFFSET_LOWEST, _OLD_OFFSET_HIGHEST, _OLD_OFFSET_LETTERS = 64, 105, 1_000

_UPPER = np.arange(256, dtype=np.uint8)
_UPPER[ord("a") : ord("z") + 1] -= 32
_IS_BASE = np.zeros(256, dtype=np.bool_)
_IS_BASE[np.frombuffer(b"ACGTUNRYSWKMBDHVacgtunryswkmbdhv", dtype=np.uint8)] = True
_UPPER[ord("U")] = _UPPER[ord("u")] = ord("T")

Bytes = NDArray[np.uint8]


class FastqFile:
    """Reads of a file in batches; may be read once.

    Parameters
    ----------
    path : Path
        A regular file.
    with_origin : bool
        Whether the run and the library that the names of the reads name are asked for.
    """

    def __init__(self, path: Path, *, with_origin: bool = False) -> None:
        self._path = path
        self._with_origin = with_origin
        self._lowest, self._highest, self._letters = 255, 0, 0
        self.reads = 0
        self._origins = OriginCounts()
        self.size = 0
        self.position = 0

    @property
    def name(self) -> str:
        return self._path.name

    @property
    def origin(self) -> ReadOrigin:
        """What the names of the reads so far say of their run and library, where it was asked for."""
        return self._origins.done()

    def batches(self, count: int = BATCH_READS) -> Generator[ReadBatch]:
        """Reads in batches of ``count``, the last one smaller.

        Raises
        ------
        InputFormatError
            With line number, if the file is empty, no FASTQ, damaged, cut off, or beyond a limit.
        """
        held: list[bytes] = []
        marks: list[NDArray[np.int64]] = []
        size, lines_held, wanted = 0, 0, 4 * count
        for chunk in self._chunks():
            ends = _line_ends(chunk)
            held.append(chunk)
            marks.append(ends + size)
            size, lines_held = size + len(chunk), lines_held + ends.size
            if lines_held < wanted:
                self._check_line_length(size, lines_held)
                continue
            data, ends = b"".join(held), np.concatenate(marks)
            used = 0
            for first in range(0, ends.size - wanted + 1, wanted):
                yield self._batch(data, ends[first : first + wanted], used)
                used = int(ends[first + wanted - 1]) + 1
            lines_held = ends.size % wanted
            held, marks, size = [data[used:]], [ends[ends.size - lines_held :] - used], len(data) - used
        yield from self._rest(b"".join(held))
        self._check_offset()

    def _rest(self, data: bytes) -> Iterator[ReadBatch]:
        """What stands after the last whole batch."""
        data = data.rstrip(b"\r\n\t ")
        if not data:
            if not self.reads:
                raise InputFormatError("no read in the file", where=self._path.name)
            return
        data += b"\n"
        if data.count(b"\n") % 4 == 3 and data.endswith((b"\n\n+\n", b"\n\r\n+\n")):
            # The qualities of a last read without letters are an empty line.
            data += b"\n"
        ends = _line_ends(data)
        whole = ends.size - ends.size % 4
        if whole:
            yield self._batch(data, ends[:whole], 0)
        if whole < ends.size:
            start = int(ends[whole - 1]) + 1 if whole else 0
            if data[start : start + 1] != b"@":
                self._refuse_start(self.reads, data[start : start + 1])
            raise InputFormatError(
                f"the last read has {ends.size - whole} lines instead of four",
                where=self._where(4 * self.reads + 1),
                hint="the file is cut off",
            )

    def _check_line_length(self, size: int, lines_held: int) -> None:
        # Without line ends the held data would grow without end.
        if size > (lines_held + 2) * (MAX_READ_BP + MAX_NAME_BYTES) + 2 * _CHUNK:
            raise InputFormatError(
                f"a line is longer than {MAX_READ_BP} letters", where=self._where(4 * self.reads + lines_held + 1)
            )

    def _where(self, line: int) -> str:
        return f"{self._path.name}, line {line}"

    def _batch(self, data: bytes, ends: NDArray[np.int64], start: int) -> ReadBatch:
        """Whole reads whose lines end at ``ends`` and begin at ``start``."""
        text = np.frombuffer(data, np.uint8)[start : int(ends[-1]) + 1]
        ends = ends - start
        begins = np.concatenate([[0], ends[:-1] + 1])
        # Files of DOS end their lines with CR LF.
        stops = ends - (text[np.maximum(ends - 1, begins)] == _RETURN) * (ends > begins)
        lengths = stops - begins
        name, letters, plus, quality = (lengths[i::4] for i in range(4))
        self._check_shape(text, begins, name, letters, plus, quality)
        offsets = np.concatenate([[0], np.cumsum(letters)])
        if letters.min() == letters.max():
            found, written = (_rows(text, begins[i::4], int(letters[0])) for i in (1, 3))
        else:
            found, written = (_pieces(text, begins[i::4], stops[i::4]) for i in (1, 3))
        if not _plain(found):
            found = _UPPER[found]
            self._check_letters(found, offsets)
        self._check_quality(written, offsets)
        names, places = names_digests(text, begins[0::4], name)
        batch = ReadBatch(
            letters=found,
            quality=written - np.uint8(_OFFSET),
            starts=offsets,
            names_sha256=names,
            first_number=self.reads + 1,
        )
        if self._with_origin:
            self._note_origins(text, places, begins, stops)
        self.reads += letters.size
        if self.reads > MAX_READS:
            raise InputFormatError(f"more than {MAX_READS} reads", where=self._path.name)
        return batch

    def _note_origins(
        self, text: Bytes, places: NDArray[np.uint64], begins: NDArray[np.int64], stops: NDArray[np.int64]
    ) -> None:
        for number in np.flatnonzero(places <= np.uint64(self._origins.highest)).tolist():
            lines = (slice(begins[4 * number + line], stops[4 * number + line]) for line in (0, 1, 3))
            name, letters, quality = (text[line].tobytes() for line in lines)
            self._origins.add(int(places[number]), name, letters, quality)

    def _check_shape(
        self,
        text: Bytes,
        begins: NDArray[np.int64],
        name: NDArray[np.int64],
        letters: NDArray[np.int64],
        plus: NDArray[np.int64],
        quality: NDArray[np.int64],
    ) -> None:
        bad = np.flatnonzero((name < 1) | (text[begins[0::4]] != _AT))
        if bad.size:
            first = int(bad[0])
            self._refuse_start(self.reads + first, text[begins[4 * first] :][:1].tobytes())
        bad = np.flatnonzero((plus < 1) | (text[begins[2::4]] != _PLUS))
        if bad.size:
            raise InputFormatError(
                "the third line of a read does not begin with '+'",
                where=self._where(4 * (self.reads + int(bad[0])) + 3),
                hint="reads over several lines are not read; write each read in four lines",
            )
        bad = np.flatnonzero(letters != quality)
        if bad.size:
            first = int(bad[0])
            raise InputFormatError(
                f"{letters[first]} letters and {quality[first]} qualities",
                where=self._where(4 * (self.reads + first) + 4),
            )
        bad = np.flatnonzero((letters > MAX_READ_BP) | (name > MAX_NAME_BYTES))
        if bad.size:
            raise InputFormatError(
                f"a read longer than {MAX_READ_BP} letters, or a name longer than {MAX_NAME_BYTES}",
                where=self._where(4 * (self.reads + int(bad[0])) + 1),
            )

    def _refuse_start(self, read: int, found: bytes) -> None:
        kind = "; this looks like FASTA" if found == b">" else ""
        raise InputFormatError(
            f"a read does not begin with '@'{kind}",
            where=self._where(4 * read + 1),
            hint="hand in FASTQ: name with '@', letters, '+', qualities",
        )

    def _check_letters(self, found: Bytes, offsets: NDArray[np.int64]) -> None:
        bad = np.flatnonzero(~_IS_BASE[found])
        if bad.size:
            read = int(np.searchsorted(offsets, bad[0], side="right")) - 1
            raise InputFormatError(
                f"letter {chr(int(found[bad[0]]))!r} is no nucleotide code",
                where=self._where(4 * (self.reads + read) + 2),
            )

    def _check_quality(self, written: Bytes, offsets: NDArray[np.int64]) -> None:
        if not written.size:
            return
        lowest, highest = int(written.min()), int(written.max())
        if lowest < _OFFSET or highest > _OFFSET + _MAX_QUALITY:
            bad = np.flatnonzero((written < _OFFSET) | (written > _OFFSET + _MAX_QUALITY))
            read = int(np.searchsorted(offsets, bad[0], side="right")) - 1
            raise InputFormatError(
                f"quality {chr(int(written[bad[0]]))!r} is none of '!' to '~'",
                where=self._where(4 * (self.reads + read) + 4),
            )
        self._lowest, self._highest = min(self._lowest, lowest), max(self._highest, highest)
        self._letters += written.size

    def _check_offset(self) -> None:
        old = self._lowest >= _OLD_OFFSET_LOWEST and _OLD_OFFSET_HIGHEST >= self._highest > _OFFSET + 42
        if old and self._letters >= _OLD_OFFSET_LETTERS:
            raise InputFormatError(
                f"the qualities reach from {chr(self._lowest)!r} to {chr(self._highest)!r}, as with the offset 64",
                where=self._path.name,
                hint="write the qualities with the offset 33 (Sanger)",
            )

    def _chunks(self) -> Iterator[bytes]:
        name = self._path.name
        grown = 0
        try:
            if not self._path.is_file():
                raise InputFormatError("no regular file", where=name)
            self.size = self._path.stat().st_size
            with self._path.open("rb") as raw:
                magic = raw.read(2)
                raw.seek(0)
                if not magic:
                    raise InputFormatError("the file is empty", where=name)
                compressed = magic == _GZIP_MAGIC
                pieces = _inflated(raw.read, name) if compressed else iter(lambda: raw.read(_CHUNK), b"")
                for piece in pieces:
                    self.position = raw.tell()
                    grown += len(piece)
                    if compressed and grown > GROWTH_FREE_BYTES and grown > MAX_GROWTH * self.position:
                        raise InputFormatError(
                            f"grows to more than {MAX_GROWTH} times its size when decompressed", where=name
                        )
                    yield piece
        except OSError as error:
            raise InputFormatError(f"cannot be read: {error.strerror}", where=name) from error


def _inflated(read: Callable[[int], bytes], name: str) -> Iterator[bytes]:
    """Content of a gzip file of one or more members, piece by piece."""
    data = read(_CHUNK)
    while data:
        inflater = zlib.decompressobj(wbits=31)
        while not inflater.eof:
            if not data:
                data = read(_CHUNK)
                if not data:
                    raise InputFormatError("the gzip file is cut off", where=name)
            try:
                piece = inflater.decompress(data, _CHUNK)
            except zlib.error as error:
                raise InputFormatError(f"damaged gzip file: {error}", where=name) from error
            data = inflater.unconsumed_tail or (inflater.unused_data if inflater.eof else b"")
            if piece:
                yield piece
        data = data or read(_CHUNK)
        # Tapes and some programs pad with zero bytes after the last member.
        if data and not data.strip(b"\0"):
            return


def _rows(text: Bytes, begins: NDArray[np.int64], length: int) -> Bytes:
    """Stretches of one length, one after the other."""
    if not length:
        return np.zeros(0, np.uint8)
    rows: Bytes = np.lib.stride_tricks.sliding_window_view(text, length)[begins]
    return rows.reshape(-1)


def _plain(letters: Bytes) -> bool:
    """Whether all letters are A, C, G, T or N; a few passes of one comparison cost less than a table."""
    known = letters == _PLAIN[0]
    here = np.empty_like(known)
    for letter in _PLAIN[1:]:
        np.equal(letters, letter, out=here)
        known |= here
    return bool(known.all())


def _pieces(text: Bytes, begins: NDArray[np.int64], stops: NDArray[np.int64]) -> Bytes:
    """Stretches of many lengths, one after the other."""
    data = text.tobytes()
    return np.frombuffer(
        b"".join([data[b:s] for b, s in zip(begins.tolist(), stops.tolist(), strict=True)]), np.uint8
    )


def _line_ends(data: bytes) -> NDArray[np.int64]:
    return np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE)


def paired_batches(
    forward: FastqFile, reverse: FastqFile, count: int = BATCH_READS, *, threads: int = 1
) -> Iterator[tuple[ReadBatch, ReadBatch]]:
    """Batches of two files of paired reads, side by side.

    Parameters
    ----------
    threads : int
        With more than one each file is read in a thread of its own, a little ahead; the batches are the same.

    Raises
    ------
    InputFormatError
        If a file cannot be read, they hold different numbers of reads, or reads of different names.
    """
    with ExitStack() as stack:
        files = [file.batches(count) for file in (forward, reverse)]
        if threads > 1:
            files = [stack.enter_context(closing(read_ahead(file))) for file in files]
        for first, second in zip_longest(*files):
            if first is None or second is None or len(first) != len(second):
                raise InputFormatError(
                    "the two files of pairs hold different numbers of reads",
                    where=f"{forward.name}, {reverse.name}",
                    hint="one of them may be cut off, or they are of different runs",
                )
            if first.names_sha256 != second.names_sha256:
                raise InputFormatError(
                    "the two files of pairs name their reads differently",
                    where=f"{forward.name}, {reverse.name}, reads {first.first_number} to "
                    f"{first.first_number + len(first) - 1}",
                    hint="pairs have to stand in the same order in both files",
                )
            yield first, second
