"""Chemical findings of an item: spectra, library hits, marker compounds."""

from __future__ import annotations

from itertools import groupby

from musk_id.model.spectra import MarkerFinding, SpectraRecord, SpectrumHit, SpectrumResult
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.chromatograms import chromatogram_blocks
from musk_id.render.pages.document import (
    Annex,
    Block,
    Cell,
    Facts,
    Figure,
    Heading,
    Paragraph,
    Table,
    bold,
    cell,
    lines,
    mono,
)
from musk_id.render.pages.facts import criteria_table, finding_words, reason_words
from musk_id.render.pages.spectral_ranking import ranking_cell
from musk_id.render.pictures.mirror import MirrorWords, draw_mirror
from musk_id.render.pictures.views import spectrum_view
from musk_id.vocabulary import CompoundStatus, Reason

__all__ = ["chemistry_blocks"]

_NAMED = frozenset({CompoundStatus.IDENTIFIED, CompoundStatus.TENTATIVE})
HITS_SHOWN = 6
# Mirror plots of an item on paper; and spectra of a run up to which each has one.
FIGURES_SHOWN = 2
PLOTS_A_RUN = 6
# A run of more spectra has rows for so many of those that were named, and so many of its spectra in full.
ROWS_A_RUN = 60
IN_FULL_A_RUN = 12


def chemistry_blocks(item_id: str, record: SpectraRecord, catalogue: Catalogue) -> list[Block]:
    """Blocks on the spectra of an item; none where no spectrum is on file."""
    results = [r for r in record.spectra if r.run.item_id == item_id]
    markers = [m for m in record.markers if m.item_id == item_id]
    if not results and not markers:
        return []
    blocks: list[Block] = [Heading(3, catalogue.label("chemistry.heading", item=item_id))]
    if results:
        blocks.append(_spectra_table(results, catalogue))
    if markers:
        blocks.append(_markers_table(markers, catalogue))
    blocks += chromatogram_blocks(item_id, record, catalogue)
    plotted = _plotted(results)
    drawn = sorted(plotted, key=lambda r: r.call is None or r.call.name is None)[:FIGURES_SHOWN]
    blocks.extend(_mirror(result, catalogue) for result in drawn)
    blocks += _spectra_annexes(results, [r for r in plotted if r not in drawn], catalogue)
    return blocks


def _spectra_annexes(
    results: list[SpectrumResult], plotted: list[SpectrumResult], catalogue: Catalogue
) -> list[Block]:
    """An annex for each run; the spectra of a run with many scans are its parts, of hundreds the best ones."""
    annexes: list[Block] = []
    for _, grouped in groupby(results, key=lambda result: result.run.run_id):
        of_run = list(grouped)
        shown = _in_full(of_run)
        parts = [_spectrum_annex(result, catalogue, plot=result in plotted) for result in shown]
        if len(of_run) == 1:
            annexes.append(parts[0])
            continue
        title = _run_title(of_run[0], catalogue)
        note: list[Block] = [] if len(shown) == len(of_run) else [_left_out(len(of_run), len(shown), catalogue)]
        annexes.append(Annex(title, (*note, *parts)))
    return annexes


def _in_full(of_run: list[SpectrumResult]) -> list[SpectrumResult]:
    """Spectra of a run that are told in full: all, or of many the best of each compound that was named."""
    if len(of_run) <= ROWS_A_RUN:
        return of_run
    best = sorted(_best_of_compounds(of_run), key=_likeness, reverse=True)[:IN_FULL_A_RUN]
    return [result for result in of_run if result in best]


def _likeness(result: SpectrumResult) -> float:
    return float(result.hits[0].identity_forward)


def _best_of_compounds(of_run: list[SpectrumResult]) -> list[SpectrumResult]:
    """The spectrum of each named compound that is most like its library spectrum."""
    best: dict[str, SpectrumResult] = {}
    for result in sorted((r for r in of_run if r.hits), key=_likeness, reverse=True):
        if result.call is not None and result.call.name is not None:
            best.setdefault(result.call.name, result)
    return list(best.values())


def _left_out(count: int, shown: int, catalogue: Catalogue) -> Paragraph:
    return Paragraph(cell(catalogue.label("chemistry.in_full", total=str(count), count=str(shown))), quiet=True)


def _plotted(results: list[SpectrumResult]) -> list[SpectrumResult]:
    """Spectra that have a mirror plot; of a run of many scans, the best of each compound that was named."""
    plotted: list[SpectrumResult] = []
    for _, grouped in groupby(results, key=lambda result: result.run.run_id):
        of_run = list(grouped)
        found = [result for result in of_run if result.hits]
        if len(found) > PLOTS_A_RUN:
            told = _in_full(of_run)
            found = [result for result in _best_of_compounds(of_run) if result in told]
        plotted += found
    return plotted


