"""Letters and masks."""

from __future__ import annotations

import numpy as np
import pytest
from Bio.Seq import Seq
from hypothesis import given
from hypothesis import strategies as st

from musk_id.errors import InputFormatError
from musk_id.kernels.nucleotides import IUPAC, decode, encode, is_ambiguous, reverse_complement_text

SEQUENCES = st.text("ACGTRYSWKMBDHVN", max_size=100)


@given(st.text("ACGTRYSWKMBDHVN-", max_size=100))
def test_letters_read_back(letters: str) -> None:
    assert decode(encode(letters)) == letters
    assert decode(encode(letters.lower().replace("t", "u").replace("-", "."))) == letters


@given(SEQUENCES)
def test_other_strand_is_that_of_biopython(letters: str) -> None:
    assert reverse_complement_text(letters) == str(Seq(letters).reverse_complement())
    assert reverse_complement_text(reverse_complement_text(letters)) == letters


def test_a_mask_shares_a_bit_with_another_exactly_if_their_bases_overlap() -> None:
    masks = {letter: int(encode(letter)[0]) for letter in IUPAC}
    assert len(set(masks.values())) == 15
    for first, bases in IUPAC.items():
        assert bool(is_ambiguous(encode(first))[0]) == (len(bases) > 1)
        for second, others in IUPAC.items():
            assert bool(masks[first] & masks[second]) == bool(set(bases) & set(others))


@pytest.mark.parametrize(("text", "position"), [("ACX", 3), ("*A", 1), ("A C", 2), ("AÄ", 2), ("AC\u0410", 3)])
def test_other_letters_are_refused_with_their_position(text: str, position: int) -> None:
    with pytest.raises(InputFormatError, match=f"at position {position} is no nucleotide code"):
        encode(text)


def test_masks_are_bytes() -> None:
    assert encode("ACGT").dtype == np.uint8
    assert encode("").shape == (0,)
