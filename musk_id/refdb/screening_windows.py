"""Stretches of the markers that screen, cut from whole records between both primer sites, on either strand.

A release holds no record at such a marker, so that no words can tell it: the primers do, and without both of them
nothing is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from musk_id.kernels.many import inserts_of_each
from musk_id.kernels.nucleotides import Masks, encode, reverse_complement
from musk_id.kernels.placement import PrimerPair
from musk_id.model.screening_markers import ScreeningMarker

__all__ = ["stretches_of"]


def stretches_of(sequences: Sequence[str], marker: ScreeningMarker) -> list[tuple[tuple[Masks, int], ...]]:
    """Stretches of a marker in each sequence, each with the strand that it stands on (1 or -1).

    Parameters
    ----------
    sequences : sequence of str
        Upper-case IUPAC letters without gaps.
    marker : ScreeningMarker
        Primers, and the lengths that a stretch may have.

    Returns
    -------
    list of tuple
        At most one stretch a strand, in the direction of the forward primer: the shortest between places of both
        primers with the fewest mismatches, at most ``MAX_PRIMER_MISMATCHES`` each.
    """
    primers = PrimerPair(marker.forward_primer, marker.reverse_primer)
    forward = [encode(letters) for letters in sequences]
    found: list[tuple[tuple[Masks, int], ...]] = [()] * len(forward)
    for strand, oriented in ((1, forward), (-1, [reverse_complement(masks) for masks in forward])):
        inserts = inserts_of_each(oriented, primers, marker.min_length_bp, marker.max_length_bp)
        for number, (insert, cut) in enumerate(inserts):
            if cut == 2:
                found[number] = (*found[number], (insert, strand))
    return found
