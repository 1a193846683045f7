"""What may be said of the DNA of an item: findings, exclusion, statements, next steps.

Rules: decision rules, sections 1, 4, 5. An exclusion needs tissue or gland wall, grade A, two extractions
from two separately photographed sub-samples, one single-source sequence, and the two distance criteria of
the barcode stage; anything less is "not detected", which never excludes musk.
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.barcode import BarcodeRecord, ItemCall, NotExcluded, SequenceResult
from musk_id.model.evidence import Statement
from musk_id.model.examination import ExaminedItem
from musk_id.model.trace import Criterion
from musk_id.model.values import Line
from musk_id.stages.statements import say
from musk_id.vocabulary import CriterionOutcome, Finding, Grade, MaterialClass, Rank, Reason

__all__ = ["DnaFindings", "dna_findings", "next_steps"]

_EXCLUSION_MATERIALS = frozenset({MaterialClass.TISSUE, MaterialClass.GLAND_WALL})
_EXCLUSION_DISTANCES = ("barcode.exclusion_other_close", "barcode.exclusion_moschus_far")
_MIXED = frozenset({Reason.SEVERAL_SEQUENCES, Reason.REPLICATES_DISAGREE, Reason.LOCI_DISAGREE})

_NEXT_STEPS: dict[Reason, str] = {
    Reason.NO_RAW_DATA: "next.send_raw_data",
    Reason.CONTROL_ABSENT: "next.run_controls",
    Reason.CONTROL_FAILED: "next.repeat_batch",
    Reason.SINGLE_EXTRACTION: "next.second_extraction",
    Reason.SINGLE_AMPLICON: "next.second_locus",
    Reason.OUTSIDE_RADIUS: "next.long_locus",
    Reason.MARGIN_TOO_SMALL: "next.long_locus",
    Reason.LOCI_DISAGREE: "next.repeat_extraction",
    Reason.REPLICATES_DISAGREE: "next.repeat_extraction",
    Reason.SEVERAL_SEQUENCES: "next.repeat_extraction",
    Reason.SEQUENCE_TOO_SHORT: "next.longer_sequence",
    Reason.SEQUENCE_TOO_AMBIGUOUS: "next.longer_sequence",
    Reason.FRAME_BROKEN: "next.longer_sequence",
    Reason.STOP_CODON: "next.longer_sequence",
    Reason.LOCUS_NOT_RECOGNISED: "next.longer_sequence",
    Reason.LOCUS_AMBIGUOUS: "next.longer_sequence",
    Reason.FILE_UNREADABLE: "next.readable_file",
    Reason.FILE_MISSING: "next.readable_file",
    Reason.FILE_ALTERED: "next.explain_files",
    Reason.FILE_USED_TWICE: "next.explain_files",
    Reason.NO_EVIDENCE_FILE: "next.readable_file",
    Reason.LIMIT_NOT_DETERMINED: "next.other_sub_sample",
    Reason.SPECIES_NOT_SUPPORTED_BY_LIBRARY: "next.more_references",
    Reason.SIMULATED_DATA: "next.measured_data",
}


@dataclass(frozen=True, slots=True)
class DnaFindings:
    """Findings on one item from its DNA.

    ``moschus`` answers whether the genus was found, ``animal`` which animal, ``species`` which species of
    the genus; each with its reasons. ``statements`` belong to all three.
    """

    moschus: Finding
    animal: Finding
    species: Finding
    reasons: tuple[Reason, ...]
    species_reasons: tuple[Reason, ...]
    statements: tuple[Statement, ...]
    species_statements: tuple[Statement, ...]
    trace: tuple[Criterion, ...]
    next_steps: tuple[Statement, ...]


def dna_findings(
    item: ExaminedItem, barcode: BarcodeRecord, grade: Grade, grade_reasons: tuple[Reason, ...]
) -> DnaFindings:
    """Findings on an item from the barcode record, at the grade that its parts allow."""
    call = next((call for call in barcode.items if call.item_id == item.item_id), None)
    if call is None:
        return _not_examined()
    results = tuple(r for r in barcode.sequences if r.run.item_id == item.item_id)
    exclusion = _exclusion_trace(item, call, grade)
    excluded = bool(exclusion) and all(c.outcome is CriterionOutcome.PASSED for c in exclusion)
    invalid = Reason.CONTROL_FAILED in grade_reasons
    moschus = _moschus_finding(call, excluded=excluded, invalid=invalid)
    animal = _animal_finding(call, moschus)
    species, species_reasons = _species_finding(call, moschus)
    reasons = _reasons(call, results, moschus, grade_reasons)
    return DnaFindings(
        moschus=moschus,
        animal=animal,
        species=species,
        reasons=reasons,
        species_reasons=tuple(sorted({*reasons, *species_reasons})),
        statements=_statements(call, moschus, invalid=invalid),
        species_statements=_species_statements(call, moschus, species),
        trace=call.trace + exclusion,
        next_steps=next_steps((*reasons, *species_reasons)),
    )


def next_steps(reasons: tuple[Reason, ...]) -> tuple[Statement, ...]:
    """What to send or do to get further, in a fixed order, each once."""
    phrases = {_NEXT_STEPS[reason] for reason in reasons if reason in _NEXT_STEPS}
    return tuple(say(phrase) for phrase in sorted(phrases))


def _not_examined() -> DnaFindings:
    finding = Finding.NOT_EXAMINED
    return DnaFindings(
        moschus=finding,
        animal=finding,
        species=finding,
        reasons=(Reason.NO_DNA_EXAMINATION,),
        species_reasons=(Reason.NO_DNA_EXAMINATION,),
        statements=(say("dna.not_examined"),),
        species_statements=(),
        trace=(),
        next_steps=(say("next.dna_examination"),),
    )


def _moschus_finding(call: ItemCall, *, excluded: bool, invalid: bool) -> Finding:
    if invalid:
        return Finding.INCONCLUSIVE
    if call.moschus is Finding.NOT_DETECTED and excluded:
        return Finding.EXCLUDED
    return call.moschus


def _animal_finding(call: ItemCall, moschus: Finding) -> Finding:
    if moschus is Finding.DETECTED:
        return Finding.DETECTED
    if moschus is Finding.INCONCLUSIVE:
        return Finding.INCONCLUSIVE
    return Finding.DETECTED if call.other_taxa or call.human else Finding.INCONCLUSIVE


def _species_finding(call: ItemCall, moschus: Finding) -> tuple[Finding, tuple[Reason, ...]]:
    if moschus is not Finding.DETECTED:
        return moschus, ()
    if call.rank is Rank.SPECIES:
        return Finding.DETECTED, ()
    return Finding.INCONCLUSIVE, (Reason.SPECIES_NOT_SUPPORTED_BY_LIBRARY,)


def _reasons(
    call: ItemCall, results: tuple[SequenceResult, ...], moschus: Finding, grade_reasons: tuple[Reason, ...]
) -> tuple[Reason, ...]:
    reasons = {*call.reasons, *grade_reasons}
    if moschus is Finding.INCONCLUSIVE:
        reasons.update(reason for result in results for reason in result.reasons)
    return tuple(sorted(reasons))


def _statements(call: ItemCall, moschus: Finding, *, invalid: bool) -> tuple[Statement, ...]:
    said: list[Statement] = []
    if invalid:
        said.append(say("dna.batch_invalid"))
    elif moschus is Finding.DETECTED:
        said.append(say("dna.moschus_detected", loci=call.loci))
        said.extend(_certified_margin(call))
    elif moschus is Finding.INCONCLUSIVE:
        said.append(say("dna.inconclusive"))
    if not invalid:
        said.extend(say("dna.other_taxon", taxon=taxon.taxon, loci=taxon.loci) for taxon in call.other_taxa)
        if call.human:
            said.append(say("dna.human"))
    if moschus is Finding.NOT_DETECTED:
        if not call.other_taxa and not call.human:
            said.append(say("dna.animal_not_named"))
        said.append(say("dna.moschus_not_detected"))
    if moschus is Finding.EXCLUDED:
        said.append(say("dna.moschus_excluded"))
    if moschus is Finding.DETECTED:
        said.append(say("dna.animal_not_substance"))
    return tuple(said)


def _certified_margin(call: ItemCall) -> list[Statement]:
    """The remark on page 1 when the wider comparison does not certify the margin."""
    failed = [
        c for c in call.trace if c.name == "barcode.certified_margin" and c.outcome is CriterionOutcome.FAILED
    ]
    return [
        say("dna.certified_margin_small", margin=c.measured, limit=c.limit, records=c.deciding_records)
        for c in failed
    ]


def _species_statements(call: ItemCall, moschus: Finding, species: Finding) -> tuple[Statement, ...]:
    if moschus is not Finding.DETECTED:
        return ()
    if species is Finding.DETECTED and call.taxon is not None:
        return (say("dna.species_detected", species=call.taxon),)
    said = [say("dna.genus_is_deepest")]
    near = [n for n in call.not_excluded if n.reason is not Reason.NO_REFERENCE_AT_LOCUS]
    if near:
        said.append(say("dna.nearest_names", species=_species(near)))
    unresolved = [n for n in near if n.reason is Reason.NAME_UNRESOLVED]
    if unresolved:
        records = sorted({f"{record} ({n.species})" for n in unresolved for record in n.records})
        said.append(say("dna.names_unresolved", records=records))
    gaps = [n for n in call.not_excluded if n.reason is Reason.NO_REFERENCE_AT_LOCUS]
    if gaps:
        said.append(say("dna.no_reference", species=_species(gaps)))
    said.append(say("dna.species_rule_not_met"))
    return tuple(said)


def _species(entries: list[NotExcluded]) -> list[Line]:
    return sorted({entry.species for entry in entries})


def _exclusion_trace(item: ExaminedItem, call: ItemCall, grade: Grade) -> tuple[Criterion, ...]:
    """Criteria of an exclusion (decision rules, section 5); none where *Moschus* is not even absent."""
    if call.moschus is not Finding.NOT_DETECTED:
        return ()
    material = item.found_to_be.material if item.found_to_be else MaterialClass.NOT_DETERMINED
    photographed = {
        s.sub_sample_id for s in item.sub_samples if s.photographs and s.sub_sample_id in call.sub_sample_ids
    }
    distances = [c for c in call.trace if c.name in _EXCLUSION_DISTANCES]
    close_and_far = len({c.name for c in distances}) == len(_EXCLUSION_DISTANCES) and all(
        c.outcome is CriterionOutcome.PASSED for c in distances
    )
    mixed = bool(_MIXED & set(call.reasons)) or call.human or len(call.other_taxa) != 1
    return (
        _criterion("exclusion.material", material.value, "TISSUE or GLAND_WALL", material in _EXCLUSION_MATERIALS),
        _criterion("exclusion.grade", grade.value, "A", grade is Grade.A),
        _criterion("exclusion.extractions", str(len(call.extract_ids)), ">= 2", len(call.extract_ids) >= 2),
        _criterion("exclusion.photographed_sub_samples", str(len(photographed)), ">= 2", len(photographed) >= 2),
        _criterion("exclusion.single_source", "no" if mixed else "yes", "yes", not mixed),
        _criterion("exclusion.distances", "yes" if close_and_far else "no", "yes", close_and_far),
    )


def _criterion(name: str, measured: str, limit: str, passed: bool) -> Criterion:
    outcome = CriterionOutcome.PASSED if passed else CriterionOutcome.FAILED
    return Criterion(name=Line(name), measured=Line(measured), limit=Line(limit), outcome=outcome)
