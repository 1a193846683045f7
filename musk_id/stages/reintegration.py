"""A call with the area of a peak as the software integrated it and as a person did: the weaker one holds."""

from __future__ import annotations

from dataclasses import replace

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.model.methods import SpectraMethod
from musk_id.model.spectra import CompoundCall, ReintegrationEffect
from musk_id.model.spectral_ranking import SpectralRanking
from musk_id.model.technical import SpectrumEvidence
from musk_id.model.values import DecimalText
from musk_id.stages.compound_call import ScoredReference
from musk_id.stages.compound_identity import PeakEvidence, call_with_rule
from musk_id.stages.identification import Injected
from musk_id.stages.name_withheld import bearing_its_name
from musk_id.stages.spectral_library import SpectralLibrary
from musk_id.vocabulary import CompoundStatus, Reason

__all__ = ["call_peak"]

_STRENGTH = (
    CompoundStatus.NO_REFERENCE,
    CompoundStatus.NOT_DETECTED,
    CompoundStatus.TENTATIVE,
    CompoundStatus.IDENTIFIED,
)


def call_peak(
    query: UnitMassSpectrum,
    scored: tuple[ScoredReference, ...],
    evidence: SpectrumEvidence,
    injected: tuple[Injected, ...],
    library: SpectralLibrary,
    method: SpectraMethod,
    ranking: SpectralRanking | None = None,
) -> tuple[CompoundCall, ReintegrationEffect | None]:
    """Call of a spectrum; with an integration by hand both calls, of which the weaker one is given.

    A name that the ranking does not bear is withheld in either.
    """

    def call(area: DecimalText | None) -> CompoundCall:
        found = call_with_rule(query, scored, PeakEvidence(peak, area, injected), library, method)
        return bearing_its_name(found, ranking, library)

    peak = evidence.peak
    area = None if peak is None else peak.area
    without = call(area)
    if evidence.reintegrated_area is None or area is None:
        return without, None
    with_it = call(evidence.reintegrated_area)
    effect = ReintegrationEffect(
        area_without=area,
        area_with=evidence.reintegrated_area,
        status_without=without.status,
        status_with=with_it.status,
    )
    if _answer(without) == _answer(with_it):
        return without, effect
    weaker = min(without, with_it, key=lambda found: _STRENGTH.index(found.status))
    reasons = {*weaker.reasons, Reason.REINTEGRATION_CHANGES_ANSWER}
    return replace(weaker, reasons=tuple(sorted(reasons))), effect


def _answer(call: CompoundCall) -> tuple[object, ...]:
    return call.status, call.name, call.inchikey
