"""A release in the form of a library, so that both are audited and reported by the same code."""

from __future__ import annotations

import numpy as np

from musk_id.kernels.frames import pack_nibbles, star_frame
from musk_id.kernels.nucleotides import Masks, encode
from musk_id.model.columns import TextColumn
from musk_id.model.library import Library, LocusTable, TaxonColumn
from musk_id.model.methods import BarcodeMethod
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.values import Line
from musk_id.vocabulary import CurationState, Locus

__all__ = ["release_library"]


def release_library(release: ReferenceRelease, method: BarcodeMethod) -> Library:
    """Barcodes of a release as a library; copies of a record (state duplicate) are left out.

    Parameters
    ----------
    release : ReferenceRelease
        The release.
    method : BarcodeMethod
        Windows of the coding markers.
    """
    records = sorted(
        (r for r in release.barcodes if r.state is not CurationState.DUPLICATE),
        key=lambda r: (r.locus, r.accession),
    )
    taxa = {t.species: t for t in release.taxa}
    names = sorted({n for r in records for n in (r.organism_as_deposited, *r.organism_revised)})
    rows = tuple("\t".join((n, taxa[n].genus, taxa[n].family, taxa[n].order)) for n in names)
    individuals = {name: number for number, name in enumerate(sorted({r.individual for r in records}))}
    windows = {limits.locus: limits.window_bp for limits in method.long_loci}
    held = [locus for locus in Locus if any(r.locus is locus for r in records)]
    return Library(
        library_id=Line(f"release {release.release_id}"),
        date=release.date,
        title=Line(f"Reference release {release.release_id}"),
        anchors_release=release.release_id,
        manifest_sha256=release.manifest_sha256,
        taxa=TaxonColumn(rows),
        loci={
            locus: _table(locus, [r for r in records if r.locus is locus], windows.get(locus), names, individuals)
            for locus in held
        },
        individuals=len(individuals),
    )


def _table(
    locus: Locus,
    records: list[BarcodeReference],
    window_bp: int | None,
    names: list[Line],
    individuals: dict[Line, int],
) -> LocusTable:
    distinct = sorted({r.sequence[:window_bp] for r in records})
    frame = _frame(distinct, window_bp)
    states = tuple(CurationState)
    return LocusTable(
        locus=locus,
        width=int(frame.shape[1]),
        packed=pack_nibbles(frame),
        haplotype=np.array([distinct.index(r.sequence[:window_bp]) for r in records], dtype=np.uint32),
        taxon=np.array([names.index(r.organism_as_deposited) for r in records], dtype=np.uint32),
        state=np.array([states.index(r.state) for r in records], dtype=np.uint8),
        individual=np.array([individuals[r.individual] for r in records], dtype=np.uint32),
        strand=np.ones(len(records), dtype=np.int8),
        collapsed=np.zeros(len(records), dtype=np.uint8),
        accessions=TextColumn.of([r.accession for r in records]),
        revised={
            row: tuple(names.index(n) for n in r.organism_revised)
            for row, r in enumerate(records)
            if r.organism_revised
        },
    )


def _frame(distinct: list[str], window_bp: int | None) -> Masks:
    """Coding sequences begin in the first column of their window; short ones are laid along the first."""
    if window_bp is None:
        return star_frame([str(s) for s in distinct], str(distinct[0]))
    frame = np.zeros((len(distinct), window_bp), dtype=np.uint8)
    for row, sequence in enumerate(distinct):
        letters = encode(sequence)
        frame[row, : letters.size] = letters
    return frame
