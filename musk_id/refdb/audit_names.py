"""Does each record sit with its own species? Leave-one-out comparison of names and sequences at a marker.

The rule counts animals, not accessions. At several scales the sequences fall into single-linkage clusters. A
record is in conflict where another name holds the cluster and the record's own name is at home elsewhere: with
``c`` animals of a name in the cluster, ``n`` at the marker, the record itself left out,

    ratio = [(c_other + 1/2) / (c_all + 1)] / [(c_own + 1/2) / (n_own + 1)]

compares how well the other name and the record's own name explain its place (Krichevsky & Trofimov 1981, IEEE
Trans. Inf. Theory 27:199, for the halves). The nearest own record outside the cluster must also be further than
the nearest of the other name by more than sampling noise (difference of two counts against the square root of
their sum, McNemar 1947, Psychometrika 12:153). Own-name companions from the record's own submission are part
of the same claim and support neither side. At last each conflict is tried again without the other conflicting
records: what rested on wrong names alone is dropped.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.neighbours import clusters
from musk_id.refdb.audit_table import AuditTable

__all__ = ["Conflict", "NameRule", "Names", "find_conflicts"]

CODING_SCALES = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06)
SHORT_SCALES = (0.0, 1.0, 2.0, 3.0)
CLEARING_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class NameRule:
    """Limits of the rule, chosen on seeded wrong names (seeds 100 to 119; figures come from others).

    ``far`` is a distance that lies beyond any species (share of columns, or edits): there the own name explains
    the place with at most ``far_floor``.
    """

    min_ratio: float = 4.0
    noise: float = 1.645
    far_share: float = 0.07
    far_edits: float = 12.0
    far_floor: float = 0.05


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record whose place speaks for another name.

    ``record`` and ``others`` are rows of the table; ``claim`` are the record and its companions of the same
    submission in the cluster; ``own`` and ``other`` are the nearest records of either name with
    ``own_distance`` and ``other_distance`` as (differing, compared).
    """

    record: int
    taxon: int
    ratio: float
    claim: tuple[int, ...]
    others: tuple[int, ...]
    own: int
    own_distance: tuple[int, int]
    other: int
    other_distance: tuple[int, int]


class _Scale:
    """Clusters of one scale and the animals of each name in them."""

    def __init__(self, table: AuditTable, labels: NDArray[np.int64], taxon: list[int], alive: list[int]) -> None:
        self.of_record = labels[table.haplotype].tolist()
        members: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for place in alive:
            members[self.of_record[place]][taxon[place]].append(place)
        self.members = members
        animals = table.individual.tolist()
        self.animals = {
            cluster: {name: len({animals[p] for p in places}) for name, places in names.items()}
            for cluster, names in members.items()
        }


