"""What the names of reads say of the run and the library that they were sequenced from.

Reads of one run of an instrument with one index are of one library, into however many files they were dealt. Names
without an index or a barcode do not say of which: many libraries share an instrument, a run and a flow cell.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import Counter

from musk_id.model.reads import ReadOrigin

__all__ = ["OriginCounts", "origin_of"]

MAX_NAMES = 100_000
# Reads of a file by which another file that holds some of them is known.
SAMPLE_READS = 200

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
    """Origins of the reads of a file, whatever their order, and some of the reads."""

    def __init__(self) -> None:
        self._counts: Counter[Origin] = Counter()
        self._total = 0
        self._sample: dict[int, bytes] = {}
        self._highest = 1 << 32

    def add(self, name: bytes, letters: bytes, quality: bytes, library: str | None = None) -> None:
        """Note a read; ``name`` is its first line, ``library`` what else names one."""
        run, named = origin_of(name)
        self._note((run, library.encode("utf-8", "replace") if named is None and library is not None else named))
        place = zlib.crc32(letters, zlib.crc32(quality))
        # Letters of one quality throughout are no measurement: such reads are alike without being the same.
        if place <= self._highest and quality.strip(quality[:1]):
            start = name.split(maxsplit=1)[0]
            start = start[:-2] if start.endswith((b"/1", b"/2")) else start
            content = b"\n".join((start, letters, quality))
            digest = hashlib.blake2b(content, digest_size=16).digest()
            self._sample[place] = min(digest, self._sample.get(place, digest))
            if len(self._sample) > 2 * SAMPLE_READS:
                kept = sorted(self._sample)[:SAMPLE_READS]
                self._sample = {own: self._sample[own] for own in kept}
                self._highest = kept[-1]

    def _note(self, origin: Origin) -> None:
        self._total += 1
        self._counts[origin] += 1
        if len(self._counts) > MAX_NAMES:
            # An index read with errors is another name: those seen once are not that of most.
            self._counts = Counter(dict(self._counts.most_common(MAX_NAMES // 2)))

    def done(self) -> ReadOrigin:
        """What most of the reads name."""
        sample = sorted(self._sample)[:SAMPLE_READS]
        return ReadOrigin(
            library=self._most(1), run=self._most(0), sample=frozenset(self._sample[own] for own in sample)
        )

    def _most(self, part: int) -> str | None:
        counts: Counter[bytes] = Counter()
        for origin, number in self._counts.items():
            if (name := origin[part]) is not None:
                counts[name] += number
        count, name = max(((number, name) for name, number in counts.items()), default=(0, b""))
        return name.decode("utf-8") if 2 * count > self._total else None
