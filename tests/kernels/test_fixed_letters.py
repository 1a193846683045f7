from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.fixed_letters import MISSING, fixed_letters, separating_columns, with_missing_letters
from musk_id.kernels.nucleotides import IUPAC, encode

LETTERS = "ACGTRN-"


def rows(texts: list[str]) -> np.ndarray:
    return np.stack([encode(text) for text in texts])


def alignments(groups: int) -> st.SearchStrategy[list[list[str]]]:
    return st.integers(1, 20).flatmap(
        lambda width: st.lists(
            st.lists(st.text(LETTERS, min_size=width, max_size=width), min_size=1, max_size=5),
            min_size=groups,
            max_size=groups,
        )
    )


@given(alignments(1))
def test_a_column_is_fixed_where_all_members_hold_one_and_the_same_base(found: list[list[str]]) -> None:
    texts = found[0]
    expected = [
        texts[0][c] if len({text[c] for text in texts}) == 1 and texts[0][c] in "ACGT" else "-"
        for c in range(len(texts[0]))
    ]
    assert fixed_letters(rows(texts)).tolist() == encode("".join(expected)).tolist()


@given(alignments(3))
def test_separating_columns_are_those_found_letter_by_letter(groups: list[list[str]]) -> None:
    found = separating_columns([fixed_letters(rows(texts)) for texts in groups])
    for i, first in enumerate(groups):
        for j, second in enumerate(groups):
            for column in range(len(first[0])):
                one, two = {t[column] for t in first}, {t[column] for t in second}
                plain = len(one) == len(two) == 1 and (one | two) <= set("ACGT")
                assert found[i, j, column] == (plain and one != two)


def test_an_ambiguity_letter_of_one_member_takes_the_column_out() -> None:
    for letter, bases in IUPAC.items():
        assert fixed_letters(rows(["A", letter]))[0] == (1 if bases == "A" else 0)


def test_a_letter_lacking_inside_is_a_state_and_at_the_ends_is_not_known() -> None:
    states = with_missing_letters(rows(["-AC-G-", "AACCGT", "------"]))
    assert states[0].tolist() == [0, 1, 2, MISSING, 4, 0]
    assert (states[1] < MISSING).all() and not states[2].any()
    fixed = fixed_letters(states[:1])
    assert separating_columns([fixed, fixed_letters(states[1:2])])[0, 1].tolist() == [0, 0, 0, 1, 0, 0]
