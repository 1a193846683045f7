"""Two-parent chimeras among the variants of one amplicon.

A variant is a chimera of two more abundant ones if it equals the first up to a breakpoint and the second from
there on, letter by letter, and each side holds letters that tell the parents apart. Where no two possible parents
differ enough the check cannot be made, which is not the same as a variant that is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from musk_id.kernels.denoise import edit_count

__all__ = ["ChimeraCheck", "ChimeraState", "check_chimeras"]


class ChimeraState(Enum):
    """Outcome of the check of one variant."""

    CHIMERA = "chimera"
    NONE_FOUND = "none found"
    NOT_TESTABLE = "not testable"


@dataclass(frozen=True, slots=True)
class ChimeraCheck:
    """Outcome, and for a chimera its parents by place, and the letters of the first one's side."""

    state: ChimeraState
    left: int | None = None
    right: int | None = None
    breakpoint_bp: int | None = None


def check_chimeras(
    sequences: Sequence[bytes], counts: NDArray[np.int64], *, min_skew: int, min_sites_a_side: int
) -> tuple[ChimeraCheck, ...]:
    """Check every variant against pairs of more abundant ones.

    Parameters
    ----------
    sequences : sequence of bytes
        Distinct variants.
    counts : ndarray of int64, shape (n,)
        Reads of each.
    min_skew : int
        A parent has at least this many times the reads of its chimera.
    min_sites_a_side : int
        Letters of each side in which the chimera is like one parent and not like the other.

    Returns
    -------
    tuple of ChimeraCheck
        In the order of the sequences. Of several pairs of parents that with the most telling letters on its
        poorer side is given, then the more abundant, then the first by its letters.
    """
    ranked = sorted(range(len(sequences)), key=lambda i: (-int(counts[i]), sequences[i]))
    texts = [sequences[i] for i in ranked]
    reads = counts[ranked] if ranked else counts
    width = max(map(len, texts), default=0)
    search = _Search(texts, _rows(texts, width), _rows([text[::-1] for text in texts], width), min_sites_a_side)
    checks: dict[int, ChimeraCheck] = {}
    for rank, place in enumerate(ranked):
        parents = int(np.count_nonzero(reads[:rank] >= min_skew * reads[rank]))
        found = search.check(rank, parents)
        checks[place] = replace(
            found,
            left=None if found.left is None else ranked[found.left],
            right=None if found.right is None else ranked[found.right],
        )
    return tuple(checks[place] for place in range(len(sequences)))


def _rows(texts: Sequence[bytes], width: int) -> NDArray[np.uint8]:
    rows = np.zeros((len(texts), width), np.uint8)
    for number, text in enumerate(texts):
        rows[number, : len(text)] = np.frombuffer(text, np.uint8)
    return rows


class _Search:
    """Variants by rank, most abundant first; ``left`` and ``right`` hold their letters from either end."""

    def __init__(
        self, texts: list[bytes], left: NDArray[np.uint8], right: NDArray[np.uint8], min_sites: int
    ) -> None:
        self._texts, self._left, self._right, self._min_sites = texts, left, right, min_sites
        self._apart = 0

    def check(self, rank: int, parents: int) -> ChimeraCheck:
        """The variant of a rank against the first ``parents`` ones."""
        text = self._texts[rank]
        if not self._testable(parents):
            return ChimeraCheck(ChimeraState.NOT_TESTABLE)
        heads = np.minimum(_common(self._left[:parents], self._left[rank]), len(text))
        tails = np.minimum(_common(self._right[:parents], self._right[rank]), len(text))
        firsts, seconds = np.nonzero(heads[:, None] + tails[None, :] >= len(text))
        pairs = [(int(a), int(b)) for a, b in zip(firsts, seconds, strict=True) if a != b]
        if not pairs:
            return ChimeraCheck(ChimeraState.NONE_FOUND)
        # Letters that tell the parents apart: where the other one is not like the variant, counted in edits.
        on_right = {
            a: edit_count(text[heads[a] :], self._texts[a][heads[a] :]) for a in sorted({a for a, _ in pairs})
        }
        on_left = {
            b: edit_count(text[: len(text) - tails[b]], self._texts[b][: len(self._texts[b]) - tails[b]])
            for b in sorted({b for _, b in pairs})
        }
        sites, a, b = max((min(on_left[b], on_right[a]), -a, -b) for a, b in pairs)
        a, b = -a, -b
        if sites < self._min_sites:
            # A letter or two may as well be an error or an animal's own.
            return ChimeraCheck(ChimeraState.NOT_TESTABLE)
        return ChimeraCheck(ChimeraState.CHIMERA, a, b, int(heads[a]))

    def _testable(self, parents: int) -> bool:
        """Whether two of the possible parents differ enough for a chimera of both to be told."""
        if self._apart and parents >= self._apart:
            return True
        for second in range(1, parents):
            if any(
                edit_count(self._texts[first], self._texts[second]) >= 2 * self._min_sites
                for first in range(second)
            ):
                self._apart = second + 1
                return True
        return False


def _common(rows: NDArray[np.uint8], row: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Letters that each row shares with another one before the first difference."""
    differs = np.concatenate([rows != row, np.ones((len(rows), 1), np.bool_)], axis=1)
    shared: NDArray[np.int64] = differs.argmax(axis=1)
    return shared
