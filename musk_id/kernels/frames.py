"""Sequences of one marker in one frame of columns, gaps included, by alignment to a common anchor.

A star alignment: each sequence is aligned to the anchor by itself, and every place at which some sequence
has letters that the anchor lacks becomes as many columns as the longest such piece. No distance is read from
the frame; it is the order in which letters are shown and compared position by position.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musk_id.kernels.editdistance import alignment
from musk_id.kernels.nucleotides import GAP, Masks, encode

__all__ = ["pack_nibbles", "star_frame", "unpack_nibbles"]

_GAP_LETTER = "-"


def star_frame(sequences: Sequence[str], anchor: str) -> Masks:
    """Masks of all sequences in the columns of the anchor and of what others insert.

    Parameters
    ----------
    sequences : sequence of str
        Upper-case IUPAC letters without gaps.
    anchor : str
        Sequence whose letters give the columns.

    Returns
    -------
    ndarray of uint8, shape (n, columns)
        Masks; 0 where a sequence has no letter. Without the zeros a row is the sequence itself.
    """
    rows = [_against(sequence, anchor) for sequence in sequences]
    # Letters before anchor position i (and after the last one) of each sequence.
    widths = [max((len(row[0][i]) for row in rows), default=0) for i in range(len(anchor) + 1)]
    starts = np.concatenate([[0], np.cumsum([width + 1 for width in widths])])
    columns = int(starts[-1]) - 1
    frame = np.full((len(rows), columns), GAP, dtype=np.uint8)
    for number, (inserts, matches) in enumerate(rows):
        for place, letters in enumerate(inserts):
            if letters:
                first = int(starts[place])
                frame[number, first : first + len(letters)] = encode(letters)
        for place, letter in enumerate(matches):
            if letter != _GAP_LETTER:
                frame[number, int(starts[place]) + widths[place]] = encode(letter)[0]
    return frame


def _against(sequence: str, anchor: str) -> tuple[list[str], str]:
    """Letters inserted before each anchor position, and the letter (or gap) at each anchor position."""
    own, other = alignment(sequence, anchor)
    inserts = [""] * (len(anchor) + 1)
    matches: list[str] = []
    for letter, column in zip(own, other, strict=True):
        if column == _GAP_LETTER:
            inserts[len(matches)] += letter
        else:
            matches.append(letter)
    return inserts, "".join(matches)


def pack_nibbles(masks: Masks) -> Masks:
    """Two columns a byte, the first one in the low half; shape (n, width) to (n, ceil(width / 2))."""
    count, width = masks.shape
    padded = np.zeros((count, width + width % 2), dtype=np.uint8)
    padded[:, :width] = masks
    packed: Masks = padded[:, 0::2] | (padded[:, 1::2] << 4)
    return packed


def unpack_nibbles(packed: Masks, width: int) -> Masks:
    """Masks of packed rows."""
    count = packed.shape[0]
    masks = np.empty((count, packed.shape[1] * 2), dtype=np.uint8)
    masks[:, 0::2] = packed & 0x0F
    masks[:, 1::2] = packed >> 4
    return masks[:, :width]
