"""Which records of a library a calibration compares: one of each individual, types only, of admitted length."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.genus_rule import Labels
from musk_id.kernels.nucleotides import Masks
from musk_id.model.library import Library, LocusTable
from musk_id.model.methods import AmpliconLimits, LongLocusLimits
from musk_id.vocabulary import CurationState

__all__ = ["Items", "Limits", "Selection", "binomial", "select"]

Limits = AmpliconLimits | LongLocusLimits


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """Individuals at one marker, sorted by genus, species and accession.

    ``genus`` and ``species`` are numbers of ``genera`` and ``species_names``; ``rows`` are haplotypes of the
    marker's table, whose letters are ``masks``.
    """

    genera: tuple[str, ...]
    species_names: tuple[str, ...]
    families: tuple[str, ...]
    genus: NDArray[np.int64]
    species: NDArray[np.int64]
    collapsed: NDArray[np.bool_]
    rows: NDArray[np.int64]
    accessions: tuple[str, ...]
    masks: Masks

    @property
    def labels(self) -> Labels:
        """Genus and species of each."""
        return Labels(self.genus, self.species)

    def __len__(self) -> int:
        return int(self.genus.size)

    def number_of(self, genus: str) -> int:
        """Number of a genus; -1 if no individual is of it."""
        return self.genera.index(genus) if genus in self.genera else -1

    def only(self, kept: NDArray[np.bool_]) -> Items:
        """Some of the individuals."""
        places = np.flatnonzero(kept)
        return replace(
            self,
            genus=self.genus[places],
            species=self.species[places],
            collapsed=self.collapsed[places],
            rows=self.rows[places],
            accessions=tuple(self.accessions[place] for place in places),
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """Individuals of a marker, and what was left out."""

    items: Items
    not_types: dict[CurationState, int]
    length_not_admitted: int
    individuals_of_two_names: int
    further_records: int


def binomial(name: str) -> str:
    """Species of a name that may be that of a subspecies."""
    return " ".join(name.split(" ")[:2])


def select(library: Library, table: LocusTable, limits: Limits) -> Selection:
    """Individuals of a marker.

    Notes
    -----
    Of several records of an individual one counts: one from a set that was not collapsed before others, then
    the one with the most letters, then the smallest accession. An individual under two species names has a
    wrong one; which one is not known here, so that it is left out.
    """
    masks = unpack_nibbles(np.asarray(table.packed), table.width)
    letters = (masks > 0).sum(axis=1)
    states = tuple(CurationState)
    not_types: dict[CurationState, int] = defaultdict(int)
    unfit = 0
    individuals: dict[int, list[int]] = defaultdict(list)
    for record in range(table.records):
        state = states[int(table.state[record])]
        if state is not CurationState.REFERENCE:
            not_types[state] += 1
        elif not _is_admitted(int(letters[table.haplotype[record]]), limits):
            unfit += 1
        else:
            individuals[int(table.individual[record])].append(record)
    names = [binomial(taxon.species) for taxon in library.taxa]

    def rank(record: int) -> tuple[bool, int, str]:
        row = int(table.haplotype[record])
        return bool(table.collapsed[record]), -int(letters[row]), table.accessions[record]

    of_one_name = [held for held in individuals.values() if len({names[int(table.taxon[r])] for r in held}) == 1]
    chosen = [min(held, key=rank) for held in of_one_name]
    return Selection(
        items=_items(library, table, masks, names, chosen),
        not_types=dict(not_types),
        length_not_admitted=unfit,
        individuals_of_two_names=len(individuals) - len(of_one_name),
        further_records=sum(len(held) for held in of_one_name) - len(chosen),
    )


def _is_admitted(letters: int, limits: Limits) -> bool:
    if isinstance(limits, AmpliconLimits):
        return limits.min_length_bp <= letters <= limits.max_length_bp
    return letters >= limits.min_compared_bp


def _items(library: Library, table: LocusTable, masks: Masks, names: list[str], chosen: list[int]) -> Items:
    def key(record: int) -> tuple[str, str, str]:
        taxon = int(table.taxon[record])
        return library.taxa[taxon].genus, names[taxon], table.accessions[record]

    ordered = sorted(chosen, key=key)
    taxa = [int(table.taxon[record]) for record in ordered]
    genera = sorted({str(library.taxa[taxon].genus) for taxon in taxa})
    species = sorted({names[taxon] for taxon in taxa})
    family = {str(library.taxa[taxon].genus): str(library.taxa[taxon].family) for taxon in taxa}
    genus_number = {name: number for number, name in enumerate(genera)}
    species_number = {name: number for number, name in enumerate(species)}
    return Items(
        genera=tuple(genera),
        species_names=tuple(species),
        families=tuple(family[genus] for genus in genera),
        genus=np.array([genus_number[library.taxa[taxon].genus] for taxon in taxa], np.int64),
        species=np.array([species_number[names[taxon]] for taxon in taxa], np.int64),
        collapsed=np.array([table.collapsed[record] for record in ordered], np.bool_),
        rows=np.array([table.haplotype[record] for record in ordered], np.int64),
        accessions=tuple(table.accessions[record] for record in ordered),
        masks=masks,
    )
