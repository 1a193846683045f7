"""Replicates by kind: which sub-samples, extractions, amplifications and runs carry a marker of an item."""

from __future__ import annotations

from collections.abc import Iterable

from musk_id.model.barcode import SequenceResult
from musk_id.model.values import Identifier
from musk_id.vocabulary import Locus

__all__ = ["LONG_MARKERS", "SHORT_MARKERS", "enough_markers", "extracts_of_markers"]

SHORT_MARKERS = frozenset({Locus.RRNA_12S, Locus.RRNA_16S})
LONG_MARKERS = frozenset({Locus.COI, Locus.CYTB})


def enough_markers(loci: Iterable[Locus]) -> bool:
    """Whether markers suffice for court: both short ones, or one of them with a long one."""
    held = set(loci)
    return held >= SHORT_MARKERS or bool(held & SHORT_MARKERS and held & LONG_MARKERS)


def extracts_of_markers(carried: Iterable[SequenceResult]) -> dict[Locus, tuple[Identifier, ...]]:
    """Extracts with a result at each marker, sorted; of the results that a finding rests on."""
    found: dict[Locus, set[Identifier]] = {}
    for result in carried:
        if result.locus is not None:
            found.setdefault(result.locus, set()).add(result.run.extract_id)
    return {locus: tuple(sorted(found[locus])) for locus in sorted(found)}
