"""Figures that a benchmark measured, as they stand in ``validation/``: each row one figure with what it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.library_vocabulary import IntervalKind
from musk_id.model.values import DecimalText, Line, RelativePath, Sha256, Text
from musk_id.vocabulary import Locus, Technique

__all__ = ["Interval", "Validation", "ValidationData", "ValidationRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationData:
    """Data that was measured on; ``records`` is how many of it were used before any selection."""

    path: RelativePath
    sha256: Sha256
    records: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Limits of a rate; a limit that was not computed is absent."""

    kind: IntervalKind
    lower: DecimalText | None = None
    upper: DecimalText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRow:
    """One figure: ``k`` of ``n``, or a ``value`` with its unit.

    ``method`` is the method version that decided, or the name of a peer when ``peer`` is true; ``listed`` holds
    records that the figure counts or rests on.
    """

    measure: Line
    method: Line
    peer: bool = False
    locus: Locus | None = None
    technique: Technique | None = None
    stratum: Line
    data: tuple[Sha256, ...]
    k: int | None = None
    n: int | None = None
    interval: Interval | None = None
    value: DecimalText | None = None
    unit: Line | None = None
    listed: tuple[Line, ...] = ()

    def __post_init__(self) -> None:
        if self.k is None and self.value is None:
            raise ValueError("a row needs k or a value")
        if self.n is not None and (self.k is None or not 0 <= self.k <= self.n):
            raise ValueError(f"k of n does not hold: k = {self.k}, n = {self.n}")
        if self.interval is not None and self.n is None:
            raise ValueError("limits stand beside k of n only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Figures of one benchmark."""

    SCHEMA: ClassVar[str] = "musk-id/validation/1"

    schema: Line
    benchmark: RelativePath
    methods: tuple[Line, ...]
    release_id: Line | None = None
    release_sha256: Sha256 | None = None
    note: Text
    data: tuple[ValidationData, ...]
    rows: tuple[ValidationRow, ...]

    def __post_init__(self) -> None:
        unknown = {digest for row in self.rows for digest in row.data} - {entry.sha256 for entry in self.data}
        if unknown:
            raise ValueError(f"rows name data that is not listed: {', '.join(sorted(unknown))}")
