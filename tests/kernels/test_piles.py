"""Piles of reads: what they agree on, and which haplotypes are told apart."""

from __future__ import annotations

import random
from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musk_id.kernels.linked_sites import LinkLimits, split_once
from musk_id.kernels.noisy_reads import cut_noisy, lay, letters_of_primers
from musk_id.kernels.nucleotides import reverse_complement_text
from musk_id.kernels.piles import NO_LETTER, VoteLimits, agree, make_pile

VOTES = VoteLimits(min_depth=3, min_strand_depth=3, min_share_percent=60, run_error_percent=90)
LINKS = LinkLimits(
    min_reads=5,
    min_apart=8,
    error_limit=1e-3,
    firm_percent=70,
    single_percent=25,
    min_single_reads=10,
    min_strand_depth=3,
)


class Read(NamedTuple):
    fragment: bytes
    is_reverse: bool
    first_column: int
    letters: bytes
    inserts: tuple[tuple[int, bytes], ...] = ()


def rows(texts: list[str], starts: list[int] | None = None) -> list[Read]:
    return [
        Read(str(n).encode(), bool(n % 2), 0 if starts is None else starts[n], text.encode())
        for n, text in enumerate(texts)
    ]


def everything(pile) -> np.ndarray:
    return np.arange(len(pile))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet="ACGT-N", min_size=6, max_size=6), min_size=1, max_size=12))
def test_the_vote_is_that_of_counting(texts: list[str]) -> None:
    pile = make_pile(rows(texts), 0, 6)
    found = agree(pile, everything(pile), VOTES)
    expected = ""
    for column in range(6):
        strands = [Counter(t[column] for t in texts[s::2] if t[column] != "N") for s in (0, 1)]
        depth = [strand.total() for strand in strands]
        if min(depth) >= 3:
            share = {x: (strands[0][x] / depth[0] + strands[1][x] / depth[1]) / 2 for x in "ACGT-"}
        else:
            share = {x: (strands[0][x] + strands[1][x]) / max(sum(depth), 1) for x in "ACGT-"}
        best = max("ACGT", key=lambda x: (share[x], -"ACGT".index(x)))
        agreed = best if share[best] * 100 >= 60 * (1 - share["-"]) else "N"
        expected += "N" if sum(depth) < 3 else "-" if share["-"] > 0.5 else agreed
    kept = expected.strip("N-")
    first = len(expected) - len(expected.lstrip("N-"))
    assert found.letters.decode() == kept.replace("-", "")
    assert found.columns.tolist() == [first + i for i, x in enumerate(kept) if x != "-"]


def test_one_strand_does_not_outvote_the_other() -> None:
    reads = [Read(str(n).encode(), False, 0, b"A") for n in range(40)]
    reads += [Read(f"r{n}".encode(), True, 0, b"C") for n in range(10)]
    pile = make_pile(reads, 0, 1)
    # Four fifths of all reads, and half of the strands.
    assert agree(pile, everything(pile), VOTES).letters == b""


def test_mates_are_one_row_and_say_nothing_where_they_differ() -> None:
    pile = make_pile([Read(b"f", False, 0, b"ACG"), Read(b"f", True, 2, b"TTA")], 0, 5)
    assert len(pile) == 1 and pile.letters[0].tolist() == [0, 1, NO_LETTER, 3, 0]


def test_letters_without_a_column() -> None:
    reads = [Read(str(n).encode(), bool(n % 2), 0, b"ACGT", ((2, b"GG"),) if n < 8 else ()) for n in range(10)]
    pile = make_pile(reads, 0, 4)
    found = agree(pile, everything(pile), VOTES)
    assert found.letters == b"ACGGGT" and int(found.exact.sum()) == 8


@pytest.mark.parametrize(("surplus", "expected"), [(0, b"CGATTTTGC"), (1, b"CGATTTGC"), (-1, b"CGATTTTTGC")])
def test_a_frame_decides_the_length_of_a_run(surplus: int, expected: bytes) -> None:
    reads = []
    for n in range(10):
        letters, inserts = b"CGATTTTGC", ()
        if n in (0, 1, 2):
            letters = b"CGA-TTTGC"
        elif n in (3, 4, 5):
            inserts = ((3, b"T"),)
        reads.append(Read(str(n).encode(), bool(n % 2), 0, letters, inserts))
    pile = make_pile(reads, 0, 9)
    assert agree(pile, everything(pile), VOTES, surplus=surplus).letters == expected


def test_a_run_that_all_reads_agree_on_stays() -> None:
    pile = make_pile(rows(["CGATTTTGC"] * 20), 0, 9)
    for surplus in (1, -1):
        assert agree(pile, everything(pile), VOTES, surplus=surplus).letters == b"CGATTTTGC"


