"""Sequences matched against a built library of any size, by the same rules as against a release.

Only the references that can decide are handed to the rules; which these are is found exactly
(:mod:`musk_id.kernels.matching`), so that the answers are those of all references.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from musk_id.kernels.anchoring import WORDS, KmerIndex, covering
from musk_id.kernels.matching_counts import Counts
from musk_id.kernels.nucleotides import Masks, encode
from musk_id.model.library import Library
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.sequence import NucleotideSequence
from musk_id.stages.comparison import Compared
from musk_id.stages.library import AMPLICON_SLACK, LEFT_OUT, BarcodeLibrary, LocusLibrary
from musk_id.stages.locus_judgement import Judgement, judge_locus
from musk_id.stages.locus_limits import LocusLimits, limits_of
from musk_id.stages.match_entries import Entries
from musk_id.stages.match_human import HumanReferences
from musk_id.stages.match_rows import LISTED, MatchRow, human_row, placed_row
from musk_id.stages.placement import Placement, place_sequence
from musk_id.stages.relatives import Relatives
from musk_id.stages.sequence_examination import is_human
from musk_id.vocabulary import Locus, Reason

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
        self._entries = {
            locus: Entries(library, table, coding=locus in windows) for locus, table in library.loci.items()
        }
        genera = {locus: entries.genera for locus, entries in self._entries.items()}
        self._limits = {
            locus: limits_of(locus, method, animals, genera.get(locus, 0)) for locus in (*windows, *amplicons)
        }
        self._humans = HumanReferences(anchors, method)
        self.frame = _frame(library, anchors, method, self._entries)

    def rows(self, sequences: Sequence[NucleotideSequence], first_number: int) -> list[MatchRow]:
        """Rows of sequences, in their order."""
        for entries_of_locus in self._entries.values():
            entries_of_locus.forget()
        placed = [place_sequence(s.letters, None, self.frame, self._method) for s in sequences]
        compared = self._compared(placed)
        for locus in {place.locus for place in placed if place.locus is not None}:
            here = {n: p.masks for n, p in enumerate(placed) if p.locus is locus and p.masks is not None}
            found = [compared.get(number, ()) for number in here]
            beside = self._humans.beside(locus, list(here.values()), found, self._limits[locus])
            compared |= dict(zip(here, beside, strict=True))
        return [
            self._row(first_number + number, sequence.name, place, compared.get(number, ()))
            for number, (sequence, place) in enumerate(zip(sequences, placed, strict=True))
        ]

    def _row(self, number: int, name: str, place: Placement, compared: tuple[Compared, ...]) -> MatchRow:
        entries = None if place.locus is None else self._entries.get(place.locus)
        if place.locus is not None and is_human(compared, self._limits[place.locus]):
            return human_row(number, place.locus)
        if entries is None:
            reasons = place.reasons if place.locus is None else (*place.reasons, Reason.NO_REFERENCE_AT_LOCUS)
            return MatchRow(
                number=number,
                name=name,
                locus=place.locus,
                strand=place.strand,
                reasons=tuple(sorted(set(reasons))),
            )
        judged = self._judged(place, compared, entries) if compared else None

        def owners(nearest: tuple[Compared, ...]) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
            return _owners(nearest, entries)

        return placed_row(number, name, place, compared, judged, self._limits[entries.table.locus], owners, NOTED)

    def _compared(self, placed: Sequence[Placement]) -> dict[int, tuple[Compared, ...]]:
        """References that decide, by the number of the sequence."""
        found: dict[int, tuple[Compared, ...]] = {}
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
            nearest = entries.index.nearest(np.stack(masks), threads=self._threads)
            entries.prepare(nearest.rows)
            for place, number in enumerate(numbers):
                here = slice(nearest.offsets[place], nearest.offsets[place + 1])
                counts = Counts(nearest.incompatible[here], nearest.possible[here], nearest.compared[here])
                found[number] = entries.compared(nearest.rows[here], counts, 0)
        return found

    def _judged(self, place: Placement, compared: tuple[Compared, ...], entries: Entries) -> Judgement:
        """The answer; where it rests on all families within reach, or on all species, these are looked for."""
        limits = self._limits[entries.table.locus]
        further = () if entries.in_full else self._congeners(place, compared, entries)
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
        further = _families(place.masks, compared, entries, limits)
        return judge_locus(compared, limits, self.frame, self._method, self._animals, further)

    def _congeners(
        self, place: Placement, compared: tuple[Compared, ...], entries: Entries
    ) -> tuple[Compared, ...]:
        """All references of the nearest genus that a species' radius may reach."""
        radius = self._animals.species
        if radius is None or place.masks is None or not entries.coding:
            return ()
        most, nearest = Fraction(radius.most_p), min(compared, key=lambda entry: entry.upper)
        if nearest.upper > most or nearest.record.genus == self._method.genus:
            return ()
        return entries.congeners(place.masks, nearest.record, most)


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
    library: Library, anchors: ReferenceRelease, method: BarcodeMethod, entries: dict[Locus, Entries]
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
        relatives=Relatives(lambda locus, genus: entries[locus].records_of(genus), windows),
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
