"""Marker compounds over the spectra of an item: identified, tentative, not detected, or without a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from musk_id.kernels.formula import monoisotopic_mass
from musk_id.kernels.spectral import UnitMassSpectrum, to_unit_mass
from musk_id.model.laboratory_chemistry import StatedLimit
from musk_id.model.methods import SpectraMethod
from musk_id.model.reference import MarkerCompound
from musk_id.model.spectra import CompoundCall, MarkerFinding, SpectrumResult
from musk_id.model.technical import FailedRun, SpectrumEvidence
from musk_id.model.values import DecimalText, Identifier, Line
from musk_id.stages.name_withheld import WITHHELD
from musk_id.stages.spectral_library import SpectralLibrary, compound_key, is_flat, is_marker, same_compound
from musk_id.stages.spectrum_checks import has_peaks_above
from musk_id.vocabulary import CompoundStatus, Reason

__all__ = ["ions_are_compatible", "item_markers"]

# A screen by ions asks for this many of them at least, each with this share of the base peak.
SCREEN_IONS_LEAST = 3
SCREEN_SHARE = Fraction(1, 100)

Evidence = Sequence[SpectrumEvidence | FailedRun]


def item_markers(
    item: Identifier,
    results: Sequence[SpectrumResult],
    evidence: Evidence,
    library: SpectralLibrary,
    method: SpectraMethod,
    limits: Mapping[str, StatedLimit],
) -> list[MarkerFinding]:
    """Findings of every marker over the spectra of an item.

    Parameters
    ----------
    results : sequence of SpectrumResult
        Results of the case.
    evidence : sequence of SpectrumEvidence or FailedRun
        What they were made from.
    method : SpectraMethod
        Its least forward match factor says which spectra are like that of a marker.
    limits : mapping of str to StatedLimit
        The laboratory's detection limits by InChIKey.
    """
    own = [r for r in results if r.run.item_id == item and r.call is not None]
    calls = [(r.run.run_id, r.call) for r in own if r.call is not None]
    given = [e for e in evidence if isinstance(e, SpectrumEvidence) and e.run.item_id == item]
    return [
        _finding(item, marker, calls, given, library, limits, _resembling(marker, own, method))
        for marker in library.markers
    ]


def _resembling(
    marker: MarkerCompound, results: list[SpectrumResult], method: SpectraMethod
) -> tuple[Identifier, ...]:
    """Runs that name nothing but whose spectrum is like that of a marker: it was not looked for in vain there."""
    return tuple(
        sorted(
            {
                r.run.run_id
                for r in results
                if r.call is not None and r.call.status is CompoundStatus.NOT_DETECTED
                for hit in r.hits
                if is_marker(marker, hit.inchikey)
                and Decimal(hit.identity_forward) >= method.min_forward_match_factor
            }
        )
    )


def _finding(
    item: Identifier,
    marker: MarkerCompound,
    calls: list[tuple[Identifier, CompoundCall]],
    evidence: list[SpectrumEvidence],
    library: SpectralLibrary,
    limits: Mapping[str, StatedLimit],
    resembling: tuple[Identifier, ...],
) -> MarkerFinding:
    named = [(run, call) for run, call in calls if call.inchikey and is_marker(marker, call.inchikey)]
    identified = [
        run
        for run, call in named
        if call.status is CompoundStatus.IDENTIFIED and not _form_is_open(marker, call.inchikey or "", library)
    ]
    held = bool(marker.accessions) or any(
        is_marker(marker, r.inchikey) for e in evidence for s in e.sequences for r in s.references if r.spectrum
    )
    compatible: tuple[Identifier, ...] = ()
    limit: Line | None = None
    if named:
        status = CompoundStatus.IDENTIFIED if identified else CompoundStatus.TENTATIVE
        runs = identified or [run for run, _ in named]
        reasons = {reason for run, call in named if run in runs for reason in call.reasons}
        if any(_form_is_open(marker, call.inchikey or "", library) for run, call in named if run in runs):
            reasons.add(Reason.CONFUSABLE_NOT_SEPARATED)
    elif not held:
        status, runs, reasons = CompoundStatus.NO_REFERENCE, [], {Reason.NO_REFERENCE_SPECTRUM}
        compatible = _compatible_runs(marker, evidence, calls)
    else:
        status, runs, reasons = CompoundStatus.NOT_DETECTED, list(resembling), set()
        if resembling:
            reasons.add(Reason.NO_LIBRARY_MATCH)
        if _may_be_named(marker, calls, library):
            reasons.add(Reason.CONFUSABLE_NOT_SEPARATED)
        compared = {run for run, _ in calls}
        searched = [] if reasons else _searched(marker, [e for e in evidence if e.run.run_id in compared])
        stated = limits.get(marker.inchikey) if searched else None
        if stated is None:
            reasons.add(Reason.LIMIT_NOT_DETERMINED)
        elif any(_is_before(stated, e) for e in searched):
            limit = stated.text
        else:
            reasons |= {Reason.LIMIT_NOT_DETERMINED, Reason.LIMIT_FIXED_AFTERWARDS}
    return MarkerFinding(
        item_id=item,
        marker_id=marker.marker_id,
        name=marker.name,
        group=marker.group,
        status=status,
        runs=tuple(sorted(set(runs))),
        reasons=tuple(sorted(reasons)),
        inchikey=None if compound_key(marker.inchikey) == "" else marker.inchikey,
        cas=marker.cas,
        ions_compatible=compatible,
        limit=limit,
        area=_area(identified, evidence),
    )


def _area(identified: list[Identifier], evidence: list[SpectrumEvidence]) -> DecimalText | None:
    own = [e for e in evidence if e.run.run_id in identified]
    if len(own) != 1 or own[0].peak is None or own[0].reintegrated_area is not None:
        return None
    return own[0].peak.area


def _form_is_open(marker: MarkerCompound, inchikey: str, library: SpectralLibrary) -> bool:
    """Whether a call without stereochemistry leaves open that the compound is this form of it."""
    return is_flat(inchikey) and inchikey != marker.inchikey and marker.inchikey in library.stereoisomers(inchikey)


def _searched(marker: MarkerCompound, evidence: list[SpectrumEvidence]) -> list[SpectrumEvidence]:
    """Runs that looked for a marker; one of a batch whose controls failed may have missed it."""
    return [
        e
        for e in evidence
        if not any(sequence.failed for sequence in e.sequences)
        and any(same_compound(marker.inchikey, key) for key in e.searched_for)
    ]


def _is_before(limit: StatedLimit, evidence: SpectrumEvidence) -> bool:
    """Whether a limit was determined no later than a run was measured; without a date nothing shows that."""
    return evidence.measured_on is not None and limit.determined_on <= evidence.measured_on


def _may_be_named(
    marker: MarkerCompound, calls: list[tuple[Identifier, CompoundCall]], library: SpectralLibrary
) -> bool:
    """Whether an open call may be this compound: then it cannot count as looked for and not found."""
    names = {s.reference.name for s in library.spectra if is_marker(marker, s.reference.inchikey)}
    own = library.group_of(marker.inchikey)
    if own is not None:
        names.add(own.name)
    return any(
        names & {call.name, *call.confusables}
        for _, call in calls
        if call.status is CompoundStatus.TENTATIVE or WITHHELD & set(call.reasons)
    )


def _compatible_runs(
    marker: MarkerCompound, evidence: list[SpectrumEvidence], calls: list[tuple[Identifier, CompoundCall]]
) -> tuple[Identifier, ...]:
    """Runs that no reference explains and whose spectrum shows the ions of a marker without a reference."""
    explained = {run for run, call in calls if call.status is not CompoundStatus.NOT_DETECTED}
    compared = {run for run, _ in calls} - explained
    return tuple(
        sorted(
            {
                e.run.run_id
                for e in evidence
                if e.run.run_id in compared
                for spectrum in e.spectra
                if ions_are_compatible(to_unit_mass(spectrum.mz, spectrum.intensity), marker)
            }
        )
    )


def ions_are_compatible(spectrum: UnitMassSpectrum, marker: MarkerCompound) -> bool:
    """Whether all ions listed for a marker, its molecular ion or M - 15 among them, and no heavier peak are there.

    A screen and no identification: many compounds share these ions.
    """
    mass = round(monoisotopic_mass(marker.formula))
    heavy = {mass, mass - 15} & set(marker.ions)
    if len(marker.ions) < SCREEN_IONS_LEAST or not heavy or not spectrum.mz.size:
        return False
    found = dict(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True))
    least = SCREEN_SHARE * int(spectrum.intensity.max())
    return all(found.get(ion, 0) >= least for ion in marker.ions) and not has_peaks_above(
        spectrum, marker.formula, mass
    )
