"""MSP files: the variants in use, what is refused and how the error names it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata

from musk_id.errors import InputFormatError
from musk_id.formats import msp, peaks
from musk_id.formats.msp import read_msp, read_msp_bytes
from musk_id.formats.spectra_files import read_spectra
from musk_id.model.spectrum import MassSpectrum


def read(text: str | bytes) -> tuple[MassSpectrum, ...]:
    return read_msp_bytes(text if isinstance(text, bytes) else text.encode(), "x.msp")


def pairs(spectrum: MassSpectrum) -> list[tuple[float, float]]:
    return list(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True))


ZERO_PEAK = re.compile(r"[\d.]+\s+0+(\.0*)?([eE][+-]?\d+)?\s*(\"|;|$)")
PEAKS = st.dictionaries(
    st.floats(0.001, 2000, allow_nan=False), st.floats(1e-6, 1e9, allow_nan=False), min_size=1, max_size=30
)


@given(
    st.lists(PEAKS, min_size=1, max_size=4),
    st.sampled_from([" ", "\t", "  ", ":", ", "]),
    st.sampled_from(["\n", ";", "; ", ";\n"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_written_spectra_read_back(
    spectra: list[dict[float, float]], inside: str, between: str, line_end: str, blank: bool
) -> None:
    blocks = []
    for index, written in enumerate(spectra):
        rows = between.join(f"{mz!r}{inside}{intensity!r}" for mz, intensity in written.items())
        blocks.append(f"NAME: s{index}\nFormula: C2H6O\nNum Peaks: {len(written)}\n{rows}\n" + "\n" * blank)
    found = read("".join(blocks).replace("\n", line_end))
    assert [s.name for s in found] == [f"s{i}" for i in range(len(spectra))]
    assert [pairs(s) for s in found] == [sorted(written.items()) for written in spectra]
    assert found[0].field("formula") == "C2H6O"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_file_name(data: bytes) -> None:
    try:
        read(b"Name: a\nNum Peaks: 2\n" + data)
    except InputFormatError as error:
        assert error.where.startswith("x.msp")


def test_order_sums_and_zeros() -> None:
    (spectrum,) = read("Name: a\nNum Peaks: 5\n60 5\n50.5 1\n60 7\n41 0\n60.0 1\n")
    assert pairs(spectrum) == [(50.5, 1.0), (60.0, 13.0)]
    assert spectrum.field("merged_peaks") == "2"
    assert read("Name: a\nNum Peaks: 1\n60 5\n")[0].field("merged_peaks") is None


def test_notes_in_quotation_marks_are_left_out() -> None:
    (spectrum,) = read('Name: a\nNum Peaks: 2\n60.02 5 "C2H4O2+; 3 ppm"\n(91 7 "")\n')
    assert pairs(spectrum) == [(60.02, 5.0), (91.0, 7.0)]


def test_fields_stand_in_file_order_with_lower_case_names() -> None:
    (spectrum,) = read("INCHIKEY: K\nNAME:  b \nCOMMENT: one\nRI=S.D [FAME]\nNUM PEAKS: 1\n60 5\n")
    assert spectrum.metadata == (
        ("inchikey", "K"),
        ("name", "b"),
        ("comment", "one RI=S.D [FAME]"),
        ("num peaks", "1"),
    )
    assert spectrum.name == "b"


def test_spectrum_without_name_or_peaks() -> None:
    (spectrum,) = read("DB#: 1\nNum Peaks: 0\n")
    assert spectrum.name == "unnamed spectrum" and spectrum.mz.size == 0


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("", "no spectrum", "x.msp"),
        ("Name: a\nFormula: C\n", "'a' has no 'Num Peaks'", "x.msp, line 1"),
        ("Name: a\nFormula: C\n\nName: b\nNum Peaks: 0\n", "'a' has no 'Num Peaks'", "x.msp, line 1"),
        ("Name: a\nName: b\nNum Peaks: 0\n", "second 'Name'", "x.msp, line 2"),
        ("Name: a\nNum Peaks: 3\n60 5\n61 5\n", "holds 2 peaks, 3 are declared", "x.msp, line 1"),
        ("Name: a\nNum Peaks: 1\n60 5; 61 5\n", "holds 2 peaks, 1 are declared", "x.msp, line 1"),
        ("Name: a\nNum Peaks: 2\n60 5\n\n61 5\n", "holds 1 peaks, 2 are declared|more peaks", "x.msp, line"),
        ("Name: a\nNum Peaks: 1\n60 5\n61 5\n", "more peaks than the 1 declared", "x.msp, line 4"),
        ("Name: a\nNum Peaks: 2\n60,5 100,5\n61,5 200,5\n", "more peaks than the 2 declared", "x.msp, line 4"),
        ("Name: a\nNum Peaks: 1\n60,5 100,5\n", "holds 2 peaks, 1 are declared", "x.msp, line 1"),
        ("Name: a\nNum Peaks: x\n", "'x' is no whole number", "x.msp, line 2"),
        ("Name: a\nNum Peaks: -1\n", "'-1' is no whole number", "x.msp, line 2"),
        ("Name: a\nNum Peaks: 20001\n", "up to 20000", "x.msp, line 2"),
        ("Name: a\nNum Peaks: 99999999999999999999\n", "up to 20000", "x.msp, line 2"),
        ("Name: a\nNum Peaks: 1\n60 nan\n", "'nan' is no number", "x.msp, line 3"),
        ("Name: a\nNum Peaks: 1\n60 inf\n", "'inf' is no number", "x.msp, line 3"),
        ("Name: a\nNum Peaks: 1\n60 1e999\n", "'1e999' is no number", "x.msp, line 3"),
        ("Name: a\nNum Peaks: 1\n60 -5\n", "'-5' is no number", "x.msp, line 3"),
        ("Name: a\nNum Peaks: 1\n6_0 5\n", "'6_0' is no number", "x.msp, line 3"),
        ("Name: a\nNum Peaks: 1\n６０ 5\n", "is no number", "x.msp, line 3"),
        ("Name: a\nNum Peaks: 1\n60 5 7\n", "no pairs", "x.msp, line 3"),
        ("Name: a\nNum Peaks: 1\n60\n", "no pairs", "x.msp, line 3"),
        ('Name: a\nNum Peaks: 1\n"only a note"\n', "no pairs", "x.msp, line 3"),
        ("Name: a\nNum Peaks: 1\n0 5\n", "m/z must lie above 0", "x.msp, line 1"),
        ("Name: a\nNum Peaks: 1\n100001 5\n", "at most at 100000", "x.msp, line 1"),
        ("Name: a\nNum Peaks: 1\n60 1e200\n", "intensities must lie between", "x.msp, line 1"),
        ("some words\n", "'some words' is no 'name: value' field", "x.msp, line 1"),
        ("Name: a\nComment: b\n60 5\nNum Peaks: 1\n", "'60 5' is no 'name: value' field", "x.msp, line 3"),
        (f"Name: a\nComment: {'c' * 20_001}\n", "longer than 20000", "x.msp, line 2"),
        (f"Name: a\nComment: {'c' * 19_999}\nmore words\n", "longer than 20000", "x.msp, line 3"),
        (f"Name: {'n' * 501}\n", "longer than 500", "x.msp, line 1"),
        ("Name: a\nComment: \x1b[2J\nNum Peaks: 0\n", r"control character U\+001B", "x.msp, line 2"),
    ],
)
def test_faults_are_named_with_their_line(text: str, message: str, where: str) -> None:
    with pytest.raises(InputFormatError, match=message) as caught:
        read(text)
    assert caught.value.where.startswith(where)


def test_limits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputFormatError, match="more than 1 spectra"):
        read_msp_bytes(b"Name: a\nNum Peaks: 0\n\nName: b\nNum Peaks: 0\n", "x.msp", max_spectra=1)
    with pytest.raises(InputFormatError, match="more than 2000 fields"):
        read("Name: a\n" + "Synon: b\n" * 2001)
    monkeypatch.setattr(peaks, "MAX_PEAKS", 2)
    monkeypatch.setattr(msp, "MAX_PEAKS", 10)
    with pytest.raises(InputFormatError, match="3 peaks, at most 2 are read"):
        read("Name: a\nNum Peaks: 3\n1 1; 2 1; 3 1\n")


def test_encodings_and_end_mark() -> None:
    assert read("Name: tolu\xe8ne \x93x\x94\nNum Peaks: 0\n".encode("latin-1"))[0].name == "toluène \u201cx\u201d"
    assert read(b"Name: a\r\nNum Peaks: 1\r\n60 5\r\n\x1a")[0].mz.tolist() == [60.0]


def test_run_files_are_chosen_by_their_ending(tmp_path: Path) -> None:
    path = tmp_path / "peak.MSP.gz"
    path.write_bytes(gzip.compress(b"Name: a\nNum Peaks: 1\n60 5\n"))
    assert read_spectra(path)[0].name == "a"
    path = tmp_path / "peak.raw"
    path.write_bytes(b"60,5\n")
    with pytest.raises(InputFormatError, match="no mass spectrum format that is read"):
        read_spectra(path)
    path = tmp_path / "many.msp"
    path.write_bytes(b"Name: a\nNum Peaks: 0\n\n" * 501)
    with pytest.raises(InputFormatError, match="more than 500 spectra"):
        read_spectra(path)


@needs_refdata
@pytest.mark.parametrize(
    ("name", "spectra"),
    [
        ("massbank/massbank_ci_fi_negatives.msp.gz", 924),
        ("musk_targets/musk_targets_ei.msp.gz", 469),
        ("pnnl/PNNLMetV20191015.msp.gz", 1_284),
        ("pnnl/FAMES_REF.msp", 13),
        pytest.param("massbank/massbank_ei.msp.gz", 13_285, marks=pytest.mark.full),
        pytest.param("massbank/massbank_lcmsms.msp.gz", 17_680, marks=pytest.mark.full),
    ],
)
def test_public_libraries_are_read_whole(name: str, spectra: int) -> None:
    path = REFDATA / "spectra" / name
    found = read_msp(path)
    assert len(found) == spectra
    declared = sum(int(s.field("num peaks") or 0) for s in found)
    kept = sum(s.mz.size + int(s.field("merged_peaks") or 0) for s in found)
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as handle:
        zeros = sum(
            bool(re.match(r"[\d.]+\s+0+(\.0*)?(e[+-]?\d+)?\s*(\"|;|$)", line, re.IGNORECASE)) for line in handle
        )
    assert declared == kept + zeros


@needs_refdata
def test_a_public_spectrum_is_read_as_published() -> None:
    found = read_msp(REFDATA / "spectra" / "musk_targets" / "musk_targets_ei.msp.gz")
    galaxolide = next(s for s in found if s.field("db#") == "MSBNK-NILU-NL0014")
    assert galaxolide.mz.size == 844
    base = int(np.argmax(galaxolide.intensity))
    assert galaxolide.mz[base] == pytest.approx(243.174, abs=0.001)


# Number of spectra as the index of these public files states it; None: no MSP, refused.
FOREIGN = {
    "EMSL-Computing+CoreMS/test_db.msp": 6,
    "QizhiSu+mspcompiler/EI.msp": 4,
    "bioc+gcspikelite/0709_468.ELU": None,
    "eclipse+chemclipse/Lib1.msp": 5,
    "eclipse+chemclipse/Lib3.MSP": 1,
    "eclipse+chemclipse/MassBank.msp": 1,
    "eclipse+chemclipse/NOT_WRITEABLE.msl": None,
    "eclipse+chemclipse/Peaks2.MSP": 3,
    "eclipse+chemclipse/Peaks4.MSP": 3,
    "eclipse+chemclipse/Peaks6.MSP": 3,
    "eclipse+chemclipse/Synonyms.MSP": 1,
    "matchms+matchms/Hydrogen_chloride.msp": 1,
    "matchms+matchms/MoNA-export-GC-MS-first10.msp": 10,
    "matchms+matchms/edge_golm.msp": 1,
    "matchms+matchms/massbank_five_spectra.msp": 5,
    "matchms+matchms/riken_style_five_spectra.msp": 5,
    "matchms+matchms/test_spectra_collection.msp": 3,
    "rformassspectrometry+MsBackendMsp/first-export-LipidBlast.msp": 1,
    "rformassspectrometry+MsBackendMsp/msdial_pos.msp": 6,
}


@needs_refdata
@pytest.mark.parametrize(("name", "spectra"), FOREIGN.items())
def test_files_of_other_programs(name: str, spectra: int | None) -> None:
    path = REFDATA / "formats" / "msp_msl_elu" / name
    if spectra is None:
        with pytest.raises(InputFormatError, match=r"field|empty"):
            read_msp(path)
    else:
        assert len(read_msp(path)) == spectra


@pytest.mark.parametrize("third", ["1e999", "nan", "-1", "1_0", "1.2.3", "0x1", "1e", "+", "5,0", ""])
def test_lines_that_are_read_together_give_the_same_faults_as_single_ones(third: str) -> None:
    """A note in quotation marks on another line has every line read by itself."""
    rows = ["41 5", "42 6", f"43 {third}", "44 8"]
    faults = []
    for first in ("41 5", '41 5 "x"'):
        with pytest.raises(InputFormatError) as caught:
            read("Name: a\nNum Peaks: 4\n" + "\n".join([first, *rows[1:]]) + "\n")
        faults.append((caught.value.where, caught.value.message, caught.value.hint))
    assert faults[0] == faults[1]
    assert faults[0][0] == "x.msp, line 5"


def test_lines_that_are_read_together_give_the_same_spectrum_as_single_ones() -> None:
    rows = ["50 1", " 41.5\t5e3 ", "42 0", "+43 .5", "50 2"]
    together, single = (
        read("Name: a\nNum Peaks: 5\n" + "\n".join([first, *rows[1:]]) + "\n")[0] for first in ("50 1", '50 1 "x"')
    )
    assert pairs(together) == pairs(single) == [(41.5, 5000.0), (43.0, 0.5), (50.0, 3.0)]
    assert together.metadata == single.metadata
