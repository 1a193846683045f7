"""What the technical stages are given: runs by id with their data, and nothing of the request.

Alleged origin, label text, names and offence cannot influence a technical finding because they are
not here (decision rules, section 2).
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.barcode import RunIdentity
from musk_id.model.chromatography import MeasuredPeak
from musk_id.model.edits import LetterChange
from musk_id.model.injections import SequenceInjections
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.reads import DistinctReads, PiledReads
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.trace_file import TraceFile
from musk_id.model.values import DecimalText, IsoDate, Line, Sha256
from musk_id.vocabulary import Locus, Reason

__all__ = ["FailedRun", "ReadsEvidence", "SequenceEvidence", "SpectrumEvidence", "StrandTrace", "TraceEvidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRun:
    """A run whose data cannot be examined, and why."""

    run: RunIdentity
    declared_locus: Locus | None
    reason: Reason
    note: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceEvidence:
    """Sequences of one file of one run."""

    run: RunIdentity
    declared_locus: Locus | None
    file_sha256: Sha256
    sequences: tuple[NucleotideSequence, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadsEvidence:
    """Distinct or piled reads of one run, and the primers that may stand at their ends."""

    run: RunIdentity
    declared_locus: Locus | None
    reads: DistinctReads | PiledReads
    primers: tuple[PrimerPairEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpectrumEvidence:
    """Spectra of one file of one run.

    ``peak`` is what was measured of its chromatographic peak, ``reintegrated_area`` the area of that peak after an
    integration by hand, ``searched_for`` InChIKeys looked for in its chromatogram in vain; ``sequences`` are the
    controls of the run's chemical batches. ``measured_on`` is the first date of the run and its sequences,
    ``None`` if none is recorded.
    """

    run: RunIdentity
    file_sha256: Sha256
    spectra: tuple[MassSpectrum, ...]
    peak: MeasuredPeak | None = None
    reintegrated_area: DecimalText | None = None
    searched_for: tuple[Line, ...] = ()
    sequences: tuple[SequenceInjections, ...] = ()
    measured_on: IsoDate | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StrandTrace:
    """A trace of one strand."""

    file_sha256: Sha256
    trace: TraceFile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraceEvidence:
    """The traces of one run: forward, reverse, or both.

    ``changes`` are letters of their consensus that were changed by hand.
    """

    run: RunIdentity
    declared_locus: Locus | None
    forward: StrandTrace | None
    reverse: StrandTrace | None
    changes: tuple[LetterChange, ...] = ()