def test_a_letter_outside_a_run_is_not_taken_for_the_frame() -> None:
    """Three of ten reads lack a letter that stands alone: that is no miscounted run."""
    pile = make_pile(rows(["CGA-CTGC"] * 3 + ["CGATCTGC"] * 7), 0, 8)
    for surplus in (1, 2):
        assert agree(pile, everything(pile), VOTES, surplus=surplus).letters == b"CGATCTGC"


def mixture(seed: int, counts: tuple[int, ...], apart: int, error: float) -> tuple[list[str], list[int]]:
    rng = random.Random(seed)
    base = [rng.choice("ACGT") for _ in range(300)]
    texts, owners = [], []
    for owner, count in enumerate(counts):
        own = list(base)
        if owner:
            for place in random.Random(owner).sample(range(300), apart):
                own[place] = "ACGT"[("ACGT".index(own[place]) + 1) % 4]
        for _ in range(count):
            texts.append("".join(rng.choice("ACGT") if rng.random() < error else x for x in own))
            owners.append(owner)
    return texts, owners


@pytest.mark.parametrize("seed", range(6))
def test_two_haplotypes_come_apart(seed: int) -> None:
    texts, owners = mixture(seed, (400, 12), apart=10, error=0.05)
    pile = make_pile(rows(texts), 0, 300)
    parts = split_once(pile.letters, pile.reverse, LINKS)
    assert parts is not None
    assert {frozenset(np.flatnonzero(part).tolist()) for part in parts} == {
        frozenset(n for n, owner in enumerate(owners) if owner == wanted) for wanted in (0, 1)
    }


@pytest.mark.parametrize("seed", range(12))
def test_errors_do_not_come_apart(seed: int) -> None:
    texts, _ = mixture(seed, (300,), apart=0, error=0.10)
    pile = make_pile(rows(texts), 0, 300)
    assert split_once(pile.letters, pile.reverse, LINKS) is None


def test_one_letter_on_one_strand_is_an_error_of_the_machine() -> None:
    texts = ["A" * 30 if n % 2 else "A" * 10 + ("C" if n % 4 else "A") + "A" * 19 for n in range(200)]
    pile = make_pile(rows(texts), 0, 30)
    assert split_once(pile.letters, pile.reverse, LINKS) is None
    both = ["A" * 10 + ("C" if n % 4 < 2 else "A") + "A" * 19 for n in range(200)]
    pile = make_pile(rows(both), 0, 30)
    assert split_once(pile.letters, pile.reverse, LINKS) is not None


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ACGT", min_size=20, max_size=40), st.data())
def test_a_laid_read_is_all_of_the_read(template: str, data) -> None:
    letters = list(template)
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(letters) - 1))
        kind = data.draw(st.sampled_from("sid"))
        if kind == "s":
            letters[place] = data.draw(st.sampled_from("ACGT"))
        elif kind == "i":
            letters.insert(place, data.draw(st.sampled_from("ACGTacgt")))
        elif len(letters) > 10:
            del letters[place]
    read = "".join(letters)
    laid = lay(read, template, 60)
    assert laid is not None
    parts, place = [], 0
    for column, text in laid.inserts:
        here = column - laid.first_column
        parts += [laid.letters[place:here].decode(), text.decode()]
        place = here
    whole = "".join((*parts, laid.letters[place:].decode())).replace("-", "")
    assert whole.upper() in read.upper()
    assert len(read) - len(whole) == 0 or len(read) > len(template)
    assert laid.first_column >= 0 and laid.first_column + len(laid.letters) <= len(template)
    edits = len([1 for i, x in enumerate(laid.letters.decode().upper()) if x != template[laid.first_column + i]])
    assert edits + sum(len(text) for _, text in laid.inserts) == laid.edits


def test_primers_with_errors_are_cut_with_the_letters_before_them() -> None:
    forward, reverse = "ACTGGGATTAGATACCCC", "TAGAACAGGCTCCTCTAG"
    insert = "".join(random.Random(3).choices("ACGT", k=90))
    read = "GATTACA" * 4 + forward[:7] + forward[8:] + insert + reverse_complement_text(reverse) + "TTGCA" * 5
    pairs = [(4, forward, reverse), (5, "CCCCCCCCCCCCCC", reverse)]
    found = cut_noisy(read, pairs, within_bp=80, max_edits_percent=20)
    assert found.pair == 4 and read[found.first : found.last] == insert
    # One primer is none.
    assert cut_noisy(read[:80], pairs, within_bp=80, max_edits_percent=20).pair == -1


def test_letters_of_primers_at_both_ends() -> None:
    forward, reverse = "ACTGGGATTAGATACCCC", "YRGAACAGGCTCCTCTAG"
    inner = "GATTACAGATTACA"
    reads = [
        ("TT" + forward + inner).encode(),
        (inner + reverse_complement_text("TAGAACAGGCTCCTCTAG")).encode(),
        inner.encode(),
    ]
    starts, stops = letters_of_primers(reads, [forward, reverse], max_mismatches=2, max_offset_bp=8)
    assert starts.tolist() == [20, 0, 0] and stops.tolist() == [0, 18, 0]
