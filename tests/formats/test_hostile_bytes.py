"""Damaged files: every reader reads them or refuses them with a clear error, quickly."""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from abif import trace
from flat_files import flat_record
from fuzz import damaged
from refdata import REFDATA, needs_refdata
from runs import mzml, mzxml

from musk_id.errors import InputFormatError
from musk_id.formats.ab1 import read_ab1
from musk_id.formats.fasta import read_fasta
from musk_id.formats.genbank import read_genbank
from musk_id.formats.jcamp import read_blocks
from musk_id.formats.mgf import read_mgf
from musk_id.formats.msp import read_msp
from musk_id.formats.mzml import read_mzml
from musk_id.formats.mzxml import read_mzxml
from musk_id.formats.spectrum_csv import read_spectrum_csv

PROJECT = Path(__file__).resolve().parents[2]
FASTA = b">a one\nACGTRYSWKMBDHVN\nACGT\n>b\nTTTTGGGG\n"
MSP = b'Name: a\nFormula: C2H6\nNum Peaks: 3\n41 5; 60.1 999 "note"\n70 3\n\nName: b\nNum Peaks: 1\n50 1\n'
JCAMP = (
    b"##TITLE=a\n##JCAMP-DX=4.24\n##DATA TYPE=MASS SPECTRUM\n##FIRSTX=40\n##LASTX=44\n##NPOINTS=5\n"
    b"##XYDATA=(X++(Y..Y))\n40A1J2%TK\n44B5\n##END=\n"
)
GENBANK = flat_record("AY847268.1", "ACGTRYN" * 20).encode()
READERS: dict[str, tuple[Callable[..., object], bytes]] = {
    "x.fasta": (read_fasta, FASTA),
    "x.msp": (read_msp, MSP),
    "x.jdx": (read_blocks, JCAMP),
    "x.gb": (read_genbank, GENBANK),
    "x.mgf": (read_mgf, b"BEGIN IONS\nTITLE=a\n41 5\n60.1 999 1+\nEND IONS\n"),
    "x.csv": (read_spectrum_csv, b'spectrum,m/z [Th],intensity [counts]\na,41,5\n"b c",60.1,999\n'),
    "x.mzML": (read_mzml, mzml([[(41.0, 5.0), (60.1, 999.0)], []], compressed=True)),
    "x.mzXML": (read_mzxml, mzxml([[(41.0, 5.0), (60.0, 999.0)], [(50.0, 1.0)]])),
    "x.ab1": (read_ab1, trace("ACGTNACGGTCATTAGC" * 3)),
}


def outcome(reader: Callable[[Path], object], path: Path) -> str:
    start = time.monotonic()
    try:
        reader(path)
    except InputFormatError as error:
        assert error.where.startswith(path.name) and error.message
        found = "refused"
    else:
        found = "read"
    assert time.monotonic() - start < 20, path.read_bytes()[:200]
    return found


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str, compressed: bool) -> None:
    reader, sound = READERS[name]
    path = tmp_path / name
    path.write_bytes(sound)
    reader(path)
    rng = random.Random(f"{name} {compressed}")
    found = set()
    for _ in range(300):
        if compressed:
            path.write_bytes(damaged(gzip.compress(sound, mtime=0), rng))
        else:
            path.write_bytes(damaged(sound, rng))
        found.add(outcome(reader, path))
    assert "refused" in found


@needs_refdata
@pytest.mark.full
def test_damaged_public_files_are_read_or_refused(tmp_path: Path) -> None:
    sources = {
        "x.jdx": REFDATA / "formats" / "jcamp" / "nzhagen+jcamp" / "dupdec1.jdx",
        "x.msp": REFDATA / "formats" / "msp_msl_elu" / "matchms+matchms" / "massbank_five_spectra.msp",
        "x.fasta": REFDATA / "sequences" / "moschus" / "moschus_12S-V5.fasta.gz",
    }
    for name, source in sources.items():
        data = source.read_bytes()
        data = gzip.decompress(data) if source.suffix == ".gz" else data
        rng = random.Random(name)
        for _ in range(1000):
            (tmp_path / name).write_bytes(damaged(data, rng))
            outcome(READERS[name][0], tmp_path / name)


@pytest.mark.parametrize("name", READERS)
def test_a_small_file_that_grows_without_end_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"A" * 5_000_000))
    assert path.stat().st_size < 10_000
    with pytest.raises(InputFormatError, match="larger than 1000000 bytes when decompressed"):
        READERS[name][0](path, max_bytes=1_000_000)
