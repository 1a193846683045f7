"""Letters of a consensus changed by hand, put in the place of those that were read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from musk_id.errors import Problem, RequestError
from musk_id.kernels.nucleotides import encode
from musk_id.model.edits import LetterChange
from musk_id.model.values import Identifier
from musk_id.stages.sanger import Assembly

__all__ = ["change_problems", "with_changes"]


def change_problems(
    assembly: Assembly, run_id: Identifier, changes: tuple[LetterChange, ...]
) -> Iterator[Problem]:
    """Changes that do not fit the consensus; the letter found is not told, it may be human."""
    letters = assembly.letters
    for change in changes:
        where = f"edits: run {run_id}: position {change.position}"
        if change.position > len(letters):
            yield Problem(where, "lies outside of the consensus", f"1 to {len(letters)}")
        elif letters[change.position - 1] != change.before:
            yield Problem(
                where,
                f"from_letter is {change.before!r}, the consensus has another letter there",
                "the letter of the consensus that the record prints",
            )


def with_changes(assembly: Assembly, run_id: Identifier, changes: tuple[LetterChange, ...]) -> Assembly:
    """The assembly with other letters; what the strands say of each position stays.

    Raises
    ------
    RequestError
        If a change does not fit the consensus.
    """
    problems = tuple(change_problems(assembly, run_id, changes))
    if problems:
        raise RequestError("edits do not fit the consensus", where=f"run {run_id}", problems=problems)
    masks = assembly.consensus.masks.copy()
    for change in changes:
        masks[change.position - 1] = encode(change.after)[0]
    return replace(assembly, consensus=replace(assembly.consensus, masks=masks))
