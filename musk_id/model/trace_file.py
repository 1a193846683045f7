"""A Sanger trace as read from a file, and what the file says of itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.model.values import IsoDate, Line, Sha256

__all__ = ["TraceFacts", "TraceFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFacts:
    """What a trace file says of itself; absent where it says nothing.

    ``signals_sha256`` is the digest of the signals only: a copy under other names, or one that was called again,
    has the same one. ``edited_bases`` counts the letters in which the calls edited by hand differ from the
    basecaller's. Dates and times are the instrument's, as recorded.
    """

    signals_sha256: Sha256
    bases: int
    edited_bases: int
    sample_name: Line | None = None
    well: Line | None = None
    plate: Line | None = None
    run_name: Line | None = None
    instrument: Line | None = None
    basecaller: Line | None = None
    started_on: IsoDate | None = None
    started_at: Line | None = None
    stopped_on: IsoDate | None = None
    stopped_at: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraceFile:
    """The basecaller's calls with their signals.

    ``letters`` are upper-case IUPAC letters; ``qualities`` and ``peaks`` (positions on the signals) have one
    value a letter, ``channels`` the rows A, C, G and T. The arrays are read-only.
    """

    letters: str
    qualities: NDArray[np.int64]
    peaks: NDArray[np.int64]
    channels: NDArray[np.int64]
    facts: TraceFacts
