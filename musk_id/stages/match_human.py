"""A person's sequence is withheld whatever library it is matched against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from musk_id.kernels.anchoring import place
from musk_id.kernels.matching_counts import pack_rows, pair_counts
from musk_id.kernels.nucleotides import Masks, encode
from musk_id.model.methods import BarcodeMethod
from musk_id.model.reference import ReferenceRelease
from musk_id.stages.comparison import HUMAN_GENUS, Compared, compare
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_limits import LocusLimits
from musk_id.vocabulary import Locus

__all__ = ["HumanReferences"]


class HumanReferences:
    """The human records of a release, held against every query beside the library's own.

    A library of one's own may hold no human record, or one of another name that is a person's.
    """

    def __init__(self, release: ReferenceRelease, method: BarcodeMethod) -> None:
        own = tuple(record for record in release.barcodes if record.genus == HUMAN_GENUS)
        self._loci = BarcodeLibrary.from_release(replace(release, barcodes=own), method).loci
        self._packed = {
            locus: pack_rows(np.stack([_in_frame(record.sequence, own.width) for record in own.records]))
            for locus, own in self._loci.items()
            if own.width
        }

    def beside(
        self, locus: Locus, queries: Sequence[Masks], found: Sequence[tuple[Compared, ...]], limits: LocusLimits
    ) -> list[tuple[Compared, ...]]:
        """References that decide for each query, with the nearest human record where that is as near, or near.

        What the library's own human records tell is not told twice.
        """
        if locus not in self._loci or not queries:
            return list(found)
        near = self._may_be_near(locus, queries, found, limits)
        return [
            _with_human(known, compare(masks, self._loci[locus]), limits) if held else known
            for masks, known, held in zip(queries, found, near, strict=True)
        ]

    def _may_be_near(
        self, locus: Locus, queries: Sequence[Masks], found: Sequence[tuple[Compared, ...]], limits: LocusLimits
    ) -> list[bool]:
        """Queries for which a human record may be as near as those found, or within the radius."""
        if locus not in self._packed:
            return [True] * len(queries)
        humans, packed = self._packed[locus], pack_rows(np.stack(queries))
        query, human = (part.reshape(-1) for part in np.indices((packed.size, humans.size)))
        counts = pair_counts(packed, query, humans, human)
        shares = np.where(counts.compared > 0, counts.incompatible / np.maximum(counts.compared, 1), 1.0)
        least = shares.reshape(packed.size, -1).min(axis=1)
        # Compared as float64, with room for its rounding; exact fractions decide afterwards.
        nearest = [min((float(entry.lower) for entry in known), default=1.0) for known in found]
        return [
            share <= max(float(limits.radius), most) + 1e-9
            for share, most in zip(least.tolist(), nearest, strict=True)
        ]


def _in_frame(letters: str, width: int) -> Masks:
    return place(encode(letters), 0, width)


def _with_human(
    found: tuple[Compared, ...], humans: tuple[Compared, ...], limits: LocusLimits
) -> tuple[Compared, ...]:
    if not humans:
        return found
    human = min(humans, key=lambda entry: (entry.lower, entry.upper))
    nearest = min((entry.lower for entry in found), default=human.lower)
    if human.lower > nearest and human.upper > limits.radius:
        return found
    if any(e.record.genus == HUMAN_GENUS and e.lower <= human.lower and e.upper <= human.upper for e in found):
        return found
    return tuple(sorted((*found, human), key=lambda c: (c.upper, c.lower, c.record.accession)))
