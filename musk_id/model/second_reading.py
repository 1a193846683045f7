"""What a second person called, without having seen the first reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.model.values import Identifier, IsoDate, Line, TaxonName, Text

__all__ = ["ReadingComparison", "SecondReading", "SecondReadings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReading:
    """The second reading of a run or of an item.

    ``called`` is the taxon (family, genus or species), and nothing else; absent, the reader named none. ``blind``
    says that the reader had seen neither the first reading nor the software's call.

    Raises
    ------
    ValueError
        If it names a run and an item, or neither.
    """

    person: Line
    date: IsoDate
    blind: bool
    item_id: Identifier | None = None
    run_id: Identifier | None = None
    called: TaxonName | None = None
    remark: Text | None = None

    def __post_init__(self) -> None:
        if (self.item_id is None) == (self.run_id is None):
            raise ValueError("a reading names either item_id or run_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReadings:
    """Second readings of a case (``second_reading.yaml``)."""

    SCHEMA: ClassVar[str] = "musk-id/second-reading/1"

    schema: Line
    case_id: Identifier
    readings: tuple[SecondReading, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingComparison:
    """A second reading beside the software's call.

    ``called`` and ``software`` are absent where the reader or the software names no taxon. ``agrees`` says that
    the names do not contradict each other, ``further`` that the reader named a lower rank than the software does:
    the software's rank holds. ``first_recorded`` says that an analyst is recorded for every run that was read;
    without one nobody can tell whether the reader was a second person.
    """

    subject: Identifier
    person: Line
    date: IsoDate
    blind: bool
    called: TaxonName | None
    software: Line | None
    agrees: bool
    further: bool = False
    first_recorded: bool = True
