"""FASTA files of nucleotide sequences, read strictly."""

from __future__ import annotations

import re
from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.limited import decode_text, read_bytes, split_lines
from musk_id.model.sequence import NucleotideSequence

__all__ = [
    "MAX_LENGTH_BP",
    "looks_like",
    "read_fasta",
    "read_fasta_bytes",
    "sequence_letters",
    "sequence_name",
    "whole_sequence",
]

MAX_BYTES = 50_000_000
MAX_RECORDS = 200_000
MAX_LENGTH_BP = 200_000
MAX_NAME_LENGTH = 200

_LETTERS = re.compile(r"[ACGTRYSWKMBDHVN]*")
_GAPS = "-."
_PROTEIN_ONLY = frozenset("EFIJLOPQZ*")
# What a file may be instead, by the beginning of its first line that is not blank.
_OTHER_FORMATS = (
    ("@", "FASTQ"),
    ("LOCUS ", "GenBank"),
    ("ID   ", "EMBL"),
    ("#NEXUS", "NEXUS"),
    ("CLUSTAL", "Clustal"),
    ("<?xml", "XML"),
    ("<", "HTML or XML"),
    ("##", "JCAMP-DX"),
    ("{", "JSON"),
)


def read_fasta(
    path: Path, *, max_records: int = MAX_RECORDS, max_bytes: int = MAX_BYTES
) -> tuple[NucleotideSequence, ...]:
    """Sequences of a FASTA file, gzip or not, in file order.

    Letters are made upper case, ``U`` becomes ``T``; gaps (``-``, ``.``) are allowed at the ends of a
    sequence only and are dropped there.

    Raises
    ------
    InputFormatError
        With line number, if the file is empty, no FASTA, no nucleotides, or beyond a limit.
    """
    return read_fasta_bytes(read_bytes(path, max_bytes), path.name, max_records=max_records)


def read_fasta_bytes(
    data: bytes, file_name: str, *, max_records: int = MAX_RECORDS
) -> tuple[NucleotideSequence, ...]:
    """As :func:`read_fasta`, for content that is already in memory and not compressed."""
    records: list[tuple[str, int, list[str]]] = []
    length = 0
    for number, raw in enumerate(split_lines(decode_text(data, file_name)), 1):
        line = raw.strip()
        if not line:
            continue
        where = f"{file_name}, line {number}"
        if line.startswith(">"):
            if len(records) == max_records:
                raise InputFormatError(f"more than {max_records} sequences", where=where)
            records.append((sequence_name(line[1:].strip(), where), number, []))
            length = 0
        elif not records:
            raise InputFormatError(
                looks_like(raw), where=where, hint="hand in FASTA: a line '>name', then the letters"
            )
        else:
            records[-1][2].append(sequence_letters(line, where))
            length += len(records[-1][2][-1])
            if length > MAX_LENGTH_BP:
                raise InputFormatError(
                    f"sequence {records[-1][0][:60]!r} is longer than {MAX_LENGTH_BP} letters", where=where
                )
    if not records:
        raise InputFormatError("no sequence in the file", where=file_name)
    _refuse_equal_names(records, file_name)
    return tuple(whole_sequence(*record, file_name) for record in records)


def looks_like(line: str) -> str:
    """What a file seems to be whose first line is no FASTA."""
    for beginning, kind in _OTHER_FORMATS:
        if line.startswith(beginning):
            return f"the file begins like {kind}, not like FASTA ('>' is expected)"
    return "the file does not begin with a '>' line"


def sequence_name(text: str, where: str) -> str:
    """Name of a sequence, blanks as one space; refused if empty or too long."""
    if not text:
        raise InputFormatError("a sequence has no name", where=where)
    if len(text) > MAX_NAME_LENGTH:
        raise InputFormatError(
            f"the name of a sequence has {len(text)} characters, at most {MAX_NAME_LENGTH} are read", where=where
        )
    return " ".join(text.split())


def sequence_letters(line: str, where: str) -> str:
    """Letters of a line in upper case, ``U`` as ``T``; gaps are kept."""
    letters = "".join(line.split()).upper().replace("U", "T")
    plain = letters.replace("-", "").replace(".", "")
    if not _LETTERS.fullmatch(plain):
        bad = next(c for c in plain if not _LETTERS.fullmatch(c))
        kind = "; this looks like a protein" if bad in _PROTEIN_ONLY else ""
        raise InputFormatError(
            f"{bad!r} is no nucleotide letter{kind}",
            where=where,
            hint="IUPAC nucleotide letters are A C G T U R Y S W K M B D H V N",
        )
    return letters


def whole_sequence(name: str, number: int, pieces: list[str], file_name: str) -> NucleotideSequence:
    """The sequence of the pieces below the name on line ``number``; gaps at its ends are dropped."""
    where = f"{file_name}, line {number}"
    letters = "".join(pieces).strip(_GAPS)
    if not letters:
        raise InputFormatError(f"sequence {name[:60]!r} has no letters", where=where)
    if any(gap in letters for gap in _GAPS):
        gap = next(i for i, letter in enumerate(letters, 1) if letter in _GAPS)
        raise InputFormatError(
            f"sequence {name[:60]!r} holds a gap at letter {gap}", where=where, hint="hand in unaligned sequences"
        )
    return NucleotideSequence(name, letters)


def _refuse_equal_names(records: list[tuple[str, int, list[str]]], file_name: str) -> None:
    first_line: dict[str, int] = {}
    for name, number, _ in records:
        if name in first_line:
            raise InputFormatError(
                f"the name {name[:60]!r} stands on lines {first_line[name]} and {number}",
                where=f"{file_name}, line {number}",
                hint="give every sequence a name of its own",
            )
        first_line[name] = number
