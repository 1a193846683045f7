"""Spectra stage: EI spectra against every library spectrum, hit lists, compounds, markers.

Inputs: spectra (or failed runs) by run id, a prepared library, a method version. Output: one
:class:`~musk_id.model.spectra.SpectraRecord`. Every pair is scored by itself, so a number does not depend on
what else is in the batch. A query that equals its reference is refused.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from musk_id.kernels.spectral import (
    MatchFactors,
    UnitMassSpectrum,
    entropy_similarity,
    match_factors,
    matched_ions,
    same_content,
    shared_range,
    to_unit_mass,
)
from musk_id.kernels.spectral_copy import LEAST_SHARE, copied_peaks
from musk_id.kernels.spectral_many import SpectralTable
from musk_id.model.laboratory_chemistry import StatedLimit
from musk_id.model.methods import SpectraMethod
from musk_id.model.musk_tables import MuskRule
from musk_id.model.predicted_spectra import stated_prediction
from musk_id.model.provenance import Provenance
from musk_id.model.spectra import (
    CompoundCall,
    MarkerFinding,
    Peak,
    ReintegrationEffect,
    SpectraRecord,
    SpectrumHit,
    SpectrumResult,
)
from musk_id.model.spectral_ranking import SpectralRanking
from musk_id.model.spectrum import MassSpectrum
from musk_id.model.technical import FailedRun, SpectrumEvidence
from musk_id.model.trace import Criterion
from musk_id.model.values import Identifier, Line, Sha256, decimal_text
from musk_id.stages.chromatogram import run_chromatograms
from musk_id.stages.compound_call import ScoredReference, call_compound, not_tested
from musk_id.stages.compound_identity import injected_references, library_spectrum
from musk_id.stages.identification import Injected
from musk_id.stages.marker_findings import item_markers
from musk_id.stages.musk_rules import rules_that_apply, set_aside
from musk_id.stages.placement import criterion
from musk_id.stages.reintegration import call_peak
from musk_id.stages.spectral_library import LibrarySpectrum, SpectralLibrary, compound_key
from musk_id.stages.stated_conditions import (
    ENERGIES_EV,
    is_of_product_ions,
    is_other_ionisation,
    stated_derivative,
    stated_energy,
    stated_energy_ev,
    stated_ionisation,
    stated_level,
)
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Finding, MaterialClass, Reason

__all__ = ["examine_spectrum", "match_spectra"]

FACTOR_DIGITS = 1
ENTROPY_DIGITS = 3
SELF_MATCHES = frozenset({Reason.SELF_MATCH, Reason.SELF_MATCH_SUSPECTED})
# A copy with a changed peak keeps most of its likeness: what is less alike need not be looked at peak by peak.
COPY_LEAST_FACTOR = 700

_QUALITY_REASONS = {
    "spectra.peak_count": Reason.SPECTRUM_TOO_FEW_PEAKS,
    "spectra.ionisation": Reason.NO_LIBRARY_MATCH,
    "spectra.derivative": Reason.NO_LIBRARY_MATCH,
    "spectra.electron_energy": Reason.ELECTRON_ENERGY_OTHER,
    "spectra.predicted": Reason.SIMULATED_DATA,
    "spectra.copy": Reason.SELF_MATCH_SUSPECTED,
}


@dataclass(frozen=True, slots=True)
class _Scored:
    library: LibrarySpectrum
    factors: MatchFactors
    same_ions: bool


def match_spectra(
    case_id: Identifier,
    evidence: tuple[SpectrumEvidence | FailedRun, ...],
    library: SpectralLibrary,
    method: SpectraMethod,
    provenance: Provenance,
    *,
    rules: tuple[MuskRule, ...] = (),
    limits: Mapping[str, StatedLimit] = MappingProxyType({}),
    materials: Mapping[str, MaterialClass] = MappingProxyType({}),
) -> SpectraRecord:
    """Examine every spectrum of a case, then look for the markers in every item that has one.

    Parameters
    ----------
    rules : tuple of MuskRule
        What a finding means.
    limits : mapping of str to StatedLimit
        The laboratory's detection limits by InChIKey.
    materials : mapping of str to MaterialClass
        What a morphologist found each item to be; items not examined so are left out.
    """
    evidence = _peaks_of_one_spectrum(evidence)
    results: list[SpectrumResult] = []
    for entry in sorted(evidence, key=lambda e: e.run.run_id):
        if isinstance(entry, FailedRun):
            results.append(_failed(entry))
        else:
            results += [examine_spectrum(s, entry, library, method) for s in entry.spectra]
    items = sorted({r.run.item_id for r in results if r.call is not None})
    if method.identification is None:
        found = tuple(m for item in items for m in _markers(item, results, library))
    else:
        found = tuple(m for item in items for m in item_markers(item, results, evidence, library, method, limits))
    outcomes = tuple(o for item in items for o in rules_that_apply(item, found, rules, materials.get(item)))
    return SpectraRecord(
        schema=Line(SpectraRecord.SCHEMA),
        case_id=case_id,
        provenance=provenance,
        spectra=tuple(results),
        markers=set_aside(found, outcomes, rules),
        rules=outcomes,
        chromatograms=run_chromatograms(sorted(evidence, key=lambda e: e.run.run_id)),
    )


def _peaks_of_one_spectrum(
    evidence: tuple[SpectrumEvidence | FailedRun, ...],
) -> tuple[SpectrumEvidence | FailedRun, ...]:
    """The evidence without the peak of runs that hold several spectra: nobody says which of them it belongs to.

    A file that cannot be read counts, too: the peak may be its own.
    """
    spectra: Counter[str] = Counter()
    for entry in evidence:
        spectra[entry.run.run_id] += len(entry.spectra) if isinstance(entry, SpectrumEvidence) else 1
    return tuple(
        replace(entry, peak=None, reintegrated_area=None)
        if isinstance(entry, SpectrumEvidence) and spectra[entry.run.run_id] > 1
        else entry
        for entry in evidence
    )


def _failed(entry: FailedRun) -> SpectrumResult:
    return SpectrumResult(
        run=entry.run,
        spectrum_name=entry.note,
        content_sha256=Sha256(hashlib.sha256(b"").hexdigest()),
        peak_count=0,
        mz_low=None,
        mz_high=None,
        ionisation_energy=None,
        quality=(),
        finding=Finding.NOT_EXAMINED,
        reasons=(entry.reason,),
        peaks=(),
        hits=(),
        references_compared=0,
        call=None,
    )


def examine_spectrum(
    spectrum: MassSpectrum, evidence: SpectrumEvidence, library: SpectralLibrary, method: SpectraMethod
) -> SpectrumResult:
    """Compare one spectrum with the whole library and call its compound."""
    query = to_unit_mass(spectrum.mz, spectrum.intensity)
    # Of an exhibit that the examination itself declares as simulated, files that say so say nothing new.
    declared = evidence.run.simulated
    quality = _quality(spectrum, query, method) + (() if declared else _predicted(spectrum))
    injected: tuple[Injected, ...] = ()
    if method.identification is not None:
        injected = injected_references(evidence.sequences, library, may_be_predicted=declared)
    scored = _score(query, library, injected) if query.mz.size else []
    itself = any(_is_self(spectrum, query, entry) for entry in scored)
    if not itself:
        quality += tuple(_copy_criterion(query, scored))
    reasons = {_QUALITY_REASONS[c.name] for c in quality if c.outcome is CriterionOutcome.FAILED}
    if itself:
        reasons.add(Reason.SELF_MATCH)
    call: CompoundCall | None = None
    effect: ReintegrationEffect | None = None
    ranking: SpectralRanking | None = None
    if not reasons and scored:
        ranked = tuple(
            ScoredReference(e.library, e.factors.identity_forward, e.factors.identity_reverse) for e in scored
        )
        if method.identification is None:
            call = call_compound(query, ranked, library, method)
        else:
            if library.ranking is not None:
                ranking, _ = library.ranking.ranked(query)
            call, effect = call_peak(query, ranked, evidence, injected, library, method, ranking)
    return SpectrumResult(
        run=evidence.run,
        spectrum_name=Line(spectrum.name[:200]),
        content_sha256=_content_digest(query),
        peak_count=int(query.mz.size),
        mz_low=int(query.mz[0]) if query.mz.size else None,
        mz_high=int(query.mz[-1]) if query.mz.size else None,
        ionisation_energy=stated_energy(spectrum),
        quality=quality,
        finding=Finding.DETECTED if _is_identified(call) else Finding.INCONCLUSIVE,
        reasons=tuple(sorted(reasons)),
        peaks=_peaks(query),
        hits=() if reasons & SELF_MATCHES else _hits(query, scored, method),
        references_compared=len(scored),
        call=call,
        reintegration=effect,
        ranking=ranking,
    )


def _is_identified(call: CompoundCall | None) -> bool:
    return call is not None and call.status is CompoundStatus.IDENTIFIED


def _quality(spectrum: MassSpectrum, query: UnitMassSpectrum, method: SpectraMethod) -> tuple[Criterion, ...]:
    derivative, derivatised = stated_derivative(spectrum)
    of_products = is_of_product_ions(spectrum)
    count = int(query.mz.size)
    return (
        criterion("spectra.peak_count", count, f">= {method.min_peaks}", count >= method.min_peaks, "peaks"),
        criterion(
            "spectra.ionisation",
            stated_level(spectrum)[0] if of_products else stated_ionisation(spectrum) or "not stated",
            "EI, or not stated",
            not of_products and not is_other_ionisation(spectrum),
        ),
        criterion("spectra.derivative", derivative or "not stated", "none, or not stated", not derivatised),
        *(() if method.identification is None else (_energy(spectrum),)),
    )


def _predicted(spectrum: MassSpectrum) -> tuple[Criterion, ...]:
    """The words by which a file says that its spectrum was computed; nothing where it does not say so."""
    stated = stated_prediction(spectrum)
    return () if stated is None else (criterion("spectra.predicted", stated, "-", False),)


def _copy_criterion(query: UnitMassSpectrum, scored: list[_Scored]) -> Iterator[Criterion]:
    """The reference that a query is a copy of but for a few peaks, if there is one: the most alike."""
    near = (
        e for e in scored if max(e.factors.similarity_reverse, e.factors.similarity_forward) >= COPY_LEAST_FACTOR
    )
    copies = [(found, e) for e in near if (found := copied_peaks(query, e.library.unit_mass)) is not None]
    if not copies:
        return
    found, entry = max(copies, key=lambda pair: pair[0].equal)
    most = max(found.of_query, found.of_reference)
    measured = f"{found.equal}/{most} = {entry.library.reference.accession}"
    yield criterion(
        "spectra.copy", measured, f"< {LEAST_SHARE}", False, "peaks", (entry.library.reference.accession,)
    )


def _energy(spectrum: MassSpectrum) -> Criterion:
    """Electron energy: at 20 eV the molecular ion is the base peak, and no ratio of a 70 eV library holds."""
    number = stated_energy_ev(spectrum)
    low, high = ENERGIES_EV
    limit = f"{low}-{high}"
    if number is None:
        return not_tested("spectra.electron_energy", limit)
    return criterion("spectra.electron_energy", number, limit, low <= float(number) <= high, "ev")


def _score(query: UnitMassSpectrum, library: SpectralLibrary, injected: tuple[Injected, ...]) -> list[_Scored]:
    """Every reference on the shared m/z range, best forward Identity factor first, then accession.

    References are the spectra of the library and those injected in the sequence of the run.
    """
    wide = library.table.factors(query)
    scored = [
        _Scored(entry, factors, same)
        for entry, factors, same in zip(library.spectra, wide.of_each(), wide.same_ions.tolist(), strict=True)
    ]
    for one in injected:
        same = bool(SpectralTable([one.unit_mass]).factors(query).same_ions[0])
        scored.append(_Scored(library_spectrum(one), match_factors(query, one.unit_mass), same))
    return sorted(scored, key=lambda s: (-s.factors.identity_forward, s.library.reference.accession))


def _is_self(spectrum: MassSpectrum, query: UnitMassSpectrum, entry: _Scored) -> bool:
    """Whether the query is the reference itself: its accession, or the same peaks on the shared range."""
    accession = entry.library.reference.accession
    if accession in spectrum.name or any(accession in value for _, value in spectrum.metadata):
        return True
    return entry.same_ions and same_content(query, entry.library.unit_mass)


def _content_digest(query: UnitMassSpectrum) -> Sha256:
    text = " ".join(f"{mz}:{value}" for mz, value in zip(query.mz.tolist(), query.intensity.tolist(), strict=True))
    return Sha256(hashlib.sha256(text.encode("ascii")).hexdigest())


def _peaks(spectrum: UnitMassSpectrum) -> tuple[Peak, ...]:
    return tuple(
        Peak(mz=mz, intensity=value)
        for mz, value in zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True)
    )


def _hits(query: UnitMassSpectrum, scored: list[_Scored], method: SpectraMethod) -> tuple[SpectrumHit, ...]:
    """The best hits with all ties at the end of the list; equal printed factors share a rank."""
    hits: list[SpectrumHit] = []
    rank, before = 0, ""
    for position, entry in enumerate(scored, 1):
        factor = decimal_text(entry.factors.identity_forward, FACTOR_DIGITS)
        if factor != before:
            rank, before = position, factor
        if rank > method.hits_listed:
            break
        hits.append(_hit(rank, query, entry))
    return tuple(hits)


def _hit(rank: int, query: UnitMassSpectrum, entry: _Scored) -> SpectrumHit:
    reference, unit_mass = entry.library.reference, entry.library.unit_mass
    low, high = shared_range(query, unit_mass)
    entropy = entropy_similarity(query.between(low, high), unit_mass.between(low, high))
    factors = entry.factors
    return SpectrumHit(
        rank=rank,
        accession=reference.accession,
        name=reference.name,
        inchikey=reference.inchikey,
        formula=reference.formula,
        identity_forward=decimal_text(factors.identity_forward, FACTOR_DIGITS),
        identity_reverse=decimal_text(factors.identity_reverse, FACTOR_DIGITS),
        similarity_forward=decimal_text(factors.similarity_forward, FACTOR_DIGITS),
        similarity_reverse=decimal_text(factors.similarity_reverse, FACTOR_DIGITS),
        entropy_similarity=decimal_text(entropy, ENTROPY_DIGITS),
        matched_ions=matched_ions(query, unit_mass),
        library_ions=int(unit_mass.mz.size),
        compared_mz_low=low,
        compared_mz_high=high,
        peaks=_peaks(unit_mass),
        overlay=reference.overlay,
    )


def _markers(item: Identifier, results: list[SpectrumResult], library: SpectralLibrary) -> list[MarkerFinding]:
    """Every marker of the release: tentative, not detected (limit not determined), or without reference."""
    calls = [(r.run.run_id, r.call) for r in results if r.run.item_id == item and r.call is not None]
    confusable = {name for _, call in calls for name in call.confusables}
    found: list[MarkerFinding] = []
    for marker in library.markers:
        key = compound_key(marker.inchikey)
        runs = sorted({run for run, call in calls if call.inchikey and compound_key(call.inchikey) == key})
        status = CompoundStatus.NOT_DETECTED
        reasons: tuple[Reason, ...] = (Reason.LIMIT_NOT_DETERMINED,)
        if not library.holds(marker.inchikey):
            status, reasons = CompoundStatus.NO_REFERENCE, (Reason.NO_REFERENCE_SPECTRUM,)
        elif runs:
            status, reasons = CompoundStatus.TENTATIVE, (Reason.LIBRARY_REFERENCE_ONLY,)
        elif confusable & library.names_of(marker):
            # The compound named may be this one: it cannot count as looked for and not found.
            reasons = (Reason.CONFUSABLE_NOT_SEPARATED, Reason.LIMIT_NOT_DETERMINED)
        found.append(
            MarkerFinding(
                item_id=item,
                marker_id=marker.marker_id,
                name=marker.name,
                group=marker.group,
                status=status,
                runs=tuple(runs),
                reasons=reasons,
            )
        )
    return found
