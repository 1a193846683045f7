"""Records of a library against the references of a release: how often the panel's gaps point at the target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import mismatches, pack
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.genus_rule import TOLERANCE
from musk_id.kernels.intervals import proportion_upper
from musk_id.kernels.nucleotides import Masks, decode, encode
from musk_id.model.calibration import PanelFigures
from musk_id.model.library import Library, LocusTable
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.refdb.calibrate_figures import Grid, limit_text
from musk_id.refdb.calibrate_items import binomial
from musk_id.refdb.calibrate_target import Rule, within_radius

__all__ = ["panel_figures"]

Floats = NDArray[np.float64]


def panel_figures(
    library: Library,
    table: LocusTable,
    release: ReferenceRelease,
    genus: str,
    coding: bool,
    grid: Grid,
    rule: Rule,
) -> PanelFigures | None:
    """Records of other genera of a marker against a release; none where the release lacks the target there.

    Notes
    -----
    Distances as in casework: to the target with ambiguity letters against it (upper), to others with them in
    their favour (lower), and no rule on length.
    """
    references = release.barcodes_at(table.locus)
    own = [record for record in references if record.genus == genus]
    rest = [record for record in references if record.genus != genus]
    if not own or not rest:
        return None
    masks = unpack_nibbles(np.asarray(table.packed), table.width)
    measure = _shares if coding else _edits
    to_target, to_target_lower = measure(masks, own)
    _, to_other = measure(masks, rest)
    taxa = np.asarray(table.taxon).astype(np.int64)
    queries = np.flatnonzero(np.array([taxon.genus != genus for taxon in library.taxa])[taxa])
    names = sorted({binomial(taxon.species) for taxon in library.taxa})
    species = np.array([names.index(binomial(taxon.species)) for taxon in library.taxa])[taxa[queries]]
    rows = np.asarray(table.haplotype).astype(np.int64)[queries]
    own_distance, other_distance = to_target[rows], to_other[rows]
    nearest = own_distance < other_distance
    gap = np.where(nearest, other_distance, 0.0) - np.where(nearest, own_distance, 0.0)
    with_margin = nearest & (gap >= float(rule.margin) - TOLERANCE)
    called = with_margin & (own_distance <= float(rule.radius) + TOLERANCE)
    count, n = int(np.count_nonzero(called)), int(queries.size)
    if n == 0:
        return None
    return PanelFigures(
        release_id=release.release_id,
        release_sha256=release.manifest_sha256,
        references=len(references),
        references_of_target=len(own),
        records=n,
        nearest_is_target=int(np.count_nonzero(nearest)),
        nearest_is_target_species=int(np.unique(species[nearest]).size),
        with_margin=int(np.count_nonzero(with_margin)),
        called=count,
        called_upper=limit_text(proportion_upper(count, n)),
        within_radius=within_radius(to_target_lower[rows], rows, species, grid),
    )


def _edits(masks: Masks, references: Sequence[BarcodeReference]) -> tuple[Floats, Floats]:
    """Upper and lower edits of each haplotype to the nearest of some references."""
    texts = sorted({record.sequence for record in references})
    upper, lower = np.full(masks.shape[0], np.inf), np.full(masks.shape[0], np.inf)
    for row, letters in enumerate(masks):
        own = decode(letters[letters > 0])
        measured = [edit_distance(own, text) for text in texts]
        upper[row] = min(distance.upper for distance in measured)
        lower[row] = min(distance.lower for distance in measured)
    return upper, lower


def _shares(masks: Masks, references: Sequence[BarcodeReference]) -> tuple[Floats, Floats]:
    """Upper and lower share of differing columns of each haplotype to the nearest of some references."""
    planes = pack(masks)
    upper, lower = np.full(masks.shape[0], np.inf), np.full(masks.shape[0], np.inf)
    for text in sorted({record.sequence for record in references}):
        window = np.zeros((1, masks.shape[1]), np.uint8)
        letters = encode(text)[: masks.shape[1]]
        window[0, : letters.size] = letters
        counts = mismatches(pack(window), planes)
        there = counts.compared > 0
        columns = np.maximum(counts.compared, 1)
        upper = np.minimum(upper, np.where(there, counts.possible / columns, np.inf))
        lower = np.minimum(lower, np.where(there, counts.incompatible / columns, np.inf))
    return upper, lower
