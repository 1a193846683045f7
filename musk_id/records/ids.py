"""Ids of a case's input files that stand twice or are not the folder's, found in what was written.

This is looked for before the files are decoded, so that it is told in one go with every other fault of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from musk_id.errors import Problem

__all__ = ["id_problems"]

_EXTRACTS = "items.sub_samples.extracts"
_PLACES: dict[str, tuple[str, ...]] = {
    "request": ("questions.question_id", "items.item_id"),
    "examination": (
        "items.item_id",
        "items.sub_samples.sub_sample_id",
        f"{_EXTRACTS}.extract_id",
        f"{_EXTRACTS}.products.product_id",
        f"{_EXTRACTS}.products.runs.run_id",
        "outside_findings.finding_id",
    ),
}


def id_problems(stem: str, tree: Any, folder_name: str) -> Iterator[Problem]:
    """Faults of the ids of an input of a case.

    Parameters
    ----------
    stem : str
        Which file it is: ``request``, ``examination``, or a paper without ids of its own.
    tree : dict, list, str or None
        What was written; what is no list or no text where one is expected is left to the decoder.
    folder_name : str
        Name of the case folder.
    """
    for case_id in _texts(tree, ["case_id"]):
        if case_id != folder_name:
            yield Problem(f"{stem}: case_id", f"found {case_id[:60]!r}", f"the folder's name, {folder_name!r}")
    for place in _PLACES.get(stem, ()):
        found = list(_texts(tree, place.split(".")))
        # Ids that differ by case only would be one file name on some systems.
        counted = Counter(identifier.lower() for identifier in found)
        for identifier in sorted({i for i in found if counted[i.lower()] > 1}):
            kind = place.rsplit(".", 1)[1]
            yield Problem(f"{stem}: {kind}", f"{identifier[:60]!r} stands more than once", "ids used once")


def _texts(tree: Any, keys: list[str]) -> Iterator[str]:
    """Texts at a path of keys, through every list on the way."""
    if isinstance(tree, list):
        for entry in tree:
            yield from _texts(entry, keys)
    elif keys and isinstance(tree, dict):
        yield from _texts(tree.get(keys[0]), keys[1:])
    elif not keys and isinstance(tree, str):
        yield tree
