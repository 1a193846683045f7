"""Verbal scales for likelihood ratios, as dated data: a word is printed only with the whole scale beside it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from musk_id.model.reference import Verification
from musk_id.model.values import DecimalText, Line, Text

__all__ = ["SCALES", "ScaleBand", "VerbalScale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleBand:
    """A band of a scale: ratios above ``above`` and up to ``up_to``, both ends as printed.

    An edge belongs to the weaker band. ``word`` is a key of the phrase catalogue (``scale.<version>.<word>``).
    """

    word: Line
    above: DecimalText | None
    up_to: DecimalText | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbalScale:
    """A scale with its source; bands from weak to strong without a gap."""

    version: Line
    verification: Verification
    bands: tuple[ScaleBand, ...]

    def __post_init__(self) -> None:
        ends = [band.up_to for band in self.bands[:-1]]
        if not self.bands or [band.above for band in self.bands] != [None, *ends] or self.bands[-1].up_to:
            raise ValueError(f"the bands of scale {self.version} leave a gap or overlap")

    def band(self, ratio: DecimalText) -> ScaleBand:
        """Band of a ratio as printed."""
        value = Decimal(ratio)
        return next(band for band in self.bands if band.up_to is None or value <= Decimal(band.up_to))


def _bands(*rows: tuple[str, str | None]) -> tuple[ScaleBand, ...]:
    """Bands from their words and upper ends."""
    above: DecimalText | None = None
    bands = []
    for word, end in rows:
        up_to = None if end is None else DecimalText(end)
        bands.append(ScaleBand(word=Line(word), above=above, up_to=up_to))
        above = up_to
    return tuple(bands)


SCALES = (
    VerbalScale(
        version=Line("enfsi-2015"),
        # The bands were cross-checked in two public programs; the guideline itself was not read.
        verification=Verification(
            source_document=Text(
                "ENFSI Guideline for Evaluative Reporting in Forensic Science, version 3.0 (2015)"
            )
        ),
        bands=_bands(
            ("none", "2"),
            ("weak", "10"),
            ("moderate", "100"),
            ("moderately_strong", "1000"),
            ("strong", "10000"),
            ("very_strong", "1000000"),
            ("extremely_strong", None),
        ),
    ),
)
