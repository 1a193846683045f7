"""What the wells of a batch share: limits of reads with the index of another well, sequences in several wells."""

from __future__ import annotations

from musk_id.model.batch_reads import BatchReads, SharedSequence, SharedWell, TagJumps
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Block, Cell, Paragraph, Table, cell, lines, mono
from musk_id.render.pages.facts import brief_digest
from musk_id.vocabulary import ControlKind

__all__ = ["shared_reads_blocks"]

# The record holds all of them.
MAX_ROWS = 60


def shared_reads_blocks(reads: BatchReads, catalogue: Catalogue) -> list[Block]:
    """Tables of a batch whose wells were held against each other."""
    label = catalogue.label
    counts = label(
        "sharing.compared",
        wells=str(len(reads.positions)),
        items=str(reads.items),
        cases=str(reads.cases),
        not_read=str(reads.not_read),
        without_case=str(reads.without_case),
    )
    blocks: list[Block] = [Paragraph(cell(counts))]
    if reads.jumps:
        names = ("primers", "wells", "blanks", "in_blank", "elsewhere", "rate", "state")
        rows = tuple(_jump_row(marker, catalogue) for marker in reads.jumps)
        titles = tuple(label(f"sharing.head_{name}") for name in names)
        blocks.append(Table(label("sharing.jumps"), titles, (6, 3, 3, 3, 4, 4, 7), rows))
    if reads.shared:
        rows = tuple(_shared_row(shared, catalogue) for shared in reads.shared[:MAX_ROWS])
        titles = tuple(label(f"sharing.head_{n}") for n in ("sequence", "sharing", "well", "reads", "limit"))
        blocks.append(Table(label("sharing.shared"), titles, (5, 6, 8, 3, 4), rows))
        blocks.append(Paragraph(cell(label("sharing.note")), quiet=True))
    else:
        blocks.append(Paragraph(cell(label("sharing.none"))))
    unlisted = reads.not_listed + max(0, len(reads.shared) - MAX_ROWS)
    if unlisted:
        blocks.append(Paragraph(cell(label("sharing.not_listed", count=str(unlisted))), quiet=True))
    return blocks


def _jump_row(marker: TagJumps, catalogue: Catalogue) -> tuple[Cell, ...]:
    return (
        cell(catalogue.label("sharing.no_primers") if marker.primers is None else marker.primers),
        cell(str(marker.wells)),
        cell(str(marker.blanks)),
        cell(str(marker.in_blank)),
        cell(str(marker.elsewhere)),
        cell("-" if marker.rate_upper is None else marker.rate_upper),
        cell(catalogue.word(marker.state)),
    )


def _shared_row(shared: SharedSequence, catalogue: Catalogue) -> tuple[Cell, ...]:
    return (
        mono(brief_digest(shared.sequence_sha256)),
        lines(*(cell(catalogue.word(kind)) for kind in shared.sharing)),
        lines(*(cell(_place(well, catalogue)) for well in shared.wells)),
        lines(*(cell(str(well.reads)) for well in shared.wells)),
        lines(*(cell("-" if well.jump_limit is None else str(well.jump_limit)) for well in shared.wells)),
    )


def _place(well: SharedWell, catalogue: Catalogue) -> str:
    if well.kind is not ControlKind.EXHIBIT:
        return f"{well.position}: {catalogue.word(well.kind)}"
    return catalogue.label(
        "sharing.exhibit", position=well.position, case=str(well.case_number), item=str(well.item_number)
    )
