"""What may be said of the compound behind a spectrum under a method version that can identify.

Identified: one compound whose injected reference meets every criterion. Tentative: the best reference of library
and sequence fits, with all that may be taken for it. Isomers, stereoisomers and mixtures give no single name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from musk_id.kernels.formula import atoms_of, monoisotopic_mass
from musk_id.kernels.spectral import UnitMassSpectrum, match_factors, same_content, to_unit_mass
from musk_id.kernels.spectral_copy import copied_peaks
from musk_id.model.chromatography import MeasuredPeak
from musk_id.model.identification_rules import IdentificationRule
from musk_id.model.injections import InjectedReference, SequenceInjections
from musk_id.model.methods import SPECTRA_METHODS, SpectraMethod
from musk_id.model.predicted_spectra import stated_prediction
from musk_id.model.reference import ConfusableGroup, SpectrumReference
from musk_id.model.spectra import CompoundCall
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.trace import Criterion
from musk_id.model.values import DecimalText, Line
from musk_id.stages.compound_call import (
    ScoredReference,
    factor_criterion,
    gap_criterion,
    group_names,
    ion_criteria,
    nothing_called,
)
from musk_id.stages.identification import Injected, identity_criteria, query_index, untested_criteria
from musk_id.stages.isomers import isomer_criterion
from musk_id.stages.known_isomers import Isomers, known_isomers
from musk_id.stages.spectral_library import (
    LibrarySpectrum,
    SpectralLibrary,
    compound_key,
    is_flat,
    same_compound,
)
from musk_id.stages.spectrum_checks import (
    above_molecular_ion,
    isotope_criterion,
    mixture_criterion,
    unexplained_criterion,
)
from musk_id.stages.stated_conditions import conditions_against
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Reason

__all__ = ["PeakEvidence", "call_with_rule", "injected_references", "library_spectrum"]


@dataclass(frozen=True, slots=True)
class PeakEvidence:
    """What was measured of an exhibit's peak; ``area`` is the one that counts in this call."""

    peak: MeasuredPeak | None
    area: DecimalText | None
    references: tuple[Injected, ...]


def injected_references(
    sequences: tuple[SequenceInjections, ...], library: SpectralLibrary, *, may_be_predicted: bool = False
) -> tuple[Injected, ...]:
    """References of some sequences that have a spectrum, each with the controls of its sequence.

    A substance that the library or the marker table knows is named as there: whatever a run sheet calls it, its
    InChIKey says what it is.

    Parameters
    ----------
    may_be_predicted : bool
        Whether a reference that says of itself that it was computed counts: for exhibits that are declared as
        simulated, such as those of a demonstration.
    """
    found = []
    for sequence in sequences:
        for reference in sequence.references:
            if reference.spectrum is None:
                continue
            unit_mass = to_unit_mass(reference.spectrum.mz, reference.spectrum.intensity)
            if unit_mass.mz.size:
                known = replace(reference, name=_known_name(reference, library))
                against = tuple(_against(reference.spectrum, unit_mass, reference, library))
                predicted = None if may_be_predicted else stated_prediction(reference.spectrum)
                if predicted is not None:
                    against = (Line(predicted), *against)
                mass = round(monoisotopic_mass(reference.formula))
                found.append(Injected(known, unit_mass, mass, sequence, against))
    return tuple(found)


def _known_name(reference: InjectedReference, library: SpectralLibrary) -> Line:
    """Name of the substance injected in library or marker table, else that of the run sheet."""
    held = [s.reference.name for s in library.spectra if s.reference.inchikey == reference.inchikey]
    named = [marker.name for marker in library.markers if marker.inchikey == reference.inchikey]
    return next(iter((*held, *named)), reference.name)


