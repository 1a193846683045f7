"""Columns of text beside arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["TextColumn"]


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn(Sequence[str]):
    """Texts of a table, decoded one at a time from one block of bytes.

    ``offsets`` has shape (n + 1,); text ``i`` is ``data[offsets[i]:offsets[i + 1]]`` in UTF-8.
    """

    offsets: NDArray[np.uint32]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return int(self.offsets.size) - 1

    def __getitem__(self, index: int) -> str:  # type: ignore[override]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return bytes(self.data[int(self.offsets[index]) : int(self.offsets[index + 1])]).decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        block, offsets = self.data.tobytes(), self.offsets.tolist()
        for start, end in pairwise(offsets):
            yield block[start:end].decode("utf-8")

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextColumn:
        """Column of some texts."""
        encoded = [text.encode("utf-8") for text in texts]
        offsets = np.zeros(len(encoded) + 1, dtype=np.uint32)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(offsets, np.frombuffer(b"".join(encoded), dtype=np.uint8))
