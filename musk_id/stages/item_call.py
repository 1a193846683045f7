"""All sequences of one item reconciled: the markers are one maternally inherited molecule."""

from __future__ import annotations

from fractions import Fraction

from musk_id.model.barcode import ItemCall, NamedTaxon, NotExcluded, SequenceResult
from musk_id.model.methods import AnimalMethod, BarcodeMethod
from musk_id.model.screening_markers import screening_marker
from musk_id.model.trace import Criterion
from musk_id.model.values import Identifier, Line
from musk_id.stages.library import BarcodeLibrary, species_of
from musk_id.stages.locus_limits import limits_of
from musk_id.stages.placement import criterion
from musk_id.stages.replicates import count_replicates
from musk_id.stages.species_rule import CalledSequence, species_rule
from musk_id.vocabulary import Finding, Locus, NameView, Rank, Reason

__all__ = ["call_item"]


def call_item(
    item_id: Identifier,
    results: tuple[SequenceResult, ...],
    called: tuple[CalledSequence, ...],
    library: BarcodeLibrary,
    method: BarcodeMethod,
    animals: AnimalMethod,
) -> ItemCall:
    """Call an item from its sequences.

    Parameters
    ----------
    item_id : Identifier
        The item.
    results : tuple of SequenceResult
        Every sequence and failed run of the item; those set aside for a failed control have no part in the call.
    called : tuple of CalledSequence
        Those with a call that are not set aside, with their distances.
    """
    used = tuple(result for result in results if Reason.CONTROL_FAILED not in result.reasons)
    human = any(Reason.HUMAN_DNA in result.reasons for result in used)
    usable = tuple(r for r in used if r.call is not None or Reason.HUMAN_DNA in r.reasons)
    moschus = tuple(c for c in called if c.call.taxon == method.genus)
    others = _other_taxa(called, method)
    conflict = _conflict_reason(called, method)
    finding, reasons = _finding(used, called, moschus, others, conflict=conflict, human=human)
    if finding is Finding.NOT_DETECTED and any(_may_be_there(r, method.genus) for r in results if r not in used):
        # What a failed control took out may be there all the same.
        finding = Finding.INCONCLUSIVE
    if len(used) < len(results):
        reasons = (reasons - {Reason.NO_USABLE_RESULT}) | {Reason.CONTROL_FAILED}
    detected = finding is Finding.DETECTED
    species, species_trace = species_rule(moschus, library, method) if detected else (None, ())
    trace = _locus_traces(used) + species_trace
    if called:
        trace += (_second_locus(moschus or called, method),)
    if finding is Finding.NOT_DETECTED:
        trace += _exclusion(called, method, animals)
    return ItemCall(
        item_id=item_id,
        moschus=finding,
        rank=Rank.SPECIES if species else (Rank.GENUS if detected else Rank.NONE),
        taxon=Line(species or method.genus) if detected else None,
        loci=tuple(sorted({c.locus for c in (moschus or called)})),
        extract_ids=tuple(sorted({r.run.extract_id for r in usable})),
        sub_sample_ids=tuple(sorted({r.run.sub_sample_id for r in usable})),
        other_taxa=others if not detected else (),
        human=human,
        nearest_sets=tuple(sorted({c.call.nearest_set for c in moschus if c.call.nearest_set})),
        not_excluded=_not_excluded(moschus) if detected else (),
        reasons=tuple(sorted(reasons | _replicates(called) | _mixed(usable))),
        trace=trace,
        replicates=count_replicates(results, called),
    )


def _may_be_there(result: SequenceResult, genus: str) -> bool:
    """Whether a sequence is nearest to a genus under some view of the names."""
    return result.call is not None and any(genus in view.nearest_genus for view in result.call.views)


def _conflict_reason(called: tuple[CalledSequence, ...], method: BarcodeMethod) -> Reason | None:
    """Whether sequences point to different animals: within an extract, or only between extracts."""
    if not _conflict(called, method):
        return None
    extracts = {c.run.extract_id for c in called}
    within = any(_conflict(tuple(c for c in called if c.run.extract_id == e), method) for e in extracts)
    return Reason.LOCI_DISAGREE if within else Reason.REPLICATES_DISAGREE


def _conflict(called: tuple[CalledSequence, ...], method: BarcodeMethod) -> bool:
    """Whether sequences point to different animals."""
    moschus = [c for c in called if c.call.taxon == method.genus]
    if moschus:
        return any(_points_away(c, method.genus) for c in called if c not in moschus)
    genera = {c.call.genus for c in called if c.call.genus is not None}
    families = {family for c in called for family in _families(c)}
    return len(genera) > 1 or len(families) > 1


