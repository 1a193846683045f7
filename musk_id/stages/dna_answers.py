"""What may be said of the DNA of an item: findings, exclusion, statements, next steps.

Rules: decision rules, sections 1, 4, 5. An exclusion needs tissue or gland wall, grade A, two extractions
from two sub-samples with photographs of their own, each extraction with all the markers that an exclusion
needs, one single-source sequence, and the two distance criteria of the barcode stage; anything less is "not
detected", which never excludes musk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from musk_id.model.barcode import BarcodeRecord, ItemCall, NamedTaxon, NotExcluded, SequenceResult
from musk_id.model.evidence import Statement
from musk_id.model.examination import ExaminedItem
from musk_id.model.trace import Criterion
from musk_id.model.values import Identifier, Line, RelativePath, Sha256
from musk_id.stages.replicates import LONG_MARKERS, SHORT_MARKERS
from musk_id.stages.species_rule import LACKING
from musk_id.stages.statements import say
from musk_id.vocabulary import CriterionOutcome, Finding, Grade, Locus, MaterialClass, Rank, Reason

__all__ = ["GENUS", "DnaFindings", "carrying", "dna_findings", "next_steps"]

GENUS = "Moschus"

_EXCLUSION_MATERIALS = frozenset({MaterialClass.TISSUE, MaterialClass.GLAND_WALL})
_EXCLUSION_DISTANCES = ("barcode.exclusion_other_close", "barcode.exclusion_moschus_far")
_MIXED = frozenset(
    {Reason.SEVERAL_SEQUENCES, Reason.REPLICATES_DISAGREE, Reason.LOCI_DISAGREE, Reason.MIXED_TRACE}
)

_NEXT_STEPS: dict[Reason, str] = {
    Reason.NO_RAW_DATA: "next.send_raw_data",
    Reason.CONTROL_ABSENT: "next.run_controls",
    Reason.CONTROL_FAILED: "next.repeat_batch",
    Reason.SINGLE_EXTRACTION: "next.second_extraction",
    Reason.SINGLE_AMPLICON: "next.second_locus",
    Reason.OUTSIDE_RADIUS: "next.long_locus",
    Reason.MARGIN_TOO_SMALL: "next.long_locus",
    Reason.OVERLAY_ONLY: "next.long_locus",
    Reason.CERTIFIED_MARGIN_SMALL: "next.long_locus",
    Reason.LOCI_DISAGREE: "next.repeat_extraction",
    Reason.REPLICATES_DISAGREE: "next.repeat_extraction",
    Reason.SEVERAL_SEQUENCES: "next.repeat_extraction",
    Reason.SEQUENCE_TOO_SHORT: "next.longer_sequence",
    Reason.SEQUENCE_TOO_AMBIGUOUS: "next.longer_sequence",
    Reason.FRAME_BROKEN: "next.longer_sequence",
    Reason.STOP_CODON: "next.longer_sequence",
    Reason.NUCLEAR_COPY_SUSPECTED: "next.longer_sequence",
    Reason.PARTS_DISAGREE: "next.repeat_extraction",
    Reason.LOW_QUALITY: "next.both_strands",
    Reason.STRANDS_DISAGREE: "next.both_strands",
    Reason.SINGLE_STRAND: "next.both_strands",
    Reason.MIXED_TRACE: "next.repeat_extraction",
    Reason.EDITS_CHANGE_ANSWER: "next.both_strands",
    Reason.SECOND_READING_DIFFERS: "next.resolve_readings",
    Reason.LETTERS_AGAINST_SIGNALS: "next.readable_file",
    Reason.LOCUS_NOT_RECOGNISED: "next.longer_sequence",
    Reason.LOCUS_AMBIGUOUS: "next.longer_sequence",
    Reason.FILE_UNREADABLE: "next.readable_file",
    Reason.FILE_MISSING: "next.readable_file",
    Reason.FILE_ALTERED: "next.explain_files",
    Reason.FILE_USED_TWICE: "next.explain_files",
    Reason.RECORD_INCOMPLETE: "next.explain_files",
    Reason.SAMPLE_NAME_DIFFERS: "next.explain_files",
    Reason.WELL_DIFFERS: "next.explain_files",
    Reason.NOT_ON_RUN_SHEET: "next.explain_files",
    Reason.WELL_USED_TWICE: "next.explain_files",
    Reason.ATTEMPT_NOT_DECLARED: "next.explain_files",
    Reason.SEAL_DIFFERS: "next.explain_files",
    Reason.RUN_DATE_OUTSIDE: "next.explain_files",
    Reason.NO_EVIDENCE_FILE: "next.readable_file",
    Reason.TECHNIQUE_NOT_EVALUATED: "next.evaluated_technique",
    Reason.NO_USABLE_RESULT: "next.longer_sequence",
    Reason.LIMIT_NOT_DETERMINED: "next.other_sub_sample",
    Reason.SPECIES_RULE_NOT_MET: "next.more_references",
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
    item: ExaminedItem,
    barcode: BarcodeRecord,
    grade: Grade,
    grade_reasons: tuple[Reason, ...],
    photographs: Mapping[RelativePath, Sha256],
) -> DnaFindings:
    """Findings on an item from the barcode record, at the grade that its parts allow.

    Parameters
    ----------
    photographs : mapping of RelativePath to Sha256
        Photographs that were handed in, by path.
    """
    call = next((call for call in barcode.items if call.item_id == item.item_id), None)
    if call is None:
        return _not_examined()
    results = tuple(r for r in barcode.sequences if r.run.item_id == item.item_id)
    exclusion = _exclusion_trace(item, call, results, grade, photographs)
    excluded = bool(exclusion) and all(c.outcome is CriterionOutcome.PASSED for c in exclusion)
    moschus = Finding.EXCLUDED if excluded else call.moschus
    animal = _animal_finding(call, moschus)
    species, species_reasons = _species_finding(call, moschus)
    reasons = _reasons(call, results, moschus, grade_reasons)
    return DnaFindings(
        moschus=moschus,
        animal=animal,
        species=species,
        reasons=reasons,
        species_reasons=tuple(sorted({*reasons, *species_reasons})),
        statements=_statements(call, results, moschus),
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


def carrying(results: tuple[SequenceResult, ...], call: ItemCall | None) -> tuple[SequenceResult, ...]:
    """Results that the item's call rests on; where it rests on none, those that were looked at.

    An extract whose sequence gave no call, or that a failed control took out, is no second extraction.
    """
    seen = tuple(r for r in results if r.call is not None or Reason.HUMAN_DNA in r.reasons)
    used = tuple(r for r in seen if not _set_aside(r))
    named = tuple(r for r in used if r.call is None or r.call.rank is not Rank.NONE)
    if call is not None and call.moschus is Finding.DETECTED:
        named = tuple(r for r in named if _is_moschus(r, call))
    return named or used or seen


def _set_aside(result: SequenceResult) -> bool:
    return Reason.CONTROL_FAILED in result.reasons


def _is_moschus(result: SequenceResult, call: ItemCall) -> bool:
    """Whether a sequence has the genus that the item has, or its species' genus."""
    taxon = result.call.taxon if result.call is not None else None
    return taxon is not None and call.taxon is not None and taxon == call.taxon.split(" ")[0]


