"""What stands behind a radius, and what is known of the error of a comparison: figures of the calibration."""

from __future__ import annotations

from musk_id.library_vocabulary import CongenerStratum, Withheld
from musk_id.model.calibration import ErrorCounts
from musk_id.model.error_figures import CalibrationSummary, ComparisonErrors
from musk_id.model.radius import QueryWindow, RadiusGround
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Heading, Paragraph, Table, cell, lines

__all__ = [
    "at_most",
    "called_sentences",
    "comparison_title",
    "counts_of",
    "error_blocks",
    "ground_words",
    "like_sentences",
    "none_count",
    "right_rate",
    "strata_table",
    "window_words",
    "wrong_rate",
]

RECORDS_SHOWN = 3
# A limit is not torn from its sign at the end of a line.
NO_BREAK = "\u00a0"
_ANSWERS = ("wrong", "right", "none")


def ground_words(catalogue: Catalogue, ground: RadiusGround, unit: str | None) -> Cell:
    """What a radius rests on, a figure a line; or that no figures exist."""
    label = catalogue.label
    if ground.reason is not None or ground.window is None:
        code = "-" if ground.reason is None else ground.reason.value
        return cell(label("radius.none", code=code))
    first = label("radius.rests_on", window=window_words(catalogue, ground.window))
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


def window_words(catalogue: Catalogue, window: QueryWindow) -> str:
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
    return [
        heading,
        Paragraph(cell(label("errors.sentence"))),
        Paragraph(lines(cell(told), cell(label("errors.limits"))), quiet=True),
    ]


def comparison_title(figures: ComparisonErrors, catalogue: Catalogue) -> str:
    """Marker, window, method and rule of a comparison."""
    unit = catalogue.label(f"unit.{figures.unit}")
    return catalogue.label(
        "errors.title",
        locus=catalogue.word(figures.window.locus),
        window=window_words(catalogue, figures.window),
        method=figures.method,
        radius=figures.radius,
        margin=figures.margin,
        unit=unit,
    )


def strata_table(figures: ComparisonErrors, catalogue: Catalogue) -> Table:
    """Right, wrong and no answers by the distance to the nearest other species."""
    label = catalogue.label
    counted = label(
        "errors.counted",
        individuals=str(figures.individuals),
        species=str(figures.species),
        genera=str(figures.genera),
    )
    answers = [f"{withheld}_{answer}" for withheld in ("individual", "species") for answer in _ANSWERS]
    heads = ("stratum", *answers, "genus_wrong")
    rows = tuple(_row(figures, stratum, catalogue) for stratum in _present(figures))
    return Table(counted, tuple(label(f"errors.head_{h}") for h in heads), (5, 4, 5, 3, 4, 5, 3, 4), rows)


def called_sentences(figures: ComparisonErrors, catalogue: Catalogue) -> list[str]:
    """How often another genus was called the genus of interest."""
    said, panel, within = [], figures.panel, figures.within_radius
    if panel is not None:
        said.append(
            catalogue.label(
                "errors.panel",
                release=panel.release_id,
                genus=figures.genus,
                called=at_most(panel.called, panel.records, panel.called_upper),
                nearest=str(panel.nearest_is_target),
                margin=str(panel.with_margin),
            )
        )
    if within is not None:
        said.append(
            catalogue.label(
                "errors.within",
                genus=figures.genus,
                haplotypes=at_most(within.haplotypes, within.haplotypes_compared, within.haplotypes_upper),
                species=at_most(within.species, within.species_compared, within.species_upper),
            )
        )
    return said


def like_sentences(figures: ComparisonErrors, catalogue: Catalogue) -> list[str]:
    """The stratum that the genus of interest lies in, with its rates."""
    stratum = figures.own_stratum
    if stratum is None:
        return []
    unit = catalogue.label(f"unit.{figures.unit}")
    individual, species = (
        wrong_rate(counts_of(figures, withheld, stratum)) for withheld in (Withheld.INDIVIDUAL, Withheld.SPECIES)
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
    individual, species, genus = (counts_of(figures, withheld, stratum) for withheld in Withheld)
    left_out = [text for c in (individual, species) for text in (wrong_rate(c), right_rate(c), none_count(c))]
    return (cell(name), *map(cell, left_out), cell(wrong_rate(genus)))


def counts_of(figures: ComparisonErrors, withheld: Withheld, stratum: CongenerStratum) -> ErrorCounts | None:
    """Counts of a stratum with something withheld, where the calibration has them."""
    found = (e for e in figures.errors if e.withheld is withheld and e.stratum is stratum)
    return next(found, None)


def at_most(k: int, n: int, upper: str) -> str:
    """A count of errors with its upper limit."""
    return f"{k}/{n} (≤{NO_BREAK}{upper})"


def wrong_rate(counts: ErrorCounts | None) -> str:
    """How often another genus was named, with the upper limit."""
    return "-" if counts is None else at_most(counts.wrong, counts.n, counts.wrong_upper)


def right_rate(counts: ErrorCounts | None) -> str:
    """How often the own genus was named, with the lower limit."""
    return "-" if counts is None else f"{counts.right}/{counts.n} (≥{NO_BREAK}{counts.right_lower})"


def none_count(counts: ErrorCounts | None) -> str:
    """How many had no answer; open answers are told apart from errors."""
    return "-" if counts is None else str(counts.none)
