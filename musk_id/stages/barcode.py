"""Barcode stage: sequences to calls.

Inputs: sequences (or failed runs) by run id, a prepared library, two method versions. Output: one
:class:`~musk_id.model.barcode.BarcodeRecord`. Nothing of the request reaches this stage. Human sequences are
reported by a reason code only: no name, digest, hit or alignment of them is kept. A sequence at a marker that
a failed control took out of its batch is shown but has no part in the call of its item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from musk_id.kernels.nucleotides import Masks
from musk_id.model.barcode import (
    AlignmentPicture,
    BarcodeRecord,
    EditedView,
    ItemCall,
    RunIdentity,
    SequenceResult,
)
from musk_id.model.candidates import DiagnosticSites
from musk_id.model.controls import Haplotype
from musk_id.model.methods import SANGER_METHODS, AnimalMethod, BarcodeMethod, SangerMethod
from musk_id.model.provenance import Provenance
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.technical import FailedRun, SequenceEvidence, TraceEvidence
from musk_id.model.values import Identifier, Line, Sha256, Text
from musk_id.stages.comparison import HUMAN_GENUS, Compared, compare, hit_list, reference_row
from musk_id.stages.diagnostic_sites import diagnostic_sites
from musk_id.stages.edited_letters import with_changes
from musk_id.stages.item_call import call_item
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.locus_call import call_locus
from musk_id.stages.locus_limits import LocusLimits, limits_of
from musk_id.stages.placement import Placement, place_sequence
from musk_id.stages.query_tree import query_tree
from musk_id.stages.radius_ground import grounded
from musk_id.stages.replicates import same_letters
from musk_id.stages.sanger import Assembly, assemble, judge, trace_reading
from musk_id.stages.species_rule import CalledSequence
from musk_id.stages.template_checks import template_checks
from musk_id.vocabulary import Finding, Locus, Rank, Reason

__all__ = ["call_barcodes", "examine_sequence", "is_human"]

PICTURE_ROWS = 4
MAX_PICTURE_ROWS = 8


def call_barcodes(
    case_id: Identifier,
    evidence: tuple[SequenceEvidence | TraceEvidence | FailedRun, ...],
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
    provenance: Provenance,
    *,
    invalid_loci: Mapping[Identifier, tuple[Locus, ...]],
    sanger: SangerMethod = SANGER_METHODS[0],
    control_haplotypes: Mapping[Identifier, tuple[Haplotype, ...]] = MappingProxyType({}),
) -> BarcodeRecord:
    """Call every sequence of a case, then every item that has one.

    Parameters
    ----------
    sanger : SangerMethod
        How traces become sequences.
    control_haplotypes : mapping of Identifier to tuple of Haplotype
        Sequences of the positive controls, by batch id, for the swap search.
    invalid_loci : mapping of Identifier to tuple of Locus
        Markers that the controls of each batch took out, by batch id; a batch without controls on file is
        not in it.
    """
    rules = _Rules(library, method, animals, sanger, invalid_loci, control_haplotypes)
    results, items = _called(evidence, rules, edited=False)
    return BarcodeRecord(
        schema=Line(BarcodeRecord.SCHEMA),
        case_id=case_id,
        provenance=provenance,
        sequences=results,
        items=items,
        with_edits=_with_edits(evidence, rules),
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What every sequence of a case is called with."""

    library: BarcodeLibrary
    method: BarcodeMethod
    animals: AnimalMethod
    sanger: SangerMethod
    invalid_loci: Mapping[Identifier, tuple[Locus, ...]]
    control_haplotypes: Mapping[Identifier, tuple[Haplotype, ...]]


_Evidence = tuple[SequenceEvidence | TraceEvidence | FailedRun, ...]


def _with_edits(evidence: _Evidence, rules: _Rules) -> EditedView | None:
    """The items that have a run with changed letters, called once more with these letters."""
    changed = {e.run.run_id: e.run.item_id for e in evidence if isinstance(e, TraceEvidence) and e.changes}
    if not changed:
        return None
    own = tuple(entry for entry in evidence if entry.run.item_id in set(changed.values()))
    results, items = _called(own, rules, edited=True)
    return EditedView(sequences=tuple(r for r in results if r.run.run_id in changed), items=items)


