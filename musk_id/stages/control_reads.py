"""Sequencing reads of controls: what is found in them, and what the reads of exhibits are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from musk_id.model.barcode import SequenceResult
from musk_id.model.controls import BlankReads, ControlsRecord
from musk_id.model.methods import ReadsMethod
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.reads import DistinctReads
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import Sha256
from musk_id.stages.read_rules import read_reasons
from musk_id.stages.read_runs import sequence_digest
from musk_id.stages.read_variants import cut_reads, find_variants
from musk_id.vocabulary import Reason

__all__ = ["MAX_BLANK_SEQUENCES", "examine_blank_reads", "examine_positive_reads", "largest_in_blanks"]

# A blank with more sequences than this, each read more than once, is no blank.
MAX_BLANK_SEQUENCES = 200

Examine = Callable[[NucleotideSequence], SequenceResult]


def examine_blank_reads(
    reads: DistinctReads, primers: Sequence[PrimerPairEntry], examine: Examine, method: ReadsMethod
) -> tuple[list[SequenceResult], tuple[BlankReads, ...], bool]:
    """What the reads of a blank hold.

    Returns
    -------
    list of SequenceResult
        Sequences with as many reads as a reported variant has at least.
    tuple of BlankReads
        All sequences that were read more than once, but those that are human, by their digest.
    bool
        Whether there are more than ``MAX_BLANK_SEQUENCES`` of the latter.
    """
    counts: Mapping[bytes, int] = cut_reads(reads, tuple(primers), method)
    repeated = sorted(((n, s) for s, n in counts.items() if n > 1), key=lambda pair: (-pair[0], pair[1]))
    results: list[SequenceResult] = []
    held: list[BlankReads] = []
    for number, letters in repeated[:MAX_BLANK_SEQUENCES]:
        result = examine(NucleotideSequence(f"{number} reads", letters.decode("ascii")))
        if number >= method.min_reported_reads:
            results.append(result)
        # A sequence that may be a person's has no digest.
        if result.sequence_sha256 is not None and Reason.HUMAN_DNA not in result.reasons:
            digest = Sha256(sequence_digest(letters.decode("ascii")))
            held.append(BlankReads(sequence_sha256=digest, reads=number))
    return results, tuple(held), len(repeated) > MAX_BLANK_SEQUENCES


def examine_positive_reads(
    reads: DistinctReads, primers: Sequence[PrimerPairEntry], examine: Examine, method: ReadsMethod
) -> list[SequenceResult]:
    """Variants of a positive control with as many reads as a reported one has at least."""
    return [
        examine(NucleotideSequence(f"{variant.reads} reads", variant.letters))
        for amplicon in find_variants(reads, tuple(primers), method)
        for variant in amplicon.variants[:MAX_BLANK_SEQUENCES]
        if not read_reasons(variant, amplicon.reads, 0, method)
    ]


def largest_in_blanks(record: ControlsRecord) -> dict[str, int]:
    """Largest count of each sequence in the blanks of a batch, by its digest."""
    largest: dict[str, int] = {}
    for control in record.controls:
        for entry in control.reads:
            largest[entry.sequence_sha256] = max(entry.reads, largest.get(entry.sequence_sha256, 0))
    return largest
