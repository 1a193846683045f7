"""From the traces of a run to one sequence, its quality, and what blocks a call (decision rules, section 8).

The part that is judged is the one that is compared: after trimming, primers and flanks removed. A trace below
the limits, contradictions between the strands and an N at a deciding site block the call; too little double
coverage costs the grade; second peaks at several positions forbid an exclusion.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import decode, encode, is_ambiguous, reverse_complement
from musk_id.kernels.sanger import PeakHeights, mean_quality, mott_trim, peak_heights, share_at_least
from musk_id.kernels.strands import Consensus, Read, join_strands, single_strand
from musk_id.model.candidates import DiagnosticSites
from musk_id.model.methods import SangerMethod
from musk_id.model.technical import FailedRun, StrandTrace, TraceEvidence
from musk_id.model.trace import Criterion
from musk_id.model.trace_file import TraceFile
from musk_id.model.trace_reading import Disagreement, ReadSummary, TraceReading
from musk_id.model.values import Line, Text, decimal_text
from musk_id.stages.comparison import Compared, deciding_columns
from musk_id.stages.electropherogram import TracePart, choose_windows, draw_windows
from musk_id.stages.placement import Placement, criterion
from musk_id.vocabulary import CriterionOutcome, FileRole, Reason, Strand

__all__ = ["Assembly", "TraceVerdict", "assemble", "judge", "kept_letters", "trace_reading"]

Indices = NDArray[np.int64]

_SHORT_NAMES = {FileRole.TRACE_FORWARD: "F", FileRole.TRACE_REVERSE: "R"}
_BLOCKING = frozenset(
    {
        Reason.LOW_QUALITY,
        Reason.STRANDS_DISAGREE,
        Reason.SEQUENCE_TOO_AMBIGUOUS,
        Reason.LETTERS_AGAINST_SIGNALS,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class _Strand:
    """A trace, the part of it that was kept, and the height of its peaks."""

    role: FileRole
    source: StrandTrace
    first: int
    last: int
    heights: PeakHeights

    @property
    def trace(self) -> TraceFile:
        return self.source.trace

    def index(self, column: Indices) -> Indices:
        """Indices in the file of indices in the direction of the consensus; -1 stays."""
        turned = self.last - 1 - column if self.role is FileRole.TRACE_REVERSE else self.first + column
        return np.where(column >= 0, turned, -1)


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """One sequence from the traces of a run; ``columns`` holds the file's index of each letter, by strand."""

    name: Line
    strands: tuple[_Strand, ...]
    consensus: Consensus
    columns: dict[FileRole, Indices]
    method: SangerMethod

    @property
    def letters(self) -> str:
        """Letters of the consensus."""
        return decode(self.consensus.masks)


@dataclass(frozen=True, slots=True)
class TraceVerdict:
    """Criteria of the traces, the reasons of those that fail, and whether a call is blocked."""

    criteria: tuple[Criterion, ...]
    reasons: tuple[Reason, ...]

    @property
    def blocking(self) -> bool:
        """Whether one of the reasons forbids a call."""
        return bool(_BLOCKING & set(self.reasons))


def kept_letters(trace: TraceFile, method: SangerMethod) -> str:
    """Letters of a trace that trimming leaves, in the direction of the file; may be none."""
    first, last = mott_trim(trace.qualities, float(method.trim_error_limit), method.min_trimmed_bp)
    return trace.letters[first:last]


def assemble(evidence: TraceEvidence, method: SangerMethod) -> Assembly | FailedRun:
    """Trim the traces of a run and join them; a failed run if nothing is left or they do not overlap."""
    named = ((FileRole.TRACE_FORWARD, evidence.forward), (FileRole.TRACE_REVERSE, evidence.reverse))
    strands = [_trimmed(role, source, method) for role, source in named if source is not None]
    kept = [strand for strand in strands if strand.last > strand.first]
    if not kept:
        return _failed(evidence, Reason.LOW_QUALITY, "nothing of the traces is left after trimming")
    consensus = _joined(kept, method)
    if len(kept) == 2 and consensus.overlap_bp < method.min_overlap_bp:
        return _failed(evidence, Reason.STRANDS_DISAGREE, "forward and reverse trace do not overlap")
    columns = {
        strand.role: strand.index(consensus.columns[:, 0 if strand.role is FileRole.TRACE_FORWARD else 1])
        for strand in kept
    }
    names = [strand.trace.facts.sample_name or "-" for strand in strands]
    return Assembly(Line(" / ".join(names)), tuple(kept), consensus, columns, method)


