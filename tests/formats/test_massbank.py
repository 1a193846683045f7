"""MassBank record text: what the published format allows, what is refused and how the error names it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.errors import InputFormatError
from musk_id.formats import massbank
from musk_id.formats.massbank import read_massbank, read_massbank_bytes
from musk_id.model.spectrum import MassSpectrum

# Written for this test after the published format; no record of the data base.
RECORD = """ACCESSION: MSBNK-Test-TS000001
RECORD_TITLE: Ethanol; EI-B; MS
DATE: 2026.01.02 (Created 2026.01.01)
AUTHORS: A. Person, A Laboratory
LICENSE: CC BY
COMMENT: first
COMMENT: CONFIDENCE standard
CH$NAME: Ethanol
CH$NAME: Ethyl alcohol
CH$FORMULA: C2H6O
CH$EXACT_MASS: 46.04186
CH$SMILES: CCO
CH$IUPAC: InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3
CH$LINK: CAS 64-17-5
CH$LINK: INCHIKEY LFQSCWFLJHTTHZ-UHFFFAOYSA-N
AC$INSTRUMENT: An instrument
AC$INSTRUMENT_TYPE: EI-B
AC$MASS_SPECTROMETRY: MS_TYPE MS
AC$MASS_SPECTROMETRY: ION_MODE POSITIVE
AC$MASS_SPECTROMETRY: IONIZATION_ENERGY 70 eV
AC$CHROMATOGRAPHY: COLUMN_NAME DB-5MS
MS$FOCUSED_ION: DERIVATIVE_FORM C5H14OSi
PK$SPLASH: splash10-test
PK$ANNOTATION: m/z tentative_formula
  31.01784 CH3O+
PK$NUM_PEAK: 4
PK$PEAK: m/z int. rel.int.
  27 20 200
  29 30.5 305
  31 99.9 999
  45 50 500
