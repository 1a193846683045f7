"""Damaged files for every reader: ``make fuzz``, in full ``make fuzz ARGS="--inputs 100000"``.

Each reader runs in a process of its own with limited memory and gets files that were made from sound ones, our
own small ones and real ones of the public sets: bits turned, parts cut out, doubled, put in, the end cut off,
also inside gzip. It must read each or refuse it with an error of this software that names the file, within
the time limit. An input that does anything else is kept in ``tests/found`` as <reader>-<digest>.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from musk_id.errors import MuskIdError

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLES = PROJECT / "examples"
REFDATA = PROJECT.parent / "shared" / "refdata"
FOUND = PROJECT / "tests" / "found"
MAX_SEED_BYTES = 6_000
MAX_MEMORY_BYTES = 3_000_000_000
MAX_SECONDS_EACH = 20
# Files in memory, where the system has such a place.
MEMORY_DISK = next((str(p) for p in (Path("/dev/shm"),) if p.is_dir()), None)  # noqa: S108
NASTY = (
    b"\0",
    b"\xff",
    b"\x1a",
    b"\r",
    b"-",
    b"9" * 400,
    b"1e308",
    b"nan",
    b"##",
    b">",
    b"Z99999",
    b"\x1f\x8b",
    b'"',
    b"{",
    b"[",
    b"&a ",
    b"<",
    b"\t",
    b"\n",
    b"\xe2\x80\xae",
)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one to four damages."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content) + 1)
        kind = rng.randrange(5)
        if kind == 0 and content:
            content[at % len(content)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            content[at:at] = rng.choice(NASTY)
        elif kind == 2:
            del content[at : at + rng.randint(1, 30)]
        elif kind == 3:
            other = rng.randrange(len(content) + 1)
            content[at:at] = content[min(at, other) : max(at, other)]
        else:
            del content[at:]
    return bytes(content)


def _case_file(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


def _public(pattern: str) -> list[bytes]:
    """Real files of the public sets, cut to a size that lets thousands be tried."""
    found = []
    for path in sorted(REFDATA.glob(pattern))[:40]:
        data = path.read_bytes()
        if path.suffix == ".gz":
            with gzip.open(path) as stream:
                data = stream.read(MAX_SEED_BYTES)
        found.append(data[:MAX_SEED_BYTES])
    return found


def _all(iterate: Callable[[Path], Any], path: Path) -> None:
    for _ in iterate(path):
        pass


def _small_bam() -> bytes:
    """A mapped file of a few reads."""
    import pysam

    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chrM", "LN": 16_569}]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.bam"
        with pysam.AlignmentFile(str(path), "wb", header=header) as handle:
            for number in range(4):
                read = pysam.AlignedSegment(handle.header)
                read.query_name, read.query_sequence, read.cigarstring = f"r{number}", "GGACGTTTAC", "2S3M2I1M2M"
                read.reference_id, read.reference_start, read.mapping_quality = 0, 10 * number, 60
                read.query_qualities = pysam.qualitystring_to_array("I" * 10)
                handle.write(read)
        return path.read_bytes()


def _read_bam(path: Path) -> None:
    from musk_id.formats import bam

    with bam.open_bam(path, min_mapping_quality=10, min_base_quality=7) as handle:
        _all(lambda _: handle.reads(), path)
        _all(lambda _: handle.region(0, 100), path)


def _read_packed_bam(path: Path) -> None:
    """Damaged content in a sound container: what checksums of the container would hide."""
    import pysam

    packed = path.with_suffix(".bam")
    with pysam.BGZFile(str(packed), "w") as handle:
        handle.write(path.read_bytes())
    _read_bam(packed)


def _record(cls: type[Any], path: Path) -> None:
    from musk_id.records.canonical import parse_record

    parse_record(cls, path.read_bytes(), path.name)


def _examined_lines() -> list[bytes]:
    """Records of a small case by stage, as they stand in a shard's files."""
    from musk_id.cli.casework import (
        barcode_case,
        controls_batch,
        evidence_case,
        intake_case,
        record_case,
        spectra_case,
    )
    from musk_id.cli.workplace import Casework
    from musk_id.records.canonical import canonical_json

    work, case = Casework(EXAMPLES), EXAMPLES / "cases" / "DEMO-D"
    intake = intake_case(work, case)
    controls = {"DEMO-DNA-1": controls_batch(work, EXAMPLES / "batches" / "DEMO-DNA-1")}
    barcode, spectra = barcode_case(work, intake, controls, case), spectra_case(work, intake, controls, case)
    evidence = evidence_case(work, intake, controls, barcode, spectra)
    record = record_case(work, intake, controls, barcode, spectra, evidence)
    return [
        canonical_json(part) + b"\n" for part in (intake, *controls.values(), barcode, spectra, evidence, record)
    ]


