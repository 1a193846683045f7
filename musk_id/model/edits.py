"""What people changed by hand in the raw data: letters of a consensus, areas of peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.values import BaseLetter, Identifier, IsoDate, Line, Text

__all__ = ["BaseEdit", "Edits", "LetterChange", "Reintegration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseEdit:
    """A letter of the consensus of a run's traces that a person changed.

    ``position`` counts from 1 in the consensus that the record prints for the run; letters are neither put in nor
    taken out, so that the positions of several edits stay those of the printed consensus.

    Raises
    ------
    ValueError
        If the position is below 1 or the letter stays the same.
    """

    run_id: Identifier
    position: int
    from_letter: BaseLetter
    to_letter: BaseLetter
    reason: Text
    person: Line
    date: IsoDate

    def __post_init__(self) -> None:
        if self.position < 1:
            raise ValueError(f"position is {self.position}, positions count from 1")
        if self.from_letter == self.to_letter:
            raise ValueError(f"from_letter and to_letter are both {self.from_letter}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reintegration:
    """A peak of a chemical run that a person integrated again.

    Where the examination states the area of the run's peak, ``from_area`` is that area, and both answers are
    computed.
    """

    run_id: Identifier
    peak: Line
    from_area: Line
    to_area: Line
    reason: Text
    person: Line
    date: IsoDate


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """Changes by hand in a case (``edits.yaml``)."""

    SCHEMA: ClassVar[str] = "musk-id/edits/1"

    schema: Line
    case_id: Identifier
    base_edits: tuple[BaseEdit, ...] = ()
    reintegrations: tuple[Reintegration, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterChange:
    """A base edit as the technical stages see it: no person, no reason."""

    position: int
    before: str
    after: str
