"""Sequences of an item on paper: a line for each run and the alignment of each different sequence.

All else that the record holds on a run stands in the annex of the run.
"""

from __future__ import annotations

from collections.abc import Iterable

from musk_id.model.barcode import SequenceResult, ViewCall
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Cell, Table, cell, italic, lines, mono
from musk_id.render.pages.facts import finding_words
from musk_id.vocabulary import Reason

__all__ = ["FIGURES_SHOWN", "comparisons_table", "drawn_on_paper"]

# Alignments of an item on paper: those of two markers, however often each was read.
FIGURES_SHOWN = 2


def comparisons_table(results: Iterable[SequenceResult], caption: str, catalogue: Catalogue) -> Table:
    """Marker, distances and outcome of each run, under both views of the names where they differ."""
    heads = ("run", "locus", "compared_bp", "nearest", "next_genus", "margin", "outcome")
    rows = tuple(_row(result, catalogue) for result in results)
    return Table(caption, tuple(catalogue.label(f"head.{h}") for h in heads), (4, 4, 4, 5, 5, 4, 6), rows)


def _row(result: SequenceResult, catalogue: Catalogue) -> tuple[Cell, ...]:
    call = result.call
    views = () if call is None or Reason.HUMAN_DNA in result.reasons else call.views
    outcome = [cell(finding_words(catalogue, result.finding))]
    if call is not None:
        outcome.append(cell(catalogue.word(call.rank)))
    name = mono(result.run.run_id)
    if result.run.simulated:
        name = lines(name, cell(catalogue.label("text.simulated")))
    return (
        name,
        cell("-" if result.locus is None else catalogue.word(result.locus)),
        cell(str(result.compared_bp)),
        _distances((v.nearest_genus, v.nearest_distance) for v in views),
        _distances((v.next_genus, v.next_distance) for v in views),
        _margins(views, None if call is None else call.certified_margin, catalogue),
        lines(*outcome),
    )


def _distances(told: Iterable[tuple[tuple[str, ...], str | None]]) -> Cell:
    """Genera with their distance, each different pair once."""
    parts: list[Cell] = []
    for genera, distance in dict.fromkeys(told):
        if genera:
            parts += [italic(", ".join(genera)), cell(distance or "-")]
    return lines(*parts) if parts else cell("-")


def _margins(views: tuple[ViewCall, ...], certified: str | None, catalogue: Catalogue) -> Cell:
    margins = dict.fromkeys(view.margin or "-" for view in views)
    if not margins:
        return cell("-")
    return lines(cell("; ".join(margins)), cell(catalogue.label("dna.certified", margin=certified or "-")))


def drawn_on_paper(results: Iterable[SequenceResult]) -> list[SequenceResult]:
    """Results whose alignment is drawn in the text: the first of each sequence, a few an item, none human."""
    drawn: dict[tuple[str | None, str | None], SequenceResult] = {}
    for result in results:
        if result.picture is not None and Reason.HUMAN_DNA not in result.reasons:
            drawn.setdefault((result.locus, result.sequence_sha256 or result.run.run_id), result)
    return list(drawn.values())[:FIGURES_SHOWN]
