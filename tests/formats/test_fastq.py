"""FASTQ files: reads as written, damage with its line, pairs, growth, offsets."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata

from musk_id.errors import InputFormatError
from musk_id.formats import fastq
from musk_id.formats.fastq import FastqFile, paired_batches

LETTERS = "ACGTNRYSWKMBDHV"
READ = st.integers(0, 40).flatmap(
    lambda n: st.tuples(
        st.text(LETTERS, min_size=n, max_size=n),
        st.lists(st.integers(0, 93), min_size=n, max_size=n),
    )
)
NAME = st.text("ab/12 \t:", max_size=8)


def written(tmp_path: Path, data: bytes, name: str = "x.fastq") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def entry(name: str, letters: str, quality: list[int] | str, end: str = "\n") -> str:
    written_quality = quality if isinstance(quality, str) else "".join(chr(33 + q) for q in quality)
    return end.join([f"@{name}", letters, "+", written_quality, ""])


def contents(path: Path, count: int) -> list[tuple[str, list[int]]]:
    found = []
    for batch in FastqFile(path).batches(count):
        for i in range(len(batch)):
            stretch = slice(batch.starts[i], batch.starts[i + 1])
            assert batch.sequence(i) == batch.letters[stretch].tobytes()
            found.append((batch.sequence(i).decode(), batch.quality[stretch].tolist()))
    return found


@given(
    st.lists(st.tuples(NAME, READ), min_size=1, max_size=12),
    st.integers(1, 5),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 40),
)
def test_reads_are_those_of_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    reads: list[tuple[str, tuple[str, list[int]]]],
    count: int,
    end: str,
    compressed: bool,
    lower: bool,
    chunk: int,
) -> None:
    text = "".join(entry(name, s.lower() if lower else s, q, end) for name, (s, q) in reads)
    data = text.encode()
    half = len(data) // 2
    packed = gzip.compress(data[:half]) + gzip.compress(data[half:]) if compressed else data
    path = written(tmp_path_factory.mktemp("fastq"), packed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fastq, "_CHUNK", chunk)
        found = contents(path, count)
    assert found == [(s, q) for _, (s, q) in reads]


def test_uracil_is_thymine_and_batches_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "".join(entry(f"r{i}", "ACGU", [30] * 4) for i in range(5)).encode())
    batches = list(FastqFile(path).batches(2))
    assert [(len(b), b.first_number) for b in batches] == [(2, 1), (2, 3), (1, 5)]
    assert batches[0].sequence(0) == b"ACGT"


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "the file is empty", None),
        ("\n\n", "no read in the file", None),
        (">a\nACGT\n", "looks like FASTA", 1),
        ("@a\nACGT\n+\nIIII\nb\nACGT\n+\nIIII\n", "does not begin with '@'", 5),
        ("@a\nACGT\n+\nIIII\n@b\nACGT\n+\n", "the last read has 3 lines", 5),
        ("@a\nACGT\n+\nIII\n", "4 letters and 3 qualities", 4),
        ("@a\nACGT\nACGT\n+\nIIIIIIII\n", "does not begin with '\\+'", 3),
        ("@a\nACXT\n+\nIIII\n", "letter 'X' is no nucleotide code", 2),
        ("@a\nAC-T\n+\nIIII\n", "letter '-' is no nucleotide code", 2),
        ("@a\nACGT\n+\nII I\n", "quality ' ' is none of", 4),
        ("@a\nACGT\n+\nIIII\n@b\nACGT\n+\nII\x7fI\n", "is none of '!' to '~'", 8),
    ],
)
@pytest.mark.parametrize("count", [1, 100])
def test_faults_are_named_with_their_line(
    tmp_path: Path, text: str, message: str, line: int | None, count: int
) -> None:
    path = written(tmp_path, text.encode())
    with pytest.raises(InputFormatError, match=message) as caught:
        list(FastqFile(path).batches(count))
    assert caught.value.where == ("x.fastq" if line is None else f"x.fastq, line {line}")


def test_qualities_of_the_old_offset_are_refused(tmp_path: Path) -> None:
    old = "".join(entry(f"r{i}", "ACGT", "@Bhh") for i in range(300))
    with pytest.raises(InputFormatError, match="as with the offset 64"):
        list(FastqFile(written(tmp_path, old.encode())).batches())
    # A few reads of high quality, and long reads that reach Q93, are no such file.
    assert len(contents(written(tmp_path, entry("r", "ACGT", "@Bhh").encode()), 10)) == 1
    high = "".join(entry(f"r{i}", "ACGT", "BB~~") for i in range(300))
    assert len(contents(written(tmp_path, high.encode()), 10)) == 300


def test_a_file_that_grows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastq, "GROWTH_FREE_BYTES", 1_000_000)
    path = written(tmp_path, gzip.compress(entry("r", "A" * 100, "I" * 100).encode() * 20_000))
    assert path.stat().st_size * fastq.MAX_GROWTH > 1_000_000
    monkeypatch.setattr(fastq, "MAX_GROWTH", 10)
    with pytest.raises(InputFormatError, match="grows to more than 10 times"):
        list(FastqFile(path).batches())


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"@a\n" + b"A" * 30_000_000))
    with pytest.raises(InputFormatError, match="a line is longer than 1000000 letters"):
        list(FastqFile(path).batches())


@pytest.mark.parametrize(("cut", "message"), [(-10, "cut off"), (40, "cut off")])
def test_a_gzip_file_cut_off_is_refused(tmp_path: Path, cut: int, message: str) -> None:
    data = gzip.compress("".join(entry(f"r{i}", "ACGTTGCA" * 4, [30] * 32) for i in range(50)).encode())
    with pytest.raises(InputFormatError, match=message):
        list(FastqFile(written(tmp_path, data[:cut])).batches())


def test_a_damaged_gzip_file_is_refused(tmp_path: Path) -> None:
    data = bytearray(gzip.compress("".join(entry(f"r{i}", "ACGTTGCA" * 4, [30] * 32) for i in range(50)).encode()))
    data[30] ^= 0xFF
    with pytest.raises(InputFormatError, match="damaged gzip file"):
        list(FastqFile(written(tmp_path, bytes(data))).batches())


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputFormatError, match="no regular file"):
        list(FastqFile(tmp_path).batches())


def pair(tmp_path: Path, first: str, second: str) -> list[int]:
    a, b = (written(tmp_path, text.encode(), f"{n}.fastq") for n, text in (("f", first), ("r", second)))
    return [len(x) for x, _ in paired_batches(FastqFile(a), FastqFile(b), 2)]


@pytest.mark.parametrize(
    ("one", "two"),
    [("r{}/1", "r{}/2"), ("r{} 1:N:0", "r{} 2:N:0"), ("r{}", "r{}"), ("r{}/1 x", "r{}/2\ty"), ("", "")],
)
def test_pairs_share_their_names(tmp_path: Path, one: str, two: str) -> None:
    first, second = ("".join(entry(n.format(i), "ACGT", [30] * 4) for i in range(5)) for n in (one, two))
    assert pair(tmp_path, first, second) == [2, 2, 1]


def test_pairs_of_other_names_or_numbers_are_refused(tmp_path: Path) -> None:
    def reads(*names: str) -> str:
        return "".join(entry(name, "ACGT", [30] * 4) for name in names)

    with pytest.raises(InputFormatError, match="name their reads differently") as caught:
        pair(tmp_path, reads("a", "b", "c", "d"), reads("a", "b", "d", "c"))
    assert caught.value.where == "f.fastq, r.fastq, reads 3 to 4"
    # The letters move from one name to the next.
    with pytest.raises(InputFormatError, match="name their reads differently"):
        pair(tmp_path, reads("ab", "c"), reads("a", "bc"))
    for second in (("a", "b"), ("a", "b", "c", "d", "e")):
        with pytest.raises(InputFormatError, match="different numbers of reads"):
            pair(tmp_path, reads("a", "b", "c", "d"), reads(*second))


@needs_refdata
def test_public_files() -> None:
    """Numbers of reads and letters as an independent count of every fourth line gives them."""
    for name in ("meat_mixture_16S/ERR10436108_5k.fastq.gz", "human_chrM_shotgun/ERR2438055_micro_R1.fastq.gz"):
        path = REFDATA / "reads" / name
        lines = gzip.decompress(path.read_bytes()).decode().split("\n")
        batches = list(FastqFile(path).batches(777))
        assert sum(len(b) for b in batches) == len(lines) // 4
        letters = b"".join(b.letters.tobytes() for b in batches)
        assert letters.decode() == "".join(lines[1::4])
        quality = np.concatenate([b.quality for b in batches])
        assert (quality + 33).astype(np.uint8).tobytes().decode() == "".join(lines[3::4])
    first, second = (
        FastqFile(REFDATA / "reads" / "human_chrM_shotgun" / f"ERR2438055_micro_R{n}.fastq.gz") for n in (1, 2)
    )
    assert sum(len(a) for a, _ in paired_batches(first, second)) == 7720