def _against(
    spectrum: MassSpectrum, unit_mass: UnitMassSpectrum, reference: InjectedReference, library: SpectralLibrary
) -> Iterator[Line]:
    """Why a file is no spectrum of the substance measured in the sequence.

    Its conditions are others, it is a predicted one, the formula stated is not that of the marker, or it is a
    spectrum of the library, whole or with a few peaks more or less.
    """
    yield from (Line(condition) for condition in conditions_against(spectrum))
    key, atoms = compound_key(reference.inchikey), atoms_of(reference.formula)
    for marker in library.markers:
        if compound_key(marker.inchikey) == key and atoms_of(marker.formula) != atoms:
            yield Line(f"{reference.formula} ≠ {marker.formula}")
            break
    for held in library.spectra:
        if compound_key(held.reference.inchikey) != key:
            continue
        if same_content(unit_mass, held.unit_mass):
            yield Line(f"= {held.reference.accession}")
        elif (copy := copied_peaks(unit_mass, held.unit_mass)) is not None:
            most = max(copy.of_query, copy.of_reference)
            yield Line(f"{copy.equal}/{most} = {held.reference.accession}")


def library_spectrum(injected: Injected) -> LibrarySpectrum:
    """An injected reference as a spectrum to compare with, beside those of the library."""
    reference = injected.reference
    known = SpectrumReference(
        accession=reference.accession,
        name=reference.name,
        inchikey=reference.inchikey,
        formula=reference.formula,
        exact_mass=DecimalText(str(monoisotopic_mass(reference.formula))),
        instrument=Line("the sequence of the run"),
        ionisation_energy=Line("as the run"),
        derivative=Line("none"),
        licence=Line("-"),
        authors=Line("-"),
        peaks=(),
        overlay=Line(f"batch {reference.batch_id}"),
    )
    return LibrarySpectrum(known, injected.unit_mass, injected.nominal_mass)


def call_with_rule(
    query: UnitMassSpectrum,
    scored: tuple[ScoredReference, ...],
    evidence: PeakEvidence,
    library: SpectralLibrary,
    method: SpectraMethod,
) -> CompoundCall:
    """Call from the references in order of their forward match factor, injected ones among them (at least one).

    Raises
    ------
    ValueError
        If the method has no rule of identification.
    """
    rule = method.identification
    if rule is None:
        raise ValueError(f"{method.version} has no rule of identification")
    traces = [(one, _injected_trace(query, one, evidence, library, method, rule)) for one in evidence.references]
    passed = [(one.reference, trace) for one, trace in traces if _all_passed(trace)]
    if passed and all(same_compound(passed[0][0].inchikey, other.inchikey) for other, _ in passed):
        reference, trace = passed[0]
        others = _near(scored, reference.inchikey, method)
        name, inchikey = _without_open_form(reference, library)
        return CompoundCall(
            status=CompoundStatus.IDENTIFIED,
            name=name,
            inchikey=inchikey,
            accession=reference.accession,
            confusables=tuple(sorted({s.library.reference.name for s in others} - {reference.name, name})),
            reasons=_departures(evidence, reference),
            trace=trace,
        )
    return _tentative(query, scored, traces, library, method)


def _without_open_form(reference: InjectedReference, library: SpectralLibrary) -> tuple[Line, Line]:
    """Name and InChIKey of a compound; without stereochemistry where the marker table has it so, too.

    An enantiomer gives the spectrum and, on the columns in use, the time of the racemate: (R)-muscone injected
    identifies muscone.
    """
    if is_flat(reference.inchikey):
        return reference.name, reference.inchikey
    key = compound_key(reference.inchikey)
    flat = (m for m in library.markers if compound_key(m.inchikey) == key and is_flat(m.inchikey))
    marker = next(flat, None)
    return (reference.name, reference.inchikey) if marker is None else (marker.name, marker.inchikey)


