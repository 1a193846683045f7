"""Strand, marker and offset of planted sequences; primers by trying every place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musk_id.kernels.anchoring import KMER, WORDS, KmerIndex, covering, find_primer, place
from musk_id.kernels.nucleotides import IUPAC, decode, encode, reverse_complement_text


def random_letters(rng: np.random.Generator, count: int) -> str:
    return "".join(rng.choice(list("ACGT"), count))


def index_of(rng: np.random.Generator) -> tuple[dict[str, str], KmerIndex]:
    markers = {name: random_letters(rng, size) for name, size in (("long", 600), ("short", 110))}
    references = {name: [(0, encode(letters))] for name, letters in markers.items()}
    return markers, KmerIndex(references, slack={"long": 0, "short": 12})


@given(
    seed=st.integers(0, 2**32 - 1),
    start=st.integers(0, 400),
    length=st.integers(60, 200),
    flank=st.integers(0, 50),
    turned=st.booleans(),
)
def test_planted_piece_is_found_on_its_strand_and_diagonal(
    seed: int, start: int, length: int, flank: int, turned: bool
) -> None:
    rng = np.random.default_rng(seed)
    markers, index = index_of(rng)
    piece = random_letters(rng, flank) + markers["long"][start : start + length]
    query = reverse_complement_text(piece) if turned else piece
    best = index.anchors(encode(query))[0]
    assert (best.locus, best.strand, best.diagonal) == ("long", -1 if turned else 1, start - flank)
    assert best.votes >= length - KMER + 1
    assert best.kmers == len(query) - KMER + 1


def test_a_second_piece_of_the_marker_votes_elsewhere() -> None:
    markers, index = index_of(np.random.default_rng(7))
    letters = markers["long"]
    joined = letters[100:220] + letters[223:300]
    best = index.anchors(encode(joined))[0]
    assert (best.diagonal, best.votes) == (100, 120 - KMER + 1)
    assert best.votes_elsewhere == 77 - KMER + 1


def test_near_diagonals_of_a_short_marker_vote_together() -> None:
    markers, index = index_of(np.random.default_rng(8))
    letters = markers["short"]
    best = index.anchors(encode(letters[:50] + letters[53:]))[0]
    assert (best.locus, best.votes_elsewhere) == ("short", 0)
    assert best.votes == (50 - KMER + 1) + (57 - KMER + 1)


def test_ambiguous_letters_and_short_queries_cast_no_vote() -> None:
    markers, index = index_of(np.random.default_rng(9))
    letters = markers["long"][50:150]
    holed = letters[:50] + "N" + letters[51:]
    assert index.anchors(encode(holed))[0].kmers == 2 * 50 - 2 * (KMER - 1) - 1
    assert index.anchors(encode(letters[: KMER - 1])) == ()
    assert index.anchors(encode("N" * 200)) == ()


@given(st.text("ACGTN", max_size=30), st.integers(-40, 40), st.integers(0, 40))
def test_window_holds_the_letters_of_its_columns(letters: str, diagonal: int, width: int) -> None:
    query = encode(letters)
    window = place(query, diagonal, width)
    assert window.shape == (width,)
    for column in range(width):
        position = column - diagonal
        expected = query[position] if 0 <= position < len(letters) else 0
        assert window[column] == expected


def misses(letters: str, primer: str, at: int) -> int:
    return sum(not set(IUPAC[a]) & set(IUPAC[b]) for a, b in zip(letters[at:], primer, strict=False))


@given(st.text("ACGTN", max_size=40), st.text("ACGTRY", min_size=1, max_size=8), st.integers(0, 4))
def test_primer_lies_where_it_has_fewest_mismatches(letters: str, primer: str, allowed: int) -> None:
    counts = {at: misses(letters, primer, at) for at in range(len(letters) - len(primer) + 1)}
    fewest = min(counts.values(), default=99)
    expected = tuple(at for at, count in counts.items() if count == fewest) if fewest <= allowed else ()
    assert find_primer(encode(letters), primer, allowed) == expected


def test_order_of_references_does_not_matter() -> None:
    rng = np.random.default_rng(10)
    letters = [random_letters(rng, 200) for _ in range(5)]
    encoded = [(0, encode(text)) for text in letters]
    query = encode(letters[3][20:160])
    first = KmerIndex({"x": encoded}, slack={"x": 0}).anchors(query)
    assert KmerIndex({"x": encoded[::-1]}, slack={"x": 0}).anchors(query) == first
    with pytest.raises(KeyError):
        KmerIndex({"x": encoded}, slack={}).anchors(query)


def test_rows_that_are_chosen_hold_half_of_every_row() -> None:
    rng = np.random.default_rng(9)
    roots = 1 << rng.integers(0, 4, (6, 300))
    rows = np.repeat(roots, 20, axis=0).astype(np.uint8)
    hit = rng.random(rows.shape) < rng.choice([0.0, 0.03, 0.2], (120, 1))
    rows[hit] = rng.integers(0, 16, int(hit.sum()))
    seen = np.zeros(WORDS, np.bool_)
    chosen = covering(rows, seen, 0.5)
    assert chosen[0] == 0 and chosen.tolist() == sorted(set(chosen.tolist()))
    assert 6 <= chosen.size < 60

    def words(row: np.ndarray) -> set[str]:
        text = decode(row)
        found = {text[place : place + KMER] for place in range(len(text) - KMER + 1)}
        return {word for word in found if set(word) <= set("ACGT")}

    held = set().union(*(words(rows[number]) for number in chosen))
    assert int(seen.sum()) == len(held)
    for number, row in enumerate(rows):
        # Shares are of places, of which each word of these rows has nearly always one.
        assert number in chosen or len(words(row) & held) >= 0.45 * len(words(row))
    assert not covering(rows, seen, 0.5).size
    assert not covering(rows[:, : KMER - 1], seen, 0.5).size
