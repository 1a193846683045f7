"""``musk-id spectra match`` with a library of product ions: hits of the precursor, exact tolerances, never EI."""

from __future__ import annotations

import csv
import gzip
import io
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from refdata import REFDATA, needs_refdata

from musk_id.cli import main
from musk_id.cli.match_tandem import TANDEM_COLUMNS
from musk_id.formats.mgf import read_mgf
from musk_id.formats.msp import read_msp
from musk_id.model.spectrum import MassSpectrum
from musk_id.stages.stated_tandem import stated_polarity, stated_precursor_mz, why_no_product_ions

Rows = list[dict[str, str]]


def msp(name: str, precursor: str, peaks: dict[float, float], **fields: str) -> str:
    known = {"DB#": f"L-{name}", "PrecursorMZ": precursor, "Spectrum_type": "MS2", "Ion_mode": "Positive"} | fields
    head = f"Name: {name}\n" + "".join(f"{k}: {v}\n" for k, v in known.items() if v)
    return f"{head}Num Peaks: {len(peaks)}\n" + "".join(f"{m} {i}\n" for m, i in peaks.items()) + "\n"


A = {57.0: 10.0, 85.0: 40.0, 119.0: 100.0, 147.0: 60.0}
B = {57.0: 90.0, 85.0: 10.0, 120.5: 100.0, 150.0: 20.0}
QUERY = {57.01: 12.0, 85.0: 35.0, 119.02: 100.0, 147.0: 50.0, 160.0: 5.0}


