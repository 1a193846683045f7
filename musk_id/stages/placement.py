"""From a sequence to the part of it that is compared: marker, strand, primers and flanks removed, quality."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.kernels.anchoring import Anchor, place
from musk_id.kernels.nucleotides import Masks, decode, encode, is_ambiguous, reverse_complement
from musk_id.kernels.placement import MIN_VOTES, PrimerPair, anchors_by_locus, insert_span, off_diagonal_share
from musk_id.kernels.translation import stop_codon_positions
from musk_id.model.methods import AmpliconLimits, BarcodeMethod, LongLocusLimits
from musk_id.model.trace import Criterion
from musk_id.model.values import Line, decimal_text
from musk_id.stages.library import BarcodeLibrary
from musk_id.vocabulary import CriterionOutcome, Locus, Reason, Strand

__all__ = ["Placement", "criterion", "place_sequence"]

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
    anchor, reason = _anchor(library.index.anchors(masks, MIN_VOTES), declared)
    if anchor is None:
        return Placement(None, None, None, 0, (), (reason,), False)
    locus = Locus(anchor.locus)
    strand = Strand.FORWARD if anchor.strand == 1 else Strand.REVERSE
    oriented = masks if anchor.strand == 1 else reverse_complement(masks)
    noted = (Reason.LOCUS_NOT_AS_DECLARED,) if declared not in (None, locus) else ()
    for amplicon in method.amplicons:
        if amplicon.locus is locus:
            return _amplicon(oriented, strand, amplicon, method, noted)
    limits = next(limits for limits in method.long_loci if limits.locus is locus)
    window = place(oriented, anchor.diagonal, library.loci[locus].width)
    return _coding(window, strand, anchor, limits, method, noted)


def _anchor(anchors: tuple[Anchor, ...], declared: Locus | None) -> tuple[Anchor | None, Reason]:
    """The anchor to use; several markers in one sequence need a declared one, both strands are refused."""
    markers = anchors_by_locus(anchors)
    if not markers:
        return None, Reason.LOCUS_NOT_RECOGNISED
    chosen = declared.value if declared is not None and declared.value in markers else None
    if chosen is None and len(markers) > 1:
        return None, Reason.LOCUS_AMBIGUOUS
    found = markers[chosen] if chosen is not None else next(iter(markers.values()))
    if len(found) > 1 and found[1].votes * 2 > found[0].votes:
        return None, Reason.LOCUS_AMBIGUOUS
    return found[0], Reason.LOCUS_NOT_RECOGNISED


def _ambiguity(masks: Masks, compared: int, method: BarcodeMethod) -> Criterion:
    share = 100 * int(is_ambiguous(masks).sum()) / compared if compared else 100.0
    limit = method.max_ambiguous_percent
    return criterion(
        "barcode.ambiguous_letters", decimal_text(share, 1), f"<= {limit}", share <= float(limit), "percent"
    )


def _amplicon(
    oriented: Masks,
    strand: Strand,
    limits: AmpliconLimits,
    method: BarcodeMethod,
    noted: tuple[Reason, ...],
) -> Placement:
    primers = PrimerPair(limits.forward_primer, limits.reverse_primer)
    first, last, cut = insert_span(oriented, primers, limits.min_length_bp // 2, limits.max_length_bp)
    insert = oriented[first:last]
    length = int(insert.size)
    within = limits.min_length_bp <= length <= limits.max_length_bp
    quality = (
        criterion("barcode.primers_removed", cut, "0 to 2", True, "primers"),
        criterion("barcode.length", length, f"{limits.min_length_bp} to {limits.max_length_bp}", within, "bp"),
        _ambiguity(insert, length, method),
    )
    failed = (
        [] if within else [Reason.SEQUENCE_TOO_SHORT if length < limits.min_length_bp else Reason.LOCUS_AMBIGUOUS]
    )
    if quality[2].outcome is CriterionOutcome.FAILED:
        failed.append(Reason.SEQUENCE_TOO_AMBIGUOUS)
    return Placement(limits.locus, strand, insert, length, quality, noted + tuple(failed), not failed, first)


def _coding(
    window: Masks,
    strand: Strand,
    anchor: Anchor,
    limits: LongLocusLimits,
    method: BarcodeMethod,
    noted: tuple[Reason, ...],
) -> Placement:
    compared = int((window > 0).sum())
    elsewhere = off_diagonal_share(anchor)
    stops = stop_codon_positions(window, 0)
    # The last complete codon of cytochrome b is its own stop codon.
    inner = stops[stops < window.size - 6] if limits.locus is Locus.CYTB else stops
    quality = (
        criterion(
            "barcode.length", compared, f">= {limits.min_compared_bp}", compared >= limits.min_compared_bp, "bp"
        ),
        _ambiguity(window, compared, method),
        criterion(
            "barcode.reading_frame",
            decimal_text(100 * elsewhere, 1),
            f"<= {decimal_text(100 * MAX_SHARE_ELSEWHERE, 1)}",
            elsewhere <= MAX_SHARE_ELSEWHERE,
            "percent_off_frame",
        ),
        criterion("barcode.stop_codons", int(inner.size), "0", inner.size == 0, "codons"),
    )
    failures = (
        Reason.SEQUENCE_TOO_SHORT,
        Reason.SEQUENCE_TOO_AMBIGUOUS,
        Reason.FRAME_BROKEN,
        Reason.STOP_CODON,
    )
    failed = tuple(
        reason for reason, c in zip(failures, quality, strict=True) if c.outcome is CriterionOutcome.FAILED
    )
    return Placement(limits.locus, strand, window, compared, quality, noted + failed, not failed, -anchor.diagonal)
