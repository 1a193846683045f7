"""An item whose reads may show several animals: each taxon called from its own variants, and what then holds.

Each taxon's variants are reconciled as one molecule by the rules for a single source; taxa beside each other are
no contradiction here. What bare sequences and traces of the same item say stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from musk_id.model.barcode import ItemCall, NamedTaxon, SequenceResult
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.values import Identifier
from musk_id.stages.item_call import call_item
from musk_id.stages.library import BarcodeLibrary
from musk_id.stages.read_runs import ReadSequence, nearest_genera
from musk_id.stages.replicates import count_replicates
from musk_id.stages.species_rule import CalledSequence
from musk_id.vocabulary import Finding, Reason

__all__ = ["call_with_reads"]


def call_with_reads(
    item_id: Identifier,
    results: tuple[SequenceResult, ...],
    called: tuple[CalledSequence, ...],
    reads: Sequence[ReadSequence],
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> ItemCall:
    """Call an item that has variants of reads, and perhaps sequences or traces beside them.

    Parameters
    ----------
    results : tuple of SequenceResult
        Sequences, traces and failed runs of the item, without the variants.
    called : tuple of CalledSequence
        Those of them with a call that are not set aside.
    reads : sequence of ReadSequence
        Variants of the item's reads, with their replicates.
    """

    def call(entries: Sequence[ReadSequence]) -> ItemCall:
        return call_item(
            item_id,
            tuple(e.result for e in entries),
            tuple(e.call for e in entries if e.call is not None),
            library,
            method,
            animals,
        )

    usable = [e for e in reads if Reason.CONTROL_FAILED not in e.result.reasons]
    reported = [e for e in usable if not _not_reported(e)]
    taxa = sorted({name for e in reported if (name := _named(e)) is not None})
    single = {taxon: call([e for e in reported if _names(e, taxon)]) for taxon in taxa}
    moschus = single.get(str(method.genus))
    others = tuple(named for taxon in taxa if taxon != method.genus for named in single[taxon].other_taxa)
    human = any(Reason.HUMAN_DNA in e.result.reasons for e in reported)
    base = moschus or call(reported)
    finding, reasons = _finding(reads, moschus, others, method, human=human)
    if len(usable) < len(reads):
        reasons.add(Reason.CONTROL_FAILED)
    if len(taxa) + human > 1:
        reasons.add(Reason.SEVERAL_SEQUENCES)
    every = (*results, *(e.result for e in reads))
    from_reads = replace(
        base,
        moschus=finding,
        other_taxa=others,
        human=human,
        reasons=tuple(sorted(reasons | (set(moschus.reasons) if moschus else set()))),
        extract_ids=tuple(sorted({e.result.run.extract_id for e in reported})),
        sub_sample_ids=tuple(sorted({e.result.run.sub_sample_id for e in reported})),
        replicates=count_replicates(every, (*called, *(e.call for e in usable if e.call is not None))),
    )
    if not results:
        return from_reads
    return _beside(call_item(item_id, results, called, library, method, animals), from_reads)


def _not_reported(entry: ReadSequence) -> bool:
    return not entry.has_enough_reads or Reason.NO_REPLICATES in entry.result.reasons


def _named(entry: ReadSequence) -> str | None:
    """The genus that a variant names, or its family."""
    call = None if entry.call is None else entry.call.call
    return None if call is None else call.genus or call.taxon


def _names(entry: ReadSequence, taxon: str) -> bool:
    return _named(entry) == taxon


def _finding(
    reads: Sequence[ReadSequence],
    moschus: ItemCall | None,
    others: tuple[NamedTaxon, ...],
    method: BarcodeMethod,
    *,
    human: bool,
) -> tuple[Finding, set[Reason]]:
    if moschus is not None:
        return moschus.moschus, set()
    # A variant that a failed control took out may be there all the same.
    traces = [e for e in reads if method.genus in nearest_genera(e.result)]
    if traces:
        return Finding.INCONCLUSIVE, {reason for e in traces for reason in e.result.reasons}
    if others or human:
        return Finding.NOT_DETECTED, {Reason.LIMIT_NOT_DETERMINED}
    reasons = {reason for e in reads for reason in e.result.reasons} - {Reason.HUMAN_DNA}
    return Finding.INCONCLUSIVE, reasons or {Reason.NO_USABLE_RESULT}


def _beside(single: ItemCall, reads: ItemCall) -> ItemCall:
    """Sequences and traces of an item beside its reads: the genus if either shows it."""
    reasons = tuple(sorted({*single.reasons, *reads.reasons}))
    order = (Finding.DETECTED, Finding.INCONCLUSIVE, Finding.NOT_DETECTED)
    chosen, other = sorted((single, reads), key=lambda call: order.index(call.moschus))
    # A contradiction among the sequences is not solved by reads.
    if {Reason.LOCI_DISAGREE, Reason.REPLICATES_DISAGREE} & set(single.reasons):
        chosen, other = single, reads
    return replace(
        chosen,
        loci=tuple(sorted({*chosen.loci, *other.loci})) if chosen.moschus is other.moschus else chosen.loci,
        other_taxa=tuple(dict.fromkeys((*chosen.other_taxa, *other.other_taxa))),
        human=single.human or reads.human,
        reasons=reasons,
        trace=(*chosen.trace, *(c for c in other.trace if c not in chosen.trace)),
        replicates=reads.replicates,
    )
