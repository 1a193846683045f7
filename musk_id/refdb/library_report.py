"""Figures of a library for its report: counts, grades, what is resolved, distances, trees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musk_id import __version__
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.nucleotides import Masks
from musk_id.model.audit import LibraryAudit
from musk_id.model.library import Library, LocusTable
from musk_id.model.library_report import LibraryReport, LocusSummary, ReportTaxon, TreeFigure
from musk_id.model.methods import BarcodeMethod
from musk_id.model.reference import ReferenceRelease
from musk_id.model.values import Line
from musk_id.refdb.audit import CONFLICT_FLAGS
from musk_id.refdb.histograms import distance_histogram
from musk_id.refdb.resolvability import resolution_rows
from musk_id.refdb.trees import REPLICATES, neighbour_joining
from musk_id.vocabulary import CurationState

__all__ = ["report_library"]

MIN_TIPS = 4
MAX_TARGET_TIPS = 40
NEIGHBOUR_GENERA = 8


def report_library(
    library: Library,
    audit: LibraryAudit,
    checklist: ReferenceRelease,
    method: BarcodeMethod,
    *,
    spectra: int,
    replicates: int = REPLICATES,
) -> LibraryReport:
    """Report of a library.

    Parameters
    ----------
    library : Library
        The library, or a release in its form.
    audit : LibraryAudit
        Its audit, for grades and conflicts.
    checklist : ReferenceRelease
        Release with the species of the genus of interest.
    method : BarcodeMethod
        Genus of interest and the numbers of the species rule.
    spectra : int
        Number of spectra that the library holds.
    replicates : int
        Resampled alignments behind the support of a tree.
    """
    species = tuple(sorted(t.species for t in checklist.taxa if t.genus == method.genus))
    trees = [_tree(library, table, method.genus, replicates) for table in library.loci.values()]
    return LibraryReport(
        schema=Line(LibraryReport.SCHEMA),
        software_version=Line(__version__),
        library_id=library.library_id,
        title=library.title,
        date=library.date,
        library_sha256=library.manifest_sha256,
        genus=method.genus,
        species_min_individuals=method.species_min_individuals,
        species_min_individuals_of_others=method.species_min_individuals_of_others,
        checklist=species,
        loci=tuple(_summary(library, table, species) for table in library.loci.values()),
        grades=audit.grades,
        resolution=resolution_rows(library, species),
        histograms=tuple(distance_histogram(library, locus) for locus in library.loci),
        trees=tuple(tree for tree in trees if tree is not None),
        conflicts=len({(c.locus, c.accession) for c in audit.conflicts if c.flag in CONFLICT_FLAGS}),
        spectra=spectra,
        taxa=_taxa(library, checklist),
    )


def _taxa(library: Library, checklist: ReferenceRelease) -> tuple[ReportTaxon, ...]:
    """Taxa of the library and of the checklist; where both name one, the library's own family and order hold."""
    listed = {t.species for t in checklist.taxa}
    found = {t.species: (t.family, t.order) for t in (*checklist.taxa, *library.taxa)}
    return tuple(
        ReportTaxon(species=name, family=family, order=order, of_checklist=name in listed)
        for name, (family, order) in sorted(found.items())
    )


def _summary(library: Library, table: LocusTable, species: Sequence[Line]) -> LocusSummary:
    reference = tuple(CurationState).index(CurationState.REFERENCE)
    numbers = {n: t.species for n, t in enumerate(library.taxa) if t.species in set(species)}
    counts: dict[Line, int] = {}
    for number, name in numbers.items():
        chosen = (table.taxon == number) & (table.state == reference)
        if chosen.any():
            counts[name] = int(np.unique(table.individual[chosen]).size)
    return LocusSummary(
        locus=table.locus,
        records=table.records,
        haplotypes=table.haplotypes,
        species=int(np.unique(table.taxon).size),
        target_species=len(counts),
        target_individuals=sum(counts.values()),
        most_individuals_of_a_target_species=max(counts.values(), default=0),
    )


def _tree(library: Library, table: LocusTable, genus: str, replicates: int) -> TreeFigure | None:
    """Tree of the genus' haplotypes and the nearest haplotype of each of the nearest other genera."""
    usable = np.asarray(table.state) != tuple(CurationState).index(CurationState.UNUSABLE)
    masks = unpack_nibbles(np.asarray(table.packed), table.width)
    genera = [library.taxa[int(n)].genus for n in table.taxon]
    own = sorted({int(table.haplotype[r]) for r in range(table.records) if usable[r] and genera[r] == genus})[
        :MAX_TARGET_TIPS
    ]
    if not own:
        return None
    nearest: dict[str, tuple[float, int]] = {}
    for record in range(table.records):
        if usable[record] and genera[record] != genus:
            haplotype = int(table.haplotype[record])
            distance = _nearest(masks[haplotype], masks[own])
            nearest[genera[record]] = min(nearest.get(genera[record], (2.0, 0)), (distance, haplotype))
    others = [h for _, h in sorted(nearest.values())[:NEIGHBOUR_GENERA]]
    chosen = own + [h for h in others if h not in own]
    if len(chosen) < MIN_TIPS:
        return None
    labels = [_label(library, table, haplotype) for haplotype in chosen]
    return neighbour_joining(table.locus, masks[chosen], labels, [h in own for h in chosen], replicates)


def _nearest(row: Masks, rows: Masks) -> float:
    both = (row > 0) & (rows > 0)
    compared = both.sum(axis=1)
    differing = (both & ((row & rows) == 0)).sum(axis=1)
    return float(np.where(compared > 0, differing / np.maximum(compared, 1), 1.0).min())


def _label(library: Library, table: LocusTable, haplotype: int) -> str:
    """Names as deposited and the first accession of a haplotype, with the number of further ones."""
    records = np.flatnonzero(np.asarray(table.haplotype) == haplotype)
    names = sorted({library.taxa[int(table.taxon[r])].species for r in records})
    accession = table.accessions[int(records[0])]
    more = f" +{records.size - 1}" if records.size > 1 else ""
    return f"{' / '.join(names)} {accession}{more}"
