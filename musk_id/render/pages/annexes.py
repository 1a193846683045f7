"""What is too long for paper goes behind the record: one place that takes it out and leaves a reference.

The PDF holds the same text as the HTML up to the annexes, which HTML alone draws.
"""

from __future__ import annotations

from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import (
    Annex,
    AnnexReference,
    Block,
    Heading,
    Paragraph,
    Section,
    Table,
    cell,
    lines,
    mono,
)

__all__ = ["ROWS_ON_PAPER", "with_annexes"]

# A table with more rows is an annex, whatever it holds: it would fill a page by itself.
ROWS_ON_PAPER = 30


def with_annexes(
    sections: tuple[Section, ...], digest: str, catalogue: Catalogue
) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
    """Sections of the record and, apart from them, its annexes.

    Parameters
    ----------
    sections : tuple of Section
        All sections with their annexes in place. The section that lists the annexes is put before the last
        one, which holds the signatures.
    digest : str
        SHA-256 of the canonical JSON, which holds what the annexes show.
    catalogue : Catalogue
        Words of the language.
    """
    taken = _Taken(catalogue)
    kept = tuple(section for section in map(taken.section, sections) if section is not None)
    if not taken.annexes:
        return kept, ()
    return (*kept[:-1], _list_section(taken.references, digest, catalogue), kept[-1]), tuple(taken.annexes)


class _Taken:
    """Annexes in the order in which the text refers to them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.annexes: list[Section] = []
        self.references: list[AnnexReference] = []

    def section(self, section: Section) -> Section | None:
        """The section with references in place of its annexes; none for one that is an annex itself."""
        if section.annex:
            self._take(section.heading, section.blocks)
            return None
        blocks = tuple(self._kept(block, section.heading) for block in section.blocks)
        return Section(section.anchor, section.heading, blocks)

    def _kept(self, block: Block, heading: str) -> Block:
        if isinstance(block, Annex):
            return self._take(block.title, block.blocks)
        if isinstance(block, Table) and len(block.rows) > ROWS_ON_PAPER:
            return self._take(block.caption or heading, (block,))
        return block

    def _take(self, title: str, blocks: tuple[Block, ...]) -> AnnexReference:
        number = len(self.annexes) + 1
        reference = AnnexReference(
            f"annex-{number}", self._catalogue.label("annexes.annex", number=str(number), title=title)
        )
        self.annexes.append(Section(reference.anchor, reference.text, _flat(blocks)))
        self.references.append(reference)
        return reference


def _flat(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Blocks of an annex; one inside another is a part of it."""
    flat: list[Block] = []
    for block in blocks:
        if isinstance(block, Annex):
            flat += (Heading(2, block.title), *_flat(block.blocks))
        else:
            flat.append(block)
    return tuple(flat)


def _list_section(references: list[AnnexReference], digest: str, catalogue: Catalogue) -> Section:
    label = catalogue.label
    html = f"record.{catalogue.language.value}.html"
    where = Paragraph(lines(cell(label("annexes.where", html=html, json="record.json")), mono(digest)))
    return Section("annexes", label("section.annexes"), (where, *references))