def matched(
    folder: Path, queries: str, library: str, *words: str, code: int = 0, ends: tuple[str, str] = ("msp", "msp")
) -> Rows:
    q, held, out = folder / f"q.{ends[0]}", folder / f"l.{ends[1]}", folder / "t.tsv"
    q.write_text(queries)
    held.write_text(library)
    assert main(["spectra", "match", str(q), "--library", str(held), "--out", str(out), *words]) == code
    if code:
        return []
    return list(csv.DictReader(io.StringIO(out.read_text("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE))


def entropy_score(
    a: list[tuple[float, float]], b: list[tuple[float, float]], tolerance: float
) -> tuple[float, int]:
    """Spectral entropy similarity by a loop over all pairs of peaks (Li 2021), peaks far apart."""

    def shares(peaks: list[tuple[float, float]]) -> list[float]:
        total = math.fsum(i for _, i in peaks)
        p = [i / total for _, i in peaks]
        entropy = -math.fsum(x * math.log(x) for x in p)
        if entropy < 3:
            p = [x ** (0.25 + 0.25 * entropy) for x in p]
        total = math.fsum(p)
        return [x / total for x in p]

    def f(x: float) -> float:
        return x * math.log2(x)

    pairs = [
        (x, y)
        for (m, _), x in zip(a, shares(a), strict=True)
        for (n, _), y in zip(b, shares(b), strict=True)
        if abs(round(m * 1e6) - round(n * 1e6)) <= round(tolerance * 1e6)
    ]
    return math.fsum(f(x + y) - f(x) - f(y) for x, y in pairs) / 2, len(pairs)


def test_rows_are_those_of_the_precursor_with_scores_ties_and_tolerances(tmp_path):
    library = (
        msp("a", "200.0000", A)
        + msp("twin of a", "200.0050", A)
        + msp("b", "199.9900", B)
        + msp("far", "200.0101", A)
        + msp("negative", "200.0000", A, Ion_mode="Negative")
    )
    rows = matched(tmp_path, msp("x", "200.0000", QUERY, **{"DB#": ""}), library)
    assert tuple(rows[0]) == TANDEM_COLUMNS
    assert [(r["rank"], r["accession"], r["ties"]) for r in rows] == [
        ("1", "L-a", "2"),
        ("1", "L-twin of a", "2"),
        ("3", "L-b", "1"),
    ]
    # A difference equal to the tolerance agrees: 200.0000 and 199.9900, 57.01 and 57.0, 119.02 and 119.0.
    assert [r["precursor_difference_da"] for r in rows] == ["0.000000", "-0.005000", "0.010000"]
    for row, other in zip(rows, (A, A, B), strict=True):
        score, pairs = entropy_score(sorted(QUERY.items()), sorted(other.items()), 0.02)
        assert float(row["score"]) == pytest.approx(score, abs=5e-5)
        assert row["matched_ions"] == str(pairs)
    assert {(r["query_ions"], r["library_ions"], r["compared"]) for r in rows} == {("5", "4", "3")}
    assert {(r["score_name"], r["precursor_tolerance_da"], r["product_tolerance_da"]) for r in rows} == {
        ("entropy", "0.01", "0.02")
    }
    assert {r["reasons"] for r in rows} == {"LIBRARY_REFERENCE_ONLY"} and {r["status"] for r in rows} == {"listed"}
    narrow = matched(
        tmp_path, msp("x", "200.0000", QUERY, **{"DB#": ""}), library,
        "--precursor-tolerance-da", "0.000000", "--product-tolerance-da", "0.019999", "--score", "cosine",
    )  # fmt: skip
    assert [(r["accession"], r["matched_ions"], r["score_name"]) for r in narrow] == [("L-a", "3", "cosine")]
    cosine = (12 * 10 + 35 * 40 + 50 * 60) / math.sqrt(
        (12**2 + 35**2 + 100**2 + 50**2 + 5**2) * (10**2 + 40**2 + 100**2 + 60**2)
    )
    assert float(narrow[0]["score"]) == pytest.approx(cosine, abs=5e-5)


def test_ties_at_the_last_place_are_listed_and_hits_are_limited(tmp_path):
    library = msp("a", "200.0", A) + msp("b", "200.0", A) + msp("c", "200.0", B)
    query = msp("x", "200.0", QUERY, **{"DB#": ""})
    assert [r["accession"] for r in matched(tmp_path, query, library, "--hits", "1")] == ["L-a", "L-b"]
    # Neither the order of the library nor processes change a byte.
    first = (tmp_path / "t.tsv").read_bytes()
    matched(tmp_path, query * 1, msp("c", "200.0", B) + msp("b", "200.0", A) + msp("a", "200.0", A), "--hits", "1")
    assert (tmp_path / "t.tsv").read_bytes() == first


def test_batches_and_processes_change_nothing(tmp_path, monkeypatch):
    library = "".join(
        msp(f"s{n}", f"{200 + n % 3}.0", {m: i + 7 * n * (m == 85.0) for m, i in A.items()}) for n in range(9)
    )
    queries = "".join(msp(f"q{n}", f"{200 + n % 3}.0", QUERY, **{"DB#": ""}) for n in range(20))
    matched(tmp_path, queries, library, "--processes", "1")
    whole = (tmp_path / "t.tsv").read_bytes()
    monkeypatch.setattr("musk_id.cli.match_tandem.BATCH", 3)
    matched(tmp_path, queries, library, "--processes", "2")
    assert (tmp_path / "t.tsv").read_bytes() == whole


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        (msp("x", "", QUERY, **{"DB#": ""}), "refused", "PRECURSOR_NOT_STATED"),
        (msp("x", "0", QUERY, **{"DB#": ""}), "refused", "PRECURSOR_NOT_STATED"),
        (msp("x", "200.0", QUERY, Spectrum_type="MS1"), "refused", "TECHNIQUE_NOT_EVALUATED"),
        (msp("x", "200.0", QUERY, Spectrum_type="MS3"), "refused", "TECHNIQUE_NOT_EVALUATED"),
        (msp("x", "200.0", QUERY, Spectrum_type="", Ionization="EI"), "refused", "TECHNIQUE_NOT_EVALUATED"),
        (msp("x", "200.0", QUERY, Comment="predicted by CFM-ID"), "refused", "SIMULATED_DATA"),
        (msp("x", "200.0", {199.0: 5.0, 200.0: 9.0}, **{"DB#": ""}), "refused", "SPECTRUM_TOO_FEW_PEAKS"),
        (msp("x", "200.0", QUERY, **{"DB#": "L-a"}), "refused", "SELF_MATCH"),
        (msp("x", "200.0", {m: 3 * i for m, i in A.items()}, **{"DB#": ""}), "refused", "SELF_MATCH"),
        (msp("x", "300.0", QUERY, **{"DB#": ""}), "no_hit", "NO_LIBRARY_MATCH"),
        (msp("x", "200.0", {66.0: 5.0, 77.0: 9.0}, **{"DB#": ""}), "no_hit", "NO_LIBRARY_MATCH"),
    ],
)
def test_what_is_not_compared_is_told(tmp_path, query, status, reason):
    rows = matched(tmp_path, query, msp("a", "200.0", A))
    assert [(r["status"], r["reasons"], r["score"]) for r in rows] == [(status, reason, "")]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (msp("EI record", "", A, Spectrum_type="", Ion_mode="P"), "no m/z of a precursor is stated"),
        (msp("EI record", "200", A, Spectrum_type="MS1"), "no spectrum of product ions"),
        (msp("EI record", "200", A, Spectrum_type="", Ionization="EI"), "no spectrum of product ions"),
        (msp("EI record", "200", A, Instrument_type="in-silico QTOF"), "a predicted spectrum"),
    ],
)
def test_a_library_of_another_kind_is_refused(tmp_path, capfd, bad, told):
    matched(tmp_path, msp("x", "200.0", QUERY), msp("a", "200.0", A) + bad, code=3)
    error = capfd.readouterr().err
    assert told in error and "l.msp, spectrum 2 'EI record'" in error
    assert not (tmp_path / "t.tsv").exists()


