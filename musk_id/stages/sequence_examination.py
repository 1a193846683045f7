"""One sequence examined: placed, checked, compared, called, with its picture and the positions of its candidates.

Human sequences are reported by a reason code only: no name, digest, hit or alignment of them is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from musk_id.kernels.nucleotides import Masks
from musk_id.model.barcode import AlignmentPicture, RunIdentity, SequenceResult
from musk_id.model.candidates import DiagnosticSites
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.values import Line, Sha256, Text
from musk_id.stages.comparison import HUMAN_GENUS, Compared, compare, hit_list, reference_row
from musk_id.stages.diagnostic_sites import diagnostic_sites
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_call import call_locus
from musk_id.stages.locus_limits import LocusLimits, limits_of
from musk_id.stages.placement import Placement, place_sequence
from musk_id.stages.radius_ground import grounded
from musk_id.stages.sanger import Assembly, judge, trace_reading
from musk_id.stages.species_rule import CalledSequence
from musk_id.stages.template_checks import template_checks
from musk_id.vocabulary import Finding, Locus, Rank, Reason

__all__ = ["examine_sequence", "is_human"]

PICTURE_ROWS = 4
MAX_PICTURE_ROWS = 8


def examine_sequence(
    sequence: NucleotideSequence,
    run: RunIdentity,
    declared: Locus | None,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
    noted: tuple[Reason, ...] = (),
    assembly: Assembly | None = None,
) -> tuple[SequenceResult, CalledSequence | None]:
    """Place, compare and call one sequence; the second part is ``None`` where no call can be made.

    ``assembly`` is what the sequence was read from, if from traces: their quality then has a say.
    """
    placed = place_sequence(sequence.letters, declared, library, method)
    if placed.locus is None or placed.masks is None:
        placed = placed if assembly is None else _judged(placed, assembly, (), coding=False)
        return _result(sequence, run, declared, placed, noted, (), None), None
    limits = limits_of(placed.locus, method, animals, library.loci[placed.locus].genera)
    masks = placed.masks
    compared = compare(masks, library.loci[placed.locus])
    if is_human(compared, limits):
        return _human(sequence, run, declared, placed), None
    if assembly is not None:
        placed = _judged(placed, assembly, compared, coding=limits.coding)
    if compared:
        placed = _template_checked(placed, masks, compared, library, limits, method)
    called: CalledSequence | None = None
    sites: DiagnosticSites | None = None
    withheld = _may_be_human(compared)
    if placed.callable and compared:
        call = grounded(call_locus(compared, limits, library, method, animals), placed, library, method)
        called = CalledSequence(limits.locus, placed.letters, placed.compared_bp, compared, call, run)
        if not withheld:
            sites = diagnostic_sites(
                placed.letters,
                limits.locus,
                compared,
                call,
                library.sets,
                method.genus,
                coding=limits.coding,
            )
    result = replace(_result(sequence, run, declared, placed, noted, compared, called, sites), sites=sites)
    if assembly is not None and compared and not withheld:
        reading = trace_reading(assembly, placed, compared, sites, coding=limits.coding)
        result = replace(result, reading=reading)
    return result, called


def _template_checked(
    placed: Placement,
    masks: Masks,
    compared: tuple[Compared, ...],
    library: BarcodeLibrary,
    limits: LocusLimits,
    method: BarcodeMethod,
) -> Placement:
    """The placement with the criteria of nuclear copies and chimeras; either forbids a call."""
    criteria, reasons = template_checks(masks, compared, library.loci[limits.locus], limits, method)
    return replace(
        placed,
        quality=placed.quality + criteria,
        reasons=placed.reasons + reasons,
        callable=placed.callable and not reasons,
    )


def _judged(placed: Placement, assembly: Assembly, compared: tuple[Compared, ...], *, coding: bool) -> Placement:
    """The placement with the criteria of its traces, and whether they allow a call."""
    verdict = judge(assembly, placed, compared, coding=coding)
    return replace(
        placed,
        quality=verdict.criteria + placed.quality,
        reasons=placed.reasons + verdict.reasons,
        callable=placed.callable and not verdict.blocking,
    )


def is_human(compared: tuple[Compared, ...], limits: LocusLimits) -> bool:
    """Whether a human reference is within the radius, or among the nearest by the letters' best reading."""
    humans = [entry for entry in compared if entry.record.genus == HUMAN_GENUS]
    if not humans:
        return False
    if any(entry.upper <= limits.radius for entry in humans):
        return True
    return min(entry.lower for entry in compared) <= limits.radius and _may_be_human(compared)


