"""The barcode part of a release, prepared once per process for comparison."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from musk_id.kernels.anchoring import KmerIndex
from musk_id.kernels.bitplanes import Planes
from musk_id.kernels.nucleotides import encode
from musk_id.model.error_figures import ReleaseCalibration
from musk_id.model.methods import BarcodeMethod
from musk_id.model.reference import BarcodeReference, ReferenceRelease, TaxonSet
from musk_id.model.values import Line
from musk_id.stages.relatives import Relatives, SpeciesSpreads, coding_planes
from musk_id.vocabulary import CurationState, Locus, NameView

__all__ = [
    "AMPLICON_SLACK",
    "LEFT_OUT",
    "BarcodeLibrary",
    "LocusLibrary",
    "genera_of",
    "individuals_at",
    "species_of",
]

# Anchoring diagonals of one amplicon differ by its length variation; coding windows have none.
AMPLICON_SLACK = 12

LEFT_OUT = (CurationState.UNUSABLE, CurationState.DUPLICATE)


@dataclass(frozen=True, slots=True)
class LocusLibrary:
    """Records of one marker that take part in comparisons, sorted by accession.

    ``planes`` holds coding markers in the frame of their window (``width`` columns); short markers are
    compared letter by letter and have neither. ``genera`` counts genera, without the laboratory's own records.
    """

    locus: Locus
    records: tuple[BarcodeReference, ...]
    planes: Planes | None
    width: int
    genera: int


@dataclass(frozen=True, slots=True)
class BarcodeLibrary:
    """All markers of a release, its anchoring index, its certified margins and its lineage sets.

    ``calibration`` holds what was measured of radii and errors, if it was for this release.
    """

    release_id: Line
    loci: dict[Locus, LocusLibrary]
    index: KmerIndex
    wide_edits: dict[tuple[str, Locus], int]
    sets: tuple[TaxonSet, ...]
    genus_species: tuple[Line, ...]
    has_overlay: bool
    relatives: SpeciesSpreads
    calibration: ReleaseCalibration | None = None

    @classmethod
    def from_release(
        cls,
        release: ReferenceRelease,
        method: BarcodeMethod,
        overlay: tuple[BarcodeReference, ...] = (),
        calibration: ReleaseCalibration | None = None,
    ) -> BarcodeLibrary:
        """Prepare a release for a method, together with records of the laboratory's own and the calibration."""
        barcodes = (*release.barcodes, *overlay)
        windows = {limits.locus: limits.window_bp for limits in method.long_loci}
        loci = {
            locus: _locus_library(locus, barcodes, windows.get(locus))
            for locus in Locus
            if any(record.locus is locus and record.state not in LEFT_OUT for record in barcodes)
        }
        index = KmerIndex(
            {
                locus.value: [(0, encode(record.sequence)) for record in library.records]
                for locus, library in loci.items()
            },
            slack={locus.value: 0 if locus in windows else AMPLICON_SLACK for locus in loci},
        )
        return cls(
            release_id=release.release_id,
            loci=loci,
            index=index,
            wide_edits={(margin.accession, margin.locus): margin.edits for margin in release.wide_margins},
            sets=release.sets,
            genus_species=tuple(sorted(t.species for t in release.taxa if t.genus == method.genus)),
            has_overlay=bool(overlay),
            relatives=Relatives(
                lambda locus, genus: [r for r in loci[locus].records if r.genus == genus], windows
            ),
            calibration=calibration,
        )


def _locus_library(locus: Locus, barcodes: Iterable[BarcodeReference], window_bp: int | None) -> LocusLibrary:
    """Records of a marker; a coding one has a window, beyond which a record's letters are flank."""
    records = tuple(
        sorted((r for r in barcodes if r.locus is locus and r.state not in LEFT_OUT), key=lambda r: r.accession)
    )
    genera = len({record.genus for record in records if record.overlay is None})
    if window_bp is None:
        return LocusLibrary(locus, records, None, 0, genera)
    return LocusLibrary(locus, records, coding_planes(records, window_bp), window_bp, genera)


def individuals_at(library: BarcodeLibrary, locus: Locus) -> dict[Line, set[Line]]:
    """Reference individuals of each species of the genus at a marker; independence is counted in these."""
    found: dict[Line, set[Line]] = {species: set() for species in library.genus_species}
    for record in library.loci[locus].records:
        # A laboratory's own records carry no name, and may be the release's under another number.
        released = record.overlay is None and record.state is CurationState.REFERENCE
        if released and record.organism_as_deposited in found:
            found[record.organism_as_deposited].add(record.individual)
    return found


def species_of(record: BarcodeReference, view: NameView) -> tuple[Line, ...]:
    """Species names of a record under a view; an unresolved record may have several revised names."""
    if view is NameView.AS_REVISED and record.organism_revised:
        return record.organism_revised
    return (record.organism_as_deposited,)


def genera_of(record: BarcodeReference, view: NameView) -> frozenset[str]:
    """Genera of a record under a view."""
    return _genera_of_names(species_of(record, view))


@lru_cache(maxsize=65_536)
def _genera_of_names(names: tuple[Line, ...]) -> frozenset[str]:
    return frozenset(species.split(" ")[0] for species in names)
