"""Sequence files of casework: the reader by file name, with casework limits."""

from __future__ import annotations

from pathlib import Path

from musk_id.errors import InputFormatError
from musk_id.formats.fasta import read_fasta
from musk_id.model.sequence import NucleotideSequence

__all__ = ["MAX_RUN_SEQUENCES", "SEQUENCE_SUFFIXES", "read_sequences"]

MAX_RUN_SEQUENCES = 100
SEQUENCE_SUFFIXES = (".fasta", ".fa", ".fas", ".fna", ".fsa", ".seq", ".txt")


def read_sequences(path: Path) -> tuple[NucleotideSequence, ...]:
    """Sequences of a run's file, at most ``MAX_RUN_SEQUENCES``.

    Raises
    ------
    InputFormatError
        If the file's name tells of no format that is read here, or the file cannot be read as that format.
    """
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith(SEQUENCE_SUFFIXES):
        raise InputFormatError(
            "the ending of the file name tells of no sequence format that is read",
            where=path.name,
            hint=f"hand in FASTA; endings read: {', '.join(SEQUENCE_SUFFIXES)} (also with .gz)",
        )
    return read_fasta(path, max_records=MAX_RUN_SEQUENCES)
