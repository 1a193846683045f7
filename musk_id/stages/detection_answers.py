"""What spiked process controls say beside the answer that *Moschus* DNA was not detected among reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from musk_id.model.barcode import BarcodeRecord
from musk_id.model.controls import ControlsRecord
from musk_id.model.evidence import Statement
from musk_id.model.values import Identifier
from musk_id.spike_vocabulary import SpikeUnit
from musk_id.stages.dna_answers import DnaFindings
from musk_id.stages.statements import say
from musk_id.vocabulary import Finding, Locus, Technique

__all__ = ["beside_not_detected"]

_PHRASES = {SpikeUnit.COPIES: "dna.spiked_copies", SpikeUnit.PERCENT: "dna.spiked_percent"}


def beside_not_detected(
    findings: DnaFindings, item_id: Identifier, barcode: BarcodeRecord, controls: Sequence[ControlsRecord]
) -> DnaFindings:
    """Findings with the levels of the spiked controls of the batches in which the item was read.

    They were measured with another taxon: that no limit was determined for *Moschus* stays said.
    """
    if findings.moschus is not Finding.NOT_DETECTED:
        return findings
    own = [
        r
        for r in barcode.sequences
        if r.run.item_id == item_id and r.run.technique is Technique.SEQUENCING_READS and r.locus is not None
    ]
    batches = {batch for result in own for batch in result.run.batch_ids}
    loci = {result.locus for result in own}
    said = [
        statement for record in controls if record.batch_id in batches for statement in _of_batch(record, loci)
    ]
    return replace(findings, statements=(*findings.statements, *said))


def _of_batch(record: ControlsRecord, loci: set[Locus | None]) -> Iterator[Statement]:
    for found in record.detection:
        if found.locus is not None and found.locus not in loci:
            continue
        locus = () if found.locus is None else (found.locus,)
        level = next((one for one in found.levels if one.level == found.lowest_all), None)
        if level is None:
            yield say("dna.spiked_without_limit", batch=record.batch_id, loci=locus or "-", taxon=found.taxon)
            continue
        yield say(
            _PHRASES[found.unit],
            batch=record.batch_id,
            loci=locus or "-",
            taxon=found.taxon,
            level=level.level,
            count=str(level.replicates),
            lower=level.lower_percent,
        )
