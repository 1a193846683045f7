"""A library's report as pages: what it can answer first, then grades, gaps, resolution, distances, trees."""

from __future__ import annotations

from collections.abc import Callable

from musk_id.library_vocabulary import Resolution
from musk_id.model.library_report import Histogram, LibraryReport, LocusSummary, ResolutionRow, TreeFigure
from musk_id.records.files import sha256_bytes
from musk_id.render.catalogue import Catalogue
from musk_id.render.library_taxa import all_taxa_section, checklist_section
from musk_id.render.pages.document import (
    Block,
    Cell,
    Document,
    Figure,
    Front,
    FrontAnswer,
    FrontQuestion,
    Items,
    Paragraph,
    Section,
    Table,
    cell,
    italic,
    lines,
    mono,
)
from musk_id.render.pictures.histogram import HistogramWords, draw_histogram
from musk_id.render.pictures.tree import TreeWords, draw_tree
from musk_id.vocabulary import Locus

__all__ = ["library_document"]

_LONG = frozenset({Locus.COI, Locus.CYTB})
Label = Callable[..., str]


def library_document(
    report: LibraryReport, report_json: bytes, catalogue: Catalogue, *, is_folded: bool
) -> Document:
    """The pages of a library's report.

    Parameters
    ----------
    report : LibraryReport
        The report.
    report_json : bytes
        Its canonical JSON; the digest in the footer is that of these bytes.
    catalogue : Catalogue
        Words of the language.
    is_folded : bool
        Whether the medium can fold: it then lists every species.
    """
    label = catalogue.label
    taxa = all_taxa_section(report, catalogue, is_folded=is_folded)
    return Document(
        language=catalogue.language.value,
        case_id=report.library_id,
        date=report.date,
        banner=label("library.banner"),
        header=label("library.header", library=report.library_id),
        draft=label("page.draft") if catalogue.is_draft else "",
        watermark="",
        page_of=catalogue.labels["page.page_of"],
        digest_label=label("library.digest"),
        digest=sha256_bytes(report_json),
        contents_title=label("page.contents"),
        front=_front(report, catalogue),
        sections=(
            checklist_section(report, catalogue),
            *(() if taxa is None else (taxa,)),
            _resolution(report, catalogue),
            _distances(report, catalogue),
            _trees(report, catalogue),
        ),
        end_mark=label("library.end_mark", library=report.library_id),
        attachment="library-report.json",
    )


def _front(report: LibraryReport, catalogue: Catalogue) -> Front:
    label = catalogue.label
    facts = (
        (label("library.fact_date"), cell(report.date)),
        (label("library.fact_manifest"), mono(report.library_sha256)),
        (label("library.fact_software"), cell(report.software_version)),
    )
    return Front(
        title=label("library.title"),
        subtitle=report.title,
        notices=(),
        facts=facts,
        grade_label="",
        grade="",
        grade_meaning="",
        grade_reasons=(),
        questions_title=label("library.questions"),
        questions=(
            _species_question(report, catalogue),
            _genus_question(report, catalogue),
            _pairs_question(report, catalogue),
            _chemistry_question(report, catalogue),
        ),
        grade_word="",
        next_title=label("library.lacking"),
        next_steps=_lacking(report, catalogue),
        limits_title=label("front.limits"),
        limits=(cell(label("library.limit_names")), cell(label("library.limit_pictures"))),
        read_on=label("library.read_on"),
    )


def _question(number: str, asked: str, finding: str, statements: list[str]) -> FrontQuestion:
    answer = FrontAnswer(item="", finding=finding, grade="", statements=tuple(map(cell, statements)))
    return FrontQuestion(number, cell(asked), (answer,))


def _species_question(report: LibraryReport, catalogue: Catalogue) -> FrontQuestion:
    """Whether the individuals suffice for the species rule at any long marker; that alone is no answer yet."""
    label = catalogue.label
    long_loci = [locus for locus in report.loci if locus.locus in _LONG]
    able = [locus for locus in long_loci if _may_reach_species(locus, report)]
    statements = [
        label(
            "library.species_counts",
            locus=catalogue.word(locus.locus),
            most=str(locus.most_individuals_of_a_target_species),
            needed=str(report.species_min_individuals),
            others=str(report.species_min_individuals_of_others),
            held=str(locus.target_species),
            all=str(len(report.checklist)),
        )
        for locus in long_loci
    ] or [label("library.no_long_marker")]
    finding = label("library.counts_reach") if able else label("library.cannot")
    return _question("1", label("library.ask_species", genus=report.genus), finding, statements)


def _may_reach_species(locus: LocusSummary, report: LibraryReport) -> bool:
    return (
        locus.most_individuals_of_a_target_species >= report.species_min_individuals
        and locus.target_species == len(report.checklist)
    )


def _genus_question(report: LibraryReport, catalogue: Catalogue) -> FrontQuestion:
    label = catalogue.label
    held = [locus for locus in report.loci if locus.target_individuals]
    statements = [
        label(
            "library.genus_counts",
            locus=catalogue.word(locus.locus),
            individuals=str(locus.target_individuals),
            records=str(locus.records),
            species=str(locus.species),
        )
        for locus in report.loci
    ]
    finding = label("library.can_compare") if held else label("library.cannot")
    return _question("2", label("library.ask_genus", genus=report.genus), finding, statements)


