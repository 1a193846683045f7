"""Small parts that several sections share: values, missing values, criteria, statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from musk_id.model.evidence import Statement
from musk_id.model.request import Party, Photograph, Quantity
from musk_id.model.trace import Criterion
from musk_id.render.catalogue import Catalogue
from musk_id.render.pages.document import Cell, Table, cell, lines, mono
from musk_id.render.pages.error_figures import ground_words
from musk_id.vocabulary import Finding, Reason

__all__ = [
    "brief_digest",
    "criteria_table",
    "finding_words",
    "given",
    "listed",
    "party",
    "photographs",
    "quantity",
    "reason_words",
    "said",
]

RECORDS_SHOWN = 6
DIGEST_SHOWN = 16


def given(catalogue: Catalogue, value: str | int | None, *, unit: str = "", code: bool = False) -> Cell:
    """A value with its unit, or the words "not recorded"."""
    if value is None:
        return cell(catalogue.label("text.not_recorded"))
    text = f"{value} {catalogue.label(f'unit.{unit}')}" if unit else str(value)
    return mono(text) if code else cell(text)


def said(catalogue: Catalogue, statements: Iterable[Statement]) -> tuple[Cell, ...]:
    """The sentences of some statements, each once, in their order."""
    return tuple(cell(text) for text in dict.fromkeys(catalogue.statement(s) for s in statements))


def listed(catalogue: Catalogue, texts: Sequence[str], shown: int = RECORDS_SHOWN) -> str:
    """Texts with commas; of a long list the first ones and how many more the record holds."""
    if len(texts) <= shown:
        return ", ".join(texts)
    rest = catalogue.label("text.and_more", count=str(len(texts) - shown))
    return f"{', '.join(texts[:shown])} {rest}"


def brief_digest(digest: str | None) -> str:
    """The first sixteen digits of a digest."""
    return digest[:DIGEST_SHOWN] + "…" if digest else "-"


def quantity(value: Quantity | None) -> str | None:
    """Amount and unit as stated."""
    return None if value is None else f"{value.amount} {value.unit}"


def party(catalogue: Catalogue, value: Party | None) -> Cell:
    """Name, address, country, contact and reference of a party."""
    if value is None:
        return given(catalogue, None)
    parts = [cell(value.name)]
    if value.address is not None:
        parts.append(cell(value.address.strip()))
    parts += [cell(text) for text in (value.country, value.contact) if text is not None]
    if value.reference is not None:
        parts.append(cell(catalogue.label("text.reference", reference=value.reference)))
    return lines(*parts)


def photographs(catalogue: Catalogue, pictures: tuple[Photograph, ...]) -> Cell:
    """Paths and captions of photographs."""
    if not pictures:
        return cell(catalogue.label("text.none"))
    return lines(*(mono(p.path) if p.caption is None else cell(f"{p.path} ({p.caption})") for p in pictures))


def finding_words(catalogue: Catalogue, finding: Finding) -> str:
    """The finding; one of nothing detected carries its limit of detection (decision rules, section 1)."""
    word = catalogue.word(finding)
    if finding is not Finding.NOT_DETECTED:
        return word
    # No method in force determines a limit; a record that lacks the reason has none to show either.
    return f"{word} ({catalogue.label('text.limit_not_determined')})"


def reason_words(catalogue: Catalogue, reasons: Iterable[Reason]) -> Cell:
    """Reasons in words with their codes, one a line."""
    cells = [cell(f"{catalogue.word(reason)} [{reason.value}]") for reason in reasons]
    return lines(*cells) if cells else cell(catalogue.label("text.none"))


def criteria_table(catalogue: Catalogue, caption: str, criteria: Iterable[Criterion]) -> Table:
    """A rule trace: criterion, measured value against limit, outcome, deciding records."""
    told = tuple(criteria)
    rows = tuple(
        (
            _criterion_words(catalogue, c),
            cell(_with_unit(catalogue, c.measured, c.unit)),
            cell(_with_unit(catalogue, c.limit, c.unit)),
            cell(catalogue.word(c.outcome)),
            cell(listed(catalogue, c.deciding_records) or "-"),
        )
        for c in told
    )
    heads = ("criterion", "measured", "limit", "outcome", "records")
    widths = (11, 4, 4, 3, 6) if any(c.ground is not None for c in told) else (8, 4, 4, 3, 7)
    return Table(caption, tuple(catalogue.label(f"head.{h}") for h in heads), widths, rows)


def _criterion_words(catalogue: Catalogue, criterion: Criterion) -> Cell:
    """The criterion, and under a radius what it rests on."""
    name = cell(catalogue.label(f"criterion.{criterion.name}"))
    if criterion.ground is None:
        return name
    return lines(name, ground_words(catalogue, criterion.ground, criterion.unit))


def _with_unit(catalogue: Catalogue, value: str, unit: str | None) -> str:
    known = catalogue.labels.get(f"value.{value}", value)
    return known if unit is None else f"{known} {catalogue.label(f'unit.{unit}')}"
