"""Sequencing reads of controls: what is found in them, and what the reads of exhibits are held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from musk_id.model.barcode import SequenceResult
from musk_id.model.controls import BlankReads, ControlsRecord
from musk_id.model.methods import ReadsMethod
from musk_id.model.primers import PrimerPairEntry
from musk_id.model.reads import DistinctReads, PiledReads
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import Line, Sha256
from musk_id.stages.comparison import HUMAN_GENUS
from musk_id.stages.control_kinds import BLANKS
from musk_id.stages.read_rules import read_reasons
from musk_id.stages.read_runs import sequence_digest
from musk_id.stages.read_variants import cut_reads, find_variants
from musk_id.vocabulary import FileRole, Reason

__all__ = [
    "MAX_BLANK_SEQUENCES",
    "examine_blank_reads",
    "examine_positive_reads",
    "largest_in_blanks",
]

# A blank with more distinct sequences than this is no blank.
MAX_BLANK_SEQUENCES = 500

Examine = Callable[[NucleotideSequence], SequenceResult]


def examine_blank_reads(
    reads: DistinctReads | PiledReads, primers: Sequence[PrimerPairEntry], examine: Examine, method: ReadsMethod
) -> tuple[list[SequenceResult], tuple[BlankReads, ...], bool]:
    """What the reads of a blank hold; reads with errors count for the genus that they are nearest to.

    Returns
    -------
    list of SequenceResult
        One sequence of each genus that has as many reads as a reported variant has at least, and each other
        sequence with as many.
    tuple of BlankReads
        Sequences that were read more than once and genera, but those that are human.
    bool
        Whether there are more than ``MAX_BLANK_SEQUENCES`` sequences.
    """
    if isinstance(reads, PiledReads):
        return _examine_blank_piles(reads, examine, method)
    counts: Mapping[bytes, int] = cut_reads(reads, tuple(primers), method)
    ordered = sorted(((n, s) for s, n in counts.items()), key=lambda pair: (-pair[0], pair[1]))
    totals: Counter[str] = Counter()
    shown: dict[str, SequenceResult] = {}
    others: list[SequenceResult] = []
    held: list[BlankReads] = []
    for number, letters in ordered[:MAX_BLANK_SEQUENCES]:
        result = examine(NucleotideSequence(f"{number} reads", letters.decode("ascii")))
        genus = _nearest(result)
        if genus is not None:
            totals[genus] += number
            shown.setdefault(genus, result)
        elif number >= method.min_reported_reads:
            others.append(result)
        # A sequence that may be a person's has no digest.
        if number > 1 and result.sequence_sha256 is not None and Reason.HUMAN_DNA not in result.reasons:
            digest = Sha256(sequence_digest(letters.decode("ascii")))
            held.append(BlankReads(sequence_sha256=digest, reads=number))
    held += [BlankReads(genus=Line(g), reads=n) for g, n in sorted(totals.items()) if g != HUMAN_GENUS]
    found = [shown[genus] for genus, number in sorted(totals.items()) if number >= method.min_reported_reads]
    return found + others, tuple(held), len(ordered) > MAX_BLANK_SEQUENCES


def _examine_blank_piles(
    reads: PiledReads, examine: Examine, method: ReadsMethod
) -> tuple[list[SequenceResult], tuple[BlankReads, ...], bool]:
    """The same of piled reads: each counts for the genus that it shares most with, however many errors it has."""
    found: list[SequenceResult] = []
    held: list[BlankReads] = []
    variants = [(amplicon, variant) for amplicon in reads.amplicons for variant in amplicon.variants]
    for amplicon, variant in variants[:MAX_BLANK_SEQUENCES]:
        result = examine(NucleotideSequence(f"{variant.reads} reads", variant.letters))
        if variant.reads >= method.min_reported_reads:
            found.append(result)
        if result.sequence_sha256 is not None and Reason.HUMAN_DNA not in result.reasons:
            digest = Sha256(sequence_digest(variant.letters))
            held.append(BlankReads(sequence_sha256=digest, reads=amplicon.of_all(variant.reads)))
    held += [BlankReads(genus=Line(g), reads=n) for g, n in sorted(reads.genera.items()) if g != HUMAN_GENUS]
    return found, tuple(held), len(variants) > MAX_BLANK_SEQUENCES


def _nearest(result: SequenceResult) -> str | None:
    """The genus to which a sequence is nearest within the radius, whatever else is asked of a call."""
    if Reason.HUMAN_DNA in result.reasons:
        return HUMAN_GENUS
    if result.call is None or Reason.OUTSIDE_RADIUS in result.call.reasons:
        return None
    genera = {genus for view in result.call.views for genus in view.nearest_genus}
    return str(min(genera)) if len(genera) == 1 else None


def examine_positive_reads(
    reads: DistinctReads | PiledReads, primers: Sequence[PrimerPairEntry], examine: Examine, method: ReadsMethod
) -> list[SequenceResult]:
    """Variants of a positive control with as many reads as a reported one has at least."""
    return [
        examine(NucleotideSequence(f"{variant.reads} reads", variant.letters))
        for amplicon in find_variants(reads, tuple(primers), method)
        for variant in amplicon.variants[:MAX_BLANK_SEQUENCES]
        if not read_reasons(variant, amplicon.reads, 0, method)
    ]


def largest_in_blanks(record: ControlsRecord) -> dict[str, int] | None:
    """Largest counts in the blanks of a batch, by digest and by genus; ``None`` if no blank was sequenced."""
    sequenced = {
        row.position
        for row in record.sheet.rows
        if row.kind in BLANKS and any(file.role is FileRole.READS for file in row.files)
    }
    if not sequenced:
        return None
    largest: dict[str, int] = {}
    for control in record.controls:
        for entry in control.reads:
            key = entry.sequence_sha256 or f"genus {entry.genus}"
            largest[key] = max(entry.reads, largest.get(key, 0))
    return largest
