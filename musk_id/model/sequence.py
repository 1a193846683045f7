"""Nucleotide sequences as read from a file."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NucleotideSequence"]


@dataclass(frozen=True, slots=True)
class NucleotideSequence:
    """A sequence: name as in the file, and upper-case IUPAC letters without gaps (``U`` read as ``T``)."""

    name: str
    letters: str
