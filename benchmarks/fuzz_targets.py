"""Every reader of files from outside, and of the laboratory's own inputs, with sound files to be damaged."""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLES = PROJECT / "examples"
REFDATA = PROJECT.parent / "shared" / "refdata"
MAX_SEED_BYTES = 6_000
Target = tuple[str, Callable[[Path], Any], Callable[[], list[bytes]]]


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


def _signing_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def _key_id() -> str:
    from musk_id.sealing.bundle import ROLE
    from musk_id.sealing.keys import key_id_of

    return key_id_of(ROLE, _signing_key().public_key().public_bytes_raw())


def _key_file() -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    kept = BestAvailableEncryption(b"a passphrase")
    return bytes(_signing_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kept))


def _load_key(path: Path) -> None:
    from musk_id.sealing.keys import load_key

    path.chmod(0o600)
    load_key(path, "a passphrase")


_MEMBERS = {"library.json": b'{"a": 1}', "taxa.tsv": b"accession\nX1\n"}


def _bundle() -> bytes:
    """A signed library of two small files."""
    from musk_id.model.bundle import BundleHeader, BundleInput, BundleMember
    from musk_id.records.files import sha256_bytes
    from musk_id.sealing.bundle import bundle_bytes

    members = [
        BundleMember(name=name, size_bytes=len(data), sha256=sha256_bytes(data)) for name, data in _MEMBERS.items()
    ]
    header = BundleHeader(
        schema=BundleHeader.SCHEMA,
        library_id="lib-1",
        library_date="2026-11-25",
        library_title="Made",
        manifest_sha256=members[0].sha256,
        records=1,
        exporter="A laboratory",
        statement="Made to be damaged.",
        policy_sha256="0" * 64,
        licences=("CC0-1.0",),
        required_provenance=(),
        inputs=(BundleInput(path="a.fa", sha256="0" * 64, licence="CC0-1.0", source="made", records=1),),
        members=tuple(members),
    )
    return bundle_bytes(header, _MEMBERS, (_key_id(), _signing_key()))


def _unpack_bundle(path: Path) -> None:
    from musk_id.model.laboratory import TrustedKey
    from musk_id.sealing.bundle import ROLE, unpack_bundle
    from musk_id.sealing.keys import public_key_text

    public = public_key_text(_signing_key().public_key().public_bytes_raw())
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unpack_bundle(
            path, Path(folder), (TrustedKey(key_id=_key_id(), public_key=public, role=ROLE),), _MEMBERS.keys()
        )


def _photographs() -> list[bytes]:
    """The same small picture in the two kinds, with what cameras add."""
    from io import BytesIO

    from PIL import Image

    picture = Image.radial_gradient("L").resize((24, 16)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    found = []
    for kind, more in (("JPEG", {"progressive": True}), ("JPEG", {"quality": 60}), ("PNG", {})):
        stream = BytesIO()
        picture.save(stream, kind, exif=exif, **more)
        found.append(stream.getvalue())
    return found


def _draw_photograph(path: Path) -> None:
    """A photograph is drawn or refused by a remark; a refusal is told as the error that the counts ask for."""
    from musk_id.errors import InputFormatError
    from musk_id.render.photographs import photograph_of

    drawn = photograph_of(path.read_bytes())
    if not drawn.jpeg:
        raise InputFormatError("; ".join(remark.value for remark in drawn.remarks), where=path.name)


def _library_file() -> bytes:
    return (
        b'library_id = "own"\ndate = "2026-01-01"\ntitle = "Own"\nanchors_release = "2026.1"\n'
        b'[[sequences]]\npath = "a.fasta"\nsource = "made"\nlicence = "CC0-1.0"\nredistribute = false\n'
        b'loci = ["COI-658"]\ntaxonomy = "a.tsv"\n'
    )


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
    from musk_id.refdb.library_sources import parse_curation, parse_library_file, read_taxonomy

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
        "photograph": ("x.jpg", _draw_photograph, _photographs),
        "bundle": ("x.bundle", _unpack_bundle, lambda: [_bundle()]),
        "key": (f"{_key_id()}.pem", _load_key, lambda: [_key_file()]),
        "library-sources": (
            "library.toml",
            lambda p: parse_library_file(p.read_bytes(), p.name),
            lambda: [_library_file()],
        ),
        "taxonomy": (
            "taxa.tsv",
            read_taxonomy,
            lambda: [b"accession\tspecies\tfamily\torder\nX1\tMoschus moschiferus\tMoschidae\tArtiodactyla\n"],
        ),
        "curation": (
            "curation.tsv",
            lambda p: parse_curation(p.read_bytes(), p.name),
            lambda: [
                b"accession\tlocus\tstate\trevised_names\tperson\tdate\treason\n"
                b"X1\tCOI-658\tname_disproved\tMoschus berezovskii\tA\t2026-01-01\tgiven\n"
            ],
        ),
        "receipt": ("x.receipt.json", partial(_record, Receipt), lambda: [receipt]),
        "shard-table": ("shards.tsv", lambda p: read_table(p.parent), lambda: [head]),
        "shard-list": ("list.tsv", read_list, lambda: [b"# software 1 x\nA\tx\tB C\nD\ty\t\n"]),
    }
    return found
