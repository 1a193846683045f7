"""What was worked out of a short text is kept: most texts of a page stand on the pages of every case."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

__all__ = ["kept"]

MAX_KEPT = 20_000
# Longer ones are sequences, digests of many files or words of one case, which do not come back.
MAX_LENGTH = 300

_P = ParamSpec("_P")
_T = TypeVar("_T")


def kept(function: Callable[Concatenate[str, _P], _T]) -> Callable[Concatenate[str, _P], _T]:
    """A function of a text, with the results for the last short texts kept; other arguments must be hashable."""
    remembered: Any = lru_cache(maxsize=MAX_KEPT)(function)

    @wraps(function)
    def ask(text: str, /, *more: _P.args, **named: _P.kwargs) -> _T:
        found: _T = (remembered if len(text) <= MAX_LENGTH else function)(text, *more, **named)
        return found

    return ask
