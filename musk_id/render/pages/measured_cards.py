"""Cards of methods whose figures stand in ``validation/``: each measure by its ends, on paper without strata."""

from __future__ import annotations

import re

from musk_id.model.method_cards import MeasuredCount, MeasuredRange, MethodCard
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Heading, Paragraph, Table, cell, lines, mono
from musk_id.render.pages.facts import brief_digest

__all__ = ["full_measured_blocks", "measure_key", "measured_blocks"]

# A limit is not torn from its sign at the end of a line.
NO_BREAK = "\u00a0"


def measured_blocks(cards: tuple[MethodCard, ...], catalogue: Catalogue) -> list[Block]:
    """A row for each measure of each method and marker, lowest and highest share; nothing without a card."""
    if not cards:
        return []
    label = catalogue.label
    rows = tuple(
        (
            cell(_title(card, catalogue)),
            cell(f"{catalogue.word(entry.characteristic)}: {_measure(entry, catalogue)}"),
            cell(_counted(entry.lowest)),
            cell(_counted(entry.highest)),
        )
        for card in cards
        for entry in card.ranges
    )
    # The number of strata stands in the annex: a row is to need one line.
    heads = tuple(label(f"card.head_{name}") for name in ("method", "measure", "lowest", "highest"))
    return [Table(label("card.measured_caption"), heads, (8, 10, 10, 10), rows)]


def full_measured_blocks(cards: tuple[MethodCard, ...], catalogue: Catalogue) -> list[Block]:
    """The same with the strata of both ends and the files that hold every stratum."""
    label = catalogue.label
    blocks: list[Block] = []
    for card in cards:
        rows = tuple(
            (
                lines(cell(catalogue.word(entry.characteristic)), cell(_measure(entry, catalogue))),
                cell(str(entry.strata)),
                _end(entry.lowest),
                _end(entry.highest),
                lines(mono(entry.file), mono(brief_digest(entry.file_sha256))),
            )
            for entry in card.ranges
        )
        heads = tuple(label(f"card.head_{name}") for name in ("measure", "strata", "lowest", "highest", "file"))
        blocks += [Heading(2, _title(card, catalogue)), Table("", heads, (8, 2, 8, 8, 6), rows)]
    if blocks:
        blocks.append(Paragraph(cell(label("card.strata_words")), quiet=True))
    return blocks


def measure_key(measure: str) -> str:
    """Name of a measure in the phrase catalogue."""
    return re.sub(r"[^a-z0-9]+", "_", measure.lower()).strip("_")


def _measure(entry: MeasuredRange, catalogue: Catalogue) -> str:
    return catalogue.label(f"card_measure.{measure_key(entry.measure)}")


def _title(card: MethodCard, catalogue: Catalogue) -> str:
    place = card.locus or card.technique
    return str(card.method) if place is None else f"{card.method}, {catalogue.word(place)}"


def _counted(count: MeasuredCount) -> str:
    told = (("≥", count.lower), ("≤", count.upper))
    within = ", ".join(f"{sign}{NO_BREAK}{limit}" for sign, limit in told if limit is not None)
    return f"{count.k}/{count.n} ({within})" if within else f"{count.k}/{count.n}"


def _end(count: MeasuredCount) -> Cell:
    return lines(cell(_counted(count)), cell(count.stratum))
