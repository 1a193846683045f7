"""DNA findings of an item: sequences, comparisons, calls under both views of the names."""

from __future__ import annotations

from musk_id.model.barcode import (
    BarcodeHit,
    BarcodeRecord,
    ItemCall,
    LocusCall,
    ReplicateCount,
    SequenceResult,
    ViewCall,
)
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.candidates import alignment_figure, candidate_blocks, tree_blocks
from musk_id.render.pages.comparisons import comparisons_table, drawn_on_paper
from musk_id.render.pages.document import (
    Annex,
    Block,
    Cell,
    Facts,
    Heading,
    Table,
    cell,
    italic,
    lines,
    mono,
)
from musk_id.render.pages.facts import criteria_table, finding_words, listed, reason_words
from musk_id.render.pages.reads import is_trace, read_blocks
from musk_id.render.pages.traces import trace_blocks
from musk_id.vocabulary import Reason

__all__ = ["dna_blocks"]

HITS_SHOWN = 8
TIES_SHOWN = 16


def dna_blocks(item_id: str, record: BarcodeRecord, catalogue: Catalogue) -> list[Block]:
    """Blocks on the DNA of an item; none where no DNA run is on file."""
    results = [r for r in record.sequences if r.run.item_id == item_id]
    calls = [c for c in record.items if c.item_id == item_id]
    if not results and not calls:
        return []
    blocks: list[Block] = [Heading(3, catalogue.label("dna.heading", item=item_id))]
    for call in calls:
        blocks.append(_item_facts(call, catalogue))
        if call.replicates:
            blocks.append(_replicates_table(call, catalogue))
        if call.not_excluded:
            blocks.append(_not_excluded_table(call, catalogue))
    blocks.extend(read_blocks(item_id, record, catalogue))
    told = _told(results)
    drawn = drawn_on_paper(told)
    if told:
        blocks.append(comparisons_table(told, catalogue.label("dna.comparisons"), catalogue))
    blocks.extend(alignment_figure(result, catalogue) for result in drawn)
    blocks.extend(_run_annex(result, catalogue, is_drawn=result in drawn) for result in told)
    return blocks + _edited_blocks(item_id, record, catalogue)


def _told(results: list[SequenceResult]) -> list[SequenceResult]:
    """Results with a part of their own: of variants of reads each sequence once, and no traces."""
    told: list[SequenceResult] = []
    known: set[tuple[str | None, str | None]] = set()
    for result in results:
        if result.reads is not None:
            key = (result.locus, result.sequence_sha256)
            if is_trace(result) or key in known:
                continue
            known.add(key)
        told.append(result)
    return told


def _edited_blocks(item_id: str, record: BarcodeRecord, catalogue: Catalogue) -> list[Block]:
    """The item and its edited runs with the letters that were changed by hand."""
    view = record.with_edits
    calls = [] if view is None else [call for call in view.items if call.item_id == item_id]
    if view is None or not calls:
        return []
    blocks: list[Block] = [Heading(3, catalogue.label("dna.edited_heading", item=item_id))]
    blocks += [_item_facts(call, catalogue) for call in calls]
    note = catalogue.label("dna.edited")
    for result in view.sequences:
        if result.run.item_id == item_id:
            blocks.append(_run_annex(result, catalogue, note))
    return blocks


def _item_facts(call: ItemCall, catalogue: Catalogue) -> Facts:
    label = catalogue.label
    taxon = cell(label("text.none")) if call.taxon is None else italic(call.taxon)
    others = [
        cell(f"{o.taxon} ({catalogue.word(o.rank)}; {', '.join(o.loci)}; {listed(catalogue, o.records)})")
        for o in call.other_taxa
    ]
    if call.human:
        others.append(cell(catalogue.word(Reason.HUMAN_DNA)))
    rows = (
        (label("dna.genus_finding"), cell(finding_words(catalogue, call.moschus))),
        (label("dna.deepest_rank"), lines(cell(catalogue.word(call.rank)), taxon)),
        (label("dna.other_animals"), lines(*others) if others else cell(label("text.none"))),
        (label("dna.markers_used"), cell(", ".join(catalogue.word(x) for x in call.loci) or "-")),
        (label("dna.sets"), cell(", ".join(call.nearest_sets) or "-")),
        (label("dna.reasons"), reason_words(catalogue, call.reasons)),
    )
    return Facts(rows)


