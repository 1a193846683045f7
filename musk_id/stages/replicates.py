"""Replicates by kind: which sub-samples, extractions, amplifications and runs carry a marker of an item."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from musk_id.kernels.editdistance import edit_distance
from musk_id.model.barcode import ReplicateCount, RunIdentity, SequenceResult
from musk_id.model.values import Identifier, Line
from musk_id.stages.species_rule import CalledSequence
from musk_id.vocabulary import Locus, ReplicateKind

__all__ = [
    "LONG_MARKERS",
    "SHORT_MARKERS",
    "count_replicates",
    "enough_markers",
    "extracts_of_markers",
    "same_letters",
]

# More different sequences than this are not compared letter by letter: they differ.
MAX_COMPARED = 40
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


def same_letters(locus: Locus, first: str, second: str) -> bool:
    """Whether compared letters of a marker may be one sequence, as far as both reach.

    Short markers by edits, with ambiguity letters as agreements; long ones by the columns of their window.
    """
    if locus not in LONG_MARKERS:
        return edit_distance(first, second).lower == 0
    return all(a == b or "-" in (a, b) for a, b in zip(first, second, strict=False))


def count_replicates(
    results: tuple[SequenceResult, ...], called: tuple[CalledSequence, ...]
) -> tuple[ReplicateCount, ...]:
    """Attempts at each marker of an item by kind, and between which kinds the letters differ.

    Parameters
    ----------
    results : tuple of SequenceResult
        Every sequence and failed run of the item.
    called : tuple of CalledSequence
        Those with a call that are not set aside.
    """
    by_locus: dict[Locus | None, list[RunIdentity]] = {}
    for result in results:
        by_locus.setdefault(result.locus or result.declared_locus, []).append(result.run)
    return tuple(
        _count(locus, by_locus[locus], [c for c in called if c.locus is locus])
        for locus in sorted(by_locus, key=lambda locus: (locus is None, locus or ""))
    )


def _count(locus: Locus | None, runs: list[RunIdentity], called: list[CalledSequence]) -> ReplicateCount:
    return ReplicateCount(
        locus=locus,
        sub_samples=len({run.sub_sample_id for run in runs}),
        extracts=len({run.extract_id for run in runs}),
        products=len({run.product_id for run in runs}),
        runs=len({run.run_id for run in runs}),
        called=len({c.run.run_id for c in called}),
        taxa=tuple(sorted({c.call.taxon or Line("-") for c in called})),
        differ_between=_differ_between(called),
    )


def _differ_between(called: list[CalledSequence]) -> tuple[ReplicateKind, ...]:
    by_letters: dict[str, list[CalledSequence]] = {}
    for entry in called:
        by_letters.setdefault(entry.letters, []).append(entry)
    found = {
        _apart(a.run, b.run)
        for first, second in combinations(by_letters.values(), 2)
        if len(by_letters) > MAX_COMPARED or not same_letters(first[0].locus, first[0].letters, second[0].letters)
        for a in first
        for b in second
    }
    return tuple(sorted(found))


def _apart(first: RunIdentity, second: RunIdentity) -> ReplicateKind:
    """The step at which two results of one item part; several sequences of one run count as one injected again."""
    if first.product_id == second.product_id:
        return ReplicateKind.RE_INJECTION
    if first.extract_id == second.extract_id:
        return ReplicateKind.AMPLIFICATION
    return ReplicateKind.EXTRACTION if first.sub_sample_id == second.sub_sample_id else ReplicateKind.SUB_SAMPLE
