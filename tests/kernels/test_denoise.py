"""Variants by abundance: against the rule read sequence by sequence; chimeras against all breakpoints."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.chimeras import ChimeraState, check_chimeras
from musk_id.kernels.denoise import denoise, edit_count

TEXTS = st.text("ACGT", min_size=3, max_size=9).map(str.encode)


def levenshtein(first: bytes, second: bytes) -> int:
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_edits_are_those_of_the_textbook(first: bytes, second: bytes) -> None:
    assert edit_count(first, second) == levenshtein(first, second)


def slow(sequences: list[bytes], counts: list[int], min_count: int, alpha: int) -> list[int]:
    """For each sequence its variant by the rule, one distance after the other."""
    variants: list[int] = []
    found = [-1] * len(sequences)
    for place in sorted(range(len(sequences)), key=lambda i: (-counts[i], sequences[i])):
        fits = []
        for rank, variant in enumerate(variants):
            distance = levenshtein(sequences[place], sequences[variant])
            if counts[place] / counts[variant] <= 2.0 ** -(alpha * distance + 1):
                fits.append((distance, rank))
        if fits:
            found[place] = variants[min(fits)[1]]
        elif counts[place] >= min_count:
            variants.append(place)
            found[place] = place
    return found


@given(
    st.dictionaries(TEXTS, st.integers(1, 3000), min_size=1, max_size=25),
    st.integers(1, 10),
    st.integers(1, 2),
    st.randoms(use_true_random=False),
)
def test_variants_are_those_of_the_rule_in_any_order(
    found: dict[bytes, int], min_count: int, alpha: int, random: object
) -> None:
    sequences, counts = list(found), list(found.values())
    expected = slow(sequences, counts, min_count, alpha)
    variants = denoise(sequences, np.array(counts), min_count=min_count, alpha=alpha)
    assert variants.of_sequence.tolist() == expected
    reads = [sum(c for c, v in zip(counts, expected, strict=True) if v == i) for i in range(len(sequences))]
    assert variants.reads.tolist() == reads
    order = list(range(len(sequences)))
    random.shuffle(order)  # type: ignore[attr-defined]
    again = denoise([sequences[i] for i in order], np.array(counts)[order], min_count=min_count, alpha=alpha)
    assert [order[v] if v >= 0 else -1 for v in again.of_sequence.tolist()] == [expected[i] for i in order]


@given(st.integers(0, 10**6), st.integers(1, 10), st.integers(1, 2))
def test_errors_of_variants_far_apart_and_near_each_other(seed: int, min_count: int, alpha: int) -> None:
    """Most errors lie near one variant only, which is then known without an alignment."""
    rng = random.Random(seed)

    def text(size: int) -> str:
        return "".join(rng.choices("ACGT", k=size))

    templates = [text(rng.choice((30, 30, 31, 45))) for _ in range(4)]
    templates.append(templates[0][:7] + text(rng.randint(0, 4)) + templates[0][9:])
    counts = {template.encode(): rng.randint(1, 5000) for template in templates}
    for _ in range(30):
        letters = rng.choice(templates)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(letters))
            letters = letters[:place] + text(rng.choice((1, 1, 1, 0, 2))) + letters[place + 1 :]
        counts.setdefault(letters.encode(), rng.choice((1, 1, 2, 5, 40)))
    sequences, numbers = list(counts), list(counts.values())
    found = denoise(sequences, np.array(numbers), min_count=min_count, alpha=alpha)
    assert found.of_sequence.tolist() == slow(sequences, numbers, min_count, alpha)


def test_a_sequence_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="given twice"):
        denoise([b"ACGT", b"ACGT"], np.array([5, 5]), min_count=1, alpha=2)


def test_two_musk_deer_two_letters_apart_stay_two() -> None:
    """1,000 against 100 reads: an error of two letters would have at most 31."""
    first = b"ACGTTGCATTGACCGATAGGCTAACGTACC"
    second = b"ACGTTGCATTGACCGATAGGCTAACGTAGG"
    variants = denoise([first, second, first[:-1] + b"T"], np.array([1000, 100, 30]), min_count=8, alpha=2)
    assert variants.of_sequence.tolist() == [0, 1, 0]
    assert variants.reads.tolist() == [1030, 100, 0]


def explained(text: bytes, parents: list[bytes], least: int) -> bool:
    """Whether two parents and a breakpoint make the text, with enough telling edits on both sides."""
    for a in parents:
        for b in parents:
            if a == b:
                continue
            for cut in range(len(text) + 1):
                left, right = text[:cut], text[cut:]
                if not (a.startswith(left) and b.endswith(right)):
                    continue
                head = next((i for i in range(min(len(a), len(text))) if a[i] != text[i]), min(len(a), len(text)))
                back = next(
                    (i for i in range(min(len(b), len(text))) if b[-1 - i] != text[-1 - i]), min(len(b), len(text))
                )
                on_right = levenshtein(text[head:], a[head:])
                on_left = levenshtein(text[: len(text) - back], b[: len(b) - back])
                if min(on_left, on_right) >= least:
                    return True
    return False


@st.composite
def families(draw: st.DrawFn) -> list[bytes]:
    """Parents, chimeras of them and near relatives, distinct."""
    parents = draw(st.lists(st.text("ACGT", min_size=6, max_size=12).map(str.encode), min_size=2, max_size=4))
    more = []
    for _ in range(draw(st.integers(0, 4))):
        a, b = draw(st.sampled_from(parents)), draw(st.sampled_from(parents))
        more.append(a[: draw(st.integers(0, len(a)))] + b[draw(st.integers(0, len(b))) :] or b"A")
    return list(dict.fromkeys([*parents, *more]))


@given(families(), st.integers(1, 3), st.data())
def test_chimeras_are_those_of_all_breakpoints(sequences: list[bytes], least: int, data: st.DataObject) -> None:
    counts = data.draw(
        st.lists(st.integers(1, 60), min_size=len(sequences), max_size=len(sequences)).map(np.array)
    )
    found = check_chimeras(sequences, counts, min_skew=2, min_sites_a_side=least)
    for place, check in enumerate(found):
        parents = [sequences[i] for i in range(len(sequences)) if counts[i] >= 2 * counts[place] and i != place]
        testable = any(levenshtein(a, b) >= 2 * least for a in parents for b in parents)
        chimera = testable and explained(sequences[place], parents, least)
        assert (check.state is ChimeraState.CHIMERA) == chimera
        if not testable:
            assert check.state is ChimeraState.NOT_TESTABLE
        if check.left is not None and check.right is not None and check.breakpoint_bp is not None:
            cut = check.breakpoint_bp
            assert sequences[place][:cut] == sequences[check.left][:cut]
            rest = sequences[place][cut:]
            assert sequences[check.right].endswith(rest)
            assert min(counts[check.left], counts[check.right]) >= 2 * counts[place]


def test_a_planted_chimera_and_its_parents() -> None:
    first = b"ACGTTGCATTGACCGATAGGCTAACGTACC"
    second = b"ACCTTGGATTCACCGATACGCTATCGTTCC"
    chimera = first[:15] + second[15:]
    found = check_chimeras([chimera, second, first], np.array([20, 100, 300]), min_skew=2, min_sites_a_side=2)
    assert [check.state for check in found] == [
        ChimeraState.CHIMERA,
        ChimeraState.NOT_TESTABLE,
        ChimeraState.NOT_TESTABLE,
    ]
    assert (found[0].left, found[0].right) == (2, 1)
    # As abundant as a parent, it is none.
    found = check_chimeras([chimera, second, first], np.array([60, 100, 300]), min_skew=2, min_sites_a_side=2)
    assert found[0].state is not ChimeraState.CHIMERA
