"""Our answers with a record, its species or its genus withheld: the rules of the stage, each time anew.

Withheld records take part in nothing: not as nearest, not as competitors, not in the spread of their species, not
among its individuals.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

import numpy as np
from accuracy_sets import DataSet, Item
from numpy.typing import NDArray
from wide_margins import METHOD

from musk_id.kernels.edit_bounds import EditBounds
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.frames import pack_nibbles
from musk_id.kernels.matching import deciding_rows
from musk_id.kernels.matching_counts import Counts
from musk_id.kernels.nucleotides import Masks, decode, encode
from musk_id.model.barcode import LocusCall
from musk_id.model.columns import TextColumn
from musk_id.model.library import Library, LocusTable, TaxonColumn
from musk_id.model.methods import ANIMAL_METHODS, AnimalMethod, require_method
from musk_id.model.reference import BarcodeReference, ReferenceRelease
from musk_id.model.values import IsoDate, Line, Sha256
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_call import call_locus
from musk_id.stages.locus_limits import limits_of
from musk_id.stages.match_entries import Entries
from musk_id.stages.match_library import LibraryMatcher
from musk_id.stages.placement import Placement, place_sequence
from musk_id.stages.relatives import Relatives
from musk_id.vocabulary import Locus, Rank

__all__ = ["ANIMALS", "SCENARIOS", "Answer", "Answered", "OwnRules", "withheld_items"]

ANIMALS = require_method(ANIMAL_METHODS, "general-mammal-2")
SCENARIOS = ("species present", "species withheld", "genus withheld")
PROCESSES = 2
# Edits beyond which no radius with its margin reaches.
FAR = 12
WINDOWS = {limits.locus: limits.window_bp for limits in METHOD.long_loci}

_adopted: OwnRules | None = None


@dataclass(frozen=True)
class Answer:
    """What is said of a query; ``species`` holds several names where they are named together."""

    rank: Rank
    species: tuple[str, ...] = ()
    genus: str | None = None
    family: str | None = None


@dataclass(frozen=True)
class Answered:
    """Answers of a query by scenario, and the differing share of its nearest congener."""

    answers: dict[str, Answer]
    congener: float | None


def withheld_items(items: Sequence[Item], query: int, scenario: str) -> set[int]:
    """Numbers of the records that a query is compared without."""
    own = items[query]
    if scenario == "species withheld":
        return {n for n, item in enumerate(items) if item.species == own.species}
    if scenario == "genus withheld":
        return {n for n, item in enumerate(items) if item.genus == own.genus}
    return {query}


class OwnRules:
    """A set as a library, and its queries placed.

    Parameters
    ----------
    data : DataSet
        The set; queries that are ``outside`` are no records of the library.
    release : ReferenceRelease
        Release whose frames are used.
    animals : AnimalMethod
        How other mammals are named.
    scenarios : sequence of str
        What is withheld, of :data:`SCENARIOS`.
    """

    def __init__(
        self,
        data: DataSet,
        release: ReferenceRelease,
        animals: AnimalMethod = ANIMALS,
        scenarios: Sequence[str] = SCENARIOS,
    ) -> None:
        self.data, self._animals, self._scenarios = data, animals, scenarios
        coding = data.locus in WINDOWS
        anchors = BarcodeLibrary.from_release(release, METHOD)
        self.rows: list[int] = []
        kept: list[Masks] = []
        for number, item in enumerate(data.items):
            if number in data.outside:
                continue
            masks = encode(item.sequence) if data.path is None else _library_row(item, data.locus, anchors)
            if masks is not None:
                self.rows.append(number)
                kept.append(masks)
        self.library = _library(data, self.rows, kept)
        self._entries = Entries(self.library, self.library.loci[data.locus], coding=coding)
        self._frame = LibraryMatcher(self.library, release, METHOD, animals).frame
        self._limits = limits_of(data.locus, METHOD, animals, self._entries.genera)
        self._entry_of = self._entries_of_records()
        self._item_of = {entry: data.items[number] for number, entry in self._entry_of.items()}
        self._letters = [] if coding else [self._item_of[e].sequence for e in range(len(self._item_of))]
        self._bounds = None if coding else EditBounds(self._letters)
        self._by_genus: dict[str, list[BarcodeReference]] = {}
        self._number_of = {data.items[n].accession: n for n in self.rows}
        self.placed = {n: place_sequence(data.items[n].sequence, None, self._frame, METHOD) for n in data.queries}
        self.judged = [n for n in data.queries if self._callable(self.placed[n])]

    @property
    def wide(self) -> bool:
        """Whether the set counts as a wide library."""
        return self._limits.wide

    def _callable(self, place: Placement) -> bool:
        return place.callable and place.locus is self.data.locus

    def _entries_of_records(self) -> dict[int, int]:
        """Entry of each record of the library, by the number of the record in the set."""
        found = {}
        for entry in range(self._entries.record.size):
            for record in self._entries.records(entry).tolist():
                found[self.rows[record]] = entry
        return found

    def answers(self) -> dict[int, Answered]:
        """Answers of every judged query in every scenario; processes do not change them."""
        global _adopted
        _adopted = self
        parts = [self.judged[n :: PROCESSES * 8] for n in range(PROCESSES * 8)]
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
            found = {n: answered for part in pool.map(_answers, parts) for n, answered in part}
        return {number: found[number] for number in self.judged}

    def same_as_own_species(self, number: int, least_columns: int) -> bool:
        """Whether a query differs in no column from a reference of its species that shares so many with it."""
        masks = self.placed[number].masks
        assert masks is not None
        counts = self._measure(masks)
        same = np.flatnonzero((counts.incompatible == 0) & (counts.compared >= least_columns))
        return any(self._item_of[entry].species == self.data.items[number].species for entry in same.tolist())

    def answer(self, number: int) -> Answered:
        """Answers of one query."""
        masks = self.placed[number].masks
        assert masks is not None
        counts = self._measure(masks)
        answers = {
            scenario: self._answer(masks, counts, withheld_items(self.data.items, number, scenario))
            for scenario in self._scenarios
        }
        return Answered(answers, self._congener(number, counts, int(masks.size)))

    def _measure(self, masks: Masks) -> Counts:
        """Distances to every entry; of short markers those beyond ``FAR`` edits are lower bounds.

        No limit reaches that far, so that the answers are those of the distances themselves.
        """
        if self._bounds is None:
            assert self._entries.index is not None
            return self._entries.index.measure(masks)
        query = decode(masks)
        bounds = self._bounds.of(query)
        lower = np.maximum(bounds, FAR + 1).astype(np.int32)
        upper = lower.copy()
        for entry in np.flatnonzero(bounds <= FAR).tolist():
            distance = edit_distance(query, self._letters[entry])
            lower[entry], upper[entry] = distance.lower, distance.upper
        return Counts(lower, upper, np.ones(lower.size, np.int32))

    def _congener(self, number: int, counts: Counts, query_bp: int) -> float | None:
        """Differing share of the nearest record of another species of the genus; none: there is none."""
        own = self.data.items[number]
        shares = []
        for entry, item in self._item_of.items():
            if item.genus != own.genus or item.species == own.species:
                continue
            coding = self._bounds is None
            shared = int(counts.compared[entry]) if coding else min(query_bp, len(self._letters[entry]))
            if shared:
                shares.append(int(counts.incompatible[entry]) / shared)
        return min(shares, default=None)

    def _answer(self, masks: Masks, counts: Counts, withheld: set[int]) -> Answer:
        gone = self._emptied(withheld)
        left = Counts(counts.incompatible, counts.possible, counts.compared.copy())
        left.compared[gone] = 0
        rows = self._deciding(left)
        if not rows.size:
            return Answer(Rank.NONE)
        compared = self._entries.compared(rows, left.take(rows), int(masks.size))
        relatives = Relatives(lambda _, genus: self._records(genus, withheld), WINDOWS)
        library = replace(self._frame, relatives=relatives)
        return _read(call_locus(compared, self._limits, library, METHOD, self._animals), compared[0].record)

    def _emptied(self, withheld: set[int]) -> NDArray[np.int64]:
        """Entries of which no record is left."""
        entries = [self._entry_of[n] for n in withheld if n in self._entry_of]
        numbers, lost = np.unique(np.array(entries, np.int64), return_counts=True)
        held = [self._entries.records(int(entry)).size for entry in numbers]
        emptied: NDArray[np.int64] = numbers[lost == np.array(held, np.int64)]
        return emptied

    def _deciding(self, counts: Counts) -> NDArray[np.int64]:
        """Entries that can decide: the nearest, the next genus, and all within reach of a radius or margin."""
        held = counts.compared > 0
        rows = np.flatnonzero(held) if self._entries.in_full else deciding_rows(counts, self._entries.genus)
        if not rows.size:
            return rows
        least = np.min(counts.possible[rows] / counts.compared[rows])
        if least > float(self._limits.other_radius) + 1e-9:
            return rows
        reaches = (least + float(self._limits.other_margin), float(self._limits.other_radius), self._reach(least))
        reach = max(reaches) + 1e-9
        near = np.flatnonzero((counts.compared > 0) & (counts.incompatible <= reach * counts.compared))
        return np.union1d(rows, near)

    def _reach(self, least: float) -> float:
        """How far a record may lie that decides on the species."""
        species = self._animals.species
        if species is None:
            return 0.0
        isolated = species.isolated
        if isolated is None:
            return float(species.most_p)
        return max(float(species.most_p), float(isolated.other_p), isolated.times * least)

    def _records(self, genus: str, withheld: set[int]) -> list[BarcodeReference]:
        if genus not in self._by_genus:
            self._by_genus[genus] = self._entries.records_of(genus)
        return [r for r in self._by_genus[genus] if self._number_of[str(r.accession)] not in withheld]


def _answers(numbers: list[int]) -> list[tuple[int, Answered]]:
    assert _adopted is not None
    return [(number, _adopted.answer(number)) for number in numbers]


def _read(call: LocusCall, nearest: BarcodeReference) -> Answer:
    if call.rank is Rank.NONE:
        return Answer(Rank.NONE)
    if call.rank is Rank.FAMILY:
        return Answer(call.rank, family=call.taxon)
    return Answer(call.rank, tuple(map(str, call.species)), call.genus, nearest.family)


def _library_row(item: Item, locus: Locus, anchors: BarcodeLibrary) -> Masks | None:
    """Letters of a reference in the columns of its marker; ``None`` where it has no place there."""
    if locus not in WINDOWS:
        return encode(item.sequence)
    placed = place_sequence(item.sequence, None, anchors, METHOD)
    # A fragment is compared as far as it reaches; what is not in the frame is not compared.
    broken = {"FRAME_BROKEN", "STOP_CODON"} & {reason.value for reason in placed.reasons}
    return None if placed.locus is not locus or placed.masks is None or broken else placed.masks


def _library(data: DataSet, rows: Sequence[int], kept: Sequence[Masks]) -> Library:
    """The records as a library in memory, each of an individual of its own."""
    width = max(row.size for row in kept)
    masks = np.zeros((len(kept), width), np.uint8)
    for number, row in enumerate(kept):
        masks[number, : row.size] = row
    packed, haplotype = np.unique(pack_nibbles(masks), axis=0, return_inverse=True)
    items = [data.items[n] for n in rows]
    taxa = sorted({(item.species, item.genus, item.family, item.order) for item in items})
    by_species = {taxon[0]: number for number, taxon in enumerate(taxa)}
    count = len(items)
    table = LocusTable(
        locus=data.locus,
        width=width,
        packed=packed,
        haplotype=haplotype.reshape(-1).astype(np.uint32),
        taxon=np.array([by_species[item.species] for item in items], np.uint32),
        state=np.zeros(count, np.uint8),
        individual=np.arange(count, dtype=np.uint32),
        strand=np.ones(count, np.int8),
        collapsed=np.zeros(count, np.uint8),
        accessions=TextColumn.of([item.accession for item in items]),
        revised={},
    )
    return Library(
        library_id=Line("accuracy"),
        date=IsoDate("2026-11-26"),
        title=Line(data.name),
        anchors_release=Line("2026.1"),
        manifest_sha256=Sha256("0" * 64),
        taxa=TaxonColumn(tuple("\t".join(taxon) for taxon in taxa)),
        loci={data.locus: table},
        individuals=count,
    )
