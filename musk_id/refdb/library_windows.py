"""From sequences handed in to windows of the markers: found, turned, cut, or set aside with the reason.

The anchors come from a release. A record that shares too few words with it may still share enough with a
record that was placed: placed windows join the anchors, and what was not recognised is tried again.

A long sequence (a mitochondrial genome) holds several markers. Each is sought by its own words and judged by
the stretch around it alone: the rest of the sequence says nothing about it.

Markers that screen have no record in a release: they are found by their primers alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from musk_id.kernels.anchoring import KMER, Anchor, KmerIndex, WordIndex, place
from musk_id.kernels.frames import place_gapped
from musk_id.kernels.many import anchors_of_each, inserts_of_each
from musk_id.kernels.nucleotides import Masks, decode, encode, reverse_complement
from musk_id.kernels.placement import MIN_VOTES, PrimerPair, anchors_by_locus, off_diagonal_share
from musk_id.library_vocabulary import SetAside
from musk_id.model.methods import AmpliconLimits, BarcodeMethod, LongLocusLimits
from musk_id.model.reference import BarcodeReference
from musk_id.model.values import Line
from musk_id.refdb.found_windows import MIN_GENOME_BP, Found, RawRecord, Refusal, Window, refuse, unambiguous
from musk_id.refdb.screening_windows import joined_markers, of_releases, screening
from musk_id.vocabulary import Locus

__all__ = ["WindowFinder"]

AMPLICON_SLACK = 12
# No cut gene is longer; of a longer sequence only the stretch around a marker is looked at.
MAX_GENE_BP = 2000
# Letters on either side of a marker's place that its stretch takes in: primers, and letters too many or missing.
REACH_BP = 100
# Above this share of words off the main diagonal a coding sequence is laid into its window with gaps.
MAX_SHARE_OFF_DIAGONAL = 0.10
MAX_INDEL_SHARE = 0.03
MIN_AMPLICON_SHARE = 0.80
MAX_ROUNDS = 6
NEAREST_FRAMES = 8
MAX_EMPTY_COLUMNS = 2
LETTERS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class _Gapped:
    """A coding sequence that has to be laid into its window with gaps, once all others are placed."""

    locus: Locus
    oriented: Masks
    strand: int


@dataclass(frozen=True, slots=True)
class _Uncut:
    """A short marker in a sequence on its strand, before its primers are sought; length of the whole record."""

    oriented: Masks
    strand: int
    whole_bp: int


_Part = Window | Refusal | _Gapped


class WindowFinder:
    """Finds the windows of many records.

    Parameters
    ----------
    anchors : iterable of BarcodeReference
        Records of a release that give the frames of the markers.
    method : BarcodeMethod
        Lengths and primers of the markers.
    """

    def __init__(self, anchors: Iterable[BarcodeReference], method: BarcodeMethod) -> None:
        self._amplicons = {limits.locus: limits for limits in method.amplicons}
        self._long = {limits.locus: limits for limits in method.long_loci}
        widths = {limits.locus.value: limits.max_length_bp for limits in method.amplicons}
        self._widths = widths | {limits.locus.value: limits.window_bp for limits in method.long_loci}
        shortest = {limits.locus.value: limits.min_length_bp for limits in method.amplicons}
        self._own_words = {locus: bp - KMER + 1 for locus, bp in (self._widths | shortest).items()}
        self._placed: dict[str, dict[bytes, Masks]] = {}
        for record in anchors:
            masks = encode(record.sequence)
            self._placed.setdefault(record.locus.value, {})[masks.tobytes()] = masks
        self._index = self._build()

    def _build(self) -> KmerIndex:
        return KmerIndex(
            {locus: [(0, masks) for masks in placed.values()] for locus, placed in self._placed.items()},
            slack={locus: 0 if Locus(locus) in self._long else AMPLICON_SLACK for locus in self._placed},
        )

    def find(self, records: Sequence[RawRecord]) -> dict[int, tuple[Found, ...]]:
        """Windows and refusals of every record, by its number; at least one of either for each record.

        What becomes of a record hangs on its letters and on the markers wanted alone, so that equal records are
        looked at once.
        """
        alike: dict[tuple[str, tuple[Locus, ...]], list[int]] = {}
        for record in records:
            alike.setdefault((record.letters, record.loci), []).append(record.number)
        distinct = [RawRecord(numbers[0], *what) for what, numbers in alike.items()]
        by_primers: dict[int, tuple[Found, ...]] = {}
        for part in _parts(distinct):
            by_primers |= dict(zip((record.number for record in part), screening(part), strict=True))
        by_words = [replace(record, loci=of_releases(record.loci)) for record in distinct]
        found = self._find([record for record in by_words if record.loci])
        joined = {r.number: joined_markers(r, found.get(r.number, ()), by_primers[r.number]) for r in distinct}
        return {number: joined[numbers[0]] for numbers in alike.values() for number in numbers}

    def _find(self, records: Sequence[RawRecord]) -> dict[int, tuple[Found, ...]]:
        found: dict[int, tuple[_Part, ...]] = {}
        waiting = list(records)
        for _ in range(MAX_ROUNDS):
            before = len(waiting), _count(found)
            waiting = [record for part in _parts(waiting) for record in self._try(part, found)]
            if not waiting or before == (len(waiting), _count(found)) or not self._learn(found):
                break
        for record in waiting:
            found[record.number] = (*found.get(record.number, ()), *self._missing(record, found))
        # All windows are frames for what needs gaps, whether or not a record waited to be recognised.
        self._add(found)
        return self._with_gaps(found)

    def _with_gaps(self, found: dict[int, tuple[_Part, ...]]) -> dict[int, tuple[Found, ...]]:
        """Lay what needs gaps into its window along the nearest of all placed sequences."""
        frames = {locus: _whole(list(self._placed[locus.value].values())) for locus in self._long}
        words = {locus: WordIndex(masks) for locus, masks in frames.items()}
        done: dict[int, tuple[Found, ...]] = {}
        for number, parts in found.items():
            settled: list[Found] = []
            for part in parts:
                if isinstance(part, _Gapped):
                    near = words[part.locus].nearest(part.oriented, NEAREST_FRAMES)
                    # A column without a letter must keep its place: N takes any letter there.
                    texts = [decode(frames[part.locus][n]).rstrip("-").replace("-", "N") for n in near]
                    settled.append(_gapped(part, texts, self._long[part.locus]))
                else:
                    settled.append(part)
            done[number] = tuple(settled)
        return done

    def _try(self, records: Sequence[RawRecord], found: dict[int, tuple[_Part, ...]]) -> list[RawRecord]:
        """Add the markers that are recognised now; the records in which there is more to be sought."""
        masks = [encode(record.letters) for record in records]
        seen = [
            self._seen(record, query, anchors, found.get(record.number, ()))
            for record, query, anchors in zip(
                records, masks, anchors_of_each(self._index, masks, MIN_VOTES), strict=True
            )
        ]
        rest = []
        for record, held in zip(records, self._cut(seen), strict=True):
            if held:
                found[record.number] = tuple(part for _, part in sorted(held.items()))
            if not held or self._unseen(record, (n for n, part in held.items() if not _is_doubtful(part))):
                rest.append(record)
        return rest

    def _seen(
        self, record: RawRecord, masks: Masks, anchors: tuple[Anchor, ...], known: tuple[_Part, ...]
    ) -> dict[str, _Part | _Uncut]:
        """What is known of the markers of a record, and what its anchors show beside it."""
        held: dict[str, _Part | _Uncut] = {part.locus.value: part for part in known if part.locus is not None}
        own_words = self._own_words if masks.size > MAX_GENE_BP else None
        for locus, of_locus in anchors_by_locus(anchors, own_words).items():
            if locus not in held or _is_doubtful(held[locus]):
                held[locus] = self._window(masks, of_locus, record.loci)
        return held

    def _cut(self, seen: Sequence[dict[str, _Part | _Uncut]]) -> list[dict[str, _Part]]:
        """The same with the short markers cut between their primers."""
        cut: list[dict[str, _Part]] = [
            {name: part for name, part in held.items() if not isinstance(part, _Uncut)} for held in seen
        ]
        for locus, limits in self._amplicons.items():
            waiting = [(n, part) for n, held in enumerate(seen) if isinstance(part := held.get(locus), _Uncut)]
            found = _amplicons([part for _, part in waiting], limits)
            for (number, _), window in zip(waiting, found, strict=True):
                cut[number][locus.value] = window
        return cut

    def _unseen(self, record: RawRecord, seen: Iterable[str]) -> list[Locus]:
        """Wanted markers that a genome must hold and that were not seen in it; none for a shorter sequence."""
        if len(record.letters) < MIN_GENOME_BP:
            return []
        held = set(seen)
        return [locus for locus in record.loci if locus.value in self._placed and locus.value not in held]

    def _missing(self, record: RawRecord, found: dict[int, tuple[_Part, ...]]) -> list[Refusal]:
        """One refusal for each marker that a genome lacks, or one for a sequence that holds none."""
        measured = Line(f"{len(record.letters)} letters")
        parts = found.get(record.number, ())
        unseen = self._unseen(record, [part.locus.value for part in parts if part.locus is not None])
        if parts or unseen:
            return [
                Refusal(
                    locus, SetAside.LOCUS_NOT_RECOGNISED, measured, Line(f"words shared with a record of {locus}")
                )
                for locus in unseen
            ]
        allowed = Line("words shared with a record of " + ", ".join(record.loci))
        return [Refusal(None, SetAside.LOCUS_NOT_RECOGNISED, measured, allowed)]

    def _learn(self, found: dict[int, tuple[_Part, ...]]) -> bool:
        """Look for the windows found so far as well; whether any was new."""
        grown = self._add(found)
        if grown:
            self._index = self._build()
        return grown

    def _add(self, found: dict[int, tuple[_Part, ...]]) -> bool:
        """Add the windows found so far to those that are placed; whether any was new."""
        grown = False
        for parts in found.values():
            for part in parts:
                if isinstance(part, Window):
                    held = self._placed.setdefault(part.locus.value, {})
                    masks = part.masks if part.locus in self._long else part.masks[part.masks > 0]
                    grown |= masks.tobytes() not in held
                    held[masks.tobytes()] = masks
        return grown

    def _window(self, masks: Masks, anchors: tuple[Anchor, ...], wanted: tuple[Locus, ...]) -> _Part | _Uncut:
        anchor = anchors[0]
        locus = Locus(anchor.locus)
        if locus not in wanted:
            return Refusal(locus, SetAside.LOCUS_NOT_WANTED, Line(locus.value), Line(", ".join(wanted)))
        if len(anchors) > 1 and anchors[1].votes * 2 > anchor.votes:
            return Refusal(locus, SetAside.LOCUS_AMBIGUOUS, Line("on both strands"), Line("one strand"))
        oriented = masks if anchor.strand == 1 else reverse_complement(masks)
        if oriented.size > MAX_GENE_BP:
            oriented, anchor = self._stretch(oriented, anchor)
        if locus in self._amplicons:
            return _Uncut(oriented, anchor.strand, int(masks.size))
        if off_diagonal_share(anchor) > MAX_SHARE_OFF_DIAGONAL:
            return _Gapped(locus, oriented, anchor.strand)
        window = place(oriented, anchor.diagonal, self._long[locus].window_bp)
        return _coding(Window(locus, window, anchor.strand), self._long[locus])

    def _stretch(self, oriented: Masks, anchor: Anchor) -> tuple[Masks, Anchor]:
        """The part of a long sequence around a marker, and the marker's anchor in that part alone."""
        first = max(-anchor.diagonal - REACH_BP, 0)
        stretch = oriented[first : max(self._widths[anchor.locus] + REACH_BP - anchor.diagonal, 0)]
        near = next(
            found for found in self._index.anchors(stretch) if (found.locus, found.strand) == (anchor.locus, 1)
        )
        return stretch, replace(near, strand=anchor.strand)


