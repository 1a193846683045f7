"""BAM files: read whole and by region, refused with a reason, nothing written beside them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pysam
import pytest

from musk_id.errors import InputFormatError
from musk_id.formats.bam import looks_mapped, open_bam

FOUND = Path(__file__).resolve().parents[1] / "found"

REFERENCES = {"chrM": 16_569}


def segment(name: str, start: int, letters: str, cigar: str, **more) -> dict:
    return {"name": name, "start": start, "letters": letters, "cigar": cigar, **more}


def bam(
    path: Path, entries: list[dict], references: dict[str, int] | None = None, order: str | None = "coordinate"
) -> Path:
    references = REFERENCES if references is None else references
    header = {"SQ": [{"SN": name, "LN": length} for name, length in references.items()]}
    if order is not None:
        header["HD"] = {"VN": "1.6", "SO": order}
    with pysam.AlignmentFile(str(path), "wb", header=header) as handle:
        for entry in entries:
            record = pysam.AlignedSegment(handle.header)
            record.query_name = entry["name"]
            record.query_sequence = entry["letters"]
            record.flag = entry.get("flag", 0)
            record.reference_id = entry.get("reference", 0)
            record.reference_start = entry["start"]
            record.mapping_quality = entry.get("mapq", 60)
            record.cigarstring = entry["cigar"]
            quality = entry.get("quality", "I" * len(entry["letters"]))
            record.query_qualities = pysam.qualitystring_to_array(quality)
            handle.write(record)
    return path


ENTRIES = [
    segment("a", 10, "ACGTACGTAC", "10M"),
    segment("b", 12, "GGACGTTTAC", "2S3M2I1M2D2M", flag=16),
    segment("c", 15, "ACGTACGTAC", "10M", mapq=3),
    segment("d", 16, "ACGTACGTAC", "10M", flag=1024),
    segment("e", 17, "ACGTACGTAC", "10M", flag=256),
    segment("f", 400, "ACGTACGTAC", "10M", quality="IIII##IIII"),
]


def opened(path: Path):
    return open_bam(path, min_mapping_quality=10, min_base_quality=7)


def test_records_in_the_columns_of_their_reference(tmp_path) -> None:
    path = bam(tmp_path / "r.bam", ENTRIES)
    with opened(path) as handle:
        reads = list(handle.reads())
        assert (handle.length_bp, handle.total, handle.left_out) == (16_569, 5, 2)
        first, second, last = reads
        assert first == (b"a", False, 10, b"ACGTACGTAC", ())
        assert second == (b"b", True, 12, b"ACGT--AC", ((15, b"TT"),))
        assert last.letters == b"ACGTacGTAC"
        assert [read.fragment for read in handle.region(300, 500)] == [b"f"]
        assert [read.fragment for read in handle.region(0, 11)] == [b"a"]
    # Neither an index nor anything else is left beside the evidence.
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.bam"]
    assert looks_mapped(path)


def test_a_stale_index_beside_the_file_is_not_used(tmp_path) -> None:
    other = bam(tmp_path / "other.bam", [segment("x", 9_000, "ACGTACGTAC", "10M")])
    path = bam(tmp_path / "r.bam", ENTRIES)
    pysam.index(str(other), str(tmp_path / "r.bam.bai"))
    with opened(path) as handle:
        assert [read.fragment for read in handle.region(300, 500)] == [b"f"]


@pytest.mark.parametrize(
    ("references", "wanted"),
    [
        ({"chr1": 248_956_422, "MT": 16_569}, 1),
        ({"NC_012920.1": 16_569}, 0),
        ({"chr1": 248_956_422, "chrM": 16_569, "scaffold": 9_000}, 1),
    ],
)
def test_the_mitochondrial_reference_is_found(tmp_path, references, wanted) -> None:
    path = bam(tmp_path / "r.bam", [segment("a", 10, "ACGTACGTAC", "10M", reference=wanted)], references)
    with opened(path) as handle:
        assert [read.fragment for read in handle.reads()] == [b"a"]


def block(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush()
    size = len(body) + 26 - 1
    head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", size)
    return head + body + struct.pack("<II", zlib.crc32(data), len(data))


def refused(path: Path) -> str:
    with pytest.raises(InputFormatError) as caught, opened(path) as handle:
        list(handle.reads())
    assert path.name in str(caught.value) and "/" not in str(caught.value)
    return caught.value.diagnostics()


def test_faults_are_told(tmp_path, capfd) -> None:
    def wrong(name: str, data: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return refused(path)

    good = bam(tmp_path / "good.bam", ENTRIES).read_bytes()
    assert "empty" in wrong("empty.bam", b"")
    assert "no BAM file" in wrong("text.bam", b"hello")
    assert "no BAM file" in wrong("pickle.bam", b"\x80\x04\x95" + bytes(100))
    assert "CRAM" in wrong("c.cram", b"CRAM\3\1" + bytes(100))
    assert "SAM" in wrong("s.bam", b"@HD\tVN:1.6\n")
    assert "cut off" in wrong("cut.bam", good[:-100])
    assert "cut off" in wrong("end.bam", good[:-28])
    hollow = good[:-28]
    assert "no block" in wrong("middle.bam", hollow + b"not a block of it, but some other bytes" + good[-28:])
    damaged = bytearray(good)
    damaged[60] ^= 0xFF
    assert "damaged block" in wrong("damaged.bam", bytes(damaged))
    assert "no regular file" in refused(tmp_path / "absent.bam")
    assert capfd.readouterr().err == ""


def test_a_handle_that_cannot_be_closed_prints_nothing(tmp_path, capfd) -> None:
    """Kept by the fuzzer: the package prints the error of a handle that it could not open."""
    (tmp_path / "x.bam").write_bytes((FOUND / "bam-d7a5f78dd4c7f611").read_bytes())
    with (
        pytest.raises(InputFormatError),
        open_bam(tmp_path / "x.bam", min_mapping_quality=10, min_base_quality=7),
    ):
        pass
    assert capfd.readouterr() == ("", "")


def test_order_and_reference_are_told(tmp_path) -> None:
    assert "sort" in refused(bam(tmp_path / "a.bam", ENTRIES[::-1]))
    assert "sort" in refused(bam(tmp_path / "b.bam", ENTRIES[::-1], order=None))
    assert "'queryname'" in refused(bam(tmp_path / "c.bam", ENTRIES, order="queryname"))
    assert "0 references" in refused(bam(tmp_path / "d.bam", ENTRIES[:1], {"chr1": 248_956_422}))
    assert "2 references" in refused(bam(tmp_path / "e.bam", ENTRIES[:1], {"x": 16_000, "y": 17_000}))
    assert "300 bp" not in refused(bam(tmp_path / "f.bam", ENTRIES[:1], {"chrM": 248_956_422}))[:20]


def test_what_grows_beyond_measure_is_refused(tmp_path) -> None:
    path = bam(tmp_path / "bomb.bam", ENTRIES[:1])
    good = path.read_bytes()
    # 64 KiB of zeros take some 90 bytes; 120 MB of them are refused before they are inflated.
    path.write_bytes(good[:-28] + block(bytes(65_280)) * 2_000 + good[-28:])
    assert "300 times" in refused(path)


@pytest.mark.parametrize(
    ("name", "tags", "library"),
    [
        ("ERR2438055.{}", {}, "ERR2438055"),
        ("M05622:62:0-JPF7Y:1:1101:{}:21701", {"BC": "ATCACG-TTAGGC"}, "M05622:62:0-JPF7Y ATCACG+TTAGGC"),
        ("M05622:62:0-JPF7Y:1:1101:{}:21701", {"RG": "g"}, "S1 lib7"),
        ("M05622:62:0-JPF7Y:1:1101:{}:21701", {"RG": "other"}, None),
        ("r{}", {}, None),
    ],
)
def test_the_library_that_most_records_name(tmp_path, name, tags, library) -> None:
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": "chrM", "LN": 16_569}],
        "RG": [{"ID": "g", "SM": "S1", "LB": "lib7"}, {"ID": "other", "SM": "S1"}],
    }
    with pysam.AlignmentFile(str(tmp_path / "r.bam"), "wb", header=header) as handle:
        for number in range(20):
            record = pysam.AlignedSegment(handle.header)
            record.query_name = name.format(number) if number > 4 else f"x{number}"
            record.query_sequence = "ACGTACGTAC"
            record.flag, record.reference_id, record.reference_start = 0, 0, number
            record.mapping_quality, record.cigarstring = 60, "10M"
            if number > 4:
                record.set_tags(list(tags.items()))
            handle.write(record)
    with opened(tmp_path / "r.bam") as source:
        assert len(list(source.reads())) == 20
        assert source.origin.library == library
        assert len(list(source.reads())) == 20
        assert source.origin.library == library