def _failed(evidence: TraceEvidence, reason: Reason, note: str) -> FailedRun:
    return FailedRun(run=evidence.run, declared_locus=evidence.declared_locus, reason=reason, note=Line(note))


def _trimmed(role: FileRole, source: StrandTrace, method: SangerMethod) -> _Strand:
    trace = source.trace
    first, last = mott_trim(trace.qualities, float(method.trim_error_limit), method.min_trimmed_bp)
    called = np.array(["ACGT".find(letter) for letter in trace.letters], dtype=np.int64)
    return _Strand(role, source, first, last, peak_heights(trace.channels, trace.peaks, called))


def _joined(strands: list[_Strand], method: SangerMethod) -> Consensus:
    reads = {}
    for strand in strands:
        masks = encode(strand.trace.letters[strand.first : strand.last])
        qualities = strand.trace.qualities[strand.first : strand.last]
        turned = strand.role is FileRole.TRACE_REVERSE
        reads[strand.role] = Read(
            reverse_complement(masks) if turned else masks, qualities[::-1] if turned else qualities
        )
    if len(reads) == 2:
        return join_strands(
            reads[FileRole.TRACE_FORWARD],
            reads[FileRole.TRACE_REVERSE],
            min_quality=method.good_base_quality,
            min_lead=method.min_quality_lead,
        )
    ((role, read),) = reads.items()
    return single_strand(read, forward=role is FileRole.TRACE_FORWARD)


def _compared_part(assembly: Assembly, placed: Placement) -> Indices:
    """Index in the consensus of each compared column; -1 where there is none; all letters if not placed."""
    length = int(assembly.consensus.masks.size)
    if placed.masks is None:
        return np.arange(length)
    positions = np.arange(placed.masks.size) + placed.offset
    inside = (placed.masks > 0) & (positions >= 0) & (positions < length)
    turned = length - 1 - positions if placed.strand is Strand.REVERSE else positions
    return np.where(inside, turned, -1)


def _deciding(
    assembly: Assembly, placed: Placement, compared: tuple[Compared, ...], *, coding: bool
) -> tuple[int, ...]:
    """Positions in the consensus at which the nearest and the next genus differ."""
    part = _compared_part(assembly, placed)
    columns = deciding_columns(placed.letters, compared, coding=coding)
    return tuple(sorted(int(part[column]) for column in columns if part[column] >= 0))


def judge(assembly: Assembly, placed: Placement, compared: tuple[Compared, ...], *, coding: bool) -> TraceVerdict:
    """Hold the compared part against the limits of the method.

    Parameters
    ----------
    compared : tuple of Compared
        References compared; empty where the sequence has no place, then no site decides.
    """
    part = _compared_part(assembly, placed)
    part = part[part >= 0]
    deciding = _deciding(assembly, placed, compared, coding=coding) if compared else None
    judged = (
        *((c, Reason.LOW_QUALITY) for c in _quality(assembly, part)),
        (_double_coverage(assembly, part), Reason.SINGLE_STRAND),
        (_conflicts(assembly, part), Reason.STRANDS_DISAGREE),
        (_deciding_conflicts(assembly, deciding), Reason.STRANDS_DISAGREE),
        (_deciding_ambiguous(assembly, deciding), Reason.SEQUENCE_TOO_AMBIGUOUS),
        (_against_signals(assembly, part), Reason.LETTERS_AGAINST_SIGNALS),
        (_second_peaks(assembly, part), Reason.MIXED_TRACE),
    )
    reasons = dict.fromkeys(reason for c, reason in judged if c.outcome is CriterionOutcome.FAILED)
    return TraceVerdict(tuple(c for c, _ in judged), tuple(reasons))


def _indices(assembly: Assembly, strand: _Strand, part: Indices) -> Indices:
    """Indices in the file of the letters of a part that this strand has."""
    found = assembly.columns[strand.role][part]
    return found[found >= 0]


def _by_strand(assembly: Assembly, values: dict[FileRole, str]) -> str:
    return "; ".join(f"{_SHORT_NAMES[strand.role]} {values[strand.role]}" for strand in assembly.strands)


