"""What is looked for in the sequences handed in to a library, and what becomes of each marker of theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musk_id.kernels.nucleotides import Masks, decode, is_ambiguous
from musk_id.library_vocabulary import SetAside
from musk_id.model.values import Line
from musk_id.vocabulary import Locus

__all__ = ["MIN_GENOME_BP", "Found", "RawRecord", "Refusal", "Window", "refuse", "unambiguous"]

# From this length on a sequence is a mitochondrial genome: a marker that is not found in it is told.
MIN_GENOME_BP = 10_000
MAX_AMBIGUOUS_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A sequence handed in, by its place in the inputs."""

    number: int
    letters: str
    loci: tuple[Locus, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """The window of one marker: masks (0 where there is no letter), and the strand it was found on.

    ``indels`` counts letters of a coding sequence that have no column and columns inside it without letter.
    """

    locus: Locus
    masks: Masks
    strand: int
    indels: int = 0

    @property
    def letters(self) -> str:
        """Letters without the columns that have none."""
        return decode(self.masks[self.masks > 0])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A marker of a record that is not kept."""

    locus: Locus | None
    reason: SetAside
    measured: Line
    allowed: Line


Found = Window | Refusal
"""What became of a marker of a record."""


def refuse(locus: Locus, reason: SetAside, measured: str, allowed: str) -> Refusal:
    """A refusal with its texts."""
    return Refusal(locus, reason, Line(measured), Line(allowed))


def unambiguous(window: Window) -> Found:
    """The window, or its refusal for too many ambiguity letters."""
    letters = window.masks[window.masks > 0]
    share = float(np.count_nonzero(is_ambiguous(letters))) / letters.size
    if share <= MAX_AMBIGUOUS_SHARE:
        return window
    return refuse(
        window.locus,
        SetAside.TOO_AMBIGUOUS,
        f"{100 * share:.1f} % ambiguity letters",
        f"at most {100 * MAX_AMBIGUOUS_SHARE:.0f} %",
    )
