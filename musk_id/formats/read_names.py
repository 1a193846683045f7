"""What the names of reads say of the library that they were sequenced from.

Reads of one run of an instrument with one index are of one library, into however many files they were dealt. Names
without an index or a barcode say nothing: many libraries share an instrument, a run and a flow cell.
"""

from __future__ import annotations

import re

__all__ = ["library_of"]

# Instrument, run and flow cell before lane and place; filter and control before the index (Illumina).
_ILLUMINA = re.compile(
    rb"@([\w-]+:\d+:[\w-]+):\d+:\d+:\d+:\d+(?::\S+)? [12]:[YN]:\d+:([ACGTN+]{4,60}|[1-9]\d{0,5})(?:\s|$)"
)
# Accession of a run in an archive and the number of the read.
_ARCHIVE = re.compile(rb"@([SED]RR\d{5,12})\.\d+(?:[\s./]|$)")
_RUN_ID = re.compile(rb"\srunid=([0-9a-f]{8,64})(?:\s|$)")
_BARCODE = re.compile(rb"\sbarcode=(barcode\d{1,4})(?:\s|$)")


def library_of(name: bytes) -> bytes | None:
    """Library that the first line of a read names; ``None`` where it names none.

    Parameters
    ----------
    name : bytes
        The line with its ``@``.
    """
    found = _ILLUMINA.match(name)
    if found is not None:
        return found[1] + b" " + found[2]
    found = _ARCHIVE.match(name)
    if found is not None:
        return found[1]
    run, barcode = _RUN_ID.search(name), _BARCODE.search(name)
    return None if run is None or barcode is None else run[1] + b" " + barcode[1]
