"""Keeping pysam's own words off standard error: what is wrong with a file is told by the error raised."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

__all__ = ["quiet"]

# A handle that could not be opened cannot be closed either; nobody can catch what its end raises.
_FAILED_CLOSE = "Closing failed"


@contextmanager
def quiet(pysam: object) -> Iterator[None]:
    """Silence htslib, and what Cython prints of handles that fail as they are closed by their end.

    Parameters
    ----------
    pysam : module
        The imported package, which not every command loads.
    """
    before = pysam.set_verbosity(0)  # type: ignore[attr-defined]
    printed, ended = sys.excepthook, sys.unraisablehook

    def print_others(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not _is_failed_close(error):
            printed(kind, error, trace)

    def end_others(found: sys.UnraisableHookArgs) -> None:
        if not _is_failed_close(found.exc_value):
            ended(found)

    # Cython calls the first with the error, then the second.
    sys.excepthook, sys.unraisablehook = print_others, end_others
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook = printed, ended
        pysam.set_verbosity(before)  # type: ignore[attr-defined]


def _is_failed_close(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and _FAILED_CLOSE in str(error)
