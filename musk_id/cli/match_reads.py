"""``musk-id barcode match`` on sequencing reads: one row a variant, with the reads behind it.

A table for screening: no blanks and no replicates stand behind it, so that every row says so.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import UsageError

if TYPE_CHECKING:
    from musk_id.model.methods import ReadsMethod
    from musk_id.model.primers import PrimerPairEntry
    from musk_id.model.reads import Amplicon, DistinctReads, ReadVariant
    from musk_id.stages.match_rows import MatchRow

__all__ = ["FASTQ_SUFFIXES", "READ_COLUMNS", "run_match_reads"]

FASTQ_SUFFIXES = (".fastq", ".fq")
READ_COLUMNS = ("reads", "reads_exact", "reads_of_marker", "primers", "chimera")
MAX_PRIMER_PAIRS = 20

_PRIMER_PAIR = re.compile(r"([ACGTRYSWKMBDHVNI]{10,60}),([ACGTRYSWKMBDHVNI]{10,60})", re.IGNORECASE)


def run_match_reads(arguments: argparse.Namespace) -> int:
    """Write one row a variant; the table appears as a whole or not at all."""
    from musk_id.cli.match import COLUMNS, library_matcher, row_cells
    from musk_id.cli.match_table import table_line, target
    from musk_id.model.methods import READS_METHODS
    from musk_id.model.sequence import NucleotideSequence
    from musk_id.stages.read_variants import find_variants

    method = READS_METHODS[-1]
    primers = _primers(arguments.primers or [])
    match = library_matcher(arguments.library, arguments.releases)
    reads = _counted(arguments.queries, arguments.mates, method)
    found = [
        (amplicon, variant) for amplicon in find_variants(reads, primers, method) for variant in amplicon.variants
    ]
    sequences = [
        NucleotideSequence(f"variant {number}", variant.letters) for number, (_, variant) in enumerate(found, 1)
    ]
    with target(str(arguments.out)) as table:
        table.write(table_line((*COLUMNS, *READ_COLUMNS)))
        for row, (amplicon, variant) in zip(match(sequences, 1), found, strict=True):
            cells = row_cells(_judged(row, amplicon, variant, method))
            table.write(table_line((*cells, *_read_cells(amplicon, variant))))
    _say(reads, len(found))
    return 0


def _counted(queries: Path, mates: Path | None, method: ReadsMethod) -> DistinctReads:
    from musk_id.formats.fastq import FastqFile, paired_batches
    from musk_id.stages.read_variants import count_pairs, count_reads

    if mates is None:
        return count_reads(FastqFile(queries).batches(), method)
    return count_pairs(paired_batches(FastqFile(queries), FastqFile(mates)), method)


def _primers(given: list[str]) -> tuple[PrimerPairEntry, ...]:
    """Pairs given on the command line, then those of published assays."""
    from musk_id.model.primers import PRIMER_PAIRS, PrimerPairEntry
    from musk_id.model.values import Line

    if len(given) > MAX_PRIMER_PAIRS:
        raise UsageError(f"{len(given)} primer pairs, at most {MAX_PRIMER_PAIRS}", where="--primers")
    own = []
    for text in given:
        pair = _PRIMER_PAIR.fullmatch(text)
        if pair is None:
            raise UsageError(
                f"{text[:60]!r} is no pair of primers",
                where="--primers",
                hint="two IUPAC sequences of 10 to 60 letters, 5' to 3', with a comma between them",
            )
        forward, reverse = (part.upper().replace("I", "N") for part in pair.groups())
        own.append(
            PrimerPairEntry(
                name=Line(f"{forward}/{reverse}"),
                locus=None,
                forward=Line(forward),
                reverse=Line(reverse),
                source=Line("given on the command line"),
            )
        )
    return (*own, *PRIMER_PAIRS)


def _judged(row: MatchRow, amplicon: Amplicon, variant: ReadVariant, method: ReadsMethod) -> MatchRow:
    """The row with what the numbers of reads take from it."""
    from musk_id.stages.read_rules import read_reasons
    from musk_id.vocabulary import Finding, Reason

    reasons = {*row.reasons, *read_reasons(variant, amplicon.reads, 0, method), Reason.NO_REPLICATES}
    return replace(row, finding=Finding.INCONCLUSIVE, reasons=tuple(sorted(reasons)))


def _read_cells(amplicon: Amplicon, variant: ReadVariant) -> tuple[str, ...]:
    return (
        str(variant.reads),
        str(variant.reads_exact),
        str(amplicon.reads),
        amplicon.primers or "none found",
        variant.chimera,
    )


def _say(reads: DistinctReads, variants: int) -> None:
    tally = reads.tally
    left_out = tally.total - tally.used
    print(
        f"{tally.total} reads or pairs: {tally.used} used, {left_out} left out ({tally.not_overlapping} without "
        f"overlap, {tally.ambiguous_overlap} with several, {tally.too_many_errors} with too many expected errors, "
        f"{tally.ambiguous_letters} with ambiguous letters, {tally.too_short} too short); {variants} variants",
        file=sys.stderr,
    )
