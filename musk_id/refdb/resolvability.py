"""Which pairs of species the records of a library tell apart, computed from the records, never asserted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.nucleotides import Masks, decode
from musk_id.library_vocabulary import Resolution
from musk_id.model.library import Library, LocusTable
from musk_id.model.library_report import ResolutionRow
from musk_id.model.values import Line, decimal_text
from musk_id.vocabulary import CurationState, Locus

__all__ = ["MIN_INDIVIDUALS", "resolution_rows"]

MIN_INDIVIDUALS = 2
P_DIGITS = 4
_CODING = frozenset({Locus.COI, Locus.CYTB})


@dataclass(frozen=True, slots=True)
class _Group:
    """Haplotypes of a species at a marker (distinct), and how many individuals they come from."""

    masks: Masks
    individuals: int


def resolution_rows(library: Library, species: Sequence[Line]) -> tuple[ResolutionRow, ...]:
    """Every pair of species at every marker of the library, by marker and name.

    Records of state reference and of unresolved name count under the name as deposited: a library in which
    two names share a sequence does not resolve them, whoever is right.
    """
    rows: list[ResolutionRow] = []
    for locus, table in library.loci.items():
        groups = {name: _group(library, table, name) for name in species}
        rows += [_row(locus, a, b, groups[a], groups[b]) for a, b in combinations(sorted(species), 2)]
    return tuple(rows)


def _group(library: Library, table: LocusTable, name: str) -> _Group:
    counted = [tuple(CurationState).index(s) for s in (CurationState.REFERENCE, CurationState.NAME_UNRESOLVED)]
    taxa = [number for number, taxon in enumerate(library.taxa) if taxon.species == name]
    chosen = np.isin(table.taxon, taxa) & np.isin(table.state, counted)
    haplotypes = np.unique(table.haplotype[chosen])
    masks = unpack_nibbles(np.asarray(table.packed[haplotypes]), table.width)
    return _Group(masks, len(np.unique(table.individual[chosen])))


def _row(locus: Locus, first: Line, second: Line, a: _Group, b: _Group) -> ResolutionRow:
    between = _smallest(a.masks, b.masks, locus)
    within = max(_largest(a.masks, locus), _largest(b.masks, locus))
    resolution = Resolution.APART
    if between is None:
        resolution = Resolution.NO_RECORD
    elif between == 0:
        resolution = Resolution.SHARED
    elif min(a.individuals, b.individuals) < MIN_INDIVIDUALS:
        resolution = Resolution.TOO_FEW
    elif between <= within:
        resolution = Resolution.OVERLAPPING
    digits = P_DIGITS if locus in _CODING else 0
    return ResolutionRow(
        locus=locus,
        first=first,
        second=second,
        first_individuals=a.individuals,
        second_individuals=b.individuals,
        between=None if between is None else decimal_text(between, digits),
        within=None if between is None else decimal_text(within, digits),
        resolution=resolution,
    )


def _smallest(a: Masks, b: Masks, locus: Locus) -> float | None:
    found = [_distance(x, y, locus) for x in a for y in b]
    return min((d for d in found if d is not None), default=None)


def _largest(a: Masks, locus: Locus) -> float:
    found = [_distance(x, y, locus) for x, y in combinations(a, 2)]
    return max((d for d in found if d is not None), default=0.0)


def _distance(x: Masks, y: Masks, locus: Locus) -> float | None:
    """Edits of a short marker, differing share of a coding one; ambiguity letters as agreements."""
    if locus not in _CODING:
        return float(edit_distance(decode(x[x > 0]), decode(y[y > 0])).lower)
    both = (x > 0) & (y > 0)
    compared = int(both.sum())
    return int((both & ((x & y) == 0)).sum()) / compared if compared else None
