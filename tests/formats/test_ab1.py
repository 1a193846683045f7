"""AB1 files: what is read, against Biopython on given files; hostile directories; damaged files."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import abif
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata

from musk_id.errors import InputFormatError
from musk_id.formats import ab1
from musk_id.formats.ab1 import read_ab1

TRACES = REFDATA / "reads" / "sanger_ab1"
LETTERS = "ACGTNACGGTRCATTAGCAT"
QUALITIES = list(range(10, 30))


def stored(folder: Path, data: bytes) -> Path:
    path = folder / "x.ab1"
    path.write_bytes(data)
    return path


def changed(key: str, **fields: object) -> bytes:
    elements = abif.elements(LETTERS, QUALITIES)
    return abif.write(elements | {key: replace(elements[key], **fields)})  # type: ignore[arg-type]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    data = abif.trace(LETTERS, QUALITIES, sample=" X\u00e9 1\r\n", well="B07", run_name="Run_9", day=(2013, 10, 3))
    trace = read_ab1(stored(tmp_path, data))
    assert trace.letters == LETTERS and trace.qualities.tolist() == QUALITIES
    assert trace.peaks.tolist() == [12 * i + 6 for i in range(len(LETTERS))]
    rows = abif.signals(LETTERS)
    assert [row.tolist() for row in trace.channels] == [rows[base] for base in "ACGT"]
    facts = trace.facts
    assert (facts.sample_name, facts.well, facts.run_name) == ("X\u00e9 1", "B07", "Run_9")
    assert (facts.started_on, facts.started_at, facts.stopped_at) == ("2013-10-03", "10:00:00", "11:30:00")
    assert (facts.instrument, facts.basecaller, facts.plate) == ("3730 synthetic-1", "KB 1.4.0", None)
    assert (facts.bases, facts.edited_bases) == (len(LETTERS), 0)
    for array in (trace.qualities, trace.peaks, trace.channels):
        assert not array.flags.writeable


def test_signal_digest_sees_the_signals_and_not_the_words(tmp_path: Path) -> None:
    first = read_ab1(stored(tmp_path, abif.trace(LETTERS))).facts
    other = read_ab1(stored(tmp_path, abif.trace(LETTERS, sample="other", day=(2001, 1, 1)))).facts
    louder = abif.elements(LETTERS) | {"DATA9": abif.shorts([7] * (12 * (len(LETTERS) + 1)))}
    assert first.signals_sha256 == other.signals_sha256
    recalled = read_ab1(stored(tmp_path, abif.trace(LETTERS, [48] * len(LETTERS))))
    assert recalled.facts.signals_sha256 == first.signals_sha256
    assert read_ab1(stored(tmp_path, abif.write(louder))).facts.signals_sha256 != first.signals_sha256


def test_edited_calls_are_counted_and_not_used(tmp_path: Path) -> None:
    edited = abif.Element(abif.CHAR, 1, len(LETTERS), b"T" + LETTERS[1:].encode())
    trace = read_ab1(stored(tmp_path, abif.write(abif.elements(LETTERS) | {"PBAS1": edited})))
    assert trace.letters == LETTERS and trace.facts.edited_bases == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"ABIF", "begin like an AB1"),
        (b">x\nACGT\n" * 40, "begin like an AB1"),
        (abif.trace(LETTERS)[:-30], "beyond the end"),
        (abif.reworded(abif.trace(LETTERS), {"PLOC2": None, "DATA10": None}), "lacks PLOC2, DATA10"),
        (changed("PBAS2", kind=99), "PBAS2 has 20 elements of type 99"),
        (changed("PBAS2", count=2**31), "2147483648 elements"),
        (changed("PCON2", content=bytes([94] * 20)), "at most 93"),
        (changed("PCON2", content=bytes([200] * 20)), "malformed"),
        (changed("PBAS2", content=b"ACGTXACGTTACGTACGTAC"), "no nucleotide letter"),
        (changed("FWO_1", content=b"GATG"), "order of the dyes"),
        (changed("RUND1", content=struct.pack(">hBB", 2013, 13, 1)), "malformed"),
        (abif.write(abif.elements(LETTERS) | {"PLOC2": abif.shorts([3] * 19)}), "20 letters have 19 positions"),
        (abif.write(abif.elements(LETTERS) | {"PLOC2": abif.shorts([9, 3] * 10)}), "do not rise"),
        (abif.write(abif.elements(LETTERS) | {"PLOC2": abif.shorts([9999] * 20)}), "do not rise"),
        (abif.write(abif.elements(LETTERS) | {"DATA9": abif.shorts([1] * 5)}), "differ in length"),
        (changed("PBAS2", count=3001, content=b"A" * 3001), "at most 3000"),
    ],
    ids=str,
)
def test_refused_with_the_reason(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputFormatError, match=message):
        read_ab1(stored(tmp_path, data))


def test_an_entry_that_stands_twice_is_refused(tmp_path: Path) -> None:
    data = bytearray(abif.trace(LETTERS))
    offset = struct.unpack_from(">I", data, 26)[0]
    keys = list(abif.elements(LETTERS))
    one, two = (offset + 28 * keys.index(key) for key in ("DATA9", "DATA10"))
    data[two : two + 28] = data[one : one + 28]
    with pytest.raises(InputFormatError, match="DATA9 stands twice"):
        read_ab1(stored(tmp_path, bytes(data)))


SLOW = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_or_refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    try:
        trace = read_ab1(path)
    except InputFormatError as error:
        assert error.message and error.where.startswith("x.ab1")
    else:
        assert len(trace.letters) == trace.qualities.size == trace.peaks.size
        assert trace.peaks.min() >= 0 and trace.peaks.max() < trace.channels.shape[1]


@SLOW
@given(st.data())
def test_any_directory_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    """Every number of the header and of any entry replaced by any other."""
    content = bytearray(abif.trace(LETTERS, QUALITIES))
    offset, count = struct.unpack_from(">I", content, 26)[0], struct.unpack_from(">I", content, 18)[0]
    word = st.sampled_from([0, 1, 4, 5, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(content)]) | st.integers(
        0, 2**32 - 1
    )
    for _ in range(data.draw(st.integers(1, 3))):
        entry = data.draw(st.integers(-1, count - 1))
        if entry < 0:
            struct.pack_into(">I", content, data.draw(st.sampled_from([10, 14, 18, 22, 26])), data.draw(word))
        else:
            at = offset + 28 * entry + data.draw(st.sampled_from([4, 8, 12, 16, 20]))
            if at + 4 <= len(content):
                struct.pack_into(">I", content, at, data.draw(word))
    read_or_refused(tmp_path / "x.ab1", bytes(content))


@SLOW
@given(st.binary(max_size=400))
def test_any_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    read_or_refused(tmp_path / "x.ab1", b"ABIF" + data)


def test_many_entries_for_the_same_bytes_cost_little(tmp_path: Path) -> None:
    """Two thousand entries that all claim one great block."""
    block = b"\0" * 4_000_000
    entry = abif.ENTRY.pack(b"JUNK", 1, 1, 1, len(block), len(block), 128, 0) * 1_999
    head = abif.HEADER.pack(b"ABIF", 101, b"tdir", 1, 1023, 28, 1_999, len(entry), 128 + len(block))
    path = stored(tmp_path, head.ljust(128, b"\0") + block + entry)
    tracemalloc.start()
    start = time.monotonic()
    with pytest.raises(InputFormatError, match="the trace lacks"):
        read_ab1(path)
    assert time.monotonic() - start < 2 and tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()
    with pytest.raises(InputFormatError, match="larger than"):
        read_ab1(stored(tmp_path, b"ABIF" + b"\0" * ab1.MAX_BYTES))


@needs_refdata
@pytest.mark.parametrize("name", sorted(p.name for p in TRACES.glob("*.ab1")))
def test_given_files_agree_with_biopython(name: str) -> None:
    from Bio import SeqIO

    path = TRACES / name
    trace, record = read_ab1(path), SeqIO.read(path, "abi")
    raw = record.annotations["abif_raw"]
    assert trace.letters == str(record.seq)
    assert trace.qualities.tolist() == record.letter_annotations["phred_quality"]
    assert trace.peaks.tolist() == list(raw["PLOC2"])
    order = raw["FWO_1"].decode()
    for row, base in enumerate("ACGT"):
        assert trace.channels[row].tolist() == list(raw[f"DATA{9 + order.index(base)}"])
    facts = trace.facts
    assert (facts.sample_name, facts.well) == (raw["SMPL1"].decode(), raw["TUBE1"].decode())
    assert (facts.run_name, facts.started_on, facts.stopped_at) == (
        raw["RunN1"].decode(),
        raw["RUND1"],
        raw["RUNT2"],
    )
    # The highest signal under most calls is the called one: the rows are those of the letters.
    called = np.array(["ACGT".find(letter) for letter in trace.letters])
    plain = called >= 0
    assert (trace.channels[:, trace.peaks].argmax(axis=0) == called)[plain].mean() > 0.95


@needs_refdata
def test_given_files_cut_off_or_damaged_are_read_or_refused(tmp_path: Path) -> None:
    data = next(TRACES.glob("*.ab1")).read_bytes()
    rng = random.Random(1)
    path = tmp_path / "x.ab1"
    for _ in range(40):
        read_or_refused(path, data[: rng.randrange(len(data))])
        content = bytearray(data)
        directory = struct.unpack_from(">I", data, 26)[0]
        for _ in range(rng.randint(1, 20)):
            content[rng.randrange(directory, len(content))] = rng.randrange(256)
        read_or_refused(path, bytes(content))
