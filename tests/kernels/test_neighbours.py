"""Near pairs against brute force."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.bitplanes import mismatches, pack
from musk_id.kernels.editdistance import edit_distance
from musk_id.kernels.neighbours import (
    clusters,
    coding_neighbours,
    short_neighbours,
)

LETTERS = "ACGTRYN"


@st.composite
def relatives(draw: st.DrawFn) -> list[str]:
    """Sequences that descend from few ancestors by a few edits, some letters ambiguous, some ends missing."""
    ancestors = draw(st.lists(st.text("ACGT", min_size=12, max_size=40), min_size=1, max_size=3))
    sequences = []
    for _ in range(draw(st.integers(2, 9))):
        letters = list(draw(st.sampled_from(ancestors)))
        for _ in range(draw(st.integers(0, 5))):
            at = draw(st.integers(0, len(letters) - 1))
            kind = draw(st.sampled_from("siid"))
            new = draw(st.sampled_from(LETTERS))
            if kind == "i":
                letters.insert(at, new)
            elif kind == "s" or len(letters) > 8:
                letters[at : at + 1] = [new] if kind == "s" else []
        sequences.append("".join(letters)[draw(st.integers(0, 2)) :])
    return sequences


@settings(max_examples=200, deadline=None)
@given(relatives(), st.integers(0, 6))
def test_short_pairs_are_those_of_all_edit_distances(sequences: list[str], limit: int) -> None:
    found = short_neighbours(sequences, limit)
    expected = {}
    for i, first in enumerate(sequences):
        for j in range(i + 1, len(sequences)):
            edits = edit_distance(first, sequences[j]).lower
            if edits <= limit:
                expected[i, j] = (edits, min(len(first), len(sequences[j])))
    columns = (found.first, found.second, found.differing, found.compared)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert {(i, j): (edits, letters) for i, j, edits, letters in rows} == expected
    assert len(rows) == found.size == len(expected)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 120), st.floats(0.0, 0.6), st.integers(0, 60))
def test_coding_pairs_are_those_of_column_counts(seed: int, count: int, share: float, compared: int) -> None:
    rng = np.random.default_rng(seed)
    base = 1 << rng.integers(0, 4, 70)
    masks = np.tile(base, (count, 1)).astype(np.uint8)
    changed = rng.random(masks.shape) < rng.random((count, 1)) * 0.6
    masks[changed] = rng.integers(0, 16, int(changed.sum()))
    found = coding_neighbours(masks, share, compared)
    rows = zip(found.first.tolist(), found.second.tolist(), found.differing.tolist(), strict=True)
    measured = {(i, j): d for i, j, d in rows}
    planes = pack(masks)
    for i in range(min(count, 12)):
        counts = mismatches(pack(masks[i : i + 1]), planes)
        for j in range(i + 1, count):
            columns, differing = int(counts.compared[j]), int(counts.incompatible[j])
            near = columns >= max(compared, 1) and differing <= share * columns
            assert measured.get((i, j)) == (differing if near else None)


def test_clusters_follow_chains_and_only_links() -> None:
    pairs = short_neighbours(["AAAAAAAA", "AAAAAAAC", "AAAAAACC", "GGGGGGGG"], 2)
    labels = clusters(4, pairs, pairs.differing <= 1)
    assert labels[0] == labels[1] == labels[2] != labels[3]
    assert len(set(clusters(4, pairs, pairs.differing <= 0).tolist())) == 4
