"""What stands behind a radius, and what is known of the error of a comparison: figures of the calibration."""

from __future__ import annotations

from musk_id.library_vocabulary import CongenerStratum, Withheld
from musk_id.model.calibration import ErrorCounts
from musk_id.model.error_figures import CalibrationSummary, ComparisonErrors
from musk_id.model.radius import QueryWindow, RadiusGround
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Annex, Block, Cell, Heading, Items, Paragraph, Table, cell, lines

__all__ = ["error_blocks", "ground_words"]

RECORDS_SHOWN = 3
# A limit is not torn from its sign at the end of a line.
NO_BREAK = "\u00a0"


def ground_words(catalogue: Catalogue, ground: RadiusGround, unit: str | None) -> Cell:
    """What a radius rests on, a figure a line; or that no figures exist."""
    label = catalogue.label
    if ground.reason is not None or ground.window is None:
        code = "-" if ground.reason is None else ground.reason.value
        return cell(label("radius.none", code=code))
    first = label("radius.rests_on", window=_window_words(catalogue, ground.window))
    nearest, pooled = _distance(catalogue, ground.nearest_other, unit), _count(ground.pooled_individuals)
    if ground.genus is None:
        species, genera = _count(ground.pooled_species), _count(ground.pooled_genera)
        rest: tuple[str, ...] = (
            label("radius.other", pooled=pooled, species=species, genera=genera),
            label("radius.between", nearest=nearest),
        )
    else:
        genus, individuals, species = ground.genus, _count(ground.individuals), _count(ground.species)
        largest = _distance(catalogue, ground.within_largest, unit)
        rest = (
            label("radius.own", genus=genus, individuals=individuals, species=species),
            label("radius.borrowed", borrowed=ground.borrowed_percent or "-", pooled=pooled),
            label("radius.largest", genus=genus, largest=largest),
            label("radius.nearest", nearest=nearest, records=_records(catalogue, ground) or "-"),
        )
    return lines(*map(cell, (first, *rest)))


def _records(catalogue: Catalogue, ground: RadiusGround) -> str:
    shown = ", ".join(ground.nearest_records[:RECORDS_SHOWN])
    more = len(ground.nearest_records) - RECORDS_SHOWN
    return f"{shown} {catalogue.label('text.and_more', count=str(more))}" if more > 0 else shown


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)


def _distance(catalogue: Catalogue, value: str | None, unit: str | None) -> str:
    if value is None:
        return "-"
    return value if unit is None else f"{value} {catalogue.label(f'unit.{unit}')}"


def _window_words(catalogue: Catalogue, window: QueryWindow) -> str:
    if window.length_bp is None:
        return catalogue.label("radius.insert")
    last = window.first_column + window.length_bp - 1
    return catalogue.label("radius.columns", first=str(window.first_column), last=str(last))


def error_blocks(summary: CalibrationSummary | None, catalogue: Catalogue) -> list[Block]:
    """The rates known for the comparisons of a case; nothing in records made before they were told."""
    label = catalogue.label
    if summary is None or (summary.source is not None and not summary.comparisons):
        return []
    heading = Heading(2, label("errors.heading"))
    source = summary.source
    if source is None:
        code = "-" if summary.reason is None else summary.reason.value
        return [heading, Paragraph(cell(label("errors.none", code=code)))]
    told = label(
        "errors.source",
        sha256=source.sha256,
        library=source.library_id,
        date=source.library_date,
        methods=", ".join(source.methods),
    )
    blocks: list[Block] = [
        heading,
        Paragraph(cell(label("errors.sentence"))),
        Paragraph(lines(cell(told), cell(label("errors.limits"))), quiet=True),
    ]
    tables: list[Block] = []
    for comparison in summary.comparisons:
        heading = Heading(3, _title(comparison, catalogue))
        said = [*_called(comparison, catalogue), *_like(comparison, catalogue)]
        if said:
            blocks += (heading, Items(tuple(map(cell, said))))
        if comparison.errors:
            tables += (Heading(2, heading.text), _strata_table(comparison, catalogue))
    if tables:
        blocks.append(Annex(label("errors.strata"), tuple(tables)))
    return blocks


