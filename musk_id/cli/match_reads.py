"""``musk-id barcode match`` on sequencing reads: one row a variant, with the reads behind it.

A table for screening: no blanks and no replicates stand behind it, so that every row says so.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.errors import UsageError

if TYPE_CHECKING:
    from musk_id.model.methods import ReadsMethod
    from musk_id.model.primers import PrimerPairEntry
    from musk_id.model.reads import Amplicon, DistinctReads, PiledReads, ReadVariant
    from musk_id.stages.library import BarcodeLibrary
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
    from musk_id.cli.read_files import read_files
    from musk_id.model.methods import BARCODE_METHODS, READS_METHODS
    from musk_id.model.sequence import NucleotideSequence
    from musk_id.stages.read_variants import find_variants

    method = READS_METHODS[-1]
    primers = _primers(arguments.primers or [])
    match = library_matcher(arguments.library, arguments.releases)
    paths = [arguments.queries] + ([] if arguments.mates is None else [arguments.mates])

    def templates() -> BarcodeLibrary:
        return _templates(str(arguments.library), arguments.releases)

    threads = max(1, arguments.processes or os.cpu_count() or 1)
    methods = (BARCODE_METHODS[-1], method)
    reads = read_files(paths, primers, methods, templates, with_origin=False, threads=threads)
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


def _templates(named: str, releases: Path | None) -> BarcodeLibrary:
    """The library in whose windows reads are piled up: a release, or that in whose frames a library was built."""
    from musk_id.model.methods import BARCODE_METHODS
    from musk_id.refdb.library_store import load_library
    from musk_id.refdb.release import load_release, locate_release
    from musk_id.stages.library import BarcodeLibrary

    folder = Path(named)
    if (folder / "library.json").is_file():
        folder = locate_release(load_library(folder).anchors_release, releases)
    elif not folder.is_dir():
        folder = locate_release(named, releases)
    return BarcodeLibrary.from_release(load_release(folder), BARCODE_METHODS[-1])


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


def _say(reads: DistinctReads | PiledReads, variants: int) -> None:
    from musk_id.model.reads import PiledReads

    tally = reads.tally
    left_out = tally.total - tally.used
    if isinstance(reads, PiledReads):
        outside = sum(amplicon.unassigned_reads for amplicon in reads.amplicons)
        not_drawn = sum(amplicon.not_drawn for amplicon in reads.amplicons)
        print(
            f"{tally.total} reads, piled up: {tally.used} used, {left_out} left out ({tally.too_short} too short, "
            f"{tally.too_many_errors} not mapped well enough, marked as duplicates or as failed); {outside} "
            f"belong to no window or no haplotype, {not_drawn} were not drawn; {variants} haplotypes",
            file=sys.stderr,
        )
        return
    print(
        f"{tally.total} reads or pairs: {tally.used} used, {left_out} left out ({tally.not_overlapping} without "
        f"overlap, {tally.ambiguous_overlap} with several, {tally.too_many_errors} with too many expected errors, "
        f"{tally.ambiguous_letters} with ambiguous letters, {tally.too_short} too short); {variants} variants",
        file=sys.stderr,
    )
