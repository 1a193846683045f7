"""From a sequence to the part of it that is compared: marker, strand, primers and flanks removed, quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musk_id.kernels.anchoring import Anchor, place
from musk_id.kernels.many import anchors_of_each
from musk_id.kernels.nucleotides import Masks, decode, encode, is_ambiguous, reverse_complement
from musk_id.kernels.placement import MIN_VOTES, PrimerPair, anchors_by_locus, insert_span, off_diagonal_share
from musk_id.kernels.translation import stop_codon_positions
from musk_id.model.methods import AmpliconLimits, BarcodeMethod, LongLocusLimits
from musk_id.model.screening_markers import SCREENING_MARKERS, ScreeningMarker
from musk_id.model.trace import Criterion
from musk_id.model.values import Line, decimal_text
from musk_id.stages.library import BarcodeLibrary
from musk_id.vocabulary import RELEASE_MARKERS, CriterionOutcome, Locus, Reason, Strand

__all__ = ["Placement", "criterion", "place_sequence", "place_sequences"]

# Votes off the main diagonal that a sound coding sequence may have (repeats, chance), as a share of all.
MAX_SHARE_ELSEWHERE = 0.10


@dataclass(frozen=True, slots=True)
class Placement:
    """The compared part of a sequence.

    ``masks`` is the insert of a short marker (without gaps) or a coding window (0 where there is no letter);
    ``reasons`` say why the sequence cannot be called, if so. ``offset`` is the index, in the sequence on the
    strand of the references, of the first of the ``masks``; negative where a window begins before it.
    """

    locus: Locus | None
    strand: Strand | None
    masks: Masks | None
    compared_bp: int
    quality: tuple[Criterion, ...]
    reasons: tuple[Reason, ...]
    callable: bool
    offset: int = 0

    @property
    def letters(self) -> str:
        """Letters of the compared part, ``-`` where there is none."""
        return "" if self.masks is None else decode(self.masks)


def criterion(
    name: str, measured: object, limit: str, passed: bool, unit: str | None = None, records: tuple[str, ...] = ()
) -> Criterion:
    """A criterion of a rule trace."""
    return Criterion(
        name=Line(name),
        measured=Line(str(measured)),
        limit=Line(limit),
        unit=None if unit is None else Line(unit),
        outcome=CriterionOutcome.PASSED if passed else CriterionOutcome.FAILED,
        deciding_records=tuple(Line(record) for record in records),
    )


def place_sequence(
    letters: str, declared: Locus | None, library: BarcodeLibrary, method: BarcodeMethod
) -> Placement:
    """Find marker and strand of a sequence and cut it to the part that is compared.

    Parameters
    ----------
    letters : str
        Upper-case IUPAC letters without gaps.
    declared : Locus or None
        Marker that the examination names; it decides only between markers that a long sequence holds.
    """
    masks = encode(letters)
    return _placed(masks, library.index.anchors(masks, MIN_VOTES), declared, library, method)


def place_sequences(sequences: Sequence[str], library: BarcodeLibrary, method: BarcodeMethod) -> list[Placement]:
    """Each of many sequences as :func:`place_sequence` places it, no marker declared and no criterion in words."""
    masks = [encode(letters) for letters in sequences]
    anchors = anchors_of_each(library.index, masks, MIN_VOTES)
    return [
        _placed(own, of_own, None, library, method, worded=False)
        for own, of_own in zip(masks, anchors, strict=True)
    ]


def _placed(
    masks: Masks,
    anchors: tuple[Anchor, ...],
    declared: Locus | None,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    *,
    worded: bool = True,
) -> Placement:
    anchor, reason = _anchor(anchors, declared)
    if anchor is None:
        return Placement(None, None, None, 0, (), (reason,), False)
    locus = Locus(anchor.locus)
    strand = Strand.FORWARD if anchor.strand == 1 else Strand.REVERSE
    oriented = masks if anchor.strand == 1 else reverse_complement(masks)
    noted = (Reason.LOCUS_NOT_AS_DECLARED,) if declared not in (None, locus) else ()
    short: tuple[AmpliconLimits | ScreeningMarker, ...] = (*method.amplicons, *SCREENING_MARKERS)
    for amplicon in short:
        if amplicon.locus is locus:
            return _amplicon(oriented, strand, amplicon, method, noted, worded=worded)
    limits = next(limits for limits in method.long_loci if limits.locus is locus)
    window = place(oriented, anchor.diagonal, library.loci[locus].width)
    return _coding(window, strand, anchor, limits, method, noted, worded=worded)


def _anchor(anchors: tuple[Anchor, ...], declared: Locus | None) -> tuple[Anchor | None, Reason]:
    """The anchor to use; several markers in one sequence need a declared one, both strands are refused.

    One that only screens stands back behind a marker of releases.
    """
    markers = anchors_by_locus(anchors)
    if len(markers) > 1 and (declared is None or declared.value not in markers):
        markers = {name: found for name, found in markers.items() if name in RELEASE_MARKERS} or markers
    if not markers:
        return None, Reason.LOCUS_NOT_RECOGNISED
    chosen = declared.value if declared is not None and declared.value in markers else None
    if chosen is None and len(markers) > 1:
        return None, Reason.LOCUS_AMBIGUOUS
    found = markers[chosen] if chosen is not None else next(iter(markers.values()))
    if len(found) > 1 and found[1].votes * 2 > found[0].votes:
        return None, Reason.LOCUS_AMBIGUOUS
    return found[0], Reason.LOCUS_NOT_RECOGNISED


def _ambiguous_percent(masks: Masks, compared: int) -> float:
    return 100 * int(np.count_nonzero(is_ambiguous(masks))) / compared if compared else 100.0


def _ambiguity(share: float, method: BarcodeMethod, *, passed: bool) -> Criterion:
    limit = f"<= {method.max_ambiguous_percent}"
    return criterion("barcode.ambiguous_letters", decimal_text(share, 1), limit, passed, "percent")


def _amplicon(
    oriented: Masks,
    strand: Strand,
    limits: AmpliconLimits | ScreeningMarker,
    method: BarcodeMethod,
    noted: tuple[Reason, ...],
    *,
    worded: bool,
) -> Placement:
    primers = PrimerPair(limits.forward_primer, limits.reverse_primer)
    first, last, cut = insert_span(oriented, primers, limits.min_length_bp // 2, limits.max_length_bp)
    insert = oriented[first:last]
    length = int(insert.size)
    within = limits.min_length_bp <= length <= limits.max_length_bp
    share = _ambiguous_percent(insert, length)
    clear = share <= float(method.max_ambiguous_percent)
    quality: tuple[Criterion, ...] = ()
    if worded:
        lengths = f"{limits.min_length_bp} to {limits.max_length_bp}"
        quality = (
            criterion("barcode.primers_removed", cut, "0 to 2", True, "primers"),
            criterion("barcode.length", length, lengths, within, "bp"),
            _ambiguity(share, method, passed=clear),
        )
    failed = (
        [] if within else [Reason.SEQUENCE_TOO_SHORT if length < limits.min_length_bp else Reason.LOCUS_AMBIGUOUS]
    )
    if not clear:
        failed.append(Reason.SEQUENCE_TOO_AMBIGUOUS)
    return Placement(limits.locus, strand, insert, length, quality, noted + tuple(failed), not failed, first)


def _coding(
    window: Masks,
    strand: Strand,
    anchor: Anchor,
    limits: LongLocusLimits,
    method: BarcodeMethod,
    noted: tuple[Reason, ...],
    *,
    worded: bool,
) -> Placement:
    compared = int(np.count_nonzero(window))
    share = _ambiguous_percent(window, compared)
    elsewhere = off_diagonal_share(anchor)
    stops = stop_codon_positions(window, 0)
    # The last complete codon of cytochrome b is its own stop codon.
    inner = int((stops[stops < window.size - 6] if limits.locus is Locus.CYTB else stops).size)
    passed = {
        Reason.SEQUENCE_TOO_SHORT: compared >= limits.min_compared_bp,
        Reason.SEQUENCE_TOO_AMBIGUOUS: share <= float(method.max_ambiguous_percent),
        Reason.FRAME_BROKEN: elsewhere <= MAX_SHARE_ELSEWHERE,
        Reason.STOP_CODON: not inner,
    }
    failed = tuple(reason for reason, held in passed.items() if not held)
    quality: tuple[Criterion, ...] = ()
    if worded:
        quality = _coding_quality(compared, share, elsewhere, inner, tuple(passed.values()), limits, method)
    return Placement(limits.locus, strand, window, compared, quality, noted + failed, not failed, -anchor.diagonal)


def _coding_quality(
    compared: int,
    ambiguous_percent: float,
    elsewhere: float,
    stops: int,
    passed: tuple[bool, ...],
    limits: LongLocusLimits,
    method: BarcodeMethod,
) -> tuple[Criterion, ...]:
    long_enough, clear, in_frame, open_frame = passed
    return (
        criterion("barcode.length", compared, f">= {limits.min_compared_bp}", long_enough, "bp"),
        _ambiguity(ambiguous_percent, method, passed=clear),
        criterion(
            "barcode.reading_frame",
            decimal_text(100 * elsewhere, 1),
            f"<= {decimal_text(100 * MAX_SHARE_ELSEWHERE, 1)}",
            in_frame,
            "percent_off_frame",
        ),
        criterion("barcode.stop_codons", stops, "0", open_frame, "codons"),
    )
