"""From tables to the objects of a release and back: one definition of columns for building and loading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
from musk_id.refdb.tables import Row, parse_rows, parse_table
from musk_id.vocabulary import CurationState, Locus

__all__ = ["COLUMNS", "RECORDED", "SOURCE_TABLES", "Content", "confusable_group", "parse_content"]

_VERIFICATION = ("source_document", "source_date", "valid_from", "valid_to", "verified_by", "verified_on")

COLUMNS: dict[str, tuple[str, ...]] = {
    "absent.tsv": ("subject", "where", "note"),
    "barcodes.tsv": (
        "accession", "organism_as_deposited", "organism_revised", "genus", "family", "order", "state",
        "locus", "individual", "sits_with", "note", "sha256", "sequence",
    ),
    "confusables.tsv": ("group_id", "name", "members", "separating_ions", "source"),
    "gaps.tsv": ("subject", "where", "note"),
    "legal.tsv": (
        "row_id", "instrument", "taxon", "listing", "populations", "except_populations", "text",
        *_VERIFICATION,
    ),
    "markers.tsv": ("marker_id", "name", "inchikey", "formula", "group", "accessions", "meaning", "source"),
    "names.tsv": ("species", "language", "name", "source"),
    "ranges.tsv": ("species", "country", "status", "source"),
    "sets.tsv": ("set_id", "species", "accessions", "note", "source"),
    "sources.tsv": ("source_id", "citation", "terms"),
    "spectra.tsv": (
        "accession", "name", "other_names", "inchikey", "formula", "exact_mass", "instrument",
        "ionisation_energy", "derivative", "licence", "authors", "note", "peaks",
    ),
    "taxa.tsv": (
        "species", "genus", "family", "order", "authority", "ncbi_taxid", "range_note", *_VERIFICATION,
    ),
    "wide_margins.tsv": (
        "accession", "locus", "edits", "nearest_species", "nearest_accessions", "haplotypes_compared",
        "data_sha256", "source",
    ),
}  # fmt: skip

SOURCE_TABLES = tuple(name for name in COLUMNS if name != "gaps.tsv")

RECORDED = "recorded"
"""Status of a range row whose country counts; ``disputed`` and ``possible`` ones stay in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a release holds, without its manifest; each tuple in the order of its table."""

    taxa: tuple[Taxon, ...]
    legal_rows: tuple[LegalRow, ...]
    barcodes: tuple[BarcodeReference, ...]
    spectra: tuple[SpectrumReference, ...]
    markers: tuple[MarkerCompound, ...]
    confusables: tuple[ConfusableGroup, ...]
    sets: tuple[TaxonSet, ...]
    wide_margins: tuple[WideMargin, ...]
    gaps: tuple[LibraryGap, ...]
    absent: tuple[LibraryGap, ...]
    sources: tuple[SourceNote, ...]
    names: tuple[tuple[Line, TaxonName], ...]
    ranges: tuple[tuple[Line, Country, Line], ...]


def parse_content(tables: Mapping[str, bytes]) -> Content:
    """Objects of all tables; a table that is not given is empty.

    Raises
    ------
    ReferenceDataError
        Naming table, line and column of what cannot be used.
    """

    def rows(name: str) -> list[Row]:
        return parse_table(tables[name], name, COLUMNS[name]) if name in tables else []

    names = parse_rows(rows("names.tsv"), lambda row: (row.text("species", Line), _name(row)))
    ranges = parse_rows(rows("ranges.tsv"), _range)
    taxa = parse_rows(rows("taxa.tsv"), _taxon)
    return Content(
        taxa=tuple(_with_names(taxon, names, ranges) for taxon in taxa),
        legal_rows=parse_rows(rows("legal.tsv"), _legal),
        barcodes=parse_rows(rows("barcodes.tsv"), _barcode),
        spectra=parse_rows(rows("spectra.tsv"), _spectrum),
        markers=parse_rows(rows("markers.tsv"), _marker),
        confusables=parse_rows(rows("confusables.tsv"), confusable_group),
        sets=parse_rows(rows("sets.tsv"), _set),
        wide_margins=parse_rows(rows("wide_margins.tsv"), _margin),
        gaps=parse_rows(rows("gaps.tsv"), _gap),
        absent=parse_rows(rows("absent.tsv"), _gap),
        sources=parse_rows(rows("sources.tsv"), _source),
        names=names,
        ranges=ranges,
    )


def _with_names(
    taxon: Taxon,
    names: tuple[tuple[Line, TaxonName], ...],
    ranges: tuple[tuple[Line, Country, Line], ...],
) -> Taxon:
    return replace(
        taxon,
        names=tuple(name for species, name in names if species == taxon.species),
        range_countries=tuple(
            country for species, country, status in ranges if species == taxon.species and status == RECORDED
        ),
    )


def _verification(row: Row) -> Verification:
    return Verification(
        source_document=row.text("source_document", Text),
        source_date=row.optional("source_date", IsoDate),
        valid_from=row.optional("valid_from", IsoDate),
        valid_to=row.optional("valid_to", IsoDate),
        verified_by=row.optional("verified_by", Line),
        verified_on=row.optional("verified_on", IsoDate),
    )


def _name(row: Row) -> TaxonName:
    return TaxonName(
        language=row.text("language", Line), name=row.text("name", Line), source=row.text("source", Text)
    )


def _range(row: Row) -> tuple[Line, Country, Line]:
    return row.text("species", Line), row.text("country", Country), row.text("status", Line)


def _taxon(row: Row) -> Taxon:
    stated = any(not row.is_empty(column) for column in _VERIFICATION)
    return Taxon(
        species=row.text("species", Line),
        genus=row.text("genus", Line),
        family=row.text("family", Line),
        order=row.text("order", Line),
        authority=row.optional("authority", Line),
        ncbi_taxid=None if row.is_empty("ncbi_taxid") else row.integer("ncbi_taxid"),
        range_note=row.optional("range_note", Text),
        verification=_verification(row) if stated else None,
    )


def _legal(row: Row) -> LegalRow:
    return LegalRow(
        row_id=row.text("row_id", Line),
        instrument=row.text("instrument", Line),
        taxon=row.text("taxon", Line),
        listing=row.text("listing", Line),
        populations=row.several("populations", Country),
        except_populations=row.several("except_populations", Country),
        text=row.text("text", Text),
        verification=_verification(row),
    )


def _barcode(row: Row) -> BarcodeReference:
    return BarcodeReference(
        accession=row.text("accession", Line),
        organism_as_deposited=row.text("organism_as_deposited", Line),
        organism_revised=row.several("organism_revised", Line),
        genus=row.text("genus", Line),
        family=row.text("family", Line),
        order=row.text("order", Line),
        state=row.word("state", CurationState),
        locus=row.word("locus", Locus),
        individual=row.text("individual", Line),
        sits_with=row.optional("sits_with", Line),
        note=row.optional("note", Text),
        sequence=row.text("sequence", Text),
        sha256=row.text("sha256", Sha256),
    )


def _peak(row: Row, token: str) -> ReferencePeak:
    mz, _, intensity = token.partition(":")
    fields = Row(row.where, {"peaks: m/z": mz, "peaks: intensity": intensity})
    return ReferencePeak(mz=fields.text("peaks: m/z", DecimalText), intensity=fields.integer("peaks: intensity"))


def _spectrum(row: Row) -> SpectrumReference:
    return SpectrumReference(
        accession=row.text("accession", Line),
        name=row.text("name", Line),
        other_names=row.optional("other_names", Text),
        inchikey=row.text("inchikey", Line),
        formula=row.text("formula", Line),
        exact_mass=row.text("exact_mass", DecimalText),
        instrument=row.text("instrument", Line),
        ionisation_energy=row.text("ionisation_energy", Line),
        derivative=row.text("derivative", Line),
        licence=row.text("licence", Line),
        authors=row.text("authors", Line),
        note=row.optional("note", Text),
        peaks=tuple(_peak(row, token) for token in row.tokens("peaks")),
    )


def _marker(row: Row) -> MarkerCompound:
    return MarkerCompound(
        marker_id=row.text("marker_id", Line),
        name=row.text("name", Line),
        inchikey=row.text("inchikey", Line),
        formula=row.text("formula", Line),
        group=row.text("group", Line),
        accessions=row.several("accessions", Line),
        meaning=row.text("meaning", Text),
        source=row.text("source", Text),
    )


def confusable_group(row: Row) -> ConfusableGroup:
    """Compounds that EI confuses, of one row; raises as :meth:`Row.text` does."""
    return ConfusableGroup(
        group_id=row.text("group_id", Line),
        name=row.text("name", Line),
        members=row.several("members", Line),
        separating_ions=row.optional("separating_ions", Text),
        source=row.text("source", Text),
    )


def _set(row: Row) -> TaxonSet:
    return TaxonSet(
        set_id=row.text("set_id", Line),
        species=row.several("species", Line),
        accessions=row.several("accessions", Line),
        note=row.text("note", Text),
        source=row.text("source", Text),
    )


def _margin(row: Row) -> WideMargin:
    return WideMargin(
        accession=row.text("accession", Line),
        locus=row.word("locus", Locus),
        edits=row.integer("edits"),
        nearest_species=row.text("nearest_species", Line),
        nearest_accessions=row.several("nearest_accessions", Line),
        haplotypes_compared=row.integer("haplotypes_compared"),
        data_sha256=row.text("data_sha256", Sha256),
        source=row.text("source", Text),
    )


def _gap(row: Row) -> LibraryGap:
    return LibraryGap(
        subject=row.text("subject", Line), where=row.text("where", Line), note=row.text("note", Text)
    )


def _source(row: Row) -> SourceNote:
    return SourceNote(
        source_id=row.text("source_id", Line),
        citation=row.text("citation", Text),
        terms=row.text("terms", Text),
    )
