"""Some of many reads, the same ones whatever their order.

Those with the smallest digests of their own content are kept: as good as drawn at random, without a seed, and
without holding more than are asked for.
"""

from __future__ import annotations

import hashlib
import heapq
from typing import Generic, TypeVar

__all__ = ["Drawn"]

_T = TypeVar("_T")
_DIGEST_BYTES = 16


class Drawn(Generic[_T]):
    """Reads drawn from a stream of any length.

    Attributes
    ----------
    seen : int
        Reads given so far.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # The largest digest comes first; of equal content it does not matter which is kept.
        self._held: list[tuple[int, int, _T]] = []
        self.seen = 0

    def add(self, read: _T, *content: bytes) -> None:
        """Offer a read; ``content`` is what it is drawn by, what stands behind tells those equal in it apart."""
        digests = [hashlib.blake2b(part, digest_size=_DIGEST_BYTES).digest() for part in content]
        entry = (-int.from_bytes(b"".join(digests), "big"), -self.seen, read)
        self.seen += 1
        if len(self._held) < self._limit:
            heapq.heappush(self._held, entry)
        elif entry[0] > self._held[0][0]:
            heapq.heapreplace(self._held, entry)

    @property
    def left_out(self) -> int:
        return self.seen - len(self._held)

    def reads(self) -> list[_T]:
        """The drawn reads in the order in which they came."""
        return [read for _, _, read in sorted(self._held, key=lambda entry: -entry[1])]