def _may_be_human(compared: tuple[Compared, ...]) -> bool:
    """Whether a human reference is among the nearest, at any distance: a poor read is a person's too.

    A laboratory's own records do not count: one that is nearer must not make a person's sequence an animal's.
    """
    released = [entry for entry in compared if entry.record.overlay is None]
    smallest = min((entry.lower for entry in released), default=None)
    return any(entry.lower == smallest and entry.record.genus == HUMAN_GENUS for entry in released)


def _human(
    sequence: NucleotideSequence, run: RunIdentity, declared: Locus | None, placed: Placement
) -> SequenceResult:
    return SequenceResult(
        run=run,
        sequence_name=Line("human"),
        sequence_sha256=None,
        length_bp=len(sequence.letters),
        declared_locus=declared,
        locus=placed.locus,
        strand=placed.strand,
        compared_bp=placed.compared_bp,
        quality=placed.quality,
        finding=Finding.DETECTED,
        reasons=(Reason.HUMAN_DNA,),
        hits=(),
        references_compared=0,
        call=None,
        picture=None,
    )


def _result(
    sequence: NucleotideSequence,
    run: RunIdentity,
    declared: Locus | None,
    placed: Placement,
    noted: tuple[Reason, ...],
    compared: tuple[Compared, ...],
    called: CalledSequence | None,
    sites: DiagnosticSites | None = None,
) -> SequenceResult:
    reasons = {*noted, *placed.reasons, *(called.call.reasons if called else ())}
    finding = Finding.INCONCLUSIVE
    if called is not None and called.call.rank is not Rank.NONE:
        finding = Finding.DETECTED
    coding = placed.locus in (Locus.COI, Locus.CYTB)
    withheld = _may_be_human(compared)
    return SequenceResult(
        run=run,
        sequence_name=Line(sequence.name),
        sequence_sha256=None if withheld else Sha256(hashlib.sha256(sequence.letters.encode("ascii")).hexdigest()),
        length_bp=len(sequence.letters),
        declared_locus=declared,
        locus=placed.locus,
        strand=placed.strand,
        compared_bp=placed.compared_bp,
        quality=placed.quality,
        finding=finding,
        reasons=tuple(sorted(reasons)),
        hits=hit_list(compared, coding=coding),
        references_compared=len(compared),
        call=None if called is None else called.call,
        picture=_picture(placed.letters, compared, sites, coding=coding) if compared and not withheld else None,
    )


def _picture(
    letters: str, compared: tuple[Compared, ...], sites: DiagnosticSites | None, *, coding: bool
) -> AlignmentPicture:
    """Query beside its nearest references, one of each candidate and genus first, in the columns of the query."""
    chosen: list[Compared] = []
    for entry in compared:
        if entry.record.genus not in {c.record.genus for c in chosen}:
            chosen.append(entry)
        if len(chosen) == PICTURE_ROWS - 1:
            break
    chosen += [entry for entry in compared if entry not in chosen][:1]
    for group in () if sites is None else sites.groups:
        for candidate in group.candidates:
            members = [entry for entry in compared if entry.record.accession in candidate.members]
            if len(chosen) < MAX_PICTURE_ROWS and not any(entry in chosen for entry in members):
                chosen += members[:1]
    chosen.sort(key=lambda c: (c.upper, c.record.accession))
    rows = [reference_row(letters, entry, coding=coding) for entry in chosen]
    occupied = [i for i, letter in enumerate(letters) if letter != "-"]
    first, last = occupied[0], occupied[-1] + 1
    return AlignmentPicture(
        query=Text(letters[first:last]),
        rows=tuple(Text(row[first:last]) for row in rows),
        accessions=tuple(entry.record.accession for entry in chosen),
        first_column=first + 1,
        organisms=tuple(entry.record.organism_as_deposited for entry in chosen),
    )
