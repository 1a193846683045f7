"""A calibrated ranking takes a name away and never gives one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from chemistry_cases import (
    METHOD,
    Standard,
    disturbed,
    entry,
    evidence,
    library,
    match,
    peaks_of,
    sequence,
    single,
)
from ranked_libraries import CALIBRATION

from musk_id.library_vocabulary import CalibrationRefusal, NameOutcome
from musk_id.model.methods import SPECTRA_METHODS
from musk_id.model.spectral_calibration import FittedProbability, SpectralCalibration
from musk_id.model.values import DecimalText, Line, Sha256
from musk_id.stages.chemistry_statements import call_statements
from musk_id.stages.spectral_library import SpectralLibrary, compound_key
from musk_id.stages.spectral_ranking import LibraryRanking
from musk_id.vocabulary import CompoundStatus, CriterionOutcome, Finding, Reason

GALAXOLIDE = entry("NL0014")
KEY = compound_key(GALAXOLIDE.reference.inchikey)
NAME = "spectra.library_probability"
DIGEST = Sha256("1" * 64)


def calibrated(least: str, intercept: str = "-3.0") -> SpectralCalibration:
    fitted = FittedProbability(
        intercept=DecimalText(intercept),
        per_score=DecimalText("0.1"),
        per_log_lead=DecimalText("1.0"),
        least_probability=DecimalText(least),
    )
    return replace(CALIBRATION, probability=fitted)


def ranked(calibration: SpectralCalibration | None, *, without: str = "") -> SpectralLibrary:
    """The shipped spectra with a ranking, of which a compound may be left out."""
    assert METHOD.ranking is not None
    references = tuple(r for r in library().ranked_references() if r.compound != without)
    digest = None if calibration is None else DIGEST
    ranking = LibraryRanking(Line("own-1"), references, METHOD.ranking, calibration, digest)
    return replace(library(), ranking=ranking)


QUERY = disturbed(peaks_of(GALAXOLIDE), 7)
BEFORE = single(QUERY).call


def test_without_a_calibration_a_call_is_what_it_was() -> None:
    refused = replace(CALIBRATION, refused=CalibrationRefusal.TOO_FEW_SEARCHES, probability=None)
    for calibration in (None, refused):
        result = single(QUERY, using=ranked(calibration))
        assert result.call is not None and BEFORE is not None and result.ranking is not None
        assert replace(result.call, trace=result.call.trace[:-1]) == BEFORE
        last = result.call.trace[-1]
        assert (last.name, last.outcome) == (NAME, CriterionOutcome.NOT_TESTED)
        assert result.ranking.outcome is NameOutcome.NOT_CALIBRATED and result.ranking.probability is None
        assert result.ranking.first[0].compound == KEY
        assert result.ranking.refused is (None if calibration is None else CalibrationRefusal.TOO_FEW_SEARCHES)
    assert BEFORE.status is CompoundStatus.TENTATIVE and BEFORE.name is not None


def test_a_name_that_the_ranking_bears_stays_tentative_whatever_its_probability() -> None:
    result = single(QUERY, using=ranked(calibrated("0.6", "900.0")))
    assert result.call is not None and result.ranking is not None and BEFORE is not None
    assert replace(result.call, trace=result.call.trace[:-1]) == BEFORE
    assert (result.ranking.outcome, result.ranking.probability) == (NameOutcome.ONE_OF, "0.9999")
    assert result.call.trace[-1].outcome is CriterionOutcome.PASSED
    assert result.finding is Finding.INCONCLUSIVE
    assert result.ranking.naming == CALIBRATION.naming[0]
    assert result.ranking.reliability == CALIBRATION.reliability[0]
    assert result.ranking.calibration_sha256 == DIGEST


def test_no_name_takes_the_tentative_name_away() -> None:
    using = ranked(calibrated("0.9999", "-9.0"))
    record = match(evidence(QUERY), using=using)
    result, call = record.spectra[0], record.spectra[0].call
    assert call is not None and BEFORE is not None and BEFORE.name is not None
    assert (call.status, call.name, call.inchikey, call.accession) == (
        CompoundStatus.NOT_DETECTED,
        None,
        None,
        None,
    )
    assert Reason.NO_NAME_IN_LIBRARY in call.reasons and BEFORE.name in call.confusables
    assert call.trace[-1].outcome is CriterionOutcome.FAILED and result.finding is Finding.INCONCLUSIVE
    assert [s.phrase for s in call_statements(result, call)] == ["chemistry.no_name"]
    # The marker is not said to be searched for in vain, nor to be found.
    marker = next(m for m in record.markers if m.inchikey and compound_key(m.inchikey) == KEY)
    assert marker.status is CompoundStatus.NOT_DETECTED and marker.limit is None
    assert Reason.CONFUSABLE_NOT_SEPARATED in marker.reasons


def test_a_compound_that_the_ranked_library_does_not_hold_keeps_its_name() -> None:
    using = ranked(calibrated("0.9999", "-9.0"), without=KEY)
    result = single(QUERY, using=using)
    assert result.call is not None and BEFORE is not None and result.ranking is not None
    assert result.ranking.outcome is NameOutcome.NO_NAME
    assert replace(result.call, trace=result.call.trace[:-1]) == BEFORE
    last = result.call.trace[-1]
    assert (last.name, last.outcome) == (NAME, CriterionOutcome.NOT_TESTED)


def test_the_name_of_a_group_is_given_although_the_ranking_bears_none() -> None:
    """Rule 6: isomers that nothing separates are told by their group; here a spectrum of two of its members."""
    tonalide = entry("NL0015")
    both = {mz: v + peaks_of(tonalide).get(mz, 0.0) for mz, v in peaks_of(GALAXOLIDE).items()}
    query = disturbed(both, 3)
    group = library().group_of(GALAXOLIDE.reference.inchikey)
    assert group is not None
    before = single(query).call
    assert before is not None and (before.name, before.inchikey) == (group.name, None)
    result = single(query, using=ranked(calibrated("0.9999", "-9.0")))
    assert result.call is not None and result.ranking is not None
    assert result.ranking.outcome is NameOutcome.NO_NAME
    assert replace(result.call, trace=result.call.trace[:-1]) == before
    assert (result.call.trace[-1].name, result.call.trace[-1].outcome) == (NAME, CriterionOutcome.FAILED)


def test_another_compound_named_by_the_ranking_takes_the_name_away() -> None:
    using = ranked(calibrated("0.0001", "9.0"), without=KEY)
    result = single(QUERY, using=using)
    assert result.call is not None and result.ranking is not None
    assert result.ranking.outcome is NameOutcome.ONE_OF and result.ranking.first[0].compound != KEY
    assert result.call.name is None and Reason.RANKED_OTHERWISE in result.call.reasons
    assert [s.phrase for s in call_statements(result, result.call)] == ["chemistry.ranked_otherwise"]


def test_what_was_identified_rests_on_its_reference() -> None:
    known = GALAXOLIDE.reference
    standard = Standard(str(known.name), str(known.inchikey), str(known.formula), peaks_of(GALAXOLIDE))
    for calibration in (None, calibrated("0.9999", "-9.0")):
        result = single(QUERY, sequence(standard), using=ranked(calibration))
        assert result.call is not None and result.call.status is CompoundStatus.IDENTIFIED
        assert NAME not in {c.name for c in result.call.trace} and result.ranking is not None


def test_the_ranking_makes_nothing_of_a_spectrum_that_fits_nothing() -> None:
    noise = disturbed({mz: 10.0 + mz % 7 for mz in range(50, 90)}, 3)
    result = single(noise, using=ranked(calibrated("0.0001", "99.0")))
    assert result.call is not None and result.ranking is not None
    assert result.ranking.outcome in (NameOutcome.NAMED, NameOutcome.ONE_OF)
    assert result.call.status is CompoundStatus.NOT_DETECTED and result.call.name is None


@pytest.mark.parametrize("method", SPECTRA_METHODS, ids=lambda m: m.version)
def test_the_version_says_whether_it_ranks(method) -> None:  # type: ignore[no-untyped-def]
    assert (method.ranking is None) == (method.identification is None)
    result = single(QUERY, using=ranked(calibrated("0.9999", "-9.0")), method=method)
    assert (result.ranking is None) == (method.ranking is None)


def test_a_refused_spectrum_has_no_ranking() -> None:
    copy = disturbed(peaks_of(GALAXOLIDE), 1, 0.0)
    result = single(copy, using=ranked(calibrated("0.6")))
    assert Reason.SELF_MATCH in result.reasons and result.ranking is None and result.call is None