def _injected_trace(
    query: UnitMassSpectrum,
    injected: Injected,
    evidence: PeakEvidence,
    library: SpectralLibrary,
    method: SpectraMethod,
    rule: IdentificationRule,
) -> tuple[Criterion, ...]:
    """All criteria against one injected reference; after a departure, the weaker outcome of both rules."""
    reference = injected.reference
    factors = match_factors(query, injected.unit_mass)
    best = ScoredReference(library_spectrum(injected), factors.identity_forward, factors.identity_reverse)
    criteria = identity_criteria(query, evidence.peak, injected, rule, method.version, evidence.area)
    former = _rule_before(injected.sequence, method)
    if former is not None:
        before = identity_criteria(query, evidence.peak, injected, former, method.version, evidence.area)
        criteria = tuple(_weaker(a, b) for a, b in zip(criteria, before, strict=True))
    index = query_index(evidence.peak, injected.sequence)
    isomers = isomer_criterion(reference, index, injected.sequence, library, rule)
    return (
        factor_criterion("spectra.forward_match_factor", best.forward, method.min_forward_match_factor, best),
        factor_criterion("spectra.reverse_match_factor", best.reverse, method.min_reverse_match_factor, best),
        *criteria,
        above_molecular_ion(query, reference.formula, injected.nominal_mass, reference.accession),
        isotope_criterion(query, reference.formula, injected.nominal_mass, reference.accession),
        *(() if isomers is None else (isomers,)),
    )


def _rule_before(sequence: SequenceInjections, method: SpectraMethod) -> IdentificationRule | None:
    """The rule that was fixed for a sequence, if another one was taken after the data were seen."""
    fixed = sequence.rule
    if fixed is None or fixed.departure is None or fixed.method_version == method.version:
        return None
    known = {m.version: m.identification for m in SPECTRA_METHODS}
    return known.get(fixed.method_version)


_ORDER = (CriterionOutcome.FAILED, CriterionOutcome.NOT_TESTED, CriterionOutcome.PASSED)


def _weaker(first: Criterion, second: Criterion) -> Criterion:
    return min(first, second, key=lambda c: _ORDER.index(c.outcome))


def _all_passed(trace: tuple[Criterion, ...]) -> bool:
    """Every criterion passed; the isotope pattern may be too weak to test."""
    return all(
        c.outcome is CriterionOutcome.PASSED
        or (c.name == "spectra.isotopes" and c.outcome is CriterionOutcome.NOT_TESTED)
        for c in trace
    )


def _departures(evidence: PeakEvidence, reference: InjectedReference) -> tuple[Reason, ...]:
    changed = any(
        one.sequence.batch_id == reference.batch_id
        and one.sequence.rule is not None
        and one.sequence.rule.departure is not None
        for one in evidence.references
    )
    return (Reason.RULE_CHANGED_AFTERWARDS,) if changed else ()


def _near(scored: tuple[ScoredReference, ...], inchikey: str, method: SpectraMethod) -> list[ScoredReference]:
    """References of other compounds, stereoisomers among them, as near as the best one of this compound."""
    own = [s for s in scored if same_compound(s.library.reference.inchikey, inchikey)]
    top = max((s.forward for s in own), default=scored[0].forward)
    return [
        s
        for s in scored
        if not same_compound(s.library.reference.inchikey, inchikey)
        and top - s.forward < method.confusable_min_gap
    ]


