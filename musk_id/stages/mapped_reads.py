"""Mapped reads, piled up in the columns of their reference under the windows of the library.

Only those windows are looked at in the end, and nothing of the rest is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.anchoring import Anchor
from musk_id.kernels.noisy_reads import letters_of_primers
from musk_id.kernels.nucleotides import encode
from musk_id.kernels.piles import GAP_CODE, NO_LETTER, count_columns, pooled_symbols
from musk_id.kernels.placement import MIN_VOTES
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.reads import AlignedRead, Amplicon, PiledReads, ReadTally
from musk_id.stages.drawn_reads import Drawn
from musk_id.stages.haplotypes import (
    Content,
    PileRules,
    Templates,
    check_depth,
    haplotypes,
    piled,
    text_of,
    turned,
)
from musk_id.vocabulary import Locus

__all__ = ["MappedReads", "pile_mapped_reads"]

# Columns beside a short marker that its primers take up.
PRIMER_REACH_BP = 60


class MappedReads(Protocol):
    """An open file of mapped reads, as :class:`musk_id.formats.bam.BamFile` is one."""

    name: str
    length_bp: int
    total: int
    left_out: int

    def reads(self) -> Iterator[AlignedRead]: ...
    def region(self, first: int, last: int) -> Iterator[AlignedRead]: ...


def pile_mapped_reads(source: MappedReads, primers: tuple[PrimerPairEntry, ...], rules: PileRules) -> PiledReads:
    """Haplotypes of mapped reads in the windows of the library.

    Raises
    ------
    InputFormatError
        If one window has more reads than are piled up and none are drawn, or the file cannot be read.
    """
    counts = np.zeros((2, source.length_bp, NO_LETTER + 1), np.int64)
    content = Content()
    for read in source.reads():
        content.add(read.letters, str(read.first_column).encode("ascii"))
        count_columns(counts, read)
    used = source.total - source.left_out
    symbols = pooled_symbols(counts[:, :, :NO_LETTER], rules.piles.min_depth)
    held = np.flatnonzero(symbols != GAP_CODE)
    consensus = np.frombuffer(b"ACGT-N", np.uint8)[symbols[held]].tobytes().decode("ascii")
    anchors = rules.library.index.anchors(encode(consensus), MIN_VOTES)
    amplicons: list[Amplicon] = []
    genera: Counter[str] = Counter()
    windows: list[tuple[int, int]] = []
    inside = 0
    markers = rules.markers(anchors, len(consensus))
    for locus in sorted(markers, key=list(Locus).index):
        columns = _columns(locus, markers[locus], held, rules)
        if columns is None:
            continue
        drawn: Drawn[AlignedRead] = Drawn(rules.piles.max_window_reads)
        for read in source.region(*columns):
            inside += not _is_inside(read, windows)
            # Mates stand side by side in the draw.
            drawn.add(read, read.fragment, read.letters)
            check_depth(drawn.seen, rules.piles)
        windows.append(columns)
        on_other_strand = markers[locus].strand < 0
        amplicons.append(_mapped_amplicon(locus, drawn, columns, on_other_strand, (primers, genera), rules))
    if rules.with_genera:
        _count_outside(source, windows, genera, rules)
    tally = ReadTally(total=source.total, too_many_errors=source.left_out, used=used)
    return piled(amplicons, max(used - inside, 0), genera, content, tally)


def _is_inside(read: AlignedRead, windows: Sequence[tuple[int, int]]) -> bool:
    first, last = read.first_column, read.first_column + len(read.letters)
    return any(first < stop and last > start for start, stop in windows)


def _count_outside(
    source: MappedReads, windows: Sequence[tuple[int, int]], genera: Counter[str], rules: PileRules
) -> None:
    """Genera of reads that lie in no window, each by its own words: a blank may hold too few to show a window."""
    templates: dict[Locus, Templates] = {}
    for read in source.reads():
        if _is_inside(read, windows):
            continue
        text = text_of(read).upper()
        found = rules.markers(rules.library.index.anchors(encode(text), MIN_VOTES), len(text))
        for locus in sorted(found, key=list(Locus).index)[:1]:
            if locus not in templates:
                templates[locus] = Templates(locus, rules)
            own = templates[locus]
            genera.update(own.genus(turned(text) if found[locus].strand < 0 else text))


def _columns(locus: Locus, anchor: Anchor, held: NDArray[np.int64], rules: PileRules) -> tuple[int, int] | None:
    """First column of the reference under a window and the one after its last."""
    reach = 0 if rules.is_coding(locus) else PRIMER_REACH_BP
    first = max(-anchor.diagonal - reach, 0)
    last = min(rules.widths[locus] - anchor.diagonal + reach, held.size)
    if last <= first:
        return None
    if anchor.strand < 0:
        first, last = held.size - last, held.size - first
    return int(held[first]), int(held[last - 1]) + 1


def _without_primers(
    found: Sequence[AlignedRead], primers: tuple[PrimerPairEntry, ...], rules: PileRules
) -> list[AlignedRead]:
    """Reads whose letters at primers that they begin or end with say nothing."""
    known: Mapping[str, None] = dict.fromkeys(text for pair in primers for text in (pair.forward, pair.reverse))
    starts, stops = letters_of_primers(
        [read.letters for read in found],
        list(known),
        max_mismatches=rules.reads.max_primer_mismatches,
        max_offset_bp=rules.reads.max_primer_offset_bp,
    )
    return [
        _masked(read, start, stop) if start or stop else read
        for read, start, stop in zip(found, starts.tolist(), stops.tolist(), strict=True)
    ]


def _masked(read: AlignedRead, start: int, stop: int) -> AlignedRead:
    size = len(read.letters)
    start, stop = min(start, size), min(stop, size)
    kept = read.letters[start : size - stop] if start + stop < size else b""
    letters = (b"N" * start + kept).ljust(size, b"N")[:size]
    first, last = read.first_column + start, read.first_column + size - stop
    inserts = tuple((column, text) for column, text in read.inserts if first < column < last)
    return AlignedRead(read.fragment, read.is_reverse, read.first_column, letters, inserts)


def _mapped_amplicon(
    locus: Locus,
    drawn: Drawn[AlignedRead],
    columns: tuple[int, int],
    on_other_strand: bool,
    noted: tuple[tuple[PrimerPairEntry, ...], Counter[str]],
    rules: PileRules,
) -> Amplicon:
    """Haplotypes of the reads of one marker; ``noted`` are the primers, and the genera to be counted."""
    primers, genera = noted
    reads = _without_primers(drawn.reads(), primers, rules)
    own = [_on_strand(read, columns, on_other_strand=on_other_strand) for read in reads]
    templates = Templates(locus, rules)
    nearest: Counter[str] = Counter()
    if rules.with_genera:
        for read in own:
            nearest.update(templates.genus(text_of(read).upper()))
    total = len({read.fragment for read in own})
    amplicon = haplotypes(None, own, columns[1] - columns[0], (total, drawn.left_out), templates)
    genera.update({genus: amplicon.of_all(number) for genus, number in nearest.items()})
    return amplicon


def _on_strand(read: AlignedRead, columns: tuple[int, int], *, on_other_strand: bool) -> AlignedRead:
    """The part of a read in some columns, counted from their first, on the strand of the library's windows."""
    first, last = columns
    low, high = max(read.first_column, first), min(read.first_column + len(read.letters), last)
    letters = read.letters[low - read.first_column : high - read.first_column]
    inserts = tuple((column - first, text) for column, text in read.inserts if low < column < high)
    if not on_other_strand:
        return AlignedRead(read.fragment, read.is_reverse, low - first, letters, inserts)
    return AlignedRead(
        read.fragment,
        not read.is_reverse,
        last - high,
        turned(letters.decode("ascii")).encode("ascii"),
        tuple((last - first - column, turned(text.decode("ascii")).encode("ascii")) for column, text in inserts)[
            ::-1
        ],
    )
