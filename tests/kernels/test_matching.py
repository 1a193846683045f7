"""The pruned search finds what measuring every pair finds."""

from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_barcodes import simulate

from musk_id.kernels import matching
from musk_id.kernels.bitplanes import mismatches, pack
from musk_id.kernels.matching import Found, MatchIndex
from musk_id.kernels.matching_clusters import gather
from musk_id.kernels.matching_counts import pack_rows, pair_counts, unlike
from musk_id.kernels.nucleotides import decode


def expected(query, references, groups):
    """Rows that decide, from exact fractions of the counts of every pair."""
    counts = mismatches(pack(query[None, :]), pack(references))
    shared = [row for row in range(len(references)) if counts.compared[row]]
    upper = {row: Fraction(int(counts.possible[row]), int(counts.compared[row])) for row in shared}
    lower = {row: Fraction(int(counts.incompatible[row]), int(counts.compared[row])) for row in shared}
    nearest = {row for row in shared if upper[row] == min(upper.values())}
    closest = {row for row in shared if lower[row] == min(lower.values())}
    own = {groups[row] for row in nearest}
    others = [row for row in shared if groups[row] not in own]
    following = {row for row in others if lower[row] == min(lower[other] for other in others)}
    return [
        (row, int(counts.incompatible[row]), int(counts.possible[row]), int(counts.compared[row]))
        for row in sorted(nearest | closest | following)
    ]


def rows_of(found: Found, query: int):
    here = slice(found.offsets[query], found.offsets[query + 1])
    columns = (found.rows, found.incompatible, found.possible, found.compared)
    return [tuple(row) for row in zip(*(column[here].tolist() for column in columns), strict=True)]