def test_options_of_the_other_kind_are_refused(tmp_path, capfd):
    query, library = msp("x", "200.0", QUERY), msp("a", "200.0", A)
    for words, told in (
        (("--score", "identity"), "score identity is one of EI spectra"),
        (("--index", str(tmp_path)), "belongs to a library of EI spectra"),
        (("--calibration", str(tmp_path)), "belongs to a library of EI spectra"),
        (("--precursor-tolerance-da", "x"), "is no tolerance from 0 to 5 Da"),
        (("--product-tolerance-da", "-1"), "is no tolerance from 0 to 5 Da"),
        (("--product-tolerance-da", "0.0000001"), "in steps of 0.000001"),
        (("--product-tolerance-da", "nan"), "is no tolerance"),
        (("--hits", "0"), "from 1 to 1000"),
    ):
        matched(tmp_path, query, library, *words, code=2)
        assert told in capfd.readouterr().err
    out = str(tmp_path / "t.tsv")
    words = ["spectra", "match", str(tmp_path / "q.msp"), "--library", "2026.1", "--out", out]
    assert main([*words, "--product-tolerance-da", "0.01"]) == 2
    assert "is one of product ions: name a file of them" in capfd.readouterr().err
    for target in ("q.msp", "l.msp"):
        words[4:] = [str(tmp_path / "l.msp"), "--out", str(tmp_path / target)]
        assert main(words) == 2 and "overwrite" in capfd.readouterr().err


def test_product_ions_against_an_ei_library_are_refused(tmp_path):
    q, out = tmp_path / "q.msp", tmp_path / "t.tsv"
    q.write_text(msp("x", "200.0", QUERY))
    assert main(["spectra", "match", str(q), "--library", "2026.1", "--out", str(out)]) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8")), delimiter="\t"))
    assert [(r["status"], r["reasons"]) for r in rows] == [("refused", "TECHNIQUE_NOT_EVALUATED")]


def test_mgf_and_massbank_are_read_on_both_sides(tmp_path):
    peaks = "".join(f"{m} {i}\n" for m, i in A.items())
    head = "BEGIN IONS\nTITLE=a\nPEPMASS=200.0 1234\nCHARGE=1+\nINCHIKEY=AAAAAAAAAAAAAA-UHFFFAOYSA-N\n"
    mgf = f"{head}{peaks}END IONS\n"
    rows_ = "".join(f"  {m} {i} {round(i * 9.99)}\n" for m, i in QUERY.items())
    massbank = (
        "ACCESSION: X-1\nRECORD_TITLE: x\nCH$NAME: x\nAC$MASS_SPECTROMETRY: MS_TYPE MS2\n"
        "AC$MASS_SPECTROMETRY: ION_MODE POSITIVE\nMS$FOCUSED_ION: PRECURSOR_M/Z 200.0\n"
        f"PK$NUM_PEAK: {len(QUERY)}\nPK$PEAK: m/z int. rel.int.\n{rows_}//\n"
    )
    rows = matched(tmp_path, massbank, mgf, ends=("massbank", "mgf"))
    assert [(r["compound"], r["inchikey"], r["matched_ions"]) for r in rows] == [
        ("a", "AAAAAAAAAAAAAA-UHFFFAOYSA-N", "4")
    ]
    back = matched(tmp_path, mgf, massbank, ends=("mgf", "massbank"))
    assert [(r["accession"], r["score"]) for r in back] == [("X-1", rows[0]["score"])]
    assert stated_precursor_mz(read_mgf(tmp_path / "q.mgf")[0]) == "200.0"


