"""How far a run has come: each job leaves a byte for each case that it has done, the run's terminal shows a bar.

The bytes lie in the folder of the shard under a name that begins with a point, are no result and go away with the
job. On anything but a terminal nothing is drawn.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO

__all__ = ["STAGE_WEIGHTS", "RunProgress", "cases_told", "told_line", "work_done"]

# Parts of the work of a case, of a hundred, as measured (docs/validation/batch.md); for the pace of the bar only.
STAGE_WEIGHTS: Mapping[str, int] = {
    "intake": 1,
    "barcode": 9,
    "spectra": 5,
    "evidence": 4,
    "record": 78,
    "seal": 3,
}
_WHOLE = sum(STAGE_WEIGHTS.values())
_BAR_WIDTH = 24
_INTERVAL_S = 2.0


@contextlib.contextmanager
def cases_told(shard_folder: Path, stage: str) -> Iterator[Callable[[], None]]:
    """A function that tells that one more case of a stage is done."""
    path = _place(shard_folder, stage)
    # Made anew: a pipe in its place would wait for a reader, and a link would have another file emptied.
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        yield lambda: _tell(handle)
    finally:
        os.close(handle)
        path.unlink(missing_ok=True)


def _tell(handle: int) -> None:
    # A full disk is told by what has to be written, not by this.
    with contextlib.suppress(OSError):
        os.write(handle, b".")


def _place(shard_folder: Path, stage: str) -> Path:
    return shard_folder / f".{stage}.progress"


def work_done(out: Path, shards: Mapping[str, int]) -> tuple[float, int]:
    """Work done, in cases, and how many cases are sealed or passed on as failed.

    Parameters
    ----------
    shards : Mapping of str to int
        Number of cases of each shard.
    """
    work = sealed = 0
    for shard, cases in shards.items():
        for stage, weight in STAGE_WEIGHTS.items():
            done = _stage_done(out / "shards" / shard, stage, cases)
            work += weight * done
            sealed += done if stage == "seal" else 0
    return work / _WHOLE, sealed


def _stage_done(folder: Path, stage: str, cases: int) -> int:
    if (folder / f"{stage}.jsonl").exists():
        return cases
    try:
        return min(_place(folder, stage).stat().st_size, cases)
    except OSError:
        return 0


def told_line(work: float, sealed: int, cases: int, before: float, seconds: float) -> str:
    """The line of the bar: share of the work, cases, rate and time left.

    Parameters
    ----------
    work, before : float
        Work done by now, and at the start of this run, in cases.
    seconds : float
        Time since then.
    """
    share = work / cases if cases else 1.0
    full = int(share * _BAR_WIDTH)
    line = f"[{'#' * full}{'-' * (_BAR_WIDTH - full)}] {int(100 * share)} %, finished {sealed} of {cases} cases"
    if work <= before or seconds <= 0:
        return line
    rate = (work - before) / seconds
    left = round((cases - work) / rate)
    shown = f"{left // 3600} h {left % 3600 // 60} min" if left >= 3600 else f"{left // 60} min {left % 60} s"
    pace = f"{rate:.2f} cases/s" if rate >= 0.1 else f"{60 * rate:.2f} cases/min"
    return f"{line}, {pace}, {shown} left"


class RunProgress:
    """Draws the bar of a run until it is stopped; nothing where the stream is no terminal.

    Parameters
    ----------
    out : Path
        Output folder of the run.
    shards : Mapping of str to int
        Number of cases of each shard.
    stream : TextIO
        Where the bar is drawn.
    """

    def __init__(self, out: Path, shards: Mapping[str, int], stream: TextIO) -> None:
        self._out, self._shards, self._stream = out, shards, stream
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to draw."""
        if self._stream.isatty() and self._shards:
            self._thread = threading.Thread(target=self._draw_on, name="progress", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Draw once more and leave the line."""
        if self._thread is not None:
            self._end.set()
            self._thread.join()
            self._thread = None
            self._stream.write("\n")
            self._stream.flush()

    def _draw_on(self) -> None:
        cases, start = sum(self._shards.values()), time.monotonic()
        before, _ = work_done(self._out, self._shards)
        is_last = False
        while not is_last:
            is_last = self._end.wait(_INTERVAL_S)
            work, sealed = work_done(self._out, self._shards)
            line = told_line(work, sealed, cases, before, time.monotonic() - start)
            # The cursor goes back to the margin, so that a message is written over the bar and not behind it.
            self._stream.write(f"\r\x1b[K{line[: _columns(self._stream)]}\r")
            self._stream.flush()


def _columns(stream: TextIO) -> int:
    try:
        # A terminal that does not know its width says 0.
        return (os.get_terminal_size(stream.fileno()).columns or 80) - 1
    except (OSError, ValueError):
        return 79
