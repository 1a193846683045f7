"""Hand-overs of the items: a picture for each item, and all events as a table."""

from __future__ import annotations

from musk_id.model.examination import CustodyEvent
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Annex, Block, Figure, Heading, Items, Table, cell, mono
from musk_id.render.pictures.custody import CustodyStep, draw_custody

__all__ = ["custody_blocks"]

EVENTS_A_PICTURE = 12


def custody_blocks(record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    """Condition on receipt, a picture of each item's way, and the events with all that is recorded of them."""
    label = catalogue.label
    examination = record.intake.examination
    blocks: list[Block] = [Heading(2, label("items.custody"))]
    if examination.condition_on_receipt is not None:
        text = label("items.condition_on_receipt", condition=examination.condition_on_receipt.strip())
        blocks.append(Items((cell(text),)))
    if not examination.custody:
        return [*blocks, Items((cell(label("items.no_custody")),))]
    of_item: dict[str, list[CustodyEvent]] = {}
    for event in examination.custody:
        of_item.setdefault(event.item_id, []).append(event)
    for item_id, events in of_item.items():
        for start in range(0, len(events), EVENTS_A_PICTURE):
            before = events[start - 1] if start else None
            blocks.append(_figure(item_id, before, events[start : start + EVENTS_A_PICTURE], catalogue))
    return [*blocks, Annex(label("items.all_custody"), (_table(examination.custody, catalogue),))]


def _figure(item_id: str, before: CustodyEvent | None, events: list[CustodyEvent], catalogue: Catalogue) -> Figure:
    label = catalogue.label
    earlier = [before, *events[:-1]]
    steps = [_step(above, event, catalogue) for above, event in zip(earlier, events, strict=True)]
    gaps = sum(not step.follows for step in steps)
    told = "; ".join(f"{step.date} {step.moved}" for step in steps)
    alt = label("figure.custody.alt", item=item_id, count=str(len(events)), gaps=str(gaps), events=told)
    svg = draw_custody(steps, alt, label("figure.custody.gap"))
    return Figure(svg, alt, label("figure.custody.caption", item=item_id))


def _step(above: CustodyEvent | None, event: CustodyEvent, catalogue: Catalogue) -> CustodyStep:
    holders = [name for name in (event.from_holder, event.to_holder) if name is not None]
    moved = f"{event.event}: {' → '.join(holders)}" if holders else str(event.event)
    details = [] if event.place is None else [str(event.place)]
    if event.seal_before is not None or event.seal_after is not None:
        seals = f"{event.seal_before or '-'} → {event.seal_after or '-'}"
        details.append(catalogue.label("figure.custody.seal", seals=seals))
    if event.witness is not None:
        details.append(f"{catalogue.label('head.witness')}: {event.witness}")
    return CustodyStep(event.date, moved, "; ".join(details), above is None or _follows(above, event))


def _follows(above: CustodyEvent, event: CustodyEvent) -> bool:
    """Whether holder and seal are those with which the event before ended, as far as both are recorded."""
    pairs = ((above.to_holder, event.from_holder), (above.seal_after, event.seal_before))
    return all(None in (ended, began) or ended == began for ended, began in pairs)


def _table(events: tuple[CustodyEvent, ...], catalogue: Catalogue) -> Table:
    heads = ("date", "item", "event", "from", "to", "seal_before", "seal_after", "witness")
    rows = tuple(
        (
            cell(event.date),
            mono(event.item_id),
            cell(event.event if event.place is None else f"{event.event} ({event.place})"),
            *(
                cell(text or "-")
                for text in (
                    event.from_holder,
                    event.to_holder,
                    event.seal_before,
                    event.seal_after,
                    event.witness,
                )
            ),
        )
        for event in events
    )
    return Table("", tuple(catalogue.label(f"head.{h}") for h in heads), (5, 4, 7, 7, 7, 5, 5, 6), rows)