def _animal_finding(call: ItemCall, moschus: Finding) -> Finding:
    if moschus in (Finding.DETECTED, Finding.INCONCLUSIVE):
        return moschus
    # Human DNA alone comes from handling as a rule; it does not answer from which animal an item comes.
    return Finding.DETECTED if call.other_taxa else Finding.INCONCLUSIVE


def _species_finding(call: ItemCall, moschus: Finding) -> tuple[Finding, tuple[Reason, ...]]:
    if moschus is not Finding.DETECTED:
        return moschus, ()
    if call.rank is Rank.SPECIES:
        return Finding.DETECTED, ()
    return Finding.INCONCLUSIVE, (Reason.SPECIES_RULE_NOT_MET,)


def _reasons(
    call: ItemCall, results: tuple[SequenceResult, ...], moschus: Finding, grade_reasons: tuple[Reason, ...]
) -> tuple[Reason, ...]:
    reasons = {*call.reasons, *grade_reasons}
    if moschus is Finding.INCONCLUSIVE:
        reasons.update(reason for result in results for reason in result.reasons)
    return tuple(sorted(reasons))


def _statements(call: ItemCall, results: tuple[SequenceResult, ...], moschus: Finding) -> tuple[Statement, ...]:
    said: list[Statement] = []
    if moschus is Finding.DETECTED:
        said.append(say("dna.moschus_detected", loci=call.loci))
        said.extend(_certified_margin(call))
    if moschus is Finding.INCONCLUSIVE:
        said.extend(_open(call, results))
    said.extend(_other_taxon(taxon) for taxon in call.other_taxa)
    if call.human:
        said.append(say("dna.human"))
    if moschus is Finding.NOT_DETECTED:
        said.append(say("dna.moschus_not_detected"))
    if moschus is Finding.EXCLUDED:
        said.append(say("dna.moschus_excluded"))
    if moschus is Finding.DETECTED:
        said.append(say("dna.animal_not_substance"))
    return (*said, *_attempts(results))


