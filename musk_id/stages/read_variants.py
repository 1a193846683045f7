"""From reads to exact variants: joined, filtered, counted, cut at their primers, denoised, checked for chimeras.

Only counts of distinct sequences are kept, so that neither the order of the reads nor the size of the batches
changes anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError
from musk_id.kernels.chimeras import ChimeraCheck, ChimeraState, check_chimeras
from musk_id.kernels.denoise import denoise
from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.kernels.primer_ends import find_inserts
from musk_id.kernels.read_pairs import ERROR_UNIT, JoinLimits, join_pairs, phred_error
from musk_id.model.methods import ReadsMethod
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.reads import Amplicon, DistinctReads, PiledReads, ReadBatch, ReadTally, ReadVariant
from musk_id.model.values import Line

__all__ = [
    "MAX_DISTINCT",
    "checked_variants",
    "count_pairs",
    "count_reads",
    "cut_by_primers",
    "cut_reads",
    "find_variants",
]

MAX_DISTINCT = 5_000_000
# Long reads with few errors are exact reads, too: what is held is limited by its letters.
MAX_DISTINCT_LETTERS = 2_000_000_000
# Letters of pairs of many lengths that are looked at together.
POOLED_LETTERS = 30_000_000
MAX_VARIANTS = 2_000
MAX_CHECKED = 300

_ERRORS = np.array([round(phred_error(quality) * ERROR_UNIT) for quality in range(94)], dtype=np.int64)


class _Counting:
    """Distinct sequences so far, and what became of the reads."""

    def __init__(self, method: ReadsMethod) -> None:
        self._method = method
        self.counts: Counter[bytes] = Counter()
        self._letters = 0
        self.tally = dict.fromkeys(ReadTally.__dataclass_fields__, 0)

    def add(self, found: Mapping[bytes, int]) -> None:
        """Take reads that are within the limit of errors, each with how often it was read."""
        for read, count in found.items():
            if b"N" in read:
                self.tally["ambiguous_letters"] += count
            elif len(read) < self._method.min_length_bp:
                self.tally["too_short"] += count
            else:
                self.tally["used"] += count
                self._letters += 0 if read in self.counts else len(read)
                self.counts[read] += count
        if len(self.counts) > MAX_DISTINCT or self._letters > MAX_DISTINCT_LETTERS:
            raise InputFormatError(
                f"more than {MAX_DISTINCT} distinct sequences, or {MAX_DISTINCT_LETTERS} letters of them",
                hint="the reads are no amplicons, or of many runs; hand in each run by itself",
            )

    def done(self) -> DistinctReads:
        return DistinctReads(dict(self.counts), ReadTally(**self.tally))


def _max_errors(method: ReadsMethod) -> int:
    return round(float(method.max_expected_errors) * ERROR_UNIT)


def count_reads(batches: Iterable[ReadBatch], method: ReadsMethod) -> DistinctReads:
    """Distinct sequences of single reads.

    Raises
    ------
    InputFormatError
        If there are more than ``MAX_DISTINCT``, or the batches cannot be read.
    """
    counting = _Counting(method)
    limit = _max_errors(method)
    for batch in batches:
        counting.tally["total"] += len(batch)
        # A sum over a stretch of no letters would be that of the next one.
        filled = np.flatnonzero(batch.lengths)
        errors = np.zeros(len(batch), np.int64)
        if filled.size:
            errors[filled] = np.add.reduceat(_ERRORS[batch.quality], batch.starts[filled])
        good = errors <= limit
        counting.tally["too_many_errors"] += int(np.count_nonzero(~good))
        counting.add(Counter(batch.sequence(int(number)) for number in np.flatnonzero(good)))
    return counting.done()


def count_pairs(batches: Iterable[tuple[ReadBatch, ReadBatch]], method: ReadsMethod) -> DistinctReads:
    """Distinct sequences of joined pairs of reads.

    Raises
    ------
    InputFormatError
        As for :func:`count_reads`.
    """
    counting = _Counting(method)
    limits = JoinLimits(method.min_overlap_bp, method.max_mismatch_percent, float(method.max_expected_errors))
    for forward, reverse in _pooled(batches):
        counting.tally["total"] += len(forward)
        for rows, shape in _same_lengths(forward, reverse):
            joined = join_pairs(
                _matrix(forward, forward.letters, rows, shape[0]),
                _matrix(forward, forward.quality, rows, shape[0]),
                _matrix(reverse, reverse.letters, rows, shape[1]),
                _matrix(reverse, reverse.quality, rows, shape[1]),
                limits,
            )
            counting.tally["not_overlapping"] += joined.not_overlapping
            counting.tally["ambiguous_overlap"] += joined.ambiguous
            counting.tally["too_many_errors"] += joined.too_many_errors
            counting.add(joined.fragments)
    return counting.done()


def _pooled(batches: Iterable[tuple[ReadBatch, ReadBatch]]) -> Iterator[tuple[ReadBatch, ReadBatch]]:
    """Batches of trimmed reads together: pairs of the same lengths are few in each of them."""
    held: list[tuple[ReadBatch, ReadBatch]] = []
    letters = 0
    for forward, reverse in batches:
        if forward.same_length is not None and reverse.same_length is not None:
            yield forward, reverse
            continue
        held.append((forward, reverse))
        letters += forward.letters.size + reverse.letters.size
        if letters >= POOLED_LETTERS:
            yield _together(held)
            held, letters = [], 0
    if held:
        yield _together(held)


def _together(pairs: Sequence[tuple[ReadBatch, ReadBatch]]) -> tuple[ReadBatch, ReadBatch]:
    return ReadBatch.together([first for first, _ in pairs]), ReadBatch.together([second for _, second in pairs])


def _same_lengths(forward: ReadBatch, reverse: ReadBatch) -> list[tuple[NDArray[np.int64], tuple[int, int]]]:
    """Pairs whose reads are of the same lengths, by these."""
    if forward.same_length is not None and reverse.same_length is not None:
        return [(np.arange(len(forward)), (forward.same_length, reverse.same_length))]
    lengths = np.stack([forward.lengths, reverse.lengths], axis=1)
    shapes, groups = np.unique(lengths, axis=0, return_inverse=True)
    groups = groups.reshape(-1)
    return [
        (np.flatnonzero(groups == number).astype(np.int64), (int(shape[0]), int(shape[1])))
        for number, shape in enumerate(shapes)
    ]


def _matrix(
    batch: ReadBatch, values: NDArray[np.uint8], rows: NDArray[np.int64], length: int
) -> NDArray[np.uint8]:
    if rows.size == len(batch):
        return values.reshape(rows.size, length)
    chosen: NDArray[np.uint8] = values[batch.starts[rows][:, None] + np.arange(length)]
    return chosen


def find_variants(
    reads: DistinctReads | PiledReads, primers: tuple[PrimerPairEntry, ...], method: ReadsMethod
) -> tuple[Amplicon, ...]:
    """Variants by primer pair, pairs in the order of the table, reads without primers last.

    Those of piled reads are known already.
    """
    if isinstance(reads, PiledReads):
        return reads.amplicons
    cut = _cut(reads, primers, method)
    order = sorted(cut, key=lambda pair: (pair < 0, pair))
    return tuple(_amplicon(primers[pair].name if pair >= 0 else None, cut[pair], method) for pair in order)


def cut_by_primers(
    reads: DistinctReads, primers: tuple[PrimerPairEntry, ...], method: ReadsMethod
) -> dict[Line | None, Counter[bytes]]:
    """Distinct sequences without primers by the name of the pair, ``None`` for those without any."""
    return {
        primers[pair].name if pair >= 0 else None: counts for pair, counts in _cut(reads, primers, method).items()
    }


def cut_reads(reads: DistinctReads, primers: tuple[PrimerPairEntry, ...], method: ReadsMethod) -> Counter[bytes]:
    """Distinct sequences without primers, and how often each was read; errors are not told from variants."""
    found: Counter[bytes] = Counter()
    for counts in _cut(reads, primers, method).values():
        found.update(counts)
    return found


def _cut(
    reads: DistinctReads, primers: tuple[PrimerPairEntry, ...], method: ReadsMethod
) -> dict[int, Counter[bytes]]:
    """Distinct sequences without primers by the number of the primer pair, -1 for those without any."""
    sequences = sorted(reads.counts)
    inserts = find_inserts(
        sequences,
        [(pair.forward, pair.reverse) for pair in primers],
        max_mismatches=method.max_primer_mismatches,
        max_offset_bp=method.max_primer_offset_bp,
    )
    cut: dict[int, Counter[bytes]] = {}
    for number, sequence in enumerate(sequences):
        pair = int(inserts.pair[number])
        insert = sequence[int(inserts.start[number]) : int(inserts.stop[number])] if pair >= 0 else sequence
        if pair < 0:
            # Nothing tells the strand of an uncut read: both are one sequence.
            insert = min(insert, reverse_complement_text(insert.decode("ascii")).encode("ascii"))
        elif inserts.strand[number] < 0:
            insert = reverse_complement_text(insert.decode("ascii")).encode("ascii")
        cut.setdefault(pair, Counter())[insert] += reads.counts[sequence]
    return cut


def _amplicon(name: Line | None, counts: Mapping[bytes, int], method: ReadsMethod) -> Amplicon:
    sequences = sorted(counts)
    numbers = np.array([counts[sequence] for sequence in sequences], dtype=np.int64)
    found = denoise(sequences, numbers, min_count=method.min_variant_reads, alpha=method.skew_alpha)
    places = sorted(np.flatnonzero(found.reads).tolist(), key=lambda i: (-int(found.reads[i]), sequences[i]))
    if len(places) > MAX_VARIANTS:
        raise InputFormatError(
            f"{len(places)} variants of one marker, at most {MAX_VARIANTS} are looked at",
            hint="the reads are no amplicon of one item",
        )
    variants = checked_variants(
        [sequences[place] for place in places],
        [int(found.reads[place]) for place in places],
        [int(numbers[place]) for place in places],
        method,
    )
    return Amplicon(
        primers=name,
        reads=int(numbers.sum()),
        unassigned_reads=int(numbers[found.of_sequence < 0].sum()),
        variants=variants,
    )


def checked_variants(
    texts: Sequence[bytes], reads: Sequence[int], exact: Sequence[int], method: ReadsMethod
) -> tuple[ReadVariant, ...]:
    """Variants of one marker, most reads first, with the outcome of the check for chimeras.

    Parameters
    ----------
    texts : sequence of bytes
        Distinct letters of the variants, most reads first.
    reads, exact : sequence of int
        Reads taken as each of them, and those that equal it.
    """
    # A trace is not reported anyway: only variants with enough reads are worth the check.
    checked = sum(number >= method.min_reported_reads for number in reads[:MAX_CHECKED])
    checks = check_chimeras(
        texts[:checked],
        np.array(reads[:checked], dtype=np.int64),
        min_skew=method.min_parent_skew,
        min_sites_a_side=method.min_chimera_sites,
    ) + (ChimeraCheck(ChimeraState.NOT_TESTABLE),) * (len(texts) - checked)
    return tuple(
        ReadVariant(
            letters=text.decode("ascii"),
            reads=reads[rank],
            reads_exact=exact[rank],
            chimera=Line(check.state.value),
            parents=tuple(
                texts[parent].decode("ascii") for parent in (check.left, check.right) if parent is not None
            ),
        )
        for rank, (text, check) in enumerate(zip(texts, checks, strict=True))
    )
