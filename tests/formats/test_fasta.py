"""FASTA files: what is read, what is refused and how the error names it."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refdata import REFDATA, needs_refdata

from musk_id.errors import InputFormatError
from musk_id.formats import fasta, limited
from musk_id.formats.fasta import read_fasta, read_fasta_bytes
from musk_id.formats.sequence_files import MAX_RUN_SEQUENCES, read_sequences
from musk_id.model.sequence import NucleotideSequence


def read(text: str | bytes) -> tuple[NucleotideSequence, ...]:
    return read_fasta_bytes(text if isinstance(text, bytes) else text.encode(), "x.fasta")


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
    lambda name: not name.startswith(">")
)
LETTERS = st.text("ACGTRYSWKMBDHVN", min_size=1, max_size=200)


@given(
    st.dictionaries(NAMES, LETTERS, min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 70),
)
def test_written_sequences_read_back(records: dict[str, str], line_end: str, width: int) -> None:
    lines = []
    for name, letters in records.items():
        lines += [f">{name}", *(letters[i : i + width].lower() for i in range(0, len(letters), width)), ""]
    assert {s.name: s.letters for s in read(line_end.join(lines))} == records


def test_rna_case_blanks_and_end_gaps_are_made_plain() -> None:
    assert read("\ufeff\n > a  b\n--acgu uN..\n") == (NucleotideSequence("a b", "ACGTTN"),)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_file_name(data: bytes) -> None:
    try:
        sequences = read_fasta_bytes(data, "x.fasta")
    except InputFormatError as error:
        assert error.where.startswith("x.fasta")
    else:
        assert sequences and all(set(s.letters) <= set("ACGTRYSWKMBDHVN") for s in sequences)


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        ("", "no sequence", "x.fasta"),
        ("\n \n", "no sequence", "x.fasta"),
        ("ACGT\n", "does not begin with a '>' line", "x.fasta, line 1"),
        ("\n@r1\nACGT\n+\nIIII\n", "begins like FASTQ", "x.fasta, line 2"),
        ("LOCUS       AB1\n", "begins like GenBank", "x.fasta, line 1"),
        ("ID   X56734; SV 1\n", "begins like EMBL", "x.fasta, line 1"),
        ("##TITLE=x\n", "begins like JCAMP-DX", "x.fasta, line 1"),
        (">\nACGT\n", "has no name", "x.fasta, line 1"),
        (f">{'n' * 201}\nACGT\n", "201 characters, at most 200", "x.fasta, line 1"),
        (">a\n>b\nACGT\n", "'a' has no letters", "x.fasta, line 1"),
        (">a\n---\n", "'a' has no letters", "x.fasta, line 1"),
        (">a\nACGT\n>b\nACGT\n>a\nAC\n", "'a' stands on lines 1 and 5", "x.fasta, line 5"),
        (">a\nACGT\nMKLV\n", "'L' is no nucleotide letter; this looks like a protein", "x.fasta, line 3"),
        (">a\nAC1GT\n", "'1' is no nucleotide letter$", "x.fasta, line 2"),
        (">a\nACGT\u2028>b\n", "is no nucleotide letter", "x.fasta, line 2"),
        (">a\nAC-GT\n", "'a' holds a gap at letter 3", "x.fasta, line 1"),
        (">a\x1b[31m\nACGT\n", r"control character U\+001B", "x.fasta, line 1"),
        (">a\r\nAC\x07GT\n", r"control character U\+0007", "x.fasta, line 2"),
    ],
)
def test_faults_are_named_with_their_line(text: str, message: str, where: str) -> None:
    with pytest.raises(InputFormatError, match=message) as caught:
        read(text)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ABIF\x00\x65", "Sanger trace"),
        (b"PK\x03\x04zzz", "ZIP archive"),
        (b"%PDF-1.7", "PDF"),
        (">a\nACGT".encode("utf-16"), "UTF-16"),
        (b">a\n\x00\x01", "binary content"),
    ],
)
def test_other_kinds_of_file_are_recognised(data: bytes, message: str) -> None:
    with pytest.raises(InputFormatError, match=message):
        read(data)


def test_limits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputFormatError, match="more than 2 sequences"):
        read_fasta_bytes(b">a\nA\n>b\nA\n>c\nA\n", "x.fasta", max_records=2)
    monkeypatch.setattr(fasta, "MAX_LENGTH_BP", 6)
    assert len(read(">a\nACG\nTAC\n")[0].letters) == 6
    with pytest.raises(InputFormatError, match="longer than 6 letters"):
        read(">a\nACG\nTACG\n")


def test_names_in_other_encodings_are_kept_readable() -> None:
    assert read(">кабарга 麝\nACGT\n".encode())[0].name == "кабарга 麝"
    assert read(">caf\xe9\nACGT\n".encode("latin-1"))[0].name == "café"


def test_gzip_files_of_several_members_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.fasta.gz"
    path.write_bytes(gzip.compress(b">a\nAC") + gzip.compress(b"GT\n") + b"\0" * 512)
    assert read_fasta(path) == (NucleotideSequence("a", "ACGT"),)


def test_damaged_gzip_files_are_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b">a\n" + b"ACGT" * 500)
    path = tmp_path / "x.fasta.gz"
    for data, message in (
        (whole[:-9], "cut off"),
        (whole[:12] + b"\xff\xff\xff" + whole[15:], "damaged gzip"),
        (whole + b"rest", "damaged gzip"),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(whole), "gzip file inside a gzip file"),
    ):
        path.write_bytes(data)
        with pytest.raises(InputFormatError, match=message):
            read_fasta(path)


def test_decompression_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.fasta.gz"
    path.write_bytes(gzip.compress(b">a\n" + b"A" * 5_000_000))
    with pytest.raises(InputFormatError, match="larger than 1000000 bytes when decompressed"):
        read_fasta(path, max_bytes=1_000_000)
    monkeypatch.setattr(limited, "MAX_GZIP_MEMBERS", 20)
    path.write_bytes(gzip.compress(b"") * 21)
    with pytest.raises(InputFormatError, match="more than 20 gzip members"):
        read_fasta(path)


def test_files_that_are_no_plain_files_are_refused(tmp_path: Path) -> None:
    plain = tmp_path / "x.fasta"
    plain.write_bytes(b">a\n" + b"A" * 100)
    with pytest.raises(InputFormatError, match="larger than 50 bytes"):
        read_fasta(plain, max_bytes=50)
    with pytest.raises(InputFormatError, match="no regular file"):
        read_fasta(tmp_path / "absent.fasta")
    with pytest.raises(InputFormatError, match="no regular file"):
        read_fasta(tmp_path)
    os.mkfifo(tmp_path / "pipe.fasta")
    with pytest.raises(InputFormatError, match="no regular file"):
        read_fasta(tmp_path / "pipe.fasta")


def test_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.fasta"
    path.write_bytes(b">a\nA\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputFormatError, match="cannot be read: Permission denied"):
        read_fasta(path)


def test_run_files_are_chosen_by_their_ending(tmp_path: Path) -> None:
    path = tmp_path / "run.FAS"
    path.write_bytes(b">a\nACGT\n")
    assert read_sequences(path)[0].letters == "ACGT"
    other = tmp_path / "run.ab1"
    other.write_bytes(b">a\nACGT\n")
    with pytest.raises(InputFormatError, match="no sequence format that is read"):
        read_sequences(other)


def test_run_files_hold_few_sequences(tmp_path: Path) -> None:
    path = tmp_path / "run.fasta"
    path.write_text("".join(f">s{i}\nACGT\n" for i in range(MAX_RUN_SEQUENCES)))
    assert len(read_sequences(path)) == MAX_RUN_SEQUENCES
    path.write_text(path.read_text() + ">one_more\nACGT\n")
    with pytest.raises(InputFormatError, match=f"more than {MAX_RUN_SEQUENCES} sequences"):
        read_sequences(path)


@needs_refdata
def test_public_barcode_files_are_read_as_biopython_reads_them() -> None:
    from Bio import SeqIO

    files = sorted((REFDATA / "sequences").rglob("*.fasta.gz"), key=lambda p: p.stat().st_size)[:6]
    assert files
    for path in files:
        with gzip.open(path, "rt") as handle:
            expected = [
                (r.description, str(r.seq).upper().replace("U", "T")) for r in SeqIO.parse(handle, "fasta")
            ]
        assert [(s.name, s.letters) for s in read_fasta(path)] == expected
