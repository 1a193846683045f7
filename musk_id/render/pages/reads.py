"""Sequencing reads of an item: what became of them, and the variants with the reads behind each."""

from __future__ import annotations

from musk_id.model.barcode import BarcodeRecord, ReadsRun, ReadSupport, SequenceResult
from musk_id.model.read_mixture import ReadMixture
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Paragraph, Table, cell, italic, lines
from musk_id.render.pages.facts import finding_words
from musk_id.vocabulary import Reason

__all__ = ["is_trace", "read_blocks"]

# A variant with too few reads, or one that may be a chimera: told in the table, without a part of its own.
_TRACES = frozenset({Reason.READS_BELOW_LIMIT, Reason.TAG_JUMP_NOT_EXCLUDED, Reason.CHIMERA_SUSPECTED})


def is_trace(result: SequenceResult) -> bool:
    """Whether a result is a variant of reads that is not reported by itself."""
    return result.reads is not None and bool(_TRACES & set(result.reasons))


def read_blocks(item_id: str, record: BarcodeRecord, catalogue: Catalogue) -> list[Block]:
    """Blocks on the reads of an item; none where it has no run of reads."""
    runs = [entry for entry in record.read_runs if entry.run.item_id == item_id]
    if not runs:
        return []
    blocks: list[Block] = [_runs_table(runs, catalogue)]
    found = [(r, r.reads) for r in record.sequences if r.run.item_id == item_id and r.reads is not None]
    if found:
        blocks.append(_variants_table(found, catalogue))
    mixed = [(entry, mixture) for entry in runs for mixture in entry.mixtures]
    if mixed:
        blocks += [
            _mixture_table(mixed, catalogue),
            Paragraph(cell(catalogue.label("reads.mixture_note")), quiet=True),
        ]
    if any(entry.piled for entry in runs):
        names = ", ".join(entry.run.run_id for entry in runs if entry.piled)
        blocks.append(Paragraph(cell(catalogue.label("reads.piled", runs=names)), quiet=True))
    blocks += [
        Paragraph(cell(catalogue.label("reads.not_drawn", run=entry.run.run_id, count=str(entry.not_drawn))))
        for entry in runs
        if entry.not_drawn
    ]
    blocks += [
        Paragraph(cell(catalogue.label("reads.one_library", run=entry.run.run_id, product=entry.counted_with)))
        for entry in runs
        if entry.counted_with is not None
    ]
    blocks.append(Paragraph(cell(catalogue.label("reads.note")), quiet=True))
    return blocks


def _runs_table(runs: list[ReadsRun], catalogue: Catalogue) -> Table:
    rows = tuple(
        (
            cell(entry.run.run_id),
            cell(str(entry.total)),
            cell(str(entry.used)),
            cell(str(entry.not_overlapping + entry.ambiguous_overlap)),
            cell(str(entry.too_many_errors)),
            cell(str(entry.ambiguous_letters + entry.too_short)),
            cell(str(entry.unassigned)),
            cell(str(entry.variants)),
            cell(str(entry.not_listed)),
        )
        for entry in runs
    )
    names = ("run", "total", "used", "not_joined", "errors", "letters", "unassigned", "variants", "not_listed")
    heads = tuple(catalogue.label(f"reads.head_{name}") for name in names)
    return Table(catalogue.label("reads.runs"), heads, (5, 3, 3, 3, 3, 3, 3, 3, 3), rows)


def _mixture_table(mixed: list[tuple[ReadsRun, ReadMixture]], catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows: list[tuple[Cell, ...]] = []
    for run, mixture in mixed:
        steps = lines(*(cell(f"{step.haplotypes}: {step.bic}") for step in mixture.steps))
        parts = [
            (_mixed_name(part.genera, catalogue), ", ".join(part.records), part.reads) for part in mixture.parts
        ]
        parts.append((label("reads.mixture_unknown"), "", mixture.unknown_reads))
        rows.append(
            (
                lines(cell(run.run.run_id), cell(catalogue.word(mixture.locus))),
                lines(*(cell(name) for name, _, _ in parts)),
                lines(*(cell(records or "-") for _, records, _ in parts)),
                lines(*(cell(reads) for _, _, reads in parts)),
                steps,
            )
        )
    heads = tuple(label(f"reads.head_{name}") for name in ("mixed_run", "mixed", "mixed_records", "reads", "bic"))
    return Table(label("reads.mixture"), heads, (4, 5, 8, 4, 5), tuple(rows))


def _mixed_name(genera: tuple[str, ...], catalogue: Catalogue) -> str:
    return "; ".join(catalogue.word(Reason.HUMAN_DNA) if genus == "Homo" else genus for genus in genera)


def _variants_table(found: list[tuple[SequenceResult, ReadSupport]], catalogue: Catalogue) -> Table:
    rows = tuple(_variant_row(result, support, catalogue) for result, support in found)
    names = ("variant", "marker", "named", "reads", "blank", "jumps", "replicates", "chimera", "finding")
    heads = tuple(catalogue.label(f"reads.head_{name}") for name in names)
    return Table(catalogue.label("reads.variants"), heads, (9, 8, 8, 9, 7, 10, 15, 10, 12), rows)


def _variant_row(result: SequenceResult, support: ReadSupport, catalogue: Catalogue) -> tuple[Cell, ...]:
    label = catalogue.label
    human = Reason.HUMAN_DNA in result.reasons
    called = result.call.taxon if result.call is not None else None
    named = cell(catalogue.word(Reason.HUMAN_DNA)) if human else italic(called) if called else cell("-")
    replicates = label(
        "reads.replicates",
        amplifications=str(support.amplifications),
        read=str(support.amplifications_read),
        extracts=str(support.extracts),
    )
    return (
        lines(cell(result.run.run_id), cell(result.sequence_name)),
        cell("-" if result.locus is None else catalogue.word(result.locus)),
        named,
        cell(label("reads.of", reads=str(support.reads), marker=str(support.marker_reads))),
        cell(label("reads.no_blank") if support.largest_in_blank is None else str(support.largest_in_blank)),
        cell(label("reads.jumps_not_told") if support.jump_limit is None else str(support.jump_limit)),
        cell(replicates),
        cell(label(f"reads.chimera_{support.chimera.replace(' ', '_')}")),
        cell(finding_words(catalogue, result.finding)),
    )
