"""Words that a laboratory types and that stand in sentences of a record: substances, units, matrices.

Words of the authority are quoted and stay as they are. The name of a substance is part of a sentence of ours, and
that may not say what the closed catalogue may not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from musk_id.errors import Problem
from musk_id.render.wording import found_words
from musk_id.vocabulary import Language

__all__ = ["typed_word_problems"]


def typed_word_problems(places: Iterable[tuple[str, str | None]]) -> Iterator[Problem]:
    """Words that no page may use, in texts by the place where they were typed."""
    for place, text in places:
        if text is None:
            continue
        found = {f.word: text[f.start : f.end] for language in Language for f in found_words(text, language)}
        for listed, word in found.items():
            yield Problem(place, f"{word!r} (listed as {listed!r})", "a plain name without it")