//
"""


def read(text: str | bytes) -> tuple[MassSpectrum, ...]:
    return read_massbank_bytes(text if isinstance(text, bytes) else text.encode(), "x.txt")


def record(peaks: str, count: str, extra: str = "") -> str:
    return f"ACCESSION: A1\nCH$NAME: a\n{extra}PK$NUM_PEAK: {count}\nPK$PEAK: m/z int. rel.int.\n{peaks}//\n"


def test_a_record_is_read_with_every_tag() -> None:
    (found,) = read(RECORD)
    assert found.name == "Ethanol"
    assert found.mz.tolist() == [27, 29, 31, 45]
    assert found.intensity.tolist() == [20, 30.5, 99.9, 50]
    assert found.field("accession") == "MSBNK-Test-TS000001"
    assert found.field("ch$link inchikey") == "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    assert found.field("ac$mass_spectrometry ionization_energy") == "70 eV"
    assert found.field("ms$focused_ion derivative_form") == "C5H14OSi"
    names = [key for key, _ in found.metadata]
    assert names.count("ch$name") == names.count("comment") == 2
    assert [value for key, value in found.metadata if key == "pk$annotation"] == [
        "m/z tentative_formula",
        "31.01784 CH3O+",
    ]
    assert len(found.metadata) == RECORD.count("\n") - 1 - 4  # all lines but "//" and the peaks


def test_many_records_compressed_with_dos_line_ends(tmp_path: Path) -> None:
    text = RECORD + "\n" + RECORD.replace("TS000001", "TS000002").replace("\n", "\r\n") + "\r\n"
    path = tmp_path / "all.txt.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert [s.field("accession") for s in read_massbank(path)] == ["MSBNK-Test-TS000001", "MSBNK-Test-TS000002"]


def test_name_falls_back_to_title_and_accession() -> None:
    without_name = "".join(line for line in RECORD.splitlines(keepends=True) if not line.startswith("CH$NAME"))
    assert read(without_name)[0].name == "Ethanol; EI-B; MS"
    assert read("ACCESSION: A1\nPK$NUM_PEAK: 0\nPK$PEAK: m/z int. rel.int.\n//\n")[0].name == "A1"


def test_records_without_peaks_and_withdrawn_ones() -> None:
    assert read("ACCESSION: A1\nPK$NUM_PEAK: N/A\nPK$PEAK: N/A\n//\n")[0].mz.size == 0
    (found,) = read("ACCESSION: A1\nDEPRECATED: 2026-01-01 wrong structure\n//\n")
    assert found.field("deprecated") == "2026-01-01 wrong structure"


def test_relative_intensities_of_another_spectrum_are_noted() -> None:
    assert read(RECORD)[0].field("rel_int_deviation") is None
    (found,) = read(record("  60 10 999\n  61 10 300\n", "2"))
    assert found.field("rel_int_deviation") == "699"


PEAKS = st.dictionaries(
    st.floats(0.001, 2000, allow_nan=False), st.floats(1e-6, 1e9, allow_nan=False), min_size=1, max_size=30
)


@given(st.lists(PEAKS, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_written_records_read_back(spectra: list[dict[float, float]], line_end: str, blank: bool) -> None:
    text = "".join(
        record("".join(f"  {mz!r} {value!r} 1\n" for mz, value in peaks.items()), str(len(peaks))) + "\n" * blank
        for peaks in spectra
    )
    found = read(text.replace("\n", line_end))
    assert [list(zip(s.mz.tolist(), s.intensity.tolist(), strict=True)) for s in found] == [
        sorted(peaks.items()) for peaks in spectra
    ]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_file_name(data: bytes) -> None:
    for before in (b"", b"ACCESSION: A1\nPK$NUM_PEAK: 1\nPK$PEAK: m/z int. rel.int.\n  "):
        try:
            read(before + data)
        except InputFormatError as error:
            assert error.where.startswith("x.txt")


@given(st.integers(0, len(RECORD) - 4))
def test_a_cut_record_is_never_read(length: int) -> None:
    with pytest.raises(InputFormatError):
        read(RECORD[:length])


@given(st.integers(0, len(RECORD) - 1), st.characters(exclude_categories=("Cs",)))
def test_a_changed_character_is_read_or_refused(place: int, letter: str) -> None:
    try:
        read(RECORD[:place] + letter + RECORD[place + 1 :])
    except InputFormatError as error:
        assert error.where.startswith("x.txt")


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("", "no record", "x.txt"),
        ("Name: a\n", "begins with 'ACCESSION: …'", "x.txt, line 1"),
        ("ACCESSION: a b\n//\n", "'a b' is none", "x.txt, line 1"),
        ("ACCESSION: ../a\n//\n", "is none", "x.txt, line 1"),
        ("ACCESSION: A1\nCH$NAME: a\n", "A1 does not end with '//'", "x.txt, line 2"),
        (record("  60 5 999\n", "1").replace("//\n", "") * 2, "A1 does not end with '//' before", "x.txt, line 6"),
        ("ACCESSION: A1\n//\n", "A1 has no PK.NUM_PEAK", "x.txt, line 1"),
        ("ACCESSION: A1\nPK$NUM_PEAK: 0\n//\n", "A1 has no PK.PEAK", "x.txt, line 1"),
        ("ACCESSION: A1\nsome words\n//\n", "'some words' is neither", "x.txt, line 2"),
        ("ACCESSION: A1\n\n//\n", "neither 'TAG: value'", "x.txt, line 2"),
        ("ACCESSION: A1\n  60 5 999\n//\n", "belongs to no table", "x.txt, line 2"),
        (record("  60 5 999\n", "2"), "holds 1 peaks, 2 are declared", "x.txt, line 1"),
        (record("  60 5 999\n", "0"), "holds 1 peaks, 0 are declared", "x.txt, line 1"),
        (record("  60 5 999\n", "x"), "'x' is no whole number", "x.txt, line 1"),
        (record("  60 5 999\n", "99999999999"), "up to 20000", "x.txt, line 1"),
        (record("  60 5\n", "1"), "'60 5' is not m/z, int. and rel.int.", "x.txt, line 5"),
        (record("  60,5 5,1 999\n", "1"), "'60,5' is no number", "x.txt, line 5"),
        (record("  60 nan 999\n", "1"), "'nan' is no number", "x.txt, line 5"),
        (record("  60 -5 999\n", "1"), "'-5' is no number", "x.txt, line 5"),
        (record("  0 5 999\n", "1"), "m/z must lie above 0", "x.txt, line 1"),
        (record("  60 5 999\n  \n", "1"), "belongs to no table", "x.txt, line 6"),
        (record("  60 5 999\n60 5 999\n", "2"), "'60 5 999' is neither", "x.txt, line 6"),
        (record("", "0").replace("rel.int.", "abundance"), "columns of PK.PEAK are", "x.txt, line 4"),
        (record("", "0", "CH$FORMULA: C\nCH$FORMULA: C2\n"), "CH.FORMULA stands twice", "x.txt, line 4"),
        (record("", "0", f"COMMENT: {'c' * 20_001}\n"), "longer than 20000", "x.txt, line 3"),
        (record("", "0", "COMMENT: c\n" * 2001), "more than 2000 fields", "x.txt, line 2001"),
        (record("", "0").replace("CH$NAME: a", f"CH$NAME: {'n' * 501}"), "longer than 500", "x.txt, line 1"),
        (record("", "0", "COMMENT: \x1b[2J\n"), r"control character U\+001B", "x.txt, line 3"),
    ],
)
def test_faults_are_named_with_their_line(text: str, message: str, where: str) -> None:
    with pytest.raises(InputFormatError, match=message) as caught:
        read(text)
    assert caught.value.where.startswith(where)


def test_limits_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match="more than 1 spectra"):
        read_massbank_bytes((RECORD * 2).encode(), "x.txt", max_spectra=1)
    path = tmp_path / "x.txt"
    path.write_text(RECORD)
    with pytest.raises(InputFormatError, match="larger than 100 bytes"):
        read_massbank(path, max_bytes=100)
    monkeypatch.setattr(massbank, "MAX_PEAKS", 3)
    with pytest.raises(InputFormatError, match="more than 3 peaks"):
        read(record("  60 5 999\n" * 4, "3"))
    with pytest.raises(InputFormatError, match="more than 3 annotations"):
        read(record("", "0", "PK$ANNOTATION: m/z\n" + "  60 a\n" * 4))
