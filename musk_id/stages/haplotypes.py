"""What the reads of each haplotype agree on: shared by long reads and mapped ones.

What comes out are variants like those of exact reads: they go through the same rules.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musk_id.errors import InputFormatError
from musk_id.kernels.anchoring import KMER, Anchor, WordIndex
from musk_id.kernels.linked_sites import LinkLimits, split_once
from musk_id.kernels.noisy_reads import lay
from musk_id.kernels.nucleotides import Masks, encode
from musk_id.kernels.piles import Agreed, Pile, VoteLimits, agree, make_pile
from musk_id.kernels.placement import anchors_by_locus
from musk_id.model.methods import BarcodeMethod, ReadsMethod
from musk_id.model.reads import AlignedRead, Amplicon, DistinctReads, PiledReads, ReadTally
from musk_id.model.reads_method import PileLimits
from musk_id.model.values import Line
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.read_variants import checked_variants
from musk_id.vocabulary import Locus

__all__ = [
    "HEAD",
    "TAIL",
    "Content",
    "PileRules",
    "Templates",
    "check_depth",
    "haplotypes",
    "laid_read",
    "piled",
    "text_of",
    "turned",
]

# Of a longer sequence only the stretch around each marker counts, by the marker's own words.
MAX_GENE_BP = 2_000
TEMPLATE_VOTERS = 60
# Marks that fit nothing but each other: what was cut at both ends of a window is laid into it from end to end.
HEAD, TAIL = "[" * 8, "]" * 8
# A gene that lacks more than these, or has more, is not mended.
MAX_FRAME_LETTERS = 5
MAX_LAYINGS = 4
_DIGEST_BYTES = 16
_OTHER_STRAND = str.maketrans("ACGTRYKMBVDHacgtrykmbvdh", "TGCAYRMKVBHDtgcayrmkvbhd")


@dataclass(frozen=True, slots=True)
class PileRules:
    """What reads are piled up with; ``with_genera`` asks for the nearest genus of each read (blanks)."""

    library: BarcodeLibrary
    barcode: BarcodeMethod
    reads: ReadsMethod
    piles: PileLimits
    with_genera: bool = False

    @property
    def widths(self) -> dict[Locus, int]:
        found = {limits.locus: limits.max_length_bp for limits in self.barcode.amplicons}
        return found | {limits.locus: limits.window_bp for limits in self.barcode.long_loci}

    def is_coding(self, locus: Locus) -> bool:
        return any(limits.locus is locus for limits in self.barcode.long_loci)

    def markers(self, anchors: tuple[Anchor, ...], length_bp: int) -> dict[Locus, Anchor]:
        """The anchor of each marker in a sequence; none of one that lies on both strands."""
        words = {locus.value: width - KMER + 1 for locus, width in self.widths.items()}
        found = anchors_by_locus(anchors, words if length_bp > MAX_GENE_BP else None)
        return {
            Locus(locus): own[0]
            for locus, own in found.items()
            if len(own) < 2 or own[1].votes * 2 <= own[0].votes
        }


class Content:
    """A digest of many reads that does not hang on their order."""

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0

    def add(self, *parts: bytes) -> None:
        digest = hashlib.blake2b(b"\0".join(parts), digest_size=_DIGEST_BYTES).digest()
        self._sum = (self._sum + int.from_bytes(digest, "big")) % (1 << 8 * _DIGEST_BYTES)
        self._count += 1

    def counts(self) -> dict[bytes, int]:
        return {self._sum.to_bytes(_DIGEST_BYTES, "big"): self._count} if self._count else {}


class Templates:
    """Records of a marker by the words that they share with reads."""

    def __init__(self, locus: Locus, rules: PileRules) -> None:
        self.rules = rules
        self.is_coding = rules.is_coding(locus)
        width = rules.widths[locus] if self.is_coding else None
        self._records = rules.library.loci[locus].records
        self._texts = [record.sequence[:width] for record in self._records]
        self._words = WordIndex([encode(text) for text in self._texts])

    def of(self, reads: Sequence[str]) -> str:
        """Letters of the record that is nearest to most reads; the first of equal ones."""
        votes: Counter[int] = Counter()
        for read in _drawn(reads):
            votes.update(self._words.nearest(_masks(read), 1))
        best = min(votes, key=lambda number: (-votes[number], number), default=0)
        return self._texts[best]

    def genus(self, read: str) -> list[str]:
        """The genus of the record that shares most words with a read; none without a shared one."""
        return [str(self._records[number].genus) for number in self._words.nearest(_masks(read), 1)]


def _masks(read: str) -> Masks:
    return encode(read.strip("[]"))


def _drawn(reads: Sequence[str]) -> list[str]:
    """Some of many reads, the same ones whatever their order."""
    order = sorted(reads, key=lambda r: hashlib.blake2b(r.encode("ascii"), digest_size=8).digest())
    return order[:TEMPLATE_VOTERS]


def piled(
    amplicons: list[Amplicon], unplaced: int, genera: Counter[str], content: Content, tally: ReadTally
) -> PiledReads:
    if unplaced:
        amplicons.append(Amplicon(primers=None, reads=unplaced, unassigned_reads=unplaced, variants=()))
    return PiledReads(tuple(amplicons), dict(sorted(genera.items())), DistinctReads(content.counts(), tally))


def check_depth(reads: int, piles: PileLimits) -> None:
    """Refuse more reads of a marker than are piled up, where none are drawn."""
    if reads > piles.max_window_reads and not piles.draws_reads:
        raise InputFormatError(
            f"more than {piles.max_window_reads} reads of one marker are not piled up",
            hint="hand in a part of the reads that was drawn at random, and say so",
        )


def turned(text: str) -> str:
    """The other strand; lower case stays so."""
    return text.translate(_OTHER_STRAND)[::-1]


def haplotypes(
    name: Line | None,
    reads: Sequence[AlignedRead],
    width: int,
    counted: tuple[int, int],
    templates: Templates,
) -> Amplicon:
    """What each haplotype's reads agree on; reads that cannot be told apart belong to none.

    ``counted`` are the reads of the marker that were drawn and those that were not.
    """
    rules = templates.rules
    found: dict[bytes, list[int]] = {}
    for agreed in _resolved(reads, width, templates):
        if agreed.letters.strip(b"N"):
            numbers = found.setdefault(agreed.letters, [0, 0])
            numbers[0] += int(agreed.exact.size)
            numbers[1] += int(np.count_nonzero(agreed.exact))
    order = sorted(found, key=lambda text: (-found[text][0], text))
    variants = checked_variants(
        order, [found[text][0] for text in order], [found[text][1] for text in order], rules.reads
    )
    total, not_drawn = counted
    unassigned = total - sum(variant.reads for variant in variants)
    return Amplicon(primers=name, reads=total, unassigned_reads=unassigned, variants=variants, not_drawn=not_drawn)


def _resolved(reads: Sequence[AlignedRead], width: int, templates: Templates) -> list[Agreed]:
    """Haplotypes of reads: split in two, laid against what each part agrees on, and split again.

    Against a template of another animal errors lie beside differences, and look linked; against their own
    haplotype, or the record nearest to it, they do not.
    """
    piles = templates.rules.piles
    links = LinkLimits(
        min_reads=piles.min_haplotype_reads,
        min_apart=piles.min_linked_apart_bp,
        error_limit=float(piles.link_error_limit),
        firm_percent=piles.firm_percent,
        single_percent=piles.single_letter_percent,
        min_single_reads=piles.min_single_letter_reads,
        min_strand_depth=piles.min_strand_depth,
    )
    votes = VoteLimits(piles.min_depth, piles.min_strand_depth, piles.min_share_percent, piles.run_error_percent)
    found: list[Agreed] = []
    waiting = [(list(reads), width, False)]
    while waiting:
        own, columns, is_own_template = waiting.pop()
        pile = make_pile(own, 0, columns)
        if len(pile) < piles.min_depth:
            continue
        split = split_once(pile.letters, pile.reverse, links)
        if split is None and is_own_template:
            frame = templates.of([text_of(read) for read in own]) if templates.is_coding else None
            found.append(_agreed(pile, frame, votes, piles))
            continue
        for part in split if split is not None else (np.ones(len(pile), np.bool_),):
            rows = np.flatnonzero(part)
            template = agree(pile, rows, votes).draft.decode("ascii")
            chosen = {pile.fragments[row] for row in rows.tolist()}
            kept = [read for read in own if read.fragment in chosen]
            texts = _drawn([text_of(read) for read in kept])
            nearest = templates.of(texts)
            # Of equal ones that which the reads themselves give.
            template = min((template, nearest), key=lambda other: _edits(texts, other, piles))
            waiting.append((*_settled(kept, template, votes, piles), True))
    return found


def _edits(texts: Sequence[str], template: str, piles: PileLimits) -> int:
    """Edits of reads against a template; one that does not fit has as many as it has letters."""
    laid = [(text, laid_read(text, template, b"", piles, is_reverse=False)) for text in texts]
    return sum(
        len(text)
        if read is None
        else sum(a != b for a, b in zip(read.letters.upper(), _under(read, template), strict=True))
        + sum(len(inserted) for _, inserted in read.inserts)
        for text, read in laid
    )


def _under(read: AlignedRead, template: str) -> bytes:
    first = read.first_column
    return (HEAD + template + TAIL).encode("ascii")[first : first + len(read.letters)]


def _settled(
    reads: Sequence[AlignedRead], template: str, votes: VoteLimits, piles: PileLimits
) -> tuple[list[AlignedRead], int]:
    """Reads laid against what they agree on until that changes no more, and the number of its columns."""
    for _ in range(MAX_LAYINGS):
        laid = _laid_again(reads, template, piles)
        columns = len(HEAD + template + TAIL)
        pile = make_pile(laid, 0, columns)
        agreed = agree(pile, np.arange(len(pile)), votes).draft.decode("ascii")
        if agreed == template or not agreed:
            break
        template = agreed
    return laid, columns


def _agreed(pile: Pile, frame: str | None, votes: VoteLimits, piles: PileLimits) -> Agreed:
    """What all reads of a pile agree on, with the letters that its reading frame asks for."""
    rows = np.arange(len(pile))
    agreed = agree(pile, rows, votes)
    surplus = 0 if frame is None else _surplus(agreed, frame, piles)
    if not 0 < abs(surplus) <= MAX_FRAME_LETTERS:
        return agreed
    mended = agree(pile, rows, votes, surplus=surplus)
    return agreed if frame is None or _surplus(mended, frame, piles) else mended


def _surplus(agreed: Agreed, frame: str, piles: PileLimits) -> int:
    """Letters that a sequence has too many for a reading frame; negative where too few."""
    laid = lay(agreed.letters.decode("ascii"), frame, piles.max_read_edits_percent)
    if laid is None:
        return 0
    return sum(len(text) for _, text in laid.inserts) - laid.letters.count(b"-")


def _laid_again(reads: Sequence[AlignedRead], template: str, piles: PileLimits) -> list[AlignedRead]:
    """Reads in the columns of another template; those that do not fit are left out."""
    laid = (laid_read(text_of(read), template, read.fragment, piles, is_reverse=read.is_reverse) for read in reads)
    return [read for read in laid if read is not None]


def laid_read(
    text: str, template: str, fragment: bytes, piles: PileLimits, *, is_reverse: bool
) -> AlignedRead | None:
    """A read, with its marks, in the columns of a template with marks at both ends."""
    head, tail = HEAD * text.startswith(HEAD), TAIL * text.endswith(TAIL)
    laid = lay(text, head + template + tail, piles.max_read_edits_percent)
    if laid is None:
        return None
    shift = len(HEAD) - len(head)
    return AlignedRead(
        fragment,
        is_reverse,
        laid.first_column + shift,
        laid.letters,
        tuple((column + shift, letters) for column, letters in laid.inserts),
    )


def text_of(read: AlignedRead) -> str:
    """Letters of a read without gaps, with those that have no column."""
    parts, place = [], 0
    for column, text in read.inserts:
        here = column - read.first_column
        parts += [read.letters[place:here], text]
        place = here
    return b"".join((*parts, read.letters[place:])).replace(b"-", b"").decode("ascii")