def targets() -> dict[str, tuple[str, Callable[[Path], Any], Callable[[], list[bytes]]]]:
    """Readers by name: file name for them, the reader, where sound files come from."""
    from musk_id.cli.shards import read_list, read_table
    from musk_id.formats import (
        ab1,
        case_table,
        fasta,
        fasta_stream,
        fastq,
        genbank,
        jcamp,
        massbank,
        mgf,
        msp,
        mzml,
        mzxml,
        spectra_stream,
        spectrum_csv,
    )
    from musk_id.model.batch import RunSheet
    from musk_id.model.examination import Examination
    from musk_id.model.laboratory import Laboratory
    from musk_id.model.receipt import Receipt
    from musk_id.model.request import Request
    from musk_id.records.inputs import read_input
    from musk_id.records.lines import read_heads, read_jsonl
    from musk_id.records.tree import read_tree

    sys.path.insert(0, str(PROJECT / "tests"))
    from abif import trace
    from flat_files import flat_record
    from runs import mzml as made_mzml
    from runs import mzxml as made_mzxml

    scans = [[(41.0, 5.0), (60.1, 999.0)], [(50.0, 1.0)]]
    fastq_text = b"@r1\nACGTN\n+\nIIII!\n@r2\nTTTT\n+r2\nJJJJ\n"
    table = b'case_id;authority;question_1_kind;question_1_text;item_id;described_as\nA;B;OTHER;"x\ny";I;D\n'
    head = b"kind\tshard\tid\tinput_sha256\ncase\ts00001\tA\tx\nbatch\tb00001\tB\ty\n"
    receipt = (
        b'{"case_id":"A","file_name":"a","laboratory":"l","photographs_named":0,"problems":[],"request_sha256":null,'
        b'"schema":"musk-id/receipt/1","size_bytes":1,"software_version":"1","status":"ACCEPTED"}'
    )
    request, examination = _case_file("cases/DEMO-A/request.yaml"), _case_file("cases/DEMO-A/examination.yaml")
    as_json = json.dumps(
        {"schema": "musk-id/request/1", "items": [{"item_id": "1"}], "x": [1.5, None, True]}
    ).encode()
    found: dict[str, tuple[str, Callable[[Path], Any], Callable[[], list[bytes]]]] = {
        "ab1": ("x.ab1", ab1.read_ab1, lambda: [trace("ACGTNACGGTCATTAGC" * 3)]),
        "bam": ("x.bam", _read_bam, lambda: [_small_bam()]),
        "bam-content": ("x.raw", _read_packed_bam, lambda: [gzip.decompress(_small_bam())]),
        "case-table": ("x.csv", case_table.read_case_table, lambda: [table]),
        "fasta": (
            "x.fasta",
            fasta.read_fasta,
            lambda: [b">a one\nACGTRYN\n", *_public("sequences/moschus/*.fasta.gz")],
        ),
        "fasta-stream": (
            "x.fasta",
            lambda p: _all(lambda q: fasta_stream.FastaStream(q).batches(7), p),
            lambda: [b">a one\nACGTRYN\n>b\n\nAC\n"],
        ),
        "fastq": (
            "x.fastq",
            lambda p: _all(lambda q: fastq.FastqFile(q).batches(3), p),
            lambda: [fastq_text, *_public("reads/*/*.fastq.gz")],
        ),
        "genbank": ("x.gb", genbank.read_genbank, lambda: [flat_record("AY847268.1", "ACGTRYN" * 20).encode()]),
        "jcamp": (
            "x.jdx",
            jcamp.read_blocks,
            lambda: [_case_file("cases/DEMO-C/C1-R1_peak1.jdx"), *_public("formats/jcamp/*/*.*dx")],
        ),
        "jcamp-spectra": (
            "x.jdx",
            jcamp.read_jcamp,
            lambda: [_case_file("cases/DEMO-C/C1-R1_peak1.jdx"), *_public("formats/jcamp/*/*.*dx")],
        ),
        "massbank": (
            "x.txt",
            massbank.read_massbank,
            lambda: [
                b"ACCESSION: MSBNK-A-B1\nRECORD_TITLE: a\nPK$NUM_PEAK: 1\n"
                b"PK$PEAK: m/z int. rel.int.\n  41 5 999\n//\n"
            ],
        ),
        "mgf": ("x.mgf", mgf.read_mgf, lambda: [b"BEGIN IONS\nTITLE=a\n41 5\n60.1 999 1+\nEND IONS\n"]),
        "msp": (
            "x.msp",
            msp.read_msp,
            lambda: [_case_file("cases/DEMO-C/C1-R2_peak2.msp"), *_public("formats/msp_msl_elu/*/*.msp")],
        ),
        "mzml": (
            "x.mzML",
            mzml.read_mzml,
            lambda: [
                made_mzml(scans, compressed=True),
                made_mzml(scans),
                *_public("formats/mzml_mzxml/*/*.mzML*"),
            ],
        ),
        "mzxml": (
            "x.mzXML",
            mzxml.read_mzxml,
            lambda: [made_mzxml(scans), *_public("formats/mzml_mzxml/*/*.mzXML*")],
        ),
        "spectra-stream": (
            "x.msp",
            lambda p: _all(lambda q: spectra_stream.SpectrumStream(q).batches(2), p),
            lambda: [_case_file("cases/DEMO-C/C1-R2_peak2.msp"), *_public("formats/msp_msl_elu/*/*.msp")],
        ),
        "spectrum-csv": (
            "x.csv",
            spectrum_csv.read_spectrum_csv,
            lambda: [b'spectrum,m/z [Th],intensity [counts]\na,41,5\n"b c",60.1,999\n'],
        ),
        "yaml": ("x.yaml", read_tree, lambda: [request, examination]),
        "json": ("x.json", read_tree, lambda: [as_json]),
        "request": ("request.yaml", partial(read_input, Request), lambda: [request]),
        "examination": ("examination.yaml", partial(read_input, Examination), lambda: [examination]),
        "run-sheet": (
            "sheet.yaml",
            partial(read_input, RunSheet),
            lambda: [_case_file("batches/DEMO-DNA-1/sheet.yaml")],
        ),
        "laboratory": (
            "laboratory.yaml",
            partial(read_input, Laboratory),
            lambda: [_case_file("laboratory.yaml")],
        ),
        "jsonl": ("x.jsonl", read_jsonl, _examined_lines),
        "jsonl-heads": ("x.jsonl", read_heads, _examined_lines),
        "receipt": ("x.receipt.json", partial(_record, Receipt), lambda: [receipt]),
        "shard-table": ("shards.tsv", lambda p: read_table(p.parent), lambda: [head]),
        "shard-list": ("list.tsv", read_list, lambda: [b"# software 1 x\nA\tx\tB C\nD\ty\t\n"]),
    }
    return found