def _pairs_question(report: LibraryReport, catalogue: Catalogue) -> FrontQuestion:
    label = catalogue.label
    statements = []
    for locus in report.loci:
        rows = [row for row in report.resolution if row.locus is locus.locus]
        counts = {kind: sum(row.resolution is kind for row in rows) for kind in Resolution}
        statements.append(
            label(
                "library.pair_counts",
                locus=catalogue.word(locus.locus),
                pairs=str(len(rows)),
                apart=str(counts[Resolution.APART]),
                shared=str(counts[Resolution.SHARED]),
                overlapping=str(counts[Resolution.OVERLAPPING]),
                few=str(counts[Resolution.TOO_FEW]),
                none=str(counts[Resolution.NO_RECORD]),
            )
        )
    apart = any(row.resolution is Resolution.APART for row in report.resolution)
    finding = label("library.some") if apart else label("library.none")
    return _question("3", label("library.ask_pairs", genus=report.genus), finding, statements)


def _chemistry_question(report: LibraryReport, catalogue: Catalogue) -> FrontQuestion:
    label = catalogue.label
    finding = label("library.can_compare") if report.spectra else label("library.cannot")
    statement = label("library.spectra_counts", spectra=str(report.spectra))
    return _question("4", label("library.ask_chemistry"), finding, [statement])


def _lacking(report: LibraryReport, catalogue: Catalogue) -> tuple[Cell, ...]:
    """Species of the checklist without any record, by marker."""
    held = {(grade.species, grade.locus) for grade in report.grades}
    found = []
    for locus in report.loci:
        absent = [name for name in report.checklist if (name, locus.locus) not in held]
        if absent:
            names = catalogue.join(absent)
            text = catalogue.label("library.lacks", locus=catalogue.word(locus.locus), species=names)
            found.append(cell(text))
    return tuple(found)


def _resolution(report: LibraryReport, catalogue: Catalogue) -> Section:
    """One row a pair of species, one column a marker."""
    label = catalogue.label
    found = {(row.first, row.second, row.locus): row for row in report.resolution}
    pairs = sorted({(row.first, row.second) for row in report.resolution})
    loci = [locus.locus for locus in report.loci]
    rows = tuple(
        (
            italic(f"{first} / {second.removeprefix(report.genus + ' ')}"),
            *(_resolution_cell(found[first, second, locus], catalogue) for locus in loci),
        )
        for first, second in pairs
    )
    heads = (label("library.pair"), *(catalogue.word(locus) for locus in loci))
    legend = tuple(
        cell(f"{catalogue.word(kind)}: {label(f'library.means_{kind.value.lower()}')}") for kind in Resolution
    )
    blocks: list[Block] = [
        Paragraph(cell(label("library.resolution_intro")), quiet=True),
        Items(legend),
        Table("", heads, (9, *([6] * len(loci))), rows),
    ]
    return Section("resolution", label("library.section_resolution"), tuple(blocks))


def _resolution_cell(row: ResolutionRow, catalogue: Catalogue) -> Cell:
    word = cell(catalogue.word(row.resolution))
    if row.between is None or row.within is None:
        return word
    counts = f"{row.first_individuals}/{row.second_individuals}"
    return lines(word, cell(f"{row.between} | {row.within} | n {counts}"))


def _distances(report: LibraryReport, catalogue: Catalogue) -> Section:
    blocks: list[Block] = [Paragraph(cell(catalogue.label("library.distances_intro")), quiet=True)]
    blocks += [_histogram(figure, catalogue) for figure in report.histograms]
    return Section("distances", catalogue.label("library.section_distances"), tuple(blocks))


def _histogram(figure: Histogram, catalogue: Catalogue) -> Figure:
    label = catalogue.label
    caption = label("library.histogram", locus=catalogue.word(figure.locus), pairs=str(figure.pairs))
    words = HistogramWords(
        alt=caption,
        within_species=label("library.within_species"),
        within_genus=label("library.within_genus"),
        between_genera=label("library.between_genera"),
        axis=label("library.axis"),
    )
    return Figure(draw_histogram(figure, words), caption, caption)


def _trees(report: LibraryReport, catalogue: Catalogue) -> Section:
    blocks: list[Block] = [Paragraph(cell(catalogue.label("library.trees_intro")), quiet=True)]
    blocks += [_tree(figure, catalogue) for figure in report.trees]
    return Section("trees", catalogue.label("library.section_trees"), tuple(blocks))


def _tree(figure: TreeFigure, catalogue: Catalogue) -> Figure:
    label = catalogue.label
    caption = label(
        "library.tree",
        locus=catalogue.word(figure.locus),
        tips=str(figure.tips),
        columns=str(figure.columns),
        replicates=str(figure.replicates),
    )
    return Figure(draw_tree(figure.nodes, TreeWords(caption, label("library.scale"))), caption, caption)
