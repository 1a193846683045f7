"""A decision as data: the criteria that were applied, what was measured, what is allowed."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.radius import RadiusGround
from musk_id.model.values import Line
from musk_id.vocabulary import CriterionOutcome

__all__ = ["Criterion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One criterion: its name, the measured value against the limit, and the records that decide it.

    ``name`` is a key of the phrase catalogue (``criterion.<name>``); ``limit`` is written with its sign of
    comparison, such as ``<= 2``. ``ground`` stands beside a radius: what the limit rests on.
    """

    name: Line
    measured: Line
    limit: Line
    unit: Line | None = None
    outcome: CriterionOutcome
    deciding_records: tuple[Line, ...] = ()
    ground: RadiusGround | None = None
