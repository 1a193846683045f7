"""FASTA files of nucleotide sequences, read strictly."""

from __future__ import annotations

import re
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.limited import decode_text, read_bytes
from musk_id.model.sequence import NucleotideSequence

__all__ = ["read_fasta"]

MAX_BYTES = 50_000_000
MAX_RECORDS = 200_000
MAX_LENGTH = 200_000
MAX_NAME_LENGTH = 200

_LETTERS = re.compile(r"[ACGTURYSWKMBDHVN]*")


def read_fasta(
    path: Path, *, max_records: int = MAX_RECORDS, max_bytes: int = MAX_BYTES
) -> tuple[NucleotideSequence, ...]:
    """Sequences of a FASTA file, gzip or not, in file order.

    Letters are made upper case, ``U`` becomes ``T``; gaps are allowed at the ends only and are dropped.

    Raises
    ------
    InputFormatError
        With line number, if the file is empty, no FASTA, no nucleotides, or beyond a limit.
    """
    text = decode_text(read_bytes(path, max_bytes), path.name)
    records: list[tuple[str, int, list[str]]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line:
            continue
        if line.startswith(">"):
            records.append((_name(line[1:].strip(), number, path.name), number, []))
            if len(records) > max_records:
                raise InputFormatError(f"more than {max_records} sequences", where=path.name)
        elif not records:
            raise InputFormatError(_looks_like(line), where=f"{path.name}, line {number}")
        else:
            records[-1][2].append(_letters(line, number, path.name))
    if not records:
        raise InputFormatError("no sequence in the file", where=path.name)
    sequences = tuple(_sequence(*record, path.name) for record in records)
    _refuse_equal_names(sequences, path.name)
    return sequences


def _looks_like(line: str) -> str:
    if line.startswith("@"):
        return "the file begins like FASTQ, not like FASTA ('>' is expected)"
    if line.startswith("LOCUS"):
        return "the file begins like GenBank, not like FASTA ('>' is expected)"
    return "the file does not begin with a '>' line"


def _name(text: str, number: int, file_name: str) -> str:
    where = f"{file_name}, line {number}"
    if not text:
        raise InputFormatError("a sequence has no name", where=where)
    if len(text) > MAX_NAME_LENGTH or not text.isprintable():
        raise InputFormatError(
            f"the name of a sequence is longer than {MAX_NAME_LENGTH} or holds a control character", where=where
        )
    return text


def _letters(line: str, number: int, file_name: str) -> str:
    letters = line.upper().replace("U", "T").replace(" ", "")
    stripped = letters.replace("-", "").replace(".", "")
    if not _LETTERS.fullmatch(stripped):
        bad = next(c for c in stripped if not _LETTERS.fullmatch(c))
        kind = "; this looks like a protein" if bad in "EFILPQZ*" else ""
        raise InputFormatError(
            f"{bad!r} is no nucleotide letter{kind}",
            where=f"{file_name}, line {number}",
            hint="IUPAC nucleotide letters are ACGTU RYSWKM BDHV N",
        )
    return letters


def _sequence(name: str, number: int, pieces: list[str], file_name: str) -> NucleotideSequence:
    where = f"{file_name}, line {number}"
    letters = "".join(pieces).strip("-.")
    if not letters:
        raise InputFormatError(f"sequence {name[:60]!r} has no letters", where=where)
    if "-" in letters or "." in letters:
        raise InputFormatError(
            f"sequence {name[:60]!r} holds a gap inside", where=where, hint="hand in unaligned sequences"
        )
    if len(letters) > MAX_LENGTH:
        raise InputFormatError(f"{len(letters)} letters, at most {MAX_LENGTH} are read", where=where)
    return NucleotideSequence(name, letters)


def _refuse_equal_names(sequences: tuple[NucleotideSequence, ...], file_name: str) -> None:
    seen: set[str] = set()
    for sequence in sequences:
        if sequence.name in seen:
            raise InputFormatError(f"the name {sequence.name[:60]!r} stands twice", where=file_name)
        seen.add(sequence.name)
