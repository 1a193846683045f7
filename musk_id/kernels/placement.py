"""Which part of a sequence is compared: the anchor to use, the insert between primers, the coding window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from musk_id.kernels.anchoring import Anchor, find_primer
from musk_id.kernels.nucleotides import Masks, decode, encode, reverse_complement

__all__ = [
    "MAX_PRIMER_MISMATCHES",
    "MIN_VOTES",
    "PrimerPair",
    "anchors_by_locus",
    "insert_between",
    "insert_span",
    "off_diagonal_share",
    "span_of",
]

MIN_VOTES = 8

MAX_PRIMER_MISMATCHES = 3


@dataclass(frozen=True, slots=True)
class PrimerPair:
    """Forward and reverse primer as ordered, 5' to 3', IUPAC letters."""

    forward: str
    reverse: str


def anchors_by_locus(
    anchors: tuple[Anchor, ...], own_words: Mapping[str, int] | None = None
) -> dict[str, tuple[Anchor, ...]]:
    """Anchors with enough votes, by marker; a marker's strands in order of their votes.

    A marker that shares a few words with the query by chance is left out: one counts when it has at least
    a quarter of the votes of the best.

    Parameters
    ----------
    own_words : mapping of str to int, optional
        Words of each marker as a whole. Where given, a marker counts as well when an eighth of its own words
        vote for it: a short one beside a long one in the same sequence. A strand with fewer is chance.
    """
    strong = [anchor for anchor in anchors if anchor.votes >= MIN_VOTES]
    top = max((anchor.votes for anchor in strong), default=0)
    if own_words is not None:
        strong = [a for a in strong if a.votes * 4 >= top or a.votes * 8 >= own_words[a.locus]]
        top = 0
    found: dict[str, tuple[Anchor, ...]] = {}
    for anchor in strong:
        found[anchor.locus] = (*found.get(anchor.locus, ()), anchor)
    return {locus: kept for locus, kept in found.items() if kept[0].votes * 4 >= top}


def off_diagonal_share(anchor: Anchor) -> float:
    """Share of the marker's votes that lie on other diagonals: evidence of insertions, deletions, copies."""
    total = anchor.votes + anchor.votes_elsewhere
    return anchor.votes_elsewhere / total if total else 1.0


def insert_between(oriented: Masks, primers: PrimerPair, shortest_bp: int, longest_bp: int) -> tuple[Masks, int]:
    """Sequence between the primers, and how many primers were found and cut (see :func:`insert_span`)."""
    first, last, cut = insert_span(oriented, primers, shortest_bp, longest_bp)
    return oriented[first:last], cut


def insert_span(oriented: Masks, primers: PrimerPair, shortest_bp: int, longest_bp: int) -> tuple[int, int, int]:
    """First and last-plus-one letter between the primers, and how many primers were found and cut.

    Primers must stand in order, at most ``longest_bp`` and at least ``shortest_bp`` letters apart. A single
    primer is cut where it stands once; without primers the sequence is taken as it is.
    """
    starts = find_primer(oriented, primers.forward, MAX_PRIMER_MISMATCHES)
    reverse_pattern = decode(reverse_complement(encode(primers.reverse)))
    ends = find_primer(oriented, reverse_pattern, MAX_PRIMER_MISMATCHES)
    return span_of(starts, ends, int(oriented.size), primers, shortest_bp, longest_bp)


def span_of(
    starts: tuple[int, ...],
    ends: tuple[int, ...],
    whole: int,
    primers: PrimerPair,
    shortest_bp: int,
    longest_bp: int,
) -> tuple[int, int, int]:
    """The answer of :func:`insert_span` for a sequence of so many letters with its primers found."""
    pairs = [
        (start + len(primers.forward), end)
        for start in starts
        for end in ends
        if shortest_bp <= end - start - len(primers.forward) <= longest_bp
    ]
    if pairs:
        first, last = min(pairs, key=lambda pair: (pair[1] - pair[0], pair[0]))
        return first, last, 2
    if len(starts) == 1 and not ends:
        return min(starts[0] + len(primers.forward), whole), whole, 1
    if len(ends) == 1 and not starts:
        return 0, max(ends[0], 0), 1
    return 0, whole, 0
