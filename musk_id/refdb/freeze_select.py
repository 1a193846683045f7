"""Which records of a library may enter a release, as what, and why the others may not.

A release carries the answers, so nothing enters in doubt: a record that contradicts the base, whose animal cannot
be told from one that is counted already, or whose place among the lineage sets nobody has decided, is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from musk_id.kernels.nucleotides import Masks, decode
from musk_id.library_vocabulary import LeftOut
from musk_id.model.reference import BarcodeReference, ReferenceRelease, TaxonSet
from musk_id.model.values import Line, Text
from musk_id.records.files import sha256_bytes
from musk_id.refdb.checks_sequences import LENGTHS_BP, sequence_problems
from musk_id.refdb.freeze_letters import NamesAndLetters
from musk_id.refdb.freeze_taxa import TaxaOfRelease
from musk_id.refdb.library_read import BuiltLibrary, LibraryRecord
from musk_id.vocabulary import RELEASE_MARKERS, CurationState, Locus

__all__ = ["LeftOutRecord", "select_barcodes"]

_CODING = frozenset({Locus.COI, Locus.CYTB})
_RENAMED = (CurationState.NAME_DISPROVED, CurationState.NAME_UNRESOLVED)
_COMPARED = (CurationState.REFERENCE, *_RENAMED)
_SUBMITTED = re.compile(r"^Submitted \([^)]*\)")
_SPECIES = re.compile(r"[A-Z][a-z-]+ [a-z-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRecord:
    """A record of the library that does not enter the release."""

    record: LibraryRecord
    reason: LeftOut
    detail: Line


@dataclass(frozen=True, slots=True)
class _Candidate:
    record: LibraryRecord
    reference: BarcodeReference


_Refused = tuple[LeftOut, str]


class _Refusals:
    """What the base and the library say that keeps a record out."""

    def __init__(self, built: BuiltLibrary, base: ReferenceRelease, sets: tuple[TaxonSet, ...]) -> None:
        self.taxa = TaxaOfRelease(base, built.records)
        self.held = {(_stem(r.accession), r.locus) for r in base.barcodes}
        self.base = base
        self.decided = {accession for group in sets for accession in group.accessions}
        self.set_genera = {species.split(" ")[0] for group in sets for species in group.species}
        self.letters = NamesAndLetters(base, self.set_genera)
        self.individuals = _individuals(built, base)
        self.names: dict[str, set[str]] = defaultdict(set)
        self.contradicted: dict[str, str] = {}
        for r in base.barcodes:
            self.names[r.individual].add(r.organism_as_deposited)
            if r.state in (*_RENAMED, CurationState.UNUSABLE):
                self.contradicted[r.individual] = f"{r.accession} is {r.state} at {r.locus}"
        for record in built.records:
            name = self.individuals[record.individual]
            if name is not None:
                self.names[name].add(record.species)

    def of_record(self, record: LibraryRecord) -> _Refused | None:
        """Why a record cannot enter, whatever its letters are."""
        if record.locus not in RELEASE_MARKERS:
            return LeftOut.MARKER_NOT_OF_RELEASES, f"{record.locus} screens in libraries of one's own"
        if (record.stem, record.locus) in self.held:
            return LeftOut.IN_BASE_ALREADY, f"release {self.base.release_id} holds it"
        if _SPECIES.fullmatch(record.species) is None:
            return LeftOut.NAME_NO_SPECIES, "a genus and one word of the species are needed"
        taxon = self.taxa.refusal(record)
        if taxon is not None:
            return taxon
        individual = self.individuals[record.individual]
        if individual is None:
            return LeftOut.INDIVIDUAL_CONFLICT, "the base tells apart animals that the library takes for one"
        if record.state is CurationState.REFERENCE:
            if len(self.names[individual]) > 1:
                names = ", ".join(sorted(self.names[individual]))
                return LeftOut.INDIVIDUAL_CONFLICT, f"records of one animal are named {names}"
            if individual in self.contradicted:
                return LeftOut.NAME_CONTRADICTS_BASE, self.contradicted[individual]
        if record.state in _RENAMED and not record.revised_names:
            return LeftOut.STATE_CONTRADICTS_NAME, f"{record.state} without a revised name"
        if record.state is CurationState.REFERENCE and record.revised_names:
            return LeftOut.STATE_CONTRADICTS_NAME, "a reference with a revised name"
        return None

    def of_reference(self, reference: BarcodeReference) -> _Refused | None:
        """Why a record that would be compared cannot enter."""
        if reference.state not in _COMPARED:
            return None
        refused = self.letters.refusal(reference)
        if refused is not None:
            return refused
        # A compared record outside the sets would take the names of its set from the answers near it.
        if reference.genus not in self.set_genera or reference.accession in self.decided:
            return None
        near = self.letters.nearest(reference)
        return LeftOut.SET_NOT_DECIDED, f"in no set of sets.tsv; nearest in the base: {', '.join(near) or 'none'}"


def _stem(accession: str) -> str:
    return accession.split(".")[0]


def _individuals(built: BuiltLibrary, base: ReferenceRelease) -> dict[int, Line | None]:
    """Name of each animal of the library: that of the base if the base knows it, ``None`` if it knows several."""
    known: dict[str, set[Line]] = defaultdict(set)
    for r in base.barcodes:
        for name in (r.accession, r.individual):
            known[_stem(name)].add(r.individual)
    stems: dict[int, set[str]] = defaultdict(set)
    names: dict[int, set[str]] = defaultdict(set)
    for record in built.records:
        stems[record.individual].add(record.stem)
        names[record.individual] |= {record.stem, _stem(record.individual_stated or record.stem)}
    found: dict[int, Line | None] = {}
    for number, own in names.items():
        matches = set().union(*(known.get(name, set()) for name in own))
        found[number] = None if len(matches) > 1 else next(iter(matches), Line(min(stems[number])))
    return found


def select_barcodes(
    built: BuiltLibrary, base: ReferenceRelease, sets: tuple[TaxonSet, ...]
) -> tuple[tuple[BarcodeReference, ...], tuple[LeftOutRecord, ...]]:
    """Records of a library that enter a release, and the others with their reasons.

    Parameters
    ----------
    built : BuiltLibrary
        The library.
    base : ReferenceRelease
        The release whose records stay.
    sets : tuple of TaxonSet
        Lineage sets of the new release.
    """
    refusals = _Refusals(built, base, sets)
    left: list[LeftOutRecord] = []
    candidates: list[_Candidate] = []
    rows = {locus: built.rows_of(locus) for locus in built.library.loci}
    notes = _notes(built)
    for record in built.records:
        refused = refusals.of_record(record)
        if refused is None:
            found = _reference(built, refusals, record, rows[record.locus][record.row], notes)
            refused = found if isinstance(found, tuple) else refusals.of_reference(found)
            if refused is None and isinstance(found, BarcodeReference):
                candidates.append(_Candidate(record, found))
                continue
        if refused is not None:
            left.append(_left(record, *refused))
    candidates = _animals_shown(candidates, refusals, left)
    chosen = _one_reference(candidates, base, left)
    return tuple(chosen), tuple(sorted(left, key=lambda entry: entry.record.key))


def _left(record: LibraryRecord, reason: LeftOut, detail: str) -> LeftOutRecord:
    return LeftOutRecord(record=record, reason=reason, detail=Line(detail[:500]))


def _notes(built: BuiltLibrary) -> dict[tuple[str, Locus], str]:
    """Reason of the last entry of curation for each accession and marker."""
    notes: dict[tuple[str, Locus], str] = {}
    for entry in built.curation:
        for locus in Locus if entry.locus is None else (entry.locus,):
            notes[entry.accession, locus] = f"{entry.reason} ({entry.person}, {entry.date})"
    return notes


def _reference(
    built: BuiltLibrary,
    refusals: _Refusals,
    record: LibraryRecord,
    masks: Masks,
    notes: dict[tuple[str, Locus], str],
) -> BarcodeReference | _Refused:
    if record.locus in _CODING and (record.indels or not _begins_and_runs_on(masks)):
        return LeftOut.WINDOW_WITH_GAPS, "a record of a release begins with its window and has no gap"
    letters = decode(masks[masks > 0])
    curated = notes.get((record.accession, record.locus), "")
    note = f"Library {built.library.library_id}, {record.input_path}. {curated}"
    taxon = refusals.taxa.of(record.species)
    reference = BarcodeReference(
        accession=record.accession,
        organism_as_deposited=record.species,
        organism_revised=record.revised_names,
        genus=taxon.genus,
        family=taxon.family,
        order=taxon.order,
        state=record.state,
        locus=record.locus,
        individual=refusals.individuals[record.individual] or Line(record.stem),
        sits_with=Line(", ".join(record.revised_names)[:500]) if record.state in _RENAMED else None,
        note=Text(" ".join(note.split())),
        sequence=Text(letters),
        sha256=sha256_bytes(letters.encode("ascii")),
    )
    shortest, longest = LENGTHS_BP[record.locus]
    if not shortest <= len(letters) <= longest:
        return LeftOut.LENGTH_NOT_OF_WINDOW, f"{len(letters)} bp, needed are {shortest} to {longest} bp"
    problem = next(sequence_problems(reference, record.accession), None)
    return reference if problem is None else (LeftOut.SEQUENCE_FAULTY, problem.message)


def _begins_and_runs_on(masks: Masks) -> bool:
    occupied = np.flatnonzero(masks > 0)
    return bool(occupied.size) and int(occupied[-1]) + 1 == occupied.size


def _animals_shown(
    candidates: list[_Candidate], refusals: _Refusals, left: list[LeftOutRecord]
) -> list[_Candidate]:
    """Where animals are counted, leave out records that may be those of an animal that is counted already.

    A record without a statement about its animal and with the letters of another one may be a copy of it: the
    database holds many such pairs. Animals of one submitter are one voice: a second
    one of the species at the marker would count as independent. Other genera are not counted.
    """
    counted = [c for c in candidates if c.reference.genus in refusals.set_genera]
    seen: dict[Locus, list[tuple[str, str, str]]] = defaultdict(list)
    for r in refusals.base.barcodes:
        seen[r.locus].append((r.sequence, r.individual, r.accession))
    voices: dict[tuple[str, Locus, str], tuple[str, str]] = {}
    refused: set[tuple[Locus, Line]] = set()
    for c in sorted(counted, key=lambda c: (c.record.individual_stated is None, c.record.key)):
        letters, individual = c.reference.sequence, c.reference.individual
        if c.record.individual_stated is None and c.reference.state in _COMPARED:
            same = [a for text, other, a in seen[c.record.locus] if other != individual and _fits(letters, text)]
            if same:
                detail = f"no animal stated, the letters of {same[0]}: it may be the same animal"
                left.append(_left(c.record, LeftOut.INDIVIDUAL_NOT_SHOWN, detail))
                refused.add(c.record.key)
                continue
        if c.reference.state is CurationState.REFERENCE:
            voice = (c.record.species, c.record.locus, _submitter(c.record))
            first, accession = voices.setdefault(voice, (individual, c.record.accession))
            if first != individual:
                detail = (
                    f"{accession} of this species is of the same submitter, or both are of a submitter not stated"
                )
                left.append(_left(c.record, LeftOut.SUBMITTER_COUNTED, detail))
                refused.add(c.record.key)
                continue
        seen[c.record.locus].append((letters, individual, c.record.accession))
    return [c for c in candidates if c.record.key not in refused]


def _submitter(record: LibraryRecord) -> str:
    """Who handed the record in, without the date; records that do not say it are of one submitter."""
    stated = _SUBMITTED.sub("", record.source.submitter or "")
    return " ".join(stated.casefold().split())


def _fits(letters: str, other: str) -> bool:
    return letters in other or other in letters


def _one_reference(
    candidates: Iterable[_Candidate], base: ReferenceRelease, left: list[LeftOutRecord]
) -> list[BarcodeReference]:
    """One compared record of an animal at a marker; further references become duplicates of it."""
    leads = {(r.individual, r.locus): r.accession for r in base.barcodes if r.state in _COMPARED}
    chosen: list[BarcodeReference] = []
    # Records in doubt come first: a doubtful animal gets no second record without the doubt.
    ranked = sorted(candidates, key=lambda c: (c.reference.state not in _RENAMED, c.record.key))
    later: list[_Candidate] = []
    for c in ranked:
        r, place = c.reference, (c.reference.individual, c.reference.locus)
        if r.state is CurationState.DUPLICATE:
            later.append(c)
        elif r.state is CurationState.REFERENCE and place in leads:
            note = Text(f"Same animal as {leads[place]} at this marker. {r.note}")
            chosen.append(replace(r, state=CurationState.DUPLICATE, note=note))
        else:
            if r.state in _COMPARED:
                leads.setdefault(place, r.accession)
            chosen.append(r)
    for c in later:
        if (c.reference.individual, c.reference.locus) in leads:
            chosen.append(c.reference)
        else:
            left.append(_left(c.record, LeftOut.DUPLICATE_OF_NOTHING, "no compared record of its animal here"))
    return sorted(chosen, key=lambda r: (r.locus, r.accession))
