"""What a radius rests on: own individuals, what is borrowed from other mammals, the nearest other genus."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import DecimalText, Line
from musk_id.vocabulary import Locus, Reason

__all__ = ["QueryWindow", "RadiusGround"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryWindow:
    """Part of a marker that figures were measured on: ``length_bp`` columns from ``first_column``, counted from 1.

    Whole inserts of a short marker have no length.
    """

    locus: Locus
    first_column: int = 1
    length_bp: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiusGround:
    """What the calibration holds of the distances behind a radius, in the window nearest to the query.

    With ``genus`` the radius is that of the genus of interest: ``individuals`` and ``species`` are its own,
    ``borrowed_percent`` is the share of the pooled individuals that are of other genera, ``within_largest`` the
    largest distance between two of its own. Without, the radius is that of any other mammal, for which only
    figures over all genera exist: ``nearest_other`` is then the smallest distance between two genera.
    ``pooled_individuals`` have another species of their genus to be compared with. ``reason`` says why there
    are no figures at all.
    """

    reason: Reason | None = None
    window: QueryWindow | None = None
    genus: Line | None = None
    individuals: int | None = None
    species: int | None = None
    pooled_individuals: int | None = None
    pooled_species: int | None = None
    pooled_genera: int | None = None
    borrowed_percent: DecimalText | None = None
    within_largest: DecimalText | None = None
    nearest_other: DecimalText | None = None
    nearest_records: tuple[Line, ...] = ()