def _parts(records: Sequence[RawRecord]) -> Iterator[Sequence[RawRecord]]:
    """Records in parts of so many letters as are held encoded at once."""
    first = letters = 0
    for number, record in enumerate(records, 1):
        letters += len(record.letters)
        if letters >= LETTERS_AT_ONCE:
            yield records[first:number]
            first, letters = number, 0
    if first < len(records):
        yield records[first:]


def _is_doubtful(part: _Part | _Uncut) -> bool:
    """Whether a marker's strand was not told; more references may tell it."""
    return isinstance(part, Refusal) and part.reason is SetAside.LOCUS_AMBIGUOUS


def _count(found: dict[int, tuple[_Part, ...]]) -> int:
    """How many markers are settled."""
    return sum(not _is_doubtful(part) for parts in found.values() for part in parts)


def _whole(frames: list[Masks]) -> list[Masks]:
    """Frames with hardly a column without letter up to their last one; all of them where none is such.

    A column without letter costs a sequence nothing, so that a frame with many would be taken for the nearest.
    """
    whole = [
        masks
        for masks in frames
        if np.count_nonzero(masks[: int(np.flatnonzero(masks)[-1])] == 0) <= MAX_EMPTY_COLUMNS
    ]
    return whole or frames


def _amplicons(parts: Sequence[_Uncut], limits: AmpliconLimits) -> list[Found]:
    """Windows of a short marker, or refusals, in the order of what was handed in."""
    primers = PrimerPair(limits.forward_primer, limits.reverse_primer)
    shortest, longest = round(limits.min_length_bp * MIN_AMPLICON_SHARE), 2 * limits.max_length_bp
    inserts = inserts_of_each([part.oriented for part in parts], primers, shortest, longest)
    return [_amplicon(part, insert, cut, limits) for part, (insert, cut) in zip(parts, inserts, strict=True)]


