"""Table rows to reference types; every field is checked by the rules of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from musk_id.errors import ReferenceDataError
from musk_id.model import values
from musk_id.model.reference import (
    BarcodeReference,
    ConfusableGroup,
    LegalRow,
    LibraryGap,
    MarkerCompound,
    ReferencePeak,
    SourceNote,
    SpectrumReference,
    Taxon,
    TaxonName,
    TaxonSet,
    Verification,
    WideMargin,
)
from musk_id.model.values import Country, DecimalText, IsoDate, Line, Sha256, Text
from musk_id.refdb.tables import Row, parts
from musk_id.vocabulary import CurationState, Locus

__all__ = [
    "barcode",
    "confusable",
    "gap",
    "legal_row",
    "marker",
    "parse_rows",
    "source",
    "spectrum",
    "taxa",
    "taxon_set",
    "wide_margin",
]

_T = TypeVar("_T")


def parse_rows(table: str, rows: Iterable[Row], parse: Callable[[Row], _T]) -> tuple[_T, ...]:
    """Rows of a table parsed one by one.

    Raises
    ------
    ReferenceDataError
        With table and line, if a field breaks its rule.
    """
    parsed: list[_T] = []
    for number, row in enumerate(rows, 2):
        try:
            parsed.append(parse(row))
        except ValueError as error:
            raise ReferenceDataError(str(error), where=f"{table}, line {number}") from error
    return tuple(parsed)


def _checked(kind: object, text: str, column: str) -> str:
    rule = values.RULES[kind]
    if not rule.accepts(text):
        raise ValueError(f"column {column} is {text[:60]!r}, allowed: {rule.described}")
    return text


def _line(row: Row, column: str) -> Line:
    return Line(_checked(Line, row[column], column))


def _text(row: Row, column: str) -> Text:
    return Text(_checked(Text, row[column], column))


def _optional_line(row: Row, column: str) -> Line | None:
    return _line(row, column) if row[column] else None


def _optional_text(row: Row, column: str) -> Text | None:
    return _text(row, column) if row[column] else None


def _lines(row: Row, column: str) -> tuple[Line, ...]:
    return tuple(Line(_checked(Line, part, column)) for part in parts(row[column]))


def _countries(row: Row, column: str) -> tuple[Country, ...]:
    return tuple(Country(_checked(Country, part, column)) for part in parts(row[column]))


def _date(row: Row, column: str) -> IsoDate | None:
    return IsoDate(_checked(IsoDate, row[column], column)) if row[column] else None


def _sha256(row: Row, column: str) -> Sha256:
    return Sha256(_checked(Sha256, row[column], column))


def _count(row: Row, column: str) -> int:
    if not row[column].isascii() or not row[column].isdigit():
        raise ValueError(f"column {column} is {row[column]!r}, allowed: a whole number")
    return int(row[column])


def _verification(row: Row) -> Verification:
    return Verification(
        source_document=_text(row, "source_document"),
        source_date=_date(row, "source_date"),
        valid_from=_date(row, "valid_from"),
        valid_to=_date(row, "valid_to"),
        verified_by=_optional_line(row, "verified_by"),
        verified_on=_date(row, "verified_on"),
    )


def barcode(row: Row) -> BarcodeReference:
    """A row of ``barcodes.tsv``."""
    return BarcodeReference(
        accession=_line(row, "accession"),
        organism_as_deposited=_line(row, "organism_as_deposited"),
        organism_revised=_lines(row, "organism_revised"),
        genus=_line(row, "genus"),
        family=_line(row, "family"),
        order=_line(row, "order"),
        state=CurationState(row["state"]),
        locus=Locus(row["locus"]),
        individual=_line(row, "individual"),
        sits_with=_optional_line(row, "sits_with"),
        note=_optional_text(row, "note"),
        sequence=_text(row, "sequence"),
        sha256=_sha256(row, "sha256"),
    )


def taxa(rows: list[Row], names: list[Row]) -> tuple[Taxon, ...]:
    """Rows of ``taxa.tsv`` with their rows of ``names.tsv``."""
    by_species: dict[str, list[TaxonName]] = {}
    for name in parse_rows("names.tsv", names, lambda row: (row["species"], _name(row))):
        by_species.setdefault(name[0], []).append(name[1])
    return parse_rows("taxa.tsv", rows, lambda row: _taxon(row, tuple(by_species.get(row["species"], ()))))


def _name(row: Row) -> TaxonName:
    return TaxonName(language=_line(row, "language"), name=_line(row, "name"), source=_text(row, "source"))


def _taxon(row: Row, names: tuple[TaxonName, ...]) -> Taxon:
    return Taxon(
        species=_line(row, "species"),
        genus=_line(row, "genus"),
        family=_line(row, "family"),
        order=_line(row, "order"),
        authority=_optional_line(row, "authority"),
        ncbi_taxid=_count(row, "ncbi_taxid") if row["ncbi_taxid"] else None,
        names=names,
        range_countries=_countries(row, "range_countries"),
        range_note=_optional_text(row, "range_note"),
        verification=_verification(row) if row["source_document"] else None,
    )


def legal_row(row: Row) -> LegalRow:
    """A row of ``legal.tsv``."""
    return LegalRow(
        row_id=_line(row, "row_id"),
        instrument=_line(row, "instrument"),
        taxon=_line(row, "taxon"),
        listing=_line(row, "listing"),
        populations=_countries(row, "populations"),
        except_populations=_countries(row, "except_populations"),
        text=_text(row, "text"),
        verification=_verification(row),
    )


def taxon_set(row: Row) -> TaxonSet:
    """A row of ``sets.tsv``."""
    return TaxonSet(
        set_id=_line(row, "set_id"),
        species=_lines(row, "species"),
        accessions=_lines(row, "accessions"),
        note=_text(row, "note"),
        source=_text(row, "source"),
    )


def spectrum(row: Row) -> SpectrumReference:
    """A row of ``spectra.tsv``."""
    return SpectrumReference(
        accession=_line(row, "accession"),
        name=_line(row, "name"),
        other_names=_optional_text(row, "other_names"),
        inchikey=_line(row, "inchikey"),
        formula=_line(row, "formula"),
        exact_mass=DecimalText(_checked(DecimalText, row["exact_mass"], "exact_mass")),
        instrument=_line(row, "instrument"),
        ionisation_energy=_line(row, "ionisation_energy"),
        derivative=_line(row, "derivative"),
        licence=_line(row, "licence"),
        authors=_line(row, "authors"),
        note=_optional_text(row, "note"),
        peaks=tuple(_peak(peak) for peak in row["peaks"].split(" ")),
    )


def _peak(text: str) -> ReferencePeak:
    mz, separator, intensity = text.partition(":")
    if not separator or not intensity.isascii() or not intensity.isdigit() or not int(intensity):
        raise ValueError(f"column peaks holds {text[:40]!r}, allowed: m/z:intensity with a positive intensity")
    return ReferencePeak(mz=DecimalText(_checked(DecimalText, mz, "peaks")), intensity=int(intensity))


def marker(row: Row) -> MarkerCompound:
    """A row of ``markers.tsv``."""
    return MarkerCompound(
        marker_id=_line(row, "marker_id"),
        name=_line(row, "name"),
        inchikey=_line(row, "inchikey"),
        formula=_line(row, "formula"),
        group=_line(row, "group"),
        accessions=_lines(row, "accessions"),
        meaning=_text(row, "meaning"),
        source=_text(row, "source"),
    )


def confusable(row: Row) -> ConfusableGroup:
    """A row of ``confusables.tsv``."""
    return ConfusableGroup(
        group_id=_line(row, "group_id"),
        name=_line(row, "name"),
        members=_lines(row, "members"),
        separating_ions=_optional_text(row, "separating_ions"),
        source=_text(row, "source"),
    )


def wide_margin(row: Row) -> WideMargin:
    """A row of ``wide_margins.tsv``."""
    return WideMargin(
        accession=_line(row, "accession"),
        locus=Locus(row["locus"]),
        edits=_count(row, "edits"),
        nearest_species=_line(row, "nearest_species"),
        nearest_accessions=_lines(row, "nearest_accessions"),
        haplotypes_compared=_count(row, "haplotypes_compared"),
        data_sha256=_sha256(row, "data_sha256"),
        source=_text(row, "source"),
    )


def gap(row: Row) -> LibraryGap:
    """A row of ``gaps.tsv`` or ``absent.tsv``."""
    return LibraryGap(subject=_line(row, "subject"), where=_line(row, "where"), note=_text(row, "note"))


def source(row: Row) -> SourceNote:
    """A row of ``sources.tsv``."""
    return SourceNote(
        source_id=_line(row, "source_id"), citation=_text(row, "citation"), terms=_text(row, "terms")
    )
