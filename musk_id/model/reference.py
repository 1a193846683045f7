"""A release of the reference library: taxa, barcodes, spectra, markers, legal rows, and its gaps."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import Country, DecimalText, IsoDate, Line, Sha256, Text
from musk_id.vocabulary import CurationState, Locus

__all__ = [
    "BarcodeReference",
    "ConfusableGroup",
    "LegalRow",
    "LibraryGap",
    "MarkerCompound",
    "ReferencePeak",
    "ReferenceRelease",
    "SourceNote",
    "SpectrumReference",
    "Taxon",
    "TaxonName",
    "TaxonSet",
    "Verification",
    "WideMargin",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Where a legal or name row comes from, when it holds, and who checked it (nobody: not verified)."""

    source_document: Text
    source_date: IsoDate | None = None
    valid_from: IsoDate | None = None
    valid_to: IsoDate | None = None
    verified_by: Line | None = None
    verified_on: IsoDate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonName:
    """A name of a taxon in a language (``la-synonym`` for scientific synonyms)."""

    language: Line
    name: Line
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxon:
    """A species of the checklist with its higher taxa."""

    species: Line
    genus: Line
    family: Line
    order: Line
    authority: Line | None = None
    ncbi_taxid: int | None = None
    names: tuple[TaxonName, ...] = ()
    range_countries: tuple[Country, ...] = ()
    range_note: Text | None = None
    verification: Verification | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalRow:
    """A listing: which populations of a taxon stand in which appendix, from when to when.

    ``populations`` are the countries that the row names; ``except_populations`` those it leaves out.
    """

    row_id: Line
    instrument: Line
    taxon: Line
    listing: Line
    populations: tuple[Country, ...] = ()
    except_populations: tuple[Country, ...] = ()
    text: Text
    verification: Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class BarcodeReference:
    """A reference sequence of one locus window.

    ``individual`` is the same for records of one animal; ``organism_revised`` is the name after curation,
    ``None`` where it stands as deposited. ``overlay`` is the laboratory's own library that the record comes
    from, ``None`` for a record of the release.
    """

    accession: Line
    organism_as_deposited: Line
    organism_revised: tuple[Line, ...] = ()
    genus: Line
    family: Line
    order: Line
    state: CurationState
    locus: Locus
    individual: Line
    sits_with: Line | None = None
    note: Text | None = None
    sequence: Text
    sha256: Sha256
    overlay: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePeak:
    """A peak of a reference spectrum: m/z and relative intensity (largest 999)."""

    mz: DecimalText
    intensity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumReference:
    """A reference spectrum of a known compound; ``overlay`` as in :class:`BarcodeReference`."""

    accession: Line
    name: Line
    other_names: Text | None = None
    inchikey: Line
    formula: Line
    exact_mass: DecimalText
    instrument: Line
    ionisation_energy: Line
    derivative: Line
    licence: Line
    authors: Line
    note: Text | None = None
    peaks: tuple[ReferencePeak, ...]
    overlay: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerCompound:
    """A compound that a musk examination looks for; ``accessions`` are empty where no reference exists.

    ``ions`` are m/z that its EI spectrum shows, as ``ions_source`` says; ``other_blocks`` first blocks of keys of
    isomers that are sold under the same name.
    """

    marker_id: Line
    name: Line
    inchikey: Line
    formula: Line
    group: Line
    accessions: tuple[Line, ...] = ()
    meaning: Text
    source: Text
    cas: Line | None = None
    ions: tuple[int, ...] = ()
    ions_source: Text | None = None
    other_blocks: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusableGroup:
    """Compounds that an EI spectrum alone does not separate reliably, with ions that may."""

    group_id: Line
    name: Line
    members: tuple[Line, ...]
    separating_ions: Text | None = None
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonSet:
    """Species names that a mitochondrial lineage does not separate (both-names rule)."""

    set_id: Line
    species: tuple[Line, ...]
    accessions: tuple[Line, ...]
    note: Text
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WideMargin:
    """W of one reference: its smallest distance to any genus but its own in a wide public set."""

    accession: Line
    locus: Locus
    edits: int
    nearest_species: Line
    nearest_accessions: tuple[Line, ...]
    haplotypes_compared: int
    data_sha256: Sha256
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryGap:
    """A taxon (or marker) without a usable reference at a locus (or technique)."""

    subject: Line
    where: Line
    note: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNote:
    """A source to cite: what it is and under which terms its facts stand here."""

    source_id: Line
    citation: Text
    terms: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRelease:
    """A frozen, numbered release."""

    release_id: Line
    date: IsoDate
    manifest_sha256: Sha256
    taxa: tuple[Taxon, ...]
    legal_rows: tuple[LegalRow, ...]
    barcodes: tuple[BarcodeReference, ...]
    spectra: tuple[SpectrumReference, ...]
    markers: tuple[MarkerCompound, ...]
    confusables: tuple[ConfusableGroup, ...]
    sets: tuple[TaxonSet, ...]
    wide_margins: tuple[WideMargin, ...]
    gaps: tuple[LibraryGap, ...]
    sources: tuple[SourceNote, ...]

    def barcodes_at(self, locus: Locus) -> tuple[BarcodeReference, ...]:
        """Records of a locus that take part in comparisons (all but unusable and duplicate ones)."""
        left_out = (CurationState.UNUSABLE, CurationState.DUPLICATE)
        return tuple(r for r in self.barcodes if r.locus == locus and r.state not in left_out)
