"""Method versions of the spectra stage; :mod:`musk_id.model.methods` holds those of the other stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from musk_id.model.identification_rules import IDENTIFICATION_RULES, IdentificationRule
from musk_id.model.ranking_methods import RANKING_METHODS, RankingMethod
from musk_id.model.values import Line

__all__ = ["SPECTRA_METHODS", "SpectraMethod"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectraMethod:
    """How EI spectra are compared with the library and what a match may be called.

    With an ``identification`` a compound may be identified against a reference of the same sequence, and spectra
    of other electron energies, of derivatives and of mixtures are told apart; without one it is tentative at best.
    With a ``ranking`` a calibrated library can say that nothing in it bears the name: no compound is named then.
    """

    version: Line
    min_peaks: int
    min_forward_match_factor: int
    min_reverse_match_factor: int
    min_diagnostic_ions: int
    min_diagnostic_mz: int
    ion_ratio_tolerance_percent: int
    confusable_min_gap: int
    hits_listed: int
    identification: IdentificationRule | None = None
    ranking: RankingMethod | None = None


_LIBRARY = SpectraMethod(
    version=Line("ei-library-1"),
    min_peaks=10,
    min_forward_match_factor=700,
    min_reverse_match_factor=850,
    min_diagnostic_ions=3,
    min_diagnostic_mz=100,
    ion_ratio_tolerance_percent=30,
    confusable_min_gap=100,
    hits_listed=10,
)

SPECTRA_METHODS = (
    _LIBRARY,
    *(
        replace(_LIBRARY, version=version, identification=rule, ranking=RANKING_METHODS[0])
        for version, rule in IDENTIFICATION_RULES
    ),
)
