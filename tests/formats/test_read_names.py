"""Runs and libraries by the names of reads, and reads by which a file is known."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from musk_id.formats.fastq import FastqFile
from musk_id.formats.read_names import SAMPLE_READS, names_digests, origin_of

ILLUMINA = "@M05622:62:000000000-JPF7Y:1:1101:{}:21701 1:N:0:ATCACG+TTAGGC"


@pytest.mark.parametrize(
    ("name", "library"),
    [
        (ILLUMINA.format(5), "M05622:62:000000000-JPF7Y ATCACG+TTAGGC"),
        ("@A00:8:HXX:2:1101:10:20:ACGTTG 2:Y:18:27", "A00:8:HXX 27"),
        ("@M05622:62:000000000-JPF7Y:1:1101:10000:21701/1", None),
        ("@M05622:62:000000000-JPF7Y:1:1101:10000:21701 1:N:0:0", None),
        ("@ERR10436108.17 M05622:62:000000000-JPF7Y:1:1101:10000:21701/1", "ERR10436108"),
        ("@SRR123456.1/2", "SRR123456"),
        ("@0a1b runid=0123456789abcdef ch=3 barcode=barcode07 x=1", "0123456789abcdef barcode07"),
        ("@0a1b runid=0123456789abcdef ch=3 barcode=unclassified", None),
        ("@r1 1:N", None),
        ("@", None),
        ("@\xff\xfe", None),
    ],
)
def test_names(name: str, library: str | None) -> None:
    found = origin_of(name.encode("latin-1"))[1]
    assert (None if found is None else found.decode()) == library


@pytest.mark.parametrize(
    ("name", "run"),
    [
        (ILLUMINA.format(5), "M05622:62:000000000-JPF7Y"),
        ("@A00:8:HXX:2:1101:10:20:ACGTTG 2:Y:18:27", "A00:8:HXX"),
        ("@M05622:62:000000000-JPF7Y:1:1101:10000:21701/1", "M05622:62:000000000-JPF7Y"),
        ("@M05622:62:000000000-JPF7Y:1:1101:10000:21701", "M05622:62:000000000-JPF7Y"),
        ("@M05622:62:000000000-JPF7Y:1:1101:10000:21701 1:N:0:", "M05622:62:000000000-JPF7Y"),
        ("@M05622:62:000000000-JPF7Y:1:1101:10000:21701 1:N:0:0", "M05622:62:000000000-JPF7Y"),
        ("@ERR10436108.17 M05622:62:000000000-JPF7Y:1:1101:10000:21701/1", None),
        ("@0a1b runid=0123456789abcdef ch=3 barcode=barcode07 x=1", "0123456789abcdef"),
        ("@0a1b runid=0123456789abcdef ch=3", "0123456789abcdef"),
        ("@r1 1:N", None),
        ("@M:1:F:1:2:3", None),
        ("@", None),
    ],
)
def test_runs(name: str, run: str | None) -> None:
    found = origin_of(name.encode("latin-1"))[0]
    assert (None if found is None else found.decode()) == run


def written(path: Path, names: list[str]) -> Path:
    path.write_text("".join(f"{name}\nACGT\n+\nIIII\n" for name in names))
    return path


def library(path: Path, count: int) -> str | None:
    file = FastqFile(path, with_origin=True)
    for _ in file.batches(count):
        pass
    return file.origin.library


def test_the_library_of_most_reads_whatever_their_order(tmp_path) -> None:
    names = [ILLUMINA.format(n) for n in range(60)] + [f"@other{n}" for n in range(40)]
    random.Random(1).shuffle(names)
    expected = "M05622:62:000000000-JPF7Y ATCACG+TTAGGC"
    assert {library(written(tmp_path / "a.fq", order), n) for order in (names, names[::-1]) for n in (7, 500)} == {
        expected
    }
    half = [ILLUMINA.format(n) for n in range(10)] + [f"@x{n}" for n in range(10)]
    assert library(written(tmp_path / "b.fq", half), 500) is None


def sample(path: Path, entries: list[str], order: int) -> frozenset[bytes]:
    path.write_text("".join(random.Random(order).sample(entries, len(entries))))
    file = FastqFile(path, with_origin=True)
    for _ in file.batches(100):
        pass
    return file.origin.sample


def test_a_file_is_known_by_some_of_its_reads_whatever_their_order(tmp_path) -> None:
    rng = random.Random(2)
    entries = []
    for number in range(9000):
        letters = "".join(rng.choices("ACGT", k=40))
        entries.append(f"@r{number}\n{letters}\n+\n{''.join(rng.choices('5?DIJ', k=40))}\n")
    first = sample(tmp_path / "a.fq", entries[:6000], 1)
    assert len(first) == SAMPLE_READS
    assert sample(tmp_path / "a.fq", entries[:6000], 2) == first
    # A fifth of the reads stands in both files; then none does.
    assert 60 < len(first & sample(tmp_path / "b.fq", entries[4800:], 3)) < 600
    assert not first & sample(tmp_path / "b.fq", entries[6000:], 3)
    # Of reads of one quality throughout two that are alike need not be the same.
    assert not sample(tmp_path / "c.fq", ["@r1\nACGT\n+\nIIII\n"], 1)
    assert sample(tmp_path / "c.fq", ["@r1/1\nACGT\n+\nIIIJ\n"], 1) == sample(
        tmp_path / "c.fq", ["@r1 1:N\nACGT\n+\nIIIJ\n"], 1
    )


def test_numbers_of_names_are_those_of_the_names_alone() -> None:
    """Whatever stands behind a name, in whatever company, and far apart for names that hardly differ."""
    names = [b"@run:1:%d" % number for number in range(400)]
    behind = [b"", b" 1:N:0:ACGT", b"/1", b"/2 x", b"\t" + b"y" * 90]

    def numbers(lines: list[bytes]) -> list[int]:
        text = b"".join(line + b"\nAC\n+\nII\n" for line in lines)
        begins = np.cumsum([0] + [len(line) + 9 for line in lines[:-1]])
        lengths = np.array([len(line) for line in lines])
        return names_digests(np.frombuffer(text, np.uint8), begins, lengths)[1].tolist()

    expected = numbers(names)
    for end in behind:
        assert numbers([name + end for name in names]) == expected
    assert [numbers([name + behind[4]])[0] for name in names] == expected
    assert len(set(expected)) == 400
    # A quarter of them in each quarter, within five standard deviations.
    assert all(57 <= sum(number >> 62 == quarter for number in expected) <= 143 for quarter in range(4))
