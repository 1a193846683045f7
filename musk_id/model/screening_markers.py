"""Markers that screen for mammals other than *Moschus* in libraries of one's own; no release holds them.

Such a marker is one stretch between a pair of primers. It names a genus under the general method for mammals where
that has limits for it, never *Moschus*; it excludes nothing, and it is none of the short markers that rules count.
"""

from __future__ import annotations

from dataclasses import dataclass

from musk_id.model.values import Line
from musk_id.vocabulary import Locus

__all__ = ["SCREENING_MARKERS", "ScreeningMarker", "screening_marker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningMarker:
    """A stretch between primers (5' to 3', as ordered), and the lengths in bp that it may have without them.

    Within ``human_radius_edits`` of a human record a sequence is taken for a person's.
    """

    locus: Locus
    forward_primer: Line
    reverse_primer: Line
    min_length_bp: int
    max_length_bp: int
    human_radius_edits: int


# Of 1,113 public mammal genomes with both primer sites 1,109 have a stretch of these lengths. Human sequences lie
# within 1 edit of each other, those of other apes 4 or more away.
SCREENING_MARKERS = (
    ScreeningMarker(
        locus=Locus.RRNA_16S_FOOD,
        forward_primer=Line("GACGAGAAGACCCTATGGAGC"),
        reverse_primer=Line("TCCGAGGTCRCCCCAACC"),
        min_length_bp=60,
        max_length_bp=95,
        human_radius_edits=3,
    ),
)
_BY_LOCUS = {marker.locus: marker for marker in SCREENING_MARKERS}


def screening_marker(locus: Locus) -> ScreeningMarker | None:
    """The marker of that name; ``None`` for a marker of releases."""
    return _BY_LOCUS.get(locus)
