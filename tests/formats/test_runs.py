"""mzML and mzXML: values as written, profile scans, damage, entities, bombs."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata
from runs import mzml, mzxml, packed

from musk_id.errors import InputFormatError
from musk_id.formats import mzml as mzml_module
from musk_id.formats import scans as scans_module
from musk_id.formats.mzml import iter_mzml, read_mzml
from musk_id.formats.mzxml import iter_mzxml, read_mzxml
from musk_id.formats.spectra_files import read_spectra

FILES = REFDATA / "formats" / "mzml_mzxml"
POINTS = st.lists(
    st.tuples(
        st.floats(1, 2000, width=32, allow_nan=False),
        st.floats(0.125, 2.0**30, width=32, allow_nan=False),
    ),
    unique_by=lambda point: point[0],
    max_size=20,
)


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@given(st.lists(POINTS, min_size=1, max_size=4), st.sampled_from([32, 64]), st.booleans())
def test_numbers_are_those_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, scans: list[list[tuple[float, float]]], bits: int, compressed: bool
) -> None:
    folder = tmp_path_factory.mktemp("run")
    first = written(folder, "x.mzML", mzml(scans, bits=bits, compressed=compressed))
    second = written(folder, "x.mzXML", mzxml(scans, bits=bits, compressed=compressed))
    for found in (list(iter_mzml(first)), list(iter_mzxml(second))):
        assert [list(zip(s.mz.tolist(), s.intensity.tolist(), strict=True)) for s in found] == scans
        assert all(s.centroided for s in found)
    spectra = read_mzml(first)
    assert [s.mz.tolist() for s in spectra] == [sorted(p[0] for p in points) for points in scans]


def test_what_the_file_says_of_a_scan(tmp_path: Path) -> None:
    found = read_mzml(written(tmp_path, "x.mzML", mzml([[(41.0, 5.0)], [(43.0, 7.0)]])))
    assert [s.name for s in found] == ["scan=0", "scan=1"]
    assert found[1].metadata == (
        ("ms_level", "1"),
        ("retention_time_min", repr(1 / 60)),
        ("ionization", "EI"),
    )
    nested = read_mzxml(written(tmp_path, "x.mzXML", mzxml([[(41.0, 5.0)], [(43.0, 7.0)], []])))
    assert [(s.name, s.field("ms_level"), s.field("retention_time_min")) for s in nested] == [
        ("scan=1", "1", "1.5"),
        ("scan=2", "2", "2.5"),
        ("scan=3", "3", "3.5"),
    ]
    assert nested[2].mz.size == 0


def test_profile_scans_are_refused_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, "x.mzML", mzml([[(41.0, 5.0)]], kind="MS:1000128"))
    assert [scan.centroided for scan in iter_mzml(path)] == [False]
    with pytest.raises(InputFormatError, match="a profile scan") as caught:
        read_mzml(path)
    assert caught.value.where == "x.mzML, scan 'scan=0'"


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE mzML [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE mzML [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE mzML SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_entities_are_refused_before_they_mean_anything(tmp_path: Path, head: str) -> None:
    with pytest.raises(InputFormatError, match="document type declaration"):
        read_mzml(written(tmp_path, "x.mzML", mzml([[(41.0, 5.0)]], head=head)))
    other = mzml([[(41.0, 5.0)]], head=head).decode().replace("utf-8", "utf-16").encode("utf-16")
    with pytest.raises(InputFormatError, match="document type declaration"):
        read_mzml(written(tmp_path, "x.mzML", other))


def test_a_scan_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    bomb = base64.b64encode(zlib.compress(b"\0" * 200_000_000)).decode()
    sound = packed([41.0], compressed=True)
    data = mzml([[(41.0, 5.0)]], compressed=True).decode()
    assert sound in data
    with pytest.raises(InputFormatError, match="more than 2000000 points"):
        read_mzml(written(tmp_path, "x.mzML", data.replace(sound, bomb).encode()))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match="nested more than 100 deep"):
        read_mzml(written(tmp_path, "x.mzML", b"<mzML>" + b"<a>" * 1_000_000))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('defaultArrayLength="1"', 'defaultArrayLength="2"', "holds 1 m/z and 1 intensities, 2 are declared"),
        ('defaultArrayLength="1"', 'defaultArrayLength="x"', "is no whole number"),
        ("MS:1000523", "MS:9", "the kind of the encoded numbers is not stated"),
        ("MS:1000576", "MS:1002312", "MS-Numpress"),
        (packed([41.0]), "####", "the encoded numbers are damaged"),
        (packed([41.0]), packed([41.0])[:8], "no whole 8-byte numbers"),
        (packed([41.0]), packed([float("nan")]), "is not finite"),
        (packed([41.0]), packed([-41.0]), "m/z must lie above 0"),
        ("</run>", "", "no well-formed XML: mismatched tag"),
        ("<mzML", "<other", "the root element is 'other'"),
        ('encoding="utf-8"', 'encoding="klingon"', "no XML that can be read: unknown encoding"),
    ],
)
def test_faults_are_named_with_their_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    data = mzml([[(41.0, 5.0)]]).decode()
    assert old in data
    with pytest.raises(InputFormatError, match=message) as caught:
        read_mzml(written(tmp_path, "x.mzML", data.replace(old, new, 1).encode()))
    assert caught.value.where.startswith("x.mzML")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('peaksCount="1"', 'peaksCount="3"', "holds 1 peaks, '3' are declared"),
        ('precision="32"', 'precision="16"', "are not read"),
        ('contentType="m/z-int"', 'contentType="m/z ruler"', "are not read"),
        ('compressionType="none"', 'compressionType="zlib"', "the encoded numbers are damaged"),
    ],
)
def test_faults_of_mzxml(tmp_path: Path, old: str, new: str, message: str) -> None:
    data = mzxml([[(41.0, 5.0)]]).decode()
    assert old in data
    with pytest.raises(InputFormatError, match=message):
        read_mzxml(written(tmp_path, "x.mzXML", data.replace(old, new, 1).encode()))


def test_a_limit_of_scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "x.mzML", mzml([[(41.0, 5.0)]] * 3))
    assert len(read_mzml(path, max_spectra=3)) == 3
    with pytest.raises(InputFormatError, match="more than 2 scans"):
        read_mzml(path, max_spectra=2)
    monkeypatch.setattr(scans_module, "MAX_TEXT", 5)
    with pytest.raises(InputFormatError, match="more than 5 letters"):
        read_mzml(path)


@needs_refdata
def test_the_public_file_gives_its_published_numbers() -> None:
    folder = FILES / "levitsky+pyteomics"
    text = gzip.decompress((folder / "test.mzML.first_spectrum_expected.csv.gz").read_bytes()).decode()
    expected = np.array([[float(x) for x in row] for row in list(csv.reader(io.StringIO(text)))[1:]])
    first = next(iter_mzml(folder / "test.mzML"))
    assert np.array_equal(first.mz, expected[:, 0])
    assert np.array_equal(first.intensity, expected[:, 1])


@needs_refdata
def test_public_files_hold_the_scans_that_they_declare() -> None:
    """Counts of ``<spectrum`` and ``<scan`` elements in the files; PDA.mzML holds a light detector's."""
    expected = {
        "PyMassSpec+PyMassSpec/example.mzML": 11,
        "RECETOX+galaxytools/small_pwiz_1.1.1_truncated.mzML": 6,
        "eclipse+chemclipse/PDA.mzML": 0,
        "eclipse+chemclipse/tiny.pwiz.1.0.mzML": 4,
        "levitsky+pyteomics/test.mzML": 2,
        "levitsky+pyteomics/tiny.pwiz.1.1.mzML": 4,
    }
    assert {name: len(list(iter_mzml(FILES / name))) for name in expected} == expected
    scans = list(iter_mzxml(FILES / "matchms+matchms" / "testdata.mzXML"))
    assert [(s.name, s.ms_level, s.mz.size) for s in scans[:2]] == [("scan=217", 1, 1148), ("scan=218", 2, 50)]
    assert len(scans) == 5
    # As the element says: basePeakMz 343.067, basePeakIntensity 848424, totIonCurrent 2.73435e+006.
    top = int(scans[0].intensity.argmax())
    assert scans[0].mz[top] == pytest.approx(343.067, abs=1e-3)
    assert scans[0].intensity[top] == pytest.approx(848424, rel=1e-5)
    assert scans[0].intensity.sum() == pytest.approx(2.73435e6, rel=1e-2)


