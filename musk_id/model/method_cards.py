"""Method cards: what benchmarks measured of a method at a marker or technique, each measure by its ends.

The cards are made from the files of ``validation/`` and travel with the software; a case record carries those of
the methods and markers that it used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.card_vocabulary import Characteristic
from musk_id.model.values import DecimalText, Line, Sha256
from musk_id.vocabulary import Locus, Technique

__all__ = ["MeasuredCount", "MeasuredRange", "MethodCard", "MethodCards"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCount:
    """``k`` of ``n`` in a stratum with its 95 % limits, as far as they were computed."""

    stratum: Line
    k: int
    n: int
    lower: DecimalText | None = None
    upper: DecimalText | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.k <= self.n or self.n < 1:
            raise ValueError(f"k of n does not hold: k = {self.k}, n = {self.n}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRange:
    """A measure in all of its ``strata``: the stratum with the lowest share and the one with the highest."""

    characteristic: Characteristic
    measure: Line
    file: Line
    file_sha256: Sha256
    strata: int
    lowest: MeasuredCount
    highest: MeasuredCount


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCard:
    """Measures of a method at a marker, or with a technique."""

    method: Line
    locus: Locus | None = None
    technique: Technique | None = None
    ranges: tuple[MeasuredRange, ...]

    def __post_init__(self) -> None:
        if (self.locus is None) is (self.technique is None):
            raise ValueError("a card is of a marker or of a technique")


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCards:
    """All cards that the software ships."""

    SCHEMA: ClassVar[str] = "musk-id/method-cards/1"

    schema: Line
    cards: tuple[MethodCard, ...]