def _spectra_table(results: list[SpectrumResult], catalogue: Catalogue) -> Table:
    """A line for each spectrum: what it was called, its best library spectrum, the outcome; for a run of many
    spectra the first ones that were named and a line on how many more there are.
    """
    label = catalogue.label
    rows: list[tuple[Cell, ...]] = []
    for run_id, grouped in groupby(results, key=lambda result: result.run.run_id):
        of_run = list(grouped)
        told = of_run
        if len(of_run) > ROWS_A_RUN:
            named = [r for r in of_run if r.call is not None and r.call.name is not None]
            told = named[:ROWS_A_RUN]
        rows += [_spectrum_row(result, catalogue) for result in told]
        if len(told) < len(of_run):
            further = label("chemistry.further", count=str(len(of_run) - len(told)))
            rows.append((mono(run_id), cell(further), cell("-"), cell("-"), cell("-")))
    heads = tuple(label(f"head.{h}") for h in ("run", "name_in_file", "compound", "identity", "outcome"))
    return Table(label("chemistry.spectra"), heads, (4, 6, 8, 4, 5), tuple(rows))


def _spectrum_row(result: SpectrumResult, catalogue: Catalogue) -> tuple[Cell, ...]:
    return (
        mono(result.run.run_id),
        cell(result.spectrum_name),
        cell("-") if result.call is None else _compound(result, catalogue),
        cell(_best_hit(result)),
        cell(finding_words(catalogue, result.finding)),
    )


def _best_hit(result: SpectrumResult) -> str:
    return f"{result.hits[0].identity_forward} / {result.hits[0].identity_reverse}" if result.hits else "-"


def _spectrum_annex(result: SpectrumResult, catalogue: Catalogue, *, plot: bool) -> Annex:
    """All that the record holds on a spectrum, with a mirror plot if it has one that the text does not show."""
    label = catalogue.label
    run = result.run.run_id
    blocks: list[Block] = [_spectrum_facts(result, catalogue)]
    criteria = result.quality + (result.call.trace if result.call is not None else ())
    if criteria:
        blocks.append(criteria_table(catalogue, label("chemistry.trace", run=run), criteria))
    if result.hits:
        blocks.append(_hits_table(result, catalogue))
        if plot:
            blocks.append(_mirror(result, catalogue))
    return Annex(_run_title(result, catalogue), tuple(blocks))


def _run_title(result: SpectrumResult, catalogue: Catalogue) -> str:
    title = catalogue.label("chemistry.run", run=result.run.run_id)
    return f"{title} · {catalogue.label('text.simulated')}" if result.run.simulated else title


def _spectrum_facts(result: SpectrumResult, catalogue: Catalogue) -> Facts:
    label = catalogue.label
    span = "-" if result.mz_low is None else f"{result.mz_low}–{result.mz_high}"
    rows: list[tuple[str, Cell]] = [
        (label("chemistry.name_in_file"), cell(result.spectrum_name)),
        (label("chemistry.content_sha256"), mono(result.content_sha256)),
        (
            label("chemistry.peaks"),
            cell(
                label(
                    "chemistry.peaks_text",
                    count=str(result.peak_count),
                    span=span,
                    energy=result.ionisation_energy or label("text.not_recorded"),
                    references=str(result.references_compared),
                )
            ),
        ),
        (label("chemistry.finding"), cell(finding_words(catalogue, result.finding))),
    ]
    reasons = result.reasons
    if result.call is not None:
        rows.append((label("chemistry.compound"), _compound(result, catalogue)))
        reasons = tuple(dict.fromkeys(reasons + result.call.reasons))
        if result.call.confusables:
            rows.append((label("chemistry.confusables"), cell(", ".join(result.call.confusables))))
    if reasons:
        rows.append((label("chemistry.reasons"), reason_words(catalogue, reasons)))
    if result.ranking is not None:
        rows.append((label("chemistry.ranking"), ranking_cell(result.ranking, catalogue)))
    return Facts(tuple(rows))


def _compound(result: SpectrumResult, catalogue: Catalogue) -> Cell:
    call = result.call
    if call is None or call.name is None:
        return cell(catalogue.label("chemistry.not_named"))
    parts = [bold(call.name), cell(catalogue.word(call.status))]
    if call.inchikey is not None:
        parts.append(mono(call.inchikey))
    return lines(*parts)


def _hits_table(result: SpectrumResult, catalogue: Catalogue) -> Table:
    label = catalogue.label
    shown = result.hits[:HITS_SHOWN]
    heads = ("rank", "compound", "accession", "identity", "similarity", "entropy", "ions")
    caption = label(
        "chemistry.hits",
        run=result.run.run_id,
        shown=str(len(shown)),
        references=str(result.references_compared),
    )
    rows = tuple(_hit_row(hit, catalogue) for hit in shown)
    return Table(caption, tuple(label(f"head.{h}") for h in heads), (2, 7, 7, 4, 4, 3, 3), rows)


