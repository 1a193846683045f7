from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.frames import pack_nibbles, place_gapped, star_frame, unpack_nibbles
from musk_id.kernels.nucleotides import decode, encode

SEQUENCES = st.text(alphabet="ACGTRYN", min_size=1, max_size=40)


@given(st.lists(SEQUENCES, min_size=1, max_size=8), SEQUENCES)
def test_a_row_without_its_gaps_is_the_sequence(sequences: list[str], anchor: str) -> None:
    frame = star_frame(sequences, anchor)
    assert [decode(row[row > 0]) for row in frame] == sequences


@given(SEQUENCES)
def test_the_anchor_alone_has_no_gap(anchor: str) -> None:
    assert decode(star_frame([anchor], anchor)[0]) == anchor


def test_inserted_letters_get_columns_of_their_own() -> None:
    anchor = "ACGTACGTACGT"
    longer, shorter = "ACGTAGGCGTACGT", "ACGTCGTACGT"
    frame = star_frame([anchor, longer, shorter], anchor)
    assert frame.shape[1] == len(anchor) + 2
    # Every column that the anchor fills holds the same letter in the others, or none.
    filled = frame[0] > 0
    assert decode(frame[1][filled]) == anchor
    assert decode(frame[2][filled]).replace("-", "") == shorter


@given(st.integers(0, 5), st.integers(0, 41))
def test_packed_rows_unpack_to_themselves(count: int, width: int) -> None:
    masks = np.random.default_rng(width).integers(0, 16, size=(count, width), dtype=np.uint8)
    packed = pack_nibbles(masks)
    assert packed.shape == (count, -(-width // 2))
    assert np.array_equal(unpack_nibbles(packed, width), masks)


@pytest.mark.parametrize("missing", [5, 30, 52])
def test_a_missing_letter_leaves_its_column_empty(missing: int) -> None:
    rng = np.random.default_rng(missing)
    window = "".join(rng.choice(list("ACGT"), 60))
    placed = place_gapped(window[:missing] + window[missing + 1 :], [window], 60)
    assert (placed.inserted, placed.deleted) == (0, 1)
    letters = decode(placed.masks)
    assert letters.count("-") == 1
    # In a run of equal letters any of them may count as the missing one.
    assert all(letter in ("-", expected) for letter, expected in zip(letters, window, strict=True))


def test_flanks_are_cut_and_are_no_insertions() -> None:
    window = "ACGTTGCAACCGGTTAACGTAGCTAGCATT"
    placed = place_gapped("GGGCC" + window + "TTTAA", [window], len(window))
    assert (decode(placed.masks), placed.inserted, placed.deleted) == (window, 0, 0)


def test_the_nearest_anchor_gives_the_frame() -> None:
    near, far = "ACGTACGTTGCAACCGGTTA", "TTTTTTTTTTTTTTTTTTTT"
    assert decode(place_gapped(near, [far, near], 20).masks) == near
    assert encode(near).size == 20
