"""Species of a built library at a coding marker, kept in arrays and measured for many queries at once.

What is known of a species, individuals and spread, takes some bytes; genera are looked at when a query lies near.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.matching import Found, MatchIndex
from musk_id.kernels.matching_counts import Counts, Packed, pack_rows
from musk_id.kernels.nucleotides import Masks
from musk_id.kernels.species_spread import widest_shares
from musk_id.model.library import Library
from musk_id.model.methods import SpeciesRadius
from musk_id.stages.mammal_species import within_radius
from musk_id.stages.match_entries import Entries, Indices
from musk_id.stages.relatives import SpeciesSpread
from musk_id.vocabulary import CurationState

__all__ = ["LibrarySpecies"]

# Pairs of a query and a congener that are measured at once.
_PAIRS = 500_000

Numbers = NDArray[np.int32]
NO_NUMBER = -1


class LibrarySpecies:
    """Species at one coding marker.

    Parameters
    ----------
    entries : Entries
        Sequences under names at the marker.
    index : MatchIndex
        Their index.
    library : Library
        The library.
    limits : SpeciesRadius
        The rule of the method.
    """

    def __init__(self, entries: Entries, index: MatchIndex, library: Library, limits: SpeciesRadius) -> None:
        self._entries, self._index, self._library, self._limits = entries, index, library, limits
        table = entries.table
        # A species is a name in a genus, whatever families its rows are of.
        names = sorted({row.rsplit("\t", 2)[0] for row in library.taxa.rows})
        numbers = {name: number for number, name in enumerate(names)}
        self._species_of = np.array([numbers[row.rsplit("\t", 2)[0]] for row in library.taxa.rows], np.int32)
        # One of the taxa of each species, in the order of the names.
        self._taxon = np.zeros(len(names), np.int32)
        self._taxon[self._species_of[::-1]] = np.arange(len(self._species_of), dtype=np.int32)[::-1]
        is_reference = table.state == tuple(CurationState).index(CurationState.REFERENCE)
        held = np.flatnonzero(is_reference)
        keys = np.unique(self._species_of[table.taxon[held]].astype(np.int64) << 32 | table.individual[held])
        self._individuals = np.bincount(keys >> 32, minlength=len(names)).astype(np.int32)
        self._counted = entries.any_record(is_reference)
        self._revised = np.zeros(entries.record.size, np.bool_)
        self._revised[np.isin(entries.record, np.array(sorted(table.revised), np.uint32))] = True
        self._differing = np.zeros(len(names), np.int32)
        self._compared = np.ones(len(names), np.int32)
        self._known = np.zeros(int(entries.genus_of.max(initial=-1)) + 1, np.bool_)

    def spread(self, genus: str, name: str, min_compared: int) -> SpeciesSpread:
        """Individuals and spread of a species; the two records that lie furthest apart are not told.

        Raises
        ------
        RuntimeError
            If another number of columns is asked for than the method's.
        """
        if min_compared != self._limits.min_compared_bp:
            raise RuntimeError(f"spreads are those of {self._limits.min_compared_bp} columns")
        species = self._number(f"{name}\t{genus}")
        if species == NO_NUMBER:
            return SpeciesSpread(0, Fraction(0), ())
        number = int(self._entries.genus_of[self._taxon[species]])
        if not self._known[number]:
            self._look_at(np.array([number]))
        share = Fraction(int(self._differing[species]), int(self._compared[species]))
        return SpeciesSpread(int(self._individuals[species]), share, ())

    def within(self, queries: Masks, nearest: Found, left_out: int | None) -> Found:
        """References that show a species' radius to hold a query, of the genus nearest to it.

        Of each species whose radius holds the query the nearest record is among them, if its name was never
        revised; of records with revised names all that the largest radius reaches. Where the method looks at the
        distance of other species, the nearest record with a name beside that of the nearest one is among them too.
        What is among the nearest already is left out.

        Parameters
        ----------
        queries : ndarray of uint8, shape (m, width)
            Sequences in the columns of the marker.
        nearest : Found
            Their deciding references.
        left_out : int or None
            Number of a genus that has a rule of its own.
        """
        query, genus, own_species = self._near(nearest)
        asked = genus != left_out
        query, genus, own_species = query[asked], genus[asked], own_species[asked]
        self._look_at(np.unique(genus))
        packed, total = pack_rows(queries), np.cumsum(self._entries.sizes(genus))
        none = np.zeros(0, np.int64)
        parts: list[tuple[NDArray[np.integer], ...]] = [(none,) * 5]
        start = 0
        while start < query.size:
            done = int(total[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(total, done + _PAIRS, side="right")))
            rows, owner = self._entries.of_genera(genus[start:stop])
            parts.append(self._held(packed, query[start:stop][owner], rows, own_species[start:stop][owner]))
            start = stop
        own, rows, *columns = (np.concatenate(side) for side in zip(*parts, strict=True))
        count, entries = nearest.offsets.size - 1, self._entries.record.size
        told = np.repeat(np.arange(count), np.diff(nearest.offsets)) * entries + nearest.rows
        new = np.flatnonzero(~np.isin(own * entries + rows, told))
        offsets = np.searchsorted(own[new], np.arange(count + 1))
        return Found(offsets, rows[new], *(column[new] for column in columns))

    def _near(self, nearest: Found) -> tuple[Indices, Indices, Indices]:
        """Queries whose nearest reference a species' radius may reach, its genus and its species."""
        sizes = np.diff(nearest.offsets)
        query = np.repeat(np.arange(sizes.size), sizes)
        share = nearest.possible / np.maximum(nearest.compared, 1)
        order = np.lexsort((share, query))
        first = order[nearest.offsets[:-1][sizes > 0]]
        isolated = self._limits.isolated
        most = max(Fraction(self._limits.most_p), Fraction(0 if isolated is None else isolated.radius_p))
        reached = nearest.possible[first] * most.denominator <= nearest.compared[first] * most.numerator
        chosen = first[reached]
        rows = nearest.rows[chosen]
        return query[chosen], self._entries.genus[rows].astype(np.int64), self._species(rows)

    def _species(self, rows: Indices) -> Indices:
        """Species of entries, as deposited."""
        return self._species_of[self._entries.table.taxon[self._entries.record[rows]]].astype(np.int64)

    def _held(
        self, queries: Packed, query: Indices, rows: Indices, own_species: Indices
    ) -> tuple[NDArray[np.integer], ...]:
        """Pairs that show a radius to hold a query, or which other species is nearest to it.

        Told are query, entry, incompatible, possible and compared columns.
        """
        counts = self._index.paired(queries, query, rows)
        species = self._species(rows)
        spread = (self._differing[species], self._compared[species])
        revised = self._revised[rows]
        most = Fraction(self._limits.most_p)
        reached = counts.incompatible * most.denominator <= counts.compared * most.numerator
        own = within_radius(counts.incompatible, counts.compared, *spread, self._limits)
        chosen = np.flatnonzero((counts.compared > 0) & (own | (revised & reached)))
        share = counts.incompatible[chosen] / counts.compared[chosen]
        # Of records with revised names each counts by itself.
        group = np.where(revised[chosen], self._individuals.size + rows[chosen], species[chosen])
        order = np.lexsort((rows[chosen], share, group, query[chosen]))
        chosen, group = chosen[order], group[order]
        new = np.append(True, (np.diff(query[chosen]) != 0) | (np.diff(group) != 0))[: chosen.size]
        chosen = chosen[new]
        if self._limits.isolated is not None:
            chosen = np.union1d(chosen, _nearest_other(query, counts, revised | (species != own_species)))
        kept = counts.take(chosen)
        return query[chosen], rows[chosen], kept.incompatible, kept.possible, kept.compared

    def _look_at(self, genera: Indices) -> None:
        """Measure the spread of the species of genera, where it is not known yet."""
        genera = genera[~self._known[genera]]
        if not genera.size:
            return
        rows, _ = self._entries.of_genera(genera)
        rows = rows[self._counted[rows]]
        species = self._species_of[self._entries.table.taxon[self._entries.record[rows]]].astype(np.int64)
        found, differing, compared = widest_shares(self._index, rows, species, self._limits.min_compared_bp)
        self._differing[found], self._compared[found] = differing, compared
        self._known[genera] = True

    def _number(self, name: str) -> int:
        """Number of a species by name and genus; the names themselves are kept by the taxa alone."""
        rows, low, high = self._library.taxa.rows, 0, self._taxon.size
        while low < high:
            middle = (low + high) // 2
            if rows[self._taxon[middle]].rsplit("\t", 2)[0] < name:
                low = middle + 1
            else:
                high = middle
        found = low < self._taxon.size and rows[self._taxon[low]].rsplit("\t", 2)[0] == name
        return low if found else NO_NUMBER


def _nearest_other(query: Indices, counts: Counts, other: NDArray[np.bool_]) -> Indices:
    """Of each query, in ascending order, a pair of another name with the smallest share of differing columns."""
    pairs = np.flatnonzero(other & (counts.compared > 0))
    if not pairs.size:
        return pairs
    starts = np.flatnonzero(np.append(True, np.diff(query[pairs]) != 0))
    share = counts.incompatible[pairs] / counts.compared[pairs]
    least = np.repeat(np.minimum.reduceat(share, starts), np.diff(np.append(starts, pairs.size)))
    pairs = pairs[share == least]
    first: Indices = pairs[np.append(True, np.diff(query[pairs]) != 0)]
    return first