@needs_refdata
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("PyMassSpec+PyMassSpec/example.mzML", "declares 2918 spectra and holds 11"),
        ("matchms+matchms/testdata.mzXML", "declares 2165 spectra and holds 5"),
    ],
)
def test_a_public_part_of_a_run_is_not_read_as_if_it_were_whole(name: str, told: str) -> None:
    with pytest.raises(InputFormatError, match=told):
        read_spectra(FILES / name)


@pytest.mark.parametrize(
    ("data", "old", "attribute", "read"),
    [(mzml, "<spectrumList>", "count", iter_mzml), (mzxml, "<msRun>", "scanCount", iter_mzxml)],
)
def test_a_run_holds_the_scans_that_it_declares(tmp_path: Path, data, old, attribute, read) -> None:  # type: ignore[no-untyped-def]
    whole = data([[(41.0, 5.0)], [(43.0, 7.0)]])
    assert old.encode() in whole
    for count in ("2", "many", "1", "3"):
        path = tmp_path / f"{count}.xml"
        path.write_bytes(whole.replace(old.encode(), f'{old[:-1]} {attribute}="{count}">'.encode()))
        assert len(list(read(path))) == 2
        if count in ("2", "many"):
            assert len(list(read(path, whole=True))) == 2
            continue
        with pytest.raises(InputFormatError, match=f"declares {count} spectra and holds 2"):
            list(read(path, whole=True))


def test_parameter_groups_do_not_multiply_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, "x.mzML", mzml([[(41.0, 5.0)]] * 3))
    monkeypatch.setattr(mzml_module, "MAX_EXPANDED", 5)
    with pytest.raises(InputFormatError, match="parameter groups hold more than 5 terms"):
        read_mzml(path)
    monkeypatch.setattr(mzml_module, "MAX_TERMS", 1)
    with pytest.raises(InputFormatError, match="more than 1 terms in a parameter group"):
        read_mzml(path)
