"""Spectra in batches: what the readers of whole files read, whatever the pieces; errors with their lines."""

from __future__ import annotations

import gzip
import re
import tempfile
import tracemalloc
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata
from runs import mzml, mzxml

from musk_id.errors import InputFormatError
from musk_id.formats import spectra_stream
from musk_id.formats.massbank import read_massbank
from musk_id.formats.mgf import read_mgf
from musk_id.formats.msp import read_msp
from musk_id.formats.mzml import read_mzml
from musk_id.formats.mzxml import read_mzxml
from musk_id.formats.spectra_stream import SpectrumStream

MSP = "".join(
    f"Name: spectrum {n}\nDB#: X{n}\nNum Peaks: {n}\n" + "".join(f"{40 + p} {p + 1}\n" for p in range(n)) + "\n"
    for n in range(1, 9)
)
MGF = "COM=all\nCHARGE=1+\n\n" + "".join(
    f"BEGIN IONS\nTITLE=spectrum {n}\n41.5 10\n55 {n}\nEND IONS\n\n" for n in range(1, 9)
)
MASSBANK = "".join(
    f"ACCESSION: X-{n}\nRECORD_TITLE: spectrum {n}\nCH$NAME: spectrum {n}\nPK$NUM_PEAK: 1\n"
    f"PK$PEAK: m/z int. rel.int.\n  41 {n} 999\n//\n"
    for n in range(1, 9)
)
KINDS = {"a.msp": (MSP, read_msp), "a.mgf": (MGF, read_mgf), "a.massbank": (MASSBANK, read_massbank)}


SCANS = [[(41.0, 5.0 + n), (55.5, 7.0)] for n in range(8)]
RUNS = {"a.mzML": (mzml, read_mzml), "a.mzXML": (mzxml, read_mzxml)}


def told(spectra) -> list[tuple]:
    return [(s.name, s.mz.tolist(), s.intensity.tolist(), s.metadata) for s in spectra]


def streamed(path: Path, count: int = 3) -> list:
    batches = list(SpectrumStream(path).batches(count))
    assert all(len(batch) == count for batch in batches[:-1])
    return [spectrum for batch in batches for spectrum in batch]


@pytest.mark.parametrize("chunk", [1, 2, 7, 64, 1 << 19])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", KINDS)
def test_pieces_change_nothing(tmp_path, monkeypatch, name, end, chunk):
    monkeypatch.setattr(spectra_stream, "_CHUNK", chunk)
    text, reader = KINDS[name]
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(text.replace("\n", end).encode()))
    assert len(streamed(path)) == 8
    assert told(streamed(path)) == told(reader(path))


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 19])
@pytest.mark.parametrize("name", RUNS)
def test_runs_are_read_in_pieces_as_whole_files_are(tmp_path, monkeypatch, name, chunk):
    monkeypatch.setattr(spectra_stream, "_CHUNK", chunk)
    made, reader = RUNS[name]
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(made(SCANS)))
    assert len(streamed(path)) == 8
    assert told(streamed(path)) == told(reader(path))


@pytest.mark.parametrize(("name", "attribute"), [("a.mzML", "spectrumList"), ("a.mzXML", "msRun")])
def test_a_run_that_was_cut_is_refused_at_its_end(tmp_path, name, attribute):
    made, _ = RUNS[name]
    path = tmp_path / name
    count = "count" if attribute == "spectrumList" else "scanCount"
    path.write_bytes(made(SCANS).replace(f"<{attribute}>".encode(), f'<{attribute} {count}="9">'.encode()))
    with pytest.raises(InputFormatError, match="declares 9 spectra and holds 8"):
        streamed(path)
    path.write_bytes(made([]))
    with pytest.raises(InputFormatError, match="no mass spectrum in the file"):
        streamed(path)


def test_scans_inside_one_scan_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("musk_id.formats.mzxml.MAX_NESTED", 3)
    scan = '<scan num="{n}" peaksCount="0" msLevel="2" centroided="1">'
    path = tmp_path / "a.mzXML"
    path.write_text(
        "<mzXML><msRun>" + "".join(scan.format(n=n) for n in range(5)) + "</scan>" * 5 + "</msRun></mzXML>"
    )
    with pytest.raises(InputFormatError, match="more than 3 scans inside one scan"):
        streamed(path)


def beside_each_other(run: bytes) -> bytes:
    """The scans of an mzXML run one after the other, not one in the other as the maker of tests has them."""
    if b"<mzXML" not in run:
        return run
    return re.sub(
        rb"(</scan>)+(\s*</msRun>)",
        rb"</scan>\2",
        run.replace(b"<scan ", b"</scan><scan ").replace(b"</scan><scan ", b"<scan ", 1),
    )


def peak_memory(path: Path) -> int:
    tracemalloc.start()
    try:
        assert sum(len(batch) for batch in SpectrumStream(path).batches(16)) >= 1
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["a.msp", "a.mgf", "a.massbank", "a.mzML", "a.mzXML"])
def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch, name):
    """Ten times the spectra, hardly more memory: pieces of 4 kB, so that a small file has many."""
    monkeypatch.setattr(spectra_stream, "_CHUNK", 1 << 12)
    peaks = []
    for times in (40, 400):
        path = tmp_path / f"{times}-{name}"
        if name in RUNS:
            path.write_bytes(beside_each_other(RUNS[name][0](SCANS * times)))
        else:
            # What stands before the first spectrum of an MGF file holds for all of them.
            path.write_text(KINDS[name][0].removeprefix("COM=all\nCHARGE=1+\n") * times)
        assert path.stat().st_size > 3 * (1 << 12)
        peaks.append(peak_memory(path))
    # Reading a file whole sets its limit of bytes aside at once.
    assert max(peaks) < 5_000_000 and peaks[1] < 1.5 * peaks[0] + 100_000, peaks


