"""What a record shows of a sequence beside its call: letters that separate the candidates, and a tree round it."""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import DecimalText, Line, Sha256, Text
from musk_id.vocabulary import CandidateLevel, NameView

__all__ = [
    "Candidate",
    "CandidateGroup",
    "CandidatePair",
    "DiagnosticSites",
    "QueryTree",
    "QueryTreeNode",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A taxon or lineage that a sequence may belong to, and the records of the release that stand for it.

    ``letters`` has a letter for each column of :class:`DiagnosticSites`: the one that all members share, ``-``
    where all lack one, ``.`` where they share none.
    """

    name: Line
    members: tuple[Line, ...]
    individuals: int
    letters: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePair:
    """Two candidates: columns in which each is fixed for another letter, and with whom the sequence agrees."""

    first: Line
    second: Line
    separating: int
    agree_first: int
    agree_second: int
    agree_neither: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateGroup:
    """Candidates of one level under the views of the names that give the same members, nearest first."""

    level: CandidateLevel
    views: tuple[NameView, ...]
    candidates: tuple[Candidate, ...]
    pairs: tuple[CandidatePair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticSites:
    """Columns of the compared part that separate two candidates of a group at least.

    ``columns`` count from 1 in the coding window, or in the compared letters of a short marker; ``inserted`` is
    the place among letters that only references have after that letter, 0 for the letter itself.
    ``positions`` count from 1 in ``frame_record``, 0 where that has no letter. ``query`` holds the sequence's
    letter of each column.
    """

    frame_record: Line | None
    columns: tuple[int, ...]
    inserted: tuple[int, ...]
    positions: tuple[int, ...]
    query: Text | None
    groups: tuple[CandidateGroup, ...]

    def between_genera(self) -> frozenset[int]:
        """Columns of the sequence's own letters that separate the nearest genus from another candidate."""
        genera = [group.candidates for group in self.groups if group.level is CandidateLevel.GENUS]
        return frozenset().union(*(self._separating(found[:1], found[1:]) for found in genera))

    def within_genus(self) -> frozenset[int]:
        """Columns of the sequence's own letters that separate species or lineages."""
        others = [group.candidates for group in self.groups if group.level is not CandidateLevel.GENUS]
        return frozenset().union(*(self._separating(found, found) for found in others))

    def _separating(self, some: tuple[Candidate, ...], others: tuple[Candidate, ...]) -> frozenset[int]:
        return frozenset(
            column
            for one in some
            for other in others
            for column, inserted, a, b in zip(
                self.columns, self.inserted, one.letters or "", other.letters or "", strict=True
            )
            if not inserted and "." not in (a, b) and a != b
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTreeNode:
    """A node in pre-order: position of its parent, its branch, the records at it, or the support of its split.

    ``support_percent`` is the share of resampled alignments with the same split. ``names_open`` says that the
    name of a record is not settled; ``overlays`` are the laboratory's own libraries that records come from.
    """

    parent: int | None
    length: DecimalText
    support_percent: DecimalText | None = None
    is_query: bool = False
    accessions: tuple[Line, ...] = ()
    organisms: tuple[Line, ...] = ()
    names_open: bool = False
    overlays: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTree:
    """A neighbour-joining tree of a sequence and its nearest references, drawn from the side of an outgroup.

    Distances are shares of differing columns. ``seed`` is the digest that the resampled columns are drawn from.
    """

    tips: int
    columns: int
    replicates: int
    seed: Sha256
    outgroup: tuple[Line, ...]
    nodes: tuple[QueryTreeNode, ...]