def _tentative(
    query: UnitMassSpectrum,
    scored: tuple[ScoredReference, ...],
    traces: list[tuple[Injected, tuple[Criterion, ...]]],
    library: SpectralLibrary,
    method: SpectraMethod,
) -> CompoundCall:
    best = scored[0]
    reference = best.library.reference
    required = (
        factor_criterion("spectra.forward_match_factor", best.forward, method.min_forward_match_factor, best),
        factor_criterion("spectra.reverse_match_factor", best.reverse, method.min_reverse_match_factor, best),
        *ion_criteria(query, best.library, method),
        above_molecular_ion(query, reference.formula, best.library.nominal_mass, reference.accession),
    )
    key = compound_key(reference.inchikey)
    other = next((s for s in scored if compound_key(s.library.reference.inchikey) != key), None)
    mixture = mixture_criterion(best.forward, best.reverse, reference.accession)
    isotopes = isotope_criterion(query, reference.formula, best.library.nominal_mass, reference.accession)
    own = next((t for one, t in traces if same_compound(one.reference.inchikey, reference.inchikey)), None)
    unexplained = unexplained_criterion(query, best.library.unit_mass, reference.accession)
    trace = (
        *required,
        *gap_criterion(best, other, method),
        mixture,
        unexplained,
        isotopes,
        *(c for c in (own or _untested(method)) if c.name not in {r.name for r in (*required, isotopes)}),
    )
    if any(c.outcome is CriterionOutcome.FAILED for c in required):
        return nothing_called(trace)
    near = _near(scored, reference.inchikey, method)
    if CriterionOutcome.FAILED in (mixture.outcome, unexplained.outcome):
        near += [s for s in _company(query, scored, method) if s not in near and s is not best]
    isomers = known_isomers(reference, (s.library.reference for s in scored), library)
    return _named(best, near, isomers, (*trace, isomers.criterion(reference.accession)), own, library)


def _untested(method: SpectraMethod) -> tuple[Criterion, ...]:
    return () if method.identification is None else untested_criteria(method.identification)


def _company(
    query: UnitMassSpectrum, scored: tuple[ScoredReference, ...], method: SpectraMethod
) -> list[ScoredReference]:
    """References that a mixture may hold beside the best: theirs are all in the query, with the molecular ion."""
    key = compound_key(scored[0].library.reference.inchikey)
    return [
        s
        for s in scored
        if compound_key(s.library.reference.inchikey) != key
        and s.reverse >= method.min_reverse_match_factor
        and all(c.outcome is CriterionOutcome.PASSED for c in ion_criteria(query, s.library, method))
    ]


def _named(
    best: ScoredReference,
    near: list[ScoredReference],
    isomers: Isomers,
    trace: tuple[Criterion, ...],
    own: tuple[Criterion, ...] | None,
    library: SpectralLibrary,
) -> CompoundCall:
    """The tentative call: one name, the name of a group, or several names."""
    reference = best.library.reference
    group = library.group_of(reference.inchikey)
    failed = {c.name for c in trace if c.outcome is CriterionOutcome.FAILED}
    mixed = "spectra.unexplained_ions" in failed
    open_ = bool(near) or isomers.keep_it_open or mixed
    names = {s.library.reference.name for s in near} | group_names(group, library) | isomers.listed
    within = group is not None and all(library.group_of(s.library.reference.inchikey) == group for s in near)
    reasons = {_why_not_identified(own)}
    if near or isomers.keep_it_open:
        reasons.add(Reason.CONFUSABLE_NOT_SEPARATED)
    if mixed or "spectra.reverse_less_forward" in failed:
        reasons.add(Reason.MIXTURE_SUSPECTED)
    if "spectra.isotopes" in failed:
        reasons.add(Reason.ISOTOPES_DISAGREE)
    return CompoundCall(
        status=CompoundStatus.TENTATIVE,
        name=_name(reference.name, group if within and not mixed else None, open_),
        inchikey=None if open_ else reference.inchikey,
        accession=None if open_ else reference.accession,
        confusables=tuple(sorted(names | {reference.name} if open_ else names - {reference.name})),
        reasons=tuple(sorted(reasons)),
        trace=trace,
    )


def _name(best: Line, group: ConfusableGroup | None, open_: bool) -> Line | None:
    if not open_:
        return best
    return None if group is None else Line(group.name)


def _why_not_identified(own: tuple[Criterion, ...] | None) -> Reason:
    if own is None:
        return Reason.LIBRARY_REFERENCE_ONLY
    if any(c.outcome is CriterionOutcome.FAILED for c in own):
        return Reason.IDENTIFICATION_NOT_MET
    return Reason.IDENTIFICATION_NOT_TESTED
