"""Write ``docs/vocabulary.md`` from the closed lists and their labels: ``python scripts/write_vocabulary.py``."""

from __future__ import annotations

from pathlib import Path

from musk_id import vocabulary
from musk_id.records.files import write_atomic
from musk_id.render.catalogue import ENUM_PREFIXES, load_catalogue
from musk_id.vocabulary import Language

PAGE = Path(__file__).parents[1] / "docs" / "vocabulary.md"
INTRODUCTION = """# Closed lists

Every enumerated value that an input, a record or a page may carry, with the words that pages print for it. A
value is never renamed and never used again for something else. The reasons have a page of their own
([reason-codes.md](reason-codes.md)). This page is written by `make vocabulary`.
"""
TABLE_HEAD = "| value | English | Russian |\n|---|---|---|\n"


def vocabulary_page() -> str:
    """The page as text."""
    english, russian = load_catalogue(Language.EN), load_catalogue(Language.RU)
    parts = [INTRODUCTION]
    for enum in sorted(ENUM_PREFIXES, key=lambda e: e.__name__):
        if enum is vocabulary.Reason:
            continue
        parts.append(f"\n## {enum.__name__}\n{(enum.__doc__ or '').strip()}\n\n{TABLE_HEAD}")
        parts += [f"| `{member.value}` | {english.word(member)} | {russian.word(member)} |\n" for member in enum]
    return "".join(parts)


if __name__ == "__main__":
    write_atomic(PAGE, vocabulary_page().encode("utf-8"))
