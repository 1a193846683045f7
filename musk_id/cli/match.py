"""``musk-id barcode match``: a table of what the barcode rules say of each of many sequences."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from musk_id.errors import UsageError

if TYPE_CHECKING:
    from musk_id.formats.fasta_stream import FastaStream
    from musk_id.model.sequence import NucleotideSequence
    from musk_id.stages.match_rows import MatchRow

__all__ = ["COLUMNS", "library_matcher", "row_cells", "run_match", "table_line", "target"]

BATCH = 500
COLUMNS = (
    "number", "id", "locus", "strand", "compared_bp", "nearest", "nearest_names", "distance", "ties",
    "next_genus", "margin", "certified_margin", "rank", "answer", "finding", "reasons",
)  # fmt: skip
_BAR = 30
_REDRAW_S = 0.2
# Most cells are such; what is none is looked at letter by letter.
_HARMLESS = re.compile(r"(?:-?[0-9]+(?:\.[0-9]+)?|[A-Za-z0-9][A-Za-z0-9 ._:|,_-]*)?", re.ASCII)

Matcher = Callable[["list[NucleotideSequence]", int], "list[MatchRow]"]

_adopted: Matcher | None = None


def run_match(arguments: argparse.Namespace) -> int:
    """Write one row a sequence; the table appears as a whole or not at all."""
    from musk_id.cli.match_reads import FASTQ_SUFFIXES, MAPPED_SUFFIXES, run_match_reads
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
        with progress(stream) as show:
            for done, lines in _matched(stream.batches(BATCH), match, processes):
                table.write(lines)
                show(done)
    return 0


def _matched(
    batches: Iterator[list[NucleotideSequence]], match: Matcher, processes: int
) -> Iterator[tuple[int, bytes]]:
    """Lines of each batch and the number of its last sequence, in the order of the batches.

    Placing and calling are Python, which threads would not speed up. Forked processes share the prepared library;
    rows are computed one by one, so that neither batches nor processes change them. Only so many batches are
    read ahead as there is work for.
    """
    first = next(batches, [])
    if processes == 1 or len(first) < BATCH or not sys.platform.startswith("linux"):
        done = 0
        for batch in chain([first], batches):
            yield done + len(batch), _lines(match, batch, done + 1)
            done += len(batch)
        return
    waiting: deque[tuple[int, Future[bytes]]] = deque()
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_adopt, initargs=(match,))
    try:
        done = 0
        for batch in chain([first], batches):
            waiting.append((done + len(batch), pool.submit(_adopted_lines, batch, done + 1)))
            done += len(batch)
            if len(waiting) > 2 * processes:
                number, result = waiting.popleft()
                yield number, result.result()
        for number, result in waiting:
            yield number, result.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _adopt(match: Matcher) -> None:
    """Keep the matcher in a process that was made for matching."""
    global _adopted
    _adopted = match


def _adopted_lines(batch: list[NucleotideSequence], first: int) -> bytes:
    if _adopted is None:
        raise RuntimeError("the process was given no matcher")
    return _lines(_adopted, batch, first)


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


def table_line(cells: tuple[str, ...]) -> bytes:
    """A row; no cell can end it, begin another one, or act in a spreadsheet program."""
    from musk_id.render.tables import safe_cell

    safe = (cell if _HARMLESS.fullmatch(cell) else safe_cell(cell) for cell in cells)
    return ("\t".join(re.sub(r"[\t\r\n]", " ", cell) for cell in safe) + "\n").encode("utf-8")


@contextmanager
def target(out: str) -> Iterator[BinaryIO]:
    """The file to write; standard output gets the table once it is whole."""
    from musk_id.records.files import atomic_stream

    if out != "-":
        with atomic_stream(Path(out)) as stream:
            yield stream
        return
    with tempfile.TemporaryFile() as spool:
        yield spool
        spool.seek(0)
        shutil.copyfileobj(spool, sys.stdout.buffer)
        sys.stdout.buffer.flush()


@contextmanager
def progress(stream: FastaStream) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, in a terminal only; it follows the bytes read."""
    shown = 0.0

    def show(done: int) -> None:
        nonlocal shown
        if time.monotonic() - shown < _REDRAW_S:
            return
        shown = time.monotonic()
        # The reader is ahead of the rows; at its end the file is closed.
        share = stream.position / stream.size if stream.position and stream.size else 1.0
        bar = "#" * int(_BAR * share)
        print(f"\r[{bar:<{_BAR}}] {done} sequences", end="", file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield show
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
