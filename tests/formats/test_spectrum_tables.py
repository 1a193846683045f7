"""MGF and CSV spectra, and which reader a file name leads to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata
from runs import mzml, mzxml

from musk_id.errors import InputFormatError
from musk_id.formats import mgf, spectrum_csv
from musk_id.formats.mgf import read_mgf
from musk_id.formats.spectra_files import SPECTRUM_SUFFIXES, read_spectra
from musk_id.formats.spectrum_csv import read_spectrum_csv
from musk_id.model.spectrum import MassSpectrum

PEAKS = st.dictionaries(
    st.floats(0.001, 2000, allow_nan=False), st.floats(1e-6, 1e9, allow_nan=False), min_size=1, max_size=30
)


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def pairs(spectrum: MassSpectrum) -> list[tuple[float, float]]:
    return list(zip(spectrum.mz.tolist(), spectrum.intensity.tolist(), strict=True))


@given(st.lists(PEAKS, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", " 1+"]))
def test_mgf_spectra_read_back(
    tmp_path_factory: pytest.TempPathFactory, spectra: list[dict[float, float]], line_end: str, charge: str
) -> None:
    blocks = ["# made\nCOM=general\n"]
    for index, peaks in enumerate(spectra):
        rows = "".join(f"{mz!r} {intensity!r}{charge}\n" for mz, intensity in peaks.items())
        blocks.append(f"BEGIN IONS\nTITLE=s{index}\nPEPMASS=100.5\n\n{rows}END IONS\n")
    path = written(tmp_path_factory.mktemp("mgf"), "x.mgf", "".join(blocks).replace("\n", line_end))
    found = read_mgf(path)
    assert [s.name for s in found] == [f"s{i}" for i in range(len(spectra))]
    assert [pairs(s) for s in found] == [sorted(peaks.items()) for peaks in spectra]
    assert found[0].metadata == (("com", "general"), ("title", "s0"), ("pepmass", "100.5"))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "the file is empty", None),
        ("nothing\n", "no pair of m/z and intensity", 1),
        ("BEGIN IONS\n41 5\n", "no END IONS", 1),
        ("BEGIN IONS\nBEGIN IONS\n", "has no END IONS", 2),
        ("END IONS\n", "END IONS without BEGIN IONS", 1),
        ("41 5\nBEGIN IONS\nEND IONS\n", "stands outside of a spectrum", 1),
        ("BEGIN IONS\n41\nEND IONS\n", "no pair of m/z and intensity", 2),
        ("BEGIN IONS\n41 x\nEND IONS\n", "is no number", 2),
        ("BEGIN IONS\n41 -1\nEND IONS\n", "is no number of at least 0", 2),
        ("BEGIN IONS\nNUM PEAKS=2\n41 5\nEND IONS\n", "1 peaks, '2' are declared", 1),
        ("BEGIN IONS\n41 5\nTITLE=late\nEND IONS\n", "no pair of m/z and intensity", 3),
        ("COM=a\n", "no spectrum in the file", None),
    ],
)
def test_faults_of_mgf_are_named(tmp_path: Path, text: str, message: str, line: int | None) -> None:
    with pytest.raises(InputFormatError, match=message) as caught:
        read_mgf(written(tmp_path, "x.mgf", text))
    assert caught.value.where == ("x.mgf" if line is None else f"x.mgf, line {line}")


def test_limits_of_mgf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "x.mgf", "BEGIN IONS\nA=1\n41 5\n42 5\nEND IONS\n" * 2)
    with pytest.raises(InputFormatError, match="more than 1 spectra"):
        read_mgf(path, max_spectra=1)
    monkeypatch.setattr(mgf, "MAX_PEAKS", 1)
    with pytest.raises(InputFormatError, match="more than 1 peaks"):
        read_mgf(path)
    monkeypatch.setattr(mgf, "MAX_FIELDS", 0)
    with pytest.raises(InputFormatError, match="more than 0 fields"):
        read_mgf(path)


@needs_refdata
def test_the_public_mgf_file() -> None:
    """57 and more peaks as declared, first and last as they stand in the file's first spectrum."""
    found = read_mgf(REFDATA / "peers" / "recetox_galaxytools" / "fill.mgf")
    first = found[0]
    assert (first.name, first.mz.size) == ("C001", 57)
    assert pairs(first)[0] == (138.9121, 10186226.0)
    assert first.field("ionmode") == "Negative"


