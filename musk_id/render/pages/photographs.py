"""Photographs of an item: the first ones small beside what was found, the rest in an annex."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from musk_id.model.examination import ExaminedItem
from musk_id.model.intake import IntakeRecord
from musk_id.model.request import Photograph, RequestItem
from musk_id.model.values import RelativePath
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Annex, Block, Cell, Paragraph, Photo, Photos, cell, lines, mono
from musk_id.render.photographs import MAX_FILE_BYTES, MAX_PIXELS, MAX_SCANS, DrawnPhotograph

__all__ = ["SHOWN_IN_TEXT", "photograph_blocks"]

# A row on paper; a case with more would run over the pages that a court reads.
SHOWN_IN_TEXT = 3


def photograph_blocks(
    intake: IntakeRecord,
    asked: RequestItem,
    item: ExaminedItem | None,
    drawn: Mapping[RelativePath, DrawnPhotograph],
    catalogue: Catalogue,
) -> list[Block]:
    """Photographs of an item with text alternative, caption and digest of the original.

    Those of the laboratory come first, then those of the authority; one that is named twice is drawn once.

    Parameters
    ----------
    drawn : mapping of RelativePath to DrawnPhotograph
        Photographs as drawn; one that is not among them is only named in the table of the item.
    """
    named: dict[RelativePath, tuple[Photograph, str]] = {}
    for photograph, source in _named(asked, item, catalogue):
        if photograph.path in drawn:
            named.setdefault(photograph.path, (photograph, source))
    if not named:
        return []
    digests = {fact.path: fact.sha256 for fact in intake.files}
    photos = tuple(
        _photo(photograph, source, digests.get(path), drawn[path], catalogue)
        for path, (photograph, source) in named.items()
    )
    about = Paragraph(cell(catalogue.label("photograph.about")), quiet=True)
    blocks: list[Block] = [Photos(photos[:SHOWN_IN_TEXT]), about]
    if len(photos) > SHOWN_IN_TEXT:
        title = catalogue.label("photograph.further", item=asked.item_id)
        blocks.append(Annex(title, (Photos(photos[SHOWN_IN_TEXT:]),)))
    return blocks


def _named(
    asked: RequestItem, item: ExaminedItem | None, catalogue: Catalogue
) -> Iterator[tuple[Photograph, str]]:
    """Photographs of an item, each with whose or what it is."""

    def of(kind: str) -> str:
        return catalogue.label(f"photograph.source.{kind}", item=asked.item_id)

    if item is not None:
        yield from ((p, of("laboratory")) for p in item.photographs)
        if item.found_to_be is not None:
            yield from ((p, of("morphology")) for p in item.found_to_be.photographs)
        for part in item.sub_samples:
            source = catalogue.label("photograph.source.sub_sample", sub_sample=part.sub_sample_id)
            yield from ((p, source) for p in part.photographs)
    yield from ((p, of("request")) for p in asked.photographs)


def _photo(
    photograph: Photograph, source: str, digest: str | None, drawn: DrawnPhotograph, catalogue: Catalogue
) -> Photo:
    label = catalogue.label
    caption = photograph.caption or label("photograph.no_caption")
    text = [cell(source), mono(photograph.path)]
    if photograph.caption is not None:
        text.insert(1, cell(photograph.caption))
    if digest is not None:
        text += [cell(f"{label('photograph.digest')}:"), mono(digest)]
    alt = label("photograph.alt", path=photograph.path, source=source, caption=caption)
    return Photo(drawn.jpeg, drawn.size, alt, lines(*text, *_told(drawn, catalogue)))


def _told(drawn: DrawnPhotograph, catalogue: Catalogue) -> list[Cell]:
    """Size as drawn, and every remark."""
    label = catalogue.label
    limits = {"bytes": str(MAX_FILE_BYTES), "pixels": str(MAX_PIXELS), "scans": str(MAX_SCANS)}
    told = []
    if drawn.jpeg:
        (width, height), (whole_width, whole_height) = drawn.size, drawn.original
        size = {"drawn": f"{width} × {height}", "original": f"{whole_width} × {whole_height}"}
        told.append(cell(label("photograph.size", **size)))
    for remark in drawn.remarks:
        key = f"photograph.remark.{remark.value}"
        told.append(cell(label(key, **{n: v for n, v in limits.items() if f"{{{n}}}" in catalogue.labels[key]})))
    return told