def _replicates_table(call: ItemCall, catalogue: Catalogue) -> Table:
    """How often each marker was examined, by kind; every attempt counts."""
    label = catalogue.label
    rows = tuple(
        (
            cell("-" if entry.locus is None else catalogue.word(entry.locus)),
            cell(str(entry.sub_samples)),
            cell(str(entry.extracts)),
            cell(str(entry.products)),
            cell(str(entry.runs)),
            cell(str(entry.called)),
            italic(", ".join(entry.taxa) or "-"),
            cell(_agreement(entry, catalogue)),
        )
        for entry in call.replicates
    )
    names = ("locus", "sub_samples", "extractions", "amplifications", "runs", "runs_called", "named", "agreement")
    heads = tuple(label(f"head.{name}") for name in names)
    return Table(label("dna.replicates"), heads, (4, 3, 3, 3, 3, 3, 5, 7), rows)


def _agreement(entry: ReplicateCount, catalogue: Catalogue) -> str:
    if entry.differ_between:
        kinds = ", ".join(catalogue.word(kind) for kind in entry.differ_between)
        return catalogue.label("dna.replicates_differ", kinds=kinds)
    return catalogue.label("dna.replicates_agree") if entry.called > 1 else "-"


def _not_excluded_table(call: ItemCall, catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows = tuple(
        (
            italic(entry.species),
            cell(", ".join(catalogue.word(view) for view in entry.views) or "-"),
            cell("-" if entry.reason is None else catalogue.word(entry.reason)),
            cell(listed(catalogue, entry.records) or "-"),
        )
        for entry in call.not_excluded
    )
    heads = tuple(label(f"head.{h}") for h in ("species", "views", "why", "records"))
    return Table(label("dna.not_excluded"), heads, (6, 5, 8, 6), rows)


def _run_annex(result: SequenceResult, catalogue: Catalogue, note: str = "", *, is_drawn: bool = False) -> Annex:
    """All that the record holds on a run; an alignment that is ``is_drawn`` in the text is not drawn again."""
    label = catalogue.label
    run = result.run.run_id
    title = label("dna.run", run=run)
    if result.run.simulated:
        title = f"{title} · {label('text.simulated')}"
    title = f"{title} · {note}" if note else title
    blocks: list[Block] = [_sequence_facts(result, catalogue)]
    call = result.call
    criteria = result.quality + (call.trace if call is not None else ())
    if criteria:
        blocks.append(criteria_table(catalogue, label("dna.trace", run=run), criteria))
    # The signals are those of the run as it was read; an edit changes no signal.
    blocks.extend([] if note else trace_blocks(result, catalogue))
    if call is not None and call.views:
        blocks.append(_views_table(call, run, catalogue))
    if result.hits:
        blocks.append(_hits_table(result, catalogue))
    blocks.extend(candidate_blocks(result, catalogue))
    if result.picture is not None and not is_drawn and Reason.HUMAN_DNA not in result.reasons:
        blocks.append(alignment_figure(result, catalogue))
    blocks.extend(tree_blocks(result, catalogue))
    return Annex(title, tuple(blocks))


def _sequence_facts(result: SequenceResult, catalogue: Catalogue) -> Facts:
    label = catalogue.label
    rows: list[tuple[str, Cell]] = [(label("dna.name_in_file"), cell(result.sequence_name))]
    if result.sequence_sha256 is not None:
        rows.append((label("dna.sequence_sha256"), mono(result.sequence_sha256)))
    found = "-" if result.locus is None else catalogue.word(result.locus)
    declared = "-" if result.declared_locus is None else catalogue.word(result.declared_locus)
    strand = "-" if result.strand is None else catalogue.word(result.strand)
    rows += [
        (label("dna.marker_found"), cell(label("dna.marker_pair", found=found, declared=declared))),
        (
            label("dna.compared"),
            cell(
                label(
                    "dna.compared_text",
                    length=str(result.length_bp),
                    compared=str(result.compared_bp),
                    strand=strand,
                    references=str(result.references_compared),
                )
            ),
        ),
        (label("dna.finding"), cell(finding_words(catalogue, result.finding))),
        (label("dna.call"), _call_words(result.call, catalogue)),
    ]
    reasons = tuple(dict.fromkeys(result.reasons + (result.call.reasons if result.call else ())))
    if reasons:
        rows.append((label("dna.reasons"), reason_words(catalogue, reasons)))
    return Facts(tuple(rows))


def _call_words(call: LocusCall | None, catalogue: Catalogue) -> Cell:
    if call is None:
        return cell(catalogue.label("text.none"))
    rank = cell(catalogue.word(call.rank))
    names = call.species or (() if call.taxon is None else (call.taxon,))
    return lines(rank, *map(italic, names)) if names else rank


def _views_table(call: LocusCall, run: str, catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows = tuple(_view_row(view, catalogue) for view in call.views)
    heads = tuple(label(f"head.{h}") for h in ("view", "nearest", "distance", "next_genus", "distance", "margin"))
    margin = call.certified_margin
    caption = label("dna.views", run=run, certified=margin or "-", radius=call.genus_of_interest_distance or "-")
    return Table(caption, heads, (5, 7, 3, 7, 3, 3), rows)


def _view_row(view: ViewCall, catalogue: Catalogue) -> tuple[Cell, ...]:
    def named(genera: tuple[str, ...], records: tuple[str, ...]) -> Cell:
        if not genera:
            return cell("-")
        return lines(italic(", ".join(genera)), cell(listed(catalogue, records, 4)))

    return (
        cell(catalogue.word(view.view)),
        named(view.nearest_genus, view.nearest_records),
        cell(view.nearest_distance),
        named(view.next_genus, view.next_records),
        cell(view.next_distance or "-"),
        cell(view.margin or "-"),
    )


def _hits_table(result: SequenceResult, catalogue: Catalogue) -> Table:
    """The nearest references: the first eight, every tie on the first rank up to sixteen, and who follows."""
    label = catalogue.label
    ties = sum(hit.rank == 1 for hit in result.hits)
    shown = result.hits[: min(max(HITS_SHOWN, ties), TIES_SHOWN)]
    key = "dna.hits" if len(shown) == len(result.hits) else "dna.hits_some"
    values = {"run": result.run.run_id, "references": str(result.references_compared)}
    if key == "dna.hits_some":
        values |= {"shown": str(len(shown)), "listed": str(len(result.hits))}
    long_locus = any(hit.p_distance is not None for hit in result.hits)
    heads: tuple[str, ...] = (
        "rank",
        "accession",
        "as_deposited",
        "as_revised",
        "state",
        "differences",
        "compared_bp",
    )
    widths: tuple[int, ...] = (3, 6, 8, 8, 6, 5, 5)
    if long_locus:
        heads, widths = (*heads, "p_distance"), (*widths, 4)
    rows = tuple(_hit_row(hit, catalogue, long_locus=long_locus) for hit in shown)
    return Table(label(key, **values), tuple(label(f"head.{h}") for h in heads), widths, rows)


def _state(hit: BarcodeHit, catalogue: Catalogue) -> Cell:
    """Curation state; a record of the laboratory's own is named as such."""
    state = cell(catalogue.word(hit.state))
    if hit.overlay is None:
        return state
    return lines(state, cell(catalogue.label("text.own_data", overlay=hit.overlay)))


def _hit_row(hit: BarcodeHit, catalogue: Catalogue, *, long_locus: bool) -> tuple[Cell, ...]:
    same = hit.distance == hit.distance_lower
    distance = str(hit.distance) if same else f"{hit.distance_lower}–{hit.distance}"
    row = (
        cell(str(hit.rank)),
        mono(hit.accession),
        italic(hit.organism_as_deposited),
        italic(", ".join(hit.organism_revised)) if hit.organism_revised else cell("="),
        _state(hit, catalogue),
        cell(distance),
        cell(str(hit.compared_bp)),
    )
    return (*row, cell(hit.p_distance or "-")) if long_locus else row
