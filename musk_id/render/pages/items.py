"""Section: items and integrity. The authority's words and the laboratory's facts stand side by side."""

from __future__ import annotations

from collections.abc import Mapping

from musk_id.model.examination import ExaminedItem, Extract, Product, Run, SubSample
from musk_id.model.record import CaseRecord
from musk_id.model.request import RequestItem
from musk_id.model.values import RelativePath
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.custody import custody_blocks
from musk_id.render.pages.document import (
    Annex,
    Block,
    Cell,
    Figure,
    Heading,
    Items,
    Notice,
    Section,
    Table,
    cell,
    lines,
    mono,
)
from musk_id.render.pages.facts import brief_digest, given, photographs, quantity, said
from musk_id.render.pages.papers import edits_blocks, numbers_table
from musk_id.render.pages.photographs import photograph_blocks
from musk_id.render.pages.preparation import place_blocks, steps_table
from musk_id.render.pages.traces import trace_files_table
from musk_id.render.photographs import DrawnPhotograph
from musk_id.render.pictures.lineage import Node, draw_lineage, parted

__all__ = ["items_section"]

_LEVELS = ("item", "sub_sample", "extract", "product", "run")


def items_section(
    record: CaseRecord, catalogue: Catalogue, drawn: Mapping[RelativePath, DrawnPhotograph]
) -> Section:
    """Items with their photographs as drawn, seals, custody, sub-samples, runs and files."""
    blocks: list[Block] = place_blocks(record, catalogue)
    examined = {item.item_id: item for item in record.intake.examination.items}
    for asked in record.intake.request.items:
        item = examined.get(asked.item_id)
        blocks.append(Heading(2, catalogue.label("items.item", item=asked.item_id)))
        blocks.append(_described_and_found(asked, item, catalogue))
        blocks.extend(photograph_blocks(record.intake, asked, item, drawn, catalogue))
        if item is not None:
            blocks.extend(_lineage(item, catalogue))
    blocks.extend(_simulated(record, catalogue))
    blocks.extend(custody_blocks(record, catalogue))
    blocks.extend(_runs(record, catalogue))
    blocks.extend(_files(record, catalogue))
    blocks.extend(edits_blocks(record, catalogue))
    return Section("items", catalogue.label("section.items"), tuple(blocks))


def _described_and_found(asked: RequestItem, item: ExaminedItem | None, catalogue: Catalogue) -> Table:
    label = catalogue.label
    found = _found_cells(item, catalogue)
    no_counterpart = cell("-")
    rows = (
        (label("items.what"), cell(asked.described_as.strip()), found["what"]),
        (label("items.label"), given(catalogue, asked.label_text), no_counterpart),
        (label("items.seal"), given(catalogue, asked.seal_number), found["seal"]),
        (label("items.quantity"), given(catalogue, quantity(asked.quantity)), found["mass"]),
        (label("items.units"), given(catalogue, asked.units_total), found["units"]),
        (label("items.photographs"), photographs(catalogue, asked.photographs), found["photographs"]),
        (label("items.condition"), no_counterpart, found["condition"]),
    )
    heads = ("", label("head.described_as"), label("head.found_to_be"))
    return Table("", heads, (3, 6, 6), tuple((cell(a), b, c) for a, b, c in rows))


def _found_cells(item: ExaminedItem | None, catalogue: Catalogue) -> dict[str, Cell]:
    label = catalogue.label
    if item is None:
        absent = cell(label("items.not_received"))
        keys = ("what", "seal", "mass", "units", "photographs", "condition")
        return dict.fromkeys(keys, absent)
    seal = [cell(catalogue.word(item.seal_state))]
    if item.seal_number_found is not None:
        seal.insert(0, cell(item.seal_number_found))
    units = label(
        "items.units_examined",
        total=_count(item.units_total, catalogue),
        examined=_count(item.units_examined, catalogue),
        selection=catalogue.word(item.selection),
    )
    return {
        "what": _morphology(item, catalogue),
        "seal": lines(*seal),
        "mass": _mass(item, catalogue),
        "units": cell(units),
        "photographs": photographs(catalogue, item.photographs),
        "condition": given(catalogue, item.condition),
    }


def _mass(item: ExaminedItem, catalogue: Catalogue) -> Cell:
    """Mass as received and, where it was weighed, the net mass with its uncertainty."""
    received = given(catalogue, item.mass_received_mg, unit="mg" if item.mass_received_mg else "")
    net = item.net_mass
    if net is None:
        return received
    mass = catalogue.label("items.net_mass", mass=net.value_mg)
    if net.expanded_uncertainty_mg is not None and net.coverage_factor is not None:
        mass = catalogue.label(
            "items.net_mass_uncertain",
            mass=net.value_mg,
            uncertainty=net.expanded_uncertainty_mg,
            factor=net.coverage_factor,
        )
    weighed = [] if net.balance is None else [cell(catalogue.label("items.balance", name=net.balance))]
    return lines(received, cell(mass), *weighed)


def _count(value: int | None, catalogue: Catalogue) -> str:
    return catalogue.label("text.not_recorded") if value is None else str(value)


