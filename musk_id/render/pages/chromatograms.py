"""Chromatograms of an item's runs, with the scans marked that were called a compound."""

from __future__ import annotations

from musk_id.model.chromatogram import RunChromatogram
from musk_id.model.spectra import SpectraRecord, SpectrumResult
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Annex, Block, Figure
from musk_id.render.pictures.chromatogram import ChromatogramWords, PeakMark, draw_chromatogram
from musk_id.render.pictures.views import chromatogram_view

__all__ = ["chromatogram_blocks"]

# Chromatograms of an item on paper; those of further runs are annexes.
FIGURES_SHOWN = 2


def chromatogram_blocks(item_id: str, record: SpectraRecord, catalogue: Catalogue) -> list[Block]:
    """A picture for each run whose file held its scans; none in records of single spectra."""
    blocks: list[Block] = []
    for chromatogram in record.chromatograms:
        if chromatogram.item_id != item_id:
            continue
        results = [r for r in record.spectra if r.run.run_id == chromatogram.run_id]
        figure = _figure(chromatogram, results, catalogue)
        blocks.append(figure if len(blocks) < FIGURES_SHOWN else Annex(figure.caption, (figure,)))
    return blocks


def _figure(chromatogram: RunChromatogram, results: list[SpectrumResult], catalogue: Catalogue) -> Figure:
    label = catalogue.label
    points = [(float(p.time_min), float(p.relative_percent)) for p in chromatogram.points]
    marks = _marks(points, results, catalogue)
    run, count = chromatogram.run_id, str(len(points))
    first, last = chromatogram.points[0].time_min, chromatogram.points[-1].time_min
    named = [
        label("figure.chromatogram.peak", number=str(number), compound=mark.text, time=f"{mark.top:.2f}")
        for number, mark in enumerate(marks, 1)
    ]
    unmarked = "no_peak" if len(points) == len(results) else "not_assigned"
    peaks = "; ".join(named) or label(f"figure.chromatogram.{unmarked}")
    alt = label("figure.chromatogram.alt", run=run, count=count, first=first, last=last, peaks=peaks)
    caption = label("figure.chromatogram.caption", run=run, peaks=peaks)
    words = ChromatogramWords(
        alt,
        label("figure.mirror.query", run=run),
        label("figure.chromatogram.time"),
        label("figure.mirror.intensity"),
    )
    view = chromatogram_view(points, marks, words)
    return Figure(draw_chromatogram(points, marks, words), alt, caption, view)


def _marks(
    points: list[tuple[float, float]], results: list[SpectrumResult], catalogue: Catalogue
) -> list[PeakMark]:
    """Scans next to each other with one compound are a peak; scans and spectra of a run stand in one order.

    A name never stands without its status: most of them are tentative.
    """
    if len(points) != len(results):
        return []
    marks: list[PeakMark] = []
    begin = 0
    names = [_name(result, catalogue) for result in results]
    for end in range(1, len(names) + 1):
        if end < len(names) and names[end] == names[begin]:
            continue
        name = names[begin]
        if name is not None:
            top = max(points[begin:end], key=lambda point: point[1])
            marks.append(PeakMark(points[begin][0], points[end - 1][0], top[0], name))
        begin = end
    return marks


def _name(result: SpectrumResult, catalogue: Catalogue) -> str | None:
    call = result.call
    return None if call is None or call.name is None else f"{call.name} ({catalogue.word(call.status)})"