def try_reader(name: str, inputs: int, seconds: float, seed: int) -> dict[str, Any]:
    """Give a reader damaged files until the number or the time is reached; what became of them."""
    file_name, reader, seeds = targets()[name]
    sound = [data for data in seeds() if data]
    rng = random.Random(f"{seed}-{name}")  # noqa: S311 - damages, no secret
    counts = {"read": 0, "refused": 0, "failed": 0}
    slowest, start = 0.0, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="musk-id-fuzz-", dir=MEMORY_DISK) as folder:
        path = Path(folder) / file_name
        for number in range(inputs):
            if time.monotonic() - start > seconds:
                break
            data = rng.choice(sound)
            data = damaged(gzip.compress(data, 1, mtime=0), rng) if number % 10 == 0 else damaged(data, rng)
            path.write_bytes(data)
            begin = time.monotonic()
            try:
                reader(path)
                counts["read"] += 1
            except MuskIdError as error:
                counts["refused"] += 1
                problem = "" if str(error) else "an empty message"
            except (Exception, SystemExit) as error:  # noqa: BLE001 - that is what is looked for
                problem = f"{type(error).__name__}: {error}"
            else:
                problem = ""
            took = time.monotonic() - begin
            slowest = max(slowest, took)
            if took > MAX_SECONDS_EACH:
                problem = f"{took:.0f} s"
            if problem:
                counts["failed"] += 1
                FOUND.mkdir(exist_ok=True)
                kept = FOUND / f"{name}-{hashlib.sha256(data).hexdigest()[:16]}"
                kept.write_bytes(data)
                print(f"{name}: {problem[:300]}: kept as {kept}", file=sys.stderr)
    return {
        "reader": name,
        **counts,
        "slowest s": round(slowest, 3),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> int:
    """Try every reader, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, help="files for each reader (default: 1000)")
    parser.add_argument("--seconds", type=float, default=1e9, help="at most so long for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader", action="append", help="only this reader")
    parser.add_argument("--here", action="store_true", help="in this process (used for each reader)")
    arguments = parser.parse_args()
    if arguments.here:
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        print(json.dumps(try_reader(arguments.reader[0], arguments.inputs, arguments.seconds, arguments.seed)))
        return 0
    failed = tried = 0
    for name in arguments.reader or targets():
        command = [sys.executable, __file__, "--here", "--reader", name, "--inputs", str(arguments.inputs)]
        command += ["--seconds", str(arguments.seconds), "--seed", str(arguments.seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            print(f"{name}: the process ended with {done.returncode}")
            failed += 1
            continue
        print(done.stdout.strip(), flush=True)
        figures = json.loads(done.stdout)
        tried += figures["read"] + figures["refused"] + figures["failed"]
        failed += figures["failed"]
    print(f"bad inputs tried {tried}, failures {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
