"""Anchors and inserts of many sequences at once: the answers of one after the other, in fewer array operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.anchoring import Anchor, KmerIndex, Words, number_ranges, words_of
from musk_id.kernels.nucleotides import GAP, Masks, decode, encode, reverse_complement
from musk_id.kernels.placement import MAX_PRIMER_MISMATCHES, PrimerPair, span_of

__all__ = ["anchors_of_each", "inserts_of_each", "primers_in_each"]

# Letters of a batch, and sequences times the longest of them: both keep the arrays of a batch in the cache.
MAX_LETTERS = 100_000
MAX_CELLS = 1_000_000
_NEVER = 255

Numbers = NDArray[np.int64]


def anchors_of_each(index: KmerIndex, queries: Sequence[Masks], least: int = 1) -> list[tuple[Anchor, ...]]:
    """Anchors of each query as :meth:`KmerIndex.anchors` gives them, in the order of the queries."""
    found: list[tuple[Anchor, ...]] = []
    for batch in _batches(queries):
        of_each: list[list[Anchor]] = [[] for _ in batch]
        for strand in (1, -1):
            _add_anchors(index, _Joined(batch, strand), strand, least, of_each)
        found += [tuple(sorted(anchors, key=lambda a: (-a.votes, a.locus, -a.strand))) for anchors in of_each]
    return found


def _batches(queries: Sequence[Masks]) -> Iterator[Sequence[Masks]]:
    first = letters = longest = 0
    for number, query in enumerate(queries):
        letters, longest = letters + query.size, max(longest, query.size)
        if number > first and (letters > MAX_LETTERS or (number + 1 - first) * longest > MAX_CELLS):
            yield queries[first:number]
            first, letters, longest = number, query.size, query.size
    if first < len(queries):
        yield queries[first:]


class _Joined:
    """Words of a batch of sequences on one strand: which sequence each is of, and where in it it begins."""

    def __init__(self, queries: Sequence[Masks], strand: int) -> None:
        # A letter that is none stands between sequences, so that no word reaches over an end.
        gap = np.full(1, GAP, np.uint8)
        joined = np.concatenate([part for query in queries for part in (query, gap)])
        sizes = np.array([query.size for query in queries], np.int64)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes + 1)[:-1]])
        if strand == -1:
            joined, starts = reverse_complement(joined), joined.size - starts - sizes
        self.count = len(queries)
        self.words: Words
        self.words, positions = words_of(joined)
        order = np.argsort(starts)
        self.owner: Numbers = order[np.searchsorted(starts[order], positions, side="right") - 1]
        self.positions: Numbers = positions - starts[self.owner]

    def per_query(self, words: NDArray[np.int64] | NDArray[np.bool_]) -> Numbers:
        """How many of the words given by number or by truth value each sequence holds."""
        counts: Numbers = np.bincount(self.owner[words], minlength=self.count).astype(np.int64)
        return counts


def _add_anchors(index: KmerIndex, joined: _Joined, strand: int, least: int, of_each: list[list[Anchor]]) -> None:
    kmers = np.bincount(joined.owner, minlength=joined.count)
    for locus, held_here in index.holding(joined.words):
        hits = np.flatnonzero(held_here)
        voted = joined.per_query(hits)
        hits = hits[(voted >= max(least, 1))[joined.owner[hits]]]
        if not hits.size:
            continue
        best, votes = _best_diagonals(index, locus, joined, hits)
        for query in np.flatnonzero(voted >= max(least, 1)).tolist():
            on = int(votes[query])
            anchor = Anchor(locus, strand, int(best[query]), on, int(voted[query]) - on, int(kmers[query]))
            of_each[query].append(anchor)


def _best_diagonals(index: KmerIndex, locus: str, joined: _Joined, hits: Numbers) -> tuple[Numbers, Numbers]:
    """Diagonal with most votes of each sequence, the smaller among equals, and the votes on it or near it."""
    columns, low, repeats = index.columns_of(locus, joined.words[hits])
    word = np.repeat(hits, repeats)
    owner = joined.owner[word]
    diagonals = columns[number_ranges(low, repeats)] - joined.positions[word]
    base = int(diagonals.min())
    width = int(diagonals.max()) - base + 1
    # A word stands once in a column, so that no pair of word and diagonal occurs twice.
    counts = np.bincount(owner * width + (diagonals - base), minlength=joined.count * width)
    best: Numbers = counts.reshape(joined.count, width).argmax(axis=1) + base
    voting = np.zeros(joined.words.size, np.bool_)
    voting[word[np.abs(diagonals - best[owner]) <= index.slack(locus)]] = True
    return best, joined.per_query(voting)


def primers_in_each(queries: Sequence[Masks], primer: str, max_mismatches: int) -> list[tuple[int, ...]]:
    """Positions of a primer in each query as :func:`musk_id.kernels.anchoring.find_primer` gives them."""
    pattern = encode(primer)
    found: list[tuple[int, ...]] = [()] * len(queries)
    long_enough = [number for number, query in enumerate(queries) if query.size >= pattern.size]
    if not long_enough:
        return found
    sizes = np.array([queries[number].size for number in long_enough], np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)[:-1]])
    joined = np.concatenate([queries[number] for number in long_enough])
    missed = np.zeros(joined.size, np.uint8)
    for place, bases in enumerate(pattern.tolist()):
        missed[: joined.size - place] += (joined[place:] & bases) == 0
    owner = np.repeat(np.arange(sizes.size), sizes)
    missed[np.arange(joined.size) > (starts + sizes - pattern.size)[owner]] = _NEVER
    fewest = np.minimum.reduceat(missed, starts)
    at = np.flatnonzero((missed == fewest[owner]) & (fewest[owner] <= max_mismatches) & (missed != _NEVER))
    for position, here in zip((at - starts[owner[at]]).tolist(), owner[at].tolist(), strict=True):
        found[long_enough[here]] = (*found[long_enough[here]], position)
    return found


def inserts_of_each(
    oriented: Sequence[Masks], primers: PrimerPair, shortest_bp: int, longest_bp: int
) -> list[tuple[Masks, int]]:
    """Sequence between the primers of each query, and how many primers were found and cut.

    The answers are those of :func:`musk_id.kernels.placement.insert_between`.
    """
    reverse = decode(reverse_complement(encode(primers.reverse)))
    starts = primers_in_each(oriented, primers.forward, MAX_PRIMER_MISMATCHES)
    ends = primers_in_each(oriented, reverse, MAX_PRIMER_MISMATCHES)
    inserts = []
    for query, begins, stops in zip(oriented, starts, ends, strict=True):
        first, last, cut = span_of(begins, stops, int(query.size), primers, shortest_bp, longest_bp)
        inserts.append((query[first:last], cut))
    return inserts