@given(PEAKS, st.sampled_from([",", ";", "\t"]), st.booleans())
def test_tables_read_back(
    tmp_path_factory: pytest.TempPathFactory, peaks: dict[float, float], separator: str, swapped: bool
) -> None:
    def row(mz: object, intensity: object) -> str:
        return separator.join(str(x) for x in ((intensity, mz) if swapped else (mz, intensity)))

    lines = ["# made", row("m/z [Th]", "Intensity (counts)"), *(row(*peak) for peak in peaks.items())]
    path = written(tmp_path_factory.mktemp("csv"), "scan 7.csv", "\n".join(lines))
    (found,) = read_spectrum_csv(path)
    assert pairs(found) == sorted(peaks.items())
    assert (found.name, found.metadata) == ("scan 7", (("intensity_unit", "counts"),))


def test_a_table_of_several_spectra(tmp_path: Path) -> None:
    path = written(tmp_path, "x.tsv", "spectrum\tmz\tabundance [%]\nb\t41\t5\na\t43\t6\nb\t42\t7\n")
    assert [(s.name, pairs(s)) for s in read_spectrum_csv(path)] == [
        ("b", [(41.0, 5.0), (42.0, 7.0)]),
        ("a", [(43.0, 6.0)]),
    ]
    with pytest.raises(InputFormatError, match="more than 1 spectra"):
        read_spectrum_csv(path, max_spectra=1)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("41,5\n", "column '41' is not known", 1),
        ("m/z,intensity\n41,5\n", "the unit of the intensities is not stated", 1),
        ("m/z,m/z,intensity [%]\n", "there twice", 1),
        ("intensity [%]\n5\n", "no column m/z", 1),
        ("m/z,intensity [%]\n", "no peak in the table", None),
        ("# only a remark\n", "no table in the file", None),
        ("m/z;intensity [%]\n41,5;7\n", "write numbers with a decimal point|is no number", 2),
        ("m/z,intensity [%]\n41,5,7\n", "3 columns, the first row has 2", 2),
        ('m/z,intensity [%]\n41,"5\n', "no row of a table", 2),
        ("m/z,intensity [%]\n41,nan\n", "is no number", 2),
        ("m/z,intensity [%]\n0,5\n", "m/z must lie above 0", None),
        ("m/z,intensity [%]\n41," + "5" * 3000 + "\n", "a line longer than 2000", 2),
    ],
)
def test_faults_of_tables_are_named(tmp_path: Path, text: str, message: str, line: int | None) -> None:
    with pytest.raises(InputFormatError, match=message) as caught:
        read_spectrum_csv(written(tmp_path, "x.csv", text))
    assert caught.value.where == ("x.csv" if line is None else f"x.csv, line {line}")


def test_a_limit_of_peaks_in_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum_csv, "MAX_PEAKS", 1)
    with pytest.raises(InputFormatError, match="more than 1 peaks"):
        read_spectrum_csv(written(tmp_path, "x.csv", "m/z,intensity [%]\n41,5\n42,5\n"))


SAMPLES = {
    ".msp": "Name: a\nNum Peaks: 1\n41 5\n",
    ".msl": "NAME:a\nNUM PEAKS:1\n(41 5)\n",
    ".mgf": "BEGIN IONS\nTITLE=a\n41 5\nEND IONS\n",
    ".massbank": "ACCESSION: A\nRECORD_TITLE: a\nPK$NUM_PEAK: 1\nPK$PEAK: m/z int. rel.int.\n  41 5 999\n//\n",
    ".jdx": "##TITLE=a\n##JCAMP-DX=4.24\n##DATA TYPE=MASS SPECTRUM\n##PEAK TABLE=(XY..XY)\n41,5\n##END=\n",
    ".mzml": mzml([[(41.0, 5.0)]]).decode(),
    ".mzxml": mzxml([[(41.0, 5.0)]]).decode(),
    ".csv": "m/z [Th],intensity [counts]\n41,5\n",
    ".tsv": "m/z [Th]\tintensity [counts]\n41\t5\n",
}
SAMPLES |= dict.fromkeys((".dx", ".jcamp", ".jcm"), SAMPLES[".jdx"])


@pytest.mark.parametrize("ending", SPECTRUM_SUFFIXES)
@pytest.mark.parametrize("upper", [False, True])
def test_each_ending_leads_to_its_reader(tmp_path: Path, ending: str, upper: bool) -> None:
    name = f"x{ending}"
    path = written(tmp_path, name.upper() if upper else name, SAMPLES[ending])
    assert [pairs(s) for s in read_spectra(path)] == [[(41.0, 5.0)]]


def test_other_endings_are_refused_with_those_that_are_read(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match="tells of no mass spectrum format") as caught:
        read_spectra(written(tmp_path, "x.raw", ""))
    assert all(ending in (caught.value.hint or "") for ending in SPECTRUM_SUFFIXES)


def test_product_ions_are_not_compared_with_whole_spectra(tmp_path: Path) -> None:
    path = written(tmp_path, "x.mzXML", mzxml([[(41.0, 5.0)], [(43.0, 7.0)]]).decode())
    with pytest.raises(InputFormatError, match="is of MS level '2'"):
        read_spectra(path)
