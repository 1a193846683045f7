"""How far sequences are apart at least, in edits, from the words that they share; no alignment is made.

Notes
-----
The q-gram lemma (Ukkonen 1992, Theor. Comput. Sci. 92:191, there for two whole sequences): an edit touches at most
q of the words of q letters of a sequence. Of a pair the shorter sequence lies wholly inside the compared part
(:mod:`musk_id.kernels.editdistance`), so that each of its words that the longer one lacks was touched, and the
distance is at least the number of such words divided by q. An ambiguity letter of the longer sequence stands in at
most q words and may hide so many; words of the shorter one with an ambiguity letter are not counted. Of two
sequences of equal length either may be taken as the shorter one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.nucleotides import Masks, encode, is_ambiguous

__all__ = ["WORD", "EditBounds"]

# Words of six letters leave the fewest pairs of mammalian 12S and 16S inserts to be aligned.
WORD = 6
_WORDS = 4**WORD
_PART = 4096

Numbers = NDArray[np.int32]

_CODE = np.full(16, -1, np.int32)
_CODE[[1, 2, 4, 8]] = np.arange(4)


class EditBounds:
    """Words of sequences, prepared for bounds against any query.

    Parameters
    ----------
    sequences : sequence of str
        Upper-case IUPAC letters without gaps.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self.lengths = np.zeros(len(sequences), np.int32)
        self._ambiguous = np.zeros(len(sequences), np.int32)
        self._distinct = np.zeros(len(sequences), np.int32)
        held = np.zeros(_WORDS, np.int64)
        for first, masks in _parts(sequences):
            here = slice(first, first + len(masks))
            self.lengths[here] = (masks > 0).sum(axis=1)
            self._ambiguous[here] = is_ambiguous(masks).sum(axis=1)
            words, rows = _word_rows(masks)
            self._distinct[here] = np.bincount(rows, minlength=len(masks))
            held += np.bincount(words, minlength=_WORDS)
        # The sequences that hold each word, one word after the other.
        self._starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(held)])
        self._holders = np.empty(int(self._starts[-1]), np.int32)
        free = self._starts[:-1].copy()
        for first, masks in _parts(sequences):
            words, rows = _word_rows(masks)
            own = np.bincount(words, minlength=_WORDS)
            begins = np.cumsum(own) - own
            self._holders[np.arange(words.size) + np.repeat(free - begins, own)] = rows + first
            free += own

    @property
    def unambiguous(self) -> NDArray[np.bool_]:
        """Which sequences hold no ambiguity letter."""
        unambiguous: NDArray[np.bool_] = self._ambiguous == 0
        return unambiguous

    def of(self, query: str) -> Numbers:
        """Least edits of a query against each sequence, shape (n,); never more than the lower distance."""
        masks = encode(query)[None, :]
        words, _ = _word_rows(masks)
        holders = [self._holders[self._starts[word] : self._starts[word + 1]] for word in words.tolist()]
        count = self.lengths.size
        shared = np.bincount(np.concatenate([np.zeros(0, np.int32), *holders]), minlength=count).astype(np.int32)
        hidden = WORD * int(is_ambiguous(masks).sum())
        by_query = words.size - shared - WORD * self._ambiguous
        by_other = self._distinct - shared - hidden
        touched = np.where(self.lengths > len(query), by_query, by_other)
        np.maximum(touched, by_query, out=touched, where=self.lengths == len(query))
        bounds: Numbers = -(-touched.clip(min=0) // WORD)
        return bounds


def _parts(sequences: Sequence[str]) -> Iterator[tuple[int, Masks]]:
    """Masks of sequences, so many at a time, 0 after their last letter; and the number of the first."""
    for first in range(0, len(sequences), _PART):
        part = [sequences[number] for number in range(first, min(first + _PART, len(sequences)))]
        width = max(map(len, part))
        yield first, encode("".join(text.ljust(width, "-") for text in part)).reshape(len(part), width)


def _word_rows(masks: Masks) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct words of unambiguous letters of each row, and their rows, in the order of the words."""
    codes = _CODE[masks]
    width = masks.shape[1] - WORD + 1
    if width < 1:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    words = np.zeros((len(masks), width), np.int64)
    known = np.ones(words.shape, np.bool_)
    for place in range(WORD):
        letters = codes[:, place : place + width]
        words = words * 4 + letters
        known &= letters >= 0
    rows, places = np.nonzero(known)
    pairs = np.unique(words[rows, places] * len(masks) + rows)
    return pairs // len(masks), pairs % len(masks)
