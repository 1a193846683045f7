"""People of an examination: whether two names are one person, and who worked on a run before a second reader."""

from __future__ import annotations

import re
import unicodedata

from musk_id.model.examination import RunContext
from musk_id.model.values import Line

__all__ = ["first_persons", "same_person"]

_WORD = re.compile(r"[^\W_]+")
# Single letters stay: they are initials. Titles written as letters with points go as a whole.
_TITLES = frozenset({"dr", "prof", "professor", "doctor", "phd", "msc", "bsc", "mr", "mrs", "ms"}) | frozenset(
    {"др", "доктор", "проф", "профессор", "доц", "доцент", "канд", "докт", "наук"}
)
_POINTED = re.compile(r"\bph\.\s?d\b|\bд-р\b|\b[кд]\.\s?\w{1,3}\.\s?н\b")


def same_person(name: str) -> str:
    """A name in one spelling: without case, titles, punctuation and the order of its words."""
    words = _WORD.findall(_POINTED.sub(" ", unicodedata.normalize("NFKC", name).casefold()))
    kept = [word for word in words if word not in _TITLES]
    return " ".join(sorted(kept or words)) or name.strip()


def first_persons(context: RunContext) -> tuple[Line, ...]:
    """Analysts of a run and of the product, extract and sub-sample that it was made from, as far as recorded."""
    parts = (context.run, context.product, context.extract, context.sub_sample)
    return tuple(part.analyst for part in parts if part.analyst is not None)
