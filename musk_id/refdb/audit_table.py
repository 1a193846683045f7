"""What the audit compares: records of a marker with their names in force, individuals and submissions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.bitplanes import pack
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.frames import unpack_nibbles
from musk_id.kernels.neighbours import Pairs, coding_distances, coding_neighbours, short_neighbours
from musk_id.kernels.nucleotides import Masks, decode
from musk_id.model.library import LocusTable
from musk_id.vocabulary import CurationState, Locus

__all__ = ["CODING", "AuditTable", "audit_table", "grouped", "submissions", "without_copies"]

CODING = frozenset({Locus.COI, Locus.CYTB})

MAX_SHARE = 0.06
MIN_COMPARED = 200
MAX_EDITS = 4
# Accessions given out in one go follow each other; within this many numbers they are taken as one submission.
SUBMISSION_GAP = 20

_ACCESSION = re.compile(r"([A-Za-z_]+)([0-9]+)")
_REFSEQ = re.compile(r"[A-Z]{2}_[0-9]+")
_LEFT_OUT = frozenset({CurationState.UNUSABLE, CurationState.DUPLICATE})

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class AuditTable:
    """Records of one marker, as arrays of equal length but for the haplotypes' own.

    Attributes
    ----------
    haplotype, taxon, individual, submission : ndarray of int64, shape (n,)
        Row of ``masks``; species in force (the revised name where there is exactly one); animal; submission.
    used : ndarray of bool, shape (n,)
        Whether the record takes part (states other than ``unusable`` and ``duplicate``).
    masks : ndarray of uint8, shape (h, width)
        Haplotypes in their frame.
    pairs : Pairs
        Haplotypes that lie near each other.
    """

    locus: Locus
    haplotype: Numbers
    taxon: Numbers
    individual: Numbers
    submission: Numbers
    used: NDArray[np.bool_]
    accessions: tuple[str, ...]
    masks: Masks
    texts: tuple[str, ...]
    planes: NDArray[np.uint64]
    pairs: Pairs

    @property
    def is_coding(self) -> bool:
        """Whether distances are shares of compared columns, not edits."""
        return self.locus in CODING

    def renamed(self, taxon: Numbers) -> AuditTable:
        """The same records under other names."""
        return replace(self, taxon=taxon)

    def measure(self, differing: Numbers, compared: Numbers) -> NDArray[np.float64]:
        """Distance in the unit of the marker: share of columns, or edits."""
        if not self.is_coding:
            return differing.astype(np.float64)
        return np.where(compared >= MIN_COMPARED, differing / np.maximum(compared, 1), 1.0)

    def distances(self, haplotype: int, others: Sequence[int]) -> tuple[Numbers, Numbers]:
        """Differing and compared columns (or edits and letters) of a haplotype and others, however far."""
        if self.is_coding:
            chosen = self.planes[:, [haplotype, *others]]
            differing, compared = coding_distances(chosen, slice(0, 1), slice(1, None))
            return differing[0], compared[0]
        text = self.texts[haplotype]
        edits = [edit_distance(text, self.texts[other]).lower for other in others]
        letters = [min(len(text), len(self.texts[other])) for other in others]
        return np.array(edits, dtype=np.int64), np.array(letters, dtype=np.int64)


def audit_table(table: LocusTable, rows: NDArray[np.int64] | None = None) -> AuditTable:
    """Table of a marker of a library, or of some of its records."""
    chosen = np.arange(table.records) if rows is None else rows
    held, haplotype = np.unique(table.haplotype[chosen].astype(np.int64), return_inverse=True)
    masks = unpack_nibbles(np.asarray(table.packed)[held], table.width)
    texts = tuple(decode(row[row > 0]) for row in masks)
    coding = table.locus in CODING
    pairs = coding_neighbours(masks, MAX_SHARE, MIN_COMPARED) if coding else short_neighbours(texts, MAX_EDITS)
    every = list(table.accessions)
    accessions = tuple(every[row] for row in chosen.tolist())
    taxon = table.taxon[chosen].astype(np.int64)
    for place, row in enumerate(chosen.tolist()):
        revised = table.revised.get(row, ())
        if len(revised) == 1:
            taxon[place] = revised[0]
    left_out = [number for number, state in enumerate(CurationState) if state in _LEFT_OUT]
    return AuditTable(
        locus=table.locus,
        haplotype=haplotype.astype(np.int64),
        taxon=taxon,
        individual=table.individual[chosen].astype(np.int64),
        submission=submissions(accessions),
        used=~np.isin(table.state[chosen], left_out),
        accessions=accessions,
        masks=masks,
        texts=texts,
        planes=pack(masks).words,
        pairs=pairs,
    )


def submissions(accessions: Sequence[str]) -> Numbers:
    """Number of the submission of each accession: one prefix, and numbers that follow each other closely."""
    parsed = []
    for place, accession in enumerate(accessions):
        found = _ACCESSION.match(accession)
        parsed.append((found.group(1), int(found.group(2)), place) if found else (accession, 0, place))
    numbers = np.zeros(len(accessions), dtype=np.int64)
    current, before = -1, ("", 0)
    for prefix, number, place in sorted(parsed):
        # RefSeq numbers say when NCBI made the record, not who deposited it.
        if prefix != before[0] or number - before[1] > SUBMISSION_GAP or prefix.endswith("_"):
            current += 1
        numbers[place], before = current, (prefix, number)
    return numbers


def without_copies(tables: Sequence[AuditTable]) -> list[AuditTable]:
    """Tables of all markers, RefSeq records counted as the animal that they were made from.

    RefSeq records are made by NCBI from deposited ones. Where the library does not say from which, a deposited
    animal of the same name is taken as the source that has equal letters at every marker which both hold, the
    one with most such markers first. So no animal supports a name twice.
    """
    equal: dict[tuple[int, int], int] = defaultdict(int)
    contradicted: set[tuple[int, int]] = set()
    for table in tables:
        for copy, source, same in _copies(table):
            if same:
                equal[copy, source] += 1
            else:
                contradicted.add((copy, source))
    sources: dict[int, int] = {}
    for (copy, source), _ in sorted(equal.items(), key=lambda item: (-item[1], item[0])):
        if (copy, source) not in contradicted:
            sources.setdefault(copy, source)
    return [
        replace(t, individual=np.array([sources.get(i, i) for i in t.individual.tolist()], dtype=np.int64))
        for t in tables
    ]


def _copies(table: AuditTable) -> Iterator[tuple[int, int, bool]]:
    """Individual of a RefSeq record, another individual of its name, and whether their letters are equal."""
    refseq = [_REFSEQ.match(accession) is not None for accession in table.accessions]
    animal, haplotype = table.individual.tolist(), table.haplotype.tolist()
    made_by_ncbi = {animal[row] for row, is_copy in enumerate(refseq) if is_copy}
    zero = table.pairs.differing == 0
    equal = set(zip(table.pairs.first[zero].tolist(), table.pairs.second[zero].tolist(), strict=True))
    for rows in grouped(table.taxon.tolist()).values():
        deposited = [row for row in rows if animal[row] not in made_by_ncbi]
        for copy in (row for row in rows if refseq[row]):
            for row in deposited:
                first, second = sorted((haplotype[copy], haplotype[row]))
                yield animal[copy], animal[row], first == second or (first, second) in equal


def grouped(values: Iterable[int]) -> dict[int, list[int]]:
    """Places of each value, in order."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, value in enumerate(values):
        places[value].append(place)
    return places
