"""Distances between the individuals of a library, counted in bins: within species, within genus, beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.frames import unpack_nibbles
from musk_id.model.library import Library, LocusTable
from musk_id.model.library_report import DistanceBin, Histogram
from musk_id.model.values import decimal_text
from musk_id.vocabulary import CurationState, Locus

__all__ = ["distance_histogram"]

BIN_PERCENT = 0.5
LAST_PERCENT = 25.0
SPECIES_SHOWN = 400
_BLOCK = 64


def distance_histogram(library: Library, locus: Locus) -> Histogram:
    """Pairs of records of state reference by the share of differing columns of the marker's frame.

    Of a large library the first ``SPECIES_SHOWN`` species by name are counted: the picture shows shapes, rates
    come from the calibration.
    """
    table = library.loci[locus]
    chosen = _chosen(table)
    masks = unpack_nibbles(np.asarray(table.packed[table.haplotype[chosen]]), table.width)
    taxa = np.asarray(table.taxon[chosen])
    names = [library.taxa[int(number)].genus for number in taxa]
    genera = np.unique(names, return_inverse=True)[1] if names else np.empty(0, dtype=np.int64)
    individuals = np.asarray(table.individual[chosen])
    collapsed = np.asarray(table.collapsed[chosen]) > 0
    edges = np.arange(0.0, LAST_PERCENT + BIN_PERCENT, BIN_PERCENT)
    counts = np.zeros((3, edges.size - 1), dtype=np.int64)
    for start in range(0, masks.shape[0], _BLOCK):
        _count(_Items(masks, taxa, genera, individuals, collapsed), start, edges, counts)
    return Histogram(
        locus=locus,
        pairs=int(counts.sum()),
        bins=tuple(
            DistanceBin(
                low_percent=decimal_text(float(edges[i]), 1),
                high_percent=decimal_text(float(edges[i + 1]), 1),
                within_species=int(counts[0, i]),
                within_genus=int(counts[1, i]),
                between_genera=int(counts[2, i]),
            )
            for i in range(edges.size - 1)
        ),
    )


def _chosen(table: LocusTable) -> NDArray[np.int64]:
    reference = tuple(CurationState).index(CurationState.REFERENCE)
    kept = np.flatnonzero(table.state == reference)
    shown = np.unique(table.taxon[kept])[:SPECIES_SHOWN]
    chosen: NDArray[np.int64] = kept[np.isin(table.taxon[kept], shown)]
    return chosen


@dataclass(frozen=True, slots=True, eq=False)
class _Items:
    masks: NDArray[np.uint8]
    taxa: NDArray[np.uint32]
    genera: NDArray[np.int64]
    individuals: NDArray[np.uint32]
    collapsed: NDArray[np.bool_]


def _count(items: _Items, start: int, edges: NDArray[np.float64], counts: NDArray[np.int64]) -> None:
    """Pairs of the rows ``start`` to ``start + _BLOCK`` with all later rows."""
    masks = items.masks
    for row in range(start, min(start + _BLOCK, masks.shape[0])):
        rest = slice(row + 1, None)
        both = (masks[row] > 0) & (masks[rest] > 0)
        compared = both.sum(axis=1)
        differing = (both & ((masks[row] & masks[rest]) == 0)).sum(axis=1)
        same = items.taxa[rest] == items.taxa[row]
        # A set without equal conspecifics says nothing on how far individuals of a species differ.
        silent = same & (items.collapsed[rest] | items.collapsed[row])
        usable = (compared > 0) & (items.individuals[rest] != items.individuals[row]) & ~silent
        percent = np.minimum(100.0 * differing[usable] / compared[usable], LAST_PERCENT - 1e-9)
        within = same[usable]
        near = (items.genera[rest] == items.genera[row])[usable] & ~within
        for kind, mask in enumerate((within, near, ~within & ~near)):
            counts[kind] += np.histogram(percent[mask], edges)[0]