def _hit_row(hit: SpectrumHit, catalogue: Catalogue) -> tuple[Cell, ...]:
    name = cell(hit.name)
    if hit.overlay is not None:
        name = lines(name, cell(catalogue.label("text.own_data", overlay=hit.overlay)))
    return (
        cell(str(hit.rank)),
        name,
        mono(hit.accession),
        cell(f"{hit.identity_forward} / {hit.identity_reverse}"),
        cell(f"{hit.similarity_forward} / {hit.similarity_reverse}"),
        cell(hit.entropy_similarity),
        cell(f"{hit.matched_ions} / {hit.library_ions}"),
    )


def _is_identified(result: SpectrumResult) -> bool:
    return result.call is not None and result.call.status is CompoundStatus.IDENTIFIED


def _mirror(result: SpectrumResult, catalogue: Catalogue) -> Figure:
    label = catalogue.label
    named = result.call.accession if result.call is not None else None
    hit = next((h for h in result.hits if h.accession == named), result.hits[0])
    run = result.run.run_id
    shared = sorted({p.mz for p in result.peaks} & {p.mz for p in hit.peaks})
    # An identified compound was held against the reference injected beside it, not against a library.
    injected = named == hit.accession and _is_identified(result)
    below = "figure.mirror.injected" if injected else "figure.mirror.library"
    kind = "_injected" if injected else ""
    alt = label(f"figure.mirror.alt{kind}", run=run, compound=hit.name, count=str(len(shared)))
    words = MirrorWords(
        alt=alt,
        query=label("figure.mirror.query", run=run),
        library=label(below, compound=hit.name, accession=hit.accession),
        mz=label("figure.mirror.mz"),
        intensity=label("figure.mirror.intensity"),
    )
    low, high = str(hit.compared_mz_low), str(hit.compared_mz_high)
    caption = label(f"figure.mirror.caption{kind}", run=run, low=low, high=high)
    view = spectrum_view(result.peaks, hit.peaks, words)
    return Figure(draw_mirror(result.peaks, hit.peaks, words), alt, caption, view)


def _markers_table(markers: list[MarkerFinding], catalogue: Catalogue) -> Table:
    """Marker compounds by status and group; those that were found have a row each."""
    label = catalogue.label
    rows: list[tuple[Cell, ...]] = []
    for status in CompoundStatus:
        of_status = [m for m in markers if m.status is status]
        if status in (CompoundStatus.IDENTIFIED, CompoundStatus.TENTATIVE):
            told = catalogue.word(status)
            for m in of_status:
                rows.append(_marker_row(catalogue, told, m.group, _marker_name(m, catalogue), ", ".join(m.runs)))
            continue
        kinds = {m.marker_id: _kind(m, catalogue) for m in of_status}
        for kind, group in sorted({(kinds[m.marker_id], m.group) for m in of_status}):
            own = [m for m in of_status if m.group == group and kinds[m.marker_id] == kind]
            names = ", ".join(_marker_name(m, catalogue) for m in own)
            runs = sorted({run for m in own for run in (*m.runs, *m.ions_compatible)})
            rows.append(_marker_row(catalogue, kind[1], group, names, ", ".join(runs) or "-"))
    heads = tuple(label(f"head.{h}") for h in ("status", "group", "compounds", "runs"))
    return Table(label("chemistry.markers"), heads, (5, 5, 10, 3), tuple(rows))


def _marker_row(catalogue: Catalogue, word: str, group: str, names: str, runs: str) -> tuple[Cell, ...]:
    return (cell(word), cell(catalogue.label(f"marker_group.{group}")), cell(names), cell(runs))


def _kind(marker: MarkerFinding, catalogue: Catalogue) -> tuple[int, str]:
    """Order and words of a marker that was not named."""
    if Reason.CONFUSABLE_NOT_SEPARATED in marker.reasons:
        # Neither found nor looked for in vain: it may be the compound that was named.
        return 2, catalogue.label("chemistry.not_told_apart")
    if marker.ions_compatible:
        return 0, catalogue.label("chemistry.ions_compatible")
    if Reason.NO_LIBRARY_MATCH in marker.reasons:
        return 0, catalogue.label("chemistry.resembles")
    if marker.limit is not None:
        return 0, catalogue.label("chemistry.at_limit")
    return 1, catalogue.word(marker.status)


def _marker_name(marker: MarkerFinding, catalogue: Catalogue) -> str:
    remarks = []
    if marker.limit is not None:
        remarks.append(catalogue.label("chemistry.limit", limit=marker.limit))
    if marker.set_aside_by is not None:
        remarks.append(catalogue.label("chemistry.set_aside"))
    if marker.status in _NAMED and marker.inchikey is not None:
        remarks.append(marker.inchikey)
    return f"{marker.name} ({'; '.join(remarks)})" if remarks else marker.name
