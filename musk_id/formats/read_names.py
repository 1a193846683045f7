"""What the names of reads say of the run and the library that they were sequenced from.

Reads of one run of an instrument with one index are of one library, into however many files they were dealt. Names
without an index or a barcode do not say of which: many libraries share an instrument, a run and a flow cell.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from musk_id.model.reads import ReadOrigin

__all__ = ["OriginCounts", "names_digests", "origin_of"]

# Reads of a file that tell where it comes from, and by which another file that holds some of them is known.
SAMPLE_READS = 1_000

_BYTES_AT_ONCE = 1 << 20
_WORD_BYTES = 8
# An odd number without a pattern.
_FACTOR, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
_BLANK, _SLASH, _ONE, _TWO = 32, 47, 49, 50

# Instrument, run and flow cell before lane and place; filter and control before the index (Illumina).
_ILLUMINA = re.compile(
    rb"@([\w-]+:\d+:[\w-]+):\d+:\d+:\d+:\d+"
    rb"(?:(?::\S+)? [12]:[YN]:\d+:(?:([ACGTN+]{4,60}|[1-9]\d{0,5})(?:\s|$))?|[\s/:]|$)"
)
# Accession of a run in an archive and the number of the read.
_ARCHIVE = re.compile(rb"@([SED]RR\d{5,12})\.\d+(?:[\s./]|$)")
_RUN_ID = re.compile(rb"\srunid=([0-9a-f]{8,64})(?:\s|$)")
_BARCODE = re.compile(rb"\sbarcode=(barcode\d{1,4})(?:\s|$)")

Origin = tuple[bytes | None, bytes | None]


def origin_of(name: bytes) -> Origin:
    """Run of an instrument and library that the first line of a read names; ``None`` for what it does not name.

    Parameters
    ----------
    name : bytes
        The line with its ``@``.
    """
    found = _ILLUMINA.match(name)
    if found is not None:
        return found[1], None if found[2] is None else found[1] + b" " + found[2]
    found = _ARCHIVE.match(name)
    if found is not None:
        return None, found[1]
    run, barcode = _RUN_ID.search(name), _BARCODE.search(name)
    if run is None:
        return None, None
    return run[1], None if barcode is None else run[1] + b" " + barcode[1]


class OriginCounts:
    """Origins of some reads of a file, whatever its order: those whose names have the smallest places."""

    def __init__(self) -> None:
        # By place: digest of the read, nothing where it is no measurement, and its origin.
        self._held: dict[int, tuple[bytes, bytes, bytes]] = {}
        self.highest = (1 << 64) - 1

    def add(self, place: int, name: bytes, letters: bytes, quality: bytes, library: str | None = None) -> None:
        """Note a read.

        Parameters
        ----------
        place : int
            A digest of its name, below 2^64; the same for mates. Those above ``highest`` need not be given.
        name : bytes
            Its first line.
        library : str or None
            What else names a library.
        """
        if place > self.highest:
            return
        run, named = origin_of(name)
        if named is None and library is not None:
            named = library.encode("utf-8", "replace")
        digest = b""
        # Letters of one quality throughout are no measurement: such reads are alike without being the same.
        if quality.strip(quality[:1]):
            start = name.split(maxsplit=1)[0]
            start = start[:-2] if start.endswith((b"/1", b"/2")) else start
            digest = hashlib.blake2b(b"\n".join((start, letters, quality)), digest_size=16).digest()
        entry = (digest, run or b"", named or b"")
        self._held[place] = min(entry, self._held.get(place, entry))
        if len(self._held) > 2 * SAMPLE_READS:
            kept = sorted(self._held)[:SAMPLE_READS]
            self._held = {own: self._held[own] for own in kept}
            self.highest = kept[-1]

    def done(self) -> ReadOrigin:
        """What more than half of the held reads name, and these reads."""
        held = [self._held[place] for place in sorted(self._held)[:SAMPLE_READS]]
        return ReadOrigin(
            library=_most([named for _, _, named in held]),
            run=_most([run for _, run, _ in held]),
            sample=frozenset(digest for digest, _, _ in held if digest),
        )


def _most(names: list[bytes]) -> str | None:
    name, count = max(Counter(names).items(), key=lambda entry: (entry[1], entry[0]), default=(b"", 0))
    return name.decode("utf-8") if name and 2 * count > len(names) else None


def names_digests(
    text: NDArray[np.uint8], begins: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[bytes, NDArray[np.uint64]]:
    """SHA-256 over the names of a batch as pairs share them, and a number for each.

    A name is what stands before the first blank, without /1 and /2.

    Parameters
    ----------
    text : ndarray of uint8, shape (bytes,)
        Whole reads as written.
    begins, lengths : ndarray of int64, shape (n,)
        Where the first line of each read begins, and its length without its end.

    Returns
    -------
    (bytes, ndarray of uint64)
        The numbers have shape (n,); they are those of :meth:`OriginCounts.add`.
    """
    width = -(-(int(lengths.max()) + 1) // _WORD_BYTES) * _WORD_BYTES
    if int(begins[-1]) + width > text.size:
        text = np.append(text, np.full(width, _BLANK, np.uint8))
    factors = np.multiply.accumulate(np.full(width // _WORD_BYTES, _FACTOR))
    digest, sizes, places = hashlib.sha256(), hashlib.sha256(), []
    at_once = max(1, _BYTES_AT_ONCE // width)
    for first in range(0, begins.size, at_once):
        names = sliding_window_view(text, width)[begins[first : first + at_once]]
        # A name is ended by a blank or its line; as it has an @ at least, by no first letter.
        cuts = (names <= _BLANK).argmax(axis=1)
        rows = np.arange(cuts.size)
        last, before = names[rows, cuts - 1], names[rows, np.maximum(cuts - 2, 0)]
        cuts -= 2 * ((cuts > 2) & (before == _SLASH) & ((last == _ONE) | (last == _TWO)))
        inside = np.arange(width) < cuts[:, None]
        digest.update(names[inside].tobytes())
        sizes.update(cuts.astype("<i8").tobytes())
        words = (names * inside).view("<u8")
        # Names that differ in their last digits shall lie far apart.
        mixed = (words ^ words >> _HALF) @ factors
        mixed = (mixed ^ mixed >> _HALF) * _FACTOR
        places.append(mixed ^ mixed >> _HALF)
    sizes.update(digest.digest())
    return sizes.digest(), np.concatenate(places)