def _other_taxon(taxon: NamedTaxon) -> Statement:
    phrase = "dna.other_taxon_set" if taxon.rank is Rank.SPECIES_SET else "dna.other_taxon"
    return say(phrase, taxon=taxon.taxon, loci=taxon.loci)


def _open(call: ItemCall, results: tuple[SequenceResult, ...]) -> list[Statement]:
    """What an item without an answer holds: nothing that was recovered is passed over."""
    used = [r for r in results if not _set_aside(r) and r.call is not None]
    if not {Reason.LOCI_DISAGREE, Reason.REPLICATES_DISAGREE} & set(call.reasons):
        said = [say("dna.inconclusive")]
        return [*said, say("dna.animal_not_named")] if used else said
    said = [say("dna.conflict")]
    called = [r for r in used if r.call is not None and r.call.taxon == GENUS]
    if called:
        said.append(say("dna.conflict_moschus", runs=_run_ids(called)))
        rest = [r for r in used if r not in called]
        said.append(say("dna.conflict_other", runs=_run_ids(rest)))
    return said


def _attempts(results: tuple[SequenceResult, ...]) -> list[Statement]:
    """Runs that the finding does not rest on: all attempts are declared (decision rules, section 8)."""
    aside = [r for r in results if _set_aside(r)]
    variants = [r for r in results if r.reads is not None and r not in aside]
    results = tuple(r for r in results if r.reads is None)
    empty = [r for r in results if r not in aside and r.call is None and Reason.HUMAN_DNA not in r.reasons]
    said = [say("dna.runs_set_aside", runs=_run_ids(aside))] if aside else []
    said += [say("dna.runs_without_result", runs=_run_ids(empty))] if empty else []
    unnamed = [r for r in results if r not in aside and r.call is not None and r.call.rank is Rank.NONE]
    said += [say("dna.runs_unnamed", runs=_run_ids(unnamed))] if unnamed else []
    traces = [r for r in variants if r.finding is Finding.INCONCLUSIVE]
    said += [say("dna.read_traces", runs=_run_ids(traces))] if traces else []
    mixed = [r for r in results if Reason.MIXED_TRACE in r.reasons and not _set_aside(r)]
    said += [say("dna.mixed_traces", runs=_run_ids(mixed))] if mixed else []
    equal = [r for r in (*results, *variants) if Reason.HAPLOTYPE_OF_CONTROL in r.reasons]
    return [*said, say("dna.haplotype_of_control", runs=_run_ids(equal))] if equal else said