def _title(figures: ComparisonErrors, catalogue: Catalogue) -> str:
    unit = catalogue.label(f"unit.{figures.unit}")
    return catalogue.label(
        "errors.title",
        locus=catalogue.word(figures.window.locus),
        window=_window_words(catalogue, figures.window),
        method=figures.method,
        radius=figures.radius,
        margin=figures.margin,
        unit=unit,
    )


def _strata_table(figures: ComparisonErrors, catalogue: Catalogue) -> Table:
    label = catalogue.label
    counted = label(
        "errors.counted",
        individuals=str(figures.individuals),
        species=str(figures.species),
        genera=str(figures.genera),
    )
    heads = ("stratum", "individual_wrong", "individual_right", "species_wrong", "species_right", "genus_wrong")
    rows = tuple(_row(figures, stratum, catalogue) for stratum in _present(figures))
    return Table(counted, tuple(label(f"errors.head_{h}") for h in heads), (5, 4, 5, 4, 5, 4), rows)


def _called(figures: ComparisonErrors, catalogue: Catalogue) -> list[str]:
    """How often another genus was called the genus of interest."""
    said, panel, within = [], figures.panel, figures.within_radius
    if panel is not None:
        said.append(
            catalogue.label(
                "errors.panel",
                release=panel.release_id,
                genus=figures.genus,
                called=_at_most(panel.called, panel.records, panel.called_upper),
                nearest=str(panel.nearest_is_target),
                margin=str(panel.with_margin),
            )
        )
    if within is not None:
        said.append(
            catalogue.label(
                "errors.within",
                genus=figures.genus,
                haplotypes=_at_most(within.haplotypes, within.haplotypes_compared, within.haplotypes_upper),
                species=_at_most(within.species, within.species_compared, within.species_upper),
            )
        )
    return said


def _like(figures: ComparisonErrors, catalogue: Catalogue) -> list[str]:
    """The stratum that the genus of interest lies in, with its rates."""
    stratum = figures.own_stratum
    if stratum is None:
        return []
    unit = catalogue.label(f"unit.{figures.unit}")
    individual, species = (
        _wrong(_counts(figures, withheld, stratum)) for withheld in (Withheld.INDIVIDUAL, Withheld.SPECIES)
    )
    return [
        catalogue.label(
            "errors.like",
            genus=figures.genus,
            individuals=str(figures.own_individuals),
            smallest=figures.own_smallest or "-",
            middle=figures.own_middle or "-",
            largest=figures.own_largest or "-",
            unit=unit,
            stratum=catalogue.word(stratum),
            individual=individual,
            species=species,
        )
    ]


def _present(figures: ComparisonErrors) -> list[CongenerStratum]:
    held = {entry.stratum for entry in figures.errors}
    return [stratum for stratum in CongenerStratum if stratum in held]


def _row(figures: ComparisonErrors, stratum: CongenerStratum, catalogue: Catalogue) -> tuple[Cell, ...]:
    name = catalogue.word(stratum)
    if stratum in figures.own_strata:
        mark = "errors.own_middle" if stratum is figures.own_stratum else "errors.own"
        name = catalogue.label(mark, stratum=name, genus=figures.genus)
    individual, species, genus = (_counts(figures, withheld, stratum) for withheld in Withheld)
    texts = (_wrong(individual), _right(individual), _wrong(species), _right(species), _wrong(genus))
    return (cell(name), *map(cell, texts))


def _counts(figures: ComparisonErrors, withheld: Withheld, stratum: CongenerStratum) -> ErrorCounts | None:
    found = (e for e in figures.errors if e.withheld is withheld and e.stratum is stratum)
    return next(found, None)


def _at_most(k: int, n: int, upper: str) -> str:
    return f"{k}/{n} (≤{NO_BREAK}{upper})"


def _wrong(counts: ErrorCounts | None) -> str:
    return "-" if counts is None else _at_most(counts.wrong, counts.n, counts.wrong_upper)


def _right(counts: ErrorCounts | None) -> str:
    return "-" if counts is None else f"{counts.right}/{counts.n} (≥{NO_BREAK}{counts.right_lower})"
