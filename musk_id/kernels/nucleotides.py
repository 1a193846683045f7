"""Nucleotide letters as 4-bit masks: A = 1, C = 2, G = 4, T = 8; an ambiguity letter is the sum of its bases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from musk_id.errors import InputFormatError

__all__ = ["GAP", "Masks", "decode", "encode", "is_ambiguous", "reverse_complement", "reverse_complement_text"]

Masks = NDArray[np.uint8]

GAP = 0

# IUPAC nucleotide codes (NC-IUB 1984, Nucleic Acids Res. 13:3021).
IUPAC: dict[str, str] = {
    "A": "A", "C": "C", "G": "G", "T": "T", "M": "AC", "R": "AG", "W": "AT", "S": "CG", "Y": "CT", "K": "GT",
    "V": "ACG", "H": "ACT", "D": "AGT", "B": "CGT", "N": "ACGT",
}  # fmt: skip

_BASE_BIT = {"A": 1, "C": 2, "G": 4, "T": 8}
_INVALID = 255

_TO_MASK = np.full(256, _INVALID, dtype=np.uint8)
_TO_LETTER = np.full(16, ord("-"), dtype=np.uint8)
for _letter, _bases in IUPAC.items():
    _mask = sum(_BASE_BIT[base] for base in _bases)
    _TO_MASK[ord(_letter)] = _TO_MASK[ord(_letter.lower())] = _mask
    _TO_LETTER[_mask] = ord(_letter)
_TO_MASK[ord("U")] = _TO_MASK[ord("u")] = _BASE_BIT["T"]
_TO_MASK[ord("-")] = _TO_MASK[ord(".")] = GAP

# Complement swaps A with T and C with G: the mask read backwards.
_COMPLEMENT = np.array(
    [sum(8 >> bit for bit in range(4) if mask >> bit & 1) for mask in range(16)], dtype=np.uint8
)

_BIT_COUNT = np.array([mask.bit_count() for mask in range(16)], dtype=np.uint8)


def encode(sequence: str) -> Masks:
    """Masks of a sequence, shape (n,), dtype uint8; ``-`` and ``.`` become 0.

    Raises
    ------
    InputFormatError
        If a character is no IUPAC nucleotide letter.
    """
    codes = np.frombuffer(sequence.encode("latin-1", "replace"), dtype=np.uint8)
    masks = _TO_MASK[codes]
    bad = np.flatnonzero(masks == _INVALID)
    if bad.size:
        position = int(bad[0])
        raise InputFormatError(
            f"letter {sequence[position]!r} at position {position + 1} is no nucleotide code",
            hint="IUPAC nucleotide letters are ACGTU RYSWKM BDHV N",
        )
    return masks


def decode(masks: Masks) -> str:
    """Letters of masks; 0 becomes ``-``."""
    return _TO_LETTER[masks].tobytes().decode("ascii")


def reverse_complement(masks: Masks) -> Masks:
    """Masks of the other strand."""
    return _COMPLEMENT[masks[::-1]]


def reverse_complement_text(sequence: str) -> str:
    """Letters of the other strand."""
    return decode(reverse_complement(encode(sequence)))


def is_ambiguous(masks: Masks) -> NDArray[np.bool_]:
    """Where a mask stands for more than one base."""
    return _BIT_COUNT[masks] > 1
