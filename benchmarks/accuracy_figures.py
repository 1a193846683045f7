"""Answers counted: right, wrong, a set of species, none, by scenario and distance to the nearest congener."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from accuracy_own import SCENARIOS, Answer, Answered
from accuracy_sets import DataSet, Item

from musk_id.vocabulary import Rank

__all__ = ["KINDS", "STRATA", "Figure", "figures", "kind_of", "stratum_of"]

KINDS = ("right", "wrong", "set with the species", "set without the species", "none")
STRATA = ("congener < 2 %", "congener 2 to 7 %", "congener > 7 %", "no congener held", "all")
LIMITS = (0.02, 0.07)


@dataclass(frozen=True)
class Figure:
    """Counts of one rule on one stratum of one scenario of a set."""

    data: str
    scenario: str
    rank: str
    stratum: str
    rule: str
    n: int
    counts: tuple[int, ...]
    wrong: tuple[str, ...]

    def count(self, kind: str) -> int:
        """Queries with an answer of a kind."""
        return self.counts[KINDS.index(kind)]

    @property
    def right(self) -> int:
        """Queries named rightly."""
        return self.count("right")

    @property
    def called(self) -> int:
        """Queries with a name, right or wrong."""
        return self.count("right") + self.count("wrong")


def stratum_of(congener: float | None) -> str:
    """Stratum by the differing share of the nearest congener."""
    if congener is None:
        return STRATA[3]
    return STRATA[sum(congener > limit if limit == LIMITS[1] else congener >= limit for limit in LIMITS)]


def kind_of(answer: Answer, item: Item, rank: str) -> str:
    """What an answer is at a rank; a name that is withheld cannot be given rightly."""
    if rank == "genus":
        return "none" if answer.genus is None else ("right" if answer.genus == item.genus else "wrong")
    if answer.rank is Rank.SPECIES_SET:
        return KINDS[2] if item.species in answer.species else KINDS[3]
    if answer.rank is Rank.SPECIES:
        return "right" if item.species in answer.species else "wrong"
    return "none"


def asked(data: DataSet, scenario: str, rank: str, queries: Sequence[int]) -> list[int]:
    """Queries of which the scenario can be asked.

    With the species present it has another record in the library; a genus named with the species withheld has
    another species.
    """
    held = [item for n, item in enumerate(data.items) if n not in data.outside]
    species, genera = Counter(item.species for item in held), Counter(item.genus for item in held)
    if scenario == SCENARIOS[0]:
        return [n for n in queries if species[data.items[n].species] > (n not in data.outside)]
    if scenario == SCENARIOS[1] and rank == "genus":
        return [n for n in queries if genera[data.items[n].genus] > species[data.items[n].species]]
    return list(queries)


def figures(
    data: DataSet,
    ranks: Sequence[str],
    own: Mapping[int, Answered],
    rules: Mapping[str, Mapping[int, Mapping[str, Answer]]],
) -> list[Figure]:
    """Figures of every rule on the queries that it was asked, the nearest stratum first.

    Scenarios are those asked of all queries.
    """
    found = []
    scenarios = [name for name in SCENARIOS if all(name in answered.answers for answered in own.values())]
    for rank in ranks:
        for scenario in scenarios:
            for stratum in STRATA:
                for rule, answers in rules.items():
                    chosen = [
                        n
                        for n in asked(data, scenario, rank, sorted(answers))
                        if stratum == "all" or stratum_of(own[n].congener) == stratum
                    ]
                    if not chosen:
                        continue
                    kinds = {n: kind_of(answers[n][scenario], data.items[n], rank) for n in chosen}
                    counts = Counter(kinds.values())
                    wrong = tuple(
                        _told(data.items[n], answers[n][scenario])
                        for n in chosen
                        if kinds[n] == "wrong" and stratum == "all"
                    )
                    found.append(
                        Figure(
                            data.name,
                            scenario,
                            rank,
                            stratum,
                            rule,
                            len(chosen),
                            tuple(counts[kind] for kind in KINDS),
                            wrong,
                        )
                    )
    return found


def _told(item: Item, answer: Answer) -> str:
    flags = "" if item.flags in ("", "ok") else f" ({item.flags})"
    return f"{item.accession} {item.species}{flags} named {' / '.join(answer.species) or answer.genus}"
