"""The species of one genus at a coding marker: reference individuals of each, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from musk_id.kernels.bitplanes import Planes, pack
from musk_id.kernels.nucleotides import encode
from musk_id.kernels.species_spread import widest_pairs
from musk_id.model.reference import BarcodeReference
from musk_id.model.values import Line
from musk_id.vocabulary import CurationState, Locus

__all__ = ["Relatives", "SpeciesSpread", "SpeciesSpreads", "coding_planes"]

_KEPT_GENERA = 2_000


@dataclass(frozen=True, slots=True)
class SpeciesSpread:
    """Individuals of a species with an undoubted record, the largest share by which two of their records differ,
    and the accessions of those two (none: no two share enough columns).
    """

    individuals: int
    spread: Fraction
    records: tuple[Line, ...]


def coding_planes(records: Sequence[BarcodeReference], window_bp: int) -> Planes:
    """Bit planes of records in the frame of a coding window; letters beyond it are flank."""
    masks = np.zeros((len(records), window_bp), dtype=np.uint8)
    for row, record in enumerate(records):
        letters = encode(record.sequence)[:window_bp]
        masks[row, : letters.size] = letters
    return pack(masks)


class SpeciesSpreads(Protocol):
    """What is known of species at coding markers."""

    def spread(self, locus: Locus, genus: str, name: str, min_compared: int) -> SpeciesSpread:
        """Individuals and spread of a species; pairs of records that share fewer columns do not count."""


_NO_REFERENCE = SpeciesSpread(0, Fraction(0), ())


class Relatives:
    """Species of genera, looked up once for each genus.

    Parameters
    ----------
    records_of : callable
        Records of a genus at a coding marker.
    windows : mapping of Locus to int
        Columns of each coding marker.
    """

    def __init__(
        self, records_of: Callable[[Locus, str], Sequence[BarcodeReference]], windows: Mapping[Locus, int]
    ) -> None:
        self._records_of, self._windows = records_of, windows
        self._known: dict[tuple[Locus, str, int], dict[str, SpeciesSpread]] = {}

    def spread(self, locus: Locus, genus: str, name: str, min_compared: int) -> SpeciesSpread:
        """Individuals and spread of a species of a genus, by its name as deposited."""
        return self.table(locus, genus, min_compared).get(name, _NO_REFERENCE)

    def table(self, locus: Locus, genus: str, min_compared: int) -> dict[str, SpeciesSpread]:
        """Species of a genus by name as deposited.

        Names in doubt and the laboratory's own records neither count nor widen a species.
        """
        key = (locus, genus, min_compared)
        if key not in self._known:
            if len(self._known) >= _KEPT_GENERA:
                self._known.clear()
            self._known[key] = self._made(*key)
        return self._known[key]

    def _made(self, locus: Locus, genus: str, min_compared: int) -> dict[str, SpeciesSpread]:
        records = sorted(
            (
                record
                for record in self._records_of(locus, genus)
                if record.state is CurationState.REFERENCE and record.overlay is None
            ),
            key=lambda record: record.accession,
        )
        if not records:
            return {}
        names = sorted({str(record.organism_as_deposited) for record in records})
        labels = np.array([names.index(record.organism_as_deposited) for record in records], np.int64)
        planes = coding_planes(records, self._windows[locus])
        found = widest_pairs(planes, labels, len(names), min_compared)
        table: dict[str, SpeciesSpread] = {}
        for number, name in enumerate(names):
            own = [record for record, label in zip(records, labels.tolist(), strict=True) if label == number]
            pair = (int(found.first[number]), int(found.second[number]))
            table[name] = SpeciesSpread(
                individuals=len({record.individual for record in own}),
                spread=Fraction(int(found.differing[number]), int(found.compared[number])),
                records=tuple(records[row].accession for row in pair if row >= 0),
            )
        return table