def _quality(assembly: Assembly, part: Indices) -> tuple[Criterion, Criterion]:
    method = assembly.method
    means: dict[FileRole, Fraction] = {}
    shares: dict[FileRole, Fraction] = {}
    for strand in assembly.strands:
        qualities = strand.trace.qualities[_indices(assembly, strand, part)]
        means[strand.role] = mean_quality(qualities)
        shares[strand.role] = 100 * share_at_least(qualities, method.good_base_quality)
    mean_text = {role: decimal_text(float(value), 1) for role, value in means.items()}
    share_text = {role: decimal_text(float(value), 1) for role, value in shares.items()}
    least = method.min_good_bases_percent
    return (
        criterion(
            "sanger.mean_quality",
            _by_strand(assembly, dict(mean_text)),
            f">= {method.min_mean_quality}",
            min(means.values()) >= method.min_mean_quality,
            "phred",
        ),
        criterion(
            "sanger.good_bases",
            _by_strand(assembly, dict(share_text)),
            f">= {least} (Q >= {method.good_base_quality})",
            min(shares.values()) >= least,
            "percent",
        ),
    )


def _both(assembly: Assembly, part: Indices) -> int:
    """Letters of a part that both strands hold unambiguously."""
    if len(assembly.strands) < 2:
        return 0
    held = np.ones(part.size, dtype=bool)
    for strand in assembly.strands:
        index = assembly.columns[strand.role][part]
        plain = np.array([letter in "ACGT" for letter in strand.trace.letters])
        held &= (index >= 0) & plain[np.maximum(index, 0)]
    return int(held.sum())


def _double_coverage(assembly: Assembly, part: Indices) -> Criterion:
    share = Fraction(100 * _both(assembly, part), int(part.size)) if part.size else Fraction(0)
    least = assembly.method.min_double_coverage_percent
    return criterion(
        "sanger.double_coverage", decimal_text(float(share), 1), f">= {least}", share >= least, "percent"
    )


def _conflict_positions(assembly: Assembly) -> list[tuple[int, ...]]:
    """Positions that each conflict touches: a letter left out lies between two positions."""
    return [
        (d.position - 1, d.position) if d.chosen == "-" else (d.position,)
        for d in assembly.consensus.differences
        if d.conflict
    ]


def _conflicts(assembly: Assembly, part: Indices) -> Criterion:
    if len(assembly.strands) < 2:
        return _not_tested("sanger.strand_conflicts")
    inside = set(part.tolist())
    count = sum(bool(inside & set(touched)) for touched in _conflict_positions(assembly))
    method = assembly.method
    both = _both(assembly, part)
    rate = Fraction(count * method.bp_per_conflict, both) if both else Fraction(0)
    return criterion(
        "sanger.strand_conflicts",
        f"{count} / {both}",
        f"<= 1 / {method.bp_per_conflict}",
        rate <= 1 and (both > 0 or not count),
        "bp",
    )


def _not_tested(name: str) -> Criterion:
    return Criterion(name=Line(name), measured=Line("-"), limit=Line("0"), outcome=CriterionOutcome.NOT_TESTED)


def _deciding_conflicts(assembly: Assembly, deciding: tuple[int, ...] | None) -> Criterion:
    if deciding is None or len(assembly.strands) < 2:
        return _not_tested("sanger.deciding_conflicts")
    sites = set(deciding)
    touching = {site for touched in _conflict_positions(assembly) for site in touched}
    count = len(sites & (touching | _hidden_conflicts(assembly, deciding)))
    return criterion("sanger.deciding_conflicts", f"{count} / {len(deciding)}", "0", count == 0, "sites")


def _hidden_conflicts(assembly: Assembly, sites: tuple[int, ...]) -> set[int]:
    """Sites at which a strand has an ambiguity letter over signals of another base than the consensus."""
    found: set[int] = set()
    for strand in assembly.strands:
        turned = strand.role is FileRole.TRACE_REVERSE
        for site in sites:
            index = int(assembly.columns[strand.role][site])
            if index < 0 or strand.trace.letters[index] in "ACGT":
                continue
            signals = strand.trace.channels[:, strand.trace.peaks[index]]
            strongest = np.array([1 << int(signals.argmax())], dtype=np.uint8)
            base = (reverse_complement(strongest) if turned else strongest)[0]
            if signals.max() > 0 and not base & assembly.consensus.masks[site]:
                found.add(site)
    return found


