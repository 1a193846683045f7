"""A calibration: what the distances of a library show about radii, margins and errors; figures, no sequences.

Distances are edits for short markers and differing shares of the compared columns (p) for coding ones. Limits of
rates are one-sided 95 % limits after Clopper and Pearson.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.library_vocabulary import CongenerStratum, DistanceKind, Withheld
from musk_id.model.values import DecimalText, IsoDate, Line, RelativePath, Sha256, Text
from musk_id.vocabulary import CurationState, Locus

__all__ = [
    "CalibratedInput",
    "CalibratedLibrary",
    "Calibration",
    "DistanceFigures",
    "ErrorCounts",
    "LocusCalibration",
    "PanelFigures",
    "Quantile",
    "RadiusBasis",
    "RatioCounts",
    "RatioItem",
    "StateCount",
    "TargetFigures",
    "WindowCalibration",
    "WithinRadius",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedInput:
    """An input of the library; ``collapsed`` ones do not speak on distances within species."""

    path: RelativePath
    sha256: Sha256
    source: Text
    licence: Line
    collapsed: bool
    windows_kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratedLibrary:
    """The library whose records were compared."""

    library_id: Line
    title: Line
    date: IsoDate
    anchors_release: Line
    manifest_sha256: Sha256
    inputs: tuple[CalibratedInput, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """Records of a curation state."""

    state: CurationState
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """Smallest observation that at least this share of all observations does not exceed."""

    share: DecimalText
    value: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceFigures:
    """A distribution: observations, the animals and names behind them, and how many are of the target genus."""

    kind: DistanceKind
    observations: int
    individuals: int
    species: int
    genera: int
    observations_of_target: int
    smallest: DecimalText | None = None
    quantiles: tuple[Quantile, ...] = ()
    largest: DecimalText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCounts:
    """Answers of a rule of radius and margin for individuals that are left out of the library.

    ``right``: their own genus; ``wrong``: another one; ``none``: no genus. Where the genus or the only species of
    a genus is withheld nothing can be right.
    """

    withheld: Withheld
    stratum: CongenerStratum
    radius: DecimalText
    margin: DecimalText
    right: int
    wrong: int
    none: int
    n: int
    right_lower: DecimalText
    wrong_upper: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiusBasis:
    """What a radius for the target genus rests on: distances to the nearest other species of the same genus.

    ``own`` counts individuals of the target genus, ``pooled`` those of all genera; ``borrowed_percent`` is the
    share of the pooled ones that are of other genera.
    """

    own: DistanceFigures
    pooled: DistanceFigures
    borrowed_percent: DecimalText | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinRadius:
    """Haplotypes and species of other genera that lie within a distance of the target genus."""

    radius: DecimalText
    haplotypes: int
    haplotypes_compared: int
    haplotypes_upper: DecimalText
    species: int
    species_compared: int
    species_upper: DecimalText


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelFigures:
    """Records of other genera, of any length and state, compared with the references of a release.

    ``nearest_is_target``: a record of the target genus is nearer than any other; ``with_margin``: by at least the
    method's margin; ``called``: within its radius as well.
    """

    release_id: Line
    release_sha256: Sha256
    references: int
    references_of_target: int
    records: int
    nearest_is_target: int
    nearest_is_target_species: int
    with_margin: int
    called: int
    called_upper: DecimalText
    within_radius: tuple[WithinRadius, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioItem:
    """One item behind the counts of a ratio: an individual of the target genus (H1) or a species (H2).

    ``group`` is the species of an individual, the family of a species. ``score`` says how much nearer the target
    genus is than any other; of a species the largest one of its individuals. It is absent where nothing was
    compared.
    """

    name: Line
    group: Line
    is_h1: bool
    named: bool
    score: DecimalText | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioCounts:
    """Counts for a ratio: how often the method's rule names the target genus, its species always withheld.

    H1 counts individuals of the target genus; H2 counts species of the alternatives, one that was named once
    with any individual counts as named. ``lower`` is the one-sided lower limit of k1/n1 over the one-sided upper
    limit of k2/n2; below the method's smallest numbers (``enough`` is false) there is none, and no ``items``.
    """

    alternatives: Line
    radius: DecimalText
    margin: DecimalText
    k1: int
    n1: int
    k2: int
    n2: int
    lower: DecimalText | None
    enough: bool
    items: tuple[RatioItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFigures:
    """What concerns the genus of interest.

    ``within_largest`` is the largest distance between two of its individuals; ``nearest_other`` the smallest
    distance to any other genus, with the records at it.
    """

    genus: Line
    individuals: int
    species: int
    within_largest: DecimalText | None
    nearest_other: DecimalText | None
    nearest_records: tuple[Line, ...]
    radius_basis: RadiusBasis
    within_radius: tuple[WithinRadius, ...]
    panel: PanelFigures | None
    ratio: RatioCounts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCalibration:
    """Figures of one query length: ``length_bp`` columns from ``first_column`` (0: the first), or whole inserts.

    Pairs with fewer than ``min_compared_bp`` compared columns are not counted.
    """

    first_column: int
    length_bp: int | None
    min_compared_bp: int
    individuals: int
    species: int
    genera: int
    haplotypes: int
    distances: tuple[DistanceFigures, ...]
    errors: tuple[ErrorCounts, ...]
    target: TargetFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusCalibration:
    """Figures of one marker."""

    locus: Locus
    unit: Line
    records: int
    haplotypes: int
    not_types: tuple[StateCount, ...]
    length_not_admitted: int
    individuals_of_two_names: int
    further_records_of_individuals: int
    windows: tuple[WindowCalibration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Calibration of a library."""

    SCHEMA: ClassVar[str] = "musk-id/calibration/1"

    schema: Line
    software_version: Line
    methods: tuple[Line, ...]
    library: CalibratedLibrary
    note: Text
    loci: tuple[LocusCalibration, ...]
