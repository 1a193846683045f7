"""``musk-id spectra match``: rows of hits with ties, gaps and certificates; self-matches refused; whole tables."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from spectra_libraries import ETHANOL, build, msp

from musk_id.cli import main
from musk_id.cli.match_spectra import COLUMNS
from musk_id.cli.parser import SPECTRAL_SCORES
from musk_id.kernels.spectral import identity_match_factor, to_unit_mass, weighted_cosine
from musk_id.refdb.library_store import load_library
from musk_id.stages.spectra_match import SCORES

METHANOL = "OKKJLVBELUTLKV-UHFFFAOYSA-N"
A = {31.0: 999.0, 45.0: 500.0, 46.0: 200.0, 29.0: 100.0}
B = {31.0: 999.0, 32.0: 700.0, 29.0: 400.0, 15.0: 100.0}
QUERY = {31.0: 999.0, 45.0: 450.0, 46.0: 260.0, 27.0: 80.0}


def library(folder: Path, **more: dict[float, float]) -> Path:
    folder.mkdir()
    text = msp("E-1", A) + msp("E-2", A, Name="ethanol again") + msp("M-1", B, InChIKey=METHANOL, Name="methanol")
    return build(folder, text + "".join(msp(name, peaks) for name, peaks in more.items()))


def queries(path: Path, *spectra: str) -> Path:
    path.write_text("".join(spectra))
    return path


def query(name: str, peaks: dict[float, float], **fields: str) -> str:
    head = f"Name: {name}\n" + "".join(f"{key}: {value}\n" for key, value in fields.items())
    return f"{head}Num Peaks: {len(peaks)}\n" + "".join(f"{m} {i}\n" for m, i in peaks.items()) + "\n"


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def matched(path: Path, folder: Path, *words: str) -> int:
    return main(["spectra", "match", str(path), "--library", str(folder), *words])


def test_rows_of_hits(tmp_path, capfdbinary):
    folder = library(tmp_path / "lib")
    path = queries(tmp_path / "q.msp", query("peak 7", QUERY), query("nothing", {100.0: 5, 101.0: 3, 102.0: 1}))
    out = tmp_path / "new" / "t.tsv"
    assert matched(path, folder, "--out", str(out)) == 0
    text = out.read_text(encoding="utf-8")
    assert tuple(text.splitlines()[0].split("\t")) == COLUMNS
    rows = table(text)
    assert [(r["number"], r["id"], r["status"], r["rank"], r["accession"]) for r in rows] == [
        ("1", "peak 7", "listed", "1", "E-1"),
        ("1", "peak 7", "listed", "1", "E-2"),
        ("1", "peak 7", "listed", "3", "M-1"),
        ("2", "nothing", "no_hit", "", ""),
    ]
    assert [r["ties"] for r in rows] == ["2", "2", "1", ""]
    assert all(r["certified"] == "yes" for r in rows)
    assert rows[3]["reasons"] == "NO_LIBRARY_MATCH RANKING_NOT_CALIBRATED"
    assert rows[0]["reasons"] == "LIBRARY_REFERENCE_ONLY RANKING_NOT_CALIBRATED"
    assert {(r["outcome"], r["probability"], r["compound_rank"]) for r in rows} == {("NOT_CALIBRATED", "", "")}
    spectra = load_library(folder).spectra
    unit = [to_unit_mass(*spectra.peaks(n)) for n in range(3)]
    wished = to_unit_mass(*np.array(sorted(QUERY.items())).T)
    cosines = [weighted_cosine(wished, other, mz_power=1.3, intensity_power=0.53) for other in unit]
    assert [r["score"] for r in rows[:3]] == [f"{value:.4f}" for value in cosines]
    assert rows[0]["gap"] == f"{round(cosines[0], 4) - round(cosines[2], 4):.4f}" and rows[2]["gap"] == ""
    factor = identity_match_factor(wished, unit[0], reverse=True)
    assert rows[0]["identity_reverse"] == f"{factor:.1f}"
    assert (rows[0]["compound"], rows[1]["compound"], rows[0]["inchikey"]) == ("E-1", "ethanol again", ETHANOL)
    assert (rows[0]["matched_ions"], rows[0]["library_ions"]) == ("3", "4")
    capfdbinary.readouterr()
    assert matched(path, folder, "--out", "-") == 0
    shown = capfdbinary.readouterr()
    assert shown.out == out.read_bytes() and shown.err == b""


@pytest.mark.parametrize("score", SPECTRAL_SCORES)
def test_every_score_orders_its_rows(tmp_path, score):
    folder, path = library(tmp_path / "lib"), queries(tmp_path / "q.msp", query("a", QUERY))
    out = tmp_path / "t.tsv"
    assert matched(path, folder, "--out", str(out), "--score", score, "--hits", "1") == 0
    rows = table(out.read_text())
    assert [row["accession"] for row in rows] == ["E-1", "E-2"]
    if score.startswith("identity"):
        assert rows[0]["score"] == rows[0]["identity_reverse" if score.endswith("reverse") else "identity_forward"]
    # No other compound is listed: the gap is at least nothing.
    assert rows[0]["gap"].startswith(">= 0.0")
    assert set(SCORES) == set(SPECTRAL_SCORES)


@pytest.mark.parametrize(
    ("spectrum", "accession"),
    [
        (query("E-2", QUERY), "E-2"),
        (query("a", QUERY, Comments="taken from (M-1), see there"), "M-1"),
        # The same peaks, scaled otherwise and with a start that the reference does not have.
        (query("a", {mz: 3.7 * i for mz, i in A.items()}), "E-1"),
        (query("a", B | {2.0: 5.0}), ""),
    ],
)
def test_a_query_that_is_a_reference_is_refused(tmp_path, spectrum, accession):
    folder, out = library(tmp_path / "lib"), tmp_path / "t.tsv"
    assert matched(queries(tmp_path / "q.msp", spectrum), folder, "--out", str(out)) == 0
    rows = table(out.read_text())
    if not accession:
        # One more peak below the reference's first m/z is outside the range that both share.
        accession = "M-1"
    assert [(r["status"], r["accession"], r["reasons"], r["score"]) for r in rows] == [
        ("refused", accession, "SELF_MATCH", "")
    ]


def test_a_copy_with_a_peak_more_is_refused_with_its_reference(tmp_path):
    peaks = {40.0 + 3 * n: float(1 + (997 * (n + 1) * 37) % 991) for n in range(20)}
    folder, out = library(tmp_path / "lib", X=peaks), tmp_path / "t.tsv"
    other = {mz: height * (1.04 if n % 2 else 0.95) for n, (mz, height) in enumerate(peaks.items())}
    path = queries(tmp_path / "q.msp", query("a", peaks | {120.0: 300.0}), query("b", other | {120.0: 300.0}))
    assert matched(path, folder, "--out", str(out)) == 0
    rows = table(out.read_text())
    assert (rows[0]["status"], rows[0]["accession"], rows[0]["reasons"]) == (
        "refused",
        "X",
        "SELF_MATCH_SUSPECTED",
    )
    assert rows[1]["id"] == "b" and (rows[1]["status"], rows[1]["accession"]) == ("listed", "X")


@pytest.mark.parametrize(
    ("spectrum", "reason"),
    [
        (query("a", {31.0: 9, 45.0: 5}), "SPECTRUM_TOO_FEW_PEAKS"),
        (query("a", QUERY, Ionization="CI"), "TECHNIQUE_NOT_EVALUATED"),
        (query("a", QUERY, MS_level="2"), "TECHNIQUE_NOT_EVALUATED"),
        (query("a", QUERY, Spectrum_type="MS2", PrecursorMZ="47.0"), "TECHNIQUE_NOT_EVALUATED"),
        (query("a", QUERY, Comment="predicted by CFM-ID"), "SIMULATED_DATA"),
        (query("a", QUERY, Instrument_type="in-silico EI"), "SIMULATED_DATA"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path, spectrum, reason):
    folder, out = library(tmp_path / "lib"), tmp_path / "t.tsv"
    assert matched(queries(tmp_path / "q.msp", spectrum), folder, "--out", str(out)) == 0
    assert [(r["status"], r["reasons"]) for r in table(out.read_text())] == [("refused", reason)]


def test_batches_processes_and_an_index_change_nothing(tmp_path, monkeypatch):
    folder = library(tmp_path / "lib")
    spectra = [query(f"s{n}", {m: i + 7 * n * (m == 45.0) for m, i in QUERY.items()}) for n in range(20)]
    path, index = queries(tmp_path / "q.msp", *spectra), tmp_path / "index"
    whole = tmp_path / "whole.tsv"
    assert matched(path, folder, "--out", str(whole), "--processes", "1") == 0
    monkeypatch.setattr("musk_id.cli.match_spectra.BATCH", 3)
    for words in (("--processes", "2"), ("--index", str(index)), ("--index", str(index), "--processes", "2")):
        out = tmp_path / "other.tsv"
        assert matched(path, folder, "--out", str(out), *words) == 0
        assert out.read_bytes() == whole.read_bytes()
    assert [p.name for p in index.iterdir()] == ["cosine-m1.3-i0.53"]


def test_an_index_of_another_library_is_refused(tmp_path, capfd):
    path = queries(tmp_path / "q.msp", query("a", QUERY))
    index, out = tmp_path / "index", tmp_path / "t.tsv"
    assert matched(path, library(tmp_path / "one"), "--out", str(out), "--index", str(index)) == 0
    other = library(tmp_path / "two", X=QUERY)
    out.write_text("before")
    assert matched(path, other, "--out", str(out), "--index", str(index)) == 4
    assert "source_sha256" in capfd.readouterr().err and out.read_text() == "before"


def test_records_set_aside_by_the_curation_take_no_part(tmp_path):
    source = tmp_path / "lib"
    source.mkdir()
    curation = "E-1\t\tname_disproved\t\tA. Person\t2026-11-01\tnot ethanol\n"
    folder = build(source, msp("E-1", A) + msp("E-2", A) + msp("M-1", B, InChIKey=METHANOL), curation=curation)
    out = tmp_path / "t.tsv"
    assert matched(queries(tmp_path / "q.msp", query("a", QUERY)), folder, "--out", str(out)) == 0
    assert [row["accession"] for row in table(out.read_text())] == ["E-2", "M-1"]


def test_malformed_input_leaves_what_was_there(tmp_path, capfdbinary):
    folder, out = library(tmp_path / "lib"), tmp_path / "t.tsv"
    path = queries(tmp_path / "q.msp", query("a", QUERY), "Name: b\nNum Peaks: 2\n1 x\n")
    out.write_text("before")
    assert matched(path, folder, "--out", str(out)) == 3
    assert out.read_text() == "before"
    assert matched(path, folder, "--out", "-") == 3
    assert capfdbinary.readouterr().out == b""
    assert matched(path, folder, "--out", str(path)) == 2
    assert matched(path, folder, "--out", str(out), "--hits", "0") == 2
    assert matched(path, tmp_path, "--out", str(out)) == 2
    assert matched(tmp_path / "q.docx", folder, "--out", str(out)) == 3


def test_names_cannot_act_or_break_a_row(tmp_path):
    folder, out = library(tmp_path / "lib"), tmp_path / "t.tsv"
    path = queries(tmp_path / "q.msp", query("=1+1\tx", QUERY))
    assert matched(path, folder, "--out", str(out)) == 0
    assert {row["id"] for row in table(out.read_text())} == {"'=1+1 x"}


def test_a_release_is_searched_by_its_number(tmp_path, shipped_release):
    reference = shipped_release.spectra[0]
    peaks = {float(p.mz): float(p.intensity) for p in reference.peaks}
    changed = {mz: i * (1.3 if n % 2 else 0.8) for n, (mz, i) in enumerate(peaks.items())}
    path = queries(tmp_path / "q.msp", query("a", changed), query("b", peaks))
    out = tmp_path / "t.tsv"
    assert main(["spectra", "match", str(path), "--library", "2026.1", "--out", str(out)]) == 0
    rows = table(out.read_text(encoding="utf-8"))
    assert rows[0]["accession"] == reference.accession and rows[0]["inchikey"] == reference.inchikey
    assert rows[-1]["status"] == "refused" and rows[-1]["accession"] == reference.accession