def _called(
    evidence: _Evidence, rules: _Rules, *, edited: bool
) -> tuple[tuple[SequenceResult, ...], tuple[ItemCall, ...]]:
    """Results of all runs and calls of their items, with or without the letters that were changed by hand."""
    results: list[SequenceResult] = []
    called: list[tuple[Identifier, CalledSequence]] = []
    for entry in sorted(evidence, key=lambda e: e.run.run_id):
        for result, call in _examined(entry, rules, edited=edited):
            if _taken_out(result, rules.invalid_loci):
                results.append(_set_aside(result))
                continue
            if call is not None:
                called.append((entry.run.item_id, call))
                if _equals_control(result, call, rules.control_haplotypes):
                    reasons = tuple(sorted({*result.reasons, Reason.HAPLOTYPE_OF_CONTROL}))
                    result = replace(result, reasons=reasons)
                result = _with_tree(result, call, rules.method)
            results.append(result)
    items = sorted({result.run.item_id for result in results})
    return tuple(results), tuple(
        call_item(
            item,
            tuple(result for result in results if result.run.item_id == item),
            tuple(call for owner, call in called if owner == item),
            rules.library,
            rules.method,
            rules.animals,
        )
        for item in items
    )


def _examined(
    entry: SequenceEvidence | TraceEvidence | FailedRun, rules: _Rules, *, edited: bool
) -> Iterator[tuple[SequenceResult, CalledSequence | None]]:
    """Results of one run, each with its call if there is one."""
    assembly: Assembly | None = None
    sequences: tuple[NucleotideSequence, ...] = ()
    if isinstance(entry, TraceEvidence):
        made = assemble(entry, rules.sanger)
        if isinstance(made, FailedRun):
            entry = made
        else:
            made = with_changes(made, entry.run.run_id, entry.changes) if edited else made
            assembly, sequences = made, (NucleotideSequence(made.name, made.letters),)
    elif isinstance(entry, SequenceEvidence):
        sequences = entry.sequences
    if isinstance(entry, FailedRun):
        yield _failed(entry), None
        return
    several = (Reason.SEVERAL_SEQUENCES,) if len(sequences) > 1 else ()
    for sequence in sequences:
        yield examine_sequence(
            sequence,
            entry.run,
            entry.declared_locus,
            rules.library,
            rules.method,
            rules.animals,
            several,
            assembly,
        )


def _with_tree(result: SequenceResult, call: CalledSequence, method: BarcodeMethod) -> SequenceResult:
    """The result with a tree; none where the sequence may be human."""
    if result.sequence_sha256 is None:
        return result
    tree = query_tree(
        call.letters,
        result.sequence_sha256,
        call.compared,
        frozenset(genus for view in call.call.views for genus in view.nearest_genus),
        method.genus,
        method.tree_replicates,
        coding=call.locus in (Locus.COI, Locus.CYTB),
    )
    return replace(result, tree=tree)


def _taken_out(result: SequenceResult, invalid_loci: Mapping[Identifier, tuple[Locus, ...]]) -> bool:
    """Whether a batch that the run went through lost the marker of the sequence to a failed control."""
    taken = {locus for batch in result.run.batch_ids for locus in invalid_loci.get(batch, ())}
    return result.locus in taken if result.locus is not None else taken == set(Locus)


def _equals_control(
    result: SequenceResult,
    call: CalledSequence,
    haplotypes: Mapping[Identifier, tuple[Haplotype, ...]],
) -> bool:
    """Whether a positive control of the run's batches has the same compared letters, as far as both reach."""
    held = [h for batch in result.run.batch_ids for h in haplotypes.get(batch, ()) if h.locus is call.locus]
    return any(same_letters(call.locus, call.letters, haplotype.letters) for haplotype in held)


def _set_aside(result: SequenceResult) -> SequenceResult:
    """The result as shown: no finding of its own."""
    reasons = tuple(sorted({*result.reasons, Reason.CONTROL_FAILED}))
    return replace(result, finding=Finding.INCONCLUSIVE, reasons=reasons)


def _failed(entry: FailedRun) -> SequenceResult:
    return SequenceResult(
        run=entry.run,
        sequence_name=entry.note,
        sequence_sha256=None,
        length_bp=0,
        declared_locus=entry.declared_locus,
        locus=None,
        strand=None,
        compared_bp=0,
        quality=(),
        finding=Finding.NOT_EXAMINED,
        reasons=(entry.reason,),
        hits=(),
        references_compared=0,
        call=None,
        picture=None,
    )


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
    if not compared:
        return False
    if any(e.record.genus == HUMAN_GENUS and e.upper <= limits.radius for e in compared):
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
