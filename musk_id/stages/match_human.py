"""A person's sequence is withheld whatever library it is matched against."""

from __future__ import annotations

from dataclasses import replace

from musk_id.kernels.nucleotides import Masks
from musk_id.model.methods import BarcodeMethod
from musk_id.model.reference import ReferenceRelease
from musk_id.stages.barcode import HUMAN_GENUS
from musk_id.stages.comparison import Compared, compare
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_call import LocusLimits
from musk_id.vocabulary import Locus

__all__ = ["HumanReferences"]


class HumanReferences:
    """The human records of a release, held against every query beside the library's own.

    A library of one's own may hold no human record, or one of another name that is a person's.
    """

    def __init__(self, release: ReferenceRelease, method: BarcodeMethod) -> None:
        own = tuple(record for record in release.barcodes if record.genus == HUMAN_GENUS)
        self._loci = BarcodeLibrary.from_release(replace(release, barcodes=own), method).loci

    def beside(
        self, locus: Locus, masks: Masks, found: tuple[Compared, ...], limits: LocusLimits
    ) -> tuple[Compared, ...]:
        """References that decide, with the nearest human record where that is nearer, equally near, or near.

        What the library's own human records tell is not told twice.
        """
        if locus not in self._loci:
            return found
        humans = compare(masks, self._loci[locus])
        if not humans:
            return found
        human = min(humans, key=lambda entry: (entry.lower, entry.upper))
        nearest = min((entry.lower for entry in found), default=human.lower)
        if human.lower > nearest and human.upper > limits.radius:
            return found
        if any(e.record.genus == HUMAN_GENUS and e.lower <= human.lower and e.upper <= human.upper for e in found):
            return found
        return tuple(sorted((*found, human), key=lambda c: (c.upper, c.lower, c.record.accession)))
