"""Tables of many rows from files of any size: batches, processes, harmless cells, a bar in a terminal."""

from __future__ import annotations

import multiprocessing
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
from typing import Any, BinaryIO, Protocol, TypeVar

__all__ = ["in_order", "progress", "table_line", "target"]

_BAR = 30
_REDRAW_S = 0.2
# Most cells are such; what is none is looked at letter by letter.
_HARMLESS = re.compile(r"(?:-?[0-9]+(?:\.[0-9]+)?|[A-Za-z0-9][A-Za-z0-9 ._:|,_-]*)?", re.ASCII)

_T = TypeVar("_T")
_Work = Callable[[list[Any], int], bytes]

_adopted: _Work | None = None


class _Positioned(Protocol):
    """A stream that tells how far it has been read."""

    @property
    def size(self) -> int: ...

    @property
    def position(self) -> int: ...


def in_order(
    batches: Iterator[list[_T]], work: Callable[[list[_T], int], bytes], processes: int, batch_size: int
) -> Iterator[tuple[int, bytes]]:
    """Lines of each batch and the number of its last entry, in the order of the batches.

    Parameters
    ----------
    batches : iterator of list
        Entries, ``batch_size`` at a time.
    work : callable
        Lines of a batch whose first entry has a number; computed row by row, so that neither batches nor
        processes change them.
    processes : int
        Forked processes, which share what ``work`` has prepared: what is done in Python, threads would not speed
        up. Only so many batches are read ahead as there is work for.
    """
    first = next(batches, [])
    if processes == 1 or len(first) < batch_size or not sys.platform.startswith("linux"):
        done = 0
        for batch in chain([first], batches):
            yield done + len(batch), work(batch, done + 1)
            done += len(batch)
        return
    waiting: deque[tuple[int, Future[bytes]]] = deque()
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_adopt, initargs=(work,))
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


def _adopt(work: _Work) -> None:
    """Keep the work in a process that was made for it."""
    global _adopted
    _adopted = work


def _adopted_lines(batch: list[Any], first: int) -> bytes:
    if _adopted is None:
        raise RuntimeError("the process was given no work")
    return _adopted(batch, first)


def table_line(cells: tuple[str, ...]) -> bytes:
    """A row; no cell can end it, begin another one, or act in a spreadsheet program."""
    from musk_id.render.cells import safe_cell

    safe = (cell if _HARMLESS.fullmatch(cell) else re.sub(r"[\t\r\n]", " ", safe_cell(cell)) for cell in cells)
    return ("\t".join(safe) + "\n").encode("utf-8")


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
def progress(stream: _Positioned, noun: str) -> Iterator[Callable[[int], None]]:
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
        print(f"\r[{bar:<{_BAR}}] {done} {noun}", end="", file=sys.stderr, flush=True)

    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield show
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
