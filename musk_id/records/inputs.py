"""The laboratory's own input files: request, examination, run sheet, laboratory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

from musk_id.errors import RequestError
from musk_id.model.batch import RunSheet
from musk_id.model.laboratory import Laboratory
from musk_id.records.codec import Decoder
from musk_id.records.tree import TextTree, read_tree

__all__ = [
    "decode_input",
    "find_input",
    "find_optional_input",
    "read_input",
    "read_laboratory",
    "read_run_sheet",
]

_T = TypeVar("_T")


def read_input(cls: type[_T], path: Path) -> _T:
    """An input of a class.

    Raises
    ------
    RequestError
        With every problem of the file at once, each with its key, line and what is allowed.
    """
    return decode_input(cls, read_tree(path), path.name)


def decode_input(cls: type[_T], tree: TextTree, name: str) -> _T:
    """An input of a class from the tree of its file; raises as :func:`read_input` does."""
    decoder = Decoder(texts=True, line_of=tree.line_of)
    value = decoder.decode(cls, tree.tree)
    problems = (*tree.problems, *decoder.problems)
    if value is None or problems:
        count = len(problems)
        raise RequestError(
            f"{count} problem{'s' if count > 1 else ''}",
            where=name,
            problems=problems,
            hint="correct the file and run 'musk-id case check' again",
        )
    return value


def find_input(folder: Path, stem: str) -> Path:
    """``stem.yaml``, ``stem.yml`` or ``stem.json`` in a folder; exactly one may be there.

    Raises
    ------
    RequestError
        If there is none or more than one, or it is a symbolic link: a folder from outside could name any file.
    """
    paths = [folder / f"{stem}.{ending}" for ending in ("yaml", "yml", "json")]
    linked = next((path for path in paths if path.is_symlink()), None)
    if linked is not None:
        raise RequestError(
            f"{linked.name} is a symbolic link", where=folder.name, hint="put the file itself in its place"
        )
    found = [path for path in paths if path.is_file()]
    if len(found) != 1:
        message = "is missing" if not found else "stands there more than once"
        raise RequestError(
            f"{stem}.yaml (or .yml, .json) {message}",
            where=folder.name,
            hint="see 'musk-id case new' for templates",
        )
    return found[0]


def find_optional_input(folder: Path, stem: str) -> Path | None:
    """As :func:`find_input`, or ``None`` if nothing of that name is there."""
    names = [folder / f"{stem}.{ending}" for ending in ("yaml", "yml", "json")]
    return find_input(folder, stem) if any(os.path.lexists(path) for path in names) else None


def read_run_sheet(path: Path) -> RunSheet:
    """A run sheet."""
    return read_input(RunSheet, path)


def read_laboratory(path: Path) -> Laboratory:
    """The laboratory's own file."""
    return read_input(Laboratory, path)
