"""``musk-id spectra match`` with a calibration of the library: ranks, probabilities, and no name."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from ranked_libraries import asking, records
from spectra_libraries import build

from musk_id.cli import main
from musk_id.formats.msp import read_msp
from musk_id.kernels.spectral import UnitMassSpectrum, to_unit_mass
from musk_id.kernels.spectral_probability import ProbabilityCurve
from musk_id.kernels.spectral_ranking import RankingWeights, compound_ions, ranking_evidence, ranking_score
from musk_id.model.ranking_methods import RANKING_METHODS
from musk_id.refdb.library_store import load_library
from musk_id.refdb.ranked_spectra import read_spectral_calibration

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 12 compounds by 17 laboratories, with its calibration in a file ``spectra.json`` apart."""
    folder = build(tmp_path_factory.mktemp("library"), records(authors=17))
    assert main(["refdb", "calibrate", str(folder), "--spectra", str(folder.parent / "spectra.json")]) == 0
    return folder


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("queries") / "q.msp"
    path.write_text(asking())
    return path


def matched(queries: Path, library: Path, out: Path, *words: str) -> Rows:
    assert main(["spectra", "match", str(queries), "--library", str(library), "--out", str(out), *words]) == 0
    return list(
        csv.DictReader(io.StringIO(out.read_text(encoding="utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE)
    )


def test_rank_probability_and_outcome_are_those_of_pairs_and_curve(
    library: Path, queries: Path, tmp_path: Path
) -> None:
    file = library.parent / "spectra.json"
    rows = matched(queries, library, tmp_path / "t.tsv", "--calibration", str(file), "--hits", "300")
    calibration, _ = read_spectral_calibration(file)
    assert calibration.probability is not None
    curve = ProbabilityCurve(*calibration.probability.curve)
    weights = RankingWeights(*RANKING_METHODS[-1].weights)
    table = load_library(library).spectra
    assert table is not None
    entries = list(table.entries())
    for query in read_msp(queries):
        own = [row for row in rows if row["id"] == query.name]
        unit = to_unit_mass(query.mz, query.intensity)
        best: dict[str, tuple[float, str]] = {}
        for number, entry in enumerate(entries):
            mz, height = table.unit_peaks(number)
            reference = UnitMassSpectrum(mz.astype(np.int64), height.astype(np.int64))
            score = ranking_score(ranking_evidence(unit, reference, compound_ions(str(entry.formula))), weights)
            best[entry.compound] = max(best.get(entry.compound, (-np.inf, "")), (score, str(entry.accession)))
        order = sorted((score for score, _ in best.values()), reverse=True)
        ranks = {name: 1 + order.index(score) for name, (score, _) in best.items()}
        assert [row["compound_rank"] for row in own] == [str(ranks[r["inchikey"].split("-")[0]]) for r in own]
        probability = curve.probability(order[0], order[0] - order[1])
        assert len({r["outcome"] for r in own}) == 1 and {row["isomers"] for row in own} == {"1"}
        shown = Decimal(own[0]["probability"])
        assert 0 <= min(probability, 0.9999) - float(shown) < 1e-4
        named = shown >= Decimal(calibration.probability.least_probability)
        # Two compounds of the library share each formula: none of them is named alone.
        assert own[0]["outcome"] == ("ONE_OF" if named else "NO_NAME")
        assert ("CONFUSABLE_NOT_SEPARATED" in own[0]["reasons"]) is named
        assert {row["first_accession"] for row in own} == {next(a for s, a in best.values() if s == order[0])}
        assert ("NO_NAME_IN_LIBRARY" in own[0]["reasons"]) is not named
        assert {row["compared"] for row in own} == {str(len(entries))}
    # Both answers occur, or the test would show nothing.
    assert {row["outcome"] for row in rows} == {"ONE_OF", "NO_NAME"}


def test_a_compound_without_an_isomer_in_the_library_is_named(queries: Path, tmp_path: Path) -> None:
    """The same spectra under formulas of their own; and once more with a second form of the first compound."""
    once = records(authors=17, isomers=False)
    second = once.replace(f"{'A' * 14}-UHFFFAOYSA-N", f"{'A' * 14}-QMMMGPOBSA-N", 1)
    for name, text, outcome in (("a", once, "NAMED"), ("b", second, "ONE_OF")):
        folder, file = build(tmp_path / name, text), tmp_path / f"{name}.json"
        assert main(["refdb", "calibrate", str(folder), "--spectra", str(file)]) == 0
        rows = matched(queries, folder, tmp_path / f"{name}.tsv", "--calibration", str(file))
        first = [r for r in rows if r["id"] == "asked 0"]
        assert first[0]["first_accession"].startswith("X00")
        assert {r["outcome"] for r in first} == {outcome}
        assert {r["isomers"] for r in first} == {"0" if outcome == "NAMED" else "1"}


def test_batches_processes_and_hits_change_no_answer(
    library: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--calibration", str(library.parent / "spectra.json"))
    whole = matched(queries, library, tmp_path / "a.tsv", *words, "--processes", "1")
    monkeypatch.setattr("musk_id.cli.match_spectra.BATCH", 2)
    matched(queries, library, tmp_path / "b.tsv", *words, "--processes", "2")
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()
    few = matched(queries, library, tmp_path / "c.tsv", *words, "--hits", "1", "--score", "entropy")
    columns = ("id", "outcome", "probability", "first_accession")
    assert {tuple(r[c] for c in columns) for r in few} == {tuple(r[c] for c in columns) for r in whole}


def test_the_file_beside_the_library_is_taken(library: Path, queries: Path, tmp_path: Path) -> None:
    given = library.parent / "spectra.json"
    told = matched(queries, library, tmp_path / "a.tsv", "--calibration", str(given))
    beside = library.with_name(f"{library.name}.spectra.json")
    beside.write_bytes(given.read_bytes())
    try:
        assert matched(queries, library, tmp_path / "b.tsv") == told
    finally:
        beside.unlink()
    assert {row["outcome"] for row in matched(queries, library, tmp_path / "c.tsv")} == {"NOT_CALIBRATED"}


def test_a_refused_calibration_ranks_and_gives_no_probability(queries: Path, tmp_path: Path) -> None:
    folder, file = build(tmp_path / "small", records(authors=3)), tmp_path / "small.json"
    assert main(["refdb", "calibrate", str(folder), "--spectra", str(file)]) == 0
    rows = matched(queries, folder, tmp_path / "t.tsv", "--calibration", str(file))
    assert {(r["outcome"], r["probability"]) for r in rows} == {("NOT_CALIBRATED", "")}
    assert all(r["compound_rank"] and "RANKING_NOT_CALIBRATED" in r["reasons"] for r in rows)


def test_a_calibration_of_another_library_is_refused(
    library: Path, queries: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other, out = build(tmp_path / "other", records(authors=3)), tmp_path / "t.tsv"
    words = ["spectra", "match", str(queries), "--library", str(other), "--out", str(out)]
    assert main([*words, "--calibration", str(library.parent / "spectra.json")]) == 4
    assert "calibrate this library" in capfd.readouterr().err and not out.exists()
    text = (library.parent / "spectra.json").read_text().replace("ei-ranking-1", "ei-ranking-0")
    (tmp_path / "old.json").write_text(text)
    words[4] = str(library)
    assert main([*words, "--calibration", str(tmp_path / "old.json")]) == 2
    assert main([*words, "--calibration", str(tmp_path / "none.json")]) == 3
