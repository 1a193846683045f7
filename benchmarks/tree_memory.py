"""Peak memory of all processes that a piece of work starts, together."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil

__all__ = ["PeakOfTree"]

INTERVAL_S = 2.0


class PeakOfTree:
    """Looks at the descendants of this process every two seconds; what lasts shorter may be missed.

    Pages that processes share are counted once (proportional set size of Linux).

    Attributes
    ----------
    bytes : int
        Largest sum that was seen; this process itself is not counted.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakOfTree:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        here = psutil.Process()
        while not self._end.wait(INTERVAL_S):
            self.bytes = max(self.bytes, sum(_shared_out(p) for p in here.children(recursive=True)))


def _shared_out(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # ended meanwhile
        return 0
