"""Evidence for ranking: against a plain computation of its own, and the same bits for one and for many."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_ranking import (
    EVIDENCE,
    CompoundIons,
    RankingEvidence,
    RankingWeights,
    compound_ions,
    ranking_evidence,
    ranking_score,
)
from musk_id.kernels.spectral_ranking_many import RankingTable

# Few m/z, so that ions meet; small intensities, so that one record's floor cuts the other one's peaks.
PEAKS = st.dictionaries(st.integers(1, 30), st.one_of(st.integers(1, 20), st.integers(1, 999)), min_size=1)
IONS = st.one_of(
    st.just(CompoundIons(0, 0)),
    st.builds(lambda m, d: CompoundIons(m, m + d), st.integers(1, 32), st.integers(0, 4)),
)
WEIGHTS = RankingWeights(2.8, 9.0, 1.1, -0.8, 0.8, 1.1)


def spectrum(peaks: dict[int, int]) -> UnitMassSpectrum:
    mz = sorted(peaks)
    return UnitMassSpectrum(np.array(mz, np.int64), np.array([peaks[m] for m in mz], np.int64))


def plain(query: dict[int, int], library: dict[int, int], ions: CompoundIons) -> dict[str, float]:
    """The table of the module's description, written down with arrays over all m/z."""
    start = max(min(query), min(library))
    least_q, least_l = min(query.values()), min(library.values())
    union = [m for m in range(start, 64) if m in query or m in library]
    kept = [
        m
        for m in union
        if (m in query and m in library)
        or (m in query and query[m] >= least_l)
        or (m in library and library[m] >= least_q and m not in query)
    ]
    a = np.array([query.get(m, 0) for m in kept], float)
    b = np.array([library.get(m, 0) for m in kept], float)
    m = np.array(kept, float)

    def cosine(x: np.ndarray, y: np.ndarray) -> float:
        both = float(np.dot(x, x) * np.dot(y, y))
        return float(np.dot(x, y)) / math.sqrt(both) if both > 0 else 0.0

    ratios, weights = [], []
    for one, two in zip(range(len(kept)), range(1, len(kept)), strict=False):
        if min(a[one], b[one], a[two], b[two]) > 0:
            r = math.sqrt(a[two] * b[one] / (a[one] * b[two]))
            ratios.append(min(r, 1 / r))
            weights.append(m[two])
    mean = float(np.average(ratios, weights=weights)) if ratios else 0.0
    at_query = query.get(ions.mass, 0) if ions.mass >= start else 0
    at_library = library.get(ions.mass, 0) if ions.mass >= start else 0
    floor = max(least_q, least_l)
    above = sum(v for k, v in query.items() if k >= start and k > ions.highest_mz) if ions.mass else 0
    return {
        "weighted": -math.log(1.01 - min(1.0, cosine(m**1.5 * a**0.4, m**1.5 * b**0.4))),
        "plain": cosine(np.sqrt(a), np.sqrt(b)),
        "ratios": -math.log(1.01 - mean),
        "above": math.log1p(above),
        "molecular_more": max(0.0, math.log((at_query + floor) / (at_library + floor))),
        "molecular_both": float(at_query > 0 and at_library > 0),
    }


@given(PEAKS, PEAKS, IONS)
def test_evidence_is_what_its_description_says(
    query: dict[int, int], library: dict[int, int], ions: CompoundIons
) -> None:
    found = ranking_evidence(spectrum(query), spectrum(library), ions)
    for name, value in plain(query, library, ions).items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-9), name


@given(PEAKS, st.lists(st.tuples(PEAKS, IONS), max_size=10))
def test_many_have_the_bits_of_one(
    query: dict[int, int], others: list[tuple[dict[int, int], CompoundIons]]
) -> None:
    wanted = spectrum(query)
    spectra, ions = [spectrum(p) for p, _ in others], [i for _, i in others]
    found = RankingTable(spectra, ions).evidence(wanted)
    scores = found.scores(WEIGHTS).tolist()
    assert found.matrix().shape == (len(others), len(EVIDENCE))
    for number, (other, compound) in enumerate(zip(spectra, ions, strict=True)):
        alone = ranking_evidence(wanted, other, compound)
        assert found.of(number) == alone
        assert scores[number] == ranking_score(alone, WEIGHTS)


@given(PEAKS, IONS)
def test_nothing_ranks_above_the_spectrum_itself(peaks: dict[int, int], ions: CompoundIons) -> None:
    found = ranking_evidence(spectrum(peaks), spectrum(peaks), ions)
    assert found.plain == pytest.approx(1.0)
    assert found.weighted == pytest.approx(-math.log(0.01))
    assert found.shared == found.compared == len(peaks)


def test_peaks_that_the_other_record_could_not_hold_are_not_compared() -> None:
    """The reference begins at m/z 40 and lists nothing below 50."""
    reference = spectrum({40: 999, 60: 50, 80: 400})
    query = spectrum({20: 700, 40: 999, 60: 50, 70: 49, 80: 400})
    found = ranking_evidence(query, reference, CompoundIons(80, 82))
    assert found.plain == pytest.approx(1.0) and found.compared == 3
    louder = spectrum({20: 700, 40: 999, 60: 50, 70: 50, 80: 400})
    assert ranking_evidence(louder, reference, CompoundIons(80, 82)).compared == 4


def test_the_molecular_ion_speaks_for_and_peaks_above_it_against() -> None:
    tetracosane = spectrum({57: 999, 71: 700, 85: 500, 338: 20})
    same = ranking_evidence(tetracosane, spectrum({57: 999, 71: 720, 85: 480, 338: 15}), compound_ions("C24H50"))
    other = ranking_evidence(tetracosane, spectrum({57: 999, 71: 700, 85: 500, 324: 20}), compound_ions("C23H48"))
    assert (same.above, same.molecular_both) == (0.0, 1.0)
    assert same.molecular_more == pytest.approx(math.log(40 / 35))
    assert other.above == pytest.approx(math.log(21)) and other.molecular_both == 0.0


@pytest.mark.parametrize(
    ("formula", "mass", "highest"),
    [
        ("C16H30O", 238, 240),
        ("C6H4Cl2", 146, 152),
        ("CHBr3", 250, 258),
        ("C10H22O4Si2", 262, 266),
        ("C4H12Sn", 180, 186),
        ("", 0, 0),
        ("C6H6·HCl", 0, 0),
    ],
)
def test_masses_of_a_compound(formula: str, mass: int, highest: int) -> None:
    assert compound_ions(formula) == CompoundIons(mass, highest)


def test_what_cannot_be_compared_is_refused() -> None:
    nothing = UnitMassSpectrum(np.empty(0, np.int64), np.empty(0, np.int64))
    something, unknown = spectrum({41: 999}), CompoundIons(0, 0)
    for query, library in ((nothing, something), (something, nothing)):
        with pytest.raises(ValueError, match="without peaks"):
            ranking_evidence(query, library, unknown)
    with pytest.raises(ValueError, match="without peaks"):
        RankingTable([nothing], [unknown])
    with pytest.raises(ValueError, match="without peaks"):
        RankingTable([something], [unknown]).evidence(nothing)
    with pytest.raises(ValueError, match="1 spectra, 0 compounds"):
        RankingTable([something], [])
    with pytest.raises(ValueError, match="do not fit"):
        CompoundIons(80, 79)
    assert RankingTable([], []).evidence(something).scores(WEIGHTS).size == 0
    assert isinstance(RankingTable([something], [unknown]).evidence(something).of(0), RankingEvidence)
