"""Where records lie among names: nearest own, nearest other, equal sequences, split species, outliers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.neighbours import clusters
from musk_id.refdb.audit_table import AuditTable, grouped
from musk_id.vocabulary import AuditSide

__all__ = ["Near", "Place", "Places"]

SPLIT_SHARE = 0.03
SPLIT_EDITS = 2.0
TYPICAL_PERCENTILE = 95.0
MIN_INDIVIDUALS_FOR_OUTLIER = 4
OUTLIER_FACTOR = 2.0
OUTLIER_NOISE = 1.645


@dataclass(frozen=True, slots=True)
class Near:
    """A record near another one: its row, the distance in the marker's unit, and the counts."""

    row: int
    distance: float
    differing: int
    compared: int


@dataclass(frozen=True, slots=True)
class Place:
    """A record beside another name.

    ``own`` are independent records of its own name, nearest first, none for a single individual; ``others``
    are those of other names that lie nearer than any of ``own``; ``taxon`` is the name that explains the place
    with the fewest wrong names.
    """

    record: int
    taxon: int
    side: AuditSide
    claim: tuple[int, ...]
    others: tuple[Near, ...]
    own: tuple[Near, ...]
    other_individuals: int
    own_individuals: int


class Places:
    """Neighbourhoods of the records of a marker."""

    def __init__(self, table: AuditTable) -> None:
        self.table = table
        pairs = table.pairs
        self._values = table.measure(pairs.differing, pairs.compared)
        self._near: dict[int, list[tuple[int, float, int, int]]] = defaultdict(list)
        columns = (pairs.first, pairs.second, self._values, pairs.differing, pairs.compared)
        for first, second, value, differing, compared in zip(*(c.tolist() for c in columns), strict=True):
            self._near[first].append((second, value, differing, compared))
            self._near[second].append((first, value, differing, compared))
        rows = np.flatnonzero(table.used).tolist()
        self.rows = rows
        self._at = {h: [rows[i] for i in p] for h, p in grouped(table.haplotype[rows].tolist()).items()}
        self.of_taxon = {t: [rows[i] for i in p] for t, p in grouped(table.taxon[rows].tolist()).items()}
        self.own_nearest = self._own_nearest()
        known = [value for value in self.own_nearest.values() if math.isfinite(value)]
        self.typical = float(np.percentile(known, TYPICAL_PERCENTILE)) if known else 0.0

    def animals(self, rows: list[int]) -> int:
        """Number of individuals."""
        return len({int(self.table.individual[row]) for row in rows})

    def _own_nearest(self) -> dict[int, float]:
        """Distance of each record to the nearest other individual of its name; infinite where there is none."""
        table, found = self.table, {}
        for rows in self.of_taxon.values():
            haplotypes, inverse = np.unique(table.haplotype[rows], return_inverse=True)
            matrix = np.stack([self._measured(int(h), haplotypes.tolist()) for h in haplotypes])
            animal = table.individual[rows]
            for place, row in enumerate(rows):
                others = inverse[animal != animal[place]]
                found[row] = float(matrix[inverse[place], others].min()) if others.size else math.inf
        return found

    def _measured(self, haplotype: int, others: list[int]) -> NDArray[np.float64]:
        return self.table.measure(*self.table.distances(haplotype, others))

    def neighbours(self, row: int) -> list[Near]:
        """Records of other individuals near a record, nearest first, then in the order of the table."""
        table = self.table
        haplotype = int(table.haplotype[row])
        letters = int((table.masks[haplotype] > 0).sum())
        found = []
        for other, value, differing, compared in [(haplotype, 0.0, 0, letters), *self._near[haplotype]]:
            for near in self._at.get(other, []):
                if table.individual[near] != table.individual[row]:
                    found.append(Near(near, value, differing, compared))
        return sorted(found, key=lambda near: (near.distance, near.row))

    def nearest_of(self, row: int, rows: list[int]) -> tuple[Near, ...]:
        """Some records by their distance to one, nearest first."""
        table = self.table
        differing, compared = table.distances(int(table.haplotype[row]), [int(table.haplotype[r]) for r in rows])
        values = table.measure(differing, compared)
        near = [Near(other, float(values[i]), int(differing[i]), int(compared[i])) for i, other in enumerate(rows)]
        return tuple(sorted(near, key=lambda n: (n.distance, n.row)))

    def beside_other_names(self) -> Iterator[Place]:
        """Records that lie nearer to another name than to any independent record of their own."""
        for row in self.rows:
            place = self._beside(row)
            if place is not None:
                yield place

    def _beside(self, row: int) -> Place | None:
        table = self.table
        name, animal, submission = int(table.taxon[row]), table.individual, table.submission
        near = self.neighbours(row)
        others = [n for n in near if table.taxon[n.row] != name]
        if not others:
            return None
        own_rows = [r for r in self.of_taxon[name] if animal[r] != animal[row]]
        if not own_rows:
            return self._alone(row, others)
        close = {n.row for n in near if n.distance <= others[0].distance}
        companions = [r for r in own_rows if submission[r] == submission[row] and r in close]
        claimed = {int(animal[r]) for r in companions} | {int(animal[row])}
        independent = [r for r in own_rows if int(animal[r]) not in claimed]
        if not independent or any(r in close for r in independent):
            return None
        own = self.nearest_of(row, independent)
        home = {int(animal[r]): self.own_nearest[r] for r in independent}
        # A single other individual has no spread of its own: its nearest record is the one in question.
        spread = float(np.median(list(home.values()))) if len(home) > 1 else 0.0
        if own[0].distance <= max(spread, others[0].distance):
            return None
        return self._sided(row, companions, others, own)

    def _sided(self, row: int, companions: list[int], others: list[Near], own: tuple[Near, ...]) -> Place | None:
        """The place with the side that the smaller number of wrong names speaks for."""
        table = self.table
        nearer = [n for n in others if n.distance < own[0].distance]
        candidates = sorted({int(table.taxon[n.row]) for n in nearer if n.distance == nearer[0].distance})
        claim, away = self.animals([row, *companions]), self.animals([n.row for n in own])
        counts = {t: self.animals([n.row for n in nearer if table.taxon[n.row] == t]) for t in candidates}
        # Wrong names if the place belongs to the other name, less those if it belongs to the record's own.
        balance = {t: claim + self.animals(self.of_taxon[t]) - counts[t] - (counts[t] + away) for t in candidates}
        taxon = min(candidates, key=lambda t: (balance[t], t))
        if balance[taxon] > 0:
            return None
        return Place(
            record=row,
            taxon=taxon,
            side=AuditSide.RECORD if balance[taxon] < 0 and away > 1 else AuditSide.NOT_DECIDED,
            claim=(row, *companions),
            others=tuple(nearer),
            own=own,
            other_individuals=counts[taxon],
            own_individuals=away,
        )

    def _alone(self, row: int, others: list[Near]) -> Place | None:
        """A single individual within the spread of another name."""
        taxon = int(self.table.taxon[others[0].row])
        rows = self.of_taxon[taxon]
        spread = [self.own_nearest[r] for r in rows if math.isfinite(self.own_nearest[r])]
        if others[0].distance > (max(spread) if spread else self.typical):
            return None
        return Place(
            record=row,
            taxon=taxon,
            side=AuditSide.NOT_DECIDED,
            claim=(row,),
            others=tuple(n for n in others if self.table.taxon[n.row] == taxon),
            own=(),
            other_individuals=self.animals(rows),
            own_individuals=0,
        )

    def equal_across_names(self) -> list[list[int]]:
        """Records with equal sequences (ends free, compatible letters equal) under several names."""
        labels = clusters(self.table.masks.shape[0], self.table.pairs, self.table.pairs.differing == 0)
        groups = grouped(labels[self.table.haplotype[self.rows]].tolist())
        found = [[self.rows[i] for i in places] for places in groups.values()]
        return [rows for rows in found if len({int(self.table.taxon[r]) for r in rows}) > 1]

    def parts(self) -> dict[int, list[list[int]]]:
        """Clusters of each name at the scale of species, largest first."""
        limit = SPLIT_SHARE if self.table.is_coding else SPLIT_EDITS
        labels = clusters(self.table.masks.shape[0], self.table.pairs, self._values <= limit)
        found = {}
        for taxon, rows in self.of_taxon.items():
            groups = grouped(labels[self.table.haplotype[rows]].tolist()).values()
            found[taxon] = sorted(([rows[i] for i in g] for g in groups), key=lambda g: (-self.animals(g), g))
        return found

    def distance_outliers(self) -> list[tuple[int, float, float]]:
        """Records further from their own name than twice what any other is: row, distance, largest other."""
        found = []
        scale = 1.0 if not self.table.is_coding else float(self.table.masks.shape[1])
        for rows in self.of_taxon.values():
            if self.animals(rows) < MIN_INDIVIDUALS_FOR_OUTLIER:
                continue
            for row in rows:
                animal = self.table.individual[row]
                rest = [self.own_nearest[r] for r in rows if self.table.individual[r] != animal]
                own, largest = self.own_nearest[row], max(rest)
                noise = OUTLIER_NOISE * math.sqrt((own + largest) * scale)
                if own > OUTLIER_FACTOR * largest and (own - largest) * scale > noise:
                    found.append((row, own, largest))
        return found