def assert_equal(one: Found, other: Found) -> None:
    for name in ("offsets", "rows", "incompatible", "possible", "compared"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@st.composite
def libraries(draw):
    """Families of near sequences with ambiguity letters, missing ends, duplicates and shared haplotypes."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    width = draw(st.integers(1, 150))
    roots = 1 << random.integers(0, 4, (draw(st.integers(1, 5)), width))
    rate = draw(st.sampled_from([0.0, 0.01, 0.05, 0.3]))
    odd = draw(st.sampled_from([0.0, 0.01, 0.2]))
    partial = draw(st.sampled_from([0.0, 0.3, 1.0]))

    def children(count):
        masks = roots[random.integers(0, len(roots), count)]
        masks = np.where(random.random(masks.shape) < rate, 1 << random.integers(0, 4, masks.shape), masks)
        masks = np.where(random.random(masks.shape) < odd, random.integers(0, 16, masks.shape), masks)
        for row in np.flatnonzero(random.random(count) < partial):
            first, last = sorted(random.integers(0, width + 1, 2))
            masks[row, :first] = masks[row, last:] = 0
        return masks.astype(np.uint8)

    references = children(draw(st.integers(0, 40)))
    if len(references) and draw(st.booleans()):
        references = np.concatenate([references, references[random.integers(0, len(references), 10)]])
    groups = random.integers(0, draw(st.integers(1, 4)), len(references))
    labels = random.integers(0, 6, len(references))
    queries = children(draw(st.integers(0, 6)))
    return references, groups, labels, queries


@given(libraries())
@settings(max_examples=200, deadline=None)
def test_pruned_and_unpruned_equal_exact_fractions_of_all_pairs(case):
    references, groups, labels, queries = case
    wanted = [expected(query, references, groups) for query in queries]
    # So small a library would be measured in full: bounds are made to be used, of clusters and of each reference.
    ways = ({}, {"_DENSE_CHIEFS": 2.0, "_DENSE_SHARE": 2.0}, {"_DENSE_CHIEFS": -1.0, "_STEP_REFERENCES": 8})
    for index in (MatchIndex(references, groups, pruned=False), MatchIndex(references, groups, labels)):
        for way in ways:
            with patch.multiple(matching, **{"_FEW": 0, **way}):
                found = index.nearest(queries)
            assert len(found.offsets) == len(queries) + 1
            for number, query in enumerate(queries):
                assert rows_of(found, number) == wanted[number], decode(query)


@given(libraries())
@settings(max_examples=100, deadline=None)
def test_the_bound_holds_for_every_query_centre_and_member(case):
    references, _, _, queries = case
    if not len(references) or not len(queries):
        return
    centres, members = (part.reshape(-1) for part in np.indices((len(references), len(references))))
    beyond = unlike(pack_rows(references), centres, members)
    packed = pack_rows(references)
    for query in queries:
        one = pack_rows(query[None, :])
        far = pair_counts(one, np.zeros(len(references), int), packed, np.arange(len(references))).incompatible
        assert (far[members] >= far[centres] - beyond).all()


@pytest.fixture(scope="module")
def simulated():
    library = simulate(3000)
    random = np.random.default_rng(7)
    masks = (1 << library.bases).astype(np.uint8)
    queries = masks[random.integers(0, len(masks), 1000)]
    changed = random.random(queries.shape) < 0.01
    queries[changed] = 1 << random.integers(0, 4, int(changed.sum()))
    queries[random.random(queries.shape) < 0.003] = 15
    for row in range(0, 1000, 5):
        queries[row, : 100 + row // 5] = 0
        queries[row, 600:] = 0
    for row in range(0, 3000, 50):
        masks[row, 500:] = 0
    return masks, library.genus, library.species, queries


def test_thousand_queries_with_n_and_partial_overlap_pruned_as_unpruned(simulated):
    masks, genus, species, queries = simulated
    pruned = MatchIndex(masks, genus, species).nearest(queries)
    assert_equal(pruned, MatchIndex(masks, genus, pruned=False).nearest(queries))
    assert (np.diff(pruned.offsets) >= 2).all()


def test_neither_blocks_nor_threads_nor_labels_change_the_result(simulated):
    masks, genus, species, queries = simulated
    queries = queries[:200]
    index = MatchIndex(masks, genus, species)
    found = index.nearest(queries)
    assert_equal(found, index.nearest(queries, block=7))
    assert_equal(found, index.nearest(queries, threads=3, block=16))
    assert_equal(found, MatchIndex(masks, genus).nearest(queries))


def test_clusters_hold_every_reference_once_and_name_their_reach(simulated):
    masks, genus, species, _ = simulated
    packed = pack_rows(masks)
    clusters = gather(packed, genus, species)
    assert sorted(clusters.order.tolist()) == list(range(len(masks)))
    for number, centre in enumerate(clusters.centres.tolist()):
        members = clusters.order[centre : clusters.ends[number]]
        own = np.full(members.size, clusters.order[centre])
        assert unlike(packed, own, members).max() == clusters.reach[number]
        assert len(set(genus[members].tolist())) == 1


@pytest.mark.parametrize("way", [{"_DENSE_CHIEFS": 2.0, "_DENSE_SHARE": 2.0}, {"_DENSE_CHIEFS": -1.0}])
def test_a_star_like_library_is_searched_as_any_other(way):
    library = simulate(2000, shape="star")
    masks = (1 << library.bases).astype(np.uint8)
    random = np.random.default_rng(8)
    queries = masks[random.integers(0, len(masks), 60)]
    changed = random.random(queries.shape) < 0.01
    queries[changed] = random.integers(0, 16, int(changed.sum()))
    with patch.multiple(matching, **way):
        found = MatchIndex(masks, library.genus, library.species).nearest(queries)
    assert_equal(found, MatchIndex(masks, library.genus, pruned=False).nearest(queries))


@pytest.mark.parametrize("way", [{}, {"_DENSE_CHIEFS": 2.0, "_DENSE_SHARE": 2.0}, {"_DENSE_CHIEFS": -1.0}])
def test_two_nearest_groups_leave_a_third_to_be_looked_for_further_away(way):
    letters = ["AT-", "CC-", "ATT", "--T"]
    references = np.array([[1 << "ACGT".index(c) if c != "-" else 0 for c in row] for row in letters], np.uint8)
    groups = np.array([0, 1, 2, 2])
    query = np.array([[1, 2, 4]], np.uint8)
    # Shares 1/2, 1/2, 2/3 and 1: the limit of two groups is 1/2, the next group lies at 2/3.
    with patch.multiple(matching, **{"_FEW": 0, **way}):
        found = MatchIndex(references, groups).nearest(query)
    assert rows_of(found, 0) == expected(query[0], references, groups)
    assert found.rows.tolist() == [0, 1, 2]
