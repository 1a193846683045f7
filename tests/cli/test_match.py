"""``musk-id barcode match``: whole tables or none, harmless cells, streamed input."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import made_library
import pytest

from musk_id.cli import main
from musk_id.errors import InputFormatError
from musk_id.formats.fasta import read_fasta_bytes
from musk_id.formats.fasta_stream import FastaStream
from musk_id.vocabulary import CurationState


def records(release, count=12):
    return [r for r in release.barcodes if r.state is CurationState.REFERENCE and r.genus == "Moschus"][:count]


def fasta(release, count=12) -> str:
    return "".join(f">{r.accession} {r.organism_as_deposited}\n{r.sequence}\n" for r in records(release, count))


def matched(path: Path, *words: str) -> int:
    return main(["barcode", "match", str(path), "--library", "2026.1", *words])


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def test_one_row_a_sequence_in_a_file_and_on_standard_output(tmp_path, capfdbinary, shipped_release):
    queries, out = tmp_path / "q.fasta.gz", tmp_path / "new" / "t.tsv"
    queries.write_bytes(gzip.compress(fasta(shipped_release).encode()))
    assert matched(queries, "--out", str(out)) == 0
    rows = table(out.read_text(encoding="utf-8"))
    assert [row["number"] for row in rows] == [str(n) for n in range(1, 13)]
    assert {row["answer"] for row in rows} == {"Moschus"} and {row["rank"] for row in rows} == {"GENUS"}
    assert all(row["distance"] == "0" and row["strand"] == "forward" for row in rows)
    capfdbinary.readouterr()
    assert matched(queries, "--out", "-") == 0
    shown = capfdbinary.readouterr()
    assert shown.out == out.read_bytes()
    assert shown.err == b""


@pytest.mark.parametrize(
    "bad", ["ACGT\n", ">a\nACGT\n>b\nAC*T\n", "", ">a\nAC\x01GT\n", ">a\n\n>b\nAC\n", ">\nAC\n"]
)
def test_malformed_input_leaves_what_was_there(tmp_path, capfdbinary, shipped_release, bad):
    queries, out = tmp_path / "q.fasta", tmp_path / "t.tsv"
    queries.write_text(fasta(shipped_release) + bad if bad.startswith(">") else bad)
    out.write_text("before")
    assert matched(queries, "--out", str(out)) == 3
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["q.fasta", "t.tsv"]
    assert matched(queries, "--out", "-") == 3
    assert capfdbinary.readouterr().out == b""


def test_damaged_gzip_is_input_that_cannot_be_read(tmp_path, shipped_release):
    data = gzip.compress(fasta(shipped_release).encode())
    for name, broken in (("cut.gz", data[:-20]), ("bits.gz", data[:40] + b"\0\0\0" + data[43:])):
        (tmp_path / name).write_bytes(broken)
        assert matched(tmp_path / name, "--out", str(tmp_path / "t.tsv")) == 3
    assert matched(tmp_path / "absent", "--out", "-") == 3
    assert not (tmp_path / "t.tsv").exists()


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "-2+3", "a\tb", "x;=cmd", "a\u202eb", "\u2028c"])
def test_names_cannot_act_or_break_a_row(tmp_path, shipped_release, name):
    queries, out = tmp_path / "q.fasta", tmp_path / "t.tsv"
    queries.write_text(f">{name}\n{records(shipped_release)[0].sequence}\n", encoding="utf-8")
    assert matched(queries, "--out", str(out)) == 0
    (row,) = table(out.read_text(encoding="utf-8"))
    assert not row["id"].startswith(("=", "@", "-", "+"))
    assert row["id"].isprintable() and row["answer"] == "Moschus"
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2


def test_human_is_a_word_only(tmp_path, shipped_release):
    human = next(r for r in shipped_release.barcodes if r.genus == "Homo")
    queries, out = tmp_path / "q.fasta", tmp_path / "t.tsv"
    queries.write_text(f">somebody\n{human.sequence}\n")
    assert matched(queries, "--out", str(out)) == 0
    (row,) = table(out.read_text())
    assert row["answer"] == "Homo sapiens" and row["reasons"] == "HUMAN_DNA" and row["number"] == "1"
    assert "somebody" not in out.read_text() and human.accession not in out.read_text()
    assert not row["nearest"] and not row["distance"]


def test_queries_are_not_overwritten(tmp_path):
    (tmp_path / "q.fasta").write_text(">a\nACGT\n")
    assert matched(tmp_path / "q.fasta", "--out", str(tmp_path / "q.fasta")) == 2
    assert main(["barcode", "match", str(tmp_path / "q.fasta"), "--library", str(tmp_path), "--out", "-"]) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
def test_the_stream_reads_what_the_whole_file_reader_reads(tmp_path, monkeypatch, end, chunk):
    text = end.join([">a b", "acgu", "", "  RYN-", ">c", "-ACGT", "ACGT", ">d", "TTT"]) + end
    (tmp_path / "q.fa").write_bytes(b"\xef\xbb\xbf" + text.encode() if chunk > 2 else text.encode())
    monkeypatch.setattr("musk_id.formats.fasta_stream._CHUNK", chunk)
    read = [sequence for batch in FastaStream(tmp_path / "q.fa").batches(2) for sequence in batch]
    assert tuple(read) == read_fasta_bytes(text.encode(), "q.fa")


def test_the_stream_names_the_line(tmp_path):
    (tmp_path / "q.fa").write_bytes(b">a\r\nACGT\r\nAC-GT\r\nAJ\r\n")
    with pytest.raises(InputFormatError, match=r"line 4.*J"):
        list(FastaStream(tmp_path / "q.fa").batches(5))


def test_processes_and_batches_do_not_change_the_table(tmp_path, monkeypatch, shipped_release):
    queries = tmp_path / "q.fasta"
    queries.write_text(fasta(shipped_release, 20))
    assert matched(queries, "--out", str(tmp_path / "whole.tsv"), "--processes", "1") == 0
    monkeypatch.setattr("musk_id.cli.match.BATCH", 3)
    assert matched(queries, "--out", str(tmp_path / "parts.tsv"), "--processes", "2") == 0
    assert (tmp_path / "parts.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()
    queries.write_text(fasta(shipped_release, 20) + ">late\nAC*T\n")
    assert matched(queries, "--out", str(tmp_path / "late.tsv"), "--processes", "2") == 3
    assert not (tmp_path / "late.tsv").exists()


def test_a_library_answers_with_its_own_records(tmp_path, shipped_release):
    made = [made_library.made_from(r, f"OWN{n}", 0) for n, r in enumerate(records(shipped_release))]
    sources = made_library.write_sources(tmp_path / "src", made_library.inputs_of(made))
    library = made_library.build(sources, shipped_release, tmp_path / "libraries")
    queries, out = tmp_path / "q.fasta", tmp_path / "t.tsv"
    queries.write_text(fasta(shipped_release))
    words = ["barcode", "match", str(queries), "--library", str(library), "--out", str(out)]
    assert main(words) == 0
    rows = table(out.read_text(encoding="utf-8"))
    assert all(row["nearest"].startswith("OWN") and row["distance"].strip("0.") == "" for row in rows)
    # Only Moschus is held: without another genus there is no margin, and no answer.
    assert {row["answer"] for row in rows} == {""}
    assert all("MARGIN_TOO_SMALL" in row["reasons"] and "NOT_CALIBRATED" in row["reasons"] for row in rows)
    (library / "taxa.tsv").write_text("changed")
    assert main(words) == 4
