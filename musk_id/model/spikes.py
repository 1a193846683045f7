"""Process controls to which a known level of an animal's DNA was added, and what they say on detection."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from musk_id.model.values import DecimalText, Line
from musk_id.spike_vocabulary import SpikeUnit
from musk_id.vocabulary import Locus

__all__ = ["DetectionLevels", "Spike", "SpikeLevel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """What was added to one process control: a taxon that is not *Moschus*, and its level.

    Each replicate is a row of the sheet. ``level`` is in copies for each amplification, or in percent of the
    material.

    Raises
    ------
    ValueError
        If the level is not positive, or a share is above 100 %.
    """

    taxon: Line
    level: DecimalText
    unit: SpikeUnit

    def __post_init__(self) -> None:
        if Decimal(self.level) <= 0:
            raise ValueError(f"a level of {self.level}: a control without a spike is a blank")
        if self.unit is SpikeUnit.PERCENT and Decimal(self.level) > 100:
            raise ValueError(f"a level of {self.level} % is above 100 %")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeLevel:
    """Replicates at one level, and in how many the taxon was found; exact two-sided 95 % limits of the share."""

    level: DecimalText
    replicates: int
    detected: int
    lower_percent: DecimalText
    upper_percent: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionLevels:
    """Spiked process controls of a batch with one taxon, marker and unit.

    ``lowest_all`` is the lowest level at which, as at every higher one, all replicates were found, each of the
    fewest replicates that the method asks for. ``lod95`` is the level found in 95 % of replicates by a logistic
    curve in log10 of the level, with its profile-likelihood 95 % limits; absent where the replicates do not
    determine all three.
    """

    taxon: Line
    locus: Locus | None
    unit: SpikeUnit
    levels: tuple[SpikeLevel, ...]
    not_read: int
    lowest_all: DecimalText | None = None
    lod95: DecimalText | None = None
    lod95_lower: DecimalText | None = None
    lod95_upper: DecimalText | None = None
