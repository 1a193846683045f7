"""Stretches of the markers that screen, cut from whole records between both primer sites, on either strand.

A release holds no record at such a marker, so that no words can tell it: the primers do, and without both of them
nothing is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from musk_id.kernels.many import inserts_of_each
from musk_id.kernels.nucleotides import Masks, encode, reverse_complement
from musk_id.kernels.placement import PrimerPair
from musk_id.library_vocabulary import SetAside
from musk_id.model.screening_markers import SCREENING_MARKERS, ScreeningMarker
from musk_id.refdb.found_windows import MIN_GENOME_BP, Found, RawRecord, Refusal, Window, refuse, unambiguous
from musk_id.vocabulary import RELEASE_MARKERS, Locus

__all__ = ["joined_markers", "of_releases", "screening", "stretches_of"]


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


def of_releases(loci: tuple[Locus, ...]) -> tuple[Locus, ...]:
    """Those of some markers that releases hold."""
    return tuple(locus for locus in loci if locus in RELEASE_MARKERS)


def screening(records: Sequence[RawRecord]) -> list[tuple[Found, ...]]:
    """What is found of the markers that screen in each record; refusals where a genome lacks one."""
    found: list[tuple[Found, ...]] = [()] * len(records)
    for marker in SCREENING_MARKERS:
        wanted = [number for number, record in enumerate(records) if marker.locus in record.loci]
        held = stretches_of([records[number].letters for number in wanted], marker)
        for number, stretches in zip(wanted, held, strict=True):
            letters = len(records[number].letters)
            if len(stretches) == 1:
                own = unambiguous(Window(marker.locus, *stretches[0]))
            elif stretches:
                own = refuse(marker.locus, SetAside.LOCUS_AMBIGUOUS, "on both strands", "one strand")
            elif letters >= MIN_GENOME_BP:
                own = _no_primers(marker, letters)
            else:
                continue
            found[number] = (*found[number], own)
    return found


def _no_primers(marker: ScreeningMarker, letters: int) -> Refusal:
    allowed = f"both primer sites of {marker.locus}, {marker.min_length_bp} to {marker.max_length_bp} bp apart"
    return refuse(marker.locus, SetAside.LOCUS_NOT_RECOGNISED, f"{letters} letters", allowed)


def joined_markers(
    record: RawRecord, by_words: tuple[Found, ...], by_primers: tuple[Found, ...]
) -> tuple[Found, ...]:
    """All markers of a record; that no words were shared says nothing where the primers found one."""
    if not by_primers and not by_words:
        marker = next(marker for marker in SCREENING_MARKERS if marker.locus in record.loci)
        return (_no_primers(marker, len(record.letters)),)
    if any(isinstance(part, Window) for part in by_primers):
        by_words = tuple(part for part in by_words if part.locus is not None)
    return (*by_words, *by_primers)