def _points_away(called: CalledSequence, genus: str) -> bool:
    """Whether another genus is nearest, under any view or among the release's records alone.

    A laboratory's own record that is nearer must not hide that the release points to another animal.
    """
    released = [e for e in called.compared if e.record.overlay is None]
    distance = min((e.upper for e in released), default=None)
    nearest = {e.record.genus for e in released if e.upper == distance}
    return (bool(nearest) and genus not in nearest) or any(genus not in v.nearest_genus for v in called.call.views)


def _families(called: CalledSequence) -> set[str]:
    """The family named, or that of the genus named."""
    if called.call.rank is Rank.FAMILY and called.call.taxon is not None:
        return {called.call.taxon}
    return {e.record.family for e in called.compared if e.record.genus == called.call.genus}


def _finding(
    results: tuple[SequenceResult, ...],
    called: tuple[CalledSequence, ...],
    moschus: tuple[CalledSequence, ...],
    others: tuple[NamedTaxon, ...],
    *,
    conflict: Reason | None,
    human: bool,
) -> tuple[Finding, set[Reason]]:
    if conflict is not None:
        return Finding.INCONCLUSIVE, {conflict}
    if moschus:
        small = any(Reason.CERTIFIED_MARGIN_SMALL in c.call.reasons for c in moschus)
        return Finding.DETECTED, {Reason.CERTIFIED_MARGIN_SMALL} if small else set()
    if others or human:
        return Finding.NOT_DETECTED, {Reason.LIMIT_NOT_DETERMINED}
    reasons = {reason for result in results for reason in result.reasons}
    reasons |= {reason for c in called for reason in c.call.reasons}
    if any(c.call.rank is not Rank.NONE for c in called):
        # One short marker has a call of its own, which names no animal without a second marker.
        reasons.add(Reason.SINGLE_AMPLICON)
    return Finding.INCONCLUSIVE, reasons or {Reason.NO_USABLE_RESULT}


def _other_taxa(called: tuple[CalledSequence, ...], method: BarcodeMethod) -> tuple[NamedTaxon, ...]:
    """Another animal by the method for mammals: one coding marker, or both short ones agreeing."""
    coding = {limits.locus for limits in method.long_loci}
    found = _named_species(called, coding, method)
    for rank in () if found else (Rank.GENUS, Rank.FAMILY):
        by_taxon: dict[str, set[Locus]] = {}
        for sequence in called:
            for taxon in _taxa_at(sequence, rank, method.genus):
                by_taxon.setdefault(taxon, set()).add(sequence.locus)
        for taxon, loci in sorted(by_taxon.items()):
            if loci & coding or loci >= {limits.locus for limits in method.amplicons}:
                records = sorted({record for c in called for record in _records(c, taxon, rank)})
                found.append(
                    NamedTaxon(
                        rank=rank,
                        taxon=Line(taxon),
                        loci=tuple(sorted(loci)),
                        records=tuple(Line(record) for record in records),
                    )
                )
        if found:
            break
    return tuple(found)


def _named_species(
    called: tuple[CalledSequence, ...], coding: set[Locus], method: BarcodeMethod
) -> list[NamedTaxon]:
    """Species of one other genus, as far as coding markers name any; what one of them names is not passed over.

    A sequence of a coding marker that names the genus only, and lies nearest to none of these species, leaves the
    genus.
    """
    long = [c for c in called if c.locus in coding and c.call.genus not in (None, method.genus)]
    naming = [c for c in long if c.call.species]
    species = sorted({name for c in naming for name in c.call.species})
    if not species or any(not _nearest_names(c) & set(species) for c in long):
        return []
    records = sorted({record for c in naming for view in c.call.views for record in view.nearest_records})
    return [
        NamedTaxon(
            rank=Rank.SPECIES if len(species) == 1 else Rank.SPECIES_SET,
            taxon=Line(" / ".join(species)),
            loci=tuple(sorted({c.locus for c in naming})),
            records=tuple(records),
        )
    ]


def _nearest_names(sequence: CalledSequence) -> set[str]:
    """Species names of the nearest references under both views."""
    distance = min(entry.upper for entry in sequence.compared)
    nearest = [entry.record for entry in sequence.compared if entry.upper == distance]
    return {str(name) for record in nearest for view in NameView for name in species_of(record, view)}


def _taxa_at(sequence: CalledSequence, rank: Rank, genus_of_interest: str) -> set[str]:
    call = sequence.call
    if call.taxon is None or call.genus == genus_of_interest:
        return set()
    if rank is Rank.GENUS:
        return set() if call.genus is None else {call.genus}
    # A genus is also a member of its family.
    return _families(sequence)


