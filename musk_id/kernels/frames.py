"""Sequences of one marker in one frame of columns, gaps included, by alignment to a common anchor.

A star alignment: each sequence is aligned to the anchor by itself, and every place at which some sequence
has letters that the anchor lacks becomes as many columns as the longest such piece. No distance is read from
the frame; it is the order in which letters are shown and compared position by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musk_id.kernels.editdistance import alignment, edit_distance
from musk_id.kernels.nucleotides import GAP, Masks, encode

__all__ = ["GappedPlacement", "pack_nibbles", "place_gapped", "star_frame", "unpack_nibbles"]

_GAP_LETTER = "-"


@dataclass(frozen=True, slots=True)
class GappedPlacement:
    """A sequence laid into a coding window with gaps.

    Attributes
    ----------
    masks : ndarray of uint8, shape (width,)
        Letters in their columns, 0 where there is none.
    inserted, deleted : int
        Letters of the sequence that have no column, and columns inside it that have no letter.
    """

    masks: Masks
    inserted: int
    deleted: int


def place_gapped(sequence: str, anchors: Sequence[str], width: int) -> GappedPlacement:
    """Lay a sequence into the window of its nearest anchor; letters beyond the anchor's ends are flank.

    Parameters
    ----------
    sequence : str
        Upper-case IUPAC letters without gaps, on the strand of the anchors.
    anchors : sequence of str
        Sequences whose first letter stands in the first column of the window; at least one.
    width : int
        Columns of the window.

    Notes
    -----
    The nearest anchor is the one with the fewest edits, the first of equal ones. Ends are free, so that a
    short sequence is not stretched over the window.
    """
    nearest = min(anchors, key=lambda anchor: _edits(sequence, anchor))
    own, other = alignment(sequence, nearest)
    first = next(i for i, letter in enumerate(own) if letter != _GAP_LETTER)
    last = len(own) - next(i for i, letter in enumerate(reversed(own)) if letter != _GAP_LETTER)
    masks = np.full(width, GAP, dtype=np.uint8)
    column = inserted = deleted = 0
    letters = sum(letter != _GAP_LETTER for letter in other)
    for place, (letter, against) in enumerate(zip(own, other, strict=True)):
        if against == _GAP_LETTER:
            # Letters before the first or after the last column are flank, not insertions.
            inserted += 0 < column < letters
            continue
        if letter != _GAP_LETTER and column < width:
            masks[column] = encode(letter)[0]
        elif letter == _GAP_LETTER:
            deleted += first < place < last
        column += 1
    return GappedPlacement(masks, inserted, deleted)


def _edits(sequence: str, anchor: str) -> int:
    return edit_distance(sequence, anchor).lower


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
    widths = np.zeros(len(anchor) + 1, np.int64)
    for inserts, _ in rows:
        for place, letters in inserts.items():
            widths[place] = max(widths[place], len(letters))
    # The inserted letters of a place stand to the left of its column.
    ends = np.cumsum(widths) + np.arange(widths.size)
    frame = np.full((len(rows), len(anchor) + int(widths.sum())), GAP, dtype=np.uint8)
    frame[:, ends[:-1]] = encode("".join(matches for _, matches in rows)).reshape(len(rows), len(anchor))
    for number, (inserts, _) in enumerate(rows):
        for place, letters in inserts.items():
            first = int(ends[place] - widths[place])
            frame[number, first : first + len(letters)] = encode(letters)
    return frame


def _against(sequence: str, anchor: str) -> tuple[dict[int, str], str]:
    """Letters inserted before anchor positions, by position, and the letter (or gap) at each anchor position."""
    own, other = alignment(sequence, anchor)
    if _GAP_LETTER not in other:
        return {}, own
    inserts: dict[int, str] = {}
    matches: list[str] = []
    for letter, column in zip(own, other, strict=True):
        if column == _GAP_LETTER:
            inserts[len(matches)] = inserts.get(len(matches), "") + letter
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
