"""A person's sequence is withheld whatever library it is matched against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from musk_id.kernels.anchoring import place
from musk_id.kernels.matching_counts import pack_rows, pair_counts
from musk_id.kernels.nucleotides import Masks, encode
from musk_id.model.methods import BarcodeMethod
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.screening_markers import screening_marker
from musk_id.stages.comparison import HUMAN_GENUS, Compared, compare
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_limits import LocusLimits
from musk_id.stages.match_entries import Entries
from musk_id.vocabulary import Locus

__all__ = ["HumanReferences", "humans_of"]


class HumanReferences:
    """The human records of a release, held against every query beside the library's own.

    A library of one's own may hold no human record, or one of another name that is a person's. ``further`` are
    human records of the library at markers that the release lacks (:func:`humans_of`).
    """

    def __init__(
        self, release: ReferenceRelease, method: BarcodeMethod, further: tuple[BarcodeReference, ...] = ()
    ) -> None:
        own = (*(record for record in release.barcodes if record.genus == HUMAN_GENUS), *further)
        self._loci = BarcodeLibrary.from_release(replace(release, barcodes=own), method).loci
        self._packed = {
            locus: pack_rows(np.stack([_in_frame(record.sequence, own.width) for record in own.records]))
            for locus, own in self._loci.items()
            if own.width
        }

    def hold(self, locus: Locus) -> bool:
        """Whether there is a human record at a marker."""
        return locus in self._loci

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


def humans_of(
    entries: Mapping[Locus, Entries],
    release: ReferenceRelease,
    method: BarcodeMethod,
    limits: Mapping[Locus, LocusLimits],
) -> tuple[BarcodeReference, ...]:
    """Human records of a library at markers that screen, as far as the release vouches for them.

    A release holds no record at such a marker, and a name in a library is only its maker's word. The record counts
    as human if the library holds its accession at a marker of the release as well, there under a human name, and
    each such record lies within the radius of a human record of the release.
    """
    screening = [
        record
        for locus, own in entries.items()
        if screening_marker(locus) is not None
        for record in own.records_of(HUMAN_GENUS)
    ]
    wanted = {record.accession for record in screening}
    humans = [record for record in release.barcodes if record.genus == HUMAN_GENUS]
    held = BarcodeLibrary.from_release(replace(release, barcodes=tuple(humans)), method).loci
    vouched: dict[str, list[bool]] = {}
    for locus, own in entries.items():
        for record in own.records_of(HUMAN_GENUS) if wanted and locus in held else ():
            if record.accession not in wanted:
                continue
            masks = encode(record.sequence)
            if held[locus].width:
                masks = place(masks, 0, held[locus].width)
            near = any(found.upper <= limits[locus].radius for found in compare(masks, held[locus]))
            vouched.setdefault(record.accession, []).append(near)
    return tuple(record for record in screening if all(vouched.get(record.accession, [False])))


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
