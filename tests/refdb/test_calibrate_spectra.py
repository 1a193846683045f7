"""Calibration of a library's spectra: counted again pair by pair, refused where there is too little."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from ranked_libraries import AUTHORS, COMPOUNDS, records
from spectra_libraries import build

from musk_id.cli import main
from musk_id.errors import IntegrityError
from musk_id.kernels.spectral import UnitMassSpectrum
from musk_id.kernels.spectral_ranking import RankingWeights, compound_ions, ranking_evidence, ranking_score
from musk_id.library_vocabulary import CalibrationRefusal
from musk_id.model.ranking_methods import RANKING_METHODS
from musk_id.model.reference import ReferenceRelease
from musk_id.model.spectral_calibration import SpectralCalibration
from musk_id.records.canonical import canonical_json
from musk_id.records.files import sha256_bytes
from musk_id.records.schemas import json_schema
from musk_id.refdb.calibrate_spectra import (
    calibrate_release_spectra,
    calibrate_spectra,
    write_spectral_calibration,
)
from musk_id.refdb.library_store import load_library
from musk_id.refdb.ranked_spectra import read_spectral_calibration

METHOD = replace(RANKING_METHODS[-1], min_searches=40, min_laboratories=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("library"), records())


@pytest.fixture(scope="module")
def calibration(folder: Path) -> SpectralCalibration:
    return calibrate_spectra(load_library(folder), folder, METHOD)


def test_counts_are_those_of_a_search_pair_by_pair(folder: Path, calibration: SpectralCalibration) -> None:
    table = load_library(folder).spectra
    assert table is not None and len(table) == COMPOUNDS * AUTHORS
    weights = RankingWeights(*METHOD.weights)
    spectra = [
        UnitMassSpectrum(*(array.astype(np.int64) for array in table.unit_peaks(n))) for n in range(len(table))
    ]
    entries = list(table.entries())
    ranks = []
    for query, asked in zip(spectra, entries, strict=True):
        best: dict[str, float] = {}
        for other, entry in zip(spectra, entries, strict=True):
            if (entry.compound, entry.authors) == (asked.compound, asked.authors):
                continue
            score = ranking_score(ranking_evidence(query, other, compound_ions(entry.formula)), weights)
            best[entry.compound] = max(best.get(entry.compound, -1e9), score)
        ranks.append(1 + sum(value > best[asked.compound] for value in best.values()))
    assert calibration.refused is None
    assert (calibration.spectra, calibration.compounds, calibration.searches) == (48, 12, 48)
    assert calibration.laboratories == AUTHORS
    assert calibration.first == sum(rank == 1 for rank in ranks)
    assert calibration.among_ten == sum(rank <= 10 for rank in ranks)
    # Noise is set so that neither all nor none are right: else the figures below would say nothing.
    assert 20 < calibration.first < 48


def test_figures_fit_each_other(calibration: SpectralCalibration) -> None:
    assert [row.absent_share for row in calibration.naming] == ["0.01", "0.05", "0.10", "0.20"]
    for row in calibration.naming:
        assert row.right + row.wrong + row.none == row.searches == 48
        assert float(row.right_lower) <= row.right / 48 and float(row.wrong_upper) > row.wrong / 48
        assert float(row.absent_named_upper) > row.absent_named / 48
    named = [row.right + row.wrong for row in calibration.naming]
    assert named == sorted(named) and named[-1] > 0
    assert sum(row.searches for row in calibration.reliability) == 96
    assert sum(row.right for row in calibration.reliability) == calibration.first
    assert calibration.brier is not None and calibration.brier_constant is not None
    assert float(calibration.brier) < float(calibration.brier_constant)


def test_a_calibration_is_written_and_read_in_canonical_form(
    calibration: SpectralCalibration, tmp_path: Path
) -> None:
    path = tmp_path / "spectra.json"
    write_spectral_calibration(path, calibration)
    assert read_spectral_calibration(path) == (calibration, sha256_bytes(path.read_bytes()))
    assert path.read_bytes() == canonical_json(calibration)
    jsonschema.validate(json.loads(path.read_bytes()), json_schema(SpectralCalibration))
    path.write_bytes(path.read_bytes().replace(b'"searches":48', b'"searches": 48'))
    with pytest.raises(IntegrityError):
        read_spectral_calibration(path)


@pytest.mark.parametrize(
    ("text", "change", "reason"),
    [
        (records(), {"min_searches": 49}, CalibrationRefusal.TOO_FEW_SEARCHES),
        (records(), {"min_laboratories": 5}, CalibrationRefusal.TOO_FEW_LABORATORIES),
        (records(12, 1), {"min_searches": 1}, CalibrationRefusal.TOO_FEW_SEARCHES),
        (records(2, 2, Derivatised="yes", Derivative_type="TMS"), {}, CalibrationRefusal.NO_SPECTRA),
        (records(1, 4), {"min_searches": 1, "min_laboratories": 1}, CalibrationRefusal.NONE_RIGHT),
    ],
)
def test_too_little_is_refused_with_its_reason(
    tmp_path: Path, text: str, change: dict[str, int], reason: CalibrationRefusal
) -> None:
    folder = build(tmp_path, text)
    found = calibrate_spectra(load_library(folder), folder, replace(METHOD, **change))
    assert found.refused is reason and found.probability is None and found.naming == ()


def test_the_release_that_ships_is_too_small(shipped_release: ReferenceRelease) -> None:
    found = calibrate_release_spectra(shipped_release, RANKING_METHODS[-1])
    assert found.spectra > 0 and found.library.library_id == "2026.1"
    assert found.refused is CalibrationRefusal.TOO_FEW_SEARCHES and found.probability is None


def test_the_command_says_what_it_found_or_why_it_did_not(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "spectra.json"
    assert main(["refdb", "calibrate", str(folder), "--spectra", str(out)]) == 0
    told = capsys.readouterr().out
    assert "48 searches by 4 laboratories" in told and "no probability: TOO_FEW_SEARCHES" in told
    assert read_spectral_calibration(out)[0].refused is CalibrationRefusal.TOO_FEW_SEARCHES
    assert main(["refdb", "calibrate", str(folder), "--spectra", str(out), "--panel", "2026.1"]) == 2
    assert main(["refdb", "calibrate", str(folder), "--spectra", str(tmp_path)]) == 2
    with pytest.raises(SystemExit):
        main(["refdb", "calibrate", str(folder), "--spectra", str(out), "--out", str(out)])


def test_the_order_of_records_has_no_say(folder: Path, calibration: SpectralCalibration, tmp_path: Path) -> None:
    blocks = records().strip().split("\n\n")
    turned = build(tmp_path, "\n\n".join(reversed(blocks)) + "\n\n")
    again = calibrate_spectra(load_library(turned), turned, METHOD)
    assert replace(again, library=calibration.library) == calibration


def test_a_calibration_says_one_thing(calibration: SpectralCalibration) -> None:
    with pytest.raises(ValueError, match="reason why it has none"):
        replace(calibration, probability=None)
    with pytest.raises(ValueError, match="reason why it has none"):
        replace(calibration, refused=CalibrationRefusal.NONE_RIGHT)
