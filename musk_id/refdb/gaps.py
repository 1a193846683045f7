"""What a release lacks, computed from what it holds."""

from __future__ import annotations

from collections import defaultdict

from musk_id.model.reference import LibraryGap
from musk_id.model.values import Line, Text
from musk_id.refdb.content import Content
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

__all__ = ["compute_gaps"]

TARGET_GENUS = "Moschus"
NAME_LANGUAGES = ("en", "kk", "ru", "zh")
WIDE_MARGIN_LOCI = (Locus.RRNA_12S, Locus.RRNA_16S)


def compute_gaps(content: Content) -> tuple[LibraryGap, ...]:
    """All gaps of a release, ordered by subject and place."""
    gaps = (
        *content.absent,
        *_barcode_gaps(content),
        *_species_rank_gaps(content),
        *_wide_margin_gaps(content),
        *_marker_gaps(content),
        *_name_gaps(content),
        *_verification_gaps(content),
    )
    return tuple(sorted(gaps, key=lambda gap: (gap.subject, gap.where, gap.note)))


def _gap(subject: str, where: str, note: str) -> LibraryGap:
    return LibraryGap(subject=Line(subject), where=Line(where), note=Text(note))


def _barcode_gaps(content: Content) -> list[LibraryGap]:
    states = defaultdict(set)
    for record in content.barcodes:
        states[record.organism_as_deposited, record.locus].add(record.state)
        for species in record.organism_revised:
            states[species, record.locus].add(record.state)
    gaps = []
    for taxon in content.taxa:
        for locus in RELEASE_MARKERS:
            found = states[taxon.species, locus]
            if CurationState.REFERENCE in found:
                continue
            other = ", ".join(sorted(found))
            note = f"No record in state reference; records in state: {other}." if other else "No record."
            gaps.append(_gap(taxon.species, locus, note))
    return gaps


def _species_rank_gaps(content: Content) -> list[LibraryGap]:
    """How many independent individuals the target species have at most: what caps the rank of an answer."""
    individuals = defaultdict(set)
    for record in content.barcodes:
        if record.genus == TARGET_GENUS and record.state == CurationState.REFERENCE:
            individuals[record.organism_as_deposited, record.locus].add(record.individual)
    most = max((len(found) for found in individuals.values()), default=0)
    note = f"At most {most} reference individual(s) of a species at a locus."
    return [_gap(TARGET_GENUS, "species rank", note)]


def _wide_margin_gaps(content: Content) -> list[LibraryGap]:
    known = {(margin.accession, margin.locus) for margin in content.wide_margins}
    states = (CurationState.REFERENCE, CurationState.NAME_UNRESOLVED)
    return [
        _gap(record.accession, f"wide margin {record.locus}", "Not computed.")
        for record in content.barcodes
        if record.state in states
        and record.locus in WIDE_MARGIN_LOCI
        and (record.accession, record.locus) not in known
    ]


def _marker_gaps(content: Content) -> list[LibraryGap]:
    return [
        _gap(marker.name, "EI spectrum", "No reference spectrum in the release.")
        for marker in content.markers
        if not marker.accessions
    ]


def _name_gaps(content: Content) -> list[LibraryGap]:
    named = {(species, name.language) for species, name in content.names}
    target = [taxon for taxon in content.taxa if taxon.genus == TARGET_GENUS]
    gaps = [
        _gap(taxon.species, f"name {language}", "No name with a source.")
        for taxon in target
        for language in NAME_LANGUAGES
        if (taxon.species, language) not in named
    ]
    return gaps + [_gap(taxon.species, "NCBI taxid", "Not known.") for taxon in target if taxon.ncbi_taxid is None]


def _verification_gaps(content: Content) -> list[LibraryGap]:
    return [
        _gap(row.row_id, "verification", "Not checked against the primary text by a person.")
        for row in content.legal_rows
        if row.verification.verified_by is None
    ]
