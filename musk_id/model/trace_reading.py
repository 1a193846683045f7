"""What was read from the traces of a run: reads, their one sequence, every disagreement, signals."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import DecimalText, Line, Sha256, Text
from musk_id.vocabulary import FileRole

__all__ = ["Disagreement", "ReadSummary", "TraceReading", "TraceWindow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSummary:
    """One trace: what of it was kept after trimming, counted from 1 in the direction of the file."""

    role: FileRole
    file_sha256: Sha256
    bases: int
    kept_first: int
    kept_last: int
    mean_quality: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A place where forward and reverse trace differ; ``-`` where one has no letter.

    ``position`` counts from 1 in the consensus; where the letter was left out, it is that of the next one.
    ``conflict`` is false where one letter is ambiguous and may be the other; ``deciding`` says that the
    nearest and the next genus differ there.
    """

    position: int
    forward: Line
    reverse: Line
    forward_quality: int
    reverse_quality: int
    chosen: Line
    conflict: bool
    deciding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceWindow:
    """Signals of one trace round a few bases, in the direction of the consensus.

    ``letters`` and ``qualities`` are the basecaller's, complemented for the reverse trace; ``peaks`` are their
    positions on the signals, which are percent of ``full_scale``. ``first_position`` is that of the stretch
    of the consensus that is shown; ``positions`` are those in the consensus
    (0 where a base has none), ``marked`` those at which the nearest and the next genus differ, ``separating``
    those that separate two candidates of another level.
    """

    role: FileRole
    first_position: int
    positions: tuple[int, ...]
    marked: tuple[int, ...]
    letters: Text
    qualities: tuple[int, ...]
    peaks: tuple[int, ...]
    full_scale: int
    adenine: tuple[int, ...]
    cytosine: tuple[int, ...]
    guanine: tuple[int, ...]
    thymine: tuple[int, ...]
    separating: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceReading:
    """Reads, consensus and disagreements of a run; never kept where the sequence may be human."""

    reads: tuple[ReadSummary, ...]
    consensus: Text
    overlap_bp: int
    disagreements: tuple[Disagreement, ...]
    deciding_positions: tuple[int, ...]
    windows: tuple[TraceWindow, ...]
