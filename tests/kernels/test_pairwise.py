"""Distances of all pairs: equal to brute force, whatever the bounds leave out."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.bitplanes import mismatches, pack
from musk_id.kernels.nucleotides import encode
from musk_id.kernels.pairwise import mismatch_blocks, nearest_edits

BASE = "ACTATGCTTAGCCCTAAACACAAATAATTATATAACAAAATTATTCGCCAGAGTACTACCAGC"
EDITS = st.lists(
    st.tuples(st.integers(0, len(BASE) - 1), st.sampled_from(["A", "C", "G", "T", "N", "R", "", "AC"])), max_size=9
)


def edited(changes: list[tuple[int, str]]) -> str:
    letters = list(BASE)
    for place, letter in changes:
        letters[place] = letter
    return "".join(letters)


SEQUENCES = st.lists(st.builds(edited, EDITS), min_size=2, max_size=9)


@given(
    st.lists(st.text(alphabet="ACGTNRY-", min_size=130, max_size=130), min_size=1, max_size=7), st.integers(1, 4)
)
@settings(max_examples=60, deadline=None)
def test_blocks_count_as_single_comparisons_do(texts: list[str], rows: int) -> None:
    masks = np.stack([encode(text.replace("-", "A")) for text in texts])
    masks[np.array([[letter == "-" for letter in text] for text in texts])] = 0
    planes = pack(masks)
    seen = 0
    for block in mismatch_blocks(planes, rows):
        for offset in range(block.compared.shape[0]):
            single = mismatches(pack(masks[block.first + offset][None, :]), planes)
            assert block.compared[offset].tolist() == single.compared.tolist()
            assert block.incompatible[offset].tolist() == single.incompatible.tolist()
            assert block.possible[offset].tolist() == single.possible.tolist()
            seen += 1
    assert seen == len(texts)


@given(SEQUENCES, st.data())
@settings(max_examples=120, deadline=None)
def test_what_bounds_leave_out_is_further_than_what_is_asked_for(
    sequences: list[str], data: st.DataObject
) -> None:
    count = len(sequences)
    groups = np.array(data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    always = groups == 0
    bounded = list(nearest_edits(sequences, groups, nearest=2, always=always))
    whole = list(nearest_edits(sequences, groups, nearest=2, always=always, bounded=False))
    for row, (some, everything) in enumerate(zip(bounded, whole, strict=True)):
        assert everything.others.tolist() == [other for other in range(count) if other != row]
        known = dict(
            zip(some.others.tolist(), zip(some.lower.tolist(), some.upper.tolist(), strict=True), strict=True)
        )
        best: dict[int, int] = {}
        for other, upper in zip(everything.others.tolist(), everything.upper.tolist(), strict=True):
            if groups[other] != groups[row]:
                best[int(groups[other])] = min(best.get(int(groups[other]), upper), upper)
        reach = sorted(best.values())[1] if len(best) >= 2 else 10**6
        for other, lower, upper in zip(everything.others, everything.lower, everything.upper, strict=True):
            needed = groups[other] == groups[row] or always[other] or lower <= reach
            assert known.get(int(other)) == (lower, upper) if needed else True
