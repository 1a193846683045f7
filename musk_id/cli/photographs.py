"""Photographs of a case for its pages, read from the copies that travel with the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from musk_id.cli.evidence_files import usable
from musk_id.errors import InputFormatError
from musk_id.model.intake import FileFact
from musk_id.model.record import CaseRecord
from musk_id.model.values import RelativePath
from musk_id.records.files import read_limited, resolve_inside
from musk_id.vocabulary import FileRole, Reason

if TYPE_CHECKING:
    from musk_id.render.photographs import DrawnPhotograph, PhotographRemark

__all__ = ["case_photographs"]


def case_photographs(record: CaseRecord, folder: Path) -> dict[RelativePath, DrawnPhotograph]:
    """Every photograph that the papers of the case name, as drawn or with the remark why it is not.

    Parameters
    ----------
    record : CaseRecord
        The record.
    folder : Path
        Its input copies, whose digests were compared with those of the record.
    """
    facts: dict[RelativePath, list[FileFact]] = {}
    for fact in record.intake.files:
        # A run may list a photograph among its files; it belongs to no item's page.
        if fact.role is FileRole.PHOTOGRAPH and fact.run_id is None:
            facts.setdefault(fact.path, []).append(fact)
    if not facts:
        return {}
    from musk_id.render.photographs import drawn_photographs

    return drawn_photographs(_sources(facts, folder))


def _sources(
    facts: dict[RelativePath, list[FileFact]], folder: Path
) -> Iterator[tuple[RelativePath, bytes | PhotographRemark]]:
    from musk_id.render.photographs import MAX_FILE_BYTES, PhotographRemark

    words = {Reason.FILE_MISSING: PhotographRemark.MISSING, Reason.FILE_ALTERED: PhotographRemark.ALTERED}
    for path, named in facts.items():
        # A file that two papers name with different digests is not what one of them declares.
        refused = [state for state in map(usable, named) if isinstance(state, Reason)]
        if refused:
            yield path, words[refused[0]]
            continue
        try:
            yield path, read_limited(resolve_inside(folder, path), MAX_FILE_BYTES)
        except InputFormatError:
            yield path, PhotographRemark.FILE_TOO_LARGE
