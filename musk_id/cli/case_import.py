"""``musk-id case import``: many cases from a table and the files that it names; all of them or none."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from musk_id.cli.console import say
from musk_id.cli.run_lock import hold_cases
from musk_id.cli.table_cases import TableCase, cases_of
from musk_id.errors import IntegrityError, Problem, RequestError, UsageError, counted
from musk_id.formats.case_table import read_case_table
from musk_id.model.values import RULES, Identifier
from musk_id.records.files import resolve_inside, sha256_file, usual_mode, write_atomic
from musk_id.records.tree import read_tree

__all__ = ["run_import"]

MAX_TOLD_PROBLEMS = 200
_BUILDING = ".import."
# Smaller files keep the limits of their reader, whatever they hold.
_MAX_UNASKED_BYTES = 200_000


def run_import(arguments: argparse.Namespace) -> int:
    """Write the cases of a table below the root; cases that stand there already must be the same."""
    table: Path = arguments.table
    cases_folder: Path = arguments.root.resolve() / "cases"
    cases = cases_of(read_case_table(table))
    problems = [problem for case in cases for problem in _problems(case, table.absolute().parent)]
    problems += _same_but_for_case([case.case_id for case in cases], cases_folder)
    if problems:
        raise RequestError(
            f"{counted(len(problems), 'problem', 'problems')} in the table; no case was written",
            where=table.name,
            problems=tuple(problems[:MAX_TOLD_PROBLEMS]),
            hint="correct the table and import it again",
        )
    with hold_cases(cases_folder):
        new = _put(cases, table.absolute().parent, cases_folder)
    there = len(cases) - len(new)
    say(f"{counted(len(new), 'case', 'cases')} written to {cases_folder}, {there} were there already")
    return 0


def _put(cases: list[TableCase], source: Path, folder: Path) -> list[str]:
    """Build all cases beside their places and put them there; the ids of those that are new."""
    # Asked again under the lock: an inbox may have filed a case since the table was read.
    if _same_but_for_case([case.case_id for case in cases], folder):
        raise UsageError("a case was filed meanwhile whose id differs by case only", where=str(folder))
    for left in folder.glob(f"{_BUILDING}*"):
        shutil.rmtree(left, ignore_errors=True)
    building = Path(tempfile.mkdtemp(dir=folder, prefix=_BUILDING))
    try:
        # All are built before one is put in its place, so that a file that cannot be copied stops all.
        for case in cases:
            _build(case, source, building / case.case_id)
        different = [c.case_id for c in cases if not _is_free_or_same(folder / c.case_id, building / c.case_id)]
        if different:
            raise UsageError(
                f"{', '.join(different[:10])}: a case of that id stands there and is another one",
                where=str(folder),
                hint="give the cases of the table other ids, or take their rows out",
            )
        new = [case.case_id for case in cases if not (folder / case.case_id).exists()]
        for case_id in new:
            os.replace(building / case_id, folder / case_id)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return new


def _problems(case: TableCase, folder: Path) -> list[Problem]:
    found = list(case.problems)
    if not RULES[Identifier].accepts(case.case_id):
        found.append(Problem("", f"case_id {case.case_id[:60]!r}", RULES[Identifier].described))
    for path, line in case.files.items():
        try:
            if not resolve_inside(folder, path).is_file():
                found.append(
                    Problem(f"line {line}", f"there is no file {path[:100]!r}", "a file beside the table")
                )
        except IntegrityError as error:
            found.append(Problem(f"line {line}", error.message, error.hint))
    return found


def _same_but_for_case(case_ids: list[str], folder: Path) -> list[Problem]:
    """Ids that differ from another one by case only: one folder on some systems, as for ``musk-id inbox``."""
    spelled = {name.name.lower(): name.name for name in folder.iterdir()} if folder.is_dir() else {}
    found: list[Problem] = []
    for case_id in case_ids:
        other = spelled.setdefault(case_id.lower(), case_id)
        if other != case_id:
            found.append(Problem("", f"case_id {case_id!r} and {other!r} differ by case only", "an id of its own"))
    return found


def _build(case: TableCase, source: Path, target: Path) -> None:
    target.mkdir()
    for stem, tree in (("request", case.request), ("examination", case.examination)):
        written, data = target / f"{stem}.yaml", _yaml(tree)
        write_atomic(written, data)
        if len(data) > _MAX_UNASKED_BYTES:
            # No case is written that nobody can read afterwards.
            read_tree(written)
    for path in case.files:
        copy = target / path.rsplit("/", 1)[-1]
        shutil.copyfile(resolve_inside(source, path), copy, follow_symlinks=False)
        os.chmod(copy, usual_mode(0o644))
    os.chmod(target, usual_mode(0o755))


def _yaml(tree: dict[str, Any]) -> bytes:
    import yaml

    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=100).encode("utf-8")


def _is_free_or_same(place: Path, built: Path) -> bool:
    if not os.path.lexists(place):
        return True
    if place.is_symlink() or not place.is_dir():
        return False
    names = sorted(path.name for path in built.iterdir())
    if sorted(path.name for path in place.iterdir()) != names:
        return False
    return all(
        (place / n).is_file() and not (place / n).is_symlink() and sha256_file(place / n) == sha256_file(built / n)
        for n in names
    )
