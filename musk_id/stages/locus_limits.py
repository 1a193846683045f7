"""Radius and margins at one marker under a pair of methods, and which of them hold in the library in use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from musk_id.errors import ConfigError
from musk_id.model.methods import AmpliconLimits, AnimalMethod, BarcodeMethod, LongLocusLimits
from musk_id.model.screening_markers import ScreeningMarker, screening_marker
from musk_id.model.values import DecimalText, decimal_text
from musk_id.stages.comparison import P_DIGITS
from musk_id.vocabulary import Locus

__all__ = ["LocusLimits", "limits_of", "screening_loci"]


@dataclass(frozen=True, slots=True)
class LocusLimits:
    """Radius and margins at one marker, in its own unit, as exact fractions.

    ``wide`` says that the limits for other animals are those of a library with ``genera`` genera at the marker, of
    which ``wide_min_genera`` are asked for: then no other genus may lie within ``other_radius``. A ``screening``
    marker never names the genus of interest, and nothing at all in a library that is not wide.
    """

    locus: Locus
    coding: bool
    radius: Fraction
    margin: Fraction
    other_radius: Fraction
    other_margin: Fraction
    exclusion_other: Fraction
    exclusion_moschus: Fraction
    unit: str
    digits: int
    genera: int = 0
    wide_min_genera: int | None = None
    screening: bool = False

    @property
    def wide(self) -> bool:
        """Whether the limits of wide libraries hold."""
        return self.wide_min_genera is not None and self.genera >= self.wide_min_genera

    def in_reach(self, lower: Fraction, distance: Fraction) -> bool:
        """Whether a reference is too near to be set aside, where the nearest is at ``distance``."""
        return lower < distance + self.other_margin or (self.wide and lower <= self.other_radius)

    def text(self, value: Fraction) -> DecimalText:
        """A distance as decimal text in the unit of the marker."""
        return decimal_text(float(value), self.digits)


def limits_of(locus: Locus, method: BarcodeMethod, animals: AnimalMethod, genera: int = 0) -> LocusLimits:
    """Limits of a marker under a pair of methods, in a library with so many genera at the marker.

    Raises
    ------
    ConfigError
        If the marker screens for other mammals and the method for these has no limits at it.
    """
    screening = screening_marker(locus)
    if screening is not None:
        return _for_genera(_screening_limits(screening, animals), animals, genera)
    for amplicon in method.amplicons:
        if amplicon.locus is locus:
            return _for_genera(_amplicon_limits(amplicon), animals, genera)
    long_locus = next(limits for limits in method.long_loci if limits.locus is locus)
    return _for_genera(_long_limits(long_locus, animals), animals, genera)


def _for_genera(limits: LocusLimits, animals: AnimalMethod, genera: int) -> LocusLimits:
    """The limits with those of a wide library where the method has any for it."""
    limits = replace(limits, genera=genera)
    wide = next((entry for entry in animals.wide if entry.locus is limits.locus), None)
    if wide is None or animals.wide_min_genera is None or genera < animals.wide_min_genera:
        return limits
    return replace(
        limits,
        other_radius=Fraction(wide.radius),
        other_margin=Fraction(wide.margin),
        wide_min_genera=animals.wide_min_genera,
    )


def screening_loci(animals: AnimalMethod) -> tuple[Locus, ...]:
    """Markers that screen for other mammals and at which a method for these has limits."""
    return tuple(entry.locus for entry in animals.wide if screening_marker(entry.locus) is not None)


def _screening_limits(marker: ScreeningMarker, animals: AnimalMethod) -> LocusLimits:
    """Limits of a marker that never names the genus of interest: its radius is that of a person's sequence."""
    own = next((entry for entry in animals.wide if entry.locus is marker.locus), None)
    if own is None:
        raise ConfigError(
            f"method {animals.version} has no limits at {marker.locus}",
            where="laboratory.yaml: methods: animals",
            hint="name a later version of the method",
        )
    return LocusLimits(
        locus=marker.locus,
        coding=False,
        radius=Fraction(marker.human_radius_edits),
        margin=Fraction(own.margin),
        other_radius=Fraction(own.radius),
        other_margin=Fraction(own.margin),
        # No distance is small enough.
        exclusion_other=Fraction(-1),
        exclusion_moschus=Fraction(0),
        unit="edits",
        digits=0,
        screening=True,
    )


def _amplicon_limits(limits: AmpliconLimits) -> LocusLimits:
    radius, margin = Fraction(limits.radius_edits), Fraction(limits.margin_edits)
    return LocusLimits(
        locus=limits.locus,
        coding=False,
        radius=radius,
        margin=margin,
        other_radius=radius,
        other_margin=margin,
        exclusion_other=Fraction(limits.exclusion_other_edits),
        exclusion_moschus=Fraction(limits.exclusion_moschus_further_edits),
        unit="edits",
        digits=0,
    )


def _long_limits(limits: LongLocusLimits, animals: AnimalMethod) -> LocusLimits:
    return LocusLimits(
        locus=limits.locus,
        coding=True,
        radius=Fraction(limits.radius_p),
        margin=Fraction(limits.margin_p),
        other_radius=Fraction(animals.long_radius_p),
        other_margin=Fraction(animals.long_margin_p),
        exclusion_other=Fraction(limits.exclusion_other_p),
        exclusion_moschus=Fraction(limits.exclusion_moschus_p),
        unit="p",
        digits=P_DIGITS,
    )
