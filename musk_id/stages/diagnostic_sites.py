"""Positions for and against each candidate: columns in which two candidates are fixed for different letters.

Candidates are the nearest and the next genera and the genus of interest; where that is nearest, also its species,
under both views of the names, and its lineages. Only records of the release stand for a candidate: a laboratory's
own carry no name. Nothing is decided here. A column that separates few records need not separate their species.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.fixed_letters import MISSING, fixed_letters, separating_columns, with_missing_letters
from musk_id.kernels.frames import star_frame
from musk_id.kernels.nucleotides import Masks, decode, encode
from musk_id.model.barcode import LocusCall
from musk_id.model.candidates import Candidate, CandidateGroup, CandidatePair, DiagnosticSites
from musk_id.model.reference import TaxonSet
from musk_id.model.values import Line, Text
from musk_id.stages.comparison import HUMAN_GENUS, Compared
from musk_id.stages.library import genera_of, species_of
from musk_id.vocabulary import CandidateLevel, Locus, NameView

__all__ = ["Frame", "diagnostic_sites", "frame_of"]

MAX_CANDIDATES = 10

# Position of the first letter of this record's part of each marker in its mitochondrial genome (RefSeq).
FRAME_RECORD = "NC_012694.1"
FRAME_POSITIONS = {Locus.RRNA_12S: 503, Locus.RRNA_16S: 2259, Locus.COI: 5374, Locus.CYTB: 14153}


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A sequence and references in common columns, as states of the kernel of fixed letters.

    ``states`` has the query in its first row, then the references in their order; ``columns`` and ``inserted``
    are as in :class:`~musk_id.model.candidates.DiagnosticSites`; ``before`` counts the letters of each row that
    lie before the first column.
    """

    states: Masks
    columns: NDArray[np.int64]
    inserted: NDArray[np.int64]
    before: NDArray[np.int64]


def frame_of(letters: str, entries: tuple[Compared, ...], *, coding: bool) -> Frame:
    """Common columns of a placed sequence and of references, only those that the sequence reaches.

    A coding marker has the columns of its window; a short one those of its letters and of what references have
    between them, each reference aligned to the sequence by itself.
    """
    if coding:
        states = np.zeros((len(entries) + 1, len(letters)), dtype=np.uint8)
        states[0] = encode(letters)
        for row, entry in enumerate(entries, 1):
            reference = encode(entry.record.sequence)[: len(letters)]
            states[row, : reference.size] = reference
        first, last = 0, len(letters)
        columns, inserted = np.arange(1, last + 1), np.zeros(last, dtype=np.int64)
    else:
        frame = star_frame([letters, *(str(entry.record.sequence) for entry in entries)], letters)
        states = with_missing_letters(frame)
        own = frame[0] > 0
        first, last = int(own.argmax()), int(own.size - own[::-1].argmax())
        columns, places = np.cumsum(own), np.arange(own.size)
        inserted = places - np.maximum.accumulate(np.where(own, places, -1))
    # Of a window only what the sequence has; of a short marker also what references have between its letters.
    read = np.flatnonzero(states[0]) if coding else np.arange(first, last)
    held = (states > 0) & (states != MISSING)
    return Frame(states[:, read], columns[read], inserted[read], held[:, : int(read[0])].sum(axis=1))


