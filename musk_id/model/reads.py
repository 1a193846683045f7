"""Sequencing reads: batches of a file, what is counted of them, and the variants found.

A batch holds the letters and qualities of many reads in two flat arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musk_id.model.values import Line

__all__ = [
    "AlignedRead",
    "Amplicon",
    "DistinctReads",
    "PiledReads",
    "ReadBatch",
    "ReadOrigin",
    "ReadTally",
    "ReadVariant",
]


class AlignedRead(NamedTuple):
    """A read in the columns of a template.

    Attributes
    ----------
    fragment : bytes
        What mates of one fragment share.
    is_reverse : bool
        Whether it was read on the strand opposite to the template.
    first_column : int
        Column of its first letter, from 0.
    letters : bytes
        A letter a column on the strand of the template: A, C, G, T, ``-`` for a gap; N and lower case say
        nothing.
    inserts : tuple of (int, bytes)
        Letters that have no column, by the column before which they stand.
    """

    fragment: bytes
    is_reverse: bool
    first_column: int
    letters: bytes
    inserts: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReadBatch:
    """Reads of a file, in file order.

    Attributes
    ----------
    letters : ndarray of uint8, shape (n_letters,)
        ASCII letters of all reads, one after the other, upper case.
    quality : ndarray of uint8, shape (n_letters,)
        Phred quality of each letter.
    starts : ndarray of int64, shape (n_reads + 1,)
        Where each read begins; the last entry is the number of letters.
    names_sha256 : bytes
        Digest of the reads' names up to the first blank and without ``/1`` and ``/2``: two files of pairs agree
        in it, batch by batch.
    first_number : int
        Number of the first read in the file, from 1.
    """

    letters: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    starts: NDArray[np.int64]
    names_sha256: bytes
    first_number: int

    def __len__(self) -> int:
        return self.starts.size - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    @property
    def same_length(self) -> int | None:
        """The length of all reads; ``None`` where they differ in it, or there are none."""
        lengths = self.lengths
        return int(lengths[0]) if lengths.size and lengths.min() == lengths.max() else None

    @classmethod
    def together(cls, batches: Sequence[ReadBatch]) -> ReadBatch:
        """Batches that follow each other as one; at least one."""
        if len(batches) == 1:
            return batches[0]
        lengths = np.concatenate([batch.lengths for batch in batches])
        return cls(
            letters=np.concatenate([batch.letters for batch in batches]),
            quality=np.concatenate([batch.quality for batch in batches]),
            starts=np.concatenate([[0], np.cumsum(lengths)]),
            names_sha256=hashlib.sha256(b"".join(batch.names_sha256 for batch in batches)).digest(),
            first_number=batches[0].first_number,
        )

    def sequence(self, number: int) -> bytes:
        """Letters of one read of the batch, from 0."""
        return self.letters[self.starts[number] : self.starts[number + 1]].tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTally:
    """What became of the reads of a run, each counted once; a pair that is joined counts as one read.

    ``not_overlapping`` and ``ambiguous_overlap`` are pairs that were not joined, ``too_many_errors`` reads beyond
    the limit of expected errors, ``ambiguous_letters`` reads with letters other than A, C, G and T, ``too_short``
    reads below the shortest length.
    """

    total: int
    not_overlapping: int = 0
    ambiguous_overlap: int = 0
    too_many_errors: int = 0
    ambiguous_letters: int = 0
    too_short: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class ReadOrigin:
    """What the names of most reads say they were sequenced from, and some reads by which others know them.

    ``library`` is instrument, run, flow cell and index; ``run`` the same without the index. ``sample`` are digests
    of names, letters and qualities.
    """

    library: str | None = None
    run: str | None = None
    sample: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class DistinctReads:
    """Distinct sequences of the used reads of a run and how often each was read, and what became of the others."""

    counts: Mapping[bytes, int]
    tally: ReadTally
    origin: ReadOrigin = ReadOrigin()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadVariant:
    """A sequence variant without primers, on the strand of the forward primer where there is one.

    ``reads`` are all reads taken as it or as its errors, ``reads_exact`` those that equal it. ``chimera`` is
    "chimera", "none found" or "not testable"; ``parents`` are the letters of a chimera's two parents.
    """

    letters: str
    reads: int
    reads_exact: int
    chimera: Line
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amplicon:
    """Variants of the reads that one primer pair was found on; without a pair, of all reads on which none was.

    Variants stand by reads, most first, then by their letters. ``unassigned_reads`` belong to no variant: too rare
    for one, and no error of one. ``not_drawn`` further reads of the marker were not looked at: ``reads`` are those
    that were drawn.
    """

    primers: Line | None
    reads: int
    unassigned_reads: int
    variants: tuple[ReadVariant, ...]
    not_drawn: int = 0

    def of_all(self, reads: int) -> int:
        """As how many of all reads some of the drawn ones count, rounded up; mates may count twice."""
        return reads if not self.not_drawn else -(-reads * (self.reads + self.not_drawn) // max(self.reads, 1))


@dataclass(frozen=True, slots=True)
class PiledReads:
    """Reads of a run that were piled up: what they agree on by marker, and their counts by the nearest genus.

    ``genera`` counts every read that was laid into a marker, errors or not; ``distinct`` holds a digest of all
    reads, so that equal files are known.
    """

    amplicons: tuple[Amplicon, ...]
    genera: Mapping[str, int]
    distinct: DistinctReads

    @property
    def counts(self) -> Mapping[bytes, int]:
        """What equal files have in common."""
        return self.distinct.counts

    @property
    def tally(self) -> ReadTally:
        """What became of the reads."""
        return self.distinct.tally

    @property
    def origin(self) -> ReadOrigin:
        """What the names of the reads say they were sequenced from."""
        return self.distinct.origin
