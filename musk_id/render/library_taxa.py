"""The taxa of a library on its report's pages: tables and maps of what is held, and all of it as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from musk_id.library_vocabulary import LibraryGrade
from musk_id.model.audit import SpeciesGrade
from musk_id.model.library_report import LibraryReport, ReportTaxon
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import (
    Block,
    Cell,
    Figure,
    Fold,
    Heading,
    Items,
    Paragraph,
    Section,
    Table,
    cell,
    italic,
    lines,
)
from musk_id.render.pictures.gap_map import LEVELS, GapCell, GapMapWords, GapRow, draw_gap_map
from musk_id.render.tables import csv_text
from musk_id.vocabulary import Locus

__all__ = ["MAX_LISTED_IN_PDF", "all_taxa_section", "checklist_section", "taxa_csv"]

# A longer list of species would make a PDF of dozens of pages that nobody reads; HTML folds it by family.
MAX_LISTED_IN_PDF = 150
# Rows of one picture: with its legend and caption it stays on a page.
ROWS_OF_A_MAP = 60
# From so many individuals on a box of the map is one step darker.
STEPS_OF_INDIVIDUALS = (2, 5, 10)
STEPS_OF_SHARE_PERCENT = (25, 50, 100)

_Grades = dict[tuple[str, Locus], SpeciesGrade]


@dataclass(frozen=True, slots=True)
class _View:
    """A report with what each part of these pages looks up in it."""

    report: LibraryReport
    catalogue: Catalogue
    grades: _Grades
    loci: tuple[Locus, ...]

    @property
    def heads(self) -> tuple[str, ...]:
        return tuple(self.catalogue.word(locus) for locus in self.loci)

    def label(self, key: str, **values: str) -> str:
        return self.catalogue.label(f"library.{key}", **values)


def _view(report: LibraryReport, catalogue: Catalogue) -> _View:
    grades: _Grades = {(g.species, g.locus): g for g in report.grades}
    return _View(report, catalogue, grades, tuple(locus.locus for locus in report.loci))


def checklist_section(report: LibraryReport, catalogue: Catalogue) -> Section:
    """Species of the genus of interest and the other species of the release, as map and as table."""
    view = _view(report, catalogue)
    named = {taxon.species for taxon in report.taxa if taxon.of_checklist}
    # A report of an earlier version names no taxa: its grades are those of the checklist.
    named |= set() if report.taxa else {grade.species for grade in report.grades}
    species = [*report.checklist, *sorted(named - set(report.checklist))]
    words = GapMapWords(
        alt=view.label("map_of_species"),
        columns=view.heads,
        levels=_steps_words(view),
        absent=view.label("map_absent"),
    )
    rows = [GapRow(name, tuple(_species_box(view, name, locus) for locus in view.loci)) for name in species]
    blocks: list[Block] = [
        Paragraph(cell(view.label("grades_intro")), quiet=True),
        Items(tuple(cell(view.label(f"grade_{letter}")) for letter in LibraryGrade)),
        *_maps(rows, words, view.label("map_of_species")),
        _species_table(view, species, ""),
        Items((cell(view.label("conflicts", count=str(report.conflicts))),)),
    ]
    return Section("grades", view.label("section_grades"), tuple(blocks))


def all_taxa_section(report: LibraryReport, catalogue: Catalogue, *, is_folded: bool) -> Section | None:
    """Every taxon of the library: map and table by family, then the species.

    Parameters
    ----------
    report : LibraryReport
        The report.
    catalogue : Catalogue
        Words of the language.
    is_folded : bool
        Whether the medium can fold: it then lists all species, family by family; else only a short list.

    Returns
    -------
    Section or None
        ``None`` for a report of an earlier version, which names no taxa.
    """
    if not report.taxa:
        return None
    view = _view(report, catalogue)
    families = _families(report.taxa)
    counts = {
        "species": str(len(report.taxa)),
        "families": str(len(families)),
        "orders": str(len({order for order, _ in families})),
    }
    words = GapMapWords(
        alt=view.label("map_of_families"),
        columns=view.heads,
        levels=_share_words(view),
        absent=view.label("map_absent"),
    )
    blocks: list[Block] = [
        Paragraph(cell(view.label("taxa_counts", **counts))),
        Paragraph(cell(view.label("taxa_intro")), quiet=True),
        *_maps(list(_family_rows(view, families)), words, view.label("map_of_families")),
        _family_table(view, families),
        *_species_lists(view, families, is_folded=is_folded),
    ]
    return Section("taxa", view.label("section_taxa"), tuple(blocks))


def _families(taxa: Sequence[ReportTaxon]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Species of each family, by order and family."""

    def place(taxon: ReportTaxon) -> tuple[str, str]:
        return taxon.order, taxon.family

    ordered = sorted(taxa, key=lambda t: (*place(t), t.species))
    return {key: tuple(t.species for t in members) for key, members in groupby(ordered, place)}


def _step(value: float, steps: Sequence[int]) -> int:
    return sum(value >= step for step in steps)


def _species_box(view: _View, species: str, locus: Locus) -> GapCell | None:
    grade = view.grades.get((species, locus))
    if grade is None:
        return None
    text = view.label("map_box", grade=grade.grade.value, count=str(grade.individuals))
    return GapCell(_step(grade.individuals, STEPS_OF_INDIVIDUALS), text)