class Names:
    """Names and sequences of a marker, ready to be asked about any record.

    Parameters
    ----------
    table : AuditTable
        Records of the marker.
    rule : NameRule
        Limits.
    """

    def __init__(self, table: AuditTable, rule: NameRule | None = None) -> None:
        self.table, self.rule = table, rule or NameRule()
        measured = table.measure(table.pairs.differing, table.pairs.compared)
        scales = CODING_SCALES if table.is_coding else SHORT_SCALES
        count = table.masks.shape[0]
        self._labels = [clusters(count, table.pairs, measured <= scale) for scale in scales]

    def conflicts(self, taxon: NDArray[np.int64] | None = None) -> dict[int, Conflict]:
        """Conflicts by record, under the names of the table or others."""
        names = (self.table.taxon if taxon is None else taxon).tolist()
        alive = np.flatnonzero(self.table.used).tolist()
        every = grouped_rows(names, alive)
        found = self._conflicts(names, every, alive, alive)
        for _ in range(CLEARING_ROUNDS):
            sound = [place for place in alive if place not in found]
            # A name of which every other record is in conflict is still at home where these are.
            own = every | grouped_rows(names, sound)
            kept = self._conflicts(names, own, sound, sorted(found))
            found = {record: found[record] for record in kept}
        return found

    def _conflicts(
        self, names: list[int], own: dict[int, list[int]], alive: list[int], asked: list[int]
    ) -> dict[int, Conflict]:
        scales = [_Scale(self.table, labels, names, alive) for labels in self._labels]
        found = {}
        for record in asked:
            best: Conflict | None = None
            for scale in scales:
                best = self._at(record, names[record], scale, own.get(names[record], []), best) or best
            if best is not None:
                found[record] = best
        return found

    def _at(self, record: int, name: int, scale: _Scale, own: list[int], best: Conflict | None) -> Conflict | None:
        """Conflict of a record at one scale, if it is stronger than the best so far."""
        cluster = scale.of_record[record]
        animals = scale.animals.get(cluster, {})
        others = {other: count for other, count in animals.items() if other != name}
        if not others:
            return None
        table, rule = self.table, self.rule
        animal, submission = table.individual, table.submission
        own = [place for place in own if animal[place] != animal[record]]
        inside = [place for place in own if scale.of_record[place] == cluster]
        companions = {int(animal[p]) for p in inside if submission[p] == submission[record]}
        independent = {int(animal[p]) for p in inside} - companions
        outside = [place for place in own if scale.of_record[place] != cluster]
        other, count = max(others.items(), key=lambda item: (item[1], -item[0]))
        if not outside or 1 + len(companions) > count or len(independent) + len(companions) >= count:
            return None
        here = (count + 0.5) / (sum(others.values()) + len(independent) + 1)
        away = len({int(animal[p]) for p in own} - companions)
        at_home = (len(independent) + 0.5) / (away + 1)
        limit = max(rule.min_ratio, math.nextafter(best.ratio, math.inf) if best is not None else 0.0)
        if here / min(at_home, rule.far_floor * (len(independent) + 1)) < limit:
            return None
        far, far_distance = self._nearest(record, outside)
        near, near_distance = self._nearest(record, scale.members[cluster][other])
        if not self._apart(far_distance, near_distance):
            return None
        if self._share(far_distance) > (rule.far_share if table.is_coding else rule.far_edits):
            at_home = min(at_home, rule.far_floor * (len(independent) + 1))
        if here / at_home < limit:
            return None
        claim = [p for p in inside if int(animal[p]) in companions]
        return Conflict(
            record=record,
            taxon=other,
            ratio=here / at_home,
            claim=(record, *claim),
            others=tuple(scale.members[cluster][other]),
            own=far,
            own_distance=far_distance,
            other=near,
            other_distance=near_distance,
        )

    def _nearest(self, record: int, places: list[int]) -> tuple[int, tuple[int, int]]:
        table = self.table
        haplotypes = [int(table.haplotype[place]) for place in places]
        differing, compared = table.distances(int(table.haplotype[record]), haplotypes)
        best = int(np.argmin(table.measure(differing, compared)))
        return places[best], (int(differing[best]), int(compared[best]))

    def _share(self, distance: tuple[int, int]) -> float:
        differing, compared = (np.array([value], dtype=np.int64) for value in distance)
        return float(self.table.measure(differing, compared)[0])

    def _apart(self, far: tuple[int, int], near: tuple[int, int]) -> bool:
        """Whether two counts of differences differ by more than sampling noise."""
        common = min(far[1], near[1])
        x, y = (
            (far[0], near[0])
            if not self.table.is_coding
            else (
                far[0] * common / max(far[1], 1),
                near[0] * common / max(near[1], 1),
            )
        )
        return x - y > self.rule.noise * math.sqrt(x + y)


def grouped_rows(names: list[int], alive: list[int]) -> dict[int, list[int]]:
    """Living rows of each name; a name without any has an empty list."""
    found: dict[int, list[int]] = defaultdict(list)
    for place in alive:
        found[names[place]].append(place)
    return dict(found)


def find_conflicts(table: AuditTable, rule: NameRule | None = None) -> dict[int, Conflict]:
    """Conflicts of a marker by record."""
    return Names(table, rule).conflicts()
