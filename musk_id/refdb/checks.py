"""What must hold inside a library before it may be released."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Protocol

from musk_id.errors import Problem, ReferenceDataError
from musk_id.model.reference import (
    BarcodeReference,
    ConfusableGroup,
    LegalRow,
    MarkerCompound,
    SpectrumReference,
    Taxon,
    TaxonSet,
    WideMargin,
)
from musk_id.refdb.checks_sequences import sequence_problems
from musk_id.refdb.checks_spectra import compound_problems, spectrum_problems
from musk_id.vocabulary import CurationState

__all__ = ["Library", "require_consistent"]

_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_RENAMED = (CurationState.NAME_DISPROVED, CurationState.NAME_UNRESOLVED)
_COMPARED = (CurationState.REFERENCE, *_RENAMED)


class Library(Protocol):
    """Tables that refer to each other: those of a release or of its sources."""

    @property
    def taxa(self) -> tuple[Taxon, ...]: ...
    @property
    def legal_rows(self) -> tuple[LegalRow, ...]: ...
    @property
    def barcodes(self) -> tuple[BarcodeReference, ...]: ...
    @property
    def spectra(self) -> tuple[SpectrumReference, ...]: ...
    @property
    def markers(self) -> tuple[MarkerCompound, ...]: ...
    @property
    def confusables(self) -> tuple[ConfusableGroup, ...]: ...
    @property
    def sets(self) -> tuple[TaxonSet, ...]: ...
    @property
    def wide_margins(self) -> tuple[WideMargin, ...]: ...


def require_consistent(library: Library, further: Iterable[Problem] = ()) -> None:
    """Check every table and every reference between tables.

    Parameters
    ----------
    library : Library
        A loaded release, or what is about to become one.
    further : iterable of Problem
        Problems that the caller found, reported together with these.

    Raises
    ------
    ReferenceDataError
        With all problems found.
    """
    problems = [
        *further,
        *_taxon_problems(library),
        *_legal_problems(library),
        *_barcode_problems(library),
        *_set_problems(library),
        *_margin_problems(library),
        *_spectrum_table_problems(library),
        *_marker_problems(library),
        *_confusable_problems(library),
    ]
    if problems:
        raise ReferenceDataError(
            f"{len(problems)} contradiction(s) in the library: {problems[0]}",
            hint="correct the source tables and build again",
            problems=tuple(problems),
        )


def _repeated(table: str, keys: Iterable[Hashable]) -> Iterator[Problem]:
    for key, count in Counter(keys).items():
        if count > 1:
            yield Problem(f"{table}: {key}", f"stands {count} times", "once")


def _taxon_problems(library: Library) -> Iterator[Problem]:
    yield from _repeated("taxa.tsv", (taxon.species for taxon in library.taxa))
    above: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for taxon in library.taxa:
        above[taxon.genus].add((taxon.family, taxon.order))
        if taxon.species.split(" ")[0] != taxon.genus or len(taxon.species.split(" ")) < 2:
            yield Problem(f"taxa.tsv: {taxon.species}", f"is no name in the genus {taxon.genus}")
    for genus, higher in above.items():
        if len(higher) > 1:
            yield Problem(f"taxa.tsv: {genus}", f"stands in {len(higher)} families or orders", "one")


def _legal_problems(library: Library) -> Iterator[Problem]:
    yield from _repeated("legal.tsv", (row.row_id for row in library.legal_rows))
    for row in library.legal_rows:
        where, facts = f"legal.tsv: {row.row_id}", row.verification
        if facts.valid_from is None:
            yield Problem(where, "valid_from is empty", "the first day of the listing")
        elif facts.valid_to is not None and facts.valid_to < facts.valid_from:
            yield Problem(where, f"ends {facts.valid_to} before it begins {facts.valid_from}")
        if (facts.verified_by is None) != (facts.verified_on is None):
            yield Problem(where, "verified_by and verified_on do not stand together", "both or neither")
        if row.populations and row.except_populations:
            yield Problem(where, "names populations and excepted populations", "one of them")


def _barcode_problems(library: Library) -> Iterator[Problem]:
    yield from _repeated("barcodes.tsv", ((r.accession, r.locus.value) for r in library.barcodes))
    yield from _repeated(
        "barcodes.tsv: individual with two references",
        ((r.individual, r.locus.value) for r in library.barcodes if r.state == CurationState.REFERENCE),
    )
    taxa = {taxon.species: taxon for taxon in library.taxa}
    identity: dict[str, tuple[str, str]] = {}
    carried = {(r.individual, r.locus) for r in library.barcodes if r.state in _COMPARED}
    for record in library.barcodes:
        where = f"barcodes.tsv: {record.accession} {record.locus}"
        known = identity.setdefault(record.accession, (record.organism_as_deposited, record.individual))
        if known != (record.organism_as_deposited, record.individual):
            yield Problem(where, "organism or individual differs between loci of one accession")
        taxon = taxa.get(record.organism_as_deposited)
        if taxon is None:
            yield Problem(where, f"{record.organism_as_deposited} is not in taxa.tsv")
        elif (taxon.genus, taxon.family, taxon.order) != (record.genus, record.family, record.order):
            yield Problem(where, "genus, family or order differ from taxa.tsv")
        for species in record.organism_revised:
            if species not in taxa:
                yield Problem(where, f"revised name {species} is not in taxa.tsv")
        if record.state == CurationState.DUPLICATE and (record.individual, record.locus) not in carried:
            yield Problem(where, f"duplicate of no compared record of individual {record.individual}")
        yield from _state_problems(record, where)
        yield from sequence_problems(record, where)


def _state_problems(record: BarcodeReference, where: str) -> Iterator[Problem]:
    if record.state in _RENAMED and not (record.organism_revised and record.sits_with and record.note):
        yield Problem(where, f"state {record.state} lacks revised name, sits_with or note", "all three")
    if record.state == CurationState.REFERENCE and (record.organism_revised or record.sits_with):
        yield Problem(where, "a reference has a revised name or a place elsewhere", "none")
    if record.state in (CurationState.UNUSABLE, CurationState.DUPLICATE) and not record.note:
        yield Problem(where, f"state {record.state} without a note that says why")


def _set_problems(library: Library) -> Iterator[Problem]:
    yield from _repeated("sets.tsv", (group.set_id for group in library.sets))
    yield from _repeated("sets.tsv: accession", (a for group in library.sets for a in group.accessions))
    taxa = {taxon.species for taxon in library.taxa}
    names: dict[str, set[str]] = defaultdict(set)
    for record in library.barcodes:
        names[record.accession] |= {record.organism_as_deposited, *record.organism_revised}
    for group in library.sets:
        where = f"sets.tsv: {group.set_id}"
        if not group.species or not group.accessions:
            yield Problem(where, "without species or accessions")
        for species in group.species:
            if species not in taxa:
                yield Problem(where, f"{species} is not in taxa.tsv")
        for accession in group.accessions:
            if accession not in names:
                yield Problem(where, f"{accession} is not in barcodes.tsv")
            elif not names[accession] & set(group.species):
                yield Problem(where, f"{accession} carries no name of the set")


def _margin_problems(library: Library) -> Iterator[Problem]:
    yield from _repeated("wide_margins.tsv", ((m.accession, m.locus.value) for m in library.wide_margins))
    compared = {(r.accession, r.locus) for r in library.barcodes if r.state in _COMPARED}
    for margin in library.wide_margins:
        if (margin.accession, margin.locus) not in compared:
            where = f"wide_margins.tsv: {margin.accession} {margin.locus}"
            yield Problem(where, "no compared record of that name in barcodes.tsv")


def _spectrum_table_problems(library: Library) -> Iterator[Problem]:
    yield from _repeated("spectra.tsv", (spectrum.accession for spectrum in library.spectra))
    for spectrum in library.spectra:
        where = f"spectra.tsv: {spectrum.accession}"
        yield from _inchikey_problem(spectrum.inchikey, where)
        yield from spectrum_problems(spectrum, where)


def _marker_problems(library: Library) -> Iterator[Problem]:
    keys: tuple[Callable[[MarkerCompound], str], ...] = (lambda m: m.marker_id, lambda m: m.inchikey)
    for key in keys:
        yield from _repeated("markers.tsv", (key(marker) for marker in library.markers))
    spectra = {spectrum.accession: spectrum for spectrum in library.spectra}
    for marker in library.markers:
        where = f"markers.tsv: {marker.marker_id}"
        yield from _inchikey_problem(marker.inchikey, where)
        yield from compound_problems(marker.formula, where)
        for accession in marker.accessions:
            spectrum = spectra.get(accession)
            if spectrum is None:
                yield Problem(where, f"{accession} is not in spectra.tsv")
            elif (spectrum.inchikey, spectrum.formula) != (marker.inchikey, marker.formula):
                yield Problem(where, f"InChIKey or formula differ from {accession}")


def _confusable_problems(library: Library) -> Iterator[Problem]:
    yield from _repeated("confusables.tsv", (group.group_id for group in library.confusables))
    known = {m.inchikey for m in library.markers} | {s.inchikey for s in library.spectra}
    for group in library.confusables:
        where = f"confusables.tsv: {group.group_id}"
        if not group.members:
            yield Problem(where, "without members")
        for member in group.members:
            if member not in known:
                yield Problem(where, f"{member} is neither in markers.tsv nor in spectra.tsv")


def _inchikey_problem(inchikey: str, where: str) -> Iterator[Problem]:
    if _INCHIKEY.fullmatch(inchikey) is None:
        yield Problem(where, f"'{inchikey[:40]}' is no InChIKey", "14, 10 and 1 capital letters")