def _run_ids(results: list[SequenceResult]) -> list[str]:
    return sorted({result.run.run_id for result in results})


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
    near = [n for n in call.not_excluded if n.reason not in LACKING]
    if near:
        said.append(say("dna.nearest_names", species=_species(near)))
    unresolved = [n for n in near if n.reason is Reason.NAME_UNRESOLVED]
    if unresolved:
        records = sorted({f"{record} ({n.species})" for n in unresolved for record in n.records})
        said.append(say("dna.names_unresolved", records=records))
    lacking = [n for n in call.not_excluded if n.reason in LACKING]
    if lacking:
        said.append(say("dna.no_reference", species=_species(lacking)))
    said.append(say("dna.species_rule_not_met"))
    return tuple(said)


def _species(entries: list[NotExcluded]) -> list[Line]:
    return sorted({entry.species for entry in entries})


def _photographed(item: ExaminedItem, photographs: Mapping[RelativePath, Sha256]) -> set[Identifier]:
    """Sub-samples with a photograph of their own: handed in, and of no other sub-sample of the item."""
    held = {
        s.sub_sample_id: {photographs[p.path] for p in s.photographs if p.path in photographs}
        for s in item.sub_samples
    }
    times = Counter(digest for digests in held.values() for digest in digests)
    return {name for name, digests in held.items() if any(times[digest] == 1 for digest in digests)}


def _complete_extracts(results: tuple[SequenceResult, ...]) -> dict[Identifier, Identifier]:
    """Extracts that gave enough markers by themselves, with their sub-samples."""
    loci: dict[tuple[Identifier, Identifier], set[Locus]] = {}
    for result in results:
        if result.call is not None and result.locus is not None and not _set_aside(result):
            key = (result.run.extract_id, result.run.sub_sample_id)
            loci.setdefault(key, set()).add(result.locus)
    return {key[0]: key[1] for key, found in loci.items() if found & LONG_MARKERS or found >= SHORT_MARKERS}


def _exclusion_trace(
    item: ExaminedItem,
    call: ItemCall,
    results: tuple[SequenceResult, ...],
    grade: Grade,
    photographs: Mapping[RelativePath, Sha256],
) -> tuple[Criterion, ...]:
    """Criteria of an exclusion (decision rules, section 5); none where *Moschus* is not even absent."""
    if call.moschus is not Finding.NOT_DETECTED:
        return ()
    material = item.found_to_be.material if item.found_to_be else MaterialClass.NOT_DETERMINED
    extracts = _complete_extracts(results)
    photographed = _photographed(item, photographs) & set(extracts.values())
    distances = [c for c in call.trace if c.name in _EXCLUSION_DISTANCES]
    close_and_far = len({c.name for c in distances}) == len(_EXCLUSION_DISTANCES) and all(
        c.outcome is CriterionOutcome.PASSED for c in distances
    )
    mixed = bool(_MIXED & set(call.reasons)) or call.human or len(call.other_taxa) != 1 or _contrary(results)
    return (
        _criterion("exclusion.material", material.value, "TISSUE or GLAND_WALL", material in _EXCLUSION_MATERIALS),
        _criterion("exclusion.grade", grade.value, "A", grade is Grade.A),
        _criterion("exclusion.extractions", str(len(extracts)), ">= 2", len(extracts) >= 2),
        _criterion("exclusion.photographed_sub_samples", str(len(photographed)), ">= 2", len(photographed) >= 2),
        _criterion("exclusion.single_source", "no" if mixed else "yes", "yes", not mixed),
        _criterion("exclusion.distances", "yes" if close_and_far else "no", "yes", close_and_far),
    )


def _contrary(results: tuple[SequenceResult, ...]) -> bool:
    """Whether any run of the item, also one without a call or set aside, is mixed or nearest to the genus.

    Such a run carries nothing by itself; an exclusion must not be stated beside it.
    """
    return any(
        Reason.MIXED_TRACE in result.reasons or any(hit.rank == 1 and hit.genus == GENUS for hit in result.hits)
        for result in results
    )


def _criterion(name: str, measured: str, limit: str, passed: bool) -> Criterion:
    outcome = CriterionOutcome.PASSED if passed else CriterionOutcome.FAILED
    return Criterion(name=Line(name), measured=Line(measured), limit=Line(limit), outcome=outcome)
