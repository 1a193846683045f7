"""Libraries by the names of reads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from musk_id.formats.fastq import FastqFile
from musk_id.formats.read_names import library_of

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
    found = library_of(name.encode("latin-1"))
    assert (None if found is None else found.decode()) == library


def written(path: Path, names: list[str]) -> Path:
    path.write_text("".join(f"{name}\nACGT\n+\nIIII\n" for name in names))
    return path


def library(path: Path, count: int) -> str | None:
    file = FastqFile(path, with_library=True)
    for _ in file.batches(count):
        pass
    return file.library


def test_the_library_of_most_reads_whatever_their_order(tmp_path) -> None:
    names = [ILLUMINA.format(n) for n in range(60)] + [f"@other{n}" for n in range(40)]
    random.Random(1).shuffle(names)
    expected = "M05622:62:000000000-JPF7Y ATCACG+TTAGGC"
    assert {library(written(tmp_path / "a.fq", order), n) for order in (names, names[::-1]) for n in (7, 500)} == {
        expected
    }
    assert library(written(tmp_path / "b.fq", names[:10] + [f"@x{n}" for n in range(10)]), 500) is None
