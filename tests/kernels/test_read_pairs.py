"""Joining of read pairs: against a slow reading of the definition, true fragments, and the published formula."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels import read_pairs
from musk_id.kernels.read_pairs import ERROR_UNIT, JoinLimits, join_pairs, phred_error, posterior_errors

LIMITS = JoinLimits(min_overlap_bp=16, max_mismatch_percent=10, max_expected_errors=1.0)
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def matrix(rows: list[str]) -> np.ndarray:
    return np.array([list(row.encode()) for row in rows], dtype=np.uint8)


def reverse_complement(text: str) -> str:
    return text[::-1].translate(COMPLEMENT)


def candidates(forward: str, other: str, limits: JoinLimits) -> list[int]:
    """Diagonals by the definition, letter by letter."""

    def passes(diagonal: int) -> bool:
        columns = [i for i in range(len(forward)) if 0 <= i - diagonal < len(other)]
        wrong = sum(forward[i] != other[i - diagonal] for i in columns)
        return len(columns) >= limits.min_overlap_bp and 100 * wrong <= limits.max_mismatch_percent * len(columns)

    every = range(-len(other), len(forward) + 1)
    last = len(other) - read_pairs.WORD
    places = {round(last * share / 5) for share in range(6)}
    seeded = {
        i - place
        for place in places
        for i in range(len(forward) - read_pairs.WORD + 1)
        if forward[i : i + read_pairs.WORD].replace("N", "A")
        == other[place : place + read_pairs.WORD].replace("N", "A")
    }
    return [d for d in seeded if passes(d)] or [d for d in every if passes(d)]


def joined(forward: str, other: str, qf: list[int], qo: list[int], limits: JoinLimits) -> str | None:
    """A fragment by the definition; posterior errors by the formula in exact-enough floats."""
    found = candidates(forward, other, limits)
    if len(found) != 1:
        return None
    diagonal, letters, errors = found[0], "", 0.0
    for i in range(diagonal + len(other)):
        j = i - diagonal
        here, there = i < len(forward), 0 <= j < len(other)
        if here and there:
            a, b, p, q = forward[i], other[j], phred_error(qf[i]), phred_error(qo[j])
            if a == b:
                letters += a
                errors += p * q / 3 / (1 - p - q + 4 * p * q / 3)
            else:
                p, q = min(p, q), max(p, q)
                letters += b if a == "N" or (qf[i] < qo[j] and b != "N") else a
                errors += p * (1 - q / 3) / (p + q - 4 * p * q / 3)
        else:
            letters += forward[i] if here else other[j]
            errors += phred_error(qf[i] if here else qo[j])
    return letters if errors <= limits.max_expected_errors else None


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str, list[int], list[int]]:
    length = draw(st.integers(14, 40))
    fragment = draw(st.text("ACGT", min_size=14, max_size=60))
    adapter = draw(st.text("ACGT", min_size=length, max_size=length))
    forward = list((fragment + adapter)[:length])
    reverse = list((reverse_complement(fragment) + adapter)[:length])
    for read in (forward, reverse):
        for place in draw(st.lists(st.integers(0, length - 1), max_size=4)):
            read[place] = draw(st.sampled_from("ACGTN"))
    quality = st.lists(st.integers(0, 41), min_size=length, max_size=length)
    return "".join(forward), "".join(reverse), draw(quality), draw(quality)


@st.composite
def many_pairs(draw: st.DrawFn) -> list[tuple[str, str, list[int], list[int]]]:
    """Some pairs, and further ones of their letters with other qualities, in any order."""
    found = draw(st.lists(pairs(), min_size=1, max_size=6))
    for forward, reverse, first, second in draw(st.lists(st.sampled_from(found), max_size=6)):
        low = draw(st.integers(0, len(first)))
        found.append((forward, reverse, [*first[:low], *[2] * (len(first) - low)], second[::-1]))
    return draw(st.permutations(found))


@given(many_pairs(), st.sampled_from([0.05, 1.0, 30.0]), st.sampled_from([12, 16]))
def test_joined_as_the_definition_says(
    drawn: list[tuple[str, str, list[int], list[int]]], errors: float, overlap: int
) -> None:
    limits = JoinLimits(overlap, 10, errors)
    for length in {len(p[0]) for p in drawn}:
        group = [p for p in drawn if len(p[0]) == length]
        found = join_pairs(
            matrix([p[0] for p in group]),
            np.array([p[2] for p in group], dtype=np.uint8),
            matrix([p[1] for p in group]),
            np.array([p[3] for p in group], dtype=np.uint8),
            limits,
        )
        slow = [joined(f, reverse_complement(r), qf, qr[::-1], limits) for f, r, qf, qr in group]
        assert found.fragments == Counter(s.encode() for s in slow if s is not None)
        total = sum(found.fragments.values()) + found.not_overlapping + found.ambiguous + found.too_many_errors
        assert total == len(group)


def test_true_fragments_come_back_and_repeats_do_not() -> None:
    rng = np.random.default_rng(7)
    fragments = ["".join(rng.choice(list("ACGT"), n)) for n in (60, 120, 150, 200, 284, 285)]
    adapter = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACAGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTACCTGATTCGACAAGGCTTAACCGGATACG"
    forward = [(f + adapter)[:150] for f in fragments]
    reverse = [(reverse_complement(f) + adapter)[:150] for f in fragments]
    quality = np.full((len(fragments), 150), 35, np.uint8)
    found = join_pairs(matrix(forward), quality, matrix(reverse), quality, LIMITS)
    # An overlap of 15 letters is too short.
    assert found.fragments == {f.encode(): 1 for f in fragments[:-1]}
    assert (found.not_overlapping, found.ambiguous, found.too_many_errors) == (1, 0, 0)
    repeat = "ACG" * 50
    found = join_pairs(matrix([repeat]), quality[:1], matrix([reverse_complement(repeat)]), quality[:1], LIMITS)
    assert (found.fragments, found.ambiguous) == ({}, 1)


def test_the_better_letter_is_taken_and_its_error_grows() -> None:
    fragment = "ACGTTGCATTGACCGATAGGCTAACGTACC"
    wrong = fragment[:10] + "A" + fragment[11:]
    assert fragment[10] != "A"
    high, low = np.full((1, 30), 40, np.uint8), np.full((1, 30), 10, np.uint8)
    both = join_pairs(matrix([wrong]), low, matrix([reverse_complement(fragment)]), high, LIMITS)
    assert both.fragments == {fragment.encode(): 1}
    both = join_pairs(matrix([wrong]), high, matrix([reverse_complement(fragment)]), low, LIMITS)
    assert both.fragments == {wrong.encode(): 1}
    strict = JoinLimits(16, 10, 0.5)
    both = join_pairs(matrix([wrong]), high, matrix([reverse_complement(fragment)]), high, strict)
    assert (both.fragments, both.too_many_errors) == ({}, 1)


@pytest.mark.parametrize("agree", [True, False])
def test_posterior_errors_follow_from_bayes(agree: bool) -> None:
    """Four equally likely true letters, each read wrong with p in one of three ways; exact fractions."""
    table = posterior_errors()[0 if agree else 1]
    for first in (2, 10, 20, 35, 41, 93):
        for second in (2, 10, 20, 35, 41, 93):
            p, q = Fraction(phred_error(first)), Fraction(phred_error(second))
            seen = ("A", "A") if agree else ("A", "C")

            def chance(true: str, read: str, error: Fraction) -> Fraction:
                return 1 - error if true == read else error / 3

            weights = {t: chance(t, seen[0], p) * chance(t, seen[1], q) for t in "ACGT"}
            taken = seen[0] if p <= q else seen[1]
            expected = 1 - weights[taken] / sum(weights.values())
            assert table[first, second] == pytest.approx(float(expected) * ERROR_UNIT, abs=1)


def test_batches_never_change_a_fragment() -> None:
    rng = np.random.default_rng(3)
    fragments = ["".join(rng.choice(list("ACGT"), 120)) for _ in range(40)]
    forward = matrix([f[:100] for f in fragments])
    reverse = matrix([reverse_complement(f)[:100] for f in fragments])
    noise = rng.random(forward.shape) < 0.01
    forward[noise] = ord("A")
    quality = rng.integers(2, 41, forward.shape).astype(np.uint8)
    whole = join_pairs(forward, quality, reverse, quality, JoinLimits(16, 10, 40.0))
    order = rng.permutation(40)
    parts: Counter[bytes] = Counter()
    for piece in np.array_split(order, 7):
        parts.update(
            join_pairs(
                forward[piece], quality[piece], reverse[piece], quality[piece], JoinLimits(16, 10, 40.0)
            ).fragments
        )
    assert parts == whole.fragments
    assert len(parts) > 30


def test_a_letter_on_which_both_agree_has_at_most_the_error_of_either() -> None:
    """What the bounds by one read rest on."""
    agree, differ = posterior_errors()
    single = np.array([round(phred_error(quality) * ERROR_UNIT) for quality in range(94)])
    assert (agree <= single[:, None]).all()
    assert (agree <= single[None, :]).all()
    assert differ.max() == 750_000_000


@pytest.mark.parametrize("quality", [[40] * 80, [40] * 70 + [3] * 10, [12] * 80, [2] * 80, [93] * 80, [0] * 80])
@pytest.mark.parametrize("limit", [1, 10**8, 10**9, 10**12])
def test_bounds_are_never_below_the_sums(quality: list[int], limit: int) -> None:
    rng = np.random.default_rng(4)
    rows = np.array([rng.permutation(quality) for _ in range(30)], dtype=np.uint8)
    single = np.array([round(phred_error(q) * ERROR_UNIT) for q in range(94)])
    found = read_pairs._at_most(rows, limit)
    sums = single[rows].sum(axis=1)
    assert (found >= sums).all()
    # Letters of high quality take half of the limit at most.
    assert (found <= sums + limit // 2).all()


def test_kinds_of_pairs_are_told_apart_where_their_sums_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    letters = rng.choice(np.frombuffer(b"ACGT", np.uint8), (12, 61))[rng.integers(0, 12, 90)]
    forward, reverse = letters[:, :30], letters[:, 30:]
    expected = np.unique(letters, axis=0, return_index=True)[1]
    for factor in (read_pairs._FACTOR, np.uint64(0)):
        monkeypatch.setattr(read_pairs, "_FACTOR", factor)
        first, kind = read_pairs._distinct(forward, reverse)
        assert (letters[first][kind] == letters).all()
        assert sorted(kind[expected].tolist()) == list(range(first.size)) == list(range(expected.size))


def test_what_lies_beyond_the_forward_read_counts_and_n_is_never_taken_for_a_letter() -> None:
    rng = np.random.default_rng(6)
    fragment = "".join(rng.choice(list("ACGT"), 60))
    reverse = reverse_complement(fragment)
    high, low = np.full((1, 40), 40, np.uint8), np.full((1, 40), 12, np.uint8)
    forward, other = matrix([fragment[:40]]), matrix([reverse[:40]])
    assert join_pairs(forward, high, other, high, LIMITS).fragments == {fragment.encode(): 1}
    # Twenty letters of quality 12 are 1.26 errors, forty of quality 40 next to none.
    for qualities in ((high, low), (low, high)):
        found = join_pairs(forward, qualities[0], other, qualities[1], LIMITS)
        assert (found.fragments, found.too_many_errors) == ({}, 1)
    other[0, 10] = ord("N")
    found = join_pairs(forward, np.full((1, 40), 30, np.uint8), other, high, LIMITS)
    assert set(found.fragments) == {(fragment[:49] + "N" + fragment[50:]).encode()}
    other = matrix([reverse[:40]])
    other[0, 30] = ord("N")
    found = join_pairs(forward, np.full((1, 40), 30, np.uint8), other, high, LIMITS)
    assert set(found.fragments) == {fragment.encode()}
