"""Traces of a run: what was kept of each, where the strands differ, their signals at the sites that matter."""

from __future__ import annotations

from itertools import groupby

from musk_id.model.barcode import SequenceResult
from musk_id.model.intake import FileFact
from musk_id.model.trace_reading import Disagreement, ReadSummary, TraceReading, TraceWindow
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Facts, Figure, Items, Table, cell, lines, mono
from musk_id.render.pages.facts import brief_digest, given
from musk_id.render.pictures.electropherogram import TraceWords, draw_traces
from musk_id.vocabulary import Reason

__all__ = ["trace_blocks", "trace_files_table"]

DISAGREEMENTS_SHOWN = 120
LETTERS_A_LINE = 60


def trace_blocks(result: SequenceResult, catalogue: Catalogue) -> list[Block]:
    """Blocks on the traces that a sequence was read from; none for other sequences and human ones."""
    reading = result.reading
    if reading is None or Reason.HUMAN_DNA in result.reasons:
        return []
    run = result.run.run_id
    label = catalogue.label
    blocks: list[Block] = [_reads_table(reading, run, catalogue)]
    if len(reading.reads) > 1:
        blocks.extend(_disagreements(reading, run, catalogue))
    letters = [reading.consensus[i : i + LETTERS_A_LINE] for i in range(0, len(reading.consensus), LETTERS_A_LINE)]
    blocks.append(Facts(((label("dna.consensus", run=run), lines(*(mono(text) for text in letters))),)))
    deciding = set(reading.deciding_positions)
    if deciding:
        shown = deciding.intersection(position for w in reading.windows for position in w.positions)
        counts = {"shown": str(len(shown)), "count": str(len(deciding))}
        blocks.append(Items((cell(label("dna.deciding_shown", run=run, **counts)),)))
    for first, windows in groupby(reading.windows, key=lambda window: window.first_position):
        blocks.append(_figure(tuple(windows), first, run, catalogue))
    return blocks


def _reads_table(reading: TraceReading, run: str, catalogue: Catalogue) -> Table:
    label = catalogue.label
    heads = tuple(label(f"head.{h}") for h in ("trace", "kept", "mean_quality", "sha256_begin"))
    rows = tuple(_read_row(read, catalogue) for read in reading.reads)
    return Table(label("dna.traces", run=run, overlap=str(reading.overlap_bp)), heads, (7, 6, 4, 7), rows)


def _read_row(read: ReadSummary, catalogue: Catalogue) -> tuple[Cell, ...]:
    kept = catalogue.label("dna.kept", first=str(read.kept_first), last=str(read.kept_last), bases=str(read.bases))
    return (
        cell(catalogue.word(read.role)),
        cell(kept),
        cell(read.mean_quality),
        mono(brief_digest(read.file_sha256)),
    )


def _disagreements(reading: TraceReading, run: str, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    found = reading.disagreements
    if not found:
        return [Items((cell(label("dna.no_disagreements", run=run)),))]
    heads = tuple(label(f"head.{h}") for h in ("position", "forward", "reverse", "quality_pair", "chosen"))
    rows = tuple(_disagreement_row(entry) for entry in found[:DISAGREEMENTS_SHOWN])
    blocks: list[Block] = [Table(label("dna.disagreements", run=run), heads, (4, 4, 4, 5, 4), rows)]
    rest = len(found) - len(rows)
    if rest:
        blocks.append(Items((cell(label("dna.disagreements_more", run=run, count=str(rest))),)))
    return blocks


def _disagreement_row(entry: Disagreement) -> tuple[Cell, ...]:
    return (
        cell(f"{entry.position} *" if entry.deciding else str(entry.position)),
        mono(entry.forward),
        mono(entry.reverse),
        cell(f"{entry.forward_quality} / {entry.reverse_quality}"),
        mono(entry.chosen),
    )


def _figure(windows: tuple[TraceWindow, ...], first: int, run: str, catalogue: Catalogue) -> Figure:
    label = catalogue.label
    roles = [catalogue.word(window.role) for window in windows]
    reads = "; ".join(
        label("figure.trace.read", role=role, letters=window.letters)
        for role, window in zip(roles, windows, strict=True)
    )
    last = max(max(window.positions) for window in windows)
    alt = label("figure.trace.alt", run=run, first=str(first), last=str(last), reads=reads)
    panels = tuple(
        label("figure.trace.panel", role=role, scale=str(window.full_scale))
        for role, window in zip(roles, windows, strict=True)
    )
    caption = label("figure.trace.caption", run=run, first=str(first), strand="; ".join(roles))
    return Figure(draw_traces(windows, TraceWords(alt, panels)), alt, caption)


def trace_files_table(facts: tuple[FileFact, ...], catalogue: Catalogue) -> Table | None:
    """What the trace files of a case say of themselves; none where there is no trace."""
    label = catalogue.label
    rows = []
    for fact in facts:
        trace = fact.trace
        if trace is None:
            continue
        date = " ".join(text for text in (trace.started_on, trace.started_at) if text is not None)
        machine = "; ".join(text for text in (trace.instrument, trace.basecaller) if text is not None)
        rows.append(
            (
                mono(fact.path),
                given(catalogue, trace.sample_name),
                given(catalogue, trace.well),
                given(catalogue, trace.run_name),
                given(catalogue, date or None),
                given(catalogue, machine or None),
            )
        )
    if not rows:
        return None
    names = ("file", "sample_in_file", "well", "instrument_run", "recorded_on", "instrument_and_basecaller")
    heads = tuple(label(f"head.{h}") for h in names)
    return Table("", heads, (7, 5, 3, 7, 5, 6), tuple(rows))
