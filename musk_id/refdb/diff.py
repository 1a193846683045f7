"""What changed between two releases or two libraries: records, spectra, and the rows of every other table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from musk_id.errors import UsageError
from musk_id.library_vocabulary import ChangeKind, RecordAspect, SpectrumAspect
from musk_id.model.refdiff import (
    CollectionDiff,
    FieldChange,
    RecordChange,
    RecordSide,
    RowChange,
    SpectrumChange,
)
from musk_id.model.values import Line, Text
from musk_id.records.files import sha256_bytes
from musk_id.refdb.diff_sides import Key, Side, Table, animals_among
from musk_id.refdb.spectra_store import SPECTRA_NAME
from musk_id.refdb.tables import LIST_SEPARATOR

__all__ = ["diff_sides"]

MAX_SHOWN_VALUE = 200

_ASPECTS: dict[RecordAspect, tuple[str, ...]] = {
    RecordAspect.LETTERS: ("letters_sha256",),
    RecordAspect.HAPLOTYPE: ("haplotype_sha256",),
    RecordAspect.SPECIES: ("species",),
    RecordAspect.HIGHER_TAXA: ("genus", "family", "order"),
    RecordAspect.REVISED_NAMES: ("revised_names",),
    RecordAspect.STATE: ("state",),
    RecordAspect.INDIVIDUAL: ("individual",),
    RecordAspect.PROVENANCE: ("provenance_sha256",),
}

_NONE = Table((), (), ())

_OF_PROVENANCE = (
    "licence", "authors", "input", "voucher", "country", "collected_by", "publication", "collection_permit",
    "informed_consent", "cites_permit",
)  # fmt: skip
_SPECTRUM_ASPECTS = {
    "peaks": SpectrumAspect.PEAKS,
    "peaks_sha256": SpectrumAspect.PEAKS,
    "state": SpectrumAspect.STATE,
    **dict.fromkeys(_OF_PROVENANCE, SpectrumAspect.PROVENANCE),
}


def diff_sides(before: Side, after: Side) -> CollectionDiff:
    """All differences of two releases or two libraries, in the order of markers, accessions, tables and keys.

    Raises
    ------
    UsageError
        If one is a release and the other a library.
    """
    if before.head.kind != after.head.kind:
        raise UsageError(
            f"{before.head.collection_id} is a {before.head.kind}, {after.head.collection_id} a {after.head.kind}",
            hint="compare two releases, or two libraries",
        )
    return CollectionDiff(
        schema=Line(CollectionDiff.SCHEMA),
        before=before.head,
        after=after.head,
        records=tuple(_records(before, after)),
        rows=tuple(_rows(before, after)),
        spectra=tuple(_spectra(before, after)),
    )


def _records(before: Side, after: Side) -> Iterator[RecordChange]:
    common = frozenset(before.records.keys() & after.records.keys())
    old, new = _told(before, common), _told(after, common)
    for key in sorted(before.records.keys() | after.records.keys()):
        first = old(key) if key in before.records else None
        second = new(key) if key in after.records else None
        aspects: tuple[RecordAspect, ...] = ()
        if first is not None and second is not None:
            aspects = tuple(a for a, names in _ASPECTS.items() if _differ(first, second, names))
            if not aspects:
                continue
        yield RecordChange(
            locus=key[0],
            accession=key[1],
            change=_kind(first, second),
            aspects=aspects,
            before=first,
            after=second,
        )


def _told(side: Side, common: frozenset[Key]) -> Callable[[Key], RecordSide]:
    animal = animals_among(side, common)
    return lambda key: replace(side.records[key], individual=animal(key))


def _differ(first: RecordSide, second: RecordSide, names: tuple[str, ...]) -> bool:
    return any(getattr(first, name) != getattr(second, name) for name in names)


def _kind(first: object, second: object) -> ChangeKind:
    if first is None:
        return ChangeKind.ADDED
    return ChangeKind.REMOVED if second is None else ChangeKind.CHANGED


def _rows(before: Side, after: Side) -> Iterator[RowChange]:
    for name in sorted((before.tables.keys() | after.tables.keys()) - {SPECTRA_NAME}):
        first, second = before.tables.get(name, _NONE), after.tables.get(name, _NONE)
        for key, one, other in _pairs(first, second):
            yield RowChange(
                table=Line(name),
                key=Text(" | ".join(_shown(part) or "-" for part in key)),
                change=_kind(one, other),
                fields=tuple(_fields(first.columns or second.columns, one, other)),
            )


def _spectra(before: Side, after: Side) -> Iterator[SpectrumChange]:
    """Spectra by accession; the peaks are told by their digest or their text, whichever the side holds."""
    first, second = before.tables.get(SPECTRA_NAME, _NONE), after.tables.get(SPECTRA_NAME, _NONE)
    columns = first.columns or second.columns
    for (accession, *_), one, other in _pairs(first, second):
        held = other or one or ()
        fields = tuple(_fields(columns, one, other))
        found = {_SPECTRUM_ASPECTS.get(field.column, SpectrumAspect.METADATA) for field in fields}
        is_change = one is not None and other is not None
        yield SpectrumChange(
            accession=Line(accession),
            name=Line(held[columns.index("name")]),
            change=_kind(one, other),
            aspects=tuple(aspect for aspect in SpectrumAspect if aspect in found) if is_change else (),
            fields=fields,
        )


_Row = tuple[str, ...]


def _pairs(first: Table, second: Table) -> Iterator[tuple[_Row, _Row | None, _Row | None]]:
    """Rows that differ, by key; ``None`` where a side has none."""
    old, new = _by_key(first), _by_key(second)
    for key in sorted(old.keys() | new.keys()):
        one, other = old.get(key), new.get(key)
        if one != other:
            yield key, one, other


def _by_key(table: Table) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Rows by their key; rows that share one are told apart by all that they hold."""
    places = [table.columns.index(column) for column in table.key]
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for row in sorted(table.rows):
        key = tuple(row[place] for place in places)
        found[key if key not in found else (*key, LIST_SEPARATOR.join(row))] = row
    return found


def _fields(
    columns: tuple[str, ...], one: tuple[str, ...] | None, other: tuple[str, ...] | None
) -> Iterator[FieldChange]:
    for place, column in enumerate(columns):
        first = one[place] if one is not None else ""
        second = other[place] if other is not None else ""
        if first != second:
            yield FieldChange(column=Line(column), before=_shown(first), after=_shown(second))


def _shown(value: str) -> Text | None:
    if not value.strip():
        return None
    if len(value) <= MAX_SHOWN_VALUE:
        return Text(value)
    return Text(f"{len(value)} characters, SHA-256 {sha256_bytes(value.encode('utf-8'))}")