@pytest.mark.parametrize("name", ["a.csv", "a.jdx"])
def test_what_is_read_whole_is_bounded_and_says_what_to_do(tmp_path, monkeypatch, name):
    table = "m/z [Th],intensity [counts]\n41,5\n"
    jcamp = "##TITLE=a\n##DATA TYPE=MASS SPECTRUM\n##PEAK TABLE=(XY..XY)\n41,5\n##END=\n"
    path = tmp_path / name
    path.write_text(table if name == "a.csv" else jcamp)
    assert len(streamed(path)) == 1
    reader = spectra_stream.reader_of(path)[1]
    monkeypatch.setattr(spectra_stream, "reader_of", lambda _: (path.suffix, partial(reader, max_bytes=20)))
    with pytest.raises(InputFormatError, match="larger than 20 bytes") as caught:
        streamed(path)
    assert "split the file, or hand in MSP" in caught.value.hint


@pytest.mark.parametrize("chunk", [5, 1 << 19])
@pytest.mark.parametrize(
    ("name", "before", "after", "line"),
    [
        ("a.msp", "55 x\n", "", 3),
        ("a.mgf", "BEGIN IONS\nTITLE=bad\n41 1\n55 x\nEND IONS\n", "", 4),
        ("a.massbank", "ACCESSION: X-9\nPK$NUM_PEAK: x\n", "PK$PEAK: m/z int. rel.int.\n  41 1 999\n//\n", 1),
    ],
)
def test_errors_name_the_line_of_the_file(tmp_path, monkeypatch, name, before, after, line, chunk):
    monkeypatch.setattr(spectra_stream, "_CHUNK", chunk)
    text = KINDS[name][0]
    bad = "Name: bad\nNum Peaks: 1\n" + before if name == "a.msp" else before
    path = tmp_path / name
    path.write_text(text + "\n\n" + bad + after)
    with pytest.raises(InputFormatError) as caught:
        streamed(path)
    assert caught.value.where == f"{name}, line {text.count(chr(10)) + 2 + line}"


def test_control_characters_are_told_with_their_line(tmp_path, monkeypatch):
    monkeypatch.setattr(spectra_stream, "_CHUNK", 40)
    for name, (text, _) in KINDS.items():
        path = tmp_path / name
        path.write_text(text + "\n\x01\n")
        with pytest.raises(InputFormatError, match="control character") as caught:
            streamed(path)
        assert caught.value.where == f"{name}, line {text.count(chr(10)) + 2}"


@pytest.mark.parametrize("name", KINDS)
def test_empty_and_cut_files(tmp_path, name):
    path = tmp_path / name
    for data in (b"", b"\n\n \n"):
        path.write_bytes(data)
        with pytest.raises(InputFormatError):
            streamed(path)
    path.write_bytes(gzip.compress(KINDS[name][0].encode())[:-9])
    with pytest.raises(InputFormatError, match="cut off"):
        streamed(path)
    path.write_text(KINDS[name][0].rstrip("/\n").removesuffix("END IONS").removesuffix("47 8"))
    with pytest.raises(InputFormatError):
        streamed(path)


def test_a_file_without_blank_lines_is_read_within_a_limit(tmp_path, monkeypatch):
    path = tmp_path / "a.msp"
    path.write_text(MSP.replace("\n\n", "\n"))
    assert told(streamed(path)) == told(read_msp(path))
    monkeypatch.setattr(spectra_stream, "MAX_PIECE_BYTES", 100)
    monkeypatch.setattr(spectra_stream, "_CHUNK", 60)
    with pytest.raises(InputFormatError, match="no blank line between spectra within 100 bytes"):
        streamed(path)


def test_other_names_are_refused(tmp_path):
    with pytest.raises(InputFormatError, match="tells of no mass spectrum format"):
        SpectrumStream(tmp_path / "a.docx")


@needs_refdata
def test_public_files_are_read_as_a_whole_file_is(monkeypatch):
    monkeypatch.setattr(spectra_stream, "_CHUNK", 4096)
    path = REFDATA / "spectra" / "musk_targets" / "musk_targets_ei.msp.gz"
    assert told(streamed(path)) == told(read_msp(path))


NASTY = (b"\0", b"\xc3\xa9", b"\r", b"\n", b"\n \n", b"-", b"1e308", b"nan", b"//", b"END IONS", b"BEGIN IONS\n")


@given(st.sampled_from(sorted(KINDS)), st.integers(1, 90), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_damaged_files_are_read_or_refused_as_a_whole_file_is(name, chunk, rng):
    text, reader = KINDS[name]
    content = bytearray(text.encode())
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(content) + 1)
        if rng.random() < 0.5:
            content[at:at] = rng.choice(NASTY)
        else:
            del content[at : at + rng.randint(1, 30)]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(spectra_stream, "_CHUNK", chunk)
        path = Path(folder) / name
        path.write_bytes(content)
        assert outcome(streamed, path) == outcome(reader, path)


def outcome(read, path: Path) -> object:
    try:
        return told(read(path))
    except InputFormatError:
        # A fault further down is found first by who reads everything before.
        return "refused"
