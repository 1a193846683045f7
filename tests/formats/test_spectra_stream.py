"""Spectra in batches: what the readers of whole files read, whatever the pieces; errors with their lines."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata

from musk_id.errors import InputFormatError
from musk_id.formats import spectra_stream
from musk_id.formats.massbank import read_massbank
from musk_id.formats.mgf import read_mgf
from musk_id.formats.msp import read_msp
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
