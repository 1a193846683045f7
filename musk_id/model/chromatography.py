"""What was measured of chromatographic peaks: of an exhibit's, and of the controls of its sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from musk_id.model.values import DecimalText, IsoDate, Line, RelativePath, Text

__all__ = ["MeasuredPeak", "RuleDeparture", "RuleFixed", "SheetPeak", "require_inchikey"]


_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
MAX_CARBONS = 120
"""Longest n-alkane of a ladder; no column elutes a longer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPeak:
    """The peak of an exhibit that a run's spectrum comes from.

    ``area`` is the area before any integration by hand; ``retention_index`` is that of the column of the run and
    counts where the ladder of the batch does not bracket the peak.

    Raises
    ------
    ValueError
        If a time, index or area is not above zero.
    """

    retention_time_min: DecimalText | None = None
    retention_index: DecimalText | None = None
    signal_to_noise_base: DecimalText | None = None
    signal_to_noise_weakest: DecimalText | None = None
    area: DecimalText | None = None

    def __post_init__(self) -> None:
        _require_positive("retention_time_min", self.retention_time_min)
        _require_positive("retention_index", self.retention_index)
        _require_positive("area", self.area)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPeak:
    """A peak of a control's injection.

    ``inchikey``, ``name`` and ``formula`` are those of the substance injected (rows STANDARD), ``carbons`` the
    length of an n-alkane (rows LADDER), ``spectrum`` one of the row's files. ``retention_index_sd`` is the
    standard deviation of the index, of the laboratory's own injections.

    Raises
    ------
    ValueError
        If name, InChIKey and formula do not stand together, a time, index, deviation or area is not above zero, or
        no n-alkane has that many carbons.
    """

    retention_time_min: DecimalText
    inchikey: Line | None = None
    name: Line | None = None
    formula: Line | None = None
    carbons: int | None = None
    retention_index: DecimalText | None = None
    retention_index_sd: DecimalText | None = None
    area: DecimalText | None = None
    spectrum: RelativePath | None = None

    def __post_init__(self) -> None:
        if len({self.name is None, self.inchikey is None, self.formula is None}) > 1:
            raise ValueError("a substance is given by name, InChIKey and formula together")
        if self.inchikey is not None:
            require_inchikey(self.inchikey)
        if self.carbons is not None and not 1 <= self.carbons <= MAX_CARBONS:
            raise ValueError(
                f"carbons is {self.carbons}, an n-alkane of a ladder has from 1 to {MAX_CARBONS}; "
                "give the number of its carbon atoms"
            )
        for name in ("retention_time_min", "retention_index", "retention_index_sd", "area"):
            _require_positive(name, getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDeparture:
    """Another method version taken after the data were seen: to which, why, who, when."""

    to_version: Line
    reason: Text
    person: Line
    date: IsoDate


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFixed:
    """The method version of the spectra that was fixed for a batch, and when."""

    method_version: Line
    fixed_on: IsoDate
    departure: RuleDeparture | None = None


def require_inchikey(text: Line) -> None:
    """Check the form of an InChIKey.

    Raises
    ------
    ValueError
        If it has another form.
    """
    if _INCHIKEY.fullmatch(text) is None:
        raise ValueError(f"{text[:60]!r} is no InChIKey")


def _require_positive(name: str, value: DecimalText | None) -> None:
    if value is not None and Decimal(value) <= 0:
        raise ValueError(f"{name} is {value}, it must be above 0")
