"""Sequences matched against a built library of any size, by the same rules as against a release.

Only the references that can decide are handed to the rules; which these are is found exactly
(:mod:`musk_id.kernels.matching`), so that the answers are those of all references.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from musk_id.kernels.anchoring import WORDS, KmerIndex, covering
from musk_id.kernels.nucleotides import Masks, encode
from musk_id.model.library import Library
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.sequence import NucleotideSequence
from musk_id.stages.comparison import Compared
from musk_id.stages.library import AMPLICON_SLACK, LEFT_OUT, BarcodeLibrary, LocusLibrary
from musk_id.stages.locus_judgement import Judgement, judge_locus
from musk_id.stages.locus_limits import LocusLimits, limits_of, screening_loci
from musk_id.stages.match_entries import Entries
from musk_id.stages.match_human import HumanReferences, humans_of
from musk_id.stages.match_rows import LISTED, MatchRow, human_row, placed_row, withheld_row
from musk_id.stages.match_species import LibrarySpecies
from musk_id.stages.placement import Placement, place_sequences
from musk_id.stages.relatives import SpeciesSpread, SpeciesSpreads
from musk_id.stages.sequence_examination import is_human
from musk_id.vocabulary import RELEASE_MARKERS, Locus, Reason

__all__ = ["LibraryMatcher"]

# No margin is certified by a wide comparison, and no limit was calibrated, for a library of one's own.
NOTED = (Reason.NOT_CALIBRATED,)
# A genus by whose words sequences are placed beside those chosen before it shares less than this with them.
SHARED_WORDS = 0.5
_GENERA = 256


class LibraryMatcher:
    """A library prepared for matching.

    Parameters
    ----------
    library : Library
        The library.
    anchors : ReferenceRelease
        Release in whose frames it was built.
    method, animals : BarcodeMethod, AnimalMethod
        The rules.
    threads : int
        Threads for the search.
    """

    def __init__(
        self,
        library: Library,
        anchors: ReferenceRelease,
        method: BarcodeMethod,
        animals: AnimalMethod,
        threads: int = 1,
    ) -> None:
        self._method, self._animals, self._threads = method, animals, threads
        windows = {limits.locus: limits.window_bp for limits in method.long_loci}
        amplicons = [limits.locus for limits in method.amplicons]
        known = (*windows, *amplicons, *screening_loci(animals))
        self._entries = {
            locus: Entries(library, table, coding=locus in windows)
            for locus, table in library.loci.items()
            if locus in known
        }
        genera = {locus: entries.genera for locus, entries in self._entries.items()}
        self._limits = {locus: limits_of(locus, method, animals, genera.get(locus, 0)) for locus in known}
        self._humans = HumanReferences(anchors, method, humans_of(self._entries, anchors, method, self._limits))
        self._species = {
            locus: LibrarySpecies(entries, entries.index, library, animals.species)
            for locus, entries in self._entries.items()
            if entries.index is not None and animals.species is not None
        }
        self._own_genus = {locus: entries.genus_number(method.genus) for locus, entries in self._entries.items()}
        self.frame = _frame(library, anchors, method, self._entries, _Spreads(self._species))

    def rows(self, sequences: Sequence[NucleotideSequence], first_number: int) -> list[MatchRow]:
        """Rows of sequences, in their order."""
        for entries_of_locus in self._entries.values():
            entries_of_locus.forget()
        placed = place_sequences([s.letters for s in sequences], self.frame, self._method)
        compared, further = self._compared(placed)
        for locus in {place.locus for place in placed if place.locus is not None}:
            here = {n: p.masks for n, p in enumerate(placed) if p.locus is locus and p.masks is not None}
            found = [compared.get(number, ()) for number in here]
            beside = self._humans.beside(locus, list(here.values()), found, self._limits[locus])
            compared |= dict(zip(here, beside, strict=True))
        return [
            self._row(
                first_number + number, sequence.name, place, compared.get(number, ()), further.get(number, ())
            )
            for number, (sequence, place) in enumerate(zip(sequences, placed, strict=True))
        ]

    def _row(
        self,
        number: int,
        name: str,
        place: Placement,
        compared: tuple[Compared, ...],
        further: tuple[Compared, ...],
    ) -> MatchRow:
        entries = None if place.locus is None else self._entries.get(place.locus)
        if place.locus is not None and is_human(compared, self._limits[place.locus]):
            return human_row(number, place.locus)
        if place.locus is not None and place.locus not in RELEASE_MARKERS and not self._humans.hold(place.locus):
            return withheld_row(number, place.locus)
        if entries is None:
            reasons = place.reasons if place.locus is None else (*place.reasons, Reason.NO_REFERENCE_AT_LOCUS)
            return MatchRow(
                number=number,
                name=name,
                locus=place.locus,
                strand=place.strand,
                reasons=tuple(sorted(set(reasons))),
            )
        judged = self._judged(place, compared, further, entries) if compared else None

        def owners(nearest: tuple[Compared, ...]) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
            return _owners(nearest, entries)

        return placed_row(number, name, place, compared, judged, self._limits[entries.table.locus], owners, NOTED)

    def _compared(
        self, placed: Sequence[Placement]
    ) -> tuple[dict[int, tuple[Compared, ...]], dict[int, tuple[Compared, ...]]]:
        """References that decide, and those that decide on the species only, by the number of the sequence."""
        found: dict[int, tuple[Compared, ...]] = {}
        further: dict[int, tuple[Compared, ...]] = {}
        for locus, entries in self._entries.items():
            numbers = [n for n, place in enumerate(placed) if place.locus is locus and place.masks is not None]
            masks = [place.masks for place in (placed[n] for n in numbers) if place.masks is not None]
            if not masks or not entries.record.size:
                continue
            if entries.index is None or entries.in_full:
                known: dict[bytes, tuple[Compared, ...]] = {}
                for number, query in zip(numbers, masks, strict=True):
                    if query.tobytes() not in known:
                        known[query.tobytes()] = entries.deciding(query)
                    found[number] = known[query.tobytes()]
                continue
            queries = np.stack(masks)
            nearest = entries.index.nearest(queries, threads=self._threads)
            found |= zip(numbers, entries.compared_of(nearest), strict=True)
            if locus in self._species:
                within = self._species[locus].within(queries, nearest, self._own_genus[locus])
                further |= zip(numbers, entries.compared_of(within), strict=True)
        return found, further

    def _judged(
        self, place: Placement, compared: tuple[Compared, ...], further: tuple[Compared, ...], entries: Entries
    ) -> Judgement:
        """The answer; where it rests on all families within reach, these are looked for."""
        limits = self._limits[entries.table.locus]
        judged = judge_locus(compared, limits, self.frame, self._method, self._animals, further)
        nearest = {genus for view in judged.views.values() for genus in view.nearest_genus}
        if (
            entries.in_full
            or judged.genus is not None
            or self._method.genus in nearest
            or Reason.OUTSIDE_RADIUS in judged.reasons
            or place.masks is None
            or not place.callable
        ):
            return judged
        families = _families(place.masks, compared, entries, limits)
        return judge_locus(compared, limits, self.frame, self._method, self._animals, families)


class _Spreads:
    """Species of a library at each of its coding markers."""

    def __init__(self, species: dict[Locus, LibrarySpecies]) -> None:
        self._species = species

    def spread(self, locus: Locus, genus: str, name: str, min_compared: int) -> SpeciesSpread:
        """Individuals and spread of a species of the library."""
        return self._species[locus].spread(genus, name, min_compared)


def _families(
    query: Masks, compared: tuple[Compared, ...], entries: Entries, limits: LocusLimits
) -> tuple[Compared, ...]:
    """The nearest entry, by the lower distance, of each family within reach of the margin."""
    distance = min(entry.upper for entry in compared)
    reach = distance + limits.other_margin
    rows, counts = entries.within(query, max(reach, limits.other_radius) if limits.wide else reach)
    shares = counts.incompatible / counts.compared
    families = entries.families(rows)
    order = np.lexsort((shares, families))
    first = order[np.flatnonzero(np.append(True, np.diff(families[order]) > 0))] if order.size else order
    near = [
        limits.in_reach(Fraction(int(counts.incompatible[row]), int(counts.compared[row])), distance)
        for row in first.tolist()
    ]
    first = first[np.array(near, np.bool_)]
    return entries.compared(rows[first], counts.take(first), int(query.size))


def _owners(nearest: tuple[Compared, ...], entries: Entries) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """Number of records at the smallest distance, and the first of their accessions and names."""
    total = 0
    accessions: list[str] = []
    for entry in nearest:
        records = entries.owners(entry.record)
        if records is None:
            total += 1
            accessions.append(str(entry.record.accession))
            continue
        total += records.size
        accessions += [entries.table.accessions[record] for record in records[:LISTED].tolist()]
    names = sorted({str(entry.record.organism_as_deposited) for entry in nearest})
    return total, tuple(sorted(accessions)[:LISTED]), tuple(names[:LISTED])


def _frame(
    library: Library,
    anchors: ReferenceRelease,
    method: BarcodeMethod,
    entries: dict[Locus, Entries],
    spreads: SpeciesSpreads,
) -> BarcodeLibrary:
    """What placing and calling ask of a library: words of each genus, and the records of the genus of interest."""
    windows = {limits.locus: limits.window_bp for limits in method.long_loci}
    words: dict[str, list[tuple[int, Masks]]] = {}
    for record in anchors.barcodes:
        if record.state not in LEFT_OUT:
            words.setdefault(record.locus.value, []).append((0, encode(record.sequence)))
    for locus, own in entries.items():
        known = words.setdefault(locus.value, [])
        known += [(0, row) for row in _telling(own, [masks for _, masks in known])]
    loci = {Locus(name): (entries.get(Locus(name))) for name in words}
    return BarcodeLibrary(
        release_id=library.library_id,
        loci={
            locus: LocusLibrary(
                locus, _of_genus(own, method), None, windows.get(locus, 0), 0 if own is None else own.genera
            )
            for locus, own in loci.items()
        },
        index=KmerIndex(words, slack={name: 0 if Locus(name) in windows else AMPLICON_SLACK for name in words}),
        wide_edits={},
        sets=(),
        genus_species=tuple(sorted(t.species for t in anchors.taxa if t.genus == method.genus)),
        has_overlay=False,
        relatives=spreads,
    )


def _telling(entries: Entries, anchors: Sequence[Masks]) -> list[Masks]:
    """Sequences of genera that are needed beside the anchors for every genus to share its words with some.

    Were all genera taken, a large library would hold nearly every word somewhere, and chance would speak of a
    broken frame.
    """
    seen = np.zeros(WORDS, np.bool_)
    for masks in anchors:
        covering(masks[None, :], seen, 1.0)
    found: list[Masks] = []
    representatives = entries.representatives()
    for first in range(0, representatives.size, _GENERA):
        rows = entries.masks(representatives[first : first + _GENERA])
        if not entries.coding:
            rows = np.take_along_axis(rows, np.argsort(rows == 0, axis=1, kind="stable"), axis=1)
        chosen = rows[covering(rows, seen, SHARED_WORDS)]
        found += list(chosen) if entries.coding else [row[row > 0] for row in chosen]
    return found


def _of_genus(entries: Entries | None, method: BarcodeMethod) -> tuple[BarcodeReference, ...]:
    if entries is None:
        return ()
    return tuple(entries.records_of(method.genus))
