"""Barcode stage: sequences to calls.

Inputs: sequences (or failed runs) by run id, a prepared library, two method versions. Output: one
:class:`~musk_id.model.barcode.BarcodeRecord`. Nothing of the request reaches this stage. Human sequences are
reported by a reason code only: no name, digest, hit or alignment of them is kept. A sequence at a marker that
a failed control took out of its batch is shown but has no part in the call of its item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from musk_id.errors import InputFormatError
from musk_id.model.barcode import (
    BarcodeRecord,
    EditedView,
    ItemCall,
    ReadsRun,
    SequenceResult,
)
from musk_id.model.controls import Haplotype
from musk_id.model.methods import (
    READS_METHODS,
    SANGER_METHODS,
    AnimalMethod,
    BarcodeMethod,
    ReadsMethod,
    SangerMethod,
)
from musk_id.model.provenance import Provenance
from musk_id.model.read_mixture import ReadMixture
from musk_id.model.reads import ReadVariant
from musk_id.model.sequence import NucleotideSequence
from musk_id.model.technical import FailedRun, ReadsEvidence, SequenceEvidence, TraceEvidence
from musk_id.model.values import Identifier, Line
from musk_id.stages.edited_letters import with_changes
from musk_id.stages.item_call import call_item
from musk_id.stages.jump_limits import JumpLimits
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.mixture_call import call_with_reads
from musk_id.stages.query_tree import query_tree
from musk_id.stages.read_mixture import read_mixture
from musk_id.stages.read_runs import (
    Examined,
    ReadProduct,
    ReadSequence,
    examine_reads,
    read_products,
    with_replicates,
)
from musk_id.stages.replicates import same_letters
from musk_id.stages.sanger import Assembly, assemble
from musk_id.stages.sequence_examination import examine_sequence
from musk_id.stages.species_rule import CalledSequence
from musk_id.vocabulary import RELEASE_MARKERS, Finding, Locus, Reason, Technique

__all__ = ["call_barcodes"]

_Evidence = tuple[SequenceEvidence | TraceEvidence | ReadsEvidence | FailedRun, ...]


def call_barcodes(
    case_id: Identifier,
    evidence: _Evidence,
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
    provenance: Provenance,
    *,
    invalid_loci: Mapping[Identifier, tuple[Locus, ...]],
    sanger: SangerMethod = SANGER_METHODS[0],
    control_haplotypes: Mapping[Identifier, tuple[Haplotype, ...]] = MappingProxyType({}),
    reads: ReadsMethod = READS_METHODS[0],
    reads_in_blanks: Mapping[Identifier, Mapping[str, int]] = MappingProxyType({}),
    jumps: Mapping[Identifier, JumpLimits] = MappingProxyType({}),
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
    reads : ReadsMethod
        How sequencing reads become variants, and which of these count.
    reads_in_blanks : mapping of Identifier to mapping of str to int
        By batch id the largest count of a sequence in a blank, by the digest of its letters.
    jumps : mapping of Identifier to JumpLimits
        By run id how many reads other wells of its batch explain, for runs that were held against them.
    """
    rules = _Rules(
        library, method, animals, sanger, invalid_loci, control_haplotypes, reads, reads_in_blanks, jumps
    )
    results, items, read_runs = _called(evidence, rules, edited=False)
    return BarcodeRecord(
        schema=Line(BarcodeRecord.SCHEMA),
        case_id=case_id,
        provenance=provenance,
        sequences=results,
        items=items,
        with_edits=_with_edits(evidence, rules),
        read_runs=read_runs,
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
    reads: ReadsMethod
    reads_in_blanks: Mapping[Identifier, Mapping[str, int]]
    jumps: Mapping[Identifier, JumpLimits]


def _with_edits(evidence: _Evidence, rules: _Rules) -> EditedView | None:
    """The items that have a run with changed letters, called once more with these letters."""
    changed = {e.run.run_id: e.run.item_id for e in evidence if isinstance(e, TraceEvidence) and e.changes}
    if not changed:
        return None
    own = tuple(entry for entry in evidence if entry.run.item_id in set(changed.values()))
    results, items, _ = _called(own, rules, edited=True)
    return EditedView(sequences=tuple(r for r in results if r.run.run_id in changed), items=items)


def _called(
    evidence: _Evidence, rules: _Rules, *, edited: bool
) -> tuple[tuple[SequenceResult, ...], tuple[ItemCall, ...], tuple[ReadsRun, ...]]:
    """Results of all runs and calls of their items, with or without the letters that were changed by hand."""
    results: list[SequenceResult] = []
    called: list[tuple[Identifier, CalledSequence]] = []
    for entry in sorted(evidence, key=lambda e: e.run.run_id):
        if isinstance(entry, ReadsEvidence):
            continue
        for result, call in _examined(entry, rules, edited=edited):
            kept, call = _controlled(result, call, rules)
            if call is not None:
                called.append((entry.run.item_id, call))
            results.append(kept)
    variants, read_runs, failed = _read(evidence, rules)
    results += failed
    items = sorted({r.run.item_id for r in results} | {run.run.item_id for run in read_runs})
    calls = tuple(
        _call_item(
            item,
            tuple(result for result in results if result.run.item_id == item),
            tuple(call for owner, call in called if owner == item),
            [entry for entry in variants if entry.result.run.item_id == item],
            rules,
            has_reads=any(run.run.item_id == item for run in read_runs),
        )
        for item in items
    )
    every = sorted([*results, *(entry.result for entry in variants)], key=lambda r: r.run.run_id)
    return tuple(every), calls, read_runs


def _controlled(
    result: SequenceResult, call: CalledSequence | None, rules: _Rules
) -> tuple[SequenceResult, CalledSequence | None]:
    """A result after the controls of its batches: set aside, or with what they remark, and its tree."""
    if _taken_out(result, rules.invalid_loci):
        return _set_aside(result), None
    if call is None:
        return result, None
    if _equals_control(result, call, rules.control_haplotypes):
        result = replace(result, reasons=tuple(sorted({*result.reasons, Reason.HAPLOTYPE_OF_CONTROL})))
    return _with_tree(result, call, rules.method), call


def _read(
    evidence: _Evidence, rules: _Rules
) -> tuple[list[ReadSequence], tuple[ReadsRun, ...], list[SequenceResult]]:
    """Variants of all runs of reads with their replicates, what became of the reads, and runs of too many."""
    found: list[ReadSequence] = []
    runs: list[ReadsRun] = []
    failed: list[SequenceResult] = []
    read = sorted((e for e in evidence if isinstance(e, ReadsEvidence)), key=lambda e: e.run.run_id)
    for entry in read:
        try:
            variants, run = _read_run(entry, rules)
        except InputFormatError as error:
            note = Line(" ".join(str(error).split())[:500])
            failed.append(
                _failed(
                    FailedRun(
                        run=entry.run,
                        declared_locus=entry.declared_locus,
                        reason=Reason.FILE_UNREADABLE,
                        note=note,
                    )
                )
            )
        else:
            found += variants
            runs.append(run)
    attempts = [e for e in evidence if e.run.technique is Technique.SEQUENCING_READS]
    replicated: list[ReadSequence] = []
    for item in sorted({entry.run.item_id for entry in attempts}):
        products = read_products([entry for entry in attempts if entry.run.item_id == item], rules.reads)
        runs = [_counted_with(run, products) if run.run.item_id == item else run for run in runs]
        replicated += with_replicates([e for e in found if e.result.run.item_id == item], products, rules.reads)
    return replicated, tuple(runs), failed


def _counted_with(run: ReadsRun, products: Mapping[Identifier, ReadProduct]) -> ReadsRun:
    product = products[run.run.run_id]
    counted = product.counted_as[0]
    return run if counted == product.product_id else replace(run, counted_with=counted)


def _read_run(entry: ReadsEvidence, rules: _Rules) -> tuple[list[ReadSequence], ReadsRun]:
    sequenced = [rules.reads_in_blanks[b] for b in entry.run.batch_ids if b in rules.reads_in_blanks]
    in_blanks: dict[str, int] = {}
    for counts in sequenced:
        for key, count in counts.items():
            in_blanks[key] = max(count, in_blanks.get(key, 0))

    def examine(sequence: NucleotideSequence, noted: tuple[Reason, ...]) -> Examined:
        result, call = examine_sequence(
            sequence, entry.run, entry.declared_locus, rules.library, rules.method, rules.animals, noted
        )
        return _controlled(result, call, rules)

    def mix(locus: Locus, variants: Sequence[ReadVariant]) -> ReadMixture | None:
        method = rules.reads
        limits = method.mixture
        if limits is None:
            return None
        return read_mixture(locus, variants, rules.library, method.min_reported_reads, limits)

    limits = rules.jumps.get(entry.run.run_id)
    return examine_reads(
        entry, examine, rules.reads, rules.method.genus, in_blanks if sequenced else None, limits, mix
    )


def _call_item(
    item: Identifier,
    results: tuple[SequenceResult, ...],
    called: tuple[CalledSequence, ...],
    variants: list[ReadSequence],
    rules: _Rules,
    *,
    has_reads: bool,
) -> ItemCall:
    if has_reads:
        return call_with_reads(item, results, called, variants, rules.library, rules.method, rules.animals)
    return call_item(item, results, called, rules.library, rules.method, rules.animals)


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
    return taken >= set(RELEASE_MARKERS) or result.locus in taken


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