def diagnostic_sites(
    letters: str,
    locus: Locus,
    compared: tuple[Compared, ...],
    call: LocusCall,
    sets: tuple[TaxonSet, ...],
    genus: str,
    *,
    coding: bool,
) -> DiagnosticSites:
    """Separating columns of the candidates of a called sequence, and the sequence's letters there.

    Parameters
    ----------
    letters : str
        The compared part, ``-`` where a window has no letter.
    compared : tuple of Compared
        All references of the marker, nearest first.
    call : LocusCall
        The call, which names the nearest and the next genera.
    genus : str
        The genus of interest.
    """
    released = tuple(e for e in compared if e.record.overlay is None and e.record.genus != HUMAN_GENUS)
    found = _groups(released, call, sets, genus)
    members = {row for _, _, candidates in found for _, rows in candidates for row in rows}
    numbered = next((row for row, e in enumerate(released) if e.record.accession == FRAME_RECORD), None)
    kept = tuple(sorted(members | ({numbered} if numbered is not None else set())))
    frame = frame_of(letters, tuple(released[row] for row in kept), coding=coding)
    place = {row: index + 1 for index, row in enumerate(kept)}
    shown = np.zeros(frame.columns.size, dtype=bool)
    counted: list[tuple[CandidateLevel, tuple[NameView, ...], list[_Fixed], NDArray[np.bool_]]] = []
    for level, views, candidates in found:
        fixed = [
            _Fixed(
                name,
                tuple(released[r] for r in rows),
                fixed_letters(frame.states[[place[r] for r in rows]]),
            )
            for name, rows in candidates
        ]
        separating = separating_columns([entry.states for entry in fixed])
        shown |= separating.any(axis=(0, 1))
        counted.append((level, views, fixed, separating))
    at = np.flatnonzero(shown)
    return DiagnosticSites(
        frame_record=None if numbered is None else Line(FRAME_RECORD),
        columns=tuple(frame.columns[at].tolist()),
        inserted=tuple(frame.inserted[at].tolist()),
        positions=(0,) * int(at.size) if numbered is None else _positions(frame, place[numbered], locus, at),
        query=_text(frame.states[0, at]),
        groups=tuple(
            CandidateGroup(
                level=level,
                views=views,
                candidates=tuple(entry.candidate(at) for entry in fixed),
                pairs=_pairs(frame.states[0], fixed, separating),
            )
            for level, views, fixed, separating in counted
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fixed:
    """A candidate with its members and its fixed states."""

    name: str
    members: tuple[Compared, ...]
    states: Masks

    def candidate(self, columns: NDArray[np.int64]) -> Candidate:
        return Candidate(
            name=Line(self.name),
            members=tuple(sorted(entry.record.accession for entry in self.members)),
            individuals=len({entry.record.individual for entry in self.members}),
            letters=_text(self.states[columns], absent="."),
        )


def _text(states: Masks, absent: str = "-") -> Text | None:
    """Letters of states; a letter that is lacking is ``-``. None of no state."""
    if not states.size:
        return None
    letters = decode(np.where(states == MISSING, 0, states).astype(np.uint8))
    return Text("".join(absent if not state else letter for state, letter in zip(states, letters, strict=True)))


def _pairs(query: Masks, fixed: list[_Fixed], separating: NDArray[np.bool_]) -> tuple[CandidatePair, ...]:
    pairs = []
    for i, first in enumerate(fixed):
        for j in range(i + 1, len(fixed)):
            second, columns = fixed[j], separating[i, j]
            agreeing = int((columns & (query == first.states)).sum())
            against = int((columns & (query == second.states)).sum())
            total = int(columns.sum())
            pairs.append(
                CandidatePair(
                    first=Line(first.name),
                    second=Line(second.name),
                    separating=total,
                    agree_first=agreeing,
                    agree_second=against,
                    agree_neither=total - agreeing - against,
                )
            )
    return tuple(pairs)


Candidates = tuple[tuple[str, tuple[int, ...]], ...]


def _groups(
    released: tuple[Compared, ...], call: LocusCall, sets: tuple[TaxonSet, ...], genus: str
) -> list[tuple[CandidateLevel, tuple[NameView, ...], Candidates]]:
    """Candidates of each level, as rows of the records; views that give the same members are one group."""
    nearest = {name for view in call.views for name in view.nearest_genus}
    following = {name for view in call.views for name in view.next_genus}
    genera = nearest | following | {genus}
    levels: list[tuple[CandidateLevel, dict[NameView, Candidates]]] = [
        (CandidateLevel.GENUS, {view: _genera(released, genera, view) for view in NameView})
    ]
    if genus in nearest:
        levels.append((CandidateLevel.SPECIES, {view: _species(released, genus, view) for view in NameView}))
        lineages = _ordered(released, {s.set_id: _rows_named(released, s.accessions) for s in sets})
        levels.append((CandidateLevel.LINEAGE_SET, dict.fromkeys(NameView, lineages)))
    found = []
    for level, by_view in levels:
        same: dict[Candidates, list[NameView]] = {}
        for view, candidates in by_view.items():
            same.setdefault(candidates, []).append(view)
        found += [(level, tuple(views), c) for c, views in same.items() if len(c) > 1]
    return found


def _genera(released: tuple[Compared, ...], genera: Iterable[str], view: NameView) -> Candidates:
    named = [genera_of(entry.record, view) for entry in released]
    return _ordered(released, {g: [i for i, names in enumerate(named) if g in names] for g in genera})


def _species(released: tuple[Compared, ...], genus: str, view: NameView) -> Candidates:
    """Species of the genus; a record with several names stands for each."""
    rows: dict[str, list[int]] = {}
    for row, entry in enumerate(released):
        for species in species_of(entry.record, view):
            if species.split(" ")[0] == genus:
                rows.setdefault(species, []).append(row)
    return _ordered(released, rows)


def _rows_named(released: tuple[Compared, ...], accessions: Iterable[str]) -> list[int]:
    wanted = set(accessions)
    return [row for row, entry in enumerate(released) if entry.record.accession in wanted]


def _ordered(released: tuple[Compared, ...], rows: Mapping[str, Iterable[int]]) -> Candidates:
    """Candidates that have a record, nearest first, then by name; at most ten."""
    held = {name: tuple(found) for name, found in rows.items() if tuple(found)}

    def order(name: str) -> tuple[Fraction, str]:
        return min(released[row].upper for row in held[name]), name

    return tuple((name, held[name]) for name in sorted(held, key=order)[:MAX_CANDIDATES])


def _positions(frame: Frame, row: int, locus: Locus, at: NDArray[np.int64]) -> tuple[int, ...]:
    """Position in its genome of the frame record's letter in each shown column; 0 where it has none."""
    held = (frame.states[row] > 0) & (frame.states[row] != MISSING)
    # In a window the record has a letter in every column, also where the sequence has none.
    whole = locus in (Locus.COI, Locus.CYTB)
    counted = frame.columns - 1 if whole else frame.before[row] + np.cumsum(held) - 1
    return tuple(np.where(held, FRAME_POSITIONS[locus] + counted, 0)[at].tolist())