def _morphology(item: ExaminedItem, catalogue: Catalogue) -> Cell:
    found = item.found_to_be
    if found is None:
        return cell(catalogue.label("items.morphology_not_examined"))
    parts = [cell(f"{catalogue.word(found.material)}. {found.description.strip()}")]
    source = [text for text in (found.method_version, found.analyst, found.date) if text is not None]
    if source:
        parts.append(cell(f"({'; '.join(source)})"))
    if found.photographs:
        parts.append(photographs(catalogue, found.photographs))
    return lines(*parts)


def _lineage(item: ExaminedItem, catalogue: Catalogue) -> list[Block]:
    if not item.sub_samples:
        return []
    label = catalogue.label
    root = Node(
        item.item_id,
        catalogue.word(item.found_to_be.material) if item.found_to_be else "",
        tuple(_sub_sample_node(s, catalogue) for s in item.sub_samples),
    )
    alt = label("figure.lineage.alt", item=item.item_id, runs=str(root.leaves()))
    heads = tuple(label(f"figure.lineage.{level}") for level in _LEVELS)
    caption = label("figure.lineage.caption", item=item.item_id)
    return [Figure(draw_lineage(part, heads, alt), alt, caption) for part in parted(root)]


def _sub_sample_node(sub_sample: SubSample, catalogue: Catalogue) -> Node:
    note = sub_sample.taken_from or ""
    if sub_sample.mass is not None and sub_sample.mass.used_mg is not None:
        note = catalogue.label("figure.lineage.used", mass=sub_sample.mass.used_mg)
    children = tuple(_extract_node(e, catalogue) for e in sub_sample.extracts)
    return Node(sub_sample.sub_sample_id, note, children)


def _extract_node(extract: Extract, catalogue: Catalogue) -> Node:
    children = tuple(_product_node(p, catalogue) for p in extract.products)
    return Node(extract.extract_id, catalogue.word(extract.kind), children)


def _product_node(product: Product, catalogue: Catalogue) -> Node:
    note = product.locus.value if product.locus is not None else catalogue.label("figure.lineage.injection")
    children = tuple(Node(r.run_id, catalogue.word(r.technique)) for r in product.runs)
    return Node(product.product_id, note, children)


def _simulated(record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    found = [
        cell(f"{c.run.run_id}: {c.run.simulated.strip()}")
        for c in record.intake.examination.runs()
        if c.run.simulated is not None
    ]
    return [Notice(catalogue.label("notice.simulated.title"), tuple(found))] if found else []


def _runs(record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    contexts = list(record.intake.examination.runs())
    if not contexts:
        return []
    rows = tuple(
        (
            _run_name(c.run, catalogue),
            lines(mono(c.sub_sample.sub_sample_id), mono(c.extract.extract_id)),
            cell(catalogue.word(c.run.technique)),
            cell(c.product.locus.value if c.product.locus else "-"),
            cell(", ".join(c.batch_ids) or "-"),
            cell(c.run.position or "-"),
            cell(c.run.date or "-"),
            lines(*(cell(text) for text in _who(c.run, c.product))),
        )
        for c in contexts
    )
    heads = ("run", "sub_sample_extract", "technique", "locus", "batch", "position", "date", "who_how")
    table = Table(
        label("items.runs_caption"), tuple(label(f"head.{h}") for h in heads), (7, 6, 7, 5, 6, 4, 5, 8), rows
    )
    numbers = numbers_table(record.intake.examination, catalogue)
    steps = steps_table(record.intake.examination.items, catalogue)
    return [Heading(2, label("items.runs")), *([] if steps is None else [steps]), table, *numbers]


def _run_name(run: Run, catalogue: Catalogue) -> Cell:
    name = mono(run.run_id)
    return name if run.simulated is None else lines(name, cell(catalogue.label("text.simulated")))


def _who(run: Run, product: Product) -> list[str]:
    facts = (
        run.analyst or product.analyst,
        run.method_version or product.method_version,
        run.instrument or product.instrument,
    )
    return [fact for fact in facts if fact is not None] or ["-"]


def _files(record: CaseRecord, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    blocks: list[Block] = [Heading(2, label("items.files"))]
    if record.intake.notes:
        notes = said(catalogue, [note.statement for note in record.intake.notes])
        blocks.append(Notice(label("notice.intake.title"), notes))
    rows = tuple(
        (
            mono(fact.path),
            cell(catalogue.word(fact.role)),
            cell(fact.owner if fact.run_id is None else fact.run_id),
            cell(label("text.missing_file") if fact.size_bytes is None else str(fact.size_bytes)),
            mono(brief_digest(fact.sha256)),
        )
        for fact in record.intake.files
    )
    heads = tuple(label(f"head.{h}") for h in ("file", "role", "belongs_to", "bytes", "sha256_begin"))
    if not rows:
        return [*blocks, Items((cell(label("items.no_files")),))]
    blocks.append(Table(label("items.files_caption"), heads, (10, 5, 5, 3, 6), rows))
    traces = trace_files_table(record.intake.files, catalogue)
    return blocks if traces is None else [*blocks, Annex(label("items.traces_caption"), (traces,))]