def _amplicon(part: _Uncut, insert: Masks, cut: int, limits: AmpliconLimits) -> Found:
    shortest, longest = round(limits.min_length_bp * MIN_AMPLICON_SHARE), 2 * limits.max_length_bp
    # The ends of a stretch are no ends of the record: only a pair of primers tells where the marker ends.
    uncut_bp = insert.size if cut == 2 or part.whole_bp == part.oriented.size else part.whole_bp
    if uncut_bp > longest:
        return refuse(
            limits.locus,
            SetAside.TOO_LONG,
            f"{uncut_bp} bp without a pair of primer sites",
            f"at most {longest} bp",
        )
    if insert.size < shortest:
        return refuse(limits.locus, SetAside.TOO_SHORT, f"{insert.size} bp", f"at least {shortest} bp")
    return unambiguous(Window(limits.locus, insert, part.strand))


def _gapped(part: _Gapped, frames: list[str], limits: LongLocusLimits) -> Found:
    placed = place_gapped(decode(part.oriented), frames, limits.window_bp)
    return _coding(Window(part.locus, placed.masks, part.strand, placed.inserted + placed.deleted), limits)


def _coding(window: Window, limits: LongLocusLimits) -> Found:
    compared = int((window.masks > 0).sum())
    if compared < limits.min_compared_bp:
        allowed = f"at least {limits.min_compared_bp} bp"
        return refuse(limits.locus, SetAside.TOO_SHORT, f"{compared} bp of the window", allowed)
    if window.indels > MAX_INDEL_SHARE * compared:
        measured = f"{window.indels} letters too many or missing in {compared} bp"
        return refuse(limits.locus, SetAside.FRAME_BROKEN, measured, f"at most {100 * MAX_INDEL_SHARE:.0f} %")
    return unambiguous(window)
