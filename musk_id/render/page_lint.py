"""The second net over whole pages: words that no page may use of its own accord, wherever they came from.

A word that the record itself holds is quoted: words of the authority, of files and of references are not ours to
change. What remains was written by the catalogue or by the code that draws, and is refused.
"""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from musk_id.errors import IntegrityError, Problem
from musk_id.render.pages.document import Document, Figure, Span
from musk_id.render.wording import BESIDE_RATIOS, IN_EXCLUSIONS, ForbiddenWord, Found, found_words
from musk_id.vocabulary import Finding, Language

__all__ = ["check_pages", "forbidden_on_pages"]

_MARKUP = re.compile(r"<[^>]*>")


def check_pages(document: Document, record: object) -> None:
    """Refuse pages that use a word of the list of their own accord.

    Parameters
    ----------
    document : Document
        The pages.
    record : object
        The case record that they were made from. Its texts are quoted.

    Raises
    ------
    IntegrityError
        With every such word.
    """
    found = forbidden_on_pages(document, record)
    if found:
        raise IntegrityError(
            f"the pages would use {len(found)} words that no page may use",
            where=document.header,
            hint="correct the phrase catalogue; words of the authority are quoted and need no change",
            problems=tuple(Problem(word.key, f"{word.found!r} (listed as {word.word!r})") for word in found),
        )


def forbidden_on_pages(document: Document, record: object) -> tuple[ForbiddenWord, ...]:
    """Words of the list on the pages that the record does not hold."""
    language = Language(document.language)
    # Texts of the record are gathered only where something was found, which is next to never.
    quoted: tuple[str, ...] | None = None
    allowed = _allowed(record)
    words: list[ForbiddenWord] = []
    # A text that stands on the pages many times is looked through once.
    for text, is_drawn in dict.fromkeys(_texts(document)):
        for found in found_words(text, language):
            if found.word in allowed:
                continue
            quoted = _strings(record) if quoted is None else quoted
            if not _is_quoted(text, found, quoted, is_drawn=is_drawn):
                words.append(ForbiddenWord(text[:80], found.word, text[found.start : found.end]))
    return tuple(dict.fromkeys(words))


def _allowed(record: object) -> frozenset[str]:
    """Words that what the record states makes room for."""
    evidence = getattr(record, "evidence", None)
    if evidence is None:
        return frozenset()
    has_ratio = any(item.ratio is not None and item.ratio.lower is not None for item in evidence.items)
    excluded = any(answer.finding is Finding.EXCLUDED for answer in evidence.answers)
    return (BESIDE_RATIOS if has_ratio else frozenset()) | (IN_EXCLUSIONS if excluded else frozenset())


def _texts(value: object) -> Iterator[tuple[str, bool]]:
    """Every text of the pages, spans of one line as one text, and whether it is drawn in a picture.

    A picture breaks and cuts texts to its width: each of its pieces is a text.
    """
    # A stack and not recursion: the pages of a case hold some ten thousand parts. Order is that of the pages.
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            yield part, False
        elif isinstance(part, tuple):
            # A line is a tuple of spans and of nothing else.
            if part and type(part[0]) is Span:
                yield "".join(span.text for span in part), False
            else:
                stack.extend(reversed(part))
        elif isinstance(part, Figure):
            yield from ((part.alt, False), (part.caption, False))
            yield from ((html.unescape(piece).strip(), True) for piece in _MARKUP.split(part.svg) if piece.strip())
        else:
            kind: Any = type(part)
            stack.extend(getattr(part, name) for name in reversed(_field_names(kind)))


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    """Fields of a class of the pages; none of what is no dataclass, such as a number."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def _strings(value: object) -> tuple[str, ...]:
    """Every text of a record, line by line, as pages print them."""
    found: dict[str, None] = {}
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            found.update((line.strip(), None) for line in part.replace("\r", "\n").split("\n"))
        elif isinstance(part, tuple):
            stack += part
        elif dataclasses.is_dataclass(part) and not isinstance(part, type):
            stack += [getattr(part, field.name) for field in dataclasses.fields(part)]
    return tuple(found)


def _is_quoted(text: str, found: Found, quoted: tuple[str, ...], *, is_drawn: bool) -> bool:
    """Whether a text of the record stands at the place of a word and covers it."""
    word = text[found.start : found.end]
    for outside in quoted:
        at = outside.find(word)
        while at >= 0:
            if _stands_there(text, found, outside, at, is_drawn=is_drawn):
                return True
            at = outside.find(word, at + 1)
    return False


def _stands_there(text: str, found: Found, outside: str, at: int, *, is_drawn: bool) -> bool:
    """Whether a text of the record stands round a word that it has at ``at``: whole, or cut by a picture."""
    left = _common(text[: found.start][::-1], outside[:at][::-1])
    after = at + found.end - found.start
    right = _common(text[found.end :], outside[after:])
    begins = left == at or (is_drawn and left == found.start)
    cut = text[found.end + right :].startswith("…") or found.end + right == len(text)
    return begins and (after + right == len(outside) or (is_drawn and cut))


def _common(first: str, second: str) -> int:
    """Letters that two texts have in common from their beginning."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(second)))
