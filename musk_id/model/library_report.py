"""What a library holds, lacks and resolves, as figures for a readable report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.library_vocabulary import Resolution
from musk_id.model.audit import SpeciesGrade
from musk_id.model.values import DecimalText, IsoDate, Line, Sha256
from musk_id.vocabulary import Locus

__all__ = [
    "DistanceBin",
    "Histogram",
    "LibraryReport",
    "LocusSummary",
    "ReportTaxon",
    "ResolutionRow",
    "TreeFigure",
    "TreeNode",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTaxon:
    """A taxon of the library or of the checklist; ``of_checklist`` if the release names it."""

    species: Line
    family: Line
    order: Line
    of_checklist: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LocusSummary:
    """Counts of a marker; ``target_individuals`` are those of the genus of interest in state reference."""

    locus: Locus
    records: int
    haplotypes: int
    species: int
    target_species: int
    target_individuals: int
    most_individuals_of_a_target_species: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionRow:
    """Two species at a marker: individuals of each, distances in the unit of the marker, what they show.

    ``between`` is the smallest distance between the two, ``within`` the largest inside either.
    """

    locus: Locus
    first: Line
    second: Line
    first_individuals: int
    second_individuals: int
    between: DecimalText | None
    within: DecimalText | None
    resolution: Resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceBin:
    """Pairs of individuals at a distance from ``low`` to below ``high``, in percent of the compared columns."""

    low_percent: DecimalText
    high_percent: DecimalText
    within_species: int
    within_genus: int
    between_genera: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Distances at a marker; of sets collapsed to haplotypes no pair within a species is counted."""

    locus: Locus
    pairs: int
    bins: tuple[DistanceBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """A node of a tree in pre-order: its depth from the root, its branch, its label or its support.

    ``parent`` is the position of the parent in the list, ``None`` for the root; ``support_percent`` the share
    of replicates with the same split.
    """

    parent: int | None
    length: DecimalText
    label: Line | None = None
    is_target: bool = False
    support_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFigure:
    """A neighbour-joining tree of the haplotypes of the genus of interest and their nearest neighbours."""

    locus: Locus
    tips: int
    columns: int
    replicates: int
    nodes: tuple[TreeNode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryReport:
    """A library in figures.

    ``taxa`` are all that the library or the checklist names, each once; earlier versions name none, and give
    grades of the checklist alone.
    """

    SCHEMA: ClassVar[str] = "musk-id/library-report/1"

    schema: Line
    software_version: Line
    library_id: Line
    title: Line
    date: IsoDate
    library_sha256: Sha256
    genus: Line
    species_min_individuals: int
    species_min_individuals_of_others: int
    checklist: tuple[Line, ...]
    loci: tuple[LocusSummary, ...]
    grades: tuple[SpeciesGrade, ...]
    resolution: tuple[ResolutionRow, ...]
    histograms: tuple[Histogram, ...]
    trees: tuple[TreeFigure, ...]
    conflicts: int
    spectra: int
    taxa: tuple[ReportTaxon, ...] = ()
