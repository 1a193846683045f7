"""Blocks on the likelihood ratio of an item: the counts, the bound, the whole scale; or why there is none."""

from __future__ import annotations

from musk_id.model.ratio import ItemRatio, LocusRatio, ModelRatio, RatioBounds, RatioSensitivity
from musk_id.model.scales import ScaleBand, VerbalScale
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Annex, Block, Cell, Facts, Heading, Paragraph, Table, bold, cell, lines
from musk_id.render.pages.facts import reason_words

__all__ = ["ratio_blocks"]


def ratio_blocks(ratio: ItemRatio | None, genus: str, catalogue: Catalogue) -> list[Block]:
    """What a record says of a ratio; nothing where no DNA was examined."""
    if ratio is None:
        return []
    heading = Heading(3, catalogue.label("ratio.heading"))
    if ratio.scale is None:
        return [heading, *_refused(ratio, catalogue)]
    return [heading, *_given(ratio, ratio.scale, genus, catalogue)]


def _refused(ratio: ItemRatio, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    blocks: list[Block] = [Facts(((label("ratio.why_none"), reason_words(catalogue, ratio.reasons)),))]
    if ratio.loci:
        heads = ("locus", "ratio_window", "ratio_individuals", "ratio_species", "codes")
        rows = tuple(
            (
                cell(catalogue.word(locus.locus)),
                cell(_window(locus, catalogue)),
                _of_needed(locus.n1, ratio.min_individuals_h1, catalogue),
                _of_needed(locus.n2, ratio.min_species_h2, catalogue),
                cell(", ".join(locus.reasons) or "-"),
            )
            for locus in ratio.loci
        )
        titles = tuple(label(f"head.{h}") for h in heads)
        blocks.append(Table(label("ratio.counts_caption"), titles, (4, 4, 5, 5, 7), rows))
    return blocks


def _of_needed(count: int | None, needed: int, catalogue: Catalogue) -> Cell:
    if count is None:
        return cell("-")
    return cell(catalogue.label("ratio.of_needed", count=str(count), needed=str(needed)))


def _window(locus: LocusRatio, catalogue: Catalogue) -> str:
    if locus.k1 is None:
        return "-"
    if locus.length_bp is None or locus.first_column is None:
        return catalogue.label("ratio.whole_insert")
    first, last = locus.first_column + 1, locus.first_column + locus.length_bp
    return catalogue.label("ratio.columns", first=str(first), last=str(last))


def _given(ratio: ItemRatio, scale: VerbalScale, genus: str, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    bounded = [(locus, locus.bounds) for locus in ratio.loci if locus.bounds is not None]
    facts = (
        (label("ratio.h1"), cell(label("ratio.h1_text", item=ratio.item_id, genus=genus))),
        (label("ratio.h2"), cell(label("ratio.h2_text", item=ratio.item_id, list=ratio.alternatives or "-"))),
        (label("ratio.population"), cell(_population(ratio, catalogue))),
        (label("ratio.finding"), cell(label("ratio.finding_text", genus=genus))),
        (label("ratio.lower"), bold(f"{ratio.lower} ({_locus_word(ratio, catalogue)})")),
        *(
            (label("ratio.moves_most"), _moves_most(locus, scale, catalogue))
            for locus, _ in bounded
            if locus.locus is ratio.deciding_locus
        ),
    )
    blocks: list[Block] = [
        Facts(facts),
        _counts_table(bounded, catalogue),
        _lines_table(ratio, catalogue),
        Paragraph(cell(label("ratio.recompute")), quiet=True),
        Paragraph(cell(label("ratio.one_molecule")), quiet=True),
        *_scale_table(ratio, scale, catalogue),
        Paragraph(cell(label("ratio.scope")), quiet=True),
    ]
    annex = [block for locus, _ in bounded for block in _sensitivity_table(locus, scale, catalogue)]
    annex += [block for locus, _ in bounded for block in _models_table(locus, catalogue)]
    if annex:
        blocks.append(Annex(label("ratio.annex", item=ratio.item_id), tuple(annex)))
    return blocks


def _population(ratio: ItemRatio, catalogue: Catalogue) -> str:
    """What the list holds, in the language of the page where the catalogue knows the list."""
    return catalogue.labels.get(f"alternatives.{ratio.alternatives}", ratio.alternatives_described or "-")


def _locus_word(ratio: ItemRatio, catalogue: Catalogue) -> str:
    return catalogue.word(ratio.deciding_locus) if ratio.deciding_locus is not None else "-"


def _counts_table(bounded: list[tuple[LocusRatio, RatioBounds]], catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows = tuple(
        (
            lines(cell(catalogue.word(locus.locus)), cell(_window(locus, catalogue))),
            cell(label("ratio.rule", radius=locus.radius or "-", margin=locus.margin or "-")),
            cell(f"{locus.k1}/{locus.n1}"),
            cell(bounds.rate1_lower),
            cell(f"{locus.k2}/{locus.n2}"),
            cell(bounds.rate2_upper),
            bold(bounds.lower),
            cell(bounds.point or label("ratio.no_point")),
            cell(bounds.largest_possible),
        )
        for locus, bounds in bounded
    )
    heads = ("locus", "ratio_rule", "ratio_k1", "ratio_rate1", "ratio_k2", "ratio_rate2", "ratio_lower")
    titles = tuple(label(f"head.{h}") for h in (*heads, "ratio_point", "ratio_largest"))
    return Table(label("ratio.counts_caption"), titles, (5, 4, 3, 4, 3, 4, 4, 5, 4), rows)


def _scale_table(ratio: ItemRatio, scale: VerbalScale, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    rows = []
    for band in scale.bands:
        here = band.word == ratio.word
        text = label(f"scale.{scale.version}.{band.word}")
        rows.append(
            (
                bold("→") if here else cell(""),
                cell(_band(band, catalogue)),
                bold(text) if here else cell(text),
            )
        )
    source = scale.verification.source_document
    verified = scale.verification.verified_by
    mark = label("ratio.scale_not_verified") if verified is None else ""
    caption = label("ratio.scale_caption", scale=scale.version)
    heads = ("", label("head.ratio_band"), label("head.ratio_words"))
    return [
        Table(caption, heads, (1, 5, 12), tuple(rows)),
        Paragraph(cell(" ".join(part for part in (source, mark, label("ratio.edge")) if part)), quiet=True),
    ]


def _band(band: ScaleBand, catalogue: Catalogue) -> str:
    if band.up_to is None:
        return catalogue.label("ratio.above", above=band.above or "0")
    return catalogue.label("ratio.up_to", above=band.above or "0", up_to=band.up_to)


def _sensitivity_table(locus: LocusRatio, scale: VerbalScale, catalogue: Catalogue) -> list[Block]:
    if not locus.sensitivity:
        return []
    label = catalogue.label
    rows = tuple(
        (
            cell(_change(row, catalogue)),
            cell(f"{row.k1}/{row.n1}"),
            cell(f"{row.k2}/{row.n2}"),
            bold(row.lower) if row.moves_most else cell(row.lower),
            cell(_scale_words(row.word, scale, catalogue)),
        )
        for row in locus.sensitivity
    )
    heads = ("ratio_change", "ratio_k1", "ratio_k2", "ratio_lower", "ratio_words")
    titles = tuple(label(f"head.{h}") for h in heads)
    caption = label("ratio.sensitivity_caption", locus=catalogue.word(locus.locus))
    return [Table(caption, titles, (9, 3, 3, 3, 8), rows)]


def _scale_words(word: str | None, scale: VerbalScale, catalogue: Catalogue) -> str:
    return "-" if word is None else catalogue.label(f"scale.{scale.version}.{word}")


def _moves_most(locus: LocusRatio, scale: VerbalScale, catalogue: Catalogue) -> Cell:
    """The changes of one assumption that leave the smallest bound, with the words that it would have."""
    told = [row for row in locus.sensitivity if row.moves_most]
    if not told:
        return cell(catalogue.label("text.none"))
    return lines(
        *(
            cell(f"{_change(row, catalogue)}: {row.lower} ({_scale_words(row.word, scale, catalogue)})")
            for row in told
        )
    )


def _lines_table(ratio: ItemRatio, catalogue: Catalogue) -> Table:
    """What each line of evidence gives by itself; they are never multiplied."""
    label = catalogue.label
    rows = [
        (
            cell(label("ratio.line_dna", locus=catalogue.word(locus.locus))),
            cell(locus.bounds.lower if locus.bounds is not None else label("ratio.line_none")),
            cell(" ".join(catalogue.word(reason) for reason in locus.reasons) or "-"),
        )
        for locus in ratio.loci
    ]
    rows += [
        (cell(label(f"ratio.line_{line}")), cell(label("ratio.line_none")), cell(label(f"ratio.why_{line}")))
        for line in ("chemistry", "morphology")
    ]
    heads = tuple(label(f"head.{head}") for head in ("ratio_line", "ratio_lower", "why"))
    return Table(label("ratio.lines_caption"), heads, (6, 4, 10), tuple(rows))


def _change(row: RatioSensitivity, catalogue: Catalogue) -> str:
    words = catalogue.word(row.change)
    return words if row.subject is None else f"{words}: {row.subject}"


def _models_table(locus: LocusRatio, catalogue: Catalogue) -> list[Block]:
    """The annex: what models say, within their empirical bounds and never above the count form."""
    if not locus.models:
        return []
    label = catalogue.label
    rows = tuple(
        (
            cell(catalogue.word(model.model)),
            cell(model.model_log10 or "-"),
            cell(_elub(model)),
            cell(model.cllr or "-"),
            cell(model.cllr_min or "-"),
            cell(model.printed or (catalogue.word(model.reason) if model.reason else "-")),
        )
        for model in locus.models
    )
    heads = ("ratio_model", "ratio_model_log10", "ratio_elub", "ratio_cllr", "ratio_cllr_min", "ratio_model_value")
    caption = label("ratio.models_caption", locus=catalogue.word(locus.locus), score=locus.score or "-")
    return [
        Table(caption, tuple(label(f"head.{h}") for h in heads), (6, 4, 6, 3, 3, 6), rows),
        Paragraph(cell(label("ratio.models_note")), quiet=True),
        *_costs_table(locus, catalogue),
    ]


def _costs_table(locus: LocusRatio, catalogue: Catalogue) -> list[Block]:
    """How often a model misleads within its bounds, and what its ratios cost at several prior odds."""
    told = [model for model in locus.models if model.costs]
    if not told:
        return []
    label = catalogue.label
    rows = tuple(
        (
            cell(catalogue.word(model.model)),
            cell(f"{model.misleading_h1}/{model.items_h1}"),
            cell(f"{model.misleading_h2}/{model.items_h2}"),
            lines(*(cell(f"10^{cost.log10_prior_odds}") for cost in model.costs)),
            lines(*(cell(cost.ece) for cost in model.costs)),
            lines(*(cell(cost.ece_min) for cost in model.costs)),
            lines(*(cell(cost.neutral) for cost in model.costs)),
        )
        for model in told
    )
    heads = (
        "ratio_model",
        "ratio_wrong1",
        "ratio_wrong2",
        "ratio_odds",
        "ratio_ece",
        "ratio_ece_min",
        "ratio_neutral",
    )
    caption = label("ratio.costs_caption", locus=catalogue.word(locus.locus))
    return [
        Table(caption, tuple(label(f"head.{h}") for h in heads), (6, 3, 3, 3, 4, 4, 4), rows),
        Paragraph(cell(label("ratio.costs_note")), quiet=True),
    ]


def _elub(model: ModelRatio) -> str:
    if model.elub_lower_log10 is None or model.elub_upper_log10 is None:
        return "-"
    return f"{model.elub_lower_log10} … {model.elub_upper_log10}"