@pytest.mark.parametrize(
    ("field", "value", "sign"),
    [
        ("ion_mode", "Positive", 1), ("ion_mode", "N", -1), ("charge", "2+", 1), ("charge", "1-", -1),
        ("precursor_type", "[M+H]+", 1), ("adduct", "[M-H]-", -1), ("precursor_type", "[M+2H]2+", 1),
        ("ion_mode", "", 0), ("charge", "0", 0),
    ],
)  # fmt: skip
def test_signs_of_ions(field, value, sign):
    one = MassSpectrum("x", np.array([50.0]), np.array([1.0]), ((field, value),))
    assert stated_polarity(one) == sign


@pytest.mark.parametrize(
    ("level", "is_product"),
    [
        ("2", True),
        ("MS2", True),
        ("ms/ms", True),
        ("ESI-MS2", True),
        ("", True),
        ("1", False),
        ("MS", False),
        ("MS3", False),
    ],
)
def test_stages_of_mass_spectrometry(level, is_product):
    one = MassSpectrum("x", np.array([50.0]), np.array([1.0]), (("ms_type", level),))
    assert (why_no_product_ions(one) is None) is is_product


@needs_refdata
def test_public_product_ions_find_their_compound_and_scores_are_those_of_pairs(tmp_path):
    """Every 300th public record asks the others; scores are held against a loop over pairs of raw peaks."""
    path = REFDATA / "spectra" / "massbank" / "massbank_lcmsms.msp.gz"
    records = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n\n")
    records = [r.strip("\n") for r in records if r.strip()]
    asking = [r for r in records if r.split("\nPrecursorMZ: ")[1:]][::300]
    held = [r for r in records if r not in set(asking)]
    rows = matched(tmp_path, "\n\n".join(asking) + "\n", "\n\n".join(held) + "\n", "--hits", "3")
    keys = [s.field("inchikey") for s in read_msp(tmp_path / "q.msp")]
    first = {r["number"]: r for r in reversed(rows) if r["status"] == "listed" and r["rank"] == "1"}
    right = sum(
        first[str(n)]["inchikey"].split("-")[0] == key.split("-")[0]
        for n, key in enumerate(keys, 1)
        if str(n) in first
    )
    print(f"{len(asking)} asked, {len(first)} with a hit, {right} of them the compound first")
    assert len(first) >= 45 and right >= 0.7 * len(first)
    spectra = {s.field("db#"): s for s in read_msp(tmp_path / "l.msp")}
    asked = read_msp(tmp_path / "q.msp")
    compared = 0
    for row in rows:
        if row["status"] != "listed":
            continue
        pair = []
        for one in (asked[int(row["number"]) - 1], spectra[row["accession"]]):
            top = float(stated_precursor_mz(one)) - 1.6
            peaks = [(m, i) for m, i in zip(one.mz.tolist(), one.intensity.tolist(), strict=True) if m <= top]
            base = max(i for _, i in peaks)
            pair.append([(m, i) for m, i in peaks if i >= 0.01 * base])
            if any(b[0] - a[0] <= 0.0401 for a, b in pairwise(peaks)):
                pair.clear()
                break
        if len(pair) == 2:
            score, matched_ = entropy_score(pair[0], pair[1], 0.02)
            assert float(row["score"]) == pytest.approx(min(score, 1.0), abs=6e-5)
            assert row["matched_ions"] == str(matched_)
            compared += 1
    print(f"{compared} scores held against all pairs")
    assert compared >= 30


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("239.24 1000", "239.24"),
        ("2.3924e2", "2.3924e2"),
        ("5.", "5."),
        ("1e308", None),
        ("239,24", None),
        ("239.24/100", None),
        ("nan", None),
        ("-5", None),
    ],
)
def test_a_precursor_is_read_whole_or_not_at_all(tmp_path, written, read):
    path = tmp_path / "q.mgf"
    path.write_text(f"BEGIN IONS\nTITLE=a\nPEPMASS={written}\n41 5\nEND IONS\n")
    assert stated_precursor_mz(read_mgf(path)[0]) == read
