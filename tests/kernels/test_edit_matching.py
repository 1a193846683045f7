"""Bounds never exceed a distance; the bounded search finds what aligning every reference finds."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels import edit_bounds, edit_matching
from musk_id.kernels.edit_bounds import EditBounds
from musk_id.kernels.edit_matching import EditIndex
from musk_id.kernels.editdistance import edit_distance, edit_distance_within

LETTERS = "ACGTRYN"


@st.composite
def relatives(draw: st.DrawFn) -> list[str]:
    """Sequences that descend from few ancestors by a few edits, some letters ambiguous, some ends missing."""
    ancestors = draw(st.lists(st.text("ACGT", min_size=5, max_size=70), min_size=1, max_size=4))
    sequences = []
    for _ in range(draw(st.integers(1, 16))):
        letters = list(draw(st.sampled_from(ancestors)))
        for _ in range(draw(st.integers(0, 6))):
            at = draw(st.integers(0, max(len(letters) - 1, 0)))
            new = draw(st.sampled_from(LETTERS))
            letters[at : at + 1] = draw(st.sampled_from([[new], [new, *letters[at : at + 1]], []]))
        sequences.append("".join(letters)[draw(st.integers(0, 3)) :])
    return sequences


@settings(max_examples=300, deadline=None)
@given(relatives(), relatives())
def test_bounds_never_exceed_the_lower_distance(sequences: list[str], queries: list[str]) -> None:
    bounds = EditBounds(sequences)
    assert bounds.lengths.tolist() == [len(sequence) for sequence in sequences]
    for query in (*sequences, *queries):
        for bound, other in zip(bounds.of(query).tolist(), sequences, strict=True):
            assert 0 <= bound <= edit_distance(query, other).lower


def test_bounds_rule_out_what_is_far_and_nothing_equal() -> None:
    rng = np.random.default_rng(1)
    sequences = ["".join(rng.choice(list("ACGT"), 100)) for _ in range(30)]
    bounds = EditBounds(sequences).of(sequences[0])
    assert bounds[0] == 0
    assert (bounds[1:] > 8).all()


def test_a_bound_counts_scattered_substitutions(monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = "ACTATGCTTAGCCCTAAACACAAATAATTATATAACAAAATTATTCGCCAGAGTACTACCAGC"
    other = sequence[:10] + "C" + sequence[11:31] + "G" + sequence[32:50] + "T" + sequence[51:]
    assert edit_distance(sequence, other).lower == 3
    assert EditBounds([sequence]).of(other).tolist() == [3]
    # Sequences that are prepared in several parts.
    monkeypatch.setattr(edit_bounds, "_PART", 2)
    assert EditBounds([other, "A", "", sequence, sequence]).of(other)[[0, 3, 4]].tolist() == [0, 3, 3]


def expected(query: str, sequences: list[str], groups: list[int]) -> set[tuple[int, int, int]]:
    """Rows that decide, from all distances."""
    all_of_them = [edit_distance(query, sequence) for sequence in sequences]
    upper, lower = [d.upper for d in all_of_them], [d.lower for d in all_of_them]
    rows = {row for row in range(len(sequences)) if upper[row] == min(upper) or lower[row] == min(lower)}
    own = {groups[row] for row in range(len(sequences)) if upper[row] == min(upper)}
    others = [row for row in range(len(sequences)) if groups[row] not in own]
    rows |= {row for row in others if lower[row] == min(lower[other] for other in others)}
    return {(row, lower[row], upper[row]) for row in rows}


@settings(max_examples=150, deadline=None)
@given(relatives(), relatives(), st.data())
def test_bounded_search_finds_what_decides_by_all_distances(sequences, queries, data) -> None:
    groups = data.draw(st.lists(st.integers(0, 3), min_size=len(sequences), max_size=len(sequences)))
    index = EditIndex(sequences, np.array(groups))
    for query in (*queries, sequences[0]):
        # One reference a step: so small a library would else be aligned as a whole.
        with patch.object(edit_matching, "_STEP", 1):
            found = index.nearest(query)
        rows = list(zip(found.rows.tolist(), found.lower.tolist(), found.upper.tolist(), strict=True))
        assert expected(query, sequences, groups) == set(rows)
        assert rows == sorted(set(rows))
        everything = index.measure(query)
        assert everything.rows.tolist() == list(range(len(sequences)))
        limit = data.draw(st.integers(0, 8))
        within = index.within(query, limit)
        kept = everything.lower <= limit
        assert within.rows.tolist() == np.flatnonzero(kept).tolist()
        assert within.upper.tolist() == everything.upper[kept].tolist()


@settings(max_examples=200, deadline=None)
@given(st.text(LETTERS, max_size=20), st.text(LETTERS, max_size=20), st.integers(0, 12))
def test_a_limited_distance_is_the_distance_or_nothing(first: str, second: str, limit: int) -> None:
    distance = edit_distance(first, second)
    found = edit_distance_within(first, second, limit)
    assert found == (distance if distance.lower <= limit else None)


def test_most_references_are_not_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    sequences = ["".join(rng.choice(list("ACGT"), 100)) for _ in range(400)]
    for row in range(1, 20):
        sequences[row] = sequences[0][: 4 * row] + "A" + sequences[0][4 * row + 1 :]
    index = EditIndex(sequences, np.arange(400))
    aligned = []
    original = EditIndex._aligned

    def counted(self, query, rows, limit):
        aligned.append(len(rows))
        return original(self, query, rows, limit)

    monkeypatch.setattr(EditIndex, "_aligned", counted)
    index.nearest(sequences[0])
    assert sum(aligned) < 60


def test_what_was_beyond_a_limit_is_looked_at_again_where_the_limit_grows() -> None:
    query = "ACTATGCTTAGCCCTAAACACAAATAATTATATAACAAAATTATTCGCCAGAGTACTACCA"
    turned = str.maketrans("ACGT", "GTAC")

    def changed(places: slice) -> str:
        letters = list(query)
        letters[places] = list(query[places].translate(turned))
        return "".join(letters)

    sequences = [
        changed(slice(30, 31)),
        changed(slice(-4, None)),
        changed(slice(-5, None)),
        changed(slice(20, 21)),
    ]
    assert [edit_distance(query, sequence).lower for sequence in sequences] == [1, 4, 5, 1]
    assert EditBounds(sequences).of(query).tolist() == [1, 1, 1, 1]
    # The second group comes as near as the first one only after the third was left out as too far.
    index = EditIndex(sequences, np.array([0, 1, 2, 1]))
    with patch.object(edit_matching, "_STEP", 1):
        assert index.nearest(query).rows.tolist() == [0, 2, 3]
