"""Statements by phrase id; the words belong to the catalogue in ``musk_id.render``."""

from __future__ import annotations

from collections.abc import Iterable

from musk_id.model.evidence import Statement, StatementValue
from musk_id.model.values import Line

__all__ = ["say"]


def say(phrase: str, **values: str | Iterable[str]) -> Statement:
    """A statement of the closed catalogue with its values.

    Parameters
    ----------
    phrase : str
        Id of the phrase.
    **values : str or iterable of str
        Text of each placeholder; an iterable becomes a list that the catalogue joins. An iterable's order
        is kept: the caller sorts.
    """
    return Statement(
        phrase=Line(phrase),
        values=tuple(StatementValue(name=Line(name), texts=_lines(text)) for name, text in sorted(values.items())),
    )


def _lines(text: str | Iterable[str]) -> tuple[Line, ...]:
    return (Line(text),) if isinstance(text, str) else tuple(Line(part) for part in text)
