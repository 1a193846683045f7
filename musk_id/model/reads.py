"""Sequencing reads in batches: letters and qualities of many reads in two flat arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ReadBatch"]


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

    def sequence(self, number: int) -> bytes:
        """Letters of one read of the batch, from 0."""
        return self.letters[self.starts[number] : self.starts[number + 1]].tobytes()
