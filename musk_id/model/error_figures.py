"""What is known of the error of a comparison: figures of the calibration, as a case record carries them."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.library_vocabulary import CongenerStratum
from musk_id.model.calibration import Calibration, ErrorCounts, PanelFigures, WithinRadius
from musk_id.model.radius import QueryWindow
from musk_id.model.values import DecimalText, IsoDate, Line, Sha256
from musk_id.vocabulary import Reason

__all__ = ["CalibrationSource", "CalibrationSummary", "ComparisonErrors", "ReleaseCalibration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCalibration:
    """The calibration of a release as the stages get it, with the digest of the file that it was read from.

    Of the file it holds the windows that a query admitted by the method can have, the rules of radius and
    margin in force, and of the distributions that to the nearest other genus.
    """

    sha256: Sha256
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSource:
    """The file that the figures stand in, and the library that it was measured on."""

    sha256: Sha256
    methods: tuple[Line, ...]
    library_id: Line
    library_title: Line
    library_date: IsoDate
    library_sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonErrors:
    """Figures of one rule of radius and margin in one window.

    ``own_smallest``, ``own_middle`` and ``own_largest`` are distances of individuals of the genus of interest to
    the nearest other species of the genus; ``own_stratum`` is the stratum of the middle one, ``own_strata`` all in
    which one of those that the calibration lists lies. Limits in all counts are one-sided 95 % limits.
    """

    window: QueryWindow
    method: Line
    unit: Line
    radius: DecimalText
    margin: DecimalText
    individuals: int
    species: int
    genera: int
    genus: Line
    own_individuals: int
    own_smallest: DecimalText | None
    own_middle: DecimalText | None
    own_largest: DecimalText | None
    own_stratum: CongenerStratum | None
    own_strata: tuple[CongenerStratum, ...]
    panel: PanelFigures | None
    within_radius: WithinRadius | None
    errors: tuple[ErrorCounts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationSummary:
    """Figures for the comparisons of a case; ``reason`` says why there are none."""

    reason: Reason | None = None
    source: CalibrationSource | None = None
    comparisons: tuple[ComparisonErrors, ...] = ()
