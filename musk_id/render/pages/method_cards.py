"""Method cards: specificity, sensitivity and open answers of each method, with what was not measured.

The short cards stand on paper, the full ones with all strata in an annex. Figures of the rule for the genus of
interest are those of the calibration that the record names, those of further methods come from the files of
``validation/``; a method without figures says so.
"""

from __future__ import annotations

from musk_id.library_vocabulary import Withheld
from musk_id.model.calibration import ErrorCounts
from musk_id.model.error_figures import ComparisonErrors
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import (
    Annex,
    Block,
    Cell,
    Facts,
    Heading,
    Items,
    Paragraph,
    Table,
    cell,
    lines,
)
from musk_id.render.pages.error_figures import (
    at_most,
    called_sentences,
    comparison_title,
    counts_of,
    like_sentences,
    none_count,
    right_rate,
    strata_table,
    window_words,
    wrong_rate,
)
from musk_id.render.pages.measured_cards import full_measured_blocks, measured_blocks

__all__ = ["card_blocks"]


def card_blocks(record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    """Short cards of the methods that a record used, and an annex with the full ones.

    Nothing for records made before figures were told.
    """
    if record.calibration is None:
        return []
    label = catalogue.label
    comparisons = record.calibration.comparisons
    rows = [_figures_row(figures, catalogue) for figures in comparisons]
    rows += [_empty_row(method, catalogue) for method in _without_figures(record)]
    if not rows and not record.method_cards:
        return []
    names = ("method", "specificity", "wrong", "right", "none")
    heads = tuple(label(f"card.head_{name}") for name in names)
    blocks: list[Block] = [Table(label("card.caption"), heads, (6, 5, 7, 7, 4), tuple(rows))] if rows else []
    if record.method_cards and not comparisons:
        # No rate stands without the sentence on what it is not; else it opens the figures of the calibration.
        blocks.append(Paragraph(cell(label("errors.sentence"))))
    blocks += measured_blocks(record.method_cards, catalogue)
    blocks.append(Paragraph(cell(label("card.not_measured", materials=_materials(record, catalogue))), quiet=True))
    full = [block for figures in comparisons for block in _full_card(figures, record, catalogue)]
    full += full_measured_blocks(record.method_cards, catalogue)
    return [*blocks, Annex(label("card.full"), tuple(full))] if full else blocks


def _without_figures(record: CaseRecord) -> list[str]:
    """Methods that read or compared evidence of the case and have no figures in the calibration."""
    methods = record.methods
    used: list[str] = []
    if record.barcode.sequences:
        used += [methods.barcode.version, methods.animals.version]
    if any(result.reading is not None for result in record.barcode.sequences):
        used.append(methods.sanger.version)
    if record.barcode.read_runs and methods.reads is not None:
        used.append(methods.reads.version)
    if record.spectra.spectra:
        used.append(methods.spectra.version)
    told = {str(card.method) for card in record.method_cards}
    if record.calibration is not None:
        told |= {str(figures.method) for figures in record.calibration.comparisons}
    return [method for method in used if method not in told]


def _figures_row(figures: ComparisonErrors, catalogue: Catalogue) -> tuple[Cell, ...]:
    locus = catalogue.word(figures.window.locus)
    individual, species = _like(figures, Withheld.INDIVIDUAL), _like(figures, Withheld.SPECIES)
    within, panel = figures.within_radius, figures.panel
    specificity = [] if panel is None else [at_most(panel.called, panel.records, panel.called_upper)]
    if within is not None:
        specificity.append(at_most(within.species, within.species_compared, within.species_upper))
    return (
        lines(cell(figures.method), cell(f"{locus}, {window_words(catalogue, figures.window)}")),
        lines(*map(cell, specificity)) if specificity else cell("-"),
        _both(wrong_rate(individual), wrong_rate(species), catalogue),
        _both(right_rate(individual), right_rate(species), catalogue),
        _both(none_count(individual), none_count(species), catalogue),
    )


def _like(figures: ComparisonErrors, withheld: Withheld) -> ErrorCounts | None:
    """Counts of the stratum in which the genus of interest itself lies."""
    return None if figures.own_stratum is None else counts_of(figures, withheld, figures.own_stratum)


def _both(individual: str, species: str, catalogue: Catalogue) -> Cell:
    """A figure with the individual left out and, below, with its species left out."""
    label = catalogue.label
    return lines(
        cell(label("card.individual", figure=individual)),
        cell(label("card.species", figure=species)),
    )


def _empty_row(method: str, catalogue: Catalogue) -> tuple[Cell, ...]:
    return (cell(method), cell(catalogue.label("card.no_figures")), *(cell("-") for _ in range(3)))


def _materials(record: CaseRecord, catalogue: Catalogue) -> str:
    found = [
        catalogue.word(item.found_to_be.material)
        for item in record.intake.examination.items
        if item.found_to_be is not None
    ]
    return ", ".join(dict.fromkeys(found)) or catalogue.label("text.not_recorded")


def _full_card(figures: ComparisonErrors, record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    source = None if record.calibration is None else record.calibration.source
    facts = [
        (label("card.method"), cell(figures.method)),
        (label("card.scope"), cell(label("card.scope_text", genus=figures.genus))),
    ]
    if source is not None:
        facts.append((label("card.data"), cell(f"{source.library_id} ({source.library_date}); {source.sha256}")))
    facts.append((label("card.open"), cell(label("card.open_text"))))
    said = [*called_sentences(figures, catalogue), *like_sentences(figures, catalogue)]
    blocks: list[Block] = [Heading(2, comparison_title(figures, catalogue)), Facts(tuple(facts))]
    if said:
        blocks.append(Items(tuple(map(cell, said))))
    if figures.errors:
        blocks.append(strata_table(figures, catalogue))
    return blocks
