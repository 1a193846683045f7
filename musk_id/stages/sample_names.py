"""Names of samples: which part of a case a name stands for, and whether it is that of a control.

A laboratory writes into a trace and on a run sheet what it calls the sample. That name is looked for among the
ids and laboratory numbers of a chain, whole words of it, with ``-``, ``_``, ``.`` and blanks taken as one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from musk_id.model.examination import Examination, RunContext

__all__ = ["control_words", "holds", "is_own", "known_ids", "known_names", "numbered_parts", "own_names", "plain"]

_SEPARATORS = re.compile(r"[-_.\s]+")
_WORD = re.compile(r"[^\W_]+")
# Words for a control, alone or run together ("negctrl"), with or without a number ("NTC2").
_CONTROL = re.compile(
    r"(?:pcr|ext|extr|extraction|reagent|process|carryover|no|template)?"
    r"(?:neg|negative|pos|positive)?"
    r"(?:control|controls|ctrl|ctl|kontrolle|blank|blanks|blk|ntc|nc|pc|neg|negative|pos|positive|water|h2o|mock"
    r"|контроль|отр|отрицательный|положительный|холостая|холостой|бланк|вода)[0-9]{0,3}"
)
# "K-" and "K+" of Russian and German plates, in Latin or Cyrillic letters.
_SIGNED = re.compile(r"(?<![^\W_])[kк]\s?[+\-−–](?![^\W_])")


def plain(name: str) -> str:
    """A name in one spelling."""
    return _SEPARATORS.sub("-", unicodedata.normalize("NFKC", name).casefold()).strip("-")


def own_names(context: RunContext) -> frozenset[str]:
    """Ids and laboratory numbers of a run and its parents, plain."""
    parts = (context.product, context.extract, context.sub_sample, context.item)
    numbers = (part.laboratory_number for part in parts)
    return frozenset({*_ids(context), *(plain(number) for number in numbers if number is not None)})


def _ids(context: RunContext) -> set[str]:
    named = (
        context.run.run_id,
        context.product.product_id,
        context.extract.extract_id,
        context.sub_sample.sub_sample_id,
        context.item.item_id,
    )
    return {plain(identifier) for identifier in named}


def known_ids(examination: Examination) -> frozenset[str]:
    """Ids of every part of the case, with or without a run, plain."""
    return frozenset(identifier for _, identifier, _ in _parts(examination))


def known_names(examination: Examination) -> frozenset[str]:
    """Ids and laboratory numbers of every part of the case, with or without a run."""
    return frozenset(
        name for _, identifier, number in _parts(examination) for name in (identifier, number) if name
    )


def numbered_parts(examination: Examination) -> Iterator[tuple[str, str, str]]:
    """Parts with a laboratory number: what it is, its plain id, its plain number."""
    for what, identifier, number in _parts(examination):
        if number is not None:
            yield what, identifier, number


def _parts(examination: Examination) -> Iterator[tuple[str, str, str | None]]:
    def part(what: str, identifier: str, number: str | None) -> tuple[str, str, str | None]:
        return f"{what} {identifier}", plain(identifier), None if number is None else plain(number)

    for item in examination.items:
        yield part("item", item.item_id, item.laboratory_number)
        for sub_sample in item.sub_samples:
            yield part("sub-sample", sub_sample.sub_sample_id, sub_sample.laboratory_number)
            for extract in sub_sample.extracts:
                yield part("extract", extract.extract_id, extract.laboratory_number)
                for product in extract.products:
                    yield part("product", product.product_id, product.laboratory_number)
                    for run in product.runs:
                        yield part("run", run.run_id, None)


def holds(name: str, identifier: str) -> bool:
    """Whether a plain name holds a plain id as whole words: ``a1`` is in ``a1-r2``, not in ``a12``.

    An id of one character is in too many names; it counts only where it is the whole name.
    """
    if len(identifier) < 2:
        return name == identifier
    return re.search(rf"(?:^|-){re.escape(identifier)}(?:-|$)", name) is not None


def is_own(name: str, own: frozenset[str], known: frozenset[str]) -> bool:
    """Whether a plain name holds a name of the chain and none of another part of the case.

    A name that is a part of one of the chain's own names found in it says nothing of its own.
    """
    found = [identifier for identifier in own if holds(name, identifier)]
    other = [
        identifier
        for identifier in known - own
        if holds(name, identifier) and not any(holds(mine, identifier) for mine in found)
    ]
    return bool(found) and not other


def control_words(name: str, context: RunContext) -> tuple[str, ...]:
    """Words of a name as written that mean a control, sorted, without those that stand in an id of the chain.

    A laboratory number takes no word away: it is a free text, and a control must not be renamed by it.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    ours = {word for identifier in _ids(context) for word in _WORD.findall(identifier)}
    found = {word for word in _WORD.findall(text) if _CONTROL.fullmatch(word) and word not in ours}
    signed = {match[0] for match in _SIGNED.finditer(text)} if not ours & {"k", "к"} else set()
    return tuple(sorted(found | signed))
