"""Does the name of a record contradict its letters, where a wrong name would make a wrong answer?

Asked about the genera that have lineage sets, which are those that answers are about: a record under such a genus
has to lie nearer to it than to anything else in the base, and a record under another genus may not lie where the
method would call such a genus.
"""

from __future__ import annotations

from collections.abc import Set
from fractions import Fraction

from musk_id.kernels.editdistance import edit_distances
from musk_id.library_vocabulary import LeftOut
from musk_id.model.methods import BARCODE_METHODS
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.vocabulary import Locus

__all__ = ["NamesAndLetters"]


class NamesAndLetters:
    """Compares records to come with the compared records of the base.

    Parameters
    ----------
    base : ReferenceRelease
        The release whose records stay.
    genera : set of str
        Genera that answers are about.
    """

    def __init__(self, base: ReferenceRelease, genera: Set[str]) -> None:
        self._genera = genera
        self._records = {locus: base.barcodes_at(locus) for locus in Locus}

    def refusal(self, reference: BarcodeReference) -> tuple[LeftOut, str] | None:
        """Why the name of a record does not fit its letters."""
        if reference.genus in self._genera:
            return self._of_own(reference)
        return self._of_other(reference)

    def nearest(self, reference: BarcodeReference) -> list[str]:
        """Records of the genus that are nearest, with their distances; at most five."""
        own = [r for r in self._records[reference.locus] if r.genus == reference.genus]
        edits = [d.upper for d in edit_distances(reference.sequence, [r.sequence for r in own])]
        smallest = min(edits, default=0)
        return [f"{r.accession} ({d} edits)" for r, d in zip(own, edits, strict=True) if d == smallest][:5]

    def _of_own(self, reference: BarcodeReference) -> tuple[LeftOut, str] | None:
        records = self._records[reference.locus]
        edits = edit_distances(reference.sequence, [r.sequence for r in records])
        # Ambiguity letters count against the name: far from its own genus, near to the others.
        own = [d.upper for r, d in zip(records, edits, strict=True) if r.genus == reference.genus]
        others = [(d.lower, r) for r, d in zip(records, edits, strict=True) if r.genus != reference.genus]
        if not others:
            return None
        nearest, record = min(others, key=lambda pair: (pair[0], pair[1].accession))
        if own and min(own) < nearest:
            return None
        told = f"{record.organism_as_deposited} {record.accession} at {nearest} edits"
        return LeftOut.NAME_CONTRADICTS_LETTERS, f"{told}, its own genus at {min(own, default='none')}"

    def _of_other(self, reference: BarcodeReference) -> tuple[LeftOut, str] | None:
        records = [r for r in self._records[reference.locus] if r.genus in self._genera]
        edits = [d.lower for d in edit_distances(reference.sequence, [r.sequence for r in records])]
        near = [r for r, d in zip(records, edits, strict=True) if d <= _radius(reference)]
        if not near:
            return None
        told = f"{near[0].organism_as_deposited} {near[0].accession} at {edits[records.index(near[0])]} edits"
        return LeftOut.NAME_CONTRADICTS_LETTERS, f"{told}, within which the method calls {near[0].genus}"


def _radius(reference: BarcodeReference) -> Fraction:
    """Radius of the method at the marker, in edits of the record."""
    method = BARCODE_METHODS[-1]
    for amplicon in method.amplicons:
        if amplicon.locus is reference.locus:
            return Fraction(amplicon.radius_edits)
    long_locus = next(limits for limits in method.long_loci if limits.locus is reference.locus)
    return Fraction(long_locus.radius_p) * len(reference.sequence)
