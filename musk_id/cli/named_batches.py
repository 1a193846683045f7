"""Batches that a case names, found without decoding the case: a plan asks this of thousands of cases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from musk_id.errors import MuskIdError
from musk_id.model.values import RULES, Identifier
from musk_id.records.files import read_limited
from musk_id.records.inputs import find_input
from musk_id.records.tree import MAX_BYTES, read_tree

__all__ = ["named_batches", "named_cases"]

_KEY = "batch_id"
# The key at the start of a line or of a mapping and a plain or quoted id on the same line, or both in double
# quotes as in JSON: how nearly all files are written. Whatever else holds the word is read in full.
_ID = rb"[A-Za-z0-9][A-Za-z0-9_-]{0,62}"
_PLAIN = re.compile(
    rb"(?m)^[ \t]*(?:-[ \t]+)*[\"']?batch_id[\"']?[ \t]*:[ \t]+"
    rb"[\"']?(" + _ID + rb")[\"']?[ \t]*,?[ \t]*(?:\#.*)?\r?$"
)
_QUOTED = re.compile(rb'"batch_id"[ \t]*:[ \t]*"(' + _ID + rb')"')


def named_batches(case_dir: Path) -> tuple[str, ...]:
    """Ids of the batches in a case's examination, sorted; none of a case that cannot be read.

    A faulty case is told by the stage ``intake``, which reads it in full.
    """
    try:
        path = find_input(case_dir, "examination")
        data = read_limited(path, MAX_BYTES)
        pattern = _QUOTED if data[:1] == b"{" else _PLAIN
        found = [match.decode("ascii") for match in pattern.findall(data)]
        # An escape may spell the key otherwise; a block of text may hold the word at the start of a line or in
        # quotes, and then at worst a batch too many is waited for.
        if len(found) != data.count(_KEY.encode("ascii")) or b"\\" in data:
            found = _texts(read_tree(path).tree)
    except (MuskIdError, OSError):
        return ()
    return tuple(sorted({name for name in found if RULES[Identifier].accepts(name)}))


def named_cases(batch_dir: Path) -> tuple[str, ...]:
    """Ids of the cases whose reads the controls stage of a batch looks at, sorted; none of a faulty sheet."""
    from musk_id.cli.batch_exhibits import is_compared
    from musk_id.records.inputs import read_run_sheet

    try:
        path = find_input(batch_dir, "sheet")
        if b"READS" not in read_limited(path, MAX_BYTES):
            return ()
        sheet = read_run_sheet(path)
    except (MuskIdError, OSError):
        return ()
    return tuple(sorted({row.case_id for row in sheet.rows if row.case_id})) if is_compared(sheet) else ()


def _texts(tree: Any) -> list[str]:
    """Texts under the key, wherever it stands."""
    if isinstance(tree, list):
        return [text for entry in tree for text in _texts(entry)]
    if not isinstance(tree, dict):
        return []
    own = [value for key, value in tree.items() if key == _KEY and isinstance(value, str)]
    return own + [text for value in tree.values() for text in _texts(value)]
