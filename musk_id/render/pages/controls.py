"""Section: the controls of the batches that the case went through."""

from __future__ import annotations

from musk_id.model.chromatography import RuleFixed
from musk_id.model.controls import ControlsRecord
from musk_id.model.record import CaseRecord
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Annex, Block, Cell, Facts, Heading, Items, Section, Table, cell, mono
from musk_id.render.pages.facts import brief_digest, given, reason_words
from musk_id.render.pages.shared_reads import shared_reads_blocks
from musk_id.render.pages.spikes import spike_blocks

__all__ = ["controls_section"]


def controls_section(record: CaseRecord, catalogue: Catalogue) -> Section:
    """Controls batch by batch; without a batch, that none is on file."""
    label = catalogue.label
    blocks: list[Block] = []
    for controls in record.controls:
        blocks.extend(_batch(controls, catalogue))
    if not blocks:
        blocks.append(Items((cell(label("controls.none")),)))
    return Section("controls", label("section.controls"), tuple(blocks))


def _batch(controls: ControlsRecord, catalogue: Catalogue) -> list[Block]:
    label = catalogue.label
    blocks: list[Block] = [
        Heading(2, label("controls.batch", batch=controls.batch_id)),
        _batch_facts(controls, catalogue),
        _required_table(controls, catalogue),
    ]
    if controls.controls:
        blocks.append(_controls_table(controls, catalogue))
    if controls.batch_reads is not None:
        blocks += shared_reads_blocks(controls.batch_reads, catalogue)
    blocks += spike_blocks(controls, catalogue)
    if controls.files:
        blocks.append(_files_annex(controls, catalogue))
    return blocks


def _batch_facts(controls: ControlsRecord, catalogue: Catalogue) -> Facts:
    label = catalogue.label
    sheet = controls.sheet
    result = "controls.passed" if controls.passed else "controls.not_passed"
    who = [text for text in (sheet.analyst, sheet.method_version, sheet.instrument) if text is not None]
    lots = [f"{lot.reagent}: {lot.lot}" for lot in sheet.reagent_lots]
    rows: list[tuple[str, Cell]] = [
        (label("controls.result"), cell(label(result))),
        (label("controls.sheet"), cell(f"{catalogue.word(sheet.kind)}; {sheet.date or '-'}")),
        (label("controls.who"), cell("; ".join(who)) if who else given(catalogue, None)),
        (label("controls.lots"), cell("; ".join(lots)) if lots else given(catalogue, None)),
        (label("controls.exhibits"), cell(str(controls.exhibit_rows))),
    ]
    if controls.invalid_loci:
        rows.append((label("controls.invalid_loci"), cell(", ".join(controls.invalid_loci))))
    if controls.reasons:
        rows.append((label("controls.reasons"), reason_words(catalogue, controls.reasons)))
    if sheet.spectra_rule is not None:
        rows.append((label("controls.spectra_rule"), cell(_rule_text(sheet.spectra_rule, catalogue))))
    if sheet.departures is not None:
        rows.append((label("controls.departures"), cell(sheet.departures)))
    return Facts(tuple(rows))


def _rule_text(rule: RuleFixed, catalogue: Catalogue) -> str:
    text = catalogue.label("controls.rule_fixed", version=rule.method_version, date=rule.fixed_on)
    departure = rule.departure
    if departure is None:
        return text
    return f"{text}; " + catalogue.label(
        "controls.rule_changed",
        version=departure.to_version,
        date=departure.date,
        person=departure.person,
        reason=" ".join(departure.reason.split()),
    )


def _required_table(controls: ControlsRecord, catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows = tuple(
        (
            cell(catalogue.word(r.kind)),
            cell(r.locus.value if r.locus else "-"),
            cell(str(r.required)),
            cell(str(r.present)),
            cell(catalogue.word(r.outcome)),
        )
        for r in controls.required
    )
    heads = tuple(label(f"head.{h}") for h in ("control", "locus", "required", "present", "outcome"))
    return Table(label("controls.required_caption"), heads, (8, 5, 4, 4, 5), rows)


def _controls_table(controls: ControlsRecord, catalogue: Catalogue) -> Table:
    label = catalogue.label
    rows = tuple(
        (
            cell(c.position),
            cell(catalogue.word(c.kind)),
            cell(c.locus.value if c.locus else "-"),
            cell(catalogue.word(c.outcome)),
            cell(", ".join(c.taxa) or "-"),
            cell("; ".join([*(catalogue.word(r) for r in c.reasons), *([c.note] if c.note else [])]) or "-"),
        )
        for c in controls.controls
    )
    heads = tuple(label(f"head.{h}") for h in ("position", "control", "locus", "outcome", "genera", "remark"))
    return Table(label("controls.controls_caption"), heads, (3, 6, 4, 4, 5, 8), rows)


def _files_annex(controls: ControlsRecord, catalogue: Catalogue) -> Annex:
    label = catalogue.label
    rows = tuple(
        (
            mono(file.path),
            cell(file.position),
            cell(label("text.missing_file") if file.size_bytes is None else str(file.size_bytes)),
            mono(brief_digest(file.sha256)),
        )
        for file in controls.files
    )
    heads = tuple(label(f"head.{h}") for h in ("file", "position", "bytes", "sha256_begin"))
    title = f"{label('controls.batch', batch=controls.batch_id)} · {label('controls.files_caption')}"
    return Annex(title, (Table("", heads, (10, 4, 4, 7), rows),))
