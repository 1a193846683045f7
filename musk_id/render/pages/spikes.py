"""Spiked process controls of a batch: levels, replicates, and what they say on detection."""

from __future__ import annotations

from musk_id.model.controls import ControlsRecord
from musk_id.model.spikes import DetectionLevels
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Paragraph, Table, cell
from musk_id.vocabulary import FileRole

__all__ = ["spike_blocks"]


def spike_blocks(controls: ControlsRecord, catalogue: Catalogue) -> list[Block]:
    """Blocks of a batch with spiked controls; of one with reads and none, that there is none."""
    label = catalogue.label
    if not controls.detection:
        sequenced = any(file.role is FileRole.READS for row in controls.sheet.rows for file in row.files)
        return [Paragraph(cell(label("spikes.none")), quiet=True)] if sequenced else []
    rows = tuple(row for found in controls.detection for row in _rows(found, catalogue))
    heads = tuple(label(f"spikes.head_{name}") for name in ("taxon", "level", "found", "limits"))
    blocks: list[Block] = [Table(label("spikes.caption"), heads, (7, 4, 4, 5), rows)]
    for found in controls.detection:
        blocks += [Paragraph(cell(text)) for text in _said(found, catalogue)]
    return [*blocks, Paragraph(cell(label("spikes.note")), quiet=True)]


def _rows(found: DetectionLevels, catalogue: Catalogue) -> list[tuple[Cell, ...]]:
    label = catalogue.label
    marker = "-" if found.locus is None else catalogue.word(found.locus)
    return [
        (
            cell(f"{found.taxon}, {marker}"),
            cell(f"{level.level} {catalogue.word(found.unit)}"),
            cell(label("spikes.of", found=str(level.detected), replicates=str(level.replicates))),
            cell(label("spikes.between", lower=level.lower_percent, upper=level.upper_percent)),
        )
        for level in found.levels
    ]


def _said(found: DetectionLevels, catalogue: Catalogue) -> list[str]:
    label, unit, taxon = catalogue.label, catalogue.word(found.unit), str(found.taxon)
    said = [
        label("spikes.no_lowest", taxon=taxon)
        if found.lowest_all is None
        else label("spikes.lowest", taxon=taxon, level=found.lowest_all, unit=unit)
    ]
    if found.lod95 is None or found.lod95_lower is None or found.lod95_upper is None:
        said.append(label("spikes.no_lod95", taxon=taxon))
    else:
        limits = {"lower": found.lod95_lower, "upper": found.lod95_upper}
        said.append(label("spikes.lod95", taxon=taxon, level=found.lod95, unit=unit, **limits))
    if found.not_read:
        said.append(label("spikes.not_read", taxon=taxon, count=str(found.not_read)))
    return said