def _records(sequence: CalledSequence, taxon: str, rank: Rank) -> set[str]:
    if taxon not in _taxa_at(sequence, rank, ""):
        return set()
    return {record for view in sequence.call.views for record in view.nearest_records}


def _second_locus(sequences: tuple[CalledSequence, ...], method: BarcodeMethod) -> Criterion:
    """Both short markers, or one of them with a coding one (decision rules, section 4)."""
    coding = {limits.locus for limits in method.long_loci}
    loci = {c.locus for c in sequences}
    amplicons = loci & {limits.locus for limits in method.amplicons}
    passed = len(amplicons) >= 2 or bool(amplicons and loci & coding)
    return criterion(
        "barcode.second_locus",
        ", ".join(sorted(loci)),
        "both short markers, or one with a coding marker",
        passed,
    )


def _locus_traces(results: tuple[SequenceResult, ...]) -> tuple[Criterion, ...]:
    return tuple(c for result in results if result.call is not None for c in result.call.trace)


def _exclusion(
    called: tuple[CalledSequence, ...], method: BarcodeMethod, animals: AnimalMethod
) -> tuple[Criterion, ...]:
    """Distances of an exclusion (decision rules, section 5): another genus close, every *Moschus* far."""
    measured: dict[Locus, tuple[Fraction, Fraction]] = {}
    for sequence in called:
        if screening_marker(sequence.locus) is not None:
            continue
        # A laboratory's own record may bring *Moschus* nearer; it may not carry the other animal.
        other = [e.upper for e in sequence.compared if e.record.genus != method.genus and e.record.overlay is None]
        own = [e.lower for e in sequence.compared if e.record.genus == method.genus]
        if other and own:
            # Of several sequences of a marker the least favourable one counts.
            before = measured.get(sequence.locus, (min(other), min(own)))
            measured[sequence.locus] = (max(before[0], min(other)), min(before[1], min(own)))
    close: list[str] = []
    far: list[str] = []
    shown: list[str] = []
    for locus, (other_distance, own_distance) in sorted(measured.items()):
        limits = limits_of(locus, method, animals)
        threshold = limits.exclusion_moschus + (0 if limits.coding else other_distance)
        shown.append(f"{locus} {limits.text(other_distance)} / {limits.text(own_distance)}")
        if other_distance <= limits.exclusion_other:
            close.append(locus)
        if own_distance >= threshold:
            far.append(locus)
    text = "; ".join(shown) or "-"
    other_close, moschus_far = _enough(close, method), _enough(far, method)
    if other_close:
        # The markers that are close to another genus must be those that are far from *Moschus*.
        moschus_far = _enough([locus for locus in far if locus in close], method)
    return (
        criterion("barcode.exclusion_other_close", text, "within the method's limit", other_close),
        criterion("barcode.exclusion_moschus_far", text, "beyond the method's limit", moschus_far),
    )


def _enough(loci: list[str], method: BarcodeMethod) -> bool:
    amplicons = {limits.locus.value for limits in method.amplicons}
    coding = {limits.locus.value for limits in method.long_loci}
    return bool(coding & set(loci)) or amplicons <= set(loci)


def _replicates(called: tuple[CalledSequence, ...]) -> set[Reason]:
    """Different sequences of one marker of one item: no single source can be claimed."""
    letters: dict[Locus, set[str]] = {}
    for sequence in called:
        letters.setdefault(sequence.locus, set()).add(sequence.letters)
    return {Reason.SEVERAL_SEQUENCES} if any(len(found) > 1 for found in letters.values()) else set()


def _mixed(usable: tuple[SequenceResult, ...]) -> set[Reason]:
    """Whether a trace that was used shows more than one source: then no single source can be claimed."""
    return {Reason.MIXED_TRACE} & {reason for result in usable for reason in result.reasons}


def _not_excluded(moschus: tuple[CalledSequence, ...]) -> tuple[NotExcluded, ...]:
    """Union over the markers; a name carried by a record stands before one that only lacks a reference."""
    merged: dict[str, NotExcluded] = {}
    for sequence in moschus:
        for entry in sequence.call.not_excluded:
            known = merged.get(entry.species)
            merged[entry.species] = entry if known is None else _merge(known, entry)
    return tuple(merged[species] for species in sorted(merged))


def _merge(first: NotExcluded, second: NotExcluded) -> NotExcluded:
    order = (None, Reason.NAME_UNRESOLVED, Reason.NO_REFERENCE_AT_LOCUS, Reason.TOO_FEW_REFERENCES)
    return NotExcluded(
        species=first.species,
        reason=min(first.reason, second.reason, key=order.index),
        views=tuple(sorted({*first.views, *second.views})),
        records=tuple(sorted({*first.records, *second.records})),
        note=first.note or second.note,
    )