def _deciding_ambiguous(assembly: Assembly, deciding: tuple[int, ...] | None) -> Criterion:
    if deciding is None:
        return _not_tested("sanger.deciding_ambiguous")
    count = int(is_ambiguous(assembly.consensus.masks[list(deciding)]).sum()) if deciding else 0
    return criterion("sanger.deciding_ambiguous", f"{count} / {len(deciding)}", "0", count == 0, "sites")


def _against_signals(assembly: Assembly, part: Indices) -> Criterion:
    """Letters that the signals do not bear: a file whose letters are not those of its signals proves nothing."""
    counts: dict[FileRole, int] = {}
    for strand in assembly.strands:
        index = _indices(assembly, strand, part)
        plain = np.array([letter in "ACGT" for letter in strand.trace.letters])
        counts[strand.role] = int((strand.heights.against & plain)[index].sum())
    least = assembly.method.mixed_positions
    return criterion(
        "sanger.letters_against_signals",
        _by_strand(assembly, {role: str(count) for role, count in counts.items()}),
        f"< {least}",
        max(counts.values()) < least,
        "positions",
    )


def _second_peaks(assembly: Assembly, part: Indices) -> Criterion:
    method = assembly.method
    counts: dict[FileRole, int] = {}
    for strand in assembly.strands:
        flags = strand.heights.at_least(method.secondary_peak_percent)
        counts[strand.role] = int(flags[_indices(assembly, strand, part)].sum())
    return criterion(
        "sanger.second_peaks",
        _by_strand(assembly, {role: str(count) for role, count in counts.items()}),
        f"< {method.mixed_positions} (>= {method.secondary_peak_percent} %)",
        max(counts.values()) < method.mixed_positions,
        "positions",
    )


def trace_reading(
    assembly: Assembly,
    placed: Placement,
    compared: tuple[Compared, ...],
    separating: DiagnosticSites | None = None,
    *,
    coding: bool,
) -> TraceReading:
    """What the record keeps of the traces; not to be asked for where the sequence may be human.

    Parameters
    ----------
    separating : DiagnosticSites, optional
        Columns that separate candidates; they are shown before other deciding sites.
    """
    deciding = _deciding(assembly, placed, compared, coding=coding)
    sites = set(deciding)
    differences = assembly.consensus.differences
    part = _compared_part(assembly, placed)
    found = () if separating is None else (separating.between_genera(), separating.within_genus())
    places = [{int(part[c - 1]) for c in columns if part[c - 1] >= 0} for columns in found]
    weights = dict.fromkeys(deciding, 1)
    for position in (position for held in places for position in held):
        weights[position] = weights.get(position, 0) + 1
    for difference in differences:
        weights[difference.position] = weights.get(difference.position, 0) + (100 if difference.conflict else 10)
    length = int(assembly.consensus.masks.size)
    parts = tuple(TracePart(s.role, s.trace, assembly.columns[s.role]) for s in assembly.strands)
    return TraceReading(
        reads=tuple(_summary(strand) for strand in assembly.strands),
        consensus=Text(assembly.letters),
        overlap_bp=assembly.consensus.overlap_bp,
        disagreements=tuple(
            Disagreement(
                position=d.position + 1,
                forward=Line(d.forward),
                reverse=Line(d.reverse),
                forward_quality=d.forward_quality,
                reverse_quality=d.reverse_quality,
                chosen=Line(d.chosen),
                conflict=d.conflict,
                deciding=d.position in sites or (d.chosen == "-" and d.position - 1 in sites),
            )
            for d in differences
        ),
        deciding_positions=tuple(position + 1 for position in deciding),
        windows=draw_windows(
            parts, choose_windows(weights, length), sites, frozenset().union(*places[1:]) - sites
        ),
    )


def _summary(strand: _Strand) -> ReadSummary:
    kept = strand.trace.qualities[strand.first : strand.last]
    return ReadSummary(
        role=strand.role,
        file_sha256=strand.source.file_sha256,
        bases=len(strand.trace.letters),
        kept_first=strand.first + 1,
        kept_last=strand.last,
        mean_quality=decimal_text(float(mean_quality(kept)), 1),
    )
