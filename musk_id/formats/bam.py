"""BAM files of reads mapped against a mitochondrial reference.

Records are read in file order and by region. The index of a file that has none is made in a temporary folder:
nothing is written beside the evidence. CRAM is refused, as its letters hang on a reference that is not in it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musk_id.errors import InputFormatError
from musk_id.formats.quiet_pysam import quiet
from musk_id.formats.read_names import OriginCounts
from musk_id.model.reads import AlignedRead, ReadOrigin

if TYPE_CHECKING:
    import pysam

__all__ = ["MAPPED_SUFFIXES", "BamFile", "looks_mapped", "open_bam"]

MAPPED_SUFFIXES = (".bam", ".cram", ".sam")

# Mitochondrial genomes of vertebrates; a nuclear chromosome is far longer.
MIN_REFERENCE_BP, MAX_REFERENCE_BP = 300, 30_000
MITOCHONDRIAL = frozenset({"chrm", "m", "mt", "chrmt", "mtdna", "mitochondrion"})
MAX_REFERENCES = 100_000
MAX_READ_BP = 1_000_000
MAX_RECORDS = 1_000_000_000
# Records compress three- to tenfold; what grows far beyond is no run of an instrument.
MAX_GROWTH = 300
GROWTH_FREE_BYTES = 100_000_000

MAX_BLOCK_BYTES = 1 << 16

_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
# M, =, X take columns and letters; I and S letters; D and N columns.
_BOTH, _LETTERS, _INSERTED, _COLUMNS = frozenset({0, 7, 8}), frozenset({1, 4}), 1, frozenset({2, 3})
_DELETED = 2
_UNMAPPED_QUALITY = 255


def looks_mapped(path: Path) -> bool:
    """Whether a file is one of mapped reads (BAM, CRAM or SAM), by its name or its first bytes."""
    if path.name.lower().endswith(MAPPED_SUFFIXES):
        return True
    try:
        with path.open("rb") as handle:
            start = handle.read(1 << 16)
    except OSError:
        return False
    return start.startswith(b"CRAM") or _is_sam(start) or _inflated_start(start).startswith(b"BAM\1")


def _is_sam(start: bytes) -> bool:
    return start.startswith((b"@HD\t", b"@SQ\t"))


def _inflated_start(start: bytes) -> bytes:
    if not start.startswith(_GZIP_MAGIC):
        return b""
    try:
        return zlib.decompressobj(wbits=31).decompress(start, 16)
    except zlib.error:
        return b""


class BamFile:
    """An open BAM file; see :func:`open_bam`.

    Attributes
    ----------
    name : str
        Name of the file.
    length_bp : int
        Columns of the mitochondrial reference.
    total : int
        Records read so far by :meth:`reads`, without secondary and supplementary ones.
    left_out : int
        Those of them that are not mapped there, marked as duplicates or failed, or below the mapping quality.
    """

    def __init__(
        self, handle: pysam.AlignmentFile, name: str, min_mapping_quality: int, min_base_quality: int
    ) -> None:
        self._handle = handle
        self.name = name
        self._min_mapping, self._min_base = min_mapping_quality, min_base_quality
        self._contig, self.length_bp = _mitochondrial(handle, name)
        self.total = self.left_out = 0
        self._origins = OriginCounts()
        self._groups = _libraries_of_groups(handle)

    @property
    def origin(self) -> ReadOrigin:
        """What the records read by :meth:`reads` say of their run and library."""
        return self._origins.done()

    def reads(self) -> Iterator[AlignedRead]:
        """All usable records of the file in file order; each call begins with the first one.

        Raises
        ------
        InputFormatError
            If a record is damaged, the file is not sorted, or it holds more records than are read.
        """
        self.total = self.left_out = 0
        self._origins = OriginCounts()
        for record in self._records(self._from_first):
            if record.is_secondary or record.is_supplementary:
                continue
            self.total += 1
            if self.total > MAX_RECORDS:
                raise InputFormatError(f"more than {MAX_RECORDS} records", where=self.name)
            self._note_origin(record)
            if self._usable(record):
                yield self._aligned(record)
            else:
                self.left_out += 1

    def region(self, first: int, last: int) -> Iterator[AlignedRead]:
        """Usable records that reach into columns ``first`` to ``last - 1``; raises as :meth:`reads` does."""
        for record in self._records(lambda: self._handle.fetch(self._contig, first, last)):
            if not (record.is_secondary or record.is_supplementary) and self._usable(record):
                yield self._aligned(record)

    def _records(self, fetch: Callable[[], Iterator[pysam.AlignedSegment]]) -> Iterator[pysam.AlignedSegment]:
        number = 0
        try:
            records = fetch()
        except (OSError, ValueError, NotImplementedError) as error:
            hint = "the file may be packed with gzip, not with bgzip, or damaged"
            raise InputFormatError(f"no access to the records: {error}", where=self.name, hint=hint) from error
        last = (0, -1)
        while True:
            try:
                record = next(records, None)
            except (OSError, ValueError, NotImplementedError) as error:
                raise InputFormatError(
                    f"damaged after record {number}: {error}",
                    where=self.name,
                    hint="the file is cut off or damaged",
                ) from error
            if record is None:
                return
            number += 1
            place = (record.reference_id if record.reference_id >= 0 else 1 << 40, record.reference_start)
            if place < last:
                raise InputFormatError(
                    f"record {number} stands before the one in front of it",
                    where=self.name,
                    hint="sort the file by coordinate (samtools sort)",
                )
            last = place
            yield record

    def _from_first(self) -> Iterator[pysam.AlignedSegment]:
        self._handle.reset()
        return self._handle.fetch(until_eof=True)

    def _note_origin(self, record: pysam.AlignedSegment) -> None:
        """Library by the name of a record and its index (BC), as in FASTQ; else by its read group."""
        try:
            tags = dict(record.get_tags())
        except (ValueError, LookupError, NotImplementedError) as error:
            raise InputFormatError("a tag of a read is damaged", where=self.name) from error
        name = f"@{self._name_of(record)}"
        index = str(tags.get("BC", "")).replace("-", "+")
        letters, quality = str(record.query_sequence or "*"), record.query_qualities
        place = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest()
        self._origins.add(
            int.from_bytes(place, "big"),
            (f"{name} 1:N:0:{index}" if index else name).encode("utf-8", "replace"),
            letters.encode("utf-8", "replace"),
            b"" if quality is None else bytes(quality),
            self._groups.get(str(tags.get("RG", ""))),
        )

    def _name_of(self, record: pysam.AlignedSegment) -> str:
        try:
            return str(record.query_name)
        except UnicodeDecodeError as error:
            raise InputFormatError("the name of a read is no text", where=self.name) from error

    def _usable(self, record: pysam.AlignedSegment) -> bool:
        return not (
            record.is_unmapped
            or record.is_duplicate
            or record.is_qcfail
            or record.reference_name != self._contig
            or (record.mapping_quality < self._min_mapping and record.mapping_quality != _UNMAPPED_QUALITY)
            or record.cigartuples is None
            or not record.query_sequence
        )

    def _aligned(self, record: pysam.AlignedSegment) -> AlignedRead:
        text = str(record.query_sequence).upper()
        if len(text) > MAX_READ_BP:
            raise InputFormatError(f"a read longer than {MAX_READ_BP} letters", where=self.name)
        if record.query_qualities is not None:
            quality = np.frombuffer(record.query_qualities, np.uint8)
            low = quality < self._min_base
            if quality.size == len(text) and low.any():
                letters_read = np.frombuffer(text.encode("ascii", "replace"), np.uint8)
                # Lower case says nothing in its column.
                text = (letters_read | (low * np.uint8(0x20))).tobytes().decode("ascii")
        letters: list[str] = []
        inserts: list[tuple[int, bytes]] = []
        place, column = 0, record.reference_start
        for kind, size in record.cigartuples or ():
            if kind in _BOTH:
                letters.append(text[place : place + size])
                place, column = place + size, column + size
            elif kind in _LETTERS:
                if kind == _INSERTED:
                    inserts.append((column, text[place : place + size].encode("ascii")))
                place += size
            elif kind in _COLUMNS:
                if column + size > self.length_bp:
                    break
                letters.append(("-" if kind == _DELETED else "N") * size)
                column += size
        laid = "".join(letters)
        if column > self.length_bp or place > len(text):
            raise InputFormatError(
                f"a record reaches beyond its letters or beyond column {self.length_bp} of its reference",
                where=self.name,
            )
        return AlignedRead(
            self._name_of(record).encode("utf-8", "replace"),
            bool(record.is_reverse),
            record.reference_start,
            laid.encode("ascii", "replace"),
            tuple(inserts),
        )


@contextmanager
def open_bam(path: Path, *, min_mapping_quality: int, min_base_quality: int) -> Iterator[BamFile]:
    """Open a BAM file whose one mitochondrial reference is to be read, with region access.

    Raises
    ------
    InputFormatError
        If the file is no BAM, is cut off, grows beyond measure, is not sorted by coordinate, or names no or
        several mitochondrial references.
    """
    import pysam

    _check_bytes(path)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="musk-id-"))
        stack.enter_context(quiet(pysam))
        # An index beside the evidence may be of another file: one's own is made of this one.
        link, index = Path(folder) / "reads.bam", Path(folder) / "reads.csi"
        link.symlink_to(path.resolve())
        try:
            with pysam.AlignmentFile(str(link), "rb", check_sq=False) as handle:
                _check_sorted(handle, path.name)
                _mitochondrial(handle, path.name)
            pysam.index("-c", "-o", str(index), str(link))
            opened = pysam.AlignmentFile(str(link), "rb", index_filename=str(index))
            stack.callback(_close, opened)
        except pysam.utils.SamtoolsError as error:
            raise InputFormatError(
                "no index can be made: the records are not sorted by coordinate, or damaged",
                where=path.name,
                hint="sort the file by coordinate (samtools sort)",
            ) from error
        # A header line that is none fails an assertion of the package, or a look-up in it.
        except (OSError, ValueError, AssertionError, LookupError, NotImplementedError) as error:
            text = " ".join(str(error).replace(folder, "").split())
            raise InputFormatError(
                f"cannot be read as BAM: {text[:200]}",
                where=path.name,
                hint="the file may be damaged or cut off",
            ) from error
        yield BamFile(opened, path.name, min_mapping_quality, min_base_quality)


def _libraries_of_groups(handle: pysam.AlignmentFile) -> dict[str, str]:
    """Sample and library of the read groups that name a library (SAM specification, @RG: SM and LB)."""
    groups = handle.header.to_dict().get("RG", [])
    return {g["ID"]: f"{g.get('SM', '')} {g['LB']}" for g in groups if g.get("ID") and g.get("LB")}


def _close(handle: pysam.AlignmentFile) -> None:
    """Close a file; that a damaged one cannot be closed in order is told when it is read."""
    with suppress(OSError):
        handle.close()


def _check_bytes(path: Path) -> None:
    """Kind, whole blocks and growth of the file, before a library reads it."""
    name = path.name
    try:
        if not path.is_file():
            raise InputFormatError("no regular file", where=name)
        size = path.stat().st_size
        with path.open("rb") as handle:
            start = handle.read(1 << 16)
            handle.seek(max(size - len(_END), 0))
            end = handle.read()
            handle.seek(0)
            _check_kind(start, name)
            if end != _END:
                raise InputFormatError(
                    "the mark at the end of a BAM file is missing", where=name, hint="the file is cut off"
                )
            grown = 0
            while data := handle.read(_CHUNK):
                grown += _grown_by(data, handle, name)
                if grown > GROWTH_FREE_BYTES and grown > MAX_GROWTH * handle.tell():
                    raise InputFormatError(
                        f"grows to more than {MAX_GROWTH} times its size when decompressed", where=name
                    )
    except OSError as error:
        raise InputFormatError(f"cannot be read: {error.strerror}", where=name) from error


def _check_kind(start: bytes, name: str) -> None:
    if not start:
        raise InputFormatError("the file is empty", where=name)
    if start.startswith(b"CRAM"):
        raise InputFormatError(
            "a CRAM file, whose letters hang on a reference that is not in it",
            where=name,
            hint="write it as BAM (samtools view -b with the reference)",
        )
    if _is_sam(start):
        raise InputFormatError("a SAM file", where=name, hint="write it as sorted BAM (samtools sort)")
    if not _inflated_start(start).startswith(b"BAM\1"):
        raise InputFormatError("no BAM file", where=name, hint="hand in BAM sorted by coordinate, or FASTQ")


def _grown_by(data: bytes, handle: object, name: str) -> int:
    """Bytes that the whole blocks of a piece give; the rest of a block is put back."""
    place = grown = 0
    while place + 18 <= len(data):
        if data[place : place + 4] != b"\x1f\x8b\x08\x04":
            raise InputFormatError(f"no block of a BAM file at byte {place} of a piece", where=name)
        if data[place + 12 : place + 14] != b"BC":
            raise InputFormatError("gzip without the blocks of a BAM file", where=name)
        size = int.from_bytes(data[place + 16 : place + 18], "little") + 1
        if place + size > len(data):
            break
        grown += _checked_block(data[place : place + size], name)
        place += size
    if not place:
        raise InputFormatError("a block of the file is cut off", where=name, hint="the file is cut off")
    handle.seek(place - len(data), os.SEEK_CUR)  # type: ignore[attr-defined]
    return grown


def _checked_block(block: bytes, name: str) -> int:
    """Length of the content of a block whose sum fits."""
    stop = len(block) - 8
    start = 12 + int.from_bytes(block[10:12], "little")
    inflater = zlib.decompressobj(wbits=-15)
    try:
        content = inflater.decompress(block[start:stop], MAX_BLOCK_BYTES + 1)
    except zlib.error as error:
        raise InputFormatError(f"a damaged block: {error}", where=name) from error
    if len(content) > MAX_BLOCK_BYTES or zlib.crc32(content) != int.from_bytes(block[stop : stop + 4], "little"):
        raise InputFormatError("a damaged block: its sum does not fit", where=name)
    return len(content)


def _check_sorted(handle: pysam.AlignmentFile, name: str) -> None:
    order = handle.header.to_dict().get("HD", {}).get("SO", "unknown")
    if order in ("queryname", "unsorted"):
        raise InputFormatError(
            f"sorted by {order!r}, as its header says",
            where=name,
            hint="sort the file by coordinate (samtools sort)",
        )


def _mitochondrial(handle: pysam.AlignmentFile, name: str) -> tuple[str, int]:
    """Name and length of the one mitochondrial reference."""
    if handle.nreferences > MAX_REFERENCES:
        raise InputFormatError(f"{handle.nreferences} references, at most {MAX_REFERENCES} are read", where=name)
    lengths = dict(zip(handle.references, handle.lengths, strict=True))
    named = [reference for reference in lengths if reference.lower() in MITOCHONDRIAL]
    found = named or [r for r, bp in lengths.items() if MIN_REFERENCE_BP <= bp <= MAX_REFERENCE_BP]
    if len(found) != 1 or not MIN_REFERENCE_BP <= lengths[found[0]] <= MAX_REFERENCE_BP:
        told = ", ".join(f"{reference} ({lengths[reference]} bp)" for reference in (found or list(lengths))[:5])
        raise InputFormatError(
            f"{len(found)} references that may be mitochondrial: {told or 'none at all'}",
            where=name,
            hint="map the reads against one mitochondrial sequence of "
            f"{MIN_REFERENCE_BP} to {MAX_REFERENCE_BP} bp, or name it chrM or MT",
        )
    return found[0], lengths[found[0]]
