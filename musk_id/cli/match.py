"""``musk-id barcode match``: a table of what the barcode rules say of each of many sequences."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.cli.match_table import in_order, progress, table_line, target
from musk_id.errors import UsageError

if TYPE_CHECKING:
    from musk_id.model.sequence import NucleotideSequence
    from musk_id.stages.match_rows import MatchRow

__all__ = ["COLUMNS", "library_matcher", "row_cells", "run_match"]

BATCH = 500
COLUMNS = (
    "number", "id", "locus", "strand", "compared_bp", "nearest", "nearest_names", "distance", "ties",
    "next_genus", "margin", "certified_margin", "rank", "answer", "finding", "reasons",
)  # fmt: skip

Matcher = Callable[["list[NucleotideSequence]", int], "list[MatchRow]"]


def run_match(arguments: argparse.Namespace) -> int:
    """Write one row a sequence; the table appears as a whole or not at all."""
    from musk_id.cli.match_reads import FASTQ_SUFFIXES, run_match_reads
    from musk_id.formats.bam import MAPPED_SUFFIXES
    from musk_id.formats.fasta_stream import FastaStream

    queries, out = Path(arguments.queries), str(arguments.out)
    if out != "-" and Path(out).resolve() == queries.resolve():
        raise UsageError("the table would overwrite the sequences", where="--out")
    name = queries.name.lower()
    if name.removesuffix(".gz").endswith(FASTQ_SUFFIXES) or name.endswith(MAPPED_SUFFIXES):
        return run_match_reads(arguments)
    if arguments.mates is not None or arguments.primers:
        raise UsageError(
            "--mates and --primers are for reads", hint="the file of reads has to end in .fastq, .fq or .bam"
        )
    processes = max(1, arguments.processes or os.cpu_count() or 1)
    match = library_matcher(arguments.library, arguments.releases)
    stream = FastaStream(queries)
    with target(out) as table:
        table.write(table_line(COLUMNS))
        with progress(stream, "sequences") as show:
            work = partial(_lines, match)
            for done, lines in in_order(stream.batches(BATCH), work, processes, BATCH):
                table.write(lines)
                show(done)
    return 0


def _lines(match: Matcher, batch: list[NucleotideSequence], first: int) -> bytes:
    return b"".join(table_line(row_cells(row)) for row in match(batch, first))


def library_matcher(named: str, releases: Path | None) -> Matcher:
    """How sequences are matched: by the rules against a release, or against a built library."""
    from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS
    from musk_id.refdb.release import load_release, locate_release
    from musk_id.stages.library import BarcodeLibrary
    from musk_id.stages.match_rows import match_release

    method, animals = BARCODE_METHODS[-1], ANIMAL_METHODS[-1]
    folder = Path(named)
    if (folder / "library.json").is_file():
        return _built_matcher(folder, releases)
    if not folder.is_dir():
        folder = locate_release(named, releases)
    elif not (folder / "release.toml").is_file():
        raise UsageError("the folder holds neither a library nor a release", where=named)
    library = BarcodeLibrary.from_release(load_release(folder), method)
    return lambda batch, first: match_release(batch, first, library, method, animals)


def _built_matcher(folder: Path, releases: Path | None) -> Matcher:
    from musk_id.model.methods import ANIMAL_METHODS, BARCODE_METHODS
    from musk_id.refdb.library_store import load_library
    from musk_id.refdb.release import load_release, locate_release
    from musk_id.stages.match_library import LibraryMatcher

    library = load_library(folder)
    anchors = load_release(locate_release(library.anchors_release, releases))
    return LibraryMatcher(library, anchors, BARCODE_METHODS[-1], ANIMAL_METHODS[-1]).rows


def row_cells(row: MatchRow) -> tuple[str, ...]:
    return (
        str(row.number),
        row.name,
        row.locus or "",
        "" if row.strand is None else row.strand.name.lower(),
        _number(row.compared_bp),
        ", ".join(row.nearest),
        ", ".join(row.nearest_names),
        row.distance,
        _number(row.ties),
        ", ".join(row.next_genus),
        row.margin,
        row.certified_margin,
        row.rank,
        row.answer,
        row.finding,
        " ".join(row.reasons),
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