def _family_box(view: _View, species: Sequence[str], locus: Locus) -> GapCell | None:
    held = [view.grades[name, locus] for name in species if (name, locus) in view.grades]
    if not held:
        return None
    individuals = sum(grade.individuals for grade in held)
    text = view.label("map_family_box", held=str(len(held)), all=str(len(species)), count=str(individuals))
    # The darkest step is for all species alone.
    level = _step(100 * len(held) // len(species), STEPS_OF_SHARE_PERCENT)
    return GapCell(level, text)


def _family_rows(view: _View, families: dict[tuple[str, str], tuple[str, ...]]) -> Iterator[GapRow]:
    before = None
    for (order, family), species in families.items():
        if order != before:
            yield GapRow(order)
        before = order
        yield GapRow(family, tuple(_family_box(view, species, locus) for locus in view.loci))


def _maps(rows: Sequence[GapRow], words: GapMapWords, caption: str) -> list[Block]:
    """Pictures of at most so many rows; a heading never ends one."""
    pictures: list[Block] = []
    first = 0
    while first < len(rows):
        last = min(first + ROWS_OF_A_MAP, len(rows))
        while last < len(rows) and last - 1 > first and not rows[last - 1].cells:
            last -= 1
        pictures.append(Figure(draw_gap_map(rows[first:last], words), words.alt, caption))
        first = last
    return pictures


def _steps_words(view: _View) -> tuple[str, ...]:
    """``n = 1``, ``n = 2 - 4`` and so on."""
    lows = (1, *STEPS_OF_INDIVIDUALS)
    words = [
        view.label("of_individuals", count=str(low) if low == after - 1 else f"{low}–{after - 1}")
        for low, after in zip(lows, STEPS_OF_INDIVIDUALS, strict=False)
    ]
    return (*words, view.label("of_individuals", count=f"≥ {STEPS_OF_INDIVIDUALS[-1]}"))


def _share_words(view: _View) -> tuple[str, ...]:
    lows = (0, *STEPS_OF_SHARE_PERCENT)
    words = [
        view.label("map_share", low=str(low), high=str(high))
        for low, high in zip(lows, STEPS_OF_SHARE_PERCENT, strict=False)
    ]
    found = (*words, view.label("map_all"))
    if len(found) != LEVELS:
        raise ValueError(f"{len(found)} words for {LEVELS} levels")
    return found


def _family_table(view: _View, families: dict[tuple[str, str], tuple[str, ...]]) -> Table:
    rows = tuple(
        (
            lines(cell(family), cell(order)),
            cell(str(len(species))),
            *(_family_cell(view, species, locus) for locus in view.loci),
        )
        for (order, family), species in families.items()
    )
    heads = (view.label("head_family"), view.label("head_species_count"), *view.heads)
    return Table(view.label("by_family"), heads, (7, 3, *([6] * len(view.loci))), rows)


def _family_cell(view: _View, species: Sequence[str], locus: Locus) -> Cell:
    box = _family_box(view, species, locus)
    if box is None:
        return cell("-")
    found = [view.grades[name, locus].grade for name in species if (name, locus) in view.grades]
    counts = [(letter, found.count(letter)) for letter in LibraryGrade]
    return lines(cell(box.text), cell(", ".join(f"{letter.value} {n}" for letter, n in counts if n)))


def _species_table(view: _View, species: Sequence[str], caption: str) -> Table:
    rows = tuple((italic(name), *(_species_cell(view, name, locus) for locus in view.loci)) for name in species)
    heads = (view.catalogue.label("head.species"), *view.heads)
    return Table(caption, heads, (8, *([5] * len(view.loci))), rows)


def _species_cell(view: _View, species: str, locus: Locus) -> Cell:
    box = _species_box(view, species, locus)
    return cell("-" if box is None else box.text)


def _species_lists(
    view: _View, families: dict[tuple[str, str], tuple[str, ...]], *, is_folded: bool
) -> list[Block]:
    heading = Heading(2, view.label("by_species"))
    if is_folded:
        folds = (
            Fold(
                view.label("fold", family=family, order=order, count=str(len(species))),
                _species_table(view, species, ""),
            )
            for (order, family), species in families.items()
        )
        return [heading, *folds]
    if len(view.report.taxa) <= MAX_LISTED_IN_PDF:
        listed = [name for species in families.values() for name in species]
        return [heading, _species_table(view, listed, "")]
    return [heading, Paragraph(cell(view.label("species_elsewhere", limit=str(MAX_LISTED_IN_PDF))))]


def taxa_csv(report: LibraryReport) -> bytes:
    """Every taxon of the library as a row, with grade and counts for each marker; empty where none is held."""
    grades: _Grades = {(g.species, g.locus): g for g in report.grades}
    loci = [locus.locus for locus in report.loci]
    columns = ("grade", "records", "individuals", "submissions", "clusters")
    head = ["order", "family", "species", "of_checklist"]
    rows = [head + [f"{locus.value} {column}" for locus in loci for column in columns]]
    for taxon in sorted(report.taxa, key=lambda t: (t.order, t.family, t.species)):
        row = [taxon.order, taxon.family, taxon.species, "yes" if taxon.of_checklist else "no"]
        for locus in loci:
            grade = grades.get((taxon.species, locus))
            row += [""] * len(columns) if grade is None else [str(getattr(grade, column)) for column in columns]
        rows.append([str(part) for part in row])
    return csv_text(rows)
