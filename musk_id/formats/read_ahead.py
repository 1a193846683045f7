"""An iterator worked out in a thread of its own, a little ahead of who asks for it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from queue import Queue
from typing import Generic, TypeVar

__all__ = ["read_ahead"]

_T = TypeVar("_T")


def read_ahead(source: Iterator[_T], count: int = 2) -> Generator[_T]:
    """The values of an iterator in their order; its error comes at its place.

    Reading, inflating and work on arrays go on beside what the caller does. The thread ends with the source, or
    when the iterator is closed.

    Parameters
    ----------
    source : iterator
        Used by the thread alone.
    count : int
        Values held at most.
    """
    with closing(_Ahead(source, count)) as ahead:
        yield from ahead.values()


class _Ahead(Generic[_T]):
    def __init__(self, source: Iterator[_T], count: int) -> None:
        self._source = source
        # A value, or with None the error that ended the source, if any.
        self._queue: Queue[tuple[_T] | BaseException | None] = Queue(count)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def values(self) -> Iterator[_T]:
        while isinstance(found := self._queue.get(), tuple):
            yield found[0]
        if found is not None:
            raise found

    def close(self) -> None:
        self._stopped.set()
        while self._thread.is_alive():
            # A full queue would keep the thread.
            while not self._queue.empty():
                self._queue.get_nowait()
            self._thread.join(0.01)

    def _run(self) -> None:
        end: BaseException | None = None
        try:
            for value in self._source:
                self._queue.put((value,))
                if self._stopped.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised again where the values are used
            end = error
        self._queue.put(end)
