"""Compounds in order, and the rule for naming the first one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ranked_libraries import CALIBRATION

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_ranking import RankingWeights, compound_ions, ranking_evidence, ranking_score
from musk_id.library_vocabulary import CalibrationRefusal, NameOutcome
from musk_id.model.ranking_methods import RANKING_METHODS
from musk_id.model.values import DecimalText, Line
from musk_id.stages.spectral_ranking import CompoundRanking

METHOD = RANKING_METHODS[-1]


def spectrum(peaks: dict[int, int]) -> UnitMassSpectrum:
    return UnitMassSpectrum(
        np.array(sorted(peaks), np.int64), np.array([peaks[m] for m in sorted(peaks)], np.int64)
    )


SPECTRA = [
    spectrum({43: 999, 58: 300, 71: 120}),
    spectrum({43: 999, 58: 280, 71: 100}),
    spectrum({43: 500, 57: 999, 71: 120}),
    spectrum({43: 999, 58: 300, 71: 120}),
]
FORMULAS = ["C5H10O", "C5H10O", "C6H14", "C5H10O"]
KEYS = ["B", "B", "A", "C"]
QUERY = spectrum({43: 999, 58: 310, 71: 110, 86: 30})


def test_order_and_scores_are_those_of_pairs() -> None:
    answer = CompoundRanking(SPECTRA, FORMULAS, KEYS, METHOD).answer(QUERY, 5)
    weights = RankingWeights(*METHOD.weights)
    evidence = [ranking_evidence(QUERY, s, compound_ions(f)) for s, f in zip(SPECTRA, FORMULAS, strict=True)]
    scores = [ranking_score(e, weights) for e in evidence]
    assert [c.compound for c in answer.compounds] == ["B", "C", "A"]
    for ranked in answer.compounds:
        assert (
            ranked.score
            == scores[ranked.spectrum]
            == max(s for s, key in zip(scores, KEYS, strict=True) if key == ranked.compound)
        )
        assert ranked.evidence == evidence[ranked.spectrum]
    assert (answer.outcome, answer.probability) == (NameOutcome.NOT_CALIBRATED, None)


def test_compounds_with_one_score_share_a_rank_and_none_of_them_is_named() -> None:
    ranking = CompoundRanking(SPECTRA, FORMULAS, KEYS, METHOD, CALIBRATION)
    only = np.array([True, False, True, True])
    answer = ranking.answer(QUERY, 1, only)
    assert [(c.compound, c.rank) for c in answer.compounds] == [("B", 1), ("C", 1)]
    assert answer.outcome is NameOutcome.NO_NAME
    assert [c.rank for c in ranking.answer(QUERY, 3, only).compounds] == [1, 1, 3]


def test_a_compound_that_leads_is_named_with_its_probability() -> None:
    ranking = CompoundRanking(SPECTRA[:3], FORMULAS[:3], KEYS[:3], METHOD, CALIBRATION)
    answer = ranking.answer(QUERY, 2)
    assert answer.outcome is NameOutcome.NAMED
    assert answer.probability is not None and answer.probability > 0.6
    strict = replace(CALIBRATION.probability, least_probability=DecimalText("0.9999"))  # type: ignore[type-var]
    strict_ranking = CompoundRanking(
        SPECTRA[:3], FORMULAS[:3], KEYS[:3], METHOD, replace(CALIBRATION, probability=strict)
    )
    assert strict_ranking.answer(QUERY, 2).outcome is NameOutcome.NO_NAME
    assert strict_ranking.answer(QUERY, 2).probability == answer.probability


def test_one_compound_alone_is_never_named() -> None:
    answer = CompoundRanking(SPECTRA[:2], FORMULAS[:2], KEYS[:2], METHOD, CALIBRATION).answer(QUERY, 5)
    assert (answer.outcome, answer.probability) == (NameOutcome.NO_NAME, 0.0)


def test_a_refused_calibration_names_nothing() -> None:
    refused = replace(CALIBRATION, refused=CalibrationRefusal.TOO_FEW_SEARCHES, probability=None)
    answer = CompoundRanking(SPECTRA, FORMULAS, KEYS, METHOD, refused).answer(QUERY, 1)
    assert (answer.outcome, answer.probability) == (NameOutcome.NOT_CALIBRATED, None)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="4 spectra, 3 compounds"):
        CompoundRanking(SPECTRA, FORMULAS, KEYS[:3], METHOD)
    with pytest.raises(ValueError, match="calibrated with other-1"):
        CompoundRanking(SPECTRA, FORMULAS, KEYS, METHOD, replace(CALIBRATION, method=Line("other-1")))
    with pytest.raises(ValueError, match="no compound"):
        CompoundRanking(SPECTRA, FORMULAS, KEYS, METHOD).answer(QUERY, 1, np.zeros(4, np.bool_))


def test_a_reference_that_is_left_out_is_not_the_best_of_its_compound() -> None:
    """The first and the last reference are one spectrum under one compound; the first is left out."""
    keys = ["B", "D", "A", "C", "B"]
    ranking = CompoundRanking([*SPECTRA, SPECTRA[0]], [*FORMULAS, FORMULAS[0]], keys, METHOD)
    kept = np.array([False, True, True, True, True])
    assert next(c.spectrum for c in ranking.answer(QUERY, 3, kept).compounds if c.compound == "B") == 4
    assert next(c.spectrum for c in ranking.answer(QUERY, 3).compounds if c.compound == "B") == 0
