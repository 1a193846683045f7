"""Long reads with errors, piled up by marker in the columns of the library's windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from musk_id.kernels.noisy_reads import cut_noisy
from musk_id.kernels.nucleotides import encode
from musk_id.kernels.placement import MIN_VOTES
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.reads import AlignedRead, Amplicon, DistinctReads, PiledReads, ReadBatch, ReadTally
from musk_id.model.reads_method import PileLimits
from musk_id.stages.drawn_reads import Drawn
from musk_id.stages.haplotypes import (
    HEAD,
    TAIL,
    Content,
    PileRules,
    Templates,
    check_depth,
    haplotypes,
    laid_read,
    piled,
    turned,
)
from musk_id.vocabulary import Locus

__all__ = ["is_noisy", "pile_long_reads"]

# Letters beside a window in which its place in a read with errors may shift.
SHIFT_BP = 12


def is_noisy(reads: DistinctReads, piles: PileLimits) -> bool:
    """Whether most single reads of a file have more errors than exact variants allow."""
    return reads.tally.too_many_errors * 100 > piles.noisy_percent * max(reads.tally.total, 1)


@dataclass(frozen=True, slots=True)
class _Piece:
    """The part of a read that lies in a window, on the strand of the references, and its primer pair or -1.

    ``at_first`` and ``at_last`` say that it was cut at a primer where the window begins or ends.
    """

    number: int
    is_reverse: bool
    letters: str
    pair: int
    at_first: bool
    at_last: bool

    @property
    def marked(self) -> str:
        """The letters with marks at the edges of the window at which a primer was cut off."""
        return HEAD * self.at_first + self.letters + TAIL * self.at_last


def pile_long_reads(
    batches: Iterable[ReadBatch], primers: tuple[PrimerPairEntry, ...], rules: PileRules
) -> PiledReads:
    """Haplotypes of single reads with errors, by primer pair and marker.

    Raises
    ------
    InputFormatError
        If one marker has more reads than are piled up and none are drawn, or the batches cannot be read.
    """
    held: dict[Locus, Drawn[_Piece]] = {}
    content = Content()
    total = too_short = unplaced = 0
    for batch in batches:
        for text, quality in _texts(batch, rules.piles.min_base_quality):
            total += 1
            content.add(text.upper().encode("ascii"))
            if len(text) < rules.reads.min_length_bp:
                too_short += 1
                continue
            found = _pieces(total, text, primers, rules)
            unplaced += not found
            for locus, piece in found:
                drawn = held.setdefault(locus, Drawn(rules.piles.max_window_reads))
                drawn.add(piece, text.encode("ascii") + b"\n" + quality)
                check_depth(drawn.seen, rules.piles)
    genera: Counter[str] = Counter()
    amplicons = [
        _long_amplicon(locus, held[locus], primers, genera, rules) for locus in sorted(held, key=list(Locus).index)
    ]
    tally = ReadTally(total=total, too_short=too_short, used=total - too_short)
    return piled(amplicons, unplaced, genera, content, tally)


def _texts(batch: ReadBatch, min_quality: int) -> Iterator[tuple[str, bytes]]:
    """Reads of a batch and their qualities; letters of low quality are in lower case."""
    letters = batch.letters | np.where(batch.quality < min_quality, np.uint8(0x20), np.uint8(0))
    text = letters.tobytes().decode("ascii")
    quality = batch.quality.tobytes()
    for first, last in pairwise(batch.starts.tolist()):
        yield text[first:last], quality[first:last]


def _pieces(
    number: int, text: str, primers: tuple[PrimerPairEntry, ...], rules: PileRules
) -> list[tuple[Locus, _Piece]]:
    """What a read holds of each marker."""
    masks = encode(text)
    markers = rules.markers(rules.library.index.anchors(masks, MIN_VOTES), len(text))
    found = []
    for locus, anchor in markers.items():
        is_reverse = anchor.strand < 0
        own = turned(text) if is_reverse else text
        pairs = [(n, p.forward, p.reverse) for n, p in enumerate(primers) if p.locus in (locus, None)]
        insert = cut_noisy(
            own.upper(),
            pairs,
            within_bp=rules.piles.primer_within_bp,
            max_edits_percent=rules.piles.max_primer_edits_percent,
        )
        edges = -anchor.diagonal, rules.widths[locus] - anchor.diagonal
        first, last = max(insert.first, edges[0] - SHIFT_BP), min(insert.last, edges[1] + SHIFT_BP)
        if last - first >= rules.reads.min_length_bp:
            at_first = insert.pair >= 0 and abs(insert.first - edges[0]) <= SHIFT_BP
            # A short marker has no fixed length.
            at_last = insert.pair >= 0 and last == insert.last and insert.last >= edges[1] - 2 * SHIFT_BP
            found.append((locus, _Piece(number, is_reverse, own[first:last], insert.pair, at_first, at_last)))
    return found


def _long_amplicon(
    locus: Locus,
    drawn: Drawn[_Piece],
    primers: tuple[PrimerPairEntry, ...],
    genera: Counter[str],
    rules: PileRules,
) -> Amplicon:
    """Haplotypes of the reads of one marker.

    Errors make one primer look like another one of the same place, so that all pairs of a marker are one amplicon,
    called by the commonest. Where most reads have primers, those without stay out: what is left of a primer would
    be taken for the animal's.
    """
    pieces = drawn.reads()
    pairs = Counter(piece.pair for piece in pieces if piece.pair >= 0)
    name, total = None, len(pieces)
    if 2 * pairs.total() >= total:
        name = primers[min(pairs, key=lambda pair: (-pairs[pair], pair))].name
        pieces = [piece for piece in pieces if piece.pair >= 0]
    template = Templates(locus, rules)
    letters = template.of([piece.letters.upper() for piece in pieces])
    reads: list[AlignedRead] = []
    nearest: Counter[str] = Counter()
    for piece in pieces:
        fragment = str(piece.number).encode("ascii")
        laid = laid_read(piece.marked, letters, fragment, rules.piles, is_reverse=piece.is_reverse)
        if laid is not None:
            reads.append(laid)
            if rules.with_genera:
                nearest.update(template.genus(piece.letters.upper()))
    amplicon = haplotypes(name, reads, len(HEAD + letters + TAIL), (total, drawn.left_out), template)
    genera.update({genus: amplicon.of_all(number) for genus, number in nearest.items()})
    return amplicon
