"""Replicates: counted by kind, every attempt, and told where their letters differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from barcode_cases import TRANSITION, evidence, examine, identity, records
from hypothesis import given
from hypothesis import strategies as st

from musk_id.model.barcode import ReplicateCount, RunIdentity
from musk_id.model.technical import FailedRun
from musk_id.model.values import Identifier, Line
from musk_id.stages.replicates import _apart, enough_markers, same_letters
from musk_id.vocabulary import Locus, Reason, ReplicateKind

KINDS = list(ReplicateKind)


def run(number: int, product: str, extract: str, sub_sample: str) -> RunIdentity:
    return replace(identity(f"R{number}", "I1", extract, sub_sample), product_id=Identifier(product))


@pytest.fixture(scope="module")
def letters(shipped_release) -> str:  # type: ignore[no-untyped-def]
    return str(records(shipped_release, Locus.RRNA_12S)[0].sequence)


PLACES = [("P1", "E1", "S1"), ("P1", "E1", "S1"), ("P2", "E1", "S1"), ("P3", "E2", "S2")]


def counted(library, *texts: str) -> ReplicateCount:  # type: ignore[no-untyped-def]
    found = [evidence(text, run=run(i, *PLACES[i])) for i, text in enumerate(texts)]
    (call,) = examine(library, *found).items
    (count,) = call.replicates
    return count


def test_two_sub_samples_two_extractions_three_amplifications_four_runs(barcode_library, letters) -> None:  # type: ignore[no-untyped-def]
    count = counted(barcode_library, *[letters] * 4)
    assert (count.sub_samples, count.extracts, count.products, count.runs) == (2, 2, 3, 4)
    assert (count.locus, count.called, count.taxa, count.differ_between) == (
        Locus.RRNA_12S,
        4,
        ("Moschus",),
        (),
    )


@pytest.mark.parametrize("number", range(4))
def test_the_kind_between_which_letters_differ_is_told(barcode_library, letters, number: int) -> None:  # type: ignore[no-untyped-def]
    other = letters[:50] + TRANSITION[letters[50]] + letters[51:]
    texts = [other if i == number else letters for i in range(4)]
    expected = {
        0: {ReplicateKind.RE_INJECTION, ReplicateKind.AMPLIFICATION, ReplicateKind.SUB_SAMPLE},
        1: {ReplicateKind.RE_INJECTION, ReplicateKind.AMPLIFICATION, ReplicateKind.SUB_SAMPLE},
        2: {ReplicateKind.AMPLIFICATION, ReplicateKind.SUB_SAMPLE},
        3: {ReplicateKind.SUB_SAMPLE},
    }
    assert set(counted(barcode_library, *texts).differ_between) == expected[number]


def test_an_ambiguity_letter_is_no_difference(barcode_library, letters) -> None:  # type: ignore[no-untyped-def]
    assert counted(barcode_library, letters, letters[:50] + "N" + letters[51:]).differ_between == ()


def test_every_attempt_counts_also_a_failed_one_and_one_without_a_marker(barcode_library, letters) -> None:  # type: ignore[no-untyped-def]
    failed = FailedRun(
        run=run(5, "P5", "E1", "S1"), declared_locus=Locus.COI, reason=Reason.FILE_MISSING, note=Line("x")
    )
    unknown = replace(failed, run=run(6, "P6", "E1", "S1"), declared_locus=None)
    good = evidence(letters, run=run(1, "P1", "E1", "S1"))
    (call,) = examine(barcode_library, good, failed, unknown).items
    assert [(c.locus, c.runs, c.called) for c in call.replicates] == [
        (Locus.RRNA_12S, 1, 1),
        (Locus.COI, 1, 0),
        (None, 1, 0),
    ]


ids = st.sampled_from(["x", "y"])


@given(st.lists(st.tuples(ids, ids, ids), min_size=2, max_size=2))
def test_the_kind_is_the_deepest_part_that_two_runs_share(places: list[tuple[str, str, str]]) -> None:
    """Ids of parts hold those of their parents, as in an examination."""
    first, second = (run(i, f"{s}{e}{p}", f"{s}{e}", s) for i, (s, e, p) in enumerate(places))
    shared = 0
    for a, b in zip(*places, strict=True):
        if a != b:
            break
        shared += 1
    assert _apart(first, second) is list(reversed(KINDS))[shared]


def test_markers_that_suffice_and_letters_that_may_be_one() -> None:
    short, long_ones = (Locus.RRNA_12S, Locus.RRNA_16S), (Locus.COI, Locus.CYTB)
    for mask in range(16):
        held = [locus for i, locus in enumerate((*short, *long_ones)) if mask >> i & 1]
        both = set(short) <= set(held)
        mixed = bool(set(short) & set(held)) and bool(set(long_ones) & set(held))
        assert enough_markers(held) is (both or mixed)
    assert same_letters(Locus.COI, "AC-T", "ACG-") and not same_letters(Locus.COI, "AC-T", "AG-T")
