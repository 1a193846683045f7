"""Letters that all members of a group share, and columns at which two groups differ by such letters.

A mask is four bit planes in one byte. A group is fixed for a base where the AND of its members' masks and the OR
of them are that one base: every member has a letter there, none an ambiguous one, and all have the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import GAP, Masks

__all__ = ["MISSING", "fixed_letters", "separating_columns", "with_missing_letters"]

# A letter that a sequence lacks inside itself, as a state beside the four bases.
MISSING = 16


def with_missing_letters(frame: Masks) -> Masks:
    """The frame with :data:`MISSING` where a sequence lacks a letter between its first and its last one.

    Parameters
    ----------
    frame : ndarray of uint8, shape (n, columns)
        Masks of sequences that may be longer or shorter than each other; 0 where there is no letter.
        Before the first and after the last letter of a row nothing is known, and 0 stays.
    """
    held = frame > GAP
    inside = np.logical_or.accumulate(held, axis=1) & np.logical_or.accumulate(held[:, ::-1], axis=1)[:, ::-1]
    states: Masks = np.where(inside & ~held, np.uint8(MISSING), frame)
    return states


def fixed_letters(masks: Masks) -> Masks:
    """The state that all rows share in each column, 0 where they do not.

    Parameters
    ----------
    masks : ndarray of uint8, shape (n, columns)
        At least one row. A column in which a row holds nothing, or an ambiguity letter, is not fixed.

    Returns
    -------
    ndarray of uint8, shape (columns,)
    """
    every = np.bitwise_and.reduce(masks, axis=0)
    some = np.bitwise_or.reduce(masks, axis=0)
    single = (every == some) & ((every & (every - np.uint8(1))) == 0)
    fixed: Masks = np.where(single, every, np.uint8(GAP))
    return fixed


def separating_columns(fixed: Sequence[Masks]) -> NDArray[np.bool_]:
    """Columns in which two groups are fixed for different states, for every pair of groups.

    Parameters
    ----------
    fixed : sequence of ndarray of uint8, shape (columns,)
        What :func:`fixed_letters` gives for each group.

    Returns
    -------
    ndarray of bool, shape (groups, groups, columns)
    """
    states = np.stack(list(fixed))
    first, second = states[:, None, :], states[None, :, :]
    different: NDArray[np.bool_] = (first > GAP) & (second > GAP) & (first != second)
    return different
